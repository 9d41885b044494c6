/*
 * sort.c - merge sort.
 *
 * qsort(3) leaves the order of equals to each C library, takes no context, and musl's
 * moves pointers one library call at a time. Must never reorder equals.
 */
#include "sort.h"

#include <stdbool.h>
#include <string.h>

struct order {
	cr_sort_fn compare;
	const void *ctx;
};

/* Merges from[0..middle) and from[middle..count) into `to`. */
static void merge(const struct order *order, const void **from, size_t middle, size_t count,
		  const void **to)
{
	size_t left = 0, right = middle;

	for (size_t i = 0; i < count; i++) {
		const bool take_left =
			right == count ||
			(left < middle && order->compare(order->ctx, from[left], from[right]) <= 0);

		to[i] = take_left ? from[left++] : from[right++];
	}
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

int cr_sort(struct cr_arena *arena, void *pointers, size_t count, cr_sort_fn compare,
	    const void *ctx)
{
	const void **spare = cr_arena_alloc(arena, count, sizeof(*spare));
	const void **items = pointers, **from = items, **to = spare;
	const struct order order = {compare, ctx};

	if (!spare)
		return -1;
	for (size_t width = 1; width < count; width *= 2) {
		for (size_t start = 0; start < count; start += 2 * width) {
			size_t span = smaller(2 * width, count - start);

			merge(&order, from + start, smaller(width, span), span, to + start);
		}

		const void **done = to;

		to = from;
		from = done;
	}
	if (from != items)
		memcpy(items, from, count * sizeof(*items));
	return 0;
}
