/*
 * plan_env.c - the variables a plan sets by itself: where temporary files and caches go, and what
 * tells programs that there is no network.
 *
 * The policy's own lines are env.c's. Must never set what the policy sets later in the plan.
 */
#include <string.h>

#include "limits.h"
#include "plan.h"

/* A letter as names of variables compare on the plan's system. */
static int folded(enum cr_os os, char c)
{
	return os == CR_OS_WINDOWS && c >= 'a' && c <= 'z' ? c - 32 : c;
}

/* Do two entries NAME=VALUE speak of one variable? */
static bool same_name(enum cr_os os, const char *a, const char *b)
{
	size_t i = 0;

	for (; a[i] && a[i] != '='; i++) {
		if (folded(os, a[i]) != folded(os, b[i]))
			return false;
	}
	return a[i] == '=' && b[i] == '=';
}

static bool is_own(const struct cr_step *step)
{
	return step->origin.layer == CR_LAYER_SYSTEM &&
	       (step->kind == CR_STEP_ENV_SET || step->kind == CR_STEP_ENV_PREPEND ||
		step->kind == CR_STEP_ENV_PROXY);
}

static bool is_set_later(const struct cr_plan *plan, size_t at)
{
	for (size_t i = at + 1; i < plan->n_steps; i++) {
		const struct cr_step *step = &plan->steps[i];

		if (step->kind == CR_STEP_ENV_SET &&
		    same_name(plan->os, step->detail, plan->steps[at].detail))
			return true;
	}
	return false;
}

/* Without a proxy there would be a variable that leads nowhere. */
static char *filled(struct cr_arena *arena, const char *detail, const char *proxy)
{
	const char *at = strstr(detail, CR_PROXY_AT);

	if (!at || !proxy)
		return NULL;
	return cr_arena_printf(arena, "%.*s%s%s", (int)(at - detail), detail, proxy,
			       at + strlen(CR_PROXY_AT));
}

/* What a plan's variables are made from. */
struct making {
	struct cr_arena *arena;
	const struct cr_plan *plan;
	const char *proxy;
};

/* The entry with `step` carried out on it; `old` may be NULL. NULL: no memory. */
static char *changed(const struct making *making, const struct cr_step *step, const char *old)
{
	struct cr_arena *arena = making->arena;
	const char *value = old ? strchr(old, '=') + 1 : "";

	if (step->kind == CR_STEP_ENV_PROXY)
		return filled(arena, step->detail, making->proxy);
	if (step->kind == CR_STEP_ENV_SET || !*value)
		return cr_arena_strdup(arena, step->detail);
	return cr_arena_printf(arena, "%s%c%s", step->detail,
			       making->plan->os == CR_OS_WINDOWS ? ';' : ':', value);
}

static int carry_out(const struct making *making, const struct cr_step *step, char **env)
{
	size_t i = 0;
	char *entry;

	while (env[i] && !same_name(making->plan->os, env[i], step->detail))
		i++;
	entry = changed(making, step, env[i]);
	if (!entry)
		return -1;
	if (!env[i])
		env[i + 1] = NULL;
	env[i] = entry;
	return 0;
}

char **cr_plan_env(struct cr_arena *arena, const struct cr_plan *plan, const char *proxy,
		   char *const *env)
{
	const struct making making = {arena, plan, proxy};
	size_t count = 0, room = 0;
	char **out;

	while (env[count])
		count++;
	for (size_t i = 0; i < plan->n_steps; i++)
		room += is_own(&plan->steps[i]);
	if (count + room > CR_MAX_ENV)
		return NULL;
	out = cr_arena_alloc(arena, count + room + 1, sizeof(*out));
	if (!out)
		return NULL;
	memcpy(out, env, count * sizeof(*out));
	for (size_t i = 0; i < plan->n_steps; i++) {
		if (is_own(&plan->steps[i]) && !is_set_later(plan, i) &&
		    carry_out(&making, &plan->steps[i], out) < 0)
			return NULL;
	}
	return out;
}
