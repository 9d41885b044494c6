/*
 * order.c - order.h: a flat copy of plan and launch.
 *
 * Must leave no pointer to memory of the launcher in an order: init would read its own, older
 * copy of it.
 */
#include "linux/order.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "linux/box.h"

int cr_region_map(struct cr_region *region, size_t size)
{
	void *base = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return -1;
	*region = (struct cr_region){.base = base, .size = size};
	return 0;
}

void cr_region_unmap(struct cr_region *region)
{
	if (region->base)
		munmap(region->base, region->size);
	*region = (struct cr_region){0};
}

static size_t align(size_t size)
{
	return (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
}

void *cr_region_alloc(struct cr_region *region, size_t count, size_t size)
{
	size_t free = region->size - region->used;

	if (count && size > free / count)
		return NULL;
	if (align(count * size) > free)
		return NULL;

	void *memory = region->base + region->used;

	region->used += align(count * size);
	return memory;
}

char *cr_region_strdup(struct cr_region *region, const char *text)
{
	size_t len = text ? strlen(text) + 1 : 0;
	char *copy = text ? cr_region_alloc(region, len, 1) : NULL;

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

static size_t size_of_text(const char *text)
{
	return text ? align(strlen(text) + 1) : 0;
}

static size_t size_of_list(char *const *list)
{
	size_t size = 0, count = 0;

	for (; list[count]; count++)
		size += size_of_text(list[count]);
	return size + align((count + 1) * sizeof(*list));
}

size_t cr_order_size(const struct cr_plan *plan, const struct cr_launch *launch)
{
	size_t size = sizeof(struct cr_order) + sizeof(*plan) + sizeof(*launch);
	size_t argc = 0;

	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct cr_step *step = &plan->steps[i];

		size += sizeof(*step) + sizeof(struct cr_grab) + 3 * size_of_text(step->path) +
			size_of_text(step->detail) + size_of_text(step->origin.file);
	}
	while (launch->argv[argc])
		argc++;
	size += size_of_list(launch->argv) + size_of_list(launch->envp);
	size += size_of_text(launch->cwd) + launch->n_keep_fds * sizeof(int);
	size += (argc + 2) * sizeof(char *) + size_of_text(plan->workspace);
	return size + 2 * cr_reservations_size(plan) + 16 * alignof(max_align_t);
}

/* NULL stays NULL; 1 when there was room. */
static int copy_text(struct cr_region *region, const char **text)
{
	const char *from = *text;

	*text = cr_region_strdup(region, from);
	return !from || *text;
}

static char **copy_list(struct cr_region *region, char *const *list)
{
	size_t count = 0;

	while (list[count])
		count++;

	char **copy = cr_region_alloc(region, count + 1, sizeof(*copy));

	for (size_t i = 0; copy && i < count; i++)
		if (!(copy[i] = cr_region_strdup(region, list[i])))
			return NULL;
	return copy;
}

static struct cr_plan *copy_plan(struct cr_region *region, const struct cr_plan *plan)
{
	struct cr_plan *copy = cr_region_alloc(region, 1, sizeof(*copy));
	struct cr_step *steps = cr_region_alloc(region, plan->n_steps, sizeof(*steps));

	if (!copy || !steps)
		return NULL;
	*copy = (struct cr_plan){
		.os = plan->os,
		.tier = plan->tier,
		.workspace = plan->workspace,
		.steps = steps,
		.n_steps = plan->n_steps,
	};
	for (size_t i = 0; i < plan->n_steps; i++) {
		steps[i] = plan->steps[i];
		if (!copy_text(region, &steps[i].path) || !copy_text(region, &steps[i].detail) ||
		    !copy_text(region, &steps[i].origin.file))
			return NULL;
	}
	return copy_text(region, &copy->workspace) ? copy : NULL;
}

static struct cr_launch *copy_launch(struct cr_region *region, const struct cr_launch *launch)
{
	struct cr_launch *copy = cr_region_alloc(region, 1, sizeof(*copy));
	int *keep = cr_region_alloc(region, launch->n_keep_fds, sizeof(*keep));

	if (!copy || !keep)
		return NULL;
	if (launch->n_keep_fds)
		memcpy(keep, launch->keep_fds, launch->n_keep_fds * sizeof(*keep));
	*copy = (struct cr_launch){
		.argv = copy_list(region, launch->argv),
		.envp = copy_list(region, launch->envp),
		.cwd = launch->cwd,
		.stdio = {launch->stdio[0], launch->stdio[1], launch->stdio[2]},
		.keep_fds = keep,
		.n_keep_fds = launch->n_keep_fds,
		.flags = launch->flags,
	};
	return copy->argv && copy->envp && copy_text(region, &copy->cwd) ? copy : NULL;
}

struct cr_order *cr_order_make(struct cr_region *region, const struct cr_plan *plan,
			       const struct cr_launch *launch)
{
	struct cr_order *order = cr_region_alloc(region, 1, sizeof(*order));
	size_t argc = 0;

	while (launch->argv[argc])
		argc++;
	if (!order)
		return NULL;
	order->plan = copy_plan(region, plan);
	order->launch = copy_launch(region, launch);
	order->looking = cr_region_alloc(region, 1, sizeof(*order->looking));
	order->grabs = cr_region_alloc(region, plan->n_steps, sizeof(*order->grabs));
	order->script_argv = cr_region_alloc(region, argc + 2, sizeof(*order->script_argv));
	order->reservations = cr_reservations_plan(region, plan);
	if (!order->plan || !order->launch || !order->looking || !order->grabs ||
	    !order->script_argv || !order->reservations)
		return NULL;
	for (size_t i = 0; i < plan->n_steps; i++)
		order->grabs[i] = (struct cr_grab){.tree = -1, .dir = -1};
	return order;
}
