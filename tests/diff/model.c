/*
 * model.c - what decide() means for one operation. This is the whole mapping between the model
 * and the kernel, and it is stated here once:
 *
 *   1. A path is judged where it leads, links followed; operations on a name (rename, link,
 *      create) are judged at that name, its directory's links followed.
 *   2. Opening a file or listing a directory for reading needs a view that is not HIDDEN;
 *      opening for writing, truncating and chmod need WRITABLE. stat is promised of what is
 *      shown; nothing is promised of the stat of something hidden.
 *   3. Making a name needs a WRITABLE directory and a WRITABLE view of the name. A pattern is a
 *      snapshot of what was there: it has no say about a new name that no literal rule names.
 *   4. Moving, exchanging or linking a name needs a WRITABLE directory and a WRITABLE name.
 *   5. A directory in which a literal rule speaks of something that is not WRITABLE, there or
 *      not, stays where it is: moved away it would take the rule's object along. Such a
 *      directory that is missing cannot be made, and a file in its place stays, too.
 *   6. Full tier: what leads through a link works only where the box shows the link: its
 *      directory, or (by a pattern) the link itself.
 *   7. Full tier, where the box has a place of its own: files of the host are there only at and
 *      beneath what an explicit allow names, and not where they are HIDDEN. Nothing else is
 *      promised of what is not shown there: it is the box's own.
 *   8. Landlock tier: what is not WRITABLE but lies in something that is, is the gap
 *      `protected-paths`; chmod elsewhere is the gap `metadata`; a directory with something
 *      hidden in it cannot be listed (a note of the plan); stat always works.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/path.h"
#include "core/pattern.h"
#include "diff.h"

struct judged {
	const char *path;   /* canonical, what is judged */
	const char *parent; /* its directory */
	enum cr_view view, parent_view;
	const struct cr_rule *rule;
	bool by_name;
};

static bool is_by_name(enum op op)
{
	switch (op) {
	case OP_CREATE:
	case OP_MKDIR:
	case OP_SYMLINK:
	case OP_RENAME:
	case OP_SWAP:
	case OP_LINK:
		return true;
	case OP_READ:
	case OP_LIST:
	case OP_STAT:
	case OP_WRITE:
	case OP_TRUNCATE:
	case OP_CHMOD:
	case OP_COUNT:
		break;
	}
	return false;
}

static const char *resolve(const struct model *model, const char *path)
{
	struct cr_resolved at;

	return cr_resolve(model->resolver, path, &at, NULL) < 0 ? path : at.path;
}

static const char *parent_of(const struct model *model, const char *path)
{
	return cr_path_parent(model->arena, CR_OS_LINUX, path);
}

static enum cr_view view_at(const struct model *model, const char *path)
{
	return cr_decide_view(model->rules, path, NULL);
}

static struct judged judge(const struct model *model, const struct access *access)
{
	struct judged judged = {.by_name = is_by_name(access->op)};

	if (judged.by_name) {
		judged.parent = resolve(model, parent_of(model, access->path));
		judged.path = cr_path_join(model->arena, CR_OS_LINUX, judged.parent,
					   cr_path_base(CR_OS_LINUX, access->path));
	} else {
		judged.path = resolve(model, access->path);
		judged.parent = parent_of(model, judged.path);
	}
	judged.view = cr_decide_view(model->rules, judged.path, &judged.rule);
	judged.parent_view = view_at(model, judged.parent);
	return judged;
}

static bool is_named(const struct model *model, const char *path)
{
	for (size_t i = 0; i < model->rules->n_rules; i++) {
		const struct cr_rule *rule = &model->rules->rules[i];

		if (rule->cap <= CR_CAP_WRITE && rule->literal && !strcmp(rule->path, path))
			return true;
	}
	return false;
}

/* Number 5. */
static bool has_literal_inside(const struct model *model, const char *path)
{
	const struct cr_ruleset *rules = model->rules;

	for (size_t i = 0; i < rules->n_rules; i++) {
		const struct cr_rule *rule = &rules->rules[i];

		if (rule->cap > CR_CAP_WRITE || !rule->literal)
			continue;
		if (beneath(rule->path, path) && view_at(model, rule->path) != CR_VIEW_WRITABLE)
			return true;
		if (rule->decision != CR_ALLOW && beneath(rule->entry, path) &&
		    view_at(model, rule->entry) != CR_VIEW_WRITABLE)
			return true;
	}
	return false;
}

/* Number 7. */
static bool in_fresh(const struct model *model, const char *path)
{
	return model->tree->fresh && cr_path_within(CR_OS_LINUX, path, model->tree->fresh);
}

/* Is the host's file asked for, here or above? Above the second tree nothing is. */
static bool is_asked_for(const struct model *model, const char *path)
{
	for (size_t i = 0; i < model->rules->n_rules; i++) {
		const struct cr_rule *rule = &model->rules->rules[i];

		if (rule->cap > CR_CAP_WRITE || rule->decision != CR_ALLOW ||
		    rule->origin.layer == CR_LAYER_SYSTEM || rule->origin.layer == CR_LAYER_MANAGED)
			continue;
		if (rule->literal ? in_fresh(model, rule->path) &&
					    cr_path_within(CR_OS_LINUX, path, rule->path)
				  : cr_pattern_covers(CR_OS_LINUX, rule->path, path) >
					    (int)cr_path_depth(CR_OS_LINUX, model->tree->fresh) - 1)
			return true;
	}
	return false;
}

