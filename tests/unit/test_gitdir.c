/*
 * test_gitdir.c - what a protected `.git` points to is protected, too.
 */
#include "rules_fixture.h"

#include "core/gitdir.h"

#define WS    "/home/u/ws"
#define MOD   WS "/.git/modules/"
#define TREES WS "/.git/worktrees/"

/* A submodule's repository, and its work tree with a pointer file. */
#define CONFIG(name, text)                           \
	{                                            \
		MOD name "/config", CR_FT_FILE, text \
	}
#define SUB(path)                                                       \
	{                                                               \
		WS "/" path "/.git", CR_FT_FILE, "gitdir: not followed" \
	}

/* One workspace: what its .git is, and what must be read-only beneath the writable home. */
static const struct {
	struct fake_file files[9];
	const char *protected[4];
	const char *writable[3];
} cases[] = {
	{{{WS "/.git", CR_FT_DIR, NULL}}, {WS "/.git/hooks/x"}, {WS "/x"}},
	/* a work tree of a repository next door */
	{{{WS "/.git", CR_FT_FILE, "gitdir: /home/u/repo/.git/worktrees/ws\n"},
	  {"/home/u/repo/.git/worktrees/ws/commondir", CR_FT_FILE, "../..\n"}},
	 {WS "/.git", "/home/u/repo/.git/worktrees/ws", "/home/u/repo/.git/hooks/x"},
	 {"/home/u/repo/src", WS "/x"}},
	/* a submodule, relative */
	{{{WS "/.git", CR_FT_FILE, "gitdir: ../super/.git/modules/ws\r\n"},
	  {"/home/u/super/.git/modules/ws", CR_FT_DIR, NULL}},
	 {WS "/.git", "/home/u/super/.git/modules/ws/config"},
	 {"/home/u/super/x"}},
	/* a git directory with a commondir of its own */
	{{{WS "/.git", CR_FT_DIR, NULL}, {WS "/.git/commondir", CR_FT_FILE, "/home/u/common\n"}},
	 {WS "/.git/x", "/home/u/common/hooks"},
	 {"/home/u/x"}},
	/* .git is a link to a pointer file elsewhere: relative to either name */
	{{{WS "/.git", CR_FT_SYMLINK, "../ptr/file"},
	  {"/home/u/ptr/file", CR_FT_FILE, "gitdir: real\n"}},
	 {WS "/.git", WS "/real/x", "/home/u/ptr/real/x"},
	 {"/home/u/ptr/x"}},
	/* the target is reached through a link */
	{{{WS "/.git", CR_FT_FILE, "gitdir: l/g\n"},
	  {WS "/l", CR_FT_SYMLINK, "../real"},
	  {"/home/u/real/g", CR_FT_DIR, NULL}},
	 {"/home/u/real/g/x", WS "/l"},
	 {"/home/u/real/x"}},
	/* a pointer to what does not exist yet */
	{{{WS "/.git", CR_FT_FILE, "gitdir: later"}}, {WS "/.git", WS "/later/hooks"}, {WS "/x"}},
	/* no pointers */
	{{{WS "/.git", CR_FT_FILE, "gitdir:\n"}}, {WS "/.git"}, {WS "/x"}},
	{{{WS "/.git", CR_FT_FILE, ""}}, {WS "/.git"}, {WS "/x"}},
	{{{WS "/.git", CR_FT_FILE, "gitdir: a\x01z"}}, {WS "/.git"}, {WS "/a"}},
	{{{WS "/.git", CR_FT_FILE, "something else\n"}}, {WS "/.git"}, {WS "/x"}},
	{{{WS "/.git", CR_FT_OTHER, NULL}}, {WS "/.git"}, {WS "/x"}},
	{{{WS "/x", CR_FT_FILE, NULL}}, {WS "/.git"}, {WS "/x"}},
	/* submodules: as git writes it, with slashes in its name, nested */
	{{CONFIG("sub", "[core]\n\tbare = false\n\tworktree = ../../../sub\n[remote \"o\"]\n"),
	  SUB("sub"), CONFIG("libs/a", "[core]\n\tworktree = ../../../../libs/a\n"), SUB("libs/a"),
	  CONFIG("sub/modules/in", "[core]\n\tworktree = ../../../../../sub/in\n"), SUB("sub/in"),
	  SUB("other")},
	 {WS "/sub/.git", WS "/libs/a/.git", WS "/sub/in/.git"},
	 {WS "/sub/x", WS "/other/.git", WS "/libs/.git"}},
	/* its .git is gone, the directory is not: the name is kept. Without the directory it is not
	 */
	{{CONFIG("sub", "[core]\nworktree = ../../../sub"),
	  CONFIG("sub2", "[core]\nworktree = ../../../sub2"),
	  {WS "/sub/x", CR_FT_FILE, NULL}},
	 {WS "/sub/.git"},
	 {WS "/sub/x", WS "/sub2/.git"}},
	/* moved to config.worktree; the last line counts; a submodule called "x/config" */
	{{CONFIG("a", "[extensions]\nworktreeConfig = true\n"),
	  {MOD "a/config.worktree", CR_FT_FILE, "[core]\nworktree = ../../../a\n"},
	  SUB("a"),
	  CONFIG("b", "[core]\nworktree = ../../../x\n[core]\nworktree = ../../../b\n"),
	  SUB("b"),
	  SUB("x"),
	  CONFIG("x/config", "[core]\nworktree = ../../../../y\n"),
	  SUB("y")},
	 {WS "/a/.git", WS "/b/.git", WS "/y/.git"},
	 {WS "/x/.git"}},
	/* work trees inside the workspace, absolute and relative, and a submodule of one */
	{{{TREES "w/gitdir", CR_FT_FILE, WS "/w/.git\n"},
	  SUB("w"),
	  {TREES "v/gitdir", CR_FT_FILE, "../../../v/.git\r\n"},
	  SUB("v"),
	  {TREES "v/modules/s/config", CR_FT_FILE, "[core]\nworktree = ../../../../../v/s\n"},
	  SUB("v/s"),
	  {TREES "z/gitdir", CR_FT_FILE, WS "/z/config\n"},
	  SUB("z")},
	 {WS "/w/.git", WS "/v/.git", WS "/v/s/.git"},
	 {WS "/z/.git", WS "/z/config"}},
	/* the workspace is a work tree itself: its submodules are known elsewhere */
	{{{WS "/.git", CR_FT_FILE, "gitdir: /srv/g/worktrees/ws\n"},
	  {"/srv/g/worktrees/ws/modules/s/config", CR_FT_FILE, "[core]\nworktree = " WS "/s\n"},
	  SUB("s")},
	 {WS "/s/.git"},
	 {WS "/s/x"}},
	/* reached through links */
	{{{WS "/.git", CR_FT_DIR, NULL},
	  {MOD "s", CR_FT_SYMLINK, "../../../store/s"},
	  {"/home/u/store/s/config", CR_FT_FILE, "[core]\nworktree = ../../ws/l\n"},
	  {WS "/l", CR_FT_SYMLINK, "real"},
	  SUB("real")},
	 {WS "/real/.git", WS "/l"},
	 {WS "/real/x"}},
	/* elsewhere: not this workspace's business */
	{{CONFIG("s", "[core]\nworktree = /home/u/t\n"),
	  {"/home/u/t/.git", CR_FT_FILE, ""},
	  CONFIG("r", "[core]\nworktree = /\n"),
	  CONFIG("q", "[core]\nworktree = ../../../../t\n")},
	 {WS "/.git"},
	 {"/home/u/t/.git"}},
	/* names no work tree */
	{{CONFIG("a", ""), CONFIG("b", "[core]\n"), CONFIG("c", "[core]\nworktree\n"),
	  CONFIG("d", "[core]\nworktree =\n"), CONFIG("e", "[core]\nworktree = \x01\n"),
	  CONFIG("f", "[core \"x\"]\nworktree = ../../../f\n"), SUB("f")},
	 {WS "/.git"},
	 {WS "/f/.git"}},
};

