/*
 * plan_windows_acl.c - the access control entries and labels of every path.
 *
 * Must never plan an entry on a drive's root, nor one that grants FILE_DELETE_CHILD: NTFS takes
 * that right on a directory for DELETE on whatever lies in it, label and entries of the child
 * notwithstanding. Write-restriction checks neither it nor DELETE, WRITE_DAC and WRITE_OWNER.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "plan_windows_impl.h"

static const struct cr_origin *origin_of(const struct cr_point *point)
{
	return point->rule ? &point->rule->origin : &cr_origin_system;
}

static bool exists(const struct cr_win_planner *planner, const struct cr_point *point)
{
	return planner->blind || point->type != CR_FT_NONE || cr_win_is_temp(planner, point->path);
}

static bool is_drive(const struct cr_point *point)
{
	return point->parent < 0;
}

static void add_on(struct cr_win_planner *planner, const struct cr_point *point,
		   enum cr_step_kind kind, const char *detail, uint32_t mask)
{
	cr_win_add(planner, &(struct cr_step){
				    .kind = kind,
				    .life = point->life,
				    .path = point->path,
				    .detail = detail,
				    .value = mask,
				    .type = point->type,
				    .id = point->id,
				    .origin = *origin_of(point),
			    });
}

/* Inherited by all that lies beneath a directory; a file or a link has no heirs. */
static const char *heirs(const struct cr_point *point)
{
	return point->type == CR_FT_FILE || point->type == CR_FT_SYMLINK ? "" : "OICI";
}

static void add_ace(struct cr_win_planner *planner, const struct cr_point *point,
		    enum cr_step_kind kind, uint32_t mask, const char *sid)
{
	const char type = kind == CR_STEP_WIN_DENY || kind == CR_STEP_WIN_HIDE ? 'D' : 'A';

	add_on(planner, point, kind,
	       cr_win_keep(planner,
			   cr_arena_printf(planner->builder.arena, "(%c;%s;0x%" PRIx32 ";;;%s)",
					   type, heirs(point), mask, sid)),
	       mask);
}

static void add_label(struct cr_win_planner *planner, const struct cr_point *point,
		      const char *level)
{
	if (!planner->builder.facts->integrity_labels)
		return;
	add_on(planner, point, CR_STEP_WIN_LABEL,
	       cr_win_keep(planner, cr_arena_printf(planner->builder.arena, "(ML;%s;NW;;;%s)",
						    heirs(point), level)),
	       0);
}

/* Index of the writable root a point lies in, or -1. */
static int root_around(const struct cr_win_planner *planner, const struct cr_point *point)
{
	for (int i = point->parent; i >= 0; i = planner->points[i].parent) {
		if (planner->sids[i])
			return i;
		if (planner->points[i].view != CR_VIEW_WRITABLE)
			return -1;
	}
	return -1;
}

/* What lies at the first `depth` components of a point's path; false: the builder has failed. */
static bool look_at(struct cr_win_planner *planner, const struct cr_point *point, unsigned depth,
		    struct cr_point *out)
{
	struct cr_builder *builder = &planner->builder;
	struct cr_resolved resolved;

	*out = (struct cr_point){.life = CR_LIFE_LIVE, .rule = point->rule};
	out->path = cr_win_keep(planner, cr_path_prefix(builder->arena, builder->rules->ctx.os,
							point->path, depth));
	if (!out->path)
		return false;
	if (cr_resolve(builder->rules->resolver, out->path, &resolved, builder->err) < 0) {
		builder->failed = 1;
		return false;
	}
	out->type = resolved.stat.type;
	out->id = resolved.stat.id;
	return true;
}

/*
 * The entry grants DELETE on the root itself too, so its name is held by an open handle that
 * shares no deletion (the pin) as long as the box lives. temp-dir brings its descriptor along.
 */
