/*
 * plan_build.c - growing a plan, and finding the points of the tree where the
 * view of the box changes.
 *
 * The points are asked from decide(), never computed a second way, so that the
 * plan cannot part from the model. Patterns are expanded by walking what the
 * resolver sees: symlinks are never followed, and the walk is bounded, because
 * the agent owns the tree that is walked.
 */
#include "plan_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "path.h"
#include "pattern.h"
#include "sort.h"

const struct cr_origin cr_origin_system = {
	.layer = CR_LAYER_SYSTEM,
	.file = "system",
};

static void out_of_memory(struct cr_builder *builder)
{
	if (!builder->failed)
		cr_fail(builder->err, CR_E_NOMEM, "plan");
	builder->failed = 1;
}

/* Room for one more in one of the builder's arrays; the new slot, or NULL (builder failed). */
static void *add_slot(struct cr_builder *builder, void **items, size_t *count, size_t *cap,
		      size_t size)
{
	void *grown;

	if (builder->failed)
		return NULL;
	if (*count >= CR_MAX_STEPS) {
		cr_fail(builder->err, CR_E_LIMIT, "the plan has more than %d steps", CR_MAX_STEPS);
		cr_hint(builder->err, "use fewer rules, or patterns that match fewer files");
		builder->failed = 1;
		return NULL;
	}
	grown = cr_arena_grow(builder->arena, *items, *count, cap, size);
	if (!grown) {
		out_of_memory(builder);
		return NULL;
	}
	*items = grown;
	return (char *)grown + (*count)++ * size;
}

void cr_build_step(struct cr_builder *builder, const struct cr_step *step)
{
	void *items = builder->steps;
	struct cr_step *slot =
		add_slot(builder, &items, &builder->n_steps, &builder->cap_steps, sizeof(*slot));

	if (!slot)
		return;
	builder->steps = items;
	*slot = *step;
}

static const char *vtext(struct cr_builder *builder, const char *fmt, va_list ap) CR_PRINTF(2, 0);

static const char *vtext(struct cr_builder *builder, const char *fmt, va_list ap)
{
	char buf[2048]; /* a longer text is cut: it is for people */
	const char *text;

	vsnprintf(buf, sizeof(buf), fmt, ap);
	text = cr_arena_strdup(builder->arena, buf);
	if (!text)
		out_of_memory(builder);
	return text;
}

void cr_build_gap(struct cr_builder *builder, const char *name, const struct cr_origin *origin,
		  const char *fmt, ...)
{
	void *items = builder->gaps;
	struct cr_gap gap = {.name = name, .origin = *origin};
	struct cr_gap *slot;
	va_list ap;

	for (size_t i = 0; i < builder->n_gaps; i++) {
		if (strcmp(builder->gaps[i].name, name) == 0)
			return;
	}
	va_start(ap, fmt);
	gap.text = vtext(builder, fmt, ap);
	va_end(ap);
	slot = add_slot(builder, &items, &builder->n_gaps, &builder->cap_gaps, sizeof(*slot));
	if (!slot)
		return;
	builder->gaps = items;
	*slot = gap;
}

void cr_build_note(struct cr_builder *builder, const struct cr_origin *origin, const char *fmt, ...)
{
	void *items = builder->notes;
	struct cr_note note = {.origin = *origin};
	struct cr_note *slot;
	va_list ap;

	va_start(ap, fmt);
	note.text = vtext(builder, fmt, ap);
	va_end(ap);
	slot = add_slot(builder, &items, &builder->n_notes, &builder->cap_notes, sizeof(*slot));
	if (!slot)
		return;
	builder->notes = items;
	*slot = note;
}

int cr_build_finish(struct cr_builder *builder, struct cr_plan **out)
{
	struct cr_plan *plan;

	if (builder->failed)
		return -1;
	plan = cr_arena_alloc(builder->arena, 1, sizeof(*plan));
	if (!plan) {
		out_of_memory(builder);
		return -1;
	}
	*plan = (struct cr_plan){
		.os = builder->rules->ctx.os,
		.tier = builder->rules->ctx.tier,
		.workspace = builder->rules->ctx.workspace,
		.steps = builder->steps,
		.n_steps = builder->n_steps,
		.gaps = builder->gaps,
		.n_gaps = builder->n_gaps,
		.notes = builder->notes,
		.n_notes = builder->n_notes,
	};
	*out = plan;
	return 0;
}

