/*
 * test_decide.c - the model against tables, against a naive model of its own,
 * and against what must hold for every policy.
 */
#include "core/pattern.h"
#include "rules_fixture.h"

struct layers {
	const char *user, *command, *project, *managed;
};

static void setup(struct fixture *fx, const struct layers *layers)
{
	fx_init(fx, NULL, 0);
	fx->input.ctx.state_dir = "/home/u/.local/state/carrel";
	fx->input.ctx.config_dir = "/home/u/.config/carrel";
	fx_policy(fx, CR_LAYER_USER, layers->user);
	fx_policy(fx, CR_LAYER_COMMAND, layers->command);
	fx_policy(fx, CR_LAYER_PROJECT, layers->project);
	fx_policy(fx, CR_LAYER_MANAGED, layers->managed);
	fx_resolve(fx);
}

#define HIDDEN    CR_VIEW_HIDDEN
#define READ_ONLY CR_VIEW_READ_ONLY
#define WRITABLE  CR_VIEW_WRITABLE

/* `rule`: the object, as written, of the rule that is reported; NULL: none, "" any. */
static const struct {
	struct layers layers;
	const char *path;
	enum cr_view view;
	const char *rule;
} views[] = {
	/* nothing covers it */
	{{.user = ""}, "/etc", HIDDEN, NULL},
	{{.user = "allow read /usr\n"}, "/etc", HIDDEN, NULL},
	{{.user = "allow read /usr\n"}, "/usrx", HIDDEN, NULL},
	{{.user = "allow read /usr\n"}, "/usr/lib/x", READ_ONLY, "/usr"},
	{{.user = "allow read /\n"}, "relative", HIDDEN, NULL},
	/* the most specific wins */
	{{.user = "allow read /\ndeny read /a\nallow read /a/b\n"}, "/a/b/c", READ_ONLY, "/a/b"},
	{{.user = "allow read /\ndeny read /a\nallow read /a/b\n"}, "/a/c", HIDDEN, "/a"},
	{{.user = "allow write /a\ndeny write /a/b\nallow write /a/b/c\n"},
	 "/a/b/c",
	 WRITABLE,
	 "/a/b/c"},
	{{.user = "allow write /a\ndeny write /a/b\n"}, "/a/b/c", READ_ONLY, "/a/b"},
	/* among equals deny > ask > allow, in any order of lines */
	{{.user = "allow read /a\ndeny read /a\n"}, "/a", HIDDEN, "/a"},
	{{.user = "deny read /a\nallow read /a\n"}, "/a", HIDDEN, "/a"},
	{{.user = "allow write /a\nask write /a\n"}, "/a", READ_ONLY, "/a"},
	{{.user = "ask read /a\nallow read /a\n"}, "/a", HIDDEN, "/a"},
	/* allow write implies read; deny read implies no write */
	{{.user = "allow write /a\n"}, "/a/x", WRITABLE, "/a"},
	{{.user = "deny read /a\nallow write /a/b\n"}, "/a/b", WRITABLE, "/a/b"},
	{{.user = "allow write /a\ndeny read /a/b\nallow read /a/b/c\n"}, "/a/b/c", READ_ONLY, ""},
	{{.user = "allow write /a\ndeny read /a/b\n"}, "/a/b/c", HIDDEN, "/a/b"},
	{{.user = "ask write /a\n"}, "/a", HIDDEN, NULL},
	/* patterns: as deep as what they match; a literal over a pattern */
	{{.user = "allow write /w\ndeny read /w/**/.env\n"}, "/w/a/b/.env", HIDDEN, "/w/**/.env"},
	{{.user = "allow write /w\ndeny read /w/**/.env\n"}, "/w/.env", HIDDEN, "/w/**/.env"},
	{{.user = "allow write /w\ndeny read /w/**/.env\n"}, "/w/.envx", WRITABLE, "/w"},
	{{.user = "allow read /\nallow write /w\ndeny write /*\n"}, "/w/x", WRITABLE, "/w"},
	{{.user = "allow write /w\ndeny write /w/*.c\n"}, "/w/x.c/y", READ_ONLY, "/w/*.c"},
	/* explicit over built-in, system and profile rules on the same path */
	{{.command = "allow read ~/.ssh\n"}, "/home/u/.ssh", READ_ONLY, "~/.ssh"},
	{{.command = "allow write .git\n"}, "/home/u/ws/.git", WRITABLE, ".git"},
	{{.command = "deny write .\n"}, "/home/u/ws", READ_ONLY, "."},
	{{.user = "use default\nuse read-only\n"}, "/home/u/ws", READ_ONLY, "."},
	{{.user = "use default\nallow read ~/.aws\n"}, "/home/u/.aws/x", READ_ONLY, "~/.aws"},
	{{.command = "allow read /\n"}, "/home/u/.ssh/id", HIDDEN, "~/.ssh"},
	/* the default */
	{{0}, "/usr/bin/cc", READ_ONLY, "/"},
	{{0}, "/home/u/ws/x", WRITABLE, "."},
	{{0}, "/home/u/ws/.git/hooks/x", READ_ONLY, ".git"},
	{{0}, "/home/u/other", READ_ONLY, "/"},
	{{0}, "/home/u/.ssh/id", HIDDEN, "~/.ssh"},
	{{0}, "/tmp/x", WRITABLE, "/tmp"},
	{{0}, "/run/docker.sock", READ_ONLY, "/run"},
	{{0}, "/proc/1", WRITABLE, "/proc"},
	/* the host's file in a fresh place is not writable because the place is */
	{{.user = "allow read / /tmp/x\n"}, "/tmp/x", READ_ONLY, ""},
	{{.user = "allow read / /tmp/x\n"}, "/tmp/y", WRITABLE, "/tmp"},
	{{.user = "allow read / /tmp/x\nallow write /tmp/x\n"}, "/tmp/x", WRITABLE, "/tmp/x"},
	/* a project file narrows only */
	{{.project = "allow write /\n"}, "/etc", READ_ONLY, "/"},
	{{.project = "allow read ~/.ssh\n"}, "/home/u/.ssh", HIDDEN, "~/.ssh"},
	{{.project = "deny read src\n"}, "/home/u/ws/src/x", HIDDEN, "src"},
	{{.project = "deny write src\n", .command = "allow write src/x\n"},
	 "/home/u/ws/src/x",
	 READ_ONLY,
	 "src"},
	{{.project = "ask write src\n"}, "/home/u/ws/src/x", READ_ONLY, "src"},
	{{.project = "ask write src\n"}, "/home/u/ws/x", WRITABLE, "."},
	{{.project = "ask read src\n"}, "/usr/bin/cc", READ_ONLY, "/"},
	/* managed: denies cannot be lifted, allows intersect */
	{{.managed = "deny read /srv\n", .command = "allow write /srv/x\n"},
	 "/srv/x",
	 HIDDEN,
	 "/srv"},
	{{.managed = "deny write /srv\n", .command = "allow write /srv\n"},
	 "/srv/x",
	 READ_ONLY,
	 "/srv"},
	{{.managed = "allow read /usr\n"}, "/etc", HIDDEN, NULL},
	{{.managed = "allow read /usr\n"}, "/usr/x", READ_ONLY, "/"},
	{{.managed = "allow read /usr\n", .command = "deny read /usr/x\n"},
	 "/usr/x",
	 HIDDEN,
	 "/usr/x"},
	{{.managed = "allow write /srv\n"}, "/home/u/ws/x", READ_ONLY, ""},
	{{.managed = "allow write /srv\n"}, "/etc", READ_ONLY, "/"},
	{{.managed = "allow write /srv\nallow read /usr\n", .command = "allow write /srv\n"},
	 "/srv",
	 WRITABLE,
	 "/srv"},
	{{.managed = "deny read /srv\nallow read /srv/x\n", .command = "allow read /srv/x\n"},
	 "/srv/x/y",
	 READ_ONLY,
	 ""},
	{{.managed = "allow read /\ndeny read /srv\nallow read /srv/x\n"},
	 "/srv/x/y",
	 READ_ONLY,
	 "/"},
	/* carrel's own state is lifted by nobody */
	{{.command = "allow write ~/.local/state/carrel\n"},
	 "/home/u/.local/state/carrel/x",
	 HIDDEN,
	 ""},
	{{.managed = "allow write /home/u/**\nallow read /**\n", .command = "allow write ~/**\n"},
	 "/home/u/.local/state/carrel/x",
	 HIDDEN,
	 ""},
	{{.command = "allow write ~/.config\n"}, "/home/u/.config/carrel/policy", READ_ONLY, ""},
	{{.command = "allow write ~/.config\n"}, "/home/u/.config/x", WRITABLE, "~/.config"},
};

