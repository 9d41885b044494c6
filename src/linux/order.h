/*
 * order.h - what the launcher asks init for, in memory both can see.
 *
 * Init may be forked before there is a plan (blank.c), so plan, arguments and environment are
 * copied into a shared mapping made before the fork. The launcher writes it, then sends its
 * address; from then on neither changes it, but for what is init's own in it.
 */
#ifndef CR_ORDER_H
#define CR_ORDER_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/backend.h"

struct cr_grab;
struct cr_reservations;

/* Shared memory, handed out from the front and never taken back. base NULL: none. */
struct cr_region {
	char *base;
	size_t size, used;
};

struct cr_order {
	const struct cr_plan *plan; /* steps only: init needs no gaps and notes */
	const struct cr_launch *launch;
	struct cr_grab *grabs;                /* init's: one per step */
	struct cr_reservations *reservations; /* init's: it holds descriptors of init */
	const char **script_argv;             /* init's: room for the arguments of /bin/sh */
	sigset_t old_mask;                    /* signal mask of the command */
	bool explain;         /* somebody will answer the notifications of the filter */
	atomic_bool *looking; /* the launcher's: it may be reading names in the view */
};

/* Maps `size` bytes, which cost memory only once used. 0, or -1 with errno. */
int cr_region_map(struct cr_region *region, size_t size);
void cr_region_unmap(struct cr_region *region);

/* Zeroed memory for `count` objects; NULL: the region is full. */
void *cr_region_alloc(struct cr_region *region, size_t count, size_t size);

/* A copy; NULL for NULL, or when the region is full. */
char *cr_region_strdup(struct cr_region *region, const char *text);

/* An upper bound of what cr_order_make and two cr_reservations_plan take. */
size_t cr_order_size(const struct cr_plan *plan, const struct cr_launch *launch);

/* Everything in it points into the region or at constants. NULL: the region is full. */
struct cr_order *cr_order_make(struct cr_region *region, const struct cr_plan *plan,
			       const struct cr_launch *launch);

#endif
