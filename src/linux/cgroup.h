/*
 * cgroup.h - the group of a box that has limits, in a version 2 cgroup that was delegated to the
 * launcher. Where there is none, cr_probe_limits says so and the plan has other limits.
 */
#ifndef CR_LINUX_CGROUP_H
#define CR_LINUX_CGROUP_H

#include <sys/types.h>

#include "core/err.h"
#include "core/plan.h"

struct cr_cgroup {
	int parent; /* the directory it is in, owned; -1: there is no group */
	char name[32];
};

/*
 * Makes the group and moves init, which waits for its order still, into it with all that it has
 * started; sets the limits of the plan's cgroup steps. Without such steps there is no group.
 * group->parent is -1 before. 0 or -1; in either case cr_cgroup_leave is for the caller to call.
 */
int cr_cgroup_enter(const struct cr_plan *plan, pid_t init, struct cr_cgroup *group,
		    struct cr_err *err);

/* Removes it, once nothing lives in it. */
void cr_cgroup_leave(struct cr_cgroup *group);

#endif