void cr_build_env(struct cr_builder *builder)
{
	static const enum cr_step_kind kinds[] = {
		[CR_ENV_KEEP] = CR_STEP_ENV_KEEP,
		[CR_ENV_DROP] = CR_STEP_ENV_DROP,
		[CR_ENV_SET] = CR_STEP_ENV_SET,
	};

	for (size_t i = 0; i < builder->rules->n_env; i++) {
		const struct cr_item *line = builder->rules->env[i];

		for (size_t k = 0; k < line->n_words; k++) {
			cr_build_step(builder, &(struct cr_step){
						       .kind = kinds[line->env_op],
						       .detail = line->words[k].text,
						       .origin = line->origin,
					       });
		}
	}
}

void cr_build_limits(struct cr_builder *builder, const struct cr_limit_way ways[CR_LIMIT_COUNT],
		     const char *why_not)
{
	for (int i = 0; i < CR_LIMIT_COUNT; i++) {
		const struct cr_limit *limit = &builder->rules->limits[i];

		if (!limit->set)
			continue;
		if (ways[i].kind == CR_STEP_KIND_COUNT) {
			cr_build_gap(builder, ways[i].detail, &limit->origin, "'limit %s': %s",
				     cr_limit_name_text((enum cr_limit_name)i), why_not);
			continue;
		}
		cr_build_step(builder, &(struct cr_step){
					       .kind = ways[i].kind,
					       .detail = ways[i].detail,
					       .value = limit->value,
					       .origin = limit->origin,
				       });
	}
}

const struct cr_rule *cr_build_find_rule(const struct cr_ruleset *rules, unsigned caps,
					 unsigned decisions)
{
	for (size_t i = 0; i < rules->n_rules; i++) {
		const struct cr_rule *rule = &rules->rules[i];

		if (rule->origin.layer != CR_LAYER_SYSTEM && caps & CR_BIT(rule->cap) &&
		    decisions & CR_BIT(rule->decision))
			return rule;
	}
	return NULL;
}

void cr_build_broker_gaps(struct cr_builder *builder)
{
	static const struct {
		const char *name;
		unsigned caps, decisions;
		const char *why;
	} gaps[] = {
		{"ask-files", CR_BIT(CR_CAP_READ) | CR_BIT(CR_CAP_WRITE), CR_BIT(CR_ASK),
		 "nobody can be asked while a file is being opened, so it is refused"},
		{"connect-names", CR_BIT(CR_CAP_CONNECT), CR_BIT(CR_ALLOW) | CR_BIT(CR_ASK),
		 "connections cannot be told apart by name on this system"},
		{"unix-sockets", CR_BIT(CR_CAP_UNIX), CR_BIT(CR_ALLOW) | CR_BIT(CR_ASK),
		 "single sockets cannot be opened to the box on this system"},
	};

	const struct cr_rule *git = cr_build_find_rule(builder->rules, CR_BIT(CR_CAP_GIT),
						       CR_BIT(CR_ALLOW) | CR_BIT(CR_ASK));

	if (git && git->git != CR_GIT_READ_ONLY) {
		cr_build_note(
			builder, &git->origin,
			"the git directory is read-only: its private overlay is not built yet");
	}
	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
		const struct cr_rule *rule =
			cr_build_find_rule(builder->rules, gaps[i].caps, gaps[i].decisions);

		if (rule) {
			cr_build_gap(builder, gaps[i].name, &rule->origin, "'%s %s %s': %s",
				     cr_decision_name(rule->decision),
				     cr_capability_name(rule->cap), rule->text, gaps[i].why);
		}
	}
}

/* A point before it is known which of several on one path stays. */
struct candidate {
	struct cr_point point;
	bool host_asked; /* an explicit allow on this very path: the host's file, not a fresh one */
};

