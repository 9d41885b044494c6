/* sort.h - sorts pointers: in one order whatever the C library, and with a context. */
#ifndef CR_SORT_H
#define CR_SORT_H

#include <stddef.h>

#include "arena.h"

/* As for qsort(3), of two of the pointers themselves. */
typedef int (*cr_sort_fn)(const void *ctx, const void *a, const void *b);

/* Sorts `pointers`, an array of `count` pointers. Equal ones stay as they were. 0, or -1 when the
 * arena has no room for as many. */
int cr_sort(struct cr_arena *arena, void *pointers, size_t count, cr_sort_fn compare,
	    const void *ctx);

#endif