static void add_writable(struct cr_win_planner *planner, size_t index)
{
	const struct cr_point *point = &planner->points[index];

	if (!planner->sids[index]) {
		/* a list that comes with carrel names what may be there */
		if (point->around != CR_VIEW_WRITABLE && !point->is_link &&
		    origin_of(point)->layer != CR_LAYER_DEFAULT) {
			cr_build_note(&planner->builder, origin_of(point),
				      "'%s' does not exist: nothing to make writable", point->path);
		}
		return;
	}
	if (cr_win_is_temp(planner, point->path))
		return;
	if (!cr_win_is_open(planner, point->path)) {
		add_ace(planner, point, CR_STEP_WIN_ALLOW, CR_WIN_ROOT_MASK, planner->sids[index]);
		if (planner->account)
			add_ace(planner, point, CR_STEP_WIN_ALLOW, CR_WIN_ROOT_MASK,
				planner->account);
		add_label(planner, point, CR_WIN_LEVEL_BOX);
	}
	add_on(planner, point, CR_STEP_PIN, NULL, 0);
}

/*
 * A protected name is no use when a directory above it can be renamed away and made anew. What a
 * wildcard matches is a snapshot of names, the next may be anywhere anyway: the way to it is held
 * only for the sake of what a rule names in it.
 */
static void pin_above(struct cr_win_planner *planner, const struct cr_point *point,
		      unsigned root_depth, unsigned depth)
{
	if (point->from_pattern && !planner->named_below[point - planner->points])
		return;
	for (unsigned d = root_depth + 1; d < depth; d++) {
		struct cr_point above;

		if (!look_at(planner, point, d, &above))
			return;
		add_on(planner, &above, CR_STEP_PIN, NULL, 0);
	}
}

static const char *reserved_sddl(struct cr_win_planner *planner, bool hidden)
{
	const struct cr_facts *facts = planner->builder.facts;
	struct cr_arena *arena = planner->builder.arena;
	const char *read = "", *label = "";

	if (planner->account && !hidden)
		read = cr_arena_printf(arena, "(A;OICI;0x%x;;;%s)", CR_WIN_READ_MASK,
				       planner->account);
	if (facts->integrity_labels)
		label = "S:(ML;OICI;NW;;;" CR_WIN_LEVEL_MEDIUM ")";
	if (!read)
		return cr_win_keep(planner, NULL);
	return cr_win_keep(planner,
			   cr_arena_printf(arena, "D:P(A;OICI;FA;;;%s)(A;OICI;FA;;;%s)%s%s",
					   CR_WIN_SYSTEM, facts->user_sid, read, label));
}

/*
 * NTFS can deny making files in a directory, but not making one name, and without the name there
 * is nothing to put an entry on. So the name is taken: an empty directory, held open for deletion.
 * Where directories above it are missing, the topmost one is what can be kept from being made.
 */
static void reserve(struct cr_win_planner *planner, const struct cr_point *point,
		    unsigned root_depth)
{
	const unsigned depth = cr_path_depth(CR_OS_WINDOWS, point->path);
	struct cr_fileid parent = {0};

	for (unsigned d = root_depth; d <= depth; d++) {
		struct cr_point at;

		if (!look_at(planner, point, d, &at))
			return;
		if (at.type == CR_FT_DIR) {
			parent = at.id;
			continue;
		}
		pin_above(planner, point, root_depth, d);
		if (at.type != CR_FT_NONE) { /* a file in the way: as long as it stays */
			add_on(planner, &at, CR_STEP_PIN, NULL, 0);
			return;
		}
		if (d < depth)
			cr_build_note(&planner->builder, origin_of(point),
				      "'%s' cannot be made in the box: '%s' in it is protected",
				      at.path, point->path);
		at.id = parent;
		add_on(planner, &at, CR_STEP_RESERVE,
		       reserved_sddl(planner, point->view == CR_VIEW_HIDDEN && d == depth), 0);
		if (!planner->protected)
			planner->protected = at.path;
		return;
	}
}