struct collector {
	struct cr_builder *builder;
	enum cr_os os;
	struct candidate *items;
	size_t count, cap;
	size_t walked; /* directory entries of all patterns together */
};

static int add_candidate(struct collector *col, const struct candidate *candidate)
{
	struct candidate *grown = cr_arena_grow(col->builder->arena, col->items, col->count,
						&col->cap, sizeof(*grown));

	if (!grown) {
		out_of_memory(col->builder);
		return -1;
	}
	col->items = grown;
	col->items[col->count++] = *candidate;
	return 0;
}

/* "/" or the drive's root of `path`: every point has it above it. */
static int add_root(struct collector *col, const char *path)
{
	struct cr_builder *builder = col->builder;
	const char *root = cr_path_prefix(builder->arena, col->os, path, 0);
	struct candidate candidate = {.point = {.path = root, .life = CR_LIFE_LIVE}};
	struct cr_resolved resolved;

	if (!root) {
		out_of_memory(builder);
		return -1;
	}
	for (size_t i = 0; i < col->count; i++) {
		if (cr_path_cmp(col->os, col->items[i].point.path, root) == 0)
			return 0;
		/* Roots are added first of all, so the search ends at the first that is none. */
		if (cr_path_depth(col->os, col->items[i].point.path) > 0)
			break;
	}
	if (cr_resolve(builder->rules->resolver, root, &resolved, builder->err) < 0) {
		builder->failed = 1;
		return -1;
	}
	candidate.point.type = resolved.stat.type;
	candidate.point.id = resolved.stat.id;
	return add_candidate(col, &candidate);
}

/*
 * May ask for the host's own file where the box would have a fresh place: an allow of the main
 * group. The other groups narrow, and a deny never shows more.
 */
static bool asks_for_host(const struct cr_rule *rule)
{
	return rule->decision == CR_ALLOW && rule->origin.layer != CR_LAYER_SYSTEM &&
	       rule->origin.layer != CR_LAYER_MANAGED;
}

static int add_literal(struct collector *col, const struct cr_rule *rule)
{
	const struct candidate candidate = {
		.point =
			{
				.path = rule->path,
				.type = rule->type,
				.id = rule->id,
				.life = CR_LIFE_LIVE,
				.place = rule->origin.layer == CR_LAYER_SYSTEM ? rule->place
									       : CR_PLACE_HOST,
			},
		.host_asked = asks_for_host(rule),
	};

	return add_candidate(col, &candidate);
}

/*
 * A protected name that is a symlink: the rule holds for what it leads to, but the link itself
 * must stay too, or it would be replaced by a file of the agent's.
 */
static int add_entry(struct collector *col, const struct cr_rule *rule)
{
	const struct candidate candidate = {
		.point =
			{
				.path = rule->entry,
				.type = CR_FT_SYMLINK,
				.id = rule->entry_id,
				.life = CR_LIFE_LIVE,
				.is_link = true,
			},
	};

	if (!rule->entry || rule->decision == CR_ALLOW)
		return 0;
	return add_candidate(col, &candidate);
}

/* Wildcard rules that share a base are expanded in one walk. */
struct pattern {
	const struct cr_rule *rule;
	const char *base;
	enum cr_os os;
	size_t matches;
};

struct walk {
	struct collector *col;
	struct pattern *patterns; /* of one base */
	size_t n_patterns;
	const char *
		*queue; /* directories still to be listed; a stack, so recursion is not needed */
	size_t n_queue, cap_queue;
	const char *dir; /* being listed */
};

static int walk_fail(struct walk *walk, const struct pattern *pattern, const char *what, int max)
{
	struct cr_builder *builder = walk->col->builder;

	cr_fail(builder->err, CR_E_LIMIT, "pattern '%s' %s %d", pattern->rule->text, what, max);
	cr_hint(builder->err, "write a narrower pattern, or name the directory");
	builder->failed = 1;
	return -1;
}

