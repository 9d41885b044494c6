/*
 * test_event.c - denials explained. The property: a remedy, added to the policy as it is printed,
 * makes decide() allow the access; and where there is no remedy, there is a reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#include "../golden/fake_rules.h"
#include "core/event.h"

static const char fs[] = "dir /home/u/w/.git\ndir /home/u/w/sub\ndir /home/u/.cache/tool\n"
			 "dir /home/u/.local/state/carrel\ndir /home/u/.config/carrel\n"
			 "dir /opt/data/deep\ndir /tmp\ndir /etc\n"
			 "link /home/u/w/.idea /home/u/w/sub/idea\ndir /home/u/w/sub/idea\n";

/* The layers of a test; NULL for none. */
struct layers {
	const char *builtin, *user, *managed, *project;
};

static struct fake resolve(const struct layers *layers, const char *command)
{
	struct fake fake = fake_new(CR_OS_LINUX, fs);
	const struct cr_policy *policies[5];
	size_t count = 0;

	/* There is always a user's policy: the built-in default would be taken in otherwise. */
	policies[count++] = fake_policy(&fake, CR_LAYER_USER,
					layers->user ? layers->user : "deny git destructive\n");
	if (layers->builtin)
		policies[count++] = fake_policy(&fake, CR_LAYER_DEFAULT, layers->builtin);
	if (layers->managed)
		policies[count++] = fake_policy(&fake, CR_LAYER_MANAGED, layers->managed);
	if (layers->project)
		policies[count++] = fake_policy(&fake, CR_LAYER_PROJECT, layers->project);
	if (command)
		policies[count++] = fake_policy(&fake, CR_LAYER_COMMAND, command);
	fake_resolve(&fake, CR_TIER_FULL, policies, count);
	return fake;
}

static struct cr_event explain(struct fake *fake, enum cr_op op, const char *object)
{
	const struct cr_denial denial = {
		.op = op, .object = object, .boundary = "mount view", .program = "touch"};
	struct cr_event event;
	struct cr_err err = {0};

	if (cr_event_explain(fake->arena, fake->rules, &denial, &event, &err) < 0)
		fail_msg("%s", err.text);
	return event;
}

static const struct layers usual = {
	.builtin = "allow read /\nallow write .\ndeny write .git .vscode .idea\ndeny read ~/.ssh\n",
};

