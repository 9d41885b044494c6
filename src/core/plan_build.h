/*
 * plan_build.h - what the three planners share: growing a plan, and finding
 * the points of the file tree where the view changes.
 */
#ifndef CR_PLAN_BUILD_H
#define CR_PLAN_BUILD_H

#include "plan.h"

struct cr_builder {
	struct cr_arena *arena;
	const struct cr_ruleset *rules;
	const struct cr_facts *facts;
	struct cr_step *steps;
	size_t n_steps, cap_steps;
	struct cr_gap *gaps;
	size_t n_gaps, cap_gaps;
	struct cr_note *notes;
	size_t n_notes, cap_notes;
	struct cr_err *err;
	int failed; /* sticky: once set, adding does nothing and cr_build_finish fails */
};

/* Adds a copy of *step. */
void cr_build_step(struct cr_builder *builder, const struct cr_step *step);

/* Adds a gap once per name. */
void cr_build_gap(struct cr_builder *builder, const char *name, const struct cr_origin *origin,
		  const char *fmt, ...) CR_PRINTF(4, 5);
void cr_build_note(struct cr_builder *builder, const struct cr_origin *origin, const char *fmt, ...)
	CR_PRINTF(3, 4);

/* The finished plan, or -1 with what went wrong. */
int cr_build_finish(struct cr_builder *builder, struct cr_plan **out);

/* Steps for the `keep`, `drop` and `set env` lines of the policy, in their order. */
void cr_build_env(struct cr_builder *builder);

/* Gaps (and notes) of a system without a broker: `ask` on files, `connect`, `unix`, `git`. */
void cr_build_broker_gaps(struct cr_builder *builder);

/* How a system keeps one `limit`: a step, or (CR_STEP_KIND_COUNT) not at all, a gap named `detail`.
 */
struct cr_limit_way {
	enum cr_step_kind kind;
	const char *detail;
};

/* A step or a gap for each `limit` of the policy; `why_not` says why a gap is one. */
void cr_build_limits(struct cr_builder *builder, const struct cr_limit_way ways[CR_LIMIT_COUNT],
		     const char *why_not);

/* Bit sets for cr_build_find_rule. */
#define CR_BIT(x) (1u << (x))

/* The first rule of one of `caps` with one of `decisions` that is no system rule; or NULL. */
const struct cr_rule *cr_build_find_rule(const struct cr_ruleset *rules, unsigned caps,
					 unsigned decisions);

/* The origin of what no policy line asks for. */
extern const struct cr_origin cr_origin_system;

/*
 * A place in the tree where some rule says something: its view, and how it
 * differs from what surrounds it. Points come parents first.
 */
struct cr_point {
	const char *path;
	enum cr_view view;
	enum cr_view around; /* view of the nearest point above; HIDDEN above the first */
	int parent;          /* index of that point, -1 for none */
	enum cr_place place; /* what lies here */
	enum cr_ftype type;
	struct cr_fileid id;
	enum cr_life life;
	bool from_pattern;
	bool is_link;               /* the entry itself, not what it points to */
	const struct cr_rule *rule; /* that decides the view; may be NULL */
};

/*
 * All points of the rules, patterns expanded through the resolver's view, sorted by
 * cr_path_cmp, one per path. 0, or -1: CR_E_LIMIT (CR_MAX_WALK, CR_MAX_MATCHES), CR_E_NOMEM.
 */
int cr_build_points(struct cr_builder *builder, struct cr_point **points, size_t *count);

#endif