static void test_views(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(views); i++) {
		struct fixture fx;
		const struct cr_rule *rule;
		enum cr_view view;

		setup(&fx, &views[i].layers);
		view = cr_decide_view(fx.set, views[i].path, &rule);
		if (view != views[i].view || !rule != !views[i].rule ||
		    (rule && *views[i].rule && strcmp(rule->text, views[i].rule) != 0))
			fail_msg("row %zu: %s: view %d, rule %s", i, views[i].path, view,
				 rule ? rule->text : "none");
		fx_free(&fx);
	}
}

static const struct {
	struct layers layers;
	const char *host; /* NULL: the git mode is asked */
	enum cr_git_mode git;
	enum cr_decision decision;
} others[] = {
	{{.user = ""}, "a.example:443", 0, CR_DENY},
	{{.user = "allow connect *.example:443\n"}, "a.example:443", 0, CR_ALLOW},
	{{.user = "allow connect *.example:443\n"}, "a.example:80", 0, CR_DENY},
	{{.user = "allow connect *.example:443\n"}, "example:443", 0, CR_DENY},
	{{.user = "allow connect *:*\ndeny connect a.example:*\n"}, "a.example:443", 0, CR_DENY},
	{{.user = "ask connect *:443\nallow connect a.example:443\n"},
	 "a.example:443",
	 0,
	 CR_ALLOW},
	{{.user = "ask connect *:443\nallow connect a.example:443\n"}, "b.example:443", 0, CR_ASK},
	{{.user = "allow connect a.example:443\nask connect a.example:443\n"},
	 "a.example:443",
	 0,
	 CR_ASK},
	{{.user = "allow connect *:443\n"}, "8.8.8.8:443", 0, CR_ALLOW},
	{{.user = "allow connect *:443\n"}, "10.1.2.3:443", 0, CR_DENY},
	{{.user = "ask connect *:443\n"}, "169.254.169.254:443", 0, CR_DENY},
	{{.user = "allow connect *:443\n"}, "[fd00::1]:443", 0, CR_DENY},
	{{.user = "allow connect *:443\n"}, "127.0.0.1:443", 0, CR_DENY},
	{{.user = "allow connect 10.1.2.3:443 *:443\n"}, "10.1.2.3:443", 0, CR_ALLOW},
	{{.user = "allow connect localhost:443 *:443\n"}, "127.0.0.1:443", 0, CR_ALLOW},
	{{.user = "allow connect 10.1.2.3:443\n", .managed = "allow connect *:443\n"},
	 "10.1.2.3:443",
	 0,
	 CR_ALLOW},
	{{.user = "allow connect 10.1.2.3:443\n", .managed = "deny connect *:443\n"},
	 "10.1.2.3:443",
	 0,
	 CR_DENY},
	{{.user = "allow connect *:443\n", .project = "ask connect *:*\n"},
	 "a.example:443",
	 0,
	 CR_ASK},
	{{.user = "allow connect a.b:1\n", .project = "allow connect *:*\n"}, "c.d:1", 0, CR_DENY},
	{{.user = "allow connect *:*\n", .managed = "allow connect *.corp:443\n"},
	 "a.corp:443",
	 0,
	 CR_ALLOW},
	{{.user = "allow connect *:*\n", .managed = "allow connect *.corp:443\n"},
	 "a.example:443",
	 0,
	 CR_DENY},
	{{.user = "allow connect *:*\n", .managed = "ask connect *:*\n"},
	 "a.example:443",
	 0,
	 CR_ASK},
	{{.user = "allow connect *:*\n", .managed = "deny connect *.bad:*\n"},
	 "a.bad:443",
	 0,
	 CR_DENY},
	{{0}, NULL, CR_GIT_READ_ONLY, CR_ALLOW},
	{{0}, NULL, CR_GIT_OVERLAY, CR_ALLOW},
	{{0}, NULL, CR_GIT_DESTRUCTIVE, CR_DENY},
	{{.user = "use default\nask git destructive\n"}, NULL, CR_GIT_DESTRUCTIVE, CR_ASK},
	{{.user = "use default\nask git destructive\n"}, NULL, CR_GIT_OVERLAY, CR_ALLOW},
	{{.user = "allow git destructive\ndeny git overlay\n"}, NULL, CR_GIT_OVERLAY, CR_DENY},
	{{.user = "allow git destructive\n"}, NULL, CR_GIT_READ_ONLY, CR_ALLOW},
	{{.user = "allow git destructive\n", .managed = "deny git overlay\n"},
	 NULL,
	 CR_GIT_DESTRUCTIVE,
	 CR_DENY},
	{{.user = "allow git read-only\n"}, NULL, CR_GIT_OVERLAY, CR_DENY},
};

