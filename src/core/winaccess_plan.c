/*
 * winaccess_plan.c - a plan carried out on the model: its entries, labels and pins on a tree, its
 * token made of a user's.
 *
 * Must do what the backend does and nothing more: what a step does not say is not added.
 */
#include <string.h>

#include "sddl.h"
#include "winaccess_tree.h"

/* The groups that CreateRestrictedToken's LUA_TOKEN makes deny-only, as far as they are fixed. */
static const char *const lua_groups[] = {"BA", "PU", "AO", "SO", "PO", "BO"};

/* A label replaces the one that was there, as SetNamedSecurityInfo does. */
static int set_label(struct cr_arena *arena, struct cr_win_sd *sd, const struct cr_win_ace *label)
{
	struct cr_win_ace *aces = cr_arena_alloc(arena, sd->sacl.count + 1, sizeof(*aces));
	size_t count = 0;

	if (!aces)
		return -1;
	aces[count++] = *label;
	for (size_t i = 0; i < sd->sacl.count; i++) {
		if (sd->sacl.aces[i].type != CR_WIN_ACE_LABEL)
			aces[count++] = sd->sacl.aces[i];
	}
	sd->sacl = (struct cr_win_acl){.aces = aces, .count = count};
	sd->has_sacl = true;
	return 0;
}

static int add_entry(struct cr_win_tree *tree, struct cr_win_node *node, const struct cr_step *step,
		     struct cr_err *err)
{
	struct cr_win_ace ace;
	int result;

	if (cr_sddl_parse_ace(step->detail ? step->detail : "", &ace, err) < 0)
		return cr_wrap(err, "step '%s'", cr_step_kind_name(step->kind));
	if (ace.type == CR_WIN_ACE_LABEL)
		result = set_label(tree->arena, &node->own, &ace);
	else
		result = cr_win_acl_add(tree->arena, &node->own.dacl, &ace);
	return result < 0 ? cr_fail(err, CR_E_NOMEM, "tree") : 0;
}

static bool is_entry(enum cr_step_kind kind)
{
	return kind == CR_STEP_WIN_ALLOW || kind == CR_STEP_WIN_DENY || kind == CR_STEP_WIN_LABEL ||
	       kind == CR_STEP_WIN_HIDE || kind == CR_STEP_WIN_READ;
}

int cr_win_tree_apply(struct cr_win_tree *tree, const struct cr_plan *plan, struct cr_err *err)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct cr_step *step = &plan->steps[i];
		struct cr_win_node *node = step->path ? cr_win_tree_find(tree, step->path) : NULL;

		if (node && step->kind == CR_STEP_PIN)
			node->pinned = true;
		if (node && is_entry(step->kind) && add_entry(tree, node, step, err) < 0)
			return cr_wrap(err, "'%s'", step->path);
	}
	return cr_win_tree_settle(tree, err);
}

static void filter_admins(struct cr_win_group *groups, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < sizeof(lua_groups) / sizeof(lua_groups[0]); k++) {
			struct cr_win_sid sid;

			if (cr_sddl_parse_sid(lua_groups[k], &sid, NULL) == 0 &&
			    cr_win_sid_equal(&sid, &groups[i].sid))
				groups[i].attributes = CR_WIN_GROUP_DENY_ONLY;
		}
	}
}

/* "CreateRestrictedToken": what its flags do to a token. */
static void take_flags(struct cr_win_token *token, struct cr_win_group *groups, uint64_t flags)
{
	if (flags & (CR_WIN_TOKEN_DISABLE_MAX_PRIVILEGE | CR_WIN_TOKEN_LUA_TOKEN))
		token->privileges &= CR_WIN_PRIV_CHANGE_NOTIFY;
	if (flags & CR_WIN_TOKEN_LUA_TOKEN) {
		filter_admins(groups, token->n_groups);
		if (token->level > CR_WIN_IL_MEDIUM)
			token->level = CR_WIN_IL_MEDIUM;
	}
	token->write_restricted = flags & CR_WIN_TOKEN_WRITE_RESTRICTED;
}

static int take_level(struct cr_win_token *token, const struct cr_step *step, struct cr_err *err)
{
	struct cr_win_sid sid;

	if (cr_sddl_parse_sid(step->detail, &sid, err) < 0)
		return -1;
	token->level = sid.subs[0];
	return 0;
}

int cr_win_token_plan(struct cr_arena *arena, const struct cr_plan *plan,
		      const struct cr_win_token *base, struct cr_win_token *out, struct cr_err *err)
{
	struct cr_win_sid *sids = cr_arena_alloc(arena, plan->n_steps + 1, sizeof(*sids));
	struct cr_win_group *groups = cr_arena_alloc(arena, base->n_groups + 1, sizeof(*groups));
	struct cr_win_token token = *base;

	if (!sids || !groups)
		return cr_fail(err, CR_E_NOMEM, "token");
	if (base->n_groups > 0)
		memcpy(groups, base->groups, base->n_groups * sizeof(*groups));
	token.groups = groups;
	token.restricting = sids;
	token.n_restricting = 0;
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct cr_step *step = &plan->steps[i];

		if (step->kind == CR_STEP_WIN_TOKEN)
			take_flags(&token, groups, step->value);
		if (step->kind == CR_STEP_WIN_SID &&
		    cr_sddl_parse_sid(step->detail, &sids[token.n_restricting++], err) < 0)
			return cr_wrap(err, "restricting SID '%s'", step->detail);
		if (step->kind == CR_STEP_WIN_LEVEL && take_level(&token, step, err) < 0)
			return cr_wrap(err, "level '%s'", step->detail);
	}
	*out = token;
	return 0;
}

int cr_win_token_person(struct cr_arena *arena, const struct cr_win_person *person,
			struct cr_win_token *out, struct cr_err *err)
{
	/* Everyone, Users, Authenticated Users, INTERACTIVE, LOCAL, then the two that vary */
	const char *names[] = {"WD", "BU", "AU", "IU", "S-1-2-0", person->logon, "BA"};
	const size_t count = sizeof(names) / sizeof(names[0]) - (person->is_admin ? 0 : 1);
	struct cr_win_group *groups = cr_arena_alloc(arena, count, sizeof(*groups));

	if (!groups)
		return cr_fail(err, CR_E_NOMEM, "token");
	*out = (struct cr_win_token){
		.groups = groups,
		.n_groups = count,
		.privileges = CR_WIN_PRIV_CHANGE_NOTIFY,
		.level = person->is_admin ? CR_WIN_IL_HIGH : CR_WIN_IL_MEDIUM,
	};
	if (person->is_admin)
		out->privileges |= CR_WIN_PRIV_TAKE_OWNERSHIP | CR_WIN_PRIV_SECURITY |
				   CR_WIN_PRIV_BACKUP | CR_WIN_PRIV_RESTORE;
	for (size_t i = 0; i < count; i++) {
		groups[i].attributes = CR_WIN_GROUP_ENABLED;
		if (cr_sddl_parse_sid(names[i], &groups[i].sid, err) < 0)
			return -1;
	}
	return cr_sddl_parse_sid(person->user, &out->user, err);
}
