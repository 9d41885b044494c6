/*
 * test_names.c - names and their synthetic addresses: one each, found again, until the table is
 * full.
 */
#include <stdbool.h>

#include "unit.h"

#include "core/limits.h"
#include "core/names.h"
#include "core/special.h"

static void test_add(void **state)
{
	struct cr_names *names = cr_names_new();
	char text[] = "b.com";
	uint32_t index = 99;

	(void)state;
	assert_non_null(names);
	assert_int_equal(cr_names_count(names), 0);
	assert_int_equal(cr_names_add(names, text, &index), 0);
	assert_int_equal(index, 0);
	text[0] = 'a'; /* the table has its own copy */
	assert_int_equal(cr_names_add(names, text, &index), 0);
	assert_int_equal(index, 1);
	assert_int_equal(cr_names_add(names, "b.com", &index), 0);
	assert_int_equal(index, 0);
	assert_int_equal(cr_names_add(names, "b.co", &index), 0);
	assert_int_equal(index, 2);
	assert_int_equal(cr_names_add(names, "b.comm", &index), 0);
	assert_int_equal(index, 3);
	assert_int_equal(cr_names_count(names), 4);
	cr_names_free(names);
	cr_names_free(NULL);
}

static void test_lengths(void **state)
{
	struct cr_names *names = cr_names_new();
	char text[CR_MAX_HOST + 2];
	uint32_t index = 99;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[CR_MAX_HOST + 1] = '\0';
	assert_int_equal(cr_names_add(names, text, &index), -1);
	assert_int_equal(cr_names_add(names, "", &index), -1);
	assert_int_equal(index, 99);
	assert_int_equal(cr_names_count(names), 0);
	text[CR_MAX_HOST] = '\0';
	assert_int_equal(cr_names_add(names, text, &index), 0);
	cr_names_free(names);
}

static void test_addresses(void **state)
{
	static const struct {
		uint32_t index;
		uint8_t four[4];
		uint8_t six[4]; /* the last */
	} rows[] = {
		{0, {198, 18, 1, 1}, {0, 1, 0, 0}},
		{253, {198, 18, 1, 254}, {0, 1, 0, 253}},
		{254, {198, 18, 2, 1}, {0, 1, 0, 254}},
		{CR_MAX_NAMES - 1, {198, 18, 65, 128}, {0, 1, 0x3f, 0xff}},
	};
	static const uint8_t prefix[12] = {0xfd, 0x63, 0x61, 0x72, 0x72, 0x65, 0, 0x6c};
	uint8_t addr[16];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		cr_names_addr4(rows[i].index, addr);
		assert_memory_equal(addr, rows[i].four, 4);
		cr_names_addr6(rows[i].index, addr);
		assert_memory_equal(addr, prefix, 12);
		assert_memory_equal(addr + 12, rows[i].six, 4);
	}
}

/* Every name finds its way back, in whatever order they came; and one more is refused. */
static void fill(const char *suffix, uint32_t step)
{
	struct cr_names *names = cr_names_new();
	uint8_t four[4], six[16];
	char text[32];
	uint32_t index;

	assert_non_null(names);
	for (uint32_t i = 0; i < CR_MAX_NAMES; i++) {
		snprintf(text, sizeof(text), "n%05u%s", i * step % CR_MAX_NAMES, suffix);
		assert_int_equal(cr_names_add(names, text, &index), 0);
		assert_int_equal(index, i);
	}
	assert_int_equal(cr_names_add(names, "one-more", &index), -1);
	for (uint32_t i = 0; i < CR_MAX_NAMES; i++) {
		snprintf(text, sizeof(text), "n%05u%s", i * step % CR_MAX_NAMES, suffix);
		assert_int_equal(cr_names_add(names, text, &index), 0);
		assert_int_equal(index, i);
		cr_names_addr4(i, four);
		cr_names_addr6(i, six);
		assert_string_equal(cr_names_find(names, 4, four), text);
		assert_string_equal(cr_names_find(names, 6, six), text);
		assert_true(four[3] != 0 && four[3] != 255 && four[2] != 0);
		assert_true(cr_names_is_synthetic(4, four) && cr_names_is_synthetic(6, six));
		/* nothing outside may ever be taken for it */
		assert_non_null(cr_special_address(4, four));
		assert_non_null(cr_special_address(6, six));
	}
	assert_int_equal(cr_names_count(names), CR_MAX_NAMES);
	cr_names_free(names);
}

static void test_full(void **state)
{
	(void)state;
	fill("", 1);
	fill("", CR_MAX_NAMES - 1);
	fill(".com", 7919);
}

static void test_find(void **state)
{
	static const struct {
		int family;
		uint8_t addr[16];
		bool synthetic;
	} nobodys[] = {
		{4, {198, 18, 1, 2}, true},
		{4, {198, 18, 1, 0}, true},
		{4, {198, 18, 0, 1}, true},
		{4, {198, 18, 0, 255}, true},
		{4, {198, 19, 1, 1}, true},
		{4, {198, 17, 1, 1}, false},
		{4, {198, 20, 1, 1}, false},
		{4, {127, 0, 0, 1}, false},
		{6, {0xfd, 0x63, 0x61, 0x72, 0x72, 0x65, 0, 0x6c, 0, 0, 0, 0, 0, 1, 0, 1}, true},
		{6, {0xfd, 0x63, 0x61, 0x72, 0x72, 0x65, 0, 0x6c, 0, 0, 0, 0, 0, 0, 0, 1}, true},
		{6, {0xfd, 0x63, 0x61, 0x72, 0x72, 0x65, 0, 0x6c, 0, 0, 0, 0, 0, 0, 0, 0}, true},
		{6, {0xfd, 0x63, 0x61, 0x72, 0x72, 0x65, 0, 0x6c, 0, 0, 0, 1, 0, 1, 0, 0}, true},
		{6, {0xfd, 0x63, 0x61, 0x72, 0x72, 0x65, 0, 0x6c, 1, 0, 0, 0, 0, 1, 0, 0}, true},
		{6, {0xfd, 0x63, 0x61, 0x72, 0x72, 0x65, 0, 0x6d, 0, 0, 0, 0, 0, 1, 0, 0}, false},
		{6, {0xfe, 0x63, 0x61, 0x72, 0x72, 0x65, 0, 0x6c, 0, 0, 0, 0, 0, 1, 0, 0}, false},
		{5, {198, 18, 1, 1}, false},
	};
	struct cr_names *names = cr_names_new();
	uint8_t addr[16];
	uint32_t index;

	(void)state;
	cr_names_addr4(0, addr);
	assert_null(cr_names_find(names, 4, addr));
	cr_names_add(names, "a.com", &index);
	assert_string_equal(cr_names_find(names, 4, addr), "a.com");
	cr_names_addr6(0, addr);
	assert_string_equal(cr_names_find(names, 6, addr), "a.com");
	for (size_t i = 0; i < COUNT(nobodys); i++) {
		ROW_ASSERT(!cr_names_find(names, nobodys[i].family, nobodys[i].addr), "row %zu", i);
		ROW_ASSERT(cr_names_is_synthetic(nobodys[i].family, nobodys[i].addr) ==
				   nobodys[i].synthetic,
			   "row %zu", i);
	}
	cr_names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),       cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_full),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
