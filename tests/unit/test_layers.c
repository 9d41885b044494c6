/*
 * test_layers.c - policy files on a real file system: who may own and write
 * them, and what is no plain file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/limits.h"
#include "session/layers.h"
#include "session/trust.h"

struct place {
	char root[64], system[128], config[128], state[128], workspace[128];
	struct cr_arena *arena;
	struct cr_layers layers;
	struct cr_layers_input input;
	struct cr_diags diags;
	struct cr_err err;
};

static void make(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static void change(const char *dir, const char *name, mode_t mode)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(chmod(path, mode), 0);
}

static void make_dir(char *out, size_t size, const char *root, const char *name)
{
	snprintf(out, size, "%s/%s", root, name);
	assert_int_equal(mkdir(out, 0755), 0);
	assert_int_equal(chmod(out, 0755), 0);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	char dir[160];

	assert_non_null(p);
	snprintf(p->root, sizeof(p->root), "/tmp/carrel-test-XXXXXX");
	assert_non_null(mkdtemp(p->root));
	make_dir(dir, sizeof(dir), p->root, "etc");
	make_dir(p->system, sizeof(p->system), p->root, "etc/policy.d");
	make_dir(p->config, sizeof(p->config), p->root, "config");
	make_dir(dir, sizeof(dir), p->root, "config/profiles");
	make_dir(p->workspace, sizeof(p->workspace), p->root, "ws");
	make_dir(dir, sizeof(dir), p->root, "ws/.carrel");
	snprintf(p->state, sizeof(p->state), "%s/state/carrel", p->root);
	p->arena = cr_arena_new();
	p->input = (struct cr_layers_input){.system_dir = p->system,
					    .system_owner = geteuid(),
					    .config_dir = p->config,
					    .state_dir = p->state,
					    .workspace = p->workspace};
	*state = p;
	return 0;
}

static pid_t remove_tree(char *path)
{
	char command[] = "/bin/rm", force[] = "-rf";
	char *argv[] = {command, force, path, NULL};
	pid_t pid = fork();

	if (pid == 0) {
		execv(command, argv);
		_exit(127);
	}
	return pid < 0 ? -1 : waitpid(pid, NULL, 0);
}

static int teardown(void **state)
{
	struct place *p = *state;

	cr_arena_free(p->arena);
	remove_tree(p->root);
	free(p);
	return 0;
}

static int load(struct place *p)
{
	return cr_layers_load(p->arena, &p->input, &p->layers, &p->diags, &p->err);
}

static void test_nothing(void **state)
{
	struct place *p = *state;

	assert_int_equal(load(p), 0);
	assert_int_equal(p->layers.n_policies, 0);
	assert_null(p->layers.project.text);
	p->input = (struct cr_layers_input){.system_dir = "/nonexistent/x"};
	assert_int_equal(load(p), 0);
	assert_int_equal(p->layers.n_policies, 0);
}

static void test_all(void **state)
{
	static const enum cr_layer layers[] = {CR_LAYER_MANAGED, CR_LAYER_MANAGED, CR_LAYER_USER,
					       CR_LAYER_PROJECT};
	struct place *p = *state;

	make(p->system, "20-b.policy", "deny read /b\n");
	make(p->system, "10-a.policy", "deny read /a\n");
	make(p->system, "README", "no policy\n");
	make(p->config, "policy", "allow read /\n");
	make(p->workspace, ".carrel/policy", "deny read src\n");
	assert_int_equal(load(p), 0);
	assert_int_equal(p->layers.n_policies, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(p->layers.policies[i]->layer, layers[i]);
	assert_non_null(strstr(p->layers.policies[0]->name, "10-a.policy"));
	assert_string_equal(p->layers.project.text, "deny read src\n");
	assert_false(p->layers.project_trusted);
}

static void test_trusted(void **state)
{
	static const char text[] = "allow write /srv\n";
	struct place *p = *state;

	make(p->workspace, ".carrel/policy", text);
	assert_int_equal(cr_trust_accept(p->state, p->workspace, text, strlen(text), &p->err), 0);
	assert_int_equal(load(p), 0);
	assert_true(p->layers.project_trusted);
	make(p->workspace, ".carrel/policy", "allow write /srv /x\n");
	assert_int_equal(load(p), 0);
	assert_false(p->layers.project_trusted);
}

static void test_all_errors(void **state)
{
	struct place *p = *state;

	make(p->system, "a.policy", "allow fly /\n");
	make(p->config, "policy", "allow\n");
	make(p->workspace, ".carrel/policy", "nonsense\n");
	assert_int_equal(load(p), -1);
	assert_int_equal(p->err.code, CR_E_SYNTAX);
	assert_int_equal(p->diags.count, 3);
}

/* What is wrong with one file: its directory, its name, and what to do to it. */
enum harm {
	GROUP_WRITABLE,
	OTHER_WRITABLE,
	OTHERS_FILE,
	IS_LINK,
	IS_FIFO,
	IS_DIR,
	TOO_LARGE,
	UNREADABLE,
};

