/*
 * rules_index.c - the lists that decide.c searches.
 *
 * Must never leave out a rule: a deny that is not found is a hole.
 */
#include <string.h>

#include "path.h"
#include "rules_impl.h"
#include "sort.h"

int cr_rule_rank(const struct cr_rule *a, const struct cr_rule *b)
{
	bool a_system = a->origin.layer == CR_LAYER_SYSTEM;
	bool b_system = b->origin.layer == CR_LAYER_SYSTEM;

	if (cr_rule_is_weak(a) != cr_rule_is_weak(b))
		return cr_rule_is_weak(a) ? 1 : -1;
	if (a->decision != b->decision)
		return (int)a->decision - (int)b->decision;
	if (a_system != b_system)
		return a_system ? 1 : -1;
	return a < b ? -1 : 1; /* all in one array, in order of layers and lines */
}

struct indexing {
	struct cr_arena *arena;
	struct cr_ruleset *set;
	const enum cr_group *groups;
	enum cr_group group;
	enum cr_capability cap;
	bool implied_read;
};

static int by_path(const void *ctx, const void *a, const void *b)
{
	const struct cr_rule *one = a, *two = b;
	int order = cr_path_cmp(*(const enum cr_os *)ctx, one->path, two->path);

	return order ? order : cr_rule_rank(one, two);
}

static int by_entry(const void *ctx, const void *a, const void *b)
{
	const struct cr_rule *one = a, *two = b;
	int order = cr_path_cmp(*(const enum cr_os *)ctx, one->entry, two->entry);

	return order ? order : cr_rule_rank(one, two);
}

static int sort(const struct indexing *x, const struct cr_rule **items, size_t count,
		cr_sort_fn compare)
{
	return cr_sort(x->arena, items, count, compare, &x->set->ctx.os);
}

/* Does `rule` bear on `cap`, in a group that allows (or not) reading by itself? */
static bool belongs(const struct cr_rule *rule, enum cr_capability cap, bool implied_read)
{
	if (rule->cap == cap)
		return true;
	if (cap == CR_CAP_READ)
		return implied_read && rule->cap == CR_CAP_WRITE && rule->decision == CR_ALLOW;
	return cap == CR_CAP_WRITE && rule->cap == CR_CAP_READ && rule->decision == CR_DENY;
}

static bool has_allow(const struct indexing *x, enum cr_capability cap)
{
	for (size_t i = 0; i < x->set->n_rules; i++)
		if (x->groups[i] == x->group && x->set->rules[i].cap == cap &&
		    x->set->rules[i].decision != CR_DENY)
			return true;
	return false;
}

static void fill(const struct indexing *x, struct cr_rule_list *list)
{
	for (size_t i = 0; i < x->set->n_rules; i++) {
		const struct cr_rule *rule = &x->set->rules[i];

		if (x->groups[i] != x->group || !belongs(rule, x->cap, x->implied_read))
			continue;
		if (!rule->literal)
			list->other[list->n_other++] = rule;
		else
			list->literal[list->n_literal++] = rule;
		if (x->cap == CR_CAP_WRITE && rule->entry && rule->decision != CR_ALLOW)
			list->by_entry[list->n_by_entry++] = rule;
	}
}

/*
 * A path's nearest rule above is on the chain of `up` that starts at the last literal not after
 * it: whatever lies between that rule and the path in the order lies beneath the rule.
 */
static void link_up(enum cr_os os, struct cr_rule_list *list, int32_t *up)
{
	for (size_t i = 0; i < list->n_literal; i++) {
		const char *path = list->literal[i]->path;
		int32_t above = (int32_t)i - 1;

		while (above >= 0 && !cr_path_within(os, path, list->literal[above]->path))
			above = up[above];
		if (above >= 0 && up[above] >= 0 &&
		    cr_path_cmp(os, list->literal[above]->path, list->literal[up[above]]->path) ==
			    0)
			above = up[above];
		up[i] = above;
	}
	list->up = up;
}

static int build_list(const struct indexing *x, struct cr_rule_list *list)
{
	enum cr_os os = x->set->ctx.os;
	size_t room = 0;

	for (size_t i = 0; i < x->set->n_rules; i++)
		room += x->groups[i] == x->group &&
			belongs(&x->set->rules[i], x->cap, x->implied_read);
	list->allows = has_allow(x, x->cap);
	if (!room)
		return 0;
	list->literal = cr_arena_alloc(x->arena, room, sizeof(*list->literal));
	list->other = cr_arena_alloc(x->arena, room, sizeof(*list->other));
	list->by_entry = cr_arena_alloc(x->arena, room, sizeof(*list->by_entry));

	int32_t *up = cr_arena_alloc(x->arena, room, sizeof(*up));

	if (!list->literal || !list->other || !list->by_entry || !up)
		return -1;
	fill(x, list);
	if (sort(x, list->literal, list->n_literal, by_path) < 0 ||
	    sort(x, list->by_entry, list->n_by_entry, by_entry) < 0)
		return -1;
	link_up(os, list, up);
	return 0;
}

int cr_rules_index(struct cr_arena *arena, struct cr_ruleset *set, const enum cr_group *groups,
		   struct cr_err *err)
{
	struct indexing x = {.arena = arena, .set = set, .groups = groups};

	for (int group = 0; group < CR_GROUP_COUNT; group++) {
		x.group = (enum cr_group)group;
		/* Managed `allow write /w` alone must not turn "nothing said about reading" into
		 * "only /w may be read". */
		x.implied_read = x.group != CR_GROUP_MANAGED || has_allow(&x, CR_CAP_READ);
		for (int cap = 0; cap < CR_CAP_COUNT; cap++) {
			x.cap = (enum cr_capability)cap;
			if (build_list(&x, &set->lists[group][cap]) < 0)
				return cr_fail(err, CR_E_NOMEM, "rules");
		}
	}
	return 0;
}