static int add_match(struct walk *walk, struct pattern *pattern, const char *path)
{
	const struct cr_fsview *view = cr_resolver_view(walk->col->builder->rules->resolver);
	struct candidate candidate = {
		.point = {.path = path, .life = CR_LIFE_SNAPSHOT, .from_pattern = true},
		.host_asked = asks_for_host(pattern->rule),
	};
	struct cr_fstat stat;

	if (++pattern->matches > CR_MAX_MATCHES)
		return walk_fail(walk, pattern, "matches more paths than", CR_MAX_MATCHES);
	if (view->stat(view->ctx, path, &stat) != CR_FS_OK)
		return 0; /* gone since it was listed */
	candidate.point.type = stat.type;
	candidate.point.id = stat.id;
	candidate.point.is_link = stat.type == CR_FT_SYMLINK;
	return add_candidate(walk->col, &candidate);
}

static int match_all(struct walk *walk, const char *path)
{
	for (size_t i = 0; i < walk->n_patterns; i++) {
		if (cr_pattern_match(walk->col->os, walk->patterns[i].rule->path, path) &&
		    add_match(walk, &walk->patterns[i], path) < 0)
			return -1;
	}
	return 0;
}

/* Fresh /proc and /dev replace the host's, which are endless: nothing of theirs is shown. */
static bool is_replaced(const struct collector *col, const char *dir)
{
	const struct cr_rule *rule = cr_decide_path(col->builder->rules, CR_CAP_READ, dir).rule;

	return rule && rule->literal && rule->origin.layer == CR_LAYER_SYSTEM &&
	       (rule->place == CR_PLACE_PROC || rule->place == CR_PLACE_DEV);
}

static int push_dir(struct walk *walk, const char *dir)
{
	struct cr_builder *builder = walk->col->builder;
	bool wanted = false;
	const char **grown;

	for (size_t i = 0; i < walk->n_patterns && !wanted; i++) {
		wanted = cr_pattern_may_match_beneath(walk->col->os, walk->patterns[i].rule->path,
						      dir);
	}
	if (!wanted || is_replaced(walk->col, dir))
		return 0;
	/* What cannot be named cannot be bound either: better no box than one with a hole. */
	if (strlen(dir) >= CR_MAX_PATH)
		return walk_fail(walk, walk->patterns, "leads to paths longer than", CR_MAX_PATH);
	grown = cr_arena_grow(builder->arena, walk->queue, walk->n_queue, &walk->cap_queue,
			      sizeof(*grown));
	if (!grown) {
		out_of_memory(builder);
		return -1;
	}
	walk->queue = grown;
	walk->queue[walk->n_queue++] = dir;
	return 0;
}

static int walk_entry(void *arg, const char *name, enum cr_ftype type)
{
	struct walk *walk = arg;
	struct collector *col = walk->col;
	const char *path;

	if (++col->walked > CR_MAX_WALK)
		return walk_fail(walk, walk->patterns, "needs more directory entries read than",
				 CR_MAX_WALK);
	path = cr_path_join(col->builder->arena, col->os, walk->dir, name);
	if (!path) {
		out_of_memory(col->builder);
		return -1;
	}
	if (match_all(walk, path) < 0)
		return -1;
	return type == CR_FT_DIR ? push_dir(walk, path) : 0;
}

static int walk_base(struct collector *col, struct pattern *patterns, size_t n_patterns)
{
	struct cr_builder *builder = col->builder;
	const struct cr_fsview *view = cr_resolver_view(builder->rules->resolver);
	struct walk walk = {.col = col, .patterns = patterns, .n_patterns = n_patterns};
	struct cr_fstat stat;

	if (view->stat(view->ctx, patterns->base, &stat) != CR_FS_OK)
		return 0;
	if (match_all(&walk, patterns->base) < 0)
		return -1;
	if (stat.type == CR_FT_DIR && push_dir(&walk, patterns->base) < 0)
		return -1;
	while (walk.n_queue > 0) {
		walk.dir = walk.queue[--walk.n_queue];
		/* A directory we may not list is one the box may not list either. */
		if (view->list(view->ctx, walk.dir, walk_entry, &walk) == CR_FS_FAILED &&
		    !builder->failed)
			builder->failed = cr_fail(builder->err, CR_E_PATH,
						  "cannot list '%s' to find what '%s' covers",
						  walk.dir, patterns->rule->text);
		if (builder->failed)
			return -1;
	}
	return 0;
}