/* What of a configuration is core.worktree; NULL: nothing. */
static const struct {
	const char *config, *want;
} configs[] = {
	{"[core]\nworktree = a\n", "a"},
	{"[core]\nworktree=a", "a"},
	{"[core]\n\tWorkTree\t=\ta b \t\r\n", "a b"},
	{"[CORE]worktree=a\n", "a"},
	{" [ core ] worktree = a # comment\n", "a"},
	{"[core]\nworktree = a;comment\n", "a"},
	{"[core]\nworktree = \"a # b; \" # c\n", "a # b; "},
	{"[core]\nworktree = \"a\\\"b\\\\c\"\n", "a\"b\\c"},
	{"[core]\nworktree = a\\\nb\n", "ab"},
	{"[core]\nworktree = a\nworktree = b\n", "b"},
	{"[core]\nworktree = a\n[core]\nworktree = b\n", "b"},
	{"[a]\nx=1\n[core]\nbare=false\nworktree = a\n[b]\nworktree = c\n", "a"},
	{"; [core]\n[core]\n#worktree = b\nworktree = a\n", "a"},
	{"[core]\nworktree = \"a\n", "a"},
	{"", NULL},
	{"[", NULL},
	{"[core", NULL},
	{"[core]", NULL},
	{"[core]\nworktree", NULL},
	{"[core]\nworktree =", NULL},
	{"[core]\nworktree = \"\"\n", NULL},
	{"[core]\nworktrees = a\n", NULL},
	{"[core]\nxworktree = a\n", NULL},
	{"[cor]\nworktree = a\n", NULL},
	{"[corex]\nworktree = a\n", NULL},
	{"[core \"a\"]\nworktree = a\n", NULL},
	{"[core.a]\nworktree = a\n", NULL},
	{"worktree = a\n", NULL},
	{"[core]\nworktree = \\", "\\"},
	{"[core]\nworktree = 12345678901234567890\n", NULL}, /* does not fit */
};

