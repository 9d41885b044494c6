/*
 * test_gitdir.c - what a protected `.git` points to is protected, too.
 */
#include "rules_fixture.h"

#define WS "/home/u/ws"

/* One workspace: what its .git is, and what must be read-only beneath the writable home. */
static const struct {
	struct fake_file files[6];
	const char *protected[3];
	const char *writable[2];
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
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture fx;
		size_t n_files = 0;

		while (n_files < COUNT(cases[i].files) && cases[i].files[n_files].path)
			n_files++;
		fx_init(&fx, cases[i].files, n_files);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_origin),
		cmocka_unit_test(test_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