static int compare_bases(const void *a, const void *b)
{
	const struct pattern *one = a, *two = b;
	const int by_base = cr_path_cmp(one->os, one->base, two->base);

	return by_base ? by_base : (one->rule > two->rule) - (one->rule < two->rule);
}

static int expand_patterns(struct collector *col, struct pattern *patterns, size_t count)
{
	size_t begin = 0;

	if (count == 0)
		return 0;
	qsort(patterns, count, sizeof(*patterns), compare_bases);
	for (size_t i = 1; i <= count; i++) {
		if (i < count && cr_path_cmp(col->os, patterns[begin].base, patterns[i].base) == 0)
			continue;
		if (walk_base(col, &patterns[begin], i - begin) < 0)
			return -1;
		begin = i;
	}
	return 0;
}

static int add_wildcards(struct collector *col)
{
	struct cr_builder *builder = col->builder;
	const struct cr_ruleset *rules = builder->rules;
	struct pattern *patterns =
		cr_arena_alloc(builder->arena, rules->n_rules + 1, sizeof(*patterns));
	size_t count = 0;

	for (size_t i = 0; patterns && i < rules->n_rules; i++) {
		const struct cr_rule *rule = &rules->rules[i];

		if (rule->cap > CR_CAP_WRITE || rule->literal)
			continue;
		patterns[count] = (struct pattern){
			.rule = rule,
			.os = col->os,
			.base = cr_pattern_base(builder->arena, col->os, rule->path),
		};
		if (!patterns[count++].base)
			patterns = NULL;
	}
	if (!patterns) {
		out_of_memory(builder);
		return -1;
	}
	return expand_patterns(col, patterns, count);
}

static int add_roots(struct collector *col)
{
	const struct cr_ruleset *rules = col->builder->rules;

	if (col->os != CR_OS_WINDOWS)
		return add_root(col, "/");
	if (rules->ctx.workspace && add_root(col, rules->ctx.workspace) < 0)
		return -1;
	for (size_t i = 0; i < rules->n_rules; i++) {
		const struct cr_rule *rule = &rules->rules[i];

		if (rule->cap <= CR_CAP_WRITE && add_root(col, rule->path) < 0)
			return -1;
	}
	return 0;
}

static int add_literals(struct collector *col)
{
	const struct cr_ruleset *rules = col->builder->rules;

	for (int group = 0; group < CR_GROUP_COUNT; group++) {
		for (int cap = CR_CAP_READ; cap <= CR_CAP_WRITE; cap++) {
			const struct cr_rule_list *list = &rules->lists[group][cap];

			for (size_t i = 0; i < list->n_literal; i++) {
				if (add_literal(col, list->literal[i]) < 0 ||
				    add_entry(col, list->literal[i]) < 0)
					return -1;
			}
		}
	}
	return 0;
}

/* By path; on one path the link itself first, then literals, then matches. */
static int compare_candidates(const void *ctx, const void *a, const void *b)
{
	const struct candidate *one = a, *two = b;
	const int by_path = cr_path_cmp(*(const enum cr_os *)ctx, one->point.path, two->point.path);

	if (by_path != 0)
		return by_path;
	if (one->point.is_link != two->point.is_link)
		return one->point.is_link ? -1 : 1;
	return (int)one->point.from_pattern - (int)two->point.from_pattern;
}

/* Folds the candidates of one path into the first of them. */
static void merge(struct candidate *first, const struct candidate *other)
{
	first->host_asked |= other->host_asked;
	if (other->point.place != CR_PLACE_HOST)
		first->point.place = other->point.place;
	if (first->point.type == CR_FT_NONE) {
		first->point.type = other->point.type;
		first->point.id = other->point.id;
	}
}