/* The names in a directory, those of directories that are only there for what is in them, too. */
static enum cr_fs_answer list_table(void *ctx, const char *path, cr_fs_entry_fn fn, void *arg)
{
	struct fake_fs *fs = ctx;
	size_t len = strlen(path);
	bool exists = false;

	for (size_t i = 0; i < fs->n_files; i++) {
		const char *rest = fs->files[i].path + len;
		char name[256];
		bool is_new = true;

		if (strncmp(fs->files[i].path, path, len) != 0 || rest[0] != '/')
			continue;
		exists = true;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(rest + 1, "/"), rest + 1);
		for (size_t k = 0; k < i; k++)
			is_new &= strncmp(fs->files[k].path, fs->files[i].path,
					  len + 1 + strlen(name)) != 0 ||
				  !strchr("/", fs->files[k].path[len + 1 + strlen(name)]);
		if (is_new && fn(arg, name, rest[1 + strlen(name)] ? CR_FT_DIR : fs->files[i].type))
			return CR_FS_FAILED;
	}
	return exists ? CR_FS_OK : CR_FS_ABSENT;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture fx;
		size_t n_files = 0;

		while (n_files < COUNT(cases[i].files) && cases[i].files[n_files].path)
			n_files++;
		fx_init(&fx, cases[i].files, n_files);
		fx.view.list = list_table;
		fx_policy(&fx, CR_LAYER_USER, "allow read /\nallow write ~\ndeny write .git\n");
		fx_resolve(&fx);
		for (size_t k = 0; k < COUNT(cases[i].protected) && cases[i].protected[k]; k++)
			if (cr_decide_view(fx.set, cases[i].protected[k], NULL) !=
			    CR_VIEW_READ_ONLY)
				fail_msg("row %zu: '%s' is not protected", i,
					 cases[i].protected[k]);
		for (size_t k = 0; k < COUNT(cases[i].writable) && cases[i].writable[k]; k++)
			if (cr_decide_view(fx.set, cases[i].writable[k], NULL) != CR_VIEW_WRITABLE)
				fail_msg("row %zu: '%s' is protected", i, cases[i].writable[k]);
		fx_free(&fx);
	}
}

static void test_origin(void **state)
{
	static const struct fake_file files[] = {
		{WS "/.git", CR_FT_FILE, "gitdir: /srv/g\n"},
	};
	struct fixture fx;
	const struct cr_rule *rule;

	(void)state;
	fx_init(&fx, files, COUNT(files));
	fx_policy(&fx, CR_LAYER_USER, "allow read /\n\ndeny write .git\n");
	fx_resolve(&fx);
	rule = fx_find(&fx, CR_DENY, CR_CAP_WRITE, "/srv/g");
	assert_non_null(rule);
	assert_int_equal(rule->origin.line, 3);
	assert_string_equal(rule->text, ".git");
	fx_free(&fx);
}

/* Only names that are ".git", and only when denied. */
static void test_not_followed(void **state)
{
	static const struct fake_file files[] = {
		{WS "/.git", CR_FT_FILE, "gitdir: /srv/g\n"},
		{WS "/.gitx", CR_FT_FILE, "gitdir: /srv/x\n"},
	};
	struct fixture fx;

	(void)state;
	fx_init(&fx, files, COUNT(files));
	fx_policy(&fx, CR_LAYER_USER, "allow read /\nallow write .git\ndeny write .gitx\n");
	fx_resolve(&fx);
	assert_null(fx_find(&fx, CR_ALLOW, CR_CAP_WRITE, "/srv/g"));
	assert_null(fx_find(&fx, CR_DENY, CR_CAP_WRITE, "/srv/x"));
	fx_free(&fx);
}