/*
 * Not writable, though it lies in a writable root. What lies in it is held by its label. The name
 * itself is an entry of a directory the command may write: FILE_DELETE_CHILD there is as good as
 * DELETE here, and no denial of that would last, since the command often owns that directory and
 * an owner may change its entries. So the name is held open as long as the box lives.
 */
static void add_protected(struct cr_win_planner *planner, const struct cr_point *point)
{
	const int root = root_around(planner, point);
	const unsigned depth = cr_path_depth(CR_OS_WINDOWS, point->path);
	unsigned root_depth;

	if (root < 0 || cr_win_is_open(planner, point->path))
		return;
	root_depth = cr_path_depth(CR_OS_WINDOWS, planner->points[root].path);
	if (!exists(planner, point)) {
		reserve(planner, point, root_depth);
		return;
	}
	pin_above(planner, point, root_depth, depth);
	add_ace(planner, point, CR_STEP_WIN_DENY, CR_WIN_PROTECT_MASK, planner->sids[root]);
	if (planner->account && point->view != CR_VIEW_HIDDEN)
		add_ace(planner, point, CR_STEP_WIN_DENY, CR_WIN_PROTECT_MASK, planner->account);
	add_label(planner, point, CR_WIN_LEVEL_MEDIUM);
	add_on(planner, point, CR_STEP_PIN, NULL, 0);
	if (!planner->protected)
		planner->protected = point->path;
}

static void add_read_only(struct cr_win_planner *planner, const struct cr_point *point)
{
	if (point->around == CR_VIEW_WRITABLE)
		add_protected(planner, point);
	if (point->around == CR_VIEW_HIDDEN && !is_drive(point) && planner->account &&
	    exists(planner, point) && !cr_win_is_open(planner, point->path))
		add_ace(planner, point, CR_STEP_WIN_READ, CR_WIN_READ_MASK, planner->account);
}

static void hide(struct cr_win_planner *planner, const struct cr_point *point)
{
	if (exists(planner, point)) {
		if (!cr_win_is_open(planner, point->path))
			add_ace(planner, point, CR_STEP_WIN_HIDE, CR_WIN_ALL_MASK,
				planner->account);
		return;
	}
	if (point->around == CR_VIEW_WRITABLE || planner->told_absent)
		return;
	planner->told_absent = true;
	cr_build_note(&planner->builder, origin_of(point),
		      "'%s' does not exist: should it, or another hidden name, be made outside the "
		      "box while that runs, it can be read until the next run",
		      point->path);
}

static void add_hidden(struct cr_win_planner *planner, const struct cr_point *point)
{
	struct cr_builder *builder = &planner->builder;

	if (is_drive(point) && !exists(planner, point))
		return;
	if (is_drive(point)) {
		cr_build_gap(builder, "hidden-files", origin_of(point),
			     "'%s': what is not allowed can be read all the same; reading is not "
			     "confined to single directories on this system",
			     point->path);
		return;
	}
	if (point->around == CR_VIEW_HIDDEN)
		return;
	if (point->around == CR_VIEW_WRITABLE)
		add_protected(planner, point);
	if (planner->account) {
		hide(planner, point);
		return;
	}
	cr_build_gap(builder, "hidden-files", origin_of(point),
		     "'%s' and all other hidden paths can be read: the command runs as the "
		     "user, and a write-restricted token restricts no reading",
		     point->path);
}

/* Windows keeps a home from other accounts; what the policy shows of it must be granted. */
static void show_home(struct cr_win_planner *planner)
{
	const struct cr_ruleset *rules = planner->builder.rules;
	struct cr_point asked = {.path = rules->ctx.home}, home;

	if (!planner->account || !asked.path || cr_win_is_open(planner, asked.path) ||
	    cr_decide_view(rules, asked.path, &asked.rule) != CR_VIEW_READ_ONLY ||
	    !look_at(planner, &asked, cr_path_depth(CR_OS_WINDOWS, asked.path), &home) ||
	    !exists(planner, &home))
		return;
	add_ace(planner, &home, CR_STEP_WIN_READ, CR_WIN_READ_MASK, planner->account);
}