static const struct {
	struct layers layers;
	enum cr_op op;
	const char *object, *rule, *remedy, *flag, *why_not;
} remedy_rows[] = {
	{{.builtin = "allow read /\n"},
	 CR_OP_WRITE,
	 "/home/u/w/sub/x",
	 "no rule allows it",
	 "allow write sub/x",
	 "--write sub/x",
	 ""},
	{{.builtin = "allow read /\n"},
	 CR_OP_WRITE,
	 "/home/u/w",
	 "no rule allows it",
	 "allow write .",
	 "--write .",
	 ""},
	{{.builtin = "allow read /\n"},
	 CR_OP_WRITE,
	 "/etc/hosts",
	 "no rule allows it",
	 "allow write /etc/hosts",
	 "--write /etc/hosts",
	 ""},
	/* a name is made in its directory ... */
	{{.builtin = "allow read /\n"},
	 CR_OP_CREATE,
	 "/home/u/.cache/tool/x",
	 "no rule allows it",
	 "allow write /home/u/.cache/tool",
	 "--write /home/u/.cache/tool",
	 ""},
	/* ... but nobody should be told to open a home, or /etc */
	{{.builtin = "allow read /\n"},
	 CR_OP_CREATE,
	 "/home/u/x",
	 "no rule allows it",
	 "allow write /home/u/x",
	 "--write /home/u/x",
	 ""},
	{{.builtin = "allow read /\n"},
	 CR_OP_CREATE,
	 "/etc/x",
	 "no rule allows it",
	 "allow write /etc/x",
	 "--write /etc/x",
	 ""},
	/* a protected name yields to an explicit rule */
	{{.builtin = "allow read /\nallow write .\ndeny write .git\n"},
	 CR_OP_WRITE,
	 "/home/u/w/.git",
	 "deny write .git",
	 "allow write .git",
	 "--write .git",
	 ""},
	{{.builtin = "allow read /\nallow write .\ndeny write .git\n"},
	 CR_OP_CREATE,
	 "/home/u/w/.vscode",
	 "the policy allows it",
	 "",
	 "",
	 "the policy allows it already; this host does not"},
	/* the user's own deny on the very path does not */
	{{.user = "allow read /\nallow write .\ndeny write .git\n"},
	 CR_OP_WRITE,
	 "/home/u/w/.git",
	 "deny write .git",
	 "",
	 "",
	 "'deny write .git' (test.policy:3) would have to go first"},
	{{.builtin = "allow read /\nallow write .\n", .managed = "deny write sub\n"},
	 CR_OP_WRITE,
	 "/home/u/w/sub/x",
	 "deny write sub",
	 "",
	 "",
	 "managed policy"},
	{{.builtin = "allow read /\n", .managed = "allow write /opt\n"},
	 CR_OP_WRITE,
	 "/home/u/w/x",
	 "no rule allows it",
	 "",
	 "",
	 "managed policy"},
	{{.builtin = "allow read /\nallow write .\n", .project = "deny write sub\n"},
	 CR_OP_WRITE,
	 "/home/u/w/sub/x",
	 "deny write sub",
	 "",
	 "",
	 "'deny write sub' (test.policy:1) would have to go first"},
	{{.builtin = "allow read /\nallow write ~\n"},
	 CR_OP_WRITE,
	 "/home/u/.local/state/carrel/x",
	 "deny read /home/u/.local/state/carrel",
	 "",
	 "",
	 "carrel's own files stay out of reach"},
	{{.builtin = "allow read /\nallow write ~\n"},
	 CR_OP_WRITE,
	 "/home/u/.config/carrel/policy",
	 "deny write /home/u/.config/carrel",
	 "",
	 "",
	 "carrel's own files stay out of reach"},
	{{.builtin = "allow read /\n"},
	 CR_OP_CONNECT,
	 "example.com:443",
	 "no rule allows it",
	 "allow connect example.com:443",
	 "--connect example.com:443",
	 ""},
	{{.builtin = "deny connect *:25\n"},
	 CR_OP_CONNECT,
	 "10.0.0.1:25",
	 "deny connect *:25",
	 "allow connect 10.0.0.1:25",
	 "--connect 10.0.0.1:25",
	 ""},
	{{.builtin = "allow read /\n"},
	 CR_OP_CONNECT,
	 "[::1]:8080",
	 "no rule allows it",
	 "allow connect [::1]:8080",
	 "--connect '[::1]:8080'",
	 ""},
	{{.builtin = "allow read /\n"},
	 CR_OP_CONNECT,
	 "2001:db8::1:443",
	 "no rule allows it",
	 "allow connect [2001:db8::1]:443",
	 "--connect '[2001:db8::1]:443'",
	 ""},
	{{.managed = "deny connect *:*\n"},
	 CR_OP_CONNECT,
	 "a.example:1",
	 "no rule allows it",
	 "",
	 "",
	 "managed policy"},
	{{.builtin = "allow read /\n"},
	 CR_OP_CONNECT,
	 "nonsense",
	 "no rule allows it",
	 "",
	 "",
	 "it has no address that a rule could name"},
	{{.builtin = "allow read /\n"},
	 CR_OP_CONNECT,
	 "*:443",
	 "no rule allows it",
	 "",
	 "",
	 "it has no address that a rule could name"},
	{{.builtin = "allow read /\n"},
	 CR_OP_UNIX,
	 "/run/x.sock",
	 "no rule allows it",
	 "allow unix /run/x.sock",
	 "--unix /run/x.sock",
	 ""},
	{{.builtin = "allow read /\n"},
	 CR_OP_UNIX,
	 "@abstract",
	 "no rule allows it",
	 "",
	 "",
	 "it has no path that a rule could name"},
	{{.builtin = "allow read /\n"},
	 CR_OP_WRITE,
	 "/home/u/w/a b\"#c'",
	 "no rule allows it",
	 "allow write \"a b\\\"#c'\"",
	 "--write 'a b\"#c'\\'''",
	 ""},
	{{.builtin = "allow read /\n"},
	 CR_OP_WRITE,
	 "/home/u/w/~root",
	 "no rule allows it",
	 "allow write /home/u/w/~root",
	 "--write '/home/u/w/~root'",
	 ""},
	{{.builtin = "allow read /\n"},
	 CR_OP_WRITE,
	 "/home/u/w/a*",
	 "no rule allows it",
	 "",
	 "",
	 "its name cannot be written in a policy"},
	{{.builtin = "allow read /\n"},
	 CR_OP_WRITE,
	 "/home/u/w/\xe2\x80\xae",
	 "no rule allows it",
	 "",
	 "",
	 "its name cannot be written in a policy"},
	{{.builtin = "allow read /\n"},
	 CR_OP_WRITE,
	 "/home/u/w/\xff",
	 "no rule allows it",
	 "",
	 "",
	 "its name cannot be written in a policy"},
};

