/*
 * test_plan_print.c - plans as text and JSON, and the reader: what is printed is read back equal,
 * and what is not exactly a plan is refused. Whole texts are in tests/golden.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/plan_print.h"
#include "core/plan_read.h"

static const struct cr_origin user = {.layer = CR_LAYER_USER, .file = "policy", .line = 7};

static const struct cr_step steps[] = {
	{.kind = CR_STEP_WRITABLE,
	 .path = "/w\x1b[31m",
	 .life = CR_LIFE_LIVE,
	 .type = CR_FT_DIR,
	 .id = {.volume = UINT64_MAX, .file = 12},
	 .origin = {.layer = CR_LAYER_USER, .file = "policy", .line = 7}},
	{.kind = CR_STEP_HIDE,
	 .path = "/w/\xff\xfe",
	 .life = CR_LIFE_SNAPSHOT,
	 .type = CR_FT_FILE,
	 .origin = {.layer = CR_LAYER_MANAGED, .file = "m", .line = 1}},
	{.kind = CR_STEP_TIMEOUT,
	 .value = 1500,
	 .origin = {.layer = CR_LAYER_SYSTEM, .file = "system"}},
	{.kind = CR_STEP_MAC_PROFILE,
	 .detail = "(version 1)\n(deny default)\n",
	 .origin = {.layer = CR_LAYER_SYSTEM, .file = "system"}},
};

static struct cr_plan sample(const struct cr_gap *gap, const struct cr_note *note)
{
	return (struct cr_plan){
		.os = CR_OS_LINUX,
		.tier = CR_TIER_FULL,
		.workspace = "/w",
		.steps = steps,
		.n_steps = sizeof(steps) / sizeof(steps[0]),
		.gaps = gap,
		.n_gaps = 1,
		.notes = note,
		.n_notes = 1,
	};
}

static void text_is_for_people(void **state)
{
	const struct cr_gap gap = {.name = "network", .text = "open", .origin = user};
	const struct cr_note note = {.text = "so it \x07is", .origin = user};
	const struct cr_plan plan = sample(&gap, &note);
	char *text = cr_plan_text(&plan);

	(void)state;
	assert_non_null(text);
	assert_string_equal(
		text, "plan for linux, tier full, workspace /w\n"
		      "\n"
		      "writable  /w\\x1b[31m               # policy:7\n"
		      "hide      /w/\\xff\\xfe  (snapshot)  # m:1\n"
		      "timeout   [1500 ms]                # system\n"
		      "seatbelt                           # system\n"
		      "    (version 1)\n"
		      "    (deny default)\n"
		      "\n"
		      "(snapshot): expanded at start; does not hold for files that appear later\n"
		      "\n"
		      "gaps: the command does not run unless each is accepted by "
		      "--accept-gap=NAME\n"
		      "  network: open  # policy:7\n"
		      "\n"
		      "notes:\n"
		      "  so it \\x07is  # policy:7\n");
	free(text);
}

static void json_reads_back_equal(void **state)
{
	const struct cr_gap gap = {.name = "network", .text = "open", .origin = user};
	const struct cr_note note = {.text = "x", .origin = user};
	const struct cr_plan plan = sample(&gap, &note);
	struct cr_arena *arena = cr_arena_new();
	char *first = cr_plan_json(&plan), *second;
	struct cr_plan *again;
	struct cr_err err = {0};

	(void)state;
	assert_non_null(first);
	for (const char *c = first; *c; c++)
		assert_true((*c >= ' ' && *c < 0x7f) || *c == '\n');
	if (cr_plan_read(arena, first, strlen(first), &again, &err) < 0)
		fail_msg("%s", err.text);
	second = cr_plan_json(again);
	assert_string_equal(first, second);
	assert_int_equal(again->n_steps, plan.n_steps);
	assert_string_equal(again->steps[1].path, "/w/\xff\xfe");
	assert_true(again->steps[0].id.volume == UINT64_MAX);
	assert_int_equal(again->steps[1].origin.layer, CR_LAYER_MANAGED);
	free(first);
	free(second);
	cr_arena_free(arena);
}

/* One sentence that is right, and what each change makes of it. */
static const char good[] =
	"{\"version\":1,\"os\":\"linux\",\"tier\":\"full\",\"workspace\":\"/w\",\"steps\":["
	"{\"kind\":\"hide\",\"path\":\"/w/a\",\"detail\":null,\"value\":5,\"life\":\"live\","
	"\"type\":\"file\",\"id\":{\"volume\":1,\"file\":2},"
	"\"origin\":{\"layer\":\"user\",\"file\":\"p\",\"line\":3}}],\"gaps\":[],\"notes\":[]}";

static int read_text(const char *text, struct cr_err *err)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_plan *plan;
	const int result = cr_plan_read(arena, text, strlen(text), &plan, err);

	cr_arena_free(arena);
	return result;
}

