/*
 * test_sddl.c - SDDL both ways: what is read, what is written, and what is refused and where.
 * Texts are Microsoft's documented forms or of our own.
 */
#include "unit.h"

#include "core/limits.h"
#include "core/sddl.h"

/* Each is read, written as the second, and that is read as the same. */
static const struct {
	const char *text, *printed;
} round_trips[] = {
	{"", "D:NO_ACCESS_CONTROL"},
	{"D:", "D:"},
	{"D:NO_ACCESS_CONTROL", "D:NO_ACCESS_CONTROL"},
	{"D:PNO_ACCESS_CONTROL", "D:PNO_ACCESS_CONTROL"},
	{"O:BAG:SYD:PAI(A;;FA;;;SY)", "O:BAG:SYD:PAI(A;;0x1f01ff;;;SY)"},
	{"O:S-1-5-32-544D:(A;;0x1;;;S-1-1-0)", "O:BAD:(A;;0x1;;;WD)"},
	{"D:ARAI(D;OICIIOID;SDWDWO;;;S-1-5-21-1-2-3-4)",
	 "D:ARAI(D;OICIIOID;0xd0000;;;S-1-5-21-1-2-3-4)"},
	{"D:AIARP", "D:PARAI"},
	{"S:(ML;OICI;NW;;;LW)", "D:NO_ACCESS_CONTROLS:(ML;OICI;NW;;;LW)"},
	{"S:PAI(ML;;NWNRNX;;;S-1-16-6144)", "D:NO_ACCESS_CONTROLS:PAI(ML;;NWNRNX;;;S-1-16-6144)"},
	{"S:(AU;SAFA;GA;;;WD)", "D:NO_ACCESS_CONTROLS:(AU;SAFA;0x10000000;;;WD)"},
	{"D:(A;;FRFWFX;;;AU)S:", "D:(A;;0x1201bf;;;AU)S:"},
	{"D:(A;NP;CCDCLCSWRPWPDTLOCR;;;BU)", "D:(A;NP;0x1ff;;;BU)"},
	{"D:(A;;GRGWGXGA;;;OW)(A;;RC;;;CO)(A;;KAKR;;;CG)",
	 "D:(A;;0xf0000000;;;OW)(A;;0x20000;;;CO)(A;;0xf003f;;;CG)"},
	{"G:BUD:(A;;;;;WD)", "G:BUD:(A;;0x0;;;WD)"},
	{"S:(ML;;NW;;;ME)D:(A;;0xABCDEF;;;RC)O:WR", "O:WRD:(A;;0xabcdef;;;RC)S:(ML;;NW;;;ME)"},
	{"O:S-1-0x123456789abc-1-2", "O:S-1-0x123456789ABC-1-2D:NO_ACCESS_CONTROL"},
	{"O:S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-4294967295",
	 "O:S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-4294967295D:NO_ACCESS_CONTROL"},
	{"O:LSD:(A;;CC;;;S-1-5-21-1-2-3-1101)", "O:LSD:(A;;0x1;;;S-1-5-21-1-2-3-1101)"},
};

static void texts_are_read_and_written(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(round_trips); i++) {
		struct cr_err err = {0};
		struct cr_win_sd sd, again;
		const char *printed;

		ROW_ASSERT(cr_sddl_parse(arena, round_trips[i].text, &sd, &err) == 0, "%s: %s",
			   round_trips[i].text, err.text);
		printed = cr_sddl_print(arena, &sd);
		ROW_ASSERT(strcmp(printed, round_trips[i].printed) == 0, "%s became %s",
			   round_trips[i].text, printed);
		ROW_ASSERT(cr_sddl_parse(arena, printed, &again, &err) == 0, "%s", printed);
		ROW_ASSERT(strcmp(cr_sddl_print(arena, &again), printed) == 0, "%s", printed);
	}
	cr_arena_free(arena);
}