static void remedies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(remedy_rows) / sizeof(remedy_rows[0]); i++) {
		struct fake fake = resolve(&remedy_rows[i].layers, NULL);
		const struct cr_event event =
			explain(&fake, remedy_rows[i].op, remedy_rows[i].object);

		assert_string_equal(event.rule_text, remedy_rows[i].rule);
		assert_string_equal(event.remedy_rule, remedy_rows[i].remedy);
		assert_string_equal(event.remedy_flag, remedy_rows[i].flag);
		assert_string_equal(event.remedy_why_not, remedy_rows[i].why_not);
		assert_int_equal(event.count, 1);
		fake_free(&fake);
	}
}

/* A small generator of its own: the same numbers on every host. */
static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

#define PICK(seed, array) ((array)[next(seed) % (sizeof(array) / sizeof((array)[0]))])

static const char *const objects[] = {
	"/home/u/w",          "/home/u/w/.git",        "/home/u/w/.git/hooks/x",
	"/home/u/w/.idea",    "/home/u/w/sub",         "/home/u/w/sub/deep/file",
	"/home/u/w/a b",      "/home/u/.cache/tool/x", "/home/u/.local/state/carrel/log",
	"/etc/passwd",        "/opt/data/deep/x",      "/home/u/.config/carrel/policy",
	"/home/u/w/sub/idea", "/home/u/w/\"quoted\"",  "/",
};

static void add_random_line(uint32_t *seed, char *text, size_t size)
{
	static const char *const decisions[] = {"allow", "ask", "deny"};
	static const char *const caps[] = {"read", "write", "write"};
	static const char *const words[] = {
		"/",    ".",    ".git",  "sub",       "sub/deep",   "~/.cache",         "**/x",
		"/opt", "/etc", ".idea", "/opt/data", "~/.cache/*", "/home/u/w/sub/**",
	};
	const size_t used = strlen(text);

	snprintf(text + used, size - used, "%s %s %s\n", PICK(seed, decisions), PICK(seed, caps),
		 PICK(seed, words));
}

static void fill(uint32_t *seed, char *text, size_t size, unsigned lines)
{
	text[0] = '\0';
	for (unsigned i = 0; i < lines; i++)
		add_random_line(seed, text, size);
}

static void a_remedy_allows(void **state)
{
	static const enum cr_op ops[] = {CR_OP_WRITE, CR_OP_CREATE, CR_OP_DELETE, CR_OP_RENAME,
					 CR_OP_CHANGE};
	unsigned remedies_seen = 0, reasons_seen = 0;
	uint32_t seed = 1;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		char builtin[512], user[512], managed[512], command[1024];
		struct layers layers = {.builtin = builtin, .user = user};
		const char *object = PICK(&seed, objects);
		struct fake before, after;
		struct cr_event event;

		fill(&seed, builtin, sizeof(builtin), 1 + next(&seed) % 4);
		fill(&seed, user, sizeof(user), 1 + next(&seed) % 3);
		fill(&seed, managed, sizeof(managed), next(&seed) % 2);
		layers.managed = managed[0] ? managed : NULL;
		before = resolve(&layers, NULL);
		event = explain(&before, PICK(&seed, ops), object);
		if (event.remedy_rule[0] == '\0') {
			assert_true(event.remedy_why_not[0] != '\0');
			assert_int_equal(event.remedy_flag[0], '\0');
			reasons_seen++;
			fake_free(&before);
			continue;
		}
		snprintf(command, sizeof(command), "%s\n", event.remedy_rule);
		after = resolve(&layers, command);
		if (cr_decide_path(after.rules, CR_CAP_WRITE, object).decision != CR_ALLOW)
			fail_msg("%s: '%s' does not help with:\n%s--\n%s--\n%s", object,
				 event.remedy_rule, builtin, user, managed);
		assert_int_not_equal(cr_decide_path(before.rules, CR_CAP_WRITE, object).decision,
				     CR_ALLOW);
		remedies_seen++;
		fake_free(&before);
		fake_free(&after);
	}
	assert_true(remedies_seen > 300);
	assert_true(reasons_seen > 300);
}

static void json_is_one_safe_line(void **state)
{
	struct fake fake = resolve(&usual, NULL);
	struct cr_event event = explain(&fake, CR_OP_WRITE, "/etc/a\nb\xff");
	char *text = cr_event_json(&event);
	json_t *json;

	(void)state;
	assert_non_null(text);
	for (const char *c = text; *c; c++)
		assert_true(*c >= ' ' && *c < 0x7f);
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "op")), "write");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(json, "object"), "hex")),
		"2f6574632f610a62ff");
	assert_int_equal(json_integer_value(json_object_get(json, "count")), 1);
	json_decref(json);
	free(text);
	fake_free(&fake);
}

