/*
 * test_winsd.c - descriptors edited one entry at a time: what is foreign stays as it is, byte for
 * byte, and what was put in can be taken out again.
 */
#include "unit.h"

#include <string.h>

#include "core/winsd.h"

#define OURS "S-1-5-21-1-2-3-4000"
#define BOX  "S-1-16-6144"

/* A descriptor from entries: DACL and labels; NULL: no DACL at all. */
static struct cr_sd make(struct cr_arena *arena, const char *const *entries, uint16_t control)
{
	static const uint8_t empty[28] = {1, 0, 4, 0x80, [16] = 20, [20] = 2, [22] = 8};
	uint8_t *bytes = cr_arena_alloc(arena, sizeof(empty), 1);
	struct cr_sd sd = {bytes, sizeof(empty)};
	struct cr_ace ace;

	memcpy(bytes, empty, sizeof(empty));
	bytes[2] |= (uint8_t)control;
	bytes[3] |= (uint8_t)(control >> 8);
	if (!entries) {
		bytes[16] = 0;
		sd.len = 20;
	}
	for (size_t i = 0; entries && entries[i]; i++) {
		assert_int_equal(cr_ace_parse(entries[i], &ace, NULL), 0);
		assert_int_equal(cr_sd_add(arena, sd, &ace, &sd, NULL), 0);
	}
	return sd;
}

/* The entries in order, as first letters and SID ends: enough to see an order. */
static const char *order(struct cr_arena *arena, struct cr_sd sd)
{
	const char *text = "";
	struct cr_ace ace;

	for (size_t i = 0; cr_sd_entry(sd, i, &ace); i++)
		text = cr_arena_printf(arena, "%s%c%u ", text,
				       cr_ace_is_label(&ace)  ? 'L'
				       : cr_ace_is_deny(&ace) ? 'D'
							      : 'A',
				       ace.bytes[4]);
	return text;
}

static void sids_are_parsed(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} sids[] = {
		{"S-1-1-0", 12},
		{"S-1-5-32-544", 16},
		{"S-1-5-21-4294967295-0-1-2", 28},
		{"S-1-281474976710655-1", 12},
		{"S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15", 68},
		{"S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16", 0},
		{"S-1-5-4294967296", 0},
		{"S-1-281474976710656-1", 0},
		{"S-1-5", 0},
		{"S-2-5-1", 0},
		{"S-1-5-", 0},
		{"S-1-5--1", 0},
		{"S-1-5-1x", 0},
		{"", 0},
	};
	uint8_t sid[CR_SID_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(sids) / sizeof(sids[0]); i++)
		assert_int_equal(cr_sid_parse(sids[i].text, sid), sids[i].len);
}

static void entries_are_parsed(void **state)
{
	static const char *const bad[] = {
		"",       "(A;;0x1;;;WD)",        "(X;;0x1;;;S-1-1-0)",  "(A;QQ;0x1;;;S-1-1-0)",
		"A;;0x1", "(A;;1;;;S-1-1-0)",     "(A;;0x1;x;;S-1-1-0)", "(A;;0x1;;;S-1-1-0)x",
		"(A;;)",  "(A;;0x1;;;S-1-1-0;;)", "(A;O;0x1;;;S-1-1-0)", "(A;;0x;;;S-1-1-0",
	};
	struct cr_ace ace, again;

	(void)state;
	assert_int_equal(cr_ace_parse("(D;OICIID;0xd0156;;;" OURS ")", &ace, NULL), 0);
	assert_int_equal(ace.len, 36);
	assert_int_equal(ace.bytes[0], 1);
	assert_int_equal(ace.bytes[1], 0x13);
	assert_true(cr_ace_is_deny(&ace));
	assert_true(cr_ace_names(&ace, OURS));
	assert_false(cr_ace_names(&ace, BOX));
	assert_int_equal(cr_ace_parse("(ML;OICI;NW;;;" BOX ")", &again, NULL), 0);
	assert_true(cr_ace_is_label(&again));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cr_ace_parse(bad[i], &ace, NULL), -1);
}

static void children_inherit(void **state)
{
	static const struct {
		const char *flags;
		int by_dir, by_file; /* the heir's flags, or -1 */
	} cases[] = {
		{"OICI", 0x13, 0x10}, {"CI", 0x12, -1},       {"OI", 0x19, 0x10},
		{"", -1, -1},         {"OICIIO", 0x13, 0x10}, {"OICIID", 0x13, 0x10},
	};
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cr_ace ace, heir;

		assert_int_equal(cr_ace_parse(cr_arena_printf(arena, "(A;%s;0x1;;;" OURS ")",
							      cases[i].flags),
					      &ace, NULL),
				 0);
		assert_int_equal(cr_ace_inherited(&ace, true, &heir), cases[i].by_dir >= 0);
		if (cases[i].by_dir >= 0)
			assert_int_equal(heir.bytes[1], cases[i].by_dir);
		assert_int_equal(cr_ace_inherited(&ace, false, &heir), cases[i].by_file >= 0);
		if (cases[i].by_file >= 0)
			assert_int_equal(heir.bytes[1], cases[i].by_file);
	}
	cr_arena_free(arena);
}

