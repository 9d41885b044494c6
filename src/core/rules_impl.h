/*
 * rules_impl.h - what the parts of cr_rules_resolve share. Not for others.
 *
 *   rules.c         the order of things: layers, settings, system rules
 *   rules_gather.c  which policies take part: the default, `use`
 *   rules_object.c  one object of a rule line, made absolute and resolved
 *   rules_index.c   the lists that decide.c searches
 */
#ifndef CR_RULES_IMPL_H
#define CR_RULES_IMPL_H

#include "rules.h"

/* One policy that takes part, and the group its rules fall into. */
struct cr_source {
	const struct cr_policy *policy;
	enum cr_group group;
};

struct cr_resolving {
	struct cr_arena *arena;
	const struct cr_rules_input *input;
	struct cr_ruleset *set;
	struct cr_diags *diags;
	struct cr_err *err;
	struct cr_source *sources; /* in order of layers */
	size_t n_sources, cap_sources;
	struct cr_rule *rules;
	enum cr_group *groups; /* of rules[i] */
	size_t n_rules, cap_rules, cap_groups;
	struct cr_rule *proposals;
	size_t n_proposals, cap_proposals;
	const struct cr_item **env;
	size_t n_env, cap_env;
};

/*
 * In all of these, -1 is the end (CR_E_NOMEM, CR_E_LIMIT); what is wrong with the policy goes to
 * `diags` and the work goes on, so that all errors are reported at once.
 */

/* Fills sources: the input's policies, the default when there is no user's, what they `use`. */
int cr_rules_gather(struct cr_resolving *r);

/* Adds the rules of a rule line of `group`. */
int cr_rules_add_line(struct cr_resolving *r, const struct cr_item *item, enum cr_group group);

/*
 * Adds `rule` on the canonical literal `path`: resolves it, and for a deny keeps the links that
 * lead to it, and what a `.git` points to. rule->path and what follows from it are filled here.
 */
int cr_rules_add_literal(struct cr_resolving *r, struct cr_rule *rule, const char *path,
			 enum cr_group group);

/* Builds set->lists from set->rules. */
int cr_rules_index(struct cr_arena *arena, struct cr_ruleset *set, const enum cr_group *groups,
		   struct cr_err *err);

/* Of two rules that reach equally far: <0 when `a` wins. Never 0 for two rules. */
int cr_rule_rank(const struct cr_rule *a, const struct cr_rule *b);

#endif
