/*
 * rules_gather.c - which policies take part, in the order of layers.
 *
 * Must never let a profile carry more authority than who names it: a profile
 * used by a project file only narrows, and a managed policy uses none of the
 * user's own profiles.
 */
#include <stdlib.h>
#include <string.h>

#include "builtin.h"
#include "limits.h"
#include "rules_impl.h"

/* Profiles already taken in, and those being read now. */
struct use {
	const char *name;
	enum cr_group group;
	bool open;
};

struct gathering {
	struct cr_resolving *r;
	struct use *uses;
	size_t n_uses, cap_uses;
	unsigned depth;
};

static int add_policy(struct gathering *g, const struct cr_policy *policy, enum cr_group group);

static enum cr_group group_of(const struct cr_resolving *r, enum cr_layer layer)
{
	switch (layer) {
	case CR_LAYER_PROJECT:
		return r->input->project_trusted ? CR_GROUP_MAIN : CR_GROUP_PROJECT;
	case CR_LAYER_MANAGED:
		return CR_GROUP_MANAGED;
	case CR_LAYER_SYSTEM:
	case CR_LAYER_DEFAULT:
	case CR_LAYER_USER:
	case CR_LAYER_COMMAND:
	case CR_LAYER_GRANT:
		break;
	}
	return CR_GROUP_MAIN;
}

/* A used profile's own layer. */
static enum cr_layer profile_layer(enum cr_group group)
{
	switch (group) {
	case CR_GROUP_PROJECT:
		return CR_LAYER_PROJECT;
	case CR_GROUP_MANAGED:
		return CR_LAYER_MANAGED;
	case CR_GROUP_MAIN:
	case CR_GROUP_SELF:
		break;
	}
	return CR_LAYER_DEFAULT;
}

struct profile {
	const char *text;
	size_t len;
	const char *file;
};

static int find_profile(struct gathering *g, const char *name, enum cr_group group,
			struct profile *out)
{
	const struct cr_rules_input *input = g->r->input;
	const char *key = name;

	if (!strcmp(name, "default"))
		key = cr_arena_printf(g->r->arena, "default-%s", cr_os_name(input->ctx.os));

	const struct cr_builtin *builtin = key ? cr_builtin_find(key) : NULL;

	if (builtin) {
		out->text = builtin->text;
		out->len = builtin->len;
		out->file = cr_arena_printf(g->r->arena, "%s.policy", builtin->name);
		return out->file ? 0 : -1;
	}
	if (group == CR_GROUP_MANAGED || !input->profile)
		return -1;
	return input->profile(input->profile_arg, name, &out->text, &out->len, &out->file);
}

/* 1 when the profile is to be read now, 0 when not (had before, or an error was reported). */
static int open_use(struct gathering *g, const struct cr_origin *at, const char *name,
		    enum cr_group group)
{
	struct cr_resolving *r = g->r;

	for (size_t i = 0; i < g->n_uses; i++) {
		if (g->uses[i].group != group || strcmp(g->uses[i].name, name) != 0)
			continue;
		if (g->uses[i].open)
			cr_diag_add(r->diags, at, "", "profile '%s' uses itself", name);
		return 0;
	}
	if (g->depth >= CR_MAX_USE_DEPTH) {
		cr_diag_add(r->diags, at, "", "profiles are nested more than %d deep",
			    CR_MAX_USE_DEPTH);
		return 0;
	}

	struct use *grown =
		cr_arena_grow(r->arena, g->uses, g->n_uses, &g->cap_uses, sizeof(*grown));

	if (!grown)
		return cr_fail(r->err, CR_E_NOMEM, "rules");
	g->uses = grown;
	g->uses[g->n_uses++] = (struct use){.name = name, .group = group, .open = true};
	return 1;
}

/* 1 and a policy; 0 when an error was reported; -1 the end. */
static int read_profile(struct gathering *g, const struct cr_origin *at, const char *name,
			enum cr_group group, struct cr_policy **out)
{
	struct cr_resolving *r = g->r;
	struct profile profile;
	struct cr_err why;

	if (find_profile(g, name, group, &profile) < 0) {
		cr_diag_add(r->diags, at,
			    "'default', 'caches' and 'read-only' are built in; your own lie in "
			    "~/.config/carrel/profiles",
			    "unknown profile '%s'", name);
		return 0;
	}
	if (cr_policy_parse(r->arena,
			    &(const struct cr_policy_source){profile.file, profile_layer(group),
							     profile.text, profile.len},
			    out, r->diags, &why) == 0)
		return 1;
	if (why.code == CR_E_SYNTAX)
		return 0;
	return cr_fail(r->err, why.code, "profile '%s': %s", name, why.text);
}

static int add_profile(struct gathering *g, const struct cr_origin *at, const char *name,
		       enum cr_group group)
{
	struct cr_policy *policy;
	int status = open_use(g, at, name, group);
	size_t self = g->n_uses - 1;

	if (status <= 0)
		return status;
	status = read_profile(g, at, name, group, &policy);
	if (status > 0) {
		g->depth++;
		status = add_policy(g, policy, group);
		g->depth--;
	}
	g->uses[self].open = false;
	return status;
}

static int add_policy(struct gathering *g, const struct cr_policy *policy, enum cr_group group)
{
	struct cr_resolving *r = g->r;
	struct cr_source *grown =
		cr_arena_grow(r->arena, r->sources, r->n_sources, &r->cap_sources, sizeof(*grown));

	if (!grown)
		return cr_fail(r->err, CR_E_NOMEM, "rules");
	if (r->n_sources >= CR_MAX_POLICY_FILES)
		return cr_fail(r->err, CR_E_LIMIT, "more than %d policy files and profiles",
			       CR_MAX_POLICY_FILES);
	r->sources = grown;
	r->sources[r->n_sources++] = (struct cr_source){.policy = policy, .group = group};
	for (size_t i = 0; i < policy->n_items; i++) {
		const struct cr_item *item = &policy->items[i];

		if (item->kind == CR_ITEM_USE && item->n_words &&
		    add_profile(g, &item->origin, item->words[0].text, group) < 0)
			return -1;
	}
	return 0;
}

/* Stable, and there are few. */
static void sort_by_layer(struct cr_source *sources, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct cr_source source = sources[i];
		size_t at = i;

		for (; at > 0 && sources[at - 1].policy->layer > source.policy->layer; at--)
			sources[at] = sources[at - 1];
		sources[at] = source;
	}
}

static bool has_user_policy(const struct cr_rules_input *input)
{
	for (size_t i = 0; i < input->n_policies; i++)
		if (input->policies[i]->layer == CR_LAYER_USER)
			return true;
	return false;
}

int cr_rules_gather(struct cr_resolving *r)
{
	struct gathering g = {.r = r};
	const struct cr_origin nowhere = {.layer = CR_LAYER_DEFAULT, .file = "built-in"};

	if (!has_user_policy(r->input) && add_profile(&g, &nowhere, "default", CR_GROUP_MAIN) < 0)
		return -1;
	for (size_t i = 0; i < r->input->n_policies; i++) {
		const struct cr_policy *policy = r->input->policies[i];

		if (add_policy(&g, policy, group_of(r, policy->layer)) < 0)
			return -1;
	}
	sort_by_layer(r->sources, r->n_sources);
	return 0;
}
