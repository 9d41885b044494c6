/*
 * winaccess_plan.c - a plan carried out on the model: its entries, labels and pins on a tree, its
 * token made of a user's.
 *
 * Must do what plan_windows.h says the backend does, and nothing more: what a step does not say is
 * not added.
 */
#include <string.h>

#include "path.h"
#include "plan_windows.h"
#include "sddl.h"
#include "winaccess_tree.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The groups that CreateRestrictedToken's LUA_TOKEN makes deny-only, as far as they are fixed. */
static const char *const lua_groups[] = {"BA", "PU", "AO", "SO", "PO", "BO"};

/* S-1-5-5-a-b ([MS-DTYP] 2.4.2.4) among the groups; NULL: none. */
static const struct cr_win_sid *logon_of(const struct cr_win_token *token)
{
	for (size_t i = 0; i < token->n_groups; i++) {
		const struct cr_win_sid *sid = &token->groups[i].sid;

		if (sid->authority == 5 && sid->n_subs == 3 && sid->subs[0] == 5)
			return sid;
	}
	return NULL;
}

/* A text of a step with the token's logon SID where the plan leaves it open; NULL: no memory. */
static const char *fill_logon(struct cr_arena *arena, const struct cr_win_token *token,
			      const char *text)
{
	const struct cr_win_sid *logon = logon_of(token);
	char sid[CR_WIN_SID_TEXT_MAX];
	const char *open;

	text = text ? text : "";
	while (text && logon && (open = strstr(text, CR_WIN_ANY_LOGON)))
		text = cr_arena_printf(arena, "%.*s%s%s", (int)(open - text), text,
				       cr_win_sid_print(logon, sid),
				       open + strlen(CR_WIN_ANY_LOGON));
	return text;
}

/* One plan being carried out. */
struct work {
	struct cr_win_tree *tree;
	const struct cr_plan *plan;
	const struct cr_win_token *token;
	const struct cr_step *step;
	struct cr_err *err;
};

/* The label of an object, its only one, not open to an inherited one. */
static int set_label(struct work *work, struct cr_win_sd *sd, const struct cr_win_ace *label)
{
	struct cr_win_ace *aces =
		cr_arena_alloc(work->tree->arena, sd->sacl.count + 1, sizeof(*aces));
	size_t count = 0;

	if (!aces)
		return cr_fail(work->err, CR_E_NOMEM, "tree");
	aces[count++] = *label;
	for (size_t i = 0; i < sd->sacl.count; i++) {
		if (sd->sacl.aces[i].type != CR_WIN_ACE_LABEL)
			aces[count++] = sd->sacl.aces[i];
	}
	sd->sacl = (struct cr_win_acl){.aces = aces, .count = count};
	sd->control |= CR_WIN_SD_SACL_PROTECTED;
	sd->has_sacl = true;
	return 0;
}

/*
 * Without a list everybody may do everything; before a first entry that is said by one. It is not
 * for heirs: what lies in a directory without a list inherits nothing from it.
 */
static int add_ace(struct work *work, struct cr_win_node *node, const struct cr_win_ace *ace)
{
	static const struct cr_win_ace all = {
		.type = CR_WIN_ACE_ALLOW,
		.mask = CR_WIN_FILE_ALL_ACCESS,
		.sid = {.authority = 1, .n_subs = 1},
	};

	if (!node->own.has_dacl && cr_win_acl_add(work->tree->arena, &node->own.dacl, &all) < 0)
		return cr_fail(work->err, CR_E_NOMEM, "tree");
	node->own.has_dacl = true;
	if (cr_win_acl_add(work->tree->arena, &node->own.dacl, ace) < 0)
		return cr_fail(work->err, CR_E_NOMEM, "tree");
	return 0;
}

/* An inherited denial does not reach it, or comes behind what the object itself allows. */
static bool needs_its_own(const struct cr_win_node *node)
{
	if (!node->own.has_dacl || node->own.control & CR_WIN_SD_DACL_PROTECTED)
		return true;
	for (size_t i = 0; i < node->own.dacl.count; i++) {
		if (node->own.dacl.aces[i].type == CR_WIN_ACE_ALLOW)
			return true;
	}
	return false;
}