/* Number 6: is every link on the way shown? */
static bool links_shown(const struct model *model, const char *path, int left)
{
	unsigned depth = cr_path_depth(CR_OS_LINUX, path);

	for (unsigned i = 1; i <= depth; i++) {
		const char *prefix = cr_path_prefix(model->arena, CR_OS_LINUX, path, i);
		const char *parent = resolve(model, parent_of(model, prefix));
		const char *real = cr_path_join(model->arena, CR_OS_LINUX, parent,
						cr_path_base(CR_OS_LINUX, prefix));
		char text[CR_MAX_PATH];
		ssize_t len = readlink(real, text, sizeof(text) - 1);

		if (len < 0)
			continue;
		text[len] = '\0';

		const char *target =
			cr_path_resolve(model->arena, CR_OS_LINUX, parent, text, 0, NULL);

		if (view_at(model, parent) == CR_VIEW_HIDDEN &&
		    view_at(model, real) == CR_VIEW_HIDDEN)
			return false;
		if (in_fresh(model, real) && !is_asked_for(model, real))
			return false;
		if (target && left > 0 && !links_shown(model, target, left - 1))
			return false;
	}
	return true;
}

/* Number 7, of a place of the box's own. */
static bool is_shown(const struct model *model, const struct judged *judged)
{
	if (judged->by_name)
		return judged->parent_view != CR_VIEW_HIDDEN && is_asked_for(model, judged->parent);
	return judged->view != CR_VIEW_HIDDEN && is_asked_for(model, judged->path);
}

static bool may_name(const struct model *model, const struct judged *judged, enum op op)
{
	bool is_new = op == OP_CREATE || op == OP_MKDIR || op == OP_SYMLINK;
	bool writable = judged->view == CR_VIEW_WRITABLE;

	if (is_new && judged->rule && !judged->rule->literal && !is_named(model, judged->path))
		writable = true; /* number 3 */
	return judged->parent_view == CR_VIEW_WRITABLE && writable &&
	       !has_literal_inside(model, judged->path);
}

static bool is_allowed(const struct model *model, const struct judged *judged, enum op op)
{
	if (judged->by_name)
		return may_name(model, judged, op);
	if (op == OP_READ || op == OP_LIST || op == OP_STAT)
		return judged->view != CR_VIEW_HIDDEN;
	return judged->view == CR_VIEW_WRITABLE;
}

static bool has_gap(const struct model *model, const char *name)
{
	for (size_t i = 0; i < model->plan->n_gaps; i++)
		if (!strcmp(model->plan->gaps[i].name, name))
			return true;
	return false;
}

static bool in_writable(const struct model *model, const char *path)
{
	for (unsigned i = 0; i <= cr_path_depth(CR_OS_LINUX, path); i++)
		if (view_at(model, cr_path_prefix(model->arena, CR_OS_LINUX, path, i)) ==
		    CR_VIEW_WRITABLE)
			return true;
	return false;
}

static bool has_hidden_inside(const struct model *model, const char *path)
{
	for (size_t i = 0; i < model->tree->count; i++) {
		const struct entry *entry = &model->tree->entries[i];

		if (entry->type != CR_FT_SYMLINK && beneath(entry->path, path) &&
		    view_at(model, entry->path) == CR_VIEW_HIDDEN)
			return true;
	}
	return false;
}

/* Number 8. */
static enum expected expect_landlock(const struct model *model, const struct judged *judged,
				     enum op op)
{
	const char *place = judged->by_name ? judged->parent : judged->path;
	bool allowed = is_allowed(model, judged, op);

	if (op == OP_STAT)
		return MUST_WORK;
	if (op == OP_LIST && allowed && !in_writable(model, place) &&
	    has_hidden_inside(model, place))
		return MUST_FAIL;
	if (allowed)
		return MUST_WORK;
	if (in_writable(model, place) && has_gap(model, "protected-paths"))
		return MAY_WORK_GAP;
	if (op == OP_CHMOD && has_gap(model, "metadata"))
		return MAY_WORK_GAP;
	return MUST_FAIL;
}

enum expected model_expects(const struct model *model, const struct access *access)
{
	const struct judged judged = judge(model, access);
	const char *way = judged.by_name ? parent_of(model, access->path) : access->path;

	if (model->rules->ctx.tier == CR_TIER_LANDLOCK)
		return expect_landlock(model, &judged, access->op);
	if (in_fresh(model, judged.path) && !is_shown(model, &judged))
		return access->op == OP_READ ? MUST_FAIL : NOT_PROMISED;
	if (access->op == OP_STAT && judged.view == CR_VIEW_HIDDEN)
		return NOT_PROMISED;
	if (is_allowed(model, &judged, access->op) && links_shown(model, way, CR_MAX_SYMLINKS))
		return MUST_WORK;
	return access->op == OP_STAT ? NOT_PROMISED : MUST_FAIL;
}

const char *model_object(const struct model *model, const struct access *access)
{
	return judge(model, access).path;
}

const char *model_explains(const struct model *model, const struct access *access)
{
	static const char *const views[] = {
		[CR_VIEW_HIDDEN] = "hidden",
		[CR_VIEW_READ_ONLY] = "read-only",
		[CR_VIEW_WRITABLE] = "writable",
	};
	const struct judged judged = judge(model, access);

	return cr_arena_printf(
		model->arena, "'%s' is %s by %s, '%s' is %s%s", judged.path, views[judged.view],
		judged.rule ? judged.rule->text : "no rule", judged.parent,
		views[judged.parent_view],
		has_literal_inside(model, judged.path) ? ", with a literal rule inside" : "");
}
