/*
 * plan_linux_limits.c - `limit` lines: a cgroup for the whole box where one is
 * delegated, resource limits of each process otherwise. The plan says which.
 */
#include "path.h"
#include "plan_linux.h"

static void limit_step(struct cr_builder *builder, enum cr_step_kind kind,
		       const struct cr_limit *limit, const char *detail)
{
	cr_build_step(builder,
		      &(struct cr_step){
			      .kind = kind,
			      .path = kind == CR_STEP_CGROUP ? builder->facts->cgroup_path : NULL,
			      .detail = detail,
			      .value = limit->value,
			      .origin = limit->origin,
		      });
}

static void memory(struct cr_builder *builder, const struct cr_limit *limit)
{
	if (builder->facts->cgroup_delegated && builder->facts->cgroup_memory) {
		limit_step(builder, CR_STEP_CGROUP, limit, "memory.max");
		return;
	}
	/* Not RLIMIT_AS: runtimes reserve far more address space than they ever touch. */
	limit_step(builder, CR_STEP_RLIMIT, limit, "data");
	cr_build_note(builder, &limit->origin,
		      "memory is limited per process (RLIMIT_DATA), not for the box as a whole: no "
		      "cgroup is delegated to this user");
}

static void processes(struct cr_builder *builder, const struct cr_limit *limit)
{
	if (builder->facts->cgroup_delegated && builder->facts->cgroup_pids) {
		limit_step(builder, CR_STEP_CGROUP, limit, "pids.max");
		return;
	}
	if (builder->facts->uid == 0) {
		cr_build_gap(builder, "limit-processes", &limit->origin,
			     "the kernel does not count processes of root (RLIMIT_NPROC), and no "
			     "cgroup is delegated");
		return;
	}
	if (builder->rules->ctx.tier != CR_TIER_FULL) {
		cr_build_gap(builder, "limit-processes", &limit->origin,
			     "without a user namespace RLIMIT_NPROC counts all processes of the "
			     "user, and no cgroup is delegated");
		return;
	}
	limit_step(builder, CR_STEP_RLIMIT, limit, "processes");
}

static void run_time(struct cr_builder *builder, const struct cr_limit *limit)
{
	limit_step(builder, CR_STEP_TIMEOUT, limit, NULL);
}

static void files(struct cr_builder *builder, const struct cr_limit *limit)
{
	limit_step(builder, CR_STEP_RLIMIT, limit, "files");
}

/* The private places are sized by it where they are planned. */
static void disk(struct cr_builder *builder, const struct cr_limit *limit)
{
	limit_step(builder, CR_STEP_RLIMIT, limit, "file-size");
	cr_build_note(builder, &limit->origin,
		      "disk limits the private directories together and any one file; what the "
		      "workspace holds "
		      "in all is not limited");
}

void cr_linux_limits(struct cr_builder *builder)
{
	static void (*const planners[CR_LIMIT_COUNT])(struct cr_builder * builder,
						      const struct cr_limit *limit) = {
		[CR_LIMIT_MEMORY] = memory, [CR_LIMIT_PROCESSES] = processes,
		[CR_LIMIT_TIME] = run_time, [CR_LIMIT_FILES] = files,
		[CR_LIMIT_DISK] = disk,
	};

	for (int i = 0; i < CR_LIMIT_COUNT; i++)
		if (builder->rules->limits[i].set)
			planners[i](builder, &builder->rules->limits[i]);
}
