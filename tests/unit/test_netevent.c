/* test_netevent.c - connections as JSON, and what the rules say of them by name and by address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#include "../golden/fake_rules.h"
#include "core/event.h"
#include "core/netevent.h"

static struct fake resolve(void)
{
	struct fake fake = fake_new(CR_OS_LINUX, "dir /home/u/w\n");
	const struct cr_policy *policies[] = {
		fake_policy(&fake, CR_LAYER_USER,
			    "allow connect a.example.com:443\nask connect *.example.com:1-500\n"
			    "deny connect b.example.com:443\nask connect 192.0.2.7:22\n"
			    "allow connect [2001:db8::7]:22\n"),
	};

	fake_resolve(&fake, CR_TIER_FULL, policies, 1);
	return fake;
}

#define V4(port_)                                                     \
	{                                                             \
		.family = 4, .bytes = {192, 0, 2, 7}, .port = (port_) \
	}
#define V6(port_)                                                                     \
	{                                                                             \
		.family = 6, .bytes = {0x20, 1, 0xd, 0xb8, [15] = 7}, .port = (port_) \
	}

static const struct {
	const char *name;
	struct cr_net_addr addr;
	enum cr_decision decision;
	const char *text;
} decisions[] = {
	{"a.example.com", V4(443), CR_ALLOW, "allow connect a.example.com:443"},
	{"a.example.com", V4(80), CR_ASK, "ask connect *.example.com:1-500"},
	{"a.example.com", V4(501), CR_DENY, "no rule allows it"},
	{"b.example.com", V4(443), CR_DENY, "deny connect b.example.com:443"},
	{"example.com", V4(443), CR_DENY, "no rule allows it"},
	{"", V4(22), CR_ASK, "ask connect 192.0.2.7:22"},
	{"", V4(23), CR_DENY, "no rule allows it"},
	{"", V6(22), CR_ALLOW, "allow connect [2001:db8::7]:22"},
	/* what stands for a name in the box is no address of a rule */
	{"other.example.org", V4(22), CR_DENY, "no rule allows it"},
	{"other.example.org", V6(22), CR_DENY, "no rule allows it"},
};

static void decided_by_name_or_address(void **state)
{
	struct fake fake = resolve();
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++) {
		const struct cr_verdict verdict =
			cr_net_decide(fake.rules, decisions[i].name, &decisions[i].addr);

		assert_int_equal(verdict.decision, decisions[i].decision);
		assert_string_equal(cr_net_rule_text(verdict.rule, text, sizeof(text)),
				    decisions[i].text);
	}
	fake_free(&fake);
}

static json_t *json_of(const struct fake *fake, const struct cr_net_msg *event)
{
	char *text = cr_net_event_json(fake->rules, event, UINT64_C(1700000000123));
	json_t *json;

	assert_non_null(text);
	for (const char *c = text; *c; c++)
		assert_true(*c >= ' ' && *c < 0x7f);
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	free(text);
	return json;
}

