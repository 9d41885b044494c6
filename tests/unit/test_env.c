/*
 * test_env.c - which variables reach the command.
 */
#include "rules_fixture.h"

static const struct {
	const char *user, *command, *project, *managed;
	const char *name;
	bool kept;
	int layer; /* of the line that decides; -1: none */
} names[] = {
	{"", NULL, NULL, NULL, "PATH", true, -1},
	{"", NULL, NULL, NULL, "API_TOKEN", true, -1},
	{"drop env *_TOKEN\n", NULL, NULL, NULL, "API_TOKEN", false, CR_LAYER_USER},
	{"drop env *_TOKEN\nkeep env API_*\n", NULL, NULL, NULL, "API_TOKEN", true, CR_LAYER_USER},
	{"keep env API_*\ndrop env *_TOKEN\n", NULL, NULL, NULL, "API_TOKEN", true, CR_LAYER_USER},
	{"drop env *\n", "keep env PATH\n", NULL, NULL, "PATH", true, CR_LAYER_COMMAND},
	/* the default */
	{NULL, NULL, NULL, NULL, "GITHUB_TOKEN", false, CR_LAYER_DEFAULT},
	{NULL, NULL, NULL, NULL, "OPENAI_API_KEY", false, CR_LAYER_DEFAULT},
	{NULL, NULL, NULL, NULL, "AWS_PROFILE", false, CR_LAYER_DEFAULT},
	{NULL, NULL, NULL, NULL, "SSH_AUTH_SOCK", false, CR_LAYER_DEFAULT},
	{NULL, NULL, NULL, NULL, "LD_PRELOAD", false, CR_LAYER_DEFAULT},
	{NULL, NULL, NULL, NULL, "HOME", true, -1},
	{NULL, NULL, NULL, NULL, "LANG", true, -1},
	{NULL, NULL, NULL, NULL, "TERM", true, -1},
	{NULL, NULL, NULL, NULL, "KEYBOARD", true, -1},
	{NULL, "keep env GITHUB_TOKEN\n", NULL, NULL, "GITHUB_TOKEN", true, CR_LAYER_COMMAND},
	/* a project takes away and does not give */
	{NULL, NULL, "keep env GITHUB_TOKEN\n", NULL, "GITHUB_TOKEN", false, CR_LAYER_DEFAULT},
	{"keep env X\n", NULL, "drop env X\n", NULL, "X", false, CR_LAYER_PROJECT},
	/* managed cannot be lifted */
	{"keep env X\n", NULL, NULL, "drop env X\n", "X", false, CR_LAYER_MANAGED},
	{"keep env X\n", NULL, NULL, "drop env *\nkeep env X\n", "X", true, CR_LAYER_USER},
	{"drop env X\n", NULL, NULL, "keep env X\n", "X", false, CR_LAYER_USER},
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct fixture fx;
		const struct cr_item *line;
		bool kept;

		fx_init(&fx, NULL, 0);
		fx_policy(&fx, CR_LAYER_USER, names[i].user);
		fx_policy(&fx, CR_LAYER_COMMAND, names[i].command);
		fx_policy(&fx, CR_LAYER_PROJECT, names[i].project);
		fx_policy(&fx, CR_LAYER_MANAGED, names[i].managed);
		fx_resolve(&fx);
		kept = cr_decide_env(fx.set, names[i].name, &line);
		if (kept != names[i].kept ||
		    (line ? (int)line->origin.layer : -1) != names[i].layer)
			fail_msg("row %zu: %s: kept %d by %d", i, names[i].name, kept,
				 line ? (int)line->origin.layer : -1);
		fx_free(&fx);
	}
}

static void test_trusted_project(void **state)
{
	struct fixture fx;

	(void)state;
	fx_init(&fx, NULL, 0);
	fx.input.project_trusted = true;
	fx_policy(&fx, CR_LAYER_PROJECT, "drop env *\nkeep env PATH GITHUB_TOKEN\n");
	fx_resolve(&fx);
	assert_true(cr_decide_env(fx.set, "PATH", NULL));
	assert_true(cr_decide_env(fx.set, "GITHUB_TOKEN", NULL));
	assert_false(cr_decide_env(fx.set, "LANG", NULL));
	fx_free(&fx);
}

static void check_env(struct fixture *fx, char *const *env, const char *const *expected)
{
	char **out = cr_env_apply(fx->arena, fx->set, env);
	size_t i = 0;

	assert_non_null(out);
	for (; expected[i]; i++) {
		assert_non_null(out[i]);
		assert_string_equal(out[i], expected[i]);
	}
	assert_null(out[i]);
}

static void test_apply(void **state)
{
	static char e1[] = "PATH=/bin", e2[] = "X=1", e3[] = "junk", e4[] = "Y=", e5[] = "=",
		    e6[] = "A_TOKEN=s", e7[] = "XY=keep";
	char *const env[] = {e1, e2, e3, e4, e5, e6, e7, NULL};
	static const char *const expected[] = {"PATH=/bin", "XY=keep", "NEW=a=b", "X=3", NULL};
	struct fixture fx;

	(void)state;
	fx_init(&fx, NULL, 0);
	fx_policy(&fx, CR_LAYER_USER, "drop env Y *_TOKEN\nset env X=2 NEW=a=b EVIL=1\n");
	fx_policy(&fx, CR_LAYER_COMMAND, "set env X=3\n");
	fx_policy(&fx, CR_LAYER_PROJECT, "set env PATH=/evil\n");
	fx_policy(&fx, CR_LAYER_MANAGED, "drop env EVIL\n");
	fx_resolve(&fx);
	check_env(&fx, env, expected);
	fx_free(&fx);
}

