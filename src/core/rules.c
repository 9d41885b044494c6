/*
 * rules.c - policies of all layers become one ruleset: the order of things.
 *
 * Must never let a layer reach where it may not: a project file that has not
 * been accepted adds only what narrows, and what cannot be resolved is an
 * error, never a rule left out.
 */
#include <string.h>

#include "limits.h"
#include "places.h"
#include "rules_impl.h"

static const char *const tier_names[CR_TIER_COUNT] = {
	[CR_TIER_FULL] = "full",
	[CR_TIER_LANDLOCK] = "landlock",
	[CR_TIER_UNELEVATED] = "unelevated",
	[CR_TIER_ELEVATED] = "elevated",
};

const char *cr_tier_name(enum cr_tier tier)
{
	return tier_names[tier];
}

int cr_tier_parse(const char *name, enum cr_tier *out)
{
	for (int i = 0; i < CR_TIER_COUNT; i++) {
		if (!strcmp(tier_names[i], name)) {
			*out = (enum cr_tier)i;
			return 0;
		}
	}
	return -1;
}

const char *cr_rule_ending(const struct cr_rule *rule)
{
	return rule->notls ? " notls" : "";
}

bool cr_rule_is_weak(const struct cr_rule *rule)
{
	return rule->origin.layer == CR_LAYER_SYSTEM || rule->origin.layer == CR_LAYER_DEFAULT;
}

static int add_places(struct cr_resolving *r)
{
	struct cr_place_rule places[CR_MAX_PLACES];
	size_t count = cr_places(&r->input->ctx, places);

	for (size_t i = 0; i < count; i++) {
		struct cr_rule rule = {
			.decision = places[i].decision,
			.cap = places[i].cap,
			.origin = {.layer = CR_LAYER_SYSTEM, .file = "system"},
			.text = places[i].path,
			.literal = true,
			.place = places[i].place,
		};

		if (cr_rules_add_literal(r, &rule, places[i].path, places[i].group) < 0)
			return -1;
	}
	return 0;
}

/* A project file may take variables away; what it would add waits for `carrel trust`. */
static int add_env(struct cr_resolving *r, const struct cr_item *item, enum cr_group group)
{
	if (group == CR_GROUP_PROJECT && item->env_op != CR_ENV_DROP)
		return 0;

	const struct cr_item **grown =
		cr_arena_grow(r->arena, r->env, r->n_env, &r->cap_env, sizeof(*grown));

	if (!grown)
		return cr_fail(r->err, CR_E_NOMEM, "rules");
	r->env = grown;
	r->env[r->n_env++] = item;
	return 0;
}

/* 0 means "no end of its own" for `expire`, and so counts as the largest. */
static bool is_smaller(const struct cr_item *item, uint64_t than)
{
	if (item->kind != CR_ITEM_EXPIRE)
		return item->value < than;
	return item->value && (!than || item->value < than);
}

static bool is_weak_setting(const struct cr_limit *limit)
{
	return limit->origin.layer == CR_LAYER_DEFAULT;
}

/* Sources come in order of layers: the built-in values first, and any other replaces them. */
static void narrow(struct cr_limit *limit, const struct cr_item *item, enum cr_group group)
{
	bool replaces = is_weak_setting(limit) && item->origin.layer != CR_LAYER_DEFAULT &&
			group == CR_GROUP_MAIN;

	if (!limit->set || replaces || is_smaller(item, limit->value)) {
		*limit = (struct cr_limit){
			.set = true,
			.value = item->value,
			.origin = item->origin,
		};
	}
}

static int add_item(struct cr_resolving *r, const struct cr_item *item, enum cr_group group)
{
	switch (item->kind) {
	case CR_ITEM_RULE:
		return cr_rules_add_line(r, item, group);
	case CR_ITEM_ENV:
		return add_env(r, item, group);
	case CR_ITEM_LIMIT:
		narrow(&r->set->limits[item->limit], item, group);
		return 0;
	case CR_ITEM_EXPIRE:
		narrow(&r->set->expire, item, group);
		return 0;
	case CR_ITEM_USE: /* done by cr_rules_gather */
		return 0;
	}
	return 0;
}

static int add_sources(struct cr_resolving *r)
{
	for (size_t i = 0; i < r->n_sources; i++) {
		const struct cr_policy *policy = r->sources[i].policy;

		for (size_t k = 0; k < policy->n_items; k++)
			if (add_item(r, &policy->items[k], r->sources[i].group) < 0)
				return -1;
	}
	return 0;
}

static size_t n_diags(const struct cr_diags *diags)
{
	return diags->count + diags->dropped;
}

static int resolve_all(struct cr_resolving *r)
{
	size_t before = n_diags(r->diags);

	if (cr_rules_gather(r) < 0 || add_places(r) < 0 || add_sources(r) < 0)
		return -1;

	size_t errors = n_diags(r->diags) - before;

	if (errors)
		return cr_fail(r->err, CR_E_SYNTAX, "%u error%s in the policy", (unsigned)errors,
			       errors == 1 ? "" : "s");
	r->set->rules = r->rules;
	r->set->n_rules = r->n_rules;
	r->set->proposals = r->proposals;
	r->set->n_proposals = r->n_proposals;
	r->set->env = r->env;
	r->set->n_env = r->n_env;
	return cr_rules_index(r->arena, r->set, r->groups, r->err);
}

int cr_rules_resolve(struct cr_arena *arena, const struct cr_rules_input *input,
		     struct cr_ruleset **out, struct cr_diags *diags, struct cr_err *err)
{
	struct cr_ruleset *set = cr_arena_alloc(arena, 1, sizeof(*set));
	struct cr_resolving r = {
		.arena = arena, .input = input, .set = set, .diags = diags, .err = err};

	if (!set)
		return cr_fail(err, CR_E_NOMEM, "rules");
	if (!diags->arena)
		diags->arena = arena;
	set->ctx = input->ctx;
	set->resolver = cr_resolver_new(arena, input->ctx.os, input->view);
	if (!set->resolver)
		return cr_fail(err, CR_E_NOMEM, "rules");
	if (resolve_all(&r) < 0)
		return -1;
	*out = set;
	return 0;
}