static const char *string_of(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

static json_int_t number_of(const json_t *json, const char *key)
{
	assert_true(json_is_integer(json_object_get(json, key)));
	return json_integer_value(json_object_get(json, key));
}

static void by_name(void **state)
{
	struct fake fake = resolve();
	struct cr_net_msg event = {
		.kind = CR_NET_EVENT,
		.end = CR_NET_DONE,
		.addr = V4(443),
		.dialled = V6(443),
		.dialled_any = true,
		.pid = 42,
		.up = 1234,
		.down = UINT64_C(1) << 60,
		.milliseconds = 77,
		.program = "curl",
	};
	json_t *json;

	(void)state;
	cr_net_set_name(&event, "a.example.com");
	json = json_of(&fake, &event);
	assert_int_equal(json_object_size(json), 17);
	assert_true(json_is_false(json_object_get(json, "incoming")));
	assert_string_equal(string_of(json, "event"), "connection");
	assert_int_equal(number_of(json, "time_ms"), 1700000000123);
	assert_string_equal(string_of(json, "program"), "curl");
	assert_int_equal(number_of(json, "pid"), 42);
	assert_string_equal(string_of(json, "name"), "a.example.com");
	assert_true(json_is_null(json_object_get(json, "address")));
	assert_int_equal(number_of(json, "port"), 443);
	assert_string_equal(string_of(json, "dialled"), "2001:db8::7");
	assert_string_equal(string_of(json, "end"), "done");
	assert_true(json_is_false(json_object_get(json, "refused")));
	assert_string_equal(string_of(json, "decision"), "allow");
	assert_string_equal(string_of(json, "rule"), "allow connect a.example.com:443");
	assert_int_equal(number_of(json_object_get(json, "origin"), "line"), 1);
	assert_int_equal(number_of(json, "up"), 1234);
	assert_string_equal(string_of(json, "down"), "1152921504606846976");
	assert_int_equal(number_of(json, "duration_ms"), 77);
	json_decref(json);
	fake_free(&fake);
}

/* From the host to a published port: the command line let it in, whatever rules say of the address.
 */
static void from_the_host(void **state)
{
	struct fake fake = resolve();
	struct cr_published published = {0};
	const struct cr_net_msg event = {
		.kind = CR_NET_EVENT,
		.end = CR_NET_DONE,
		.incoming = true,
		.addr = {.family = 4, .bytes = {127, 0, 0, 1}, .port = 8080},
		.dialled = {.family = 6, .bytes = {[15] = 1}, .port = 3000},
		.dialled_any = true,
	};
	json_t *json;

	(void)state;
	assert_int_equal(cr_published_add(fake.arena, &published, "9000", "--publish", NULL), 0);
	assert_int_equal(cr_published_add(fake.arena, &published, "8080:3000", "--publish", NULL),
			 0);
	fake.rules->ctx.published = published;
	json = json_of(&fake, &event);
	assert_true(json_is_true(json_object_get(json, "incoming")));
	assert_string_equal(string_of(json, "address"), "127.0.0.1");
	assert_int_equal(number_of(json, "port"), 8080);
	assert_string_equal(string_of(json, "dialled"), "::1");
	assert_string_equal(string_of(json, "decision"), "allow");
	assert_string_equal(string_of(json, "rule"), "publish");
	assert_int_equal(number_of(json_object_get(json, "origin"), "line"), 2);
	json_decref(json);
	fake_free(&fake);
}

static void by_address_and_refused(void **state)
{
	struct fake fake = resolve();
	const struct cr_net_msg event = {
		.kind = CR_NET_EVENT, .end = CR_NET_BY_RULES, .addr = V4(23), .program = "a\xff\n"};
	json_t *json = json_of(&fake, &event);

	(void)state;
	assert_true(json_is_null(json_object_get(json, "name")));
	assert_string_equal(string_of(json, "address"), "192.0.2.7");
	assert_int_equal(number_of(json, "port"), 23);
	assert_true(json_is_null(json_object_get(json, "dialled")));
	assert_string_equal(string_of(json, "end"), "rules");
	assert_true(json_is_true(json_object_get(json, "refused")));
	assert_string_equal(string_of(json, "decision"), "deny");
	assert_string_equal(string_of(json, "rule"), "no rule allows it");
	assert_true(json_is_null(json_object_get(json, "origin")));
	assert_string_equal(string_of(json_object_get(json, "program"), "hex"), "61ff0a");
	json_decref(json);
	fake_free(&fake);
}

/* Every way to end has a word of its own, and only refusals are told as such. */
static void every_end(void **state)
{
	struct fake fake = resolve();
	struct cr_net_msg event = {.kind = CR_NET_EVENT, .addr = V4(22)};

	(void)state;
	for (int end = 0; end < CR_NET_END_COUNT; end++) {
		json_t *json;

		event.end = (uint8_t)end;
		json = json_of(&fake, &event);
		assert_string_equal(string_of(json, "end"), cr_net_end_name((enum cr_net_end)end));
		assert_int_equal(json_is_true(json_object_get(json, "refused")),
				 cr_net_end_is_refusal((enum cr_net_end)end));
		for (int other = 0; other < end; other++)
			assert_string_not_equal(string_of(json, "end"),
						cr_net_end_name((enum cr_net_end)other));
		json_decref(json);
	}
	fake_free(&fake);
}

/* Who was not allowed what is asked for is told the rule that asks, and the one that would not. */
static void refused_when_asked(void **state)
{
	static const enum cr_net_end ends[] = {CR_NET_DENIED, CR_NET_UNANSWERED, CR_NET_NOBODY};
	struct fake fake = resolve();

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct cr_denial denial = {.op = CR_OP_CONNECT,
					   .object = "c.example.com:80",
					   .boundary = cr_net_end_text(ends[i]),
					   .program = "curl",
					   .net = ends[i]};
		struct cr_event event;

		assert_int_equal(cr_event_explain(fake.arena, fake.rules, &denial, &event, NULL),
				 0);
		assert_string_equal(event.rule_text, "ask connect *.example.com:1-500");
		assert_string_equal(event.remedy_rule, "allow connect c.example.com:80");
		denial.object = "192.0.2.7:22";
		assert_int_equal(cr_event_explain(fake.arena, fake.rules, &denial, &event, NULL),
				 0);
		assert_string_equal(event.remedy_rule, "");
		assert_non_null(strstr(event.remedy_why_not, "would have to go first"));
	}
	fake_free(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decided_by_name_or_address),
		cmocka_unit_test(by_name),
		cmocka_unit_test(from_the_host),
		cmocka_unit_test(by_address_and_refused),
		cmocka_unit_test(every_end),
		cmocka_unit_test(refused_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