/* By path, on one path as they are to be written: denials first, then what is held open. */
static int kind_rank(enum cr_step_kind kind)
{
	static const enum cr_step_kind order[] = {
		CR_STEP_WIN_HIDE,  CR_STEP_WIN_DENY, CR_STEP_WIN_ALLOW, CR_STEP_WIN_READ,
		CR_STEP_WIN_LABEL, CR_STEP_PIN,      CR_STEP_RESERVE,
	};
	int rank = 0;

	while (order[rank] != kind)
		rank++;
	return rank;
}

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_entries(const struct cr_step *one, const struct cr_step *two)
{
	int order = cr_path_cmp(CR_OS_WINDOWS, one->path, two->path);

	if (!order)
		order = kind_rank(one->kind) - kind_rank(two->kind);
	return order ? order : compare_text(one->detail, two->detail);
}

static int compare_steps(const void *a, const void *b)
{
	const struct cr_step *one = a, *two = b;
	int order = compare_entries(one, two);

	if (!order)
		order = (int)one->origin.layer - (int)two->origin.layer;
	if (!order)
		order = compare_text(one->origin.file, two->origin.file);
	return order ? order
		     : (one->origin.line > two->origin.line) -
			       (one->origin.line < two->origin.line);
}

/* Two protected names have one parent, and two ways to them one pin: each is said once. */
static void sort_entries(struct cr_builder *builder, size_t first)
{
	size_t kept = first;

	if (builder->failed || builder->n_steps == first)
		return;
	qsort(builder->steps + first, builder->n_steps - first, sizeof(*builder->steps),
	      compare_steps);
	for (size_t i = first + 1; i < builder->n_steps; i++) {
		if (compare_entries(&builder->steps[kept], &builder->steps[i]) != 0)
			builder->steps[++kept] = builder->steps[i];
	}
	builder->n_steps = kept + 1;
}

/* Children come after their parents, so from the end upwards. */
static void find_names_below(struct cr_win_planner *planner)
{
	const size_t count = planner->n_points;

	planner->named_below =
		cr_arena_alloc(planner->builder.arena, count + 1, sizeof(*planner->named_below));
	if (!planner->named_below) {
		cr_win_keep(planner, NULL);
		return;
	}
	for (size_t i = count; i-- > 0;) {
		const struct cr_point *point = &planner->points[i];
		const bool named = planner->named_below[i] ||
				   (!point->from_pattern && point->view != CR_VIEW_WRITABLE);

		if (named && point->parent >= 0)
			planner->named_below[point->parent] = true;
	}
}

void cr_win_add_entries(struct cr_win_planner *planner)
{
	const size_t first = planner->builder.n_steps;

	find_names_below(planner);
	if (planner->builder.failed)
		return;
	show_home(planner);
	for (size_t i = 0; i < planner->n_points; i++) {
		const struct cr_point *point = &planner->points[i];

		switch (point->view) {
		case CR_VIEW_WRITABLE:
			add_writable(planner, i);
			break;
		case CR_VIEW_READ_ONLY:
			add_read_only(planner, point);
			break;
		case CR_VIEW_HIDDEN:
			add_hidden(planner, point);
			break;
		}
	}
	sort_entries(&planner->builder, first);
}

bool cr_win_allows_again(const struct cr_plan *plan, const char *top, const char *path)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct cr_step *step = &plan->steps[i];

		if ((step->kind == CR_STEP_WIN_ALLOW || step->kind == CR_STEP_WIN_READ) &&
		    cr_path_within(CR_OS_WINDOWS, step->path, top) &&
		    cr_path_cmp(CR_OS_WINDOWS, step->path, top) != 0 &&
		    cr_path_within(CR_OS_WINDOWS, path, step->path))
			return true;
	}
	return false;
}