/* The mask's last byte tells entries apart. */
static void an_entry_stands_where_it_counts(void **state)
{
	static const char *const start[] = {"(A;;0x1;;;S-1-1-0)", "(D;;0x2;;;S-1-1-0)",
					    "(A;ID;0x3;;;S-1-1-0)", NULL};
	static const struct {
		const char *entry, *order;
	} cases[] = {
		{"(D;;0x9;;;" OURS ")", "D9 D2 A1 A3 "},
		{"(A;;0x9;;;" OURS ")", "D2 A9 A1 A3 "},
		{"(A;ID;0x9;;;" OURS ")", "D2 A1 A9 A3 "},
		{"(D;ID;0x9;;;" OURS ")", "D2 A1 D9 A3 "},
		{"(ML;;NW;;;" BOX ")", "D2 A1 A3 L1 "},
	};
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct cr_sd before = make(arena, start, 0);
		struct cr_sd after, back;
		struct cr_ace ace;

		assert_int_equal(cr_ace_parse(cases[i].entry, &ace, NULL), 0);
		assert_false(cr_sd_has(before, &ace));
		assert_int_equal(cr_sd_add(arena, before, &ace, &after, NULL), 0);
		assert_true(cr_sd_has(after, &ace));
		assert_string_equal(order(arena, after), cases[i].order);
		assert_int_equal(cr_sd_remove(arena, after, &ace, &back, NULL), 0);
		assert_true(cr_sd_equal(back, before));
		assert_int_equal(cr_sd_differs(before, after),
				 cr_ace_is_label(&ace) ? CR_SD_LABEL : CR_SD_DACL);
	}
	cr_arena_free(arena);
}

static void a_label_takes_the_place_of_the_last(void **state)
{
	static const char *const start[] = {"(A;;0x1;;;S-1-1-0)", "(ML;;NW;;;S-1-16-4096)", NULL};
	struct cr_arena *arena = cr_arena_new();
	const struct cr_sd before = make(arena, start, 0);
	struct cr_sd after, back;
	struct cr_ace label;

	(void)state;
	assert_true(cr_sd_has_own_label(before));
	assert_int_equal(cr_ace_parse("(ML;;NW;;;" BOX ")", &label, NULL), 0);
	assert_int_equal(cr_sd_add(arena, before, &label, &after, NULL), 0);
	assert_string_equal(order(arena, after), "A1 L1 ");
	assert_true(cr_sd_has(after, &label));
	assert_int_equal(cr_sd_undo(arena, before, after, after, &back, NULL), 0);
	assert_true(cr_sd_equal(back, before));
	assert_int_equal(cr_sd_only_sacl(arena, before, &back, NULL), 0);
	assert_string_equal(order(arena, back), "L1 ");
	cr_arena_free(arena);
}

static void no_dacl_lets_everybody_in_and_still_does(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	const struct cr_sd before = make(arena, NULL, 0);
	struct cr_sd after, back;
	struct cr_ace ace, everyone;

	(void)state;
	assert_int_equal(cr_ace_parse("(D;;0x2;;;" OURS ")", &ace, NULL), 0);
	assert_int_equal(cr_ace_parse("(A;;0x1f01ff;;;S-1-1-0)", &everyone, NULL), 0);
	assert_int_equal(cr_sd_add(arena, before, &ace, &after, NULL), 0);
	assert_string_equal(order(arena, after), "D2 A255 ");
	assert_true(cr_sd_has(after, &everyone));
	assert_int_equal(cr_sd_undo(arena, before, after, after, &back, NULL), 0);
	assert_true(cr_sd_equal(back, before));
	cr_arena_free(arena);
}

/* What others did since stays; what we did goes; what we replaced comes back. */
static void undo_keeps_what_others_did(void **state)
{
	static const char *const start[] = {"(A;;0x1;;;S-1-1-0)", "(ML;;NW;;;S-1-16-4096)", NULL};
	static const char *const ours[] = {"(D;OICI;0x9;;;" OURS ")", "(ML;;NW;;;" BOX ")"};
	static const char *const theirs[] = {"(A;;0x7;;;S-1-5-32-545)", "(D;;0x8;;;S-1-5-32-546)"};
	struct cr_arena *arena = cr_arena_new();
	const struct cr_sd before = make(arena, start, 0);
	struct cr_sd after = before, now, back;
	struct cr_ace ace;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(cr_ace_parse(ours[i], &ace, NULL), 0);
		assert_int_equal(cr_sd_add(arena, after, &ace, &after, NULL), 0);
	}
	now = after;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(cr_ace_parse(theirs[i], &ace, NULL), 0);
		assert_int_equal(cr_sd_add(arena, now, &ace, &now, NULL), 0);
	}
	assert_string_equal(order(arena, now), "D8 D9 A7 A1 L1 ");
	assert_int_equal(cr_sd_undo(arena, before, after, now, &back, NULL), 0);
	assert_string_equal(order(arena, back), "D8 A7 A1 L1 ");
	assert_int_equal(cr_ace_parse(start[1], &ace, NULL), 0);
	assert_true(cr_sd_has(back, &ace));
	cr_arena_free(arena);
}