static void test_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct fixture fx;
		struct cr_access access = {.cap = CR_CAP_GIT, .git = others[i].git};
		struct cr_verdict verdict;

		setup(&fx, &others[i].layers);
		if (others[i].host) {
			access.cap = CR_CAP_CONNECT;
			assert_int_equal(
				cr_host_parse(fx.arena, others[i].host, &access.host, &fx.err), 0);
		}
		verdict = cr_decide(fx.set, &access);
		if (verdict.decision != others[i].decision)
			fail_msg("row %zu: %d", i, verdict.decision);
		fx_free(&fx);
	}
}

static void test_unix(void **state)
{
	struct fixture fx;

	(void)state;
	setup(&fx, &(struct layers){.user = "allow read /\nallow unix /srv/a.sock /srv/s/*\n"});
	assert_int_equal(cr_decide_path(fx.set, CR_CAP_UNIX, "/srv/a.sock").decision, CR_ALLOW);
	assert_int_equal(cr_decide_path(fx.set, CR_CAP_UNIX, "/srv/s/b").decision, CR_ALLOW);
	assert_int_equal(cr_decide_path(fx.set, CR_CAP_UNIX, "/srv/b.sock").decision, CR_DENY);
	assert_null(cr_decide_path(fx.set, CR_CAP_UNIX, "/srv/b.sock").rule);
	fx_free(&fx);
}