static void harm(struct place *p, const char *dir, const char *name, enum harm harm)
{
	char path[256], other[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(other, sizeof(other), "%s/other", p->root);
	make(dir, name, "deny read /x\n");
	switch (harm) {
	case GROUP_WRITABLE:
		change(dir, name, 0664);
		return;
	case OTHER_WRITABLE:
		change(dir, name, 0646);
		return;
	case OTHERS_FILE:
		assert_int_equal(chown(path, 12345, 12345), 0);
		return;
	case IS_LINK:
		assert_int_equal(rename(path, other), 0);
		assert_int_equal(symlink(other, path), 0);
		return;
	case IS_FIFO:
		unlink(path);
		assert_int_equal(mkfifo(path, 0644), 0);
		return;
	case IS_DIR:
		unlink(path);
		assert_int_equal(mkdir(path, 0755), 0);
		return;
	case TOO_LARGE:
		assert_int_equal(truncate(path, CR_MAX_POLICY_BYTES + 1), 0);
		return;
	case UNREADABLE:
		change(dir, name, 0000);
		return;
	}
}

static void unharm(const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (unlink(path) < 0)
		assert_int_equal(rmdir(path), 0);
}

#define OK CR_E_NONE
static const struct {
	enum harm harm;
	enum cr_errc managed, user, project;
} harms[] = {
	{GROUP_WRITABLE, CR_E_TRUST, CR_E_TRUST, OK},
	{OTHER_WRITABLE, CR_E_TRUST, CR_E_TRUST, OK},
	{OTHERS_FILE, CR_E_TRUST, CR_E_TRUST, OK},
	{IS_LINK, CR_E_TRUST, OK, CR_E_TRUST}, /* people keep their settings in a repository */
	{IS_FIFO, CR_E_TRUST, CR_E_TRUST, CR_E_TRUST},
	{IS_DIR, CR_E_TRUST, CR_E_TRUST, CR_E_TRUST},
	{TOO_LARGE, CR_E_LIMIT, CR_E_LIMIT, CR_E_LIMIT},
	{UNREADABLE, CR_E_TRUST, CR_E_TRUST, CR_E_TRUST},
};

static void check_harm(struct place *p, const char *dir, const char *name, enum cr_errc expected,
		       size_t row)
{
	int status;

	harm(p, dir, name, harms[row].harm);
	p->err.code = OK;
	status = load(p);
	if ((status < 0) != (expected != OK) || p->err.code != expected)
		fail_msg("row %zu: %s/%s: %d, %s", row, dir, name, status, p->err.text);
	unharm(dir, name);
}

static void test_harms(void **state)
{
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(harms) / sizeof(harms[0]); i++) {
		if (harms[i].harm == OTHERS_FILE && geteuid() != 0)
			continue; /* only root gives files away */
		if (harms[i].harm == UNREADABLE && geteuid() == 0)
			continue; /* root reads everything */
		check_harm(p, p->system, "a.policy", harms[i].managed, i);
		check_harm(p, p->config, "policy", harms[i].user, i);
		check_harm(p, p->workspace, ".carrel/policy", harms[i].project, i);
	}
}