static size_t dedupe(enum cr_os os, struct candidate **items, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept > 0 &&
		    cr_path_cmp(os, items[kept - 1]->point.path, items[i]->point.path) == 0)
			merge(items[kept - 1], items[i]);
		else
			items[kept++] = items[i];
	}
	return kept;
}

/* Asks the model. */
static void set_view(const struct cr_ruleset *rules, struct candidate *candidate)
{
	struct cr_point *point = &candidate->point;

	if (candidate->host_asked)
		point->place = CR_PLACE_HOST;
	point->view = cr_decide_view(rules, point->path, &point->rule);
}

/*
 * A point in a fresh place at which no file of the host is asked for: nothing of the host may
 * appear there. What the rules say of it is kept with something fresh, where it makes a difference.
 */
static void keep_fresh(struct cr_point *point)
{
	point->type = CR_FT_NONE;
	point->id = (struct cr_fileid){0};
	if (point->is_link)
		return;
	if (point->view == CR_VIEW_WRITABLE && point->around != CR_VIEW_WRITABLE)
		point->place = CR_PLACE_PRIVATE;
	if (point->view == CR_VIEW_READ_ONLY && point->around == CR_VIEW_WRITABLE)
		point->place = CR_PLACE_EMPTY;
}

/* True when what lies at the point was made for the box: there, or above and not left since. */
static bool set_fresh(struct cr_point *points, size_t index, bool host_asked, const bool *fresh)
{
	struct cr_point *point = &points[index];
	const bool inherited = point->parent >= 0 && fresh[point->parent];

	if (point->place == CR_PLACE_PRIVATE || point->place == CR_PLACE_EMPTY)
		return true;
	if (point->place != CR_PLACE_HOST || host_asked || !inherited)
		return false;
	keep_fresh(point);
	return true;
}

/* Parents come before their children, so the nearest point above is on the path to the last. */
static void set_parent(enum cr_os os, struct cr_point *points, size_t index)
{
	struct cr_point *point = &points[index];
	int above = (int)index - 1;

	while (above >= 0 && !cr_path_within(os, point->path, points[above].path))
		above = points[above].parent;
	point->parent = above;
	point->around = above < 0 ? CR_VIEW_HIDDEN : points[above].view;
	/* A link holds nothing that could be hidden: where its directory is shown, it can only be
	 * kept as it is. */
	if (point->is_link && point->view == CR_VIEW_HIDDEN && point->around != CR_VIEW_HIDDEN)
		point->view = CR_VIEW_READ_ONLY;
}

/* Sorts pointers: the candidates themselves are large. */
static struct candidate **sort_candidates(struct collector *col)
{
	struct candidate **sorted =
		cr_arena_alloc(col->builder->arena, col->count, sizeof(struct candidate *));

	for (size_t i = 0; sorted && i < col->count; i++)
		sorted[i] = &col->items[i];
	if (sorted &&
	    cr_sort(col->builder->arena, sorted, col->count, compare_candidates, &col->os) == 0)
		return sorted;
	out_of_memory(col->builder);
	return NULL;
}

int cr_build_points(struct cr_builder *builder, struct cr_point **points, size_t *count)
{
	struct collector col = {.builder = builder, .os = builder->rules->ctx.os};
	struct candidate **sorted;
	struct cr_point *out;
	bool *fresh;
	size_t kept;

	if (builder->failed || add_roots(&col) < 0 || add_literals(&col) < 0 ||
	    add_wildcards(&col) < 0)
		return -1;
	sorted = sort_candidates(&col);
	if (!sorted)
		return -1;
	kept = dedupe(col.os, sorted, col.count);
	out = cr_arena_alloc(builder->arena, kept, sizeof(*out));
	fresh = cr_arena_alloc(builder->arena, kept, sizeof(*fresh));
	if (!out || !fresh) {
		out_of_memory(builder);
		return -1;
	}
	for (size_t i = 0; i < kept; i++) {
		set_view(builder->rules, sorted[i]);
		out[i] = sorted[i]->point;
		set_parent(col.os, out, i);
		fresh[i] = set_fresh(out, i, sorted[i]->host_asked, fresh);
	}
	*points = out;
	*count = kept;
	return 0;
}