static void strings_are_copied(void **state)
{
	struct fake fake = resolve(&usual, NULL);
	char object[] = "/etc/x", program[] = "sh";
	const struct cr_denial denial = {
		.op = CR_OP_WRITE, .object = object, .boundary = "b", .program = program};
	struct cr_event event;

	(void)state;
	assert_int_equal(cr_event_explain(fake.arena, fake.rules, &denial, &event, NULL), 0);
	object[1] = program[0] = '?';
	assert_string_equal(event.denial.object, "/etc/x");
	assert_string_equal(event.denial.program, "sh");
	fake_free(&fake);
}

/* In the landlock tier the kernel does not say what it refused; this is what it does refuse. */
/* Refused although the rules allow the host, or before its port is known. */
static void of_the_broker(void **state)
{
	static const struct {
		enum cr_op op;
		enum cr_net_end end;
		const char *object, *rule, *remedy, *flag, *why_not;
	} rows[] = {
		{CR_OP_LOOKUP, CR_NET_LOOKUP, "evil.test", "no rule allows it",
		 "allow connect evil.test:443", "--connect evil.test:443", ""},
		{CR_OP_CONNECT, CR_NET_BY_RULES, "good.test:80", "no rule allows it",
		 "allow connect good.test:80", "--connect good.test:80", ""},
		{CR_OP_CONNECT, CR_NET_PROTOCOL, "good.test:443", "the policy allows the host",
		 "allow connect good.test:443 notls", "--connect 'good.test:443 notls'", ""},
		{CR_OP_CONNECT, CR_NET_TLS_NAME, "good.test:443", "the policy allows the host",
		 "allow connect good.test:443 notls", "--connect 'good.test:443 notls'", ""},
		{CR_OP_CONNECT, CR_NET_SPECIAL, "good.test:443", "the policy allows the host", "",
		 "", "only by a rule that names the address itself"},
		{CR_OP_CONNECT, CR_NET_LIMIT, "good.test:443", "the policy allows the host", "", "",
		 "the policy allows the host already"},
		{CR_OP_CONNECT, CR_NET_DENIED, "asked.test:443", "ask connect asked.test:443", "",
		 "", "'ask connect asked.test:443' (test.policy:2) would have to go first"},
	};
	const struct layers layers = {
		.user = "allow connect good.test:443\nask connect asked.test:443\n"};
	struct fake fake = resolve(&layers, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct cr_denial denial = {.op = rows[i].op,
						 .object = rows[i].object,
						 .net = rows[i].end,
						 .program = "p",
						 .boundary = cr_net_end_text(rows[i].end)};
		struct cr_event event;

		assert_int_equal(cr_event_explain(fake.arena, fake.rules, &denial, &event, NULL),
				 0);
		assert_string_equal(event.rule_text, rows[i].rule);
		assert_string_equal(event.remedy_rule, rows[i].remedy);
		assert_string_equal(event.remedy_flag, rows[i].flag);
		assert_string_equal(event.remedy_why_not, rows[i].why_not);
	}
	fake_free(&fake);
}

static void a_gap_refuses_nothing(void **state)
{
	static const struct {
		enum cr_op op;
		const char *object;
		bool by_rules, real;
	} rows[] = {
		{CR_OP_WRITE, "/etc/x", true, true},
		{CR_OP_CREATE, "/home/u/x", true, true},
		{CR_OP_WRITE, "/home/u/w/sub/x", true, false},
		{CR_OP_WRITE, "/home/u/w/.git/config", true, false},
		{CR_OP_CHANGE, "/etc/x", true, false},
		{CR_OP_WRITE, "/home/u/w/.git/config", false, true},
		{CR_OP_CHANGE, "/etc/x", false, true},
	};
	struct fake fake = resolve(&usual, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct cr_denial denial = {.op = rows[i].op,
						 .object = rows[i].object,
						 .boundary = "b",
						 .by_rules = rows[i].by_rules};

		if (cr_denial_is_real(fake.rules, &denial) != rows[i].real)
			fail_msg("%s '%s'", cr_op_name(rows[i].op), rows[i].object);
	}
	fake_free(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remedies),
		cmocka_unit_test(a_remedy_allows),
		cmocka_unit_test(json_is_one_safe_line),
		cmocka_unit_test(strings_are_copied),
		cmocka_unit_test(a_gap_refuses_nothing),
		cmocka_unit_test(of_the_broker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