/* The variable that leads to a socket the rules allow, and no other. */
static void test_allowed_sockets(void **state)
{
	static const struct fake_file tree[] = {
		{"/tmp/ssh-1/agent.2", CR_FT_SOCKET, NULL},
		{"/tmp/ssh-1/file", CR_FT_FILE, ""},
		{"/run/docker.sock", CR_FT_SOCKET, NULL},
		{"/var/run", CR_FT_SYMLINK, "/run"},
	};
	static const struct {
		const char *user, *managed, *entry;
		enum cr_tier tier;
		bool kept;
	} rows[] = {
		{"use default\nallow unix /tmp/ssh-1/agent.2\n", NULL,
		 "SSH_AUTH_SOCK=/tmp/ssh-1/agent.2", CR_TIER_FULL, true},
		{"use default\nallow unix /var/run/docker.sock\n", NULL,
		 "DOCKER_HOST=unix:///run/docker.sock", CR_TIER_FULL, true},
		{"use default\nallow unix /run/docker.sock\n", NULL,
		 "DOCKER_HOST=unix:///var/run/docker.sock", CR_TIER_FULL, true},
		{"use default\n", NULL, "SSH_AUTH_SOCK=/tmp/ssh-1/agent.2", CR_TIER_FULL, false},
		{"use default\nallow unix /run/docker.sock\n", NULL,
		 "SSH_AUTH_SOCK=/tmp/ssh-1/agent.2", CR_TIER_FULL, false},
		{"use default\nask unix /tmp/ssh-1/agent.2\n", NULL,
		 "SSH_AUTH_SOCK=/tmp/ssh-1/agent.2", CR_TIER_FULL, false},
		{"use default\nallow unix /tmp/ssh-1/agent.2\n", NULL,
		 "SSH_AUTH_SOCK=/tmp/ssh-1/../ssh-1/agent.2", CR_TIER_FULL, false},
		{"use default\nallow unix /tmp/ssh-1/agent.2\n", NULL,
		 "MY_TOKEN=/tmp/ssh-1/agent.2/x", CR_TIER_FULL, false},
		{"use default\nallow unix /tmp/ssh-1/file\n", NULL, "MY_TOKEN=/tmp/ssh-1/file",
		 CR_TIER_FULL, false},
		{"use default\nallow unix /tmp/ssh-1/agent.2\n", NULL,
		 "SSH_AUTH_SOCK=/tmp/ssh-1/agent.2", CR_TIER_LANDLOCK, false},
		{"use default\nallow unix /tmp/ssh-1/agent.2\ndrop env SSH_*\n", NULL,
		 "SSH_AUTH_SOCK=/tmp/ssh-1/agent.2", CR_TIER_FULL, false},
		{"use default\nallow unix /tmp/ssh-1/agent.2\n", "drop env SSH_*\n",
		 "SSH_AUTH_SOCK=/tmp/ssh-1/agent.2", CR_TIER_FULL, false},
		{"use default\nallow unix /tmp/ssh-1/agent.2\n", "deny unix /tmp\n",
		 "SSH_AUTH_SOCK=/tmp/ssh-1/agent.2", CR_TIER_FULL, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture fx;
		char entry[128];
		char *const env[] = {entry, NULL};
		char **out;

		snprintf(entry, sizeof(entry), "%s", rows[i].entry);
		fx_init(&fx, tree, COUNT(tree));
		fx.input.ctx.tier = rows[i].tier;
		fx_policy(&fx, CR_LAYER_USER, rows[i].user);
		fx_policy(&fx, CR_LAYER_MANAGED, rows[i].managed);
		fx_resolve(&fx);
		out = cr_env_apply(fx.arena, fx.set, env);
		assert_non_null(out);
		if (!!out[0] != rows[i].kept)
			fail_msg("row %zu: %s", i, rows[i].entry);
		fx_free(&fx);
	}
}

static void test_windows_folds(void **state)
{
	static char e1[] = "Path=C:\\bin", e2[] = "=C:=C:\\x", e3[] = "api_token=1";
	char *const env[] = {e1, e2, e3, NULL};
	static const char *const expected[] = {"=C:=C:\\x", "PATH=D:\\b", NULL};
	struct fixture fx;

	(void)state;
	fx_init(&fx, NULL, 0);
	fx.input.ctx = (struct cr_context){.os = CR_OS_WINDOWS, .workspace = "C:\\ws"};
	fx_policy(&fx, CR_LAYER_USER, "drop env *_TOKEN\nset env PATH=D:\\b\n");
	fx_resolve(&fx);
	check_env(&fx, env, expected);
	fx_free(&fx);
}

static void test_too_many(void **state)
{
	static char entry[] = "X=1";
	static char *env[CR_MAX_ENV + 2];
	struct fixture fx;

	(void)state;
	fx_init(&fx, NULL, 0);
	fx_policy(&fx, CR_LAYER_USER, "");
	fx_resolve(&fx);
	for (size_t i = 0; i <= CR_MAX_ENV; i++)
		env[i] = entry;
	assert_null(cr_env_apply(fx.arena, fx.set, env));
	env[CR_MAX_ENV] = NULL;
	assert_non_null(cr_env_apply(fx.arena, fx.set, env));
	fx_free(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),         cmocka_unit_test(test_trusted_project),
		cmocka_unit_test(test_apply),         cmocka_unit_test(test_allowed_sockets),
		cmocka_unit_test(test_windows_folds), cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