static void what_is_no_plan_is_refused(void **state)
{
	static const struct {
		const char *from, *to;
	} changes[] = {
		{"\"version\":1", "\"version\":2"},
		{"\"version\":1", "\"version\":\"1\""},
		{"\"version\":1", "\"version\":1,\"version\":1"},
		{"\"version\":1,", ""},
		{"\"version\":1", "\"version\":1,\"more\":0"},
		{"\"os\":\"linux\"", "\"os\":\"plan9\""},
		{"\"os\":\"linux\"", "\"os\":null"},
		{"\"tier\":\"full\"", "\"tier\":\"best\""},
		{"\"workspace\":\"/w\"", "\"workspace\":\"w\""},
		{"\"kind\":\"hide\"", "\"kind\":\"show\""},
		{"\"kind\":\"hide\"", "\"kind\":3"},
		{"\"path\":\"/w/a\"", "\"path\":\"a\""},
		{"\"path\":\"/w/a\"", "\"path\":7"},
		{"\"path\":\"/w/a\"", "\"path\":{\"hex\":\"2\"}"},
		{"\"path\":\"/w/a\"", "\"path\":{\"hex\":\"2f00\"}"},
		{"\"path\":\"/w/a\"", "\"path\":{\"hex\":\"2F\"}"},
		{"\"path\":\"/w/a\"", "\"path\":{\"hex\":\"2f\",\"x\":1}"},
		{"\"path\":\"/w/a\"", "\"path\":\"/w\\u0000a\""},
		{"\"path\":\"/w/a\",", ""},
		{"\"value\":5", "\"value\":-5"},
		{"\"value\":5", "\"value\":5.5"},
		{"\"value\":5", "\"value\":\"05\""},
		{"\"value\":5", "\"value\":\"99999999999999999999\""},
		{"\"value\":5", "\"value\":\"5x\""},
		{"\"value\":5", "\"value\":null"},
		{"\"life\":\"live\"", "\"life\":\"eternal\""},
		{"\"type\":\"file\"", "\"type\":\"\""},
		{"\"id\":{\"volume\":1,\"file\":2}", "\"id\":3"},
		{"\"id\":{\"volume\":1,\"file\":2}", "\"id\":{\"volume\":1}"},
		{"\"layer\":\"user\"", "\"layer\":\"root\""},
		{"\"line\":3", "\"line\":4294967296"},
		{"\"gaps\":[]", "\"gaps\":{}"},
		{"\"gaps\":[]", "\"gaps\":[1]"},
		{"\"gaps\":[]", "\"gaps\":[{\"name\":null,\"text\":\"t\",\"origin\":{}}]"},
		{"\"notes\":[]}", "\"notes\":[]"},
		{"\"notes\":[]}", "\"notes\":[]} {}"},
	};
	struct cr_err err = {0};

	(void)state;
	assert_int_equal(read_text(good, &err), 0);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *at = strstr(good, changes[i].from);
		char text[1024];

		assert_non_null(at);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, changes[i].to,
			 at + strlen(changes[i].from));
		err = (struct cr_err){0};
		if (read_text(text, &err) == 0)
			fail_msg("accepted: %s", text);
		assert_int_equal(err.code, CR_E_SYNTAX);
		assert_true(err.text[0] != '\0');
	}
}

static void sizes_are_bounded(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_plan *plan;
	struct cr_err err = {0};
	char text[8192], path[4200];

	(void)state;
	assert_int_equal(cr_plan_read(arena, good, (size_t)CR_MAX_PLAN_JSON + 1, &plan, &err), -1);
	assert_int_equal(err.code, CR_E_LIMIT);
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	snprintf(text, sizeof(text),
		 "{\"version\":1,\"os\":\"linux\",\"tier\":\"full\",\"workspace\":\"%s\",\"steps\":"
		 "[],"
		 "\"gaps\":[],\"notes\":[]}",
		 path);
	assert_int_equal(cr_plan_read(arena, text, strlen(text), &plan, &err), -1);
	assert_int_equal(err.code, CR_E_LIMIT);
	cr_arena_free(arena);
}

static void steps_are_bounded(void **state)
{
	static const char step[] = ",{}";
	static const char head[] = "{\"version\":1,\"os\":\"linux\",\"tier\":\"full\","
				   "\"workspace\":null,\"steps\":[";
	static const char tail[] = "],\"gaps\":[],\"notes\":[]}";
	const size_t count = CR_MAX_STEPS + 1;
	struct cr_arena *arena = cr_arena_new();
	char *text = malloc(count * strlen(step) + 256);
	struct cr_plan *plan;
	struct cr_err err = {0};
	size_t len = strlen(head);

	(void)state;
	assert_non_null(text);
	memcpy(text, head, len);
	for (size_t i = 0; i < count; i++) {
		const size_t skip = i == 0;

		memcpy(text + len, step + skip, strlen(step) - skip);
		len += strlen(step) - skip;
	}
	memcpy(text + len, tail, sizeof(tail));
	assert_int_equal(cr_plan_read(arena, text, strlen(text), &plan, &err), -1);
	assert_int_equal(err.code, CR_E_LIMIT);
	free(text);
	cr_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_for_people),
		cmocka_unit_test(json_reads_back_equal),
		cmocka_unit_test(what_is_no_plan_is_refused),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(steps_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
