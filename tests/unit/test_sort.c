/*
 * test_sort.c - every length: sorted, equals in their order, nothing lost.
 */
#include "unit.h"

#include "core/arena.h"
#include "core/sort.h"

#define MOST 130

static const char context[] = "the context";

struct item {
	unsigned key, place;
};

static int by_key(const void *ctx, const void *a, const void *b)
{
	const struct item *one = a, *two = b;

	assert_ptr_equal(ctx, context);
	return (one->key > two->key) - (one->key < two->key);
}

static void check(size_t count, unsigned keys)
{
	struct cr_arena *arena = cr_arena_new();
	struct item items[MOST];
	const void *sorted[MOST];
	unsigned seed = (unsigned)count * 2654435761u + keys;

	for (size_t i = 0; i < count; i++) {
		seed = seed * 1103515245u + 12345u;
		items[i] = (struct item){.key = (seed >> 16) % keys, .place = (unsigned)i};
		sorted[i] = &items[i];
	}
	assert_int_equal(cr_sort(arena, sorted, count, by_key, context), 0);
	for (size_t i = 1; i < count; i++) {
		const struct item *one = sorted[i - 1], *two = sorted[i];

		assert_true(one->key < two->key ||
			    (one->key == two->key && one->place < two->place));
	}
	cr_arena_free(arena);
}

static void test_every_length(void **state)
{
	(void)state;
	for (size_t count = 0; count <= MOST; count++)
		for (unsigned keys = 1; keys < 1000; keys *= 7)
			check(count, keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
