/*
 * plan.c - names of steps, the choice of the planner, and the refusal to run
 * with a gap nobody accepted.
 *
 * It plans nothing itself, and it never drops, reorders or repairs a step: what
 * a planner returns is what is printed and enforced.
 */
#include "plan.h"

#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {
#define X(code, name) [code] = name,
	CR_STEP_KINDS(X)
#undef X
};

const char *cr_step_kind_name(enum cr_step_kind kind)
{
	return (unsigned)kind < CR_STEP_KIND_COUNT ? kind_names[kind] : "unknown";
}

int cr_step_kind_parse(const char *name, enum cr_step_kind *out)
{
	for (int i = 0; i < CR_STEP_KIND_COUNT; i++) {
		if (strcmp(kind_names[i], name) == 0) {
			*out = (enum cr_step_kind)i;
			return 0;
		}
	}
	return -1;
}

typedef int (*planner_fn)(struct cr_arena *, const struct cr_ruleset *, const struct cr_facts *,
			  struct cr_plan **, struct cr_err *);

static const struct {
	planner_fn make;
	unsigned tiers; /* bit set of enum cr_tier */
} planners[] = {
	[CR_OS_LINUX] = {cr_plan_linux, 1u << CR_TIER_FULL | 1u << CR_TIER_LANDLOCK},
	[CR_OS_WINDOWS] = {cr_plan_windows, 1u << CR_TIER_UNELEVATED | 1u << CR_TIER_ELEVATED},
	[CR_OS_MACOS] = {cr_plan_macos, 1u << CR_TIER_FULL},
};

static bool can_publish(const struct cr_context *ctx)
{
	return ctx->os == CR_OS_LINUX && ctx->tier == CR_TIER_FULL;
}

int cr_plan_make(struct cr_arena *arena, const struct cr_ruleset *rules,
		 const struct cr_facts *facts, struct cr_plan **out, struct cr_err *err)
{
	const enum cr_os os = rules->ctx.os;

	if ((size_t)os >= sizeof(planners) / sizeof(planners[0]))
		return cr_fail(err, CR_E_USAGE, "no planner for this system");
	if (facts->os != os) {
		return cr_fail(err, CR_E_USAGE, "facts of %s, but rules for %s",
			       cr_os_name(facts->os), cr_os_name(os));
	}
	if (!(planners[os].tiers >> rules->ctx.tier & 1u)) {
		return cr_fail(err, CR_E_USAGE, "%s has no tier '%s'", cr_os_name(os),
			       cr_tier_name(rules->ctx.tier));
	}
	if (rules->ctx.published.count > 0 && !can_publish(&rules->ctx)) {
		cr_fail(err, CR_E_UNSUPPORTED,
			"a port of a box can be published in the full tier "
			"on Linux only");
		return cr_hint(err, "%s",
			       os == CR_OS_LINUX ? "in this tier a box has no sockets that could "
						   "listen; 'carrel doctor' says what the full "
						   "tier needs"
						 : "run it without --publish");
	}
	return planners[os].make(arena, rules, facts, out, err);
}

static bool is_accepted(const char *name, const char *const *accepted, size_t n_accepted)
{
	for (size_t i = 0; i < n_accepted; i++) {
		if (strcmp(accepted[i], name) == 0)
			return true;
	}
	return false;
}

/* Appends "<before><name><after>" whole or not at all; a cut name could not be accepted. */
static void append_name(char *buf, size_t size, const char *before, const char *name,
			const char *after)
{
	const size_t used = strlen(buf);
	const int n = snprintf(buf + used, size - used, "%s%s%s", before, name, after);

	if (n < 0 || (size_t)n >= size - used)
		buf[used] = '\0';
}

static const struct cr_step *find_step(const struct cr_plan *plan, enum cr_step_kind kind)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].kind == kind)
			return &plan->steps[i];
	return NULL;
}

uint64_t cr_plan_value(const struct cr_plan *plan, enum cr_step_kind kind)
{
	const struct cr_step *step = find_step(plan, kind);

	return step ? step->value : 0;
}

bool cr_plan_has(const struct cr_plan *plan, enum cr_step_kind kind)
{
	return find_step(plan, kind) != NULL;
}

int cr_plan_check_gaps(const struct cr_plan *plan, const char *const *accepted, size_t n_accepted,
		       struct cr_err *err)
{
	char names[CR_ERR_TEXT_MAX / 2] = "";
	char flags[CR_ERR_HINT_MAX / 2] = "";
	const struct cr_gap *first = NULL;

	for (size_t i = 0; i < plan->n_gaps; i++) {
		const struct cr_gap *gap = &plan->gaps[i];

		if (is_accepted(gap->name, accepted, n_accepted))
			continue;
		append_name(names, sizeof(names), first ? ", '" : "'", gap->name, "'");
		append_name(flags, sizeof(flags),
			    first ? " --accept-gap=" : "--accept-gap=", gap->name, "");
		first = first ? first : gap;
	}
	if (!first)
		return 0;
	cr_fail(err, CR_E_GAP, "not accepted: %s; '%s' means: %.300s", names, first->name,
		first->text);
	return cr_hint(err, "'carrel plan' shows every gap; to run without that protection: %s",
		       flags);
}
