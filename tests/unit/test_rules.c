/*
 * test_rules.c - resolving: objects, layers, `use`, settings, proposals.
 */
#include "rules_fixture.h"

static const struct fake_file tree[] = {
	{"/home/u/ws/src", CR_FT_DIR, NULL},       {"/home/u/ws/out", CR_FT_SYMLINK, "../.ssh"},
	{"/home/u/ws/in", CR_FT_SYMLINK, "src"},   {"/home/u/ws/hop", CR_FT_SYMLINK, "in"},
	{"/home/u/ws/sub", CR_FT_SYMLINK, "src"},  {"/home/u/ws/loop", CR_FT_SYMLINK, "loop"},
	{"/home/u/ws/abs", CR_FT_SYMLINK, "/etc"}, {"/home/u/.ssh", CR_FT_DIR, NULL},
	{"/home/u/.aws", CR_FT_DIR, NULL},         {"/home/u/link", CR_FT_SYMLINK, ".ssh"},
	{"/etc/passwd", CR_FT_FILE, ""},
};

/* One line of user policy: the rule it becomes, or the error it is. */
static const struct {
	const char *line;
	const char *path;  /* of the rule */
	const char *entry; /* of the rule; NULL: none */
	const char *error; /* part of the message; NULL: none */
} objects[] = {
	{"allow read /", "/", NULL, NULL},
	{"allow read /usr//lib/./x/", "/usr/lib/x", NULL, NULL},
	{"allow read ~", "/home/u", NULL, NULL},
	{"allow read ~/", "/home/u", NULL, NULL},
	{"allow read ~/.ssh", "/home/u/.ssh", NULL, NULL},
	{"allow read ~other/x", NULL, NULL, "only your own home"},
	{"allow write .", "/home/u/ws", NULL, NULL},
	{"allow write src", "/home/u/ws/src", NULL, NULL},
	{"allow write new/deep", "/home/u/ws/new/deep", NULL, NULL},
	{"allow write src/../src", "/home/u/ws/src", NULL, NULL},
	{"allow write ../other", NULL, NULL, "leaves the workspace"},
	{"deny read ../other", NULL, NULL, "leaves the workspace"},
	{"allow write in", "/home/u/ws/src", "/home/u/ws/in", NULL},
	{"allow write out", NULL, NULL, "leads outside the workspace, to '/home/u/.ssh'"},
	{"ask write out", NULL, NULL, "leads outside the workspace"},
	{"allow write out/id", NULL, NULL, "leads outside the workspace, to '/home/u/.ssh/id'"},
	{"allow read abs", NULL, NULL, "leads outside the workspace, to '/etc'"},
	{"allow write /home/u/ws/out", NULL, NULL, "leads outside the workspace"},
	{"allow write out/**", NULL, NULL, "leads outside the workspace"},
	{"allow unix out/agent.sock", NULL, NULL, "leads outside the workspace"},
	{"deny write out", "/home/u/.ssh", "/home/u/ws/out", NULL},
	{"deny read out/id", "/home/u/.ssh/id", NULL, NULL},
	{"allow read ~/link", "/home/u/.ssh", "/home/u/link", NULL},
	{"deny read loop", NULL, NULL, "symbolic links"},
	{"deny read **/.env", "/home/u/ws/**/.env", NULL, NULL},
	{"deny read in/*.key", "/home/u/ws/src/*.key", NULL, NULL},
	{"deny read out/*", "/home/u/.ssh/*", NULL, NULL},
	{"deny read /**/.env", "/**/.env", NULL, NULL},
	{"deny read ~/*/x", "/home/u/*/x", NULL, NULL},
	{"allow unix /run/docker.sock", "/run/docker.sock", NULL, NULL},
	{"allow git sideways", NULL, NULL, "unknown git mode 'sideways'"},
	{"allow connect notls", NULL, NULL, "notls"},
	{"allow connect a.test:443 notls b.test:443", NULL, NULL, "notls"},
	{"allow read / notls", "/", NULL, NULL},
};

