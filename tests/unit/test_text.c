/*
 * test_text.c - UTF-8, case folding, and text made safe to show.
 */
#include "unit.h"

#include "core/event.h"
#include "core/text.h"

static const struct {
	const char *bytes;
	size_t len; /* given */
	size_t used;
	uint32_t code;
} decoded[] = {
	{"a", 1, 1, 'a'},
	{"\x7f", 1, 1, 0x7f},
	{"\xc2\x80", 2, 2, 0x80},
	{"\xdf\xbf", 2, 2, 0x7ff},
	{"\xe0\xa0\x80", 3, 3, 0x800},
	{"\xed\x9f\xbf", 3, 3, 0xd7ff},
	{"\xee\x80\x80", 3, 3, 0xe000},
	{"\xef\xbf\xbf", 3, 3, 0xffff},
	{"\xf0\x90\x80\x80", 4, 4, 0x10000},
	{"\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff},
	/* overlong */
	{"\xc0\xaf", 2, 0, 0xc0},
	{"\xc1\xbf", 2, 0, 0xc1},
	{"\xe0\x9f\xbf", 3, 0, 0xe0},
	{"\xf0\x8f\xbf\xbf", 4, 0, 0xf0},
	/* surrogates, above Unicode, lead bytes that do not exist */
	{"\xed\xa0\x80", 3, 0, 0xed},
	{"\xed\xbf\xbf", 3, 0, 0xed},
	{"\xf4\x90\x80\x80", 4, 0, 0xf4},
	{"\xf8\x88\x80\x80\x80", 5, 0, 0xf8},
	{"\xff", 1, 0, 0xff},
	/* cut, stray */
	{"\xe2\x82\xac", 2, 0, 0xe2},
	{"\xe2\x82\xac", 1, 0, 0xe2},
	{"\xc3"
	 "a",
	 2, 0, 0xc3},
	{"\x80", 1, 0, 0x80},
};

static void test_decode(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(decoded); i++) {
		uint32_t code = 0;
		const size_t used = cr_utf8_decode(decoded[i].bytes, decoded[i].len, &code);

		ROW_ASSERT(used == decoded[i].used, "row %zu", i);
		ROW_ASSERT(code == decoded[i].code, "row %zu", i);
	}
}

static const uint32_t folds[][2] = {
	{'A', 'a'},       {'Z', 'z'},       {'[', '['},         {'a', 'a'},
	{'0', '0'},       {0xc0, 0xe0},     {0xd6, 0xf6},       {0xd7, 0xd7},
	{0xde, 0xfe},     {0xdf, 0xdf},     {0x100, 0x101},     {0x101, 0x101},
	{0x130, 0x130},   {0x131, 0x131},   {0x132, 0x133},     {0x138, 0x138},
	{0x139, 0x13a},   {0x148, 0x148},   {0x14a, 0x14b},     {0x178, 0xff},
	{0x179, 0x17a},   {0x386, 0x3ac},   {0x388, 0x3ad},     {0x38c, 0x3cc},
	{0x38f, 0x3ce},   {0x391, 0x3b1},   {0x3a2, 0x3a2},     {0x3a9, 0x3c9},
	{0x3c2, 0x3c3},   {0x3c3, 0x3c3},   {0x400, 0x450},     {0x40f, 0x45f},
	{0x410, 0x430},   {0x42f, 0x44f},   {0x460, 0x461},     {0x4c0, 0x4c0},
	{0x4c1, 0x4c2},   {0x52e, 0x52e},   {0x4e00, 0x4e00},   {0x1f600, 0x1f600},
	{0xb5, 0xb5},     {0x17f, 0x17f},   {0x212a, 0x212a},   {0x531, 0x561},
	{0x587, 0x587},   {0x1e00, 0x1e01}, {0x1eae, 0x1eaf},   {0x1e9e, 0x1e9e},
	{0x1f88, 0x1f80}, {0x1fbc, 0x1fb3}, {0x2160, 0x2170},   {0x24b6, 0x24d0},
	{0xff21, 0xff41}, {0xff5b, 0xff5b}, {0x10400, 0x10400}, {0x13a0, 0x13a0},
	{0x10d0, 0x10d0}, {0x1c90, 0x1c90}, {0xffff, 0xffff},   {0x10ffff, 0x10ffff},
};

static void test_fold(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(folds); i++)
		ROW_ASSERT(cr_char_fold(folds[i][0]) == folds[i][1], "U+%04X",
			   (unsigned)folds[i][0]);
	/* Folding what is folded changes nothing. */
	for (uint32_t code = 0; code < 0x11000; code++)
		ROW_ASSERT(cr_char_fold(cr_char_fold(code)) == cr_char_fold(code), "U+%04X",
			   (unsigned)code);
}

/* No letter that is folded, or folded to, is doubtful; the rarer side of a doubtful pair is. */
static void test_doubtful_case(void **state)
{
	static const uint32_t rare[] = {0x1c5, 0x3d0, 0x4cf, 0x1c90, 0xab70, 0x2c6f, 0xa640, 0x23a};
	static const uint32_t usual[] = {'a',    0xb5,  0x131, 0x3c2, 0x10d0,
					 0x13a0, 0x250, 0x4c0, 0xdf};

	(void)state;
	for (uint32_t code = 0; code < 0x11000; code++) {
		const uint32_t folded = cr_char_fold(code);

		if (folded != code)
			ROW_ASSERT(!cr_char_has_doubtful_case(code) &&
					   !cr_char_has_doubtful_case(folded),
				   "U+%04X", (unsigned)code);
	}
	for (size_t i = 0; i < COUNT(rare); i++)
		ROW_ASSERT(cr_char_has_doubtful_case(rare[i]), "U+%04X", (unsigned)rare[i]);
	for (size_t i = 0; i < COUNT(usual); i++)
		ROW_ASSERT(!cr_char_has_doubtful_case(usual[i]), "U+%04X", (unsigned)usual[i]);
}

static const struct {
	const char *text, *safe;
} shown[] = {
	{"", ""},
	{"plain /name.txt", "plain /name.txt"},
	{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
	{"a\x1b[31mb", "a\\x1b[31mb"},
	{"a\nb\r\t", "a\\x0ab\\x0d\\x09"},
	{"\x7f", "\\x7f"},
	{"back\\slash", "back\\x5cslash"},
	{"\xc2\x9b", "\\u{009b}"},
	{"\x9b", "\\x9b"},
	{"\xe2\x80\xae"
	 "gpj",
	 "\\u{202e}gpj"},
	{"\xe2\x81\xa6", "\\u{2066}"},
	{"\xe2\x80\xa8", "\\u{2028}"},
	{"\xd8\x9c", "\\u{061c}"},
	{"\xef\xbb\xbf", "\\u{feff}"},
	{"\xf3\xa0\x81\x81", "\\u{e0041}"},
	{"\xc0\xaf\xff", "\\xc0\\xaf\\xff"},
	{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
	{"cut\xe2\x82", "cut\\xe2\\x82"},
};

static void test_safe(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(shown); i++) {
		const char *safe = cr_text_safe(arena, shown[i].text);

		ROW_ASSERT(strcmp(safe, shown[i].safe) == 0, "row %zu: %s", i, safe);
	}
	assert_string_equal(cr_text_safe_on(arena, CR_OS_WINDOWS, "C:\\a\x1b\xe2\x80\xae"),
			    "C:\\a\\x1b\\u{202e}");
	cr_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_doubtful_case),
		cmocka_unit_test(test_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