static void test_managed_dirs(void **state)
{
	struct place *p = *state;

	make(p->system, "a.policy", "deny read /a\n");
	change(p->root, "etc/policy.d", 0777);
	assert_int_equal(load(p), -1);
	assert_int_equal(p->err.code, CR_E_TRUST);
	change(p->root, "etc/policy.d", 0755);
	change(p->root, "etc", 0775);
	assert_int_equal(load(p), -1);
	assert_int_equal(p->err.code, CR_E_TRUST);
	change(p->root, "etc", 0755);
	assert_int_equal(load(p), 0);
	p->input.system_owner = geteuid() + 1;
	assert_int_equal(load(p), -1);
	assert_int_equal(p->err.code, CR_E_TRUST);
}

static void test_managed_dir_is_link(void **state)
{
	struct place *p = *state;
	char link[160];

	snprintf(link, sizeof(link), "%s/etc/link.d", p->root);
	assert_int_equal(symlink(p->system, link), 0);
	p->input.system_dir = link;
	assert_int_equal(load(p), -1);
	assert_int_equal(p->err.code, CR_E_TRUST);
}

static void test_project_dir_is_link(void **state)
{
	struct place *p = *state;
	char dir[160], moved[160];

	make(p->workspace, ".carrel/policy", "deny read src\n");
	snprintf(dir, sizeof(dir), "%s/.carrel", p->workspace);
	snprintf(moved, sizeof(moved), "%s/moved", p->root);
	assert_int_equal(rename(dir, moved), 0);
	assert_int_equal(symlink(moved, dir), 0);
	assert_int_equal(load(p), -1);
	assert_int_equal(p->err.code, CR_E_TRUST);
}

static void test_profiles(void **state)
{
	static const char *const bad_names[] = {"", "none", "../policy", "A", "a.b", "a/b", "_"};
	struct place *p = *state;
	const char *text, *file;
	size_t len;

	make(p->config, "policy", "allow read /\n");
	make(p->config, "profiles/mine-2.policy", "deny read /m\n");
	assert_int_equal(load(p), 0);
	assert_int_equal(cr_layers_profile(&p->layers, "mine-2", &text, &len, &file), 0);
	assert_string_equal(text, "deny read /m\n");
	assert_int_equal(len, strlen(text));
	assert_non_null(strstr(file, "profiles/mine-2.policy"));
	for (size_t i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++)
		assert_int_equal(cr_layers_profile(&p->layers, bad_names[i], &text, &len, &file),
				 -1);
	assert_int_equal(p->layers.profile_err.code, CR_E_NONE);
	change(p->config, "profiles/mine-2.policy", 0666);
	assert_int_equal(cr_layers_profile(&p->layers, "mine-2", &text, &len, &file), -1);
	assert_int_equal(p->layers.profile_err.code, CR_E_TRUST);
}

static void test_too_many_files(void **state)
{
	struct place *p = *state;

	for (int i = 0; i < CR_MAX_POLICY_FILES + 2; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%d.policy", i);
		make(p->system, name, "");
	}
	assert_int_equal(load(p), -1);
	assert_int_equal(p->err.code, CR_E_LIMIT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing),
		TEST(test_all),
		TEST(test_trusted),
		TEST(test_all_errors),
		TEST(test_harms),
		TEST(test_managed_dirs),
		TEST(test_managed_dir_is_link),
		TEST(test_project_dir_is_link),
		TEST(test_profiles),
		TEST(test_too_many_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