/* What is said to a host is looked at, unless the line ends with `notls`. */
static void test_notls(void **state)
{
	static const struct {
		const char *line;
		size_t rules;
		bool notls;
	} rows[] = {
		{"allow connect a.test:443 b.test:22", 2, false},
		{"allow connect a.test:443 b.test:22 notls", 2, true},
		{"ask connect *:* notls", 1, true},
		{"allow connect notls:443", 1, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture fx;
		size_t seen = 0;

		fx_init(&fx, tree, COUNT(tree));
		fx_policy(&fx, CR_LAYER_USER, rows[i].line);
		fx_resolve(&fx);
		for (size_t k = 0; k < fx.set->n_rules; k++) {
			if (fx.set->rules[k].cap != CR_CAP_CONNECT)
				continue;
			seen++;
			assert_int_equal(fx.set->rules[k].notls, rows[i].notls);
		}
		assert_int_equal(seen, rows[i].rules);
		fx_free(&fx);
	}
}

static void test_objects(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(objects); i++) {
		struct fixture fx;

		fx_init(&fx, tree, COUNT(tree));
		if (objects[i].error) {
			if (fx_parse(&fx, CR_LAYER_USER, objects[i].line) == 0 && fx_try(&fx) == 0)
				fail_msg("'%s' was taken", objects[i].line);
			assert_int_equal(fx.err.code, CR_E_SYNTAX);
			assert_true(fx.diags.count >= 1);
			if (!strstr(fx.diags.items[0].text, objects[i].error))
				fail_msg("'%s': %s", objects[i].line, fx.diags.items[0].text);
			assert_string_equal(fx.diags.items[0].file, "user");
			assert_int_equal(fx.diags.items[0].line, 1);
			assert_true(fx.diags.items[0].column > 5);
		} else {
			const struct cr_rule *rule;

			fx_policy(&fx, CR_LAYER_USER, objects[i].line);
			fx_resolve(&fx);
			for (rule = fx.set->rules; rule->origin.layer != CR_LAYER_USER;)
				rule++;
			assert_string_equal(rule->path, objects[i].path);
			assert_int_equal(!rule->entry, !objects[i].entry);
			if (rule->entry)
				assert_string_equal(rule->entry, objects[i].entry);
			assert_int_equal(rule->literal, !strchr(rule->path, '*'));
		}
		fx_free(&fx);
	}
}

static void test_identity(void **state)
{
	struct fixture fx;
	const struct cr_rule *rule;

	(void)state;
	fx_init(&fx, tree, COUNT(tree));
	fx_policy(&fx, CR_LAYER_USER, "deny write in\nallow read /etc/passwd /none\n");
	fx_resolve(&fx);
	rule = fx_find(&fx, CR_DENY, CR_CAP_WRITE, "/home/u/ws/src");
	assert_non_null(rule);
	assert_int_equal(rule->type, CR_FT_DIR);
	assert_true(rule->id.file && rule->entry_id.file && rule->id.file != rule->entry_id.file);
	rule = fx_find(&fx, CR_ALLOW, CR_CAP_READ, "/etc/passwd");
	assert_int_equal(rule->type, CR_FT_FILE);
	rule = fx_find(&fx, CR_ALLOW, CR_CAP_READ, "/none");
	assert_int_equal(rule->type, CR_FT_NONE);
	assert_int_equal(rule->id.file, 0);
	fx_free(&fx);
}

/* Every link on the way to a denied name is kept: hop -> in -> src. */
static void test_links_on_the_way(void **state)
{
	static const char *const kept[] = {"/home/u/ws/hop", "/home/u/ws/in"};
	struct fixture fx;

	(void)state;
	fx_init(&fx, tree, COUNT(tree));
	fx_policy(&fx, CR_LAYER_USER,
		  "allow read /\nallow write .\ndeny write hop\ndeny write sub/x\n");
	fx_resolve(&fx);
	assert_int_equal(cr_decide_view(fx.set, "/home/u/ws/src", NULL), CR_VIEW_READ_ONLY);
	for (size_t i = 0; i < COUNT(kept); i++)
		assert_int_equal(cr_decide_view(fx.set, kept[i], NULL), CR_VIEW_READ_ONLY);
	/* a link in the middle of a denied path */
	assert_int_equal(cr_decide_view(fx.set, "/home/u/ws/sub", NULL), CR_VIEW_READ_ONLY);
	assert_int_equal(cr_decide_view(fx.set, "/home/u/ws/other", NULL), CR_VIEW_WRITABLE);
	fx_free(&fx);
}

static void test_no_home(void **state)
{
	struct fixture fx;

	(void)state;
	fx_init(&fx, tree, COUNT(tree));
	fx.input.ctx.home = NULL;
	fx_policy(&fx, CR_LAYER_COMMAND, "allow read /srv\n");
	fx_resolve(&fx); /* the default's ~ lines are skipped */
	assert_null(fx_find(&fx, CR_DENY, CR_CAP_READ, "/home/u/.ssh"));
	fx_policy(&fx, CR_LAYER_USER, "use default\ndeny read ~/.ssh\n");
	assert_int_equal(fx_try(&fx), -1);
	assert_non_null(strstr(fx.diags.items[0].text, "no home directory"));
	assert_int_equal(fx.diags.items[0].line, 2);
	fx_free(&fx);
}

