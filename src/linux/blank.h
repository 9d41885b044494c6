/* blank.h - a box before its plan: init is forked and makes the namespaces while the launcher
 * still plans; see blank.c. The public half (begin, discard) is in backend.h. */
#ifndef CR_BLANK_H
#define CR_BLANK_H

#include <signal.h>
#include <sys/types.h>

#include "core/backend.h"
#include "linux/order.h"

struct cr_blank {
	struct cr_region region;
	enum cr_tier tier;
	pid_t init;        /* our child */
	int ctl;           /* to init */
	sigset_t old_mask; /* of the launcher, and so of the command */
	int adopts;        /* landlock tier: what init leaves behind comes to us */
};

/* Forks init for `tier`, with a region of at least `size` bytes. Owned; NULL and *err: CR_E_TIER
 * when the kernel allows no namespaces, CR_E_STEP, CR_E_NOMEM. */
struct cr_blank *cr_blank_make(enum cr_tier tier, unsigned flags, size_t size, struct cr_err *err);

/* Can this box be filled with that? What init has inherited cannot be added later. */
int cr_blank_fits(const struct cr_blank *blank, const struct cr_plan *plan,
		  const struct cr_launch *launch);

#endif