static const struct {
	const char *text, *says;
} refused[] = {
	{"X:", "byte 0"},
	{"D", "byte 0"},
	{"D:D:", "there before"},
	{"O:", "no SID"},
	{"O:DA", "letters"}, /* needs a domain */
	{"O:S-1-5", "no SID"},
	{"O:S-2-5-1", "no SID"},
	{"O:S-1-5-4294967296", "no SID"},
	{"O:S-1-5-1-", "no SID"},
	{"O:S-1-281474976710656-1", "no SID"},
	{"O:S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16", "no SID"},
	{"D:(A;;FA;;;SY", "')' expected"},
	{"D:(A;;FA;;SY)", "';' expected"},
	{"D:(A;;FA;;;SY;x)", "')' expected"},
	{"D:(A;;FA;bf967aba-0de6-11d0-a285-00aa003049e2;;SY)", "';' expected"},
	{"D:(OA;;FA;;;SY)", "type"},
	{"D:(XA;;FA;;;SY;(Member_of {SID(BA)}))", "type"},
	{"D:(A;XX;FA;;;SY)", "word"},
	{"D:(A;;0x;;;SY)", "hexadecimal"},
	{"D:(A;;0x100000000;;;SY)", "hexadecimal"},
	{"D:(A;;12;;;SY)", "word"},
	{"D:(A;;FAX;;;SY)", "word"},
	{"D:(A;;FA;;;)", "no SID"},
	{"D:(ML;;NW;;;LW)", "other list"},
	{"S:(A;;FA;;;SY)", "other list"},
	{"S:(ML;;NW;;;SY)", "integrity level"},
	{"S:(ML;;FA;;;LW)", "word"},
	{"D:(A;;FA;;;SY) ", "expected"},
	{" D:", "expected"},
	{"D:P (A;;FA;;;SY)", "expected"},
};

static void what_is_no_sddl_is_refused(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct cr_err err = {0};
		struct cr_win_sd sd;

		ROW_ASSERT(cr_sddl_parse(arena, refused[i].text, &sd, &err) < 0, "%s",
			   refused[i].text);
		ROW_ASSERT(err.code == CR_E_SYNTAX && strstr(err.text, refused[i].says), "%s: %s",
			   refused[i].text, err.text);
	}
	cr_arena_free(arena);
}

static void null_and_empty_lists_differ(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_win_sd sd;

	(void)state;
	assert_int_equal(cr_sddl_parse(arena, "D:", &sd, NULL), 0);
	assert_true(sd.has_dacl);
	assert_int_equal(cr_sddl_parse(arena, "D:NO_ACCESS_CONTROL", &sd, NULL), 0);
	assert_false(sd.has_dacl);
	assert_int_equal(cr_sddl_parse(arena, "O:SY", &sd, NULL), 0);
	assert_false(sd.has_dacl);
	cr_arena_free(arena);
}

static void one_entry_or_sid_and_nothing_else(void **state)
{
	struct cr_win_sid sid;
	struct cr_win_ace ace;

	(void)state;
	assert_int_equal(cr_sddl_parse_ace("(A;OICI;0x1301bf;;;BA)", &ace, NULL), 0);
	assert_int_equal(ace.mask, 0x1301bf);
	assert_int_equal(ace.flags, CR_WIN_ACE_OBJECT_INHERIT | CR_WIN_ACE_CONTAINER_INHERIT);
	assert_int_equal(cr_sddl_parse_ace("(A;;0x1;;;BA)(A;;0x1;;;BA)", &ace, NULL), -1);
	assert_int_equal(cr_sddl_parse_ace("", &ace, NULL), -1);
	assert_int_equal(cr_sddl_parse_sid("S-1-16-6144", &sid, NULL), 0);
	assert_int_equal(sid.subs[0], 6144);
	assert_int_equal(cr_sddl_parse_sid("BA ", &sid, NULL), -1);
	assert_int_equal(cr_sddl_parse_sid("", &sid, NULL), -1);
}

static void limits_are_kept(void **state)
{
	static const char entry[] = "(A;;0x1;;;BA)";
	struct cr_arena *arena = cr_arena_new();
	char *text = calloc(1, CR_MAX_SDDL_BYTES + 64);
	struct cr_win_sd sd;
	struct cr_err err = {0};

	(void)state;
	assert_non_null(text);
	memcpy(text, "D:", 3);
	for (int i = 0; i < CR_MAX_ACES; i++)
		memcpy(text + 2 + (size_t)i * strlen(entry), entry, sizeof(entry));
	assert_int_equal(cr_sddl_parse(arena, text, &sd, &err), 0);
	assert_int_equal(sd.dacl.count, CR_MAX_ACES);
	memcpy(text + strlen(text), entry, sizeof(entry));
	assert_int_equal(cr_sddl_parse(arena, text, &sd, &err), -1);
	assert_int_equal(err.code, CR_E_LIMIT);
	memset(text, 'A', CR_MAX_SDDL_BYTES);
	assert_int_equal(cr_sddl_parse(arena, text, &sd, &err), -1);
	assert_int_equal(err.code, CR_E_LIMIT);
	free(text);
	cr_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read_and_written),
		cmocka_unit_test(what_is_no_sddl_is_refused),
		cmocka_unit_test(null_and_empty_lists_differ),
		cmocka_unit_test(one_entry_or_sid_and_nothing_else),
		cmocka_unit_test(limits_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