/* A generator of one's own, so that a failure is found again. */
static uint32_t seed = 1;

static unsigned draw(unsigned below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static size_t draw_path(char *buf, size_t size, bool wildcards)
{
	static const char *const names[] = {"a", "b", "ab", "a.c", ".git", "*", "a*", "**", "?b"};
	unsigned depth = draw(5);
	size_t len = (size_t)snprintf(buf, size, "%s", depth ? "" : "/");

	for (unsigned i = 0; i < depth; i++)
		len += (size_t)snprintf(buf + len, size - len, "/%s",
					names[draw(wildcards && !draw(3) ? COUNT(names) : 5)]);
	return len;
}

static const char *draw_policy(struct cr_arena *arena, unsigned n_rules, bool may_allow)
{
	static const char *const decisions[] = {"deny", "ask", "allow", "allow"};
	size_t size = 256 * (n_rules + 1), len = 0;
	char *text = cr_arena_alloc(arena, size, 1);

	for (unsigned i = 0; i < n_rules; i++) {
		char path[128];

		draw_path(path, sizeof(path), true);
		len += (size_t)snprintf(text + len, size - len, "%s %s %s\n",
					decisions[draw(may_allow ? 4 : 2)],
					draw(2) ? "read" : "write", path);
	}
	return text;
}

/* The rules of decide.h said as simply as can be. */
struct naive {
	enum cr_decision decision;
	int reach; /* -1: no rule */
};

static enum cr_group group_of(const struct fixture *fx, const struct cr_rule *rule)
{
	if (rule->origin.layer == CR_LAYER_PROJECT)
		return fx->input.project_trusted ? CR_GROUP_MAIN : CR_GROUP_PROJECT;
	if (rule->origin.layer == CR_LAYER_SYSTEM && strstr(rule->text, "/carrel"))
		return CR_GROUP_SELF;
	return rule->origin.layer == CR_LAYER_MANAGED ? CR_GROUP_MANAGED : CR_GROUP_MAIN;
}

static bool allows(const struct fixture *fx, enum cr_group group, enum cr_capability cap)
{
	for (size_t i = 0; i < fx->set->n_rules; i++)
		if (fx->set->rules[i].cap == cap && fx->set->rules[i].decision != CR_DENY &&
		    group_of(fx, &fx->set->rules[i]) == group)
			return true;
	return false;
}

static bool bears_on(const struct fixture *fx, const struct cr_rule *rule, enum cr_capability cap)
{
	enum cr_group group = group_of(fx, rule);

	if (rule->cap == cap)
		return true;
	if (cap == CR_CAP_WRITE)
		return rule->cap == CR_CAP_READ && rule->decision == CR_DENY;
	return rule->cap == CR_CAP_WRITE && rule->decision == CR_ALLOW &&
	       (group != CR_GROUP_MANAGED || allows(fx, group, CR_CAP_READ));
}

static int reach_of(const struct cr_rule *rule, const char *path)
{
	if (!rule->literal)
		return cr_pattern_covers(CR_OS_LINUX, rule->path, path);
	return cr_path_within(CR_OS_LINUX, path, rule->path)
		       ? (int)cr_path_depth(CR_OS_LINUX, rule->path)
		       : -1;
}

static struct naive naive_group(const struct fixture *fx, enum cr_group group,
				enum cr_capability cap, const char *path)
{
	long best = -1;
	struct naive out = {.decision = CR_ALLOW, .reach = -1};

	if (group == CR_GROUP_MAIN || (group == CR_GROUP_MANAGED && allows(fx, group, cap)))
		out.decision = CR_DENY;
	for (size_t i = 0; i < fx->set->n_rules; i++) {
		const struct cr_rule *rule = &fx->set->rules[i];
		int reach = group_of(fx, rule) == group && bears_on(fx, rule, cap)
				    ? reach_of(rule, path)
				    : -1;
		long score = reach * 100L + rule->literal * 50 + !cr_rule_is_weak(rule) * 10 +
			     (CR_ALLOW - (int)rule->decision);

		if (reach < 0 || score <= best)
			continue;
		best = score;
		out = (struct naive){.decision = rule->decision, .reach = reach};
	}
	return out;
}

static struct naive naive(const struct fixture *fx, enum cr_capability cap, const char *path)
{
	struct naive best = naive_group(fx, CR_GROUP_MAIN, cap, path);

	for (int group = 1; group < CR_GROUP_COUNT; group++) {
		struct naive other = naive_group(fx, (enum cr_group)group, cap, path);

		if (other.decision < best.decision)
			best = other;
	}
	return best;
}

static void compare(const struct fixture *fx, enum cr_capability cap, const char *path)
{
	struct cr_verdict verdict = cr_decide_path(fx->set, cap, path);
	struct naive expected = naive(fx, cap, path);
	int reach = verdict.rule ? reach_of(verdict.rule, path) : -1;

	if (verdict.decision != expected.decision || reach != expected.reach)
		fail_msg("%s %s: %d by '%s' (%d), expected %d (%d)", cr_capability_name(cap), path,
			 verdict.decision, verdict.rule ? verdict.rule->text : "-", reach,
			 expected.decision, expected.reach);
}

static void test_same_as_naive(void **state)
{
	unsigned long cases = 0;

	(void)state;
	for (unsigned round = 0; round < 600; round++) {
		struct fixture fx;
		struct layers layers;

		seed = round + 1;
		fx_init(&fx, NULL, 0);
		layers.user = draw_policy(fx.arena, draw(30), true);
		layers.command = draw(2) ? draw_policy(fx.arena, draw(10), true) : NULL;
		layers.project = draw(2) ? draw_policy(fx.arena, draw(8), true) : NULL;
		layers.managed = draw(2) ? draw_policy(fx.arena, draw(8), draw(2)) : NULL;
		fx.input.project_trusted = draw(2);
		fx.input.ctx.workspace = "/a/ws";
		fx.input.ctx.state_dir = "/a/b/carrel";
		fx_policy(&fx, CR_LAYER_USER, layers.user);
		fx_policy(&fx, CR_LAYER_COMMAND, layers.command);
		fx_policy(&fx, CR_LAYER_PROJECT, layers.project);
		fx_policy(&fx, CR_LAYER_MANAGED, layers.managed);
		fx_resolve(&fx);
		for (unsigned i = 0; i < 40; i++, cases += 2) {
			char path[128];

			draw_path(path, sizeof(path), false);
			compare(&fx, CR_CAP_READ, path);
			compare(&fx, CR_CAP_WRITE, path);
		}
		fx_free(&fx);
	}
	assert_true(cases >= 20000);
}

/* The second policy is the first and one layer more. */
static void resolve_pair(struct fixture pair[2], enum cr_layer layer, const char *more,
			 const struct layers *base)
{
	for (int i = 0; i < 2; i++) {
		pair[i].input.ctx.workspace = "/a/ws";
		fx_policy(&pair[i], CR_LAYER_USER, base->user);
		fx_policy(&pair[i], CR_LAYER_COMMAND, base->command);
		if (i)
			fx_policy(&pair[i], layer, more);
		fx_resolve(&pair[i]);
	}
}

static void check_no_wider(enum cr_layer layer)
{
	for (unsigned round = 0; round < 300; round++) {
		struct fixture pair[2];
		struct layers layers = {0};

		seed = round + 1000;
		fx_init(&pair[0], NULL, 0);
		fx_init(&pair[1], NULL, 0);
		layers.user = draw_policy(pair[0].arena, draw(20), true);
		layers.command = draw_policy(pair[0].arena, draw(5), true);
		resolve_pair(pair, layer, draw_policy(pair[0].arena, draw(10), true), &layers);
		for (unsigned i = 0; i < 40; i++) {
			char path[128];

			draw_path(path, sizeof(path), false);
			assert_true(cr_decide_view(pair[1].set, path, NULL) <=
				    cr_decide_view(pair[0].set, path, NULL));
			for (int cap = CR_CAP_READ; cap <= CR_CAP_WRITE; cap++)
				assert_true(
					cr_decide_path(pair[1].set, (enum cr_capability)cap, path)
						.decision <=
					cr_decide_path(pair[0].set, (enum cr_capability)cap, path)
						.decision);
		}
		fx_free(&pair[0]);
		fx_free(&pair[1]);
	}
}

static void test_project_never_widens(void **state)
{
	(void)state;
	check_no_wider(CR_LAYER_PROJECT);
}

static void test_managed_never_widens(void **state)
{
	(void)state;
	check_no_wider(CR_LAYER_MANAGED);
}

static void test_managed_deny_holds(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		struct fixture fx;
		char denied[128], line[160], path[300], below[128];

		seed = round + 5000;
		fx_init(&fx, NULL, 0);
		fx.input.ctx.workspace = "/a/ws";
		fx.input.project_trusted = true;
		draw_path(denied, sizeof(denied), false);
		snprintf(line, sizeof(line), "deny read %s\n", denied);
		fx_policy(&fx, CR_LAYER_USER, draw_policy(fx.arena, 20, true));
		fx_policy(&fx, CR_LAYER_COMMAND, draw_policy(fx.arena, 20, true));
		fx_policy(&fx, CR_LAYER_PROJECT, draw_policy(fx.arena, 5, true));
		fx_policy(&fx, CR_LAYER_MANAGED, line);
		fx_resolve(&fx);
		for (unsigned i = 0; i < 20; i++) {
			draw_path(below, sizeof(below), false);
			snprintf(path, sizeof(path), "%s%s", denied[1] ? denied : "",
				 below[1] ? below : "");
			assert_int_equal(cr_decide_view(fx.set, path[0] ? path : "/", NULL),
					 CR_VIEW_HIDDEN);
		}
		fx_free(&fx);
	}
}

/* Windows and macOS fold case. */
static void test_case(void **state)
{
	struct fixture fx;

	(void)state;
	fx_init(&fx, NULL, 0);
	fx.input.ctx = (struct cr_context){.os = CR_OS_WINDOWS,
					   .tier = CR_TIER_UNELEVATED,
					   .home = "C:\\Users\\u",
					   .workspace = "C:\\ws"};
	fx_policy(&fx, CR_LAYER_USER, "allow read C:\\\nallow write .\ndeny write .GIT\n");
	fx_resolve(&fx);
	assert_int_equal(cr_decide_view(fx.set, "C:\\WS\\.git\\x", NULL), CR_VIEW_READ_ONLY);
	assert_int_equal(cr_decide_view(fx.set, "C:\\Ws\\X", NULL), CR_VIEW_WRITABLE);
	assert_int_equal(cr_decide_view(fx.set, "D:\\x", NULL), CR_VIEW_HIDDEN);
	fx_free(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_same_as_naive),
		cmocka_unit_test(test_project_never_widens),
		cmocka_unit_test(test_managed_never_widens),
		cmocka_unit_test(test_managed_deny_holds),
		cmocka_unit_test(test_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