static void test_configs(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(configs); i++) {
		char out[16] = "";
		/* exactly as large as it is, for the address sanitiser */
		char *copy = test_malloc(strlen(configs[i].config) + 1);

		memcpy(copy, configs[i].config, strlen(configs[i].config) + 1);
		if (cr_gitdir_worktree(copy, out, sizeof(out)) != (configs[i].want != NULL))
			fail_msg("row %zu: found %d", i, !configs[i].want);
		if (configs[i].want)
			assert_string_equal(out, configs[i].want);
		test_free(copy);
	}
}

/* Asking costs two looks where there are no submodules. */
static void test_cost(void **state)
{
	static const struct fake_file files[] = {{WS "/.git/HEAD", CR_FT_FILE, ""}};
	struct fixture fx;

	(void)state;
	fx_init(&fx, files, COUNT(files));
	fx_policy(&fx, CR_LAYER_USER, "allow read /\ndeny write x\n");
	fx_resolve(&fx);

	size_t without = fx.fs.n_stats;

	fx_free(&fx);
	fx_init(&fx, files, COUNT(files));
	fx_policy(&fx, CR_LAYER_USER, "allow read /\ndeny write .git\n");
	fx_resolve(&fx);
	assert_true(fx.fs.n_stats <= without + 2);
	fx_free(&fx);
}

/* A directory that never ends, and one that lists more than is looked at. */
static enum cr_fs_answer stat_endless(void *ctx, const char *path, struct cr_fstat *out)
{
	(void)ctx;
	(void)path;
	*out = (struct cr_fstat){.type = CR_FT_DIR, .id = {1, 1}};
	return strstr(path, "/config") ? CR_FS_ABSENT : CR_FS_OK;
}

static enum cr_fs_answer list_deep(void *ctx, const char *path, cr_fs_entry_fn fn, void *arg)
{
	(void)ctx;
	(void)path;
	return fn(arg, "d", CR_FT_DIR) < 0 ? CR_FS_FAILED : CR_FS_OK;
}

static enum cr_fs_answer list_wide(void *ctx, const char *path, cr_fs_entry_fn fn, void *arg)
{
	char name[16];

	(void)ctx;
	(void)path;
	for (int i = 0;; i++) {
		snprintf(name, sizeof(name), "%d", i);
		if (fn(arg, name, CR_FT_DIR) < 0)
			return CR_FS_FAILED;
	}
}

static enum cr_fs_answer list_broken(void *ctx, const char *path, cr_fs_entry_fn fn, void *arg)
{
	(void)ctx;
	(void)path;
	(void)fn;
	(void)arg;
	return CR_FS_FAILED;
}

static void test_limits(void **state)
{
	static const struct {
		enum cr_fs_answer (*list)(void *, const char *, cr_fs_entry_fn, void *);
		enum cr_errc want;
	} lists[] = {{list_deep, CR_E_LIMIT}, {list_wide, CR_E_LIMIT}, {list_broken, CR_E_IO}};

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		struct fixture fx;

		fx_init(&fx, NULL, 0);
		fx.view.stat = stat_endless;
		fx.view.list = lists[i].list;
		fx_policy(&fx, CR_LAYER_USER, "allow read /\ndeny write .git\n");
		assert_int_equal(fx_try(&fx), -1);
		assert_int_equal(fx.err.code, lists[i].want);
		fx_free(&fx);
	}
}

/* A configuration too long to be read may name a work tree all the same. */
static void test_long_config(void **state)
{
	static char text[CR_MAX_GIT_CONFIG + 1];
	static const struct fake_file files[] = {{MOD "s/config", CR_FT_FILE, text}, SUB("s")};
	struct fixture fx;

	(void)state;
	memset(text, '\n', sizeof(text) - 1);
	for (int fits = 0; fits < 2; fits++) {
		text[sizeof(text) - 1 - fits * 2] = '\0';
		fx_init(&fx, files, COUNT(files));
		fx.view.list = list_table;
		fx_policy(&fx, CR_LAYER_USER, "allow read /\ndeny write .git\n");
		assert_int_equal(fx_try(&fx), fits ? 0 : -1);
		fx_free(&fx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),        cmocka_unit_test(test_origin),
		cmocka_unit_test(test_not_followed), cmocka_unit_test(test_configs),
		cmocka_unit_test(test_cost),         cmocka_unit_test(test_limits),
		cmocka_unit_test(test_long_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
