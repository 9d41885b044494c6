/*
 * test_arena.c - memory of an arena: zeroed, aligned, apart, bounded.
 */
#include "unit.h"

#include <stdalign.h>

#include "core/arena.h"
#include "core/limits.h"

static void test_zeroed_and_apart(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	unsigned char *pieces[500];

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		pieces[i] = cr_arena_alloc(arena, i + 1, 3);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
		for (size_t j = 0; j < (i + 1) * 3; j++)
			assert_int_equal(pieces[i][j], 0);
		memset(pieces[i], (int)(i & 0xff), (i + 1) * 3);
	}
	for (size_t i = 0; i < COUNT(pieces); i++)
		for (size_t j = 0; j < (i + 1) * 3; j++)
			assert_int_equal(pieces[i][j], i & 0xff);
	cr_arena_free(arena);
}

static void test_empty(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	assert_non_null(cr_arena_alloc(arena, 0, 8));
	assert_non_null(cr_arena_alloc(arena, 8, 0));
	assert_string_equal(cr_arena_strndup(arena, "", 0), "");
	cr_arena_free(arena);
	cr_arena_free(NULL);
}

static void test_strings(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	char big[100001];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_string_equal(cr_arena_strdup(arena, "abc"), "abc");
	assert_string_equal(cr_arena_strndup(arena, "abcdef", 3), "abc");
	assert_string_equal(cr_arena_printf(arena, "%d-%s", 7, "z"), "7-z");
	assert_string_equal(cr_arena_printf(arena, "%s", big), big);
	cr_arena_free(arena);
}

static void test_limit(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	const size_t piece = (size_t)16 << 20;
	size_t total = 0;

	(void)state;
	assert_null(cr_arena_alloc(arena, SIZE_MAX, 1));
	assert_null(cr_arena_alloc(arena, SIZE_MAX / 2, 4));
	assert_null(cr_arena_alloc(arena, 1, (size_t)CR_MAX_ARENA + 1));
	while (cr_arena_alloc(arena, piece, 1)) {
		total += piece;
		assert_true(total <= CR_MAX_ARENA);
	}
	assert_true(total >= CR_MAX_ARENA - 2 * piece);
	cr_arena_free(arena);
}

static void test_grow(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	unsigned *items = NULL;
	size_t cap = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		items = cr_arena_grow(arena, items, i, &cap, sizeof(*items));
		assert_non_null(items);
		assert_true(cap > i);
		items[i] = i;
	}
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	cr_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeroed_and_apart),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