static void strip_takes_ours_alone(void **state)
{
	static const char *const start[] = {"(A;;0x1;;;S-1-1-0)",    "(A;ID;0x3;;;S-1-1-0)",
					    "(A;ID;0x4;;;" OURS ")", "(D;;0x5;;;" OURS ")",
					    "(ML;ID;NW;;;" BOX ")",  NULL};
	const struct cr_sd_mine all = {OURS, BOX, false}, inherited = {OURS, BOX, true};
	const struct cr_sd_mine other = {"S-1-5-21-1-2-3-4001", "S-1-16-8192", false};
	struct cr_arena *arena = cr_arena_new();
	const struct cr_sd sd = make(arena, start, 0);
	struct cr_sd out;
	bool changed;

	(void)state;
	assert_int_equal(cr_sd_strip(arena, sd, &all, &out, &changed, NULL), 0);
	assert_true(changed);
	assert_string_equal(order(arena, out), "A1 A3 ");
	assert_int_equal(cr_sd_strip(arena, sd, &inherited, &out, &changed, NULL), 0);
	assert_string_equal(order(arena, out), "D5 A1 A3 ");
	assert_int_equal(cr_sd_strip(arena, sd, &other, &out, &changed, NULL), 0);
	assert_false(changed);
	assert_true(cr_sd_equal(out, sd));
	cr_arena_free(arena);
}

static void what_is_offered_is_seen(void **state)
{
	static const struct {
		const char *entry;
		bool offers;
	} cases[] = {
		{"(A;;0x2;;;S-1-1-0)", true},       {"(A;;0x10000000;;;S-1-1-0)", true},
		{"(A;OICIID;0x6;;;S-1-1-0)", true}, {"(A;OICIIO;0x6;;;S-1-1-0)", false},
		{"(A;;0x1200a9;;;S-1-1-0)", false}, {"(A;;0x2;;;S-1-5-11)", false},
		{"(D;;0x2;;;S-1-1-0)", false},
	};
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *const entries[] = {cases[i].entry, NULL};

		ROW_ASSERT(cr_sd_offers(make(arena, entries, 0), "S-1-1-0", 0x6) == cases[i].offers,
			   "%s", cases[i].entry);
	}
	assert_true(cr_sd_offers(make(arena, NULL, 0), "S-1-1-0", 0x6));
	cr_arena_free(arena);
}

static void control_bits_survive(void **state)
{
	static const char *const start[] = {"(A;;0x1;;;S-1-1-0)", NULL};
	struct cr_arena *arena = cr_arena_new();
	const struct cr_sd sd = make(arena, start, CR_SD_DACL_PROTECTED | 0x0400);
	struct cr_sd out;
	struct cr_ace ace;

	(void)state;
	assert_true(cr_sd_is_protected(sd));
	assert_int_equal(cr_ace_parse("(D;;0x2;;;" OURS ")", &ace, NULL), 0);
	assert_int_equal(cr_sd_add(arena, sd, &ace, &out, NULL), 0);
	assert_true(cr_sd_is_protected(out));
	assert_int_equal(out.bytes[2] | out.bytes[3] << 8, 0x9404);
	cr_arena_free(arena);
}

/* Every prefix, and every byte turned: an answer, never a read past the end. */
static void damage_is_survived(void **state)
{
	static const char *const start[] = {"(A;;0x1;;;S-1-1-0)", "(D;;0x5;;;" OURS ")",
					    "(ML;;NW;;;" BOX ")", NULL};
	const struct cr_sd_mine mine = {OURS, BOX, false};
	struct cr_arena *arena = cr_arena_new();
	const struct cr_sd sd = make(arena, start, 0);
	struct cr_sd out;
	bool changed;

	(void)state;
	for (size_t len = 0; len < sd.len; len++) {
		uint8_t *exact = test_malloc(len + 1);

		memcpy(exact, sd.bytes, len);
		assert_int_equal(cr_sd_check((struct cr_sd){exact, len}, NULL), -1);
		test_free(exact);
	}
	for (size_t i = 0; i < sd.len; i++) {
		uint8_t *copy = test_malloc(sd.len);

		memcpy(copy, sd.bytes, sd.len);
		copy[i] ^= 0xff;
		cr_sd_strip(arena, (struct cr_sd){copy, sd.len}, &mine, &out, &changed, NULL);
		test_free(copy);
	}
	cr_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sids_are_parsed),
		cmocka_unit_test(entries_are_parsed),
		cmocka_unit_test(children_inherit),
		cmocka_unit_test(an_entry_stands_where_it_counts),
		cmocka_unit_test(a_label_takes_the_place_of_the_last),
		cmocka_unit_test(no_dacl_lets_everybody_in_and_still_does),
		cmocka_unit_test(undo_keeps_what_others_did),
		cmocka_unit_test(strip_takes_ours_alone),
		cmocka_unit_test(what_is_offered_is_seen),
		cmocka_unit_test(control_bits_survive),
		cmocka_unit_test(damage_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
