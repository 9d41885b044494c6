/*
 * test_trust.c - accepted project files: the same bytes of the same workspace,
 * and nothing else.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/limits.h"
#include "session/trust.h"

static const char text[] = "allow write /srv\n";
#define LEN (sizeof(text) - 1)

struct place {
	char root[64], state[96], trust[128];
	struct cr_err err;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	snprintf(p->root, sizeof(p->root), "/tmp/carrel-test-XXXXXX");
	assert_non_null(mkdtemp(p->root));
	snprintf(p->state, sizeof(p->state), "%s/a/state", p->root);
	snprintf(p->trust, sizeof(p->trust), "%s/trust", p->state);
	*state = p;
	return 0;
}

/* Calls fn for every record; the number of them. */
static int each_record(const struct place *p, int (*fn)(const char *path))
{
	DIR *dir = opendir(p->trust);
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir)) != NULL) {
		char path[512];

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(path, sizeof(path), "%s/%s", p->trust, entry->d_name);
		count += !fn || fn(path) == 0;
	}
	if (dir)
		closedir(dir);
	return count;
}

static int teardown(void **state)
{
	struct place *p = *state;
	char above[80];

	unlink(p->trust); /* a link of a test: what it leads to is not ours */
	each_record(p, unlink);
	rmdir(p->trust);
	rmdir(p->state);
	snprintf(above, sizeof(above), "%s/a", p->root);
	rmdir(above);
	assert_int_equal(rmdir(p->root), 0);
	free(p);
	return 0;
}

static int check(struct place *p, const char *workspace, const char *what)
{
	return cr_trust_check(p->state, workspace, what, strlen(what), &p->err);
}

static void test_accept(void **state)
{
	struct place *p = *state;
	struct stat st;

	assert_int_equal(check(p, "/ws", text), 0); /* nothing there yet */
	assert_int_equal(cr_trust_accept(p->state, "/ws", text, LEN, &p->err), 0);
	assert_int_equal(check(p, "/ws", text), 1);
	assert_int_equal(check(p, "/ws", "allow write /srv"), 0);
	assert_int_equal(check(p, "/ws", "allow write /srv\n\n"), 0);
	assert_int_equal(check(p, "/ws", "allow write /sr0\n"), 0);
	assert_int_equal(check(p, "/ws", ""), 0);
	assert_int_equal(check(p, "/ws2", text), 0);
	assert_int_equal(check(p, "/w", text), 0);
	assert_int_equal(stat(p->trust, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(each_record(p, NULL), 1); /* and no temporary file */
}

static void test_replace_and_revoke(void **state)
{
	struct place *p = *state;

	assert_int_equal(cr_trust_accept(p->state, "/ws", text, LEN, &p->err), 0);
	assert_int_equal(cr_trust_accept(p->state, "/other", text, LEN, &p->err), 0);
	assert_int_equal(cr_trust_accept(p->state, "/ws", "x\n", 2, &p->err), 0);
	assert_int_equal(check(p, "/ws", text), 0);
	assert_int_equal(check(p, "/ws", "x\n"), 1);
	assert_int_equal(cr_trust_revoke(p->state, "/ws", &p->err), 0);
	assert_int_equal(check(p, "/ws", "x\n"), 0);
	assert_int_equal(check(p, "/other", text), 1);
	assert_int_equal(cr_trust_revoke(p->state, "/ws", &p->err), 0); /* gone already */
}

static int make_all_writable(const char *path)
{
	return chmod(path, 0666);
}

static int make_fifo(const char *path)
{
	return unlink(path) < 0 ? -1 : mkfifo(path, 0600);
}

static int make_link(const char *path)
{
	return unlink(path) < 0 ? -1 : symlink("/dev/null", path);
}

static void test_tampered(void **state)
{
	static int (*const tampers[])(const char *path) = {make_all_writable, make_fifo, make_link};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(tampers) / sizeof(tampers[0]); i++) {
		assert_int_equal(cr_trust_accept(p->state, "/ws", text, LEN, &p->err), 0);
		assert_int_equal(check(p, "/ws", text), 1);
		assert_int_equal(each_record(p, tampers[i]), 1);
		assert_int_equal(check(p, "/ws", text), -1);
		assert_int_equal(p->err.code, CR_E_STATE);
	}
	each_record(p, unlink);
	assert_int_equal(cr_trust_accept(p->state, "/ws", text, LEN, &p->err), 0);
	assert_int_equal(chmod(p->trust, 0777), 0);
	assert_int_equal(check(p, "/ws", text), -1);
	assert_int_equal(cr_trust_accept(p->state, "/ws", text, LEN, &p->err), -1);
	assert_int_equal(cr_trust_revoke(p->state, "/ws", &p->err), -1);
}

static void test_dir_is_link(void **state)
{
	struct place *p = *state;

	assert_int_equal(cr_trust_accept(p->state, "/ws", text, LEN, &p->err), 0);
	each_record(p, unlink);
	assert_int_equal(rmdir(p->trust), 0);
	assert_int_equal(symlink(p->root, p->trust), 0);
	assert_int_equal(check(p, "/ws", text), -1);
	assert_int_equal(cr_trust_accept(p->state, "/ws", text, LEN, &p->err), -1);
}

static void test_limits(void **state)
{
	struct place *p = *state;
	size_t size = CR_MAX_POLICY_BYTES + 1;
	char *big = malloc(size);

	assert_non_null(big);
	memset(big, '#', size);
	assert_int_equal(cr_trust_accept(p->state, "/ws", big, size, &p->err), -1);
	assert_int_equal(p->err.code, CR_E_LIMIT);
	assert_int_equal(cr_trust_accept(p->state, "/ws", big, size - 1, &p->err), 0);
	assert_int_equal(cr_trust_check(p->state, "/ws", big, size - 1, &p->err), 1);
	free(big);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_accept),   TEST(test_replace_and_revoke),
		TEST(test_tampered), TEST(test_dir_is_link),
		TEST(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