static int deny_beneath(struct work *work, size_t top, const struct cr_win_ace *denial)
{
	const struct cr_win_tree *tree = work->tree;

	for (size_t i = top + 1; i < tree->count; i++) {
		struct cr_win_node *node = &tree->nodes[i];
		struct cr_win_ace ace = *denial;

		if (!cr_path_within(CR_OS_WINDOWS, node->path, tree->nodes[top].path) ||
		    !needs_its_own(node) ||
		    cr_win_allows_again(work->plan, tree->nodes[top].path, node->path))
			continue;
		ace.flags = node->is_dir ? denial->flags : 0;
		if (add_ace(work, node, &ace) < 0)
			return -1;
	}
	return 0;
}

static int add_entry(struct work *work, struct cr_win_node *node)
{
	const char *text = fill_logon(work->tree->arena, work->token, work->step->detail);
	struct cr_win_ace ace;

	if (!text)
		return cr_fail(work->err, CR_E_NOMEM, "tree");
	if (cr_sddl_parse_ace(text, &ace, work->err) < 0)
		return -1;
	if (ace.type == CR_WIN_ACE_LABEL)
		return set_label(work, &node->own, &ace);
	if (add_ace(work, node, &ace) < 0)
		return -1;
	if (ace.type == CR_WIN_ACE_DENY && ace.flags)
		return deny_beneath(work, (size_t)(node - work->tree->nodes), &ace);
	return 0;
}

/* What a box makes for itself; held open until its end. */
static int make(struct work *work)
{
	const char *sddl = fill_logon(work->tree->arena, work->token, work->step->detail);

	if (!sddl)
		return cr_fail(work->err, CR_E_NOMEM, "tree");
	if (!cr_win_tree_find(work->tree, work->step->path) &&
	    cr_win_tree_add(work->tree, work->step->path, true, sddl, work->err) < 0)
		return -1;
	cr_win_tree_find(work->tree, work->step->path)->pinned = true;
	return 0;
}

static int carry_out(struct work *work)
{
	const enum cr_step_kind kind = work->step->kind;
	const char *path = work->step->path;
	struct cr_win_node *node;

	if (path && (kind == CR_STEP_TEMP_DIR || kind == CR_STEP_RESERVE))
		return make(work);
	node = path ? cr_win_tree_find(work->tree, path) : NULL;
	if (node && kind == CR_STEP_PIN)
		node->pinned = true;
	if (node &&
	    (kind == CR_STEP_WIN_ALLOW || kind == CR_STEP_WIN_DENY || kind == CR_STEP_WIN_LABEL ||
	     kind == CR_STEP_WIN_HIDE || kind == CR_STEP_WIN_READ))
		return add_entry(work, node);
	return 0;
}

int cr_win_tree_apply(struct cr_win_tree *tree, const struct cr_plan *plan,
		      const struct cr_win_token *token, struct cr_err *err)
{
	struct work work = {.tree = tree, .plan = plan, .token = token, .err = err};

	for (size_t i = 0; i < plan->n_steps; i++) {
		work.step = &plan->steps[i];
		if (carry_out(&work) < 0)
			return cr_wrap(err, "step '%s' of '%s'", cr_step_kind_name(work.step->kind),
				       work.step->path);
	}
	return cr_win_tree_settle(tree, err);
}

static void filter_admins(struct cr_win_group *groups, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < COUNT(lua_groups); k++) {
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

static int take_step(struct cr_arena *arena, const struct cr_step *step, struct cr_win_token *token,
		     struct cr_win_sid *next, struct cr_err *err)
{
	const char *text = fill_logon(arena, token, step->detail);
	struct cr_win_sid sid;

	if (!text)
		return cr_fail(err, CR_E_NOMEM, "token");
	if (cr_sddl_parse_sid(text, &sid, err) < 0)
		return -1;
	if (step->kind == CR_STEP_WIN_LEVEL) {
		token->level = sid.subs[0];
	} else {
		*next = sid;
		token->n_restricting++;
	}
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
		if ((step->kind == CR_STEP_WIN_SID || step->kind == CR_STEP_WIN_LEVEL) &&
		    take_step(arena, step, &token, &sids[token.n_restricting], err) < 0)
			return cr_wrap(err, "step '%s'", cr_step_kind_name(step->kind));
	}
	*out = token;
	return 0;
}

int cr_win_token_person(struct cr_arena *arena, const struct cr_win_person *person,
			struct cr_win_token *out, struct cr_err *err)
{
	/* Everyone, Users, Authenticated Users, INTERACTIVE, LOCAL, then the two that vary */
	const char *names[] = {"WD", "BU", "AU", "IU", "S-1-2-0", person->logon, "BA"};
	const size_t count = COUNT(names) - (person->is_admin ? 0 : 1);
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