static void test_wildcard_in_base(void **state)
{
	struct fixture fx;

	(void)state;
	fx_init(&fx, tree, COUNT(tree));
	fx.input.ctx.workspace = "/w*";
	fx_policy(&fx, CR_LAYER_USER, "allow write .\nallow write src/*\n");
	assert_int_equal(fx_try(&fx), -1);
	assert_int_equal(fx.diags.count, 1);
	assert_int_equal(fx.diags.items[0].line, 2);
	fx_free(&fx);
}

static void test_all_errors_at_once(void **state)
{
	struct fixture fx;

	(void)state;
	fx_init(&fx, tree, COUNT(tree));
	fx_policy(&fx, CR_LAYER_USER, "allow write out abs\ndeny read loop\n");
	fx_policy(&fx, CR_LAYER_PROJECT, "use nosuch\nallow read out\n");
	assert_int_equal(fx_try(&fx), -1);
	assert_int_equal(fx.diags.count, 5);
	assert_string_equal(fx.err.text, "5 errors in the policy");
	fx_free(&fx);
}

static void test_default_joins(void **state)
{
	static const struct {
		enum cr_layer layer;
		const char *text;
		bool has_default;
	} cases[] = {
		{CR_LAYER_COMMAND, "allow write ~/x\n", true},
		{CR_LAYER_PROJECT, "deny read src\n", true},
		{CR_LAYER_MANAGED, "deny read /srv\n", true},
		{CR_LAYER_USER, "allow read /srv\n", false},
		{CR_LAYER_USER, "use default\n", true},
		{CR_LAYER_USER, "", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture fx;
		const struct cr_rule *rule;

		fx_init(&fx, tree, COUNT(tree));
		fx_policy(&fx, cases[i].layer, cases[i].text);
		fx_resolve(&fx);
		rule = fx_find(&fx, CR_DENY, CR_CAP_READ, "/home/u/.ssh");
		assert_int_equal(rule != NULL, cases[i].has_default);
		if (rule) {
			assert_int_equal(rule->origin.layer, CR_LAYER_DEFAULT);
			assert_string_equal(rule->origin.file, "default-common.policy");
			assert_true(rule->origin.line > 1);
			assert_true(cr_rule_is_weak(rule));
		}
		assert_int_equal(fx.set->expire.value, cases[i].has_default ? 8 * 3600 * 1000 : 0);
		fx_free(&fx);
	}
}

static void test_default_of_each_system(void **state)
{
	static const struct {
		struct cr_context ctx;
		const char *hidden, *protected;
	} cases[] = {
		{{.os = CR_OS_LINUX, .home = "/home/u", .workspace = "/ws"},
		 "/etc/shadow",
		 "/ws/.git"},
		{{.os = CR_OS_MACOS, .home = "/Users/u", .workspace = "/Users/u/ws"},
		 "/Users/u/Library/Application Support/Microsoft Edge",
		 "/Users/u/ws/.git"},
		{{.os = CR_OS_WINDOWS,
		  .tier = CR_TIER_UNELEVATED,
		  .home = "C:\\Users\\u",
		  .workspace = "C:\\Users\\u\\ws"},
		 "C:\\Users\\u\\AppData\\Roaming\\GitHub CLI",
		 "C:\\Users\\u\\ws\\.git"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture fx;

		fx_init(&fx, NULL, 0);
		fx.input.ctx = cases[i].ctx;
		fx_resolve(&fx);
		assert_int_equal(cr_decide_view(fx.set, cases[i].ctx.workspace, NULL),
				 CR_VIEW_WRITABLE);
		assert_int_equal(cr_decide_view(fx.set, cases[i].ctx.home, NULL),
				 CR_VIEW_READ_ONLY);
		assert_int_equal(cr_decide_view(fx.set, cases[i].hidden, NULL), CR_VIEW_HIDDEN);
		assert_int_equal(cr_decide_view(fx.set, cases[i].protected, NULL),
				 CR_VIEW_READ_ONLY);
		for (size_t k = 0; k < fx.set->n_rules; k++)
			assert_true(!fx.set->rules[k].path || fx.set->rules[k].literal);
		fx_free(&fx);
	}
}

/* Profiles: a uses b; c and c2 use each other; d uses dx uses dxx ...; "bad" has an error. */
static int profiles(void *arg, const char *name, const char **text, size_t *len, const char **file)
{
	static char buf[64];

	(void)arg;
	*file = "profile";
	if (!strcmp(name, "a"))
		*text = "use b\ndeny read /a\nallow write /a\n";
	else if (!strcmp(name, "b"))
		*text = "deny read /b\n";
	else if (!strcmp(name, "c"))
		*text = "deny read /c\nuse c2\n";
	else if (!strcmp(name, "c2"))
		*text = "use c\n";
	else if (!strcmp(name, "bad"))
		*text = "allow fly /\n";
	else if (name[0] == 'd') {
		snprintf(buf, sizeof(buf), "use dx%s\n", name + 1);
		*text = buf;
	} else
		return -1;
	*len = strlen(*text);
	return 0;
}

static void test_use(void **state)
{
	static const struct {
		enum cr_layer layer;
		const char *text;
		const char *error;
	} cases[] = {
		{CR_LAYER_USER, "use a\nuse b\nuse a\n", NULL},
		{CR_LAYER_USER, "use caches\nuse read-only\n", NULL},
		{CR_LAYER_USER, "use c\n", "uses itself"},
		{CR_LAYER_USER, "use d\n", "nested more than"},
		{CR_LAYER_USER, "use bad\n", "fly"},
		{CR_LAYER_USER, "use none\n", "unknown profile 'none'"},
		{CR_LAYER_USER, "use none\nuse none\n", "unknown profile 'none'"},
		/* the user's own profiles are not the administrator's */
		{CR_LAYER_MANAGED, "use a\n", "unknown profile 'a'"},
		{CR_LAYER_MANAGED, "use read-only\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture fx;

		fx_init(&fx, tree, COUNT(tree));
		fx.input.profile = profiles;
		fx_policy(&fx, cases[i].layer, cases[i].text);
		if (!cases[i].error) {
			fx_resolve(&fx);
		} else {
			assert_int_equal(fx_try(&fx), -1);
			assert_int_equal(fx.err.code, CR_E_SYNTAX);
			assert_int_equal(fx.diags.count, 1);
			if (!strstr(fx.diags.items[0].text, cases[i].error))
				fail_msg("%s: %s", cases[i].text, fx.diags.items[0].text);
		}
		fx_free(&fx);
	}
}

static size_t count_path(const struct fixture *fx, const char *path)
{
	size_t count = 0;

	for (size_t i = 0; i < fx->set->n_rules; i++)
		count += fx->set->rules[i].path && !strcmp(fx->set->rules[i].path, path);
	return count;
}

static void test_use_layers(void **state)
{
	struct fixture fx;

	(void)state;
	fx_init(&fx, tree, COUNT(tree));
	fx.input.profile = profiles;
	fx_policy(&fx, CR_LAYER_USER, "use a\nuse b\n");
	fx_resolve(&fx);
	assert_int_equal(count_path(&fx, "/b"), 1);
	assert_int_equal(fx_find(&fx, CR_DENY, CR_CAP_READ, "/a")->origin.layer, CR_LAYER_DEFAULT);
	fx_free(&fx);

	/* a profile has no more authority than the project file that names it */
	fx_init(&fx, tree, COUNT(tree));
	fx.input.profile = profiles;
	fx_policy(&fx, CR_LAYER_USER, "allow read /\n");
	fx_policy(&fx, CR_LAYER_PROJECT, "use a\n");
	fx_resolve(&fx);
	assert_int_equal(fx.set->n_proposals, 1);
	assert_int_equal(cr_decide_view(fx.set, "/a", NULL), CR_VIEW_HIDDEN);
	assert_int_equal(cr_decide_path(fx.set, CR_CAP_WRITE, "/a/x").decision, CR_DENY);
	fx_free(&fx);
}

static void test_proposals(void **state)
{
	static const char text[] = "allow write /srv\nallow connect example.com:443\n"
				   "deny read src\nask write src\n";
	struct fixture fx;

	(void)state;
	fx_init(&fx, tree, COUNT(tree));
	fx_policy(&fx, CR_LAYER_PROJECT, text);
	fx_resolve(&fx);
	assert_int_equal(fx.set->n_proposals, 2);
	assert_string_equal(fx.set->proposals[0].path, "/srv");
	assert_int_equal(fx.set->proposals[0].origin.line, 1);
	assert_int_equal(cr_decide_view(fx.set, "/srv", NULL), CR_VIEW_READ_ONLY);
	assert_int_equal(cr_decide_view(fx.set, "/home/u/ws/src", NULL), CR_VIEW_HIDDEN);

	fx.input.project_trusted = true;
	fx_resolve(&fx);
	assert_int_equal(fx.set->n_proposals, 0);
	assert_int_equal(cr_decide_view(fx.set, "/srv", NULL), CR_VIEW_WRITABLE);
	assert_int_equal(fx_find(&fx, CR_ALLOW, CR_CAP_WRITE, "/srv")->origin.layer,
			 CR_LAYER_PROJECT);
	fx_free(&fx);
}

static void test_settings(void **state)
{
	static const struct {
		const char *user, *command, *project, *managed;
		uint64_t expire_h, time_m;
	} cases[] = {
		{NULL, NULL, NULL, NULL, 8, 0},
		{NULL, "expire 24h\n", NULL, NULL, 24,
		 0}, /* the built-in value is only a default */
		{"use default\nexpire 24h\n", NULL, NULL, NULL, 24, 0},
		{"use default\nexpire 24h\n", "expire 12h\n", NULL, NULL, 12, 0},
		{"expire 12h\n", "expire 24h\n", NULL, NULL, 12, 0},
		{NULL, NULL, "expire 24h\n", NULL, 8, 0}, /* a project narrows only */
		{NULL, NULL, "expire 2h\n", NULL, 2, 0},
		{NULL, "expire 24h\n", "expire 12h\n", "expire 10h\n", 10, 0},
		{NULL, NULL, NULL, "expire 24h\n", 8, 0},
		{"limit time 30m\n", "limit time 10m\n", "limit time 20m\n", NULL, 0, 10},
		{"limit time 30m\n", NULL, "limit time 20m\n", "limit time 5m\n", 0, 5},
		{NULL, NULL, "limit time 20m\n", NULL, 8, 20},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture fx;

		fx_init(&fx, tree, COUNT(tree));
		fx_policy(&fx, CR_LAYER_MANAGED, cases[i].managed);
		fx_policy(&fx, CR_LAYER_PROJECT, cases[i].project);
		fx_policy(&fx, CR_LAYER_COMMAND, cases[i].command);
		fx_policy(&fx, CR_LAYER_USER, cases[i].user);
		fx_resolve(&fx);
		assert_int_equal(fx.set->expire.value, cases[i].expire_h * 3600 * 1000);
		assert_int_equal(fx.set->limits[CR_LIMIT_TIME].value, cases[i].time_m * 60 * 1000);
		fx_free(&fx);
	}
}

static void test_order_of_layers(void **state)
{
	struct fixture fx;
	enum cr_layer last = CR_LAYER_SYSTEM;

	(void)state;
	fx_init(&fx, tree, COUNT(tree));
	fx_policy(&fx, CR_LAYER_MANAGED, "deny read /m\n");
	fx_policy(&fx, CR_LAYER_PROJECT, "deny read /p\n");
	fx_policy(&fx, CR_LAYER_COMMAND, "deny read /c\n");
	fx_policy(&fx, CR_LAYER_USER, "use default\ndeny read /u\n");
	fx_resolve(&fx);
	for (size_t i = 0; i < fx.set->n_rules; i++) {
		assert_true(fx.set->rules[i].origin.layer >= last);
		last = fx.set->rules[i].origin.layer;
	}
	assert_int_equal(last, CR_LAYER_MANAGED);
	fx_free(&fx);
}

/* The default policy looks at each path once. */
static void test_default_is_cheap(void **state)
{
	struct fixture fx;

	(void)state;
	fx_init(&fx, tree, COUNT(tree));
	fx_resolve(&fx);
	if (fx.fs.n_stats > fx.set->n_rules + 40)
		fail_msg("%zu stats for %zu rules", fx.fs.n_stats, fx.set->n_rules);
	fx_free(&fx);
}

static void test_too_many_rules(void **state)
{
	struct fixture fx;
	size_t size = (CR_MAX_RULES + 2) * 14;
	char *text;

	(void)state;
	fx_init(&fx, tree, COUNT(tree));
	text = cr_arena_alloc(fx.arena, size, 1);
	for (size_t i = 0, at = 0; i <= CR_MAX_RULES; i++)
		at += (size_t)snprintf(text + at, size - at, "deny read /x\n");
	fx_policy(&fx, CR_LAYER_USER, text);
	assert_int_equal(fx_try(&fx), -1);
	assert_int_equal(fx.err.code, CR_E_LIMIT);
	fx_free(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notls),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_links_on_the_way),
		cmocka_unit_test(test_no_home),
		cmocka_unit_test(test_wildcard_in_base),
		cmocka_unit_test(test_all_errors_at_once),
		cmocka_unit_test(test_default_joins),
		cmocka_unit_test(test_default_of_each_system),
		cmocka_unit_test(test_use),
		cmocka_unit_test(test_use_layers),
		cmocka_unit_test(test_proposals),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_order_of_layers),
		cmocka_unit_test(test_default_is_cheap),
		cmocka_unit_test(test_too_many_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
