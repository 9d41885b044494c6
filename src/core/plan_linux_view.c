/*
 * plan_linux_view.c - the file view of the full tier: from points where the
 * rules change their mind to mounts, in an order in which no mount uncovers
 * what an earlier one hid.
 *
 * Points come parents first, so each is placed on a *surface*, what its
 * surroundings have become in the box, and becomes one itself.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "plan_linux.h"

enum surface {
	SURFACE_HOST_READ,  /* the host's files, read-only */
	SURFACE_HOST_WRITE, /* the host's files, writable */
	SURFACE_FRESH,      /* a file system made for the box */
	SURFACE_MASKED,     /* hidden, nothing below is shown */
	SURFACE_PROC,
};

struct view {
	struct cr_builder *builder;
	const struct cr_point *points;
	size_t count;
	enum surface *surfaces; /* of each point */
	bool *shown_below;   /* a point below is not hidden: the mask must be a directory of ours */
	bool *literal_below; /* a rule names a path below that is not writable */
	const char **sealed; /* fresh places to make read-only at the end */
	size_t n_sealed;
	const char *last_way, *last_pinned, *last_reserved; /* see seen_before */
};

static void step(struct view *v, enum cr_step_kind kind, const struct cr_point *point,
		 uint64_t value)
{
	cr_build_step(v->builder,
		      &(struct cr_step){
			      .kind = kind,
			      .path = point->path,
			      .type = point->type,
			      .id = point->id,
			      .life = point->life,
			      .value = value,
			      .origin = point->rule ? point->rule->origin : cr_origin_system,
		      });
}

static void path_step(struct view *v, enum cr_step_kind kind, const char *path, const char *detail)
{
	cr_build_step(v->builder, &(struct cr_step){
					  .kind = kind,
					  .path = path,
					  .detail = detail,
					  .type = kind == CR_STEP_MAKE_DIR ? CR_FT_DIR : CR_FT_FILE,
					  .origin = cr_origin_system,
				  });
}

/* What is shown can be reached by name, the rest cannot even be listed. */
#define MODE_PASSAGE 0111

/* A directory on the way to what is shown; where it is hidden itself, it is a passage only. */
static void way_dir_step(struct view *v, const char *path)
{
	bool hidden = cr_decide_view(v->builder->rules, path, NULL) == CR_VIEW_HIDDEN;

	cr_build_step(v->builder, &(struct cr_step){
					  .kind = CR_STEP_MAKE_DIR,
					  .path = path,
					  .value = hidden ? MODE_PASSAGE : 0,
					  .type = CR_FT_DIR,
					  .origin = cr_origin_system,
				  });
}

static const char *prefix(struct view *v, const char *path, unsigned depth)
{
	const char *result = cr_path_prefix(v->builder->arena, CR_OS_LINUX, path, depth);

	if (!result && !v->builder->failed)
		v->builder->failed = cr_fail(v->builder->err, CR_E_NOMEM, "out of memory");
	return result ? result : path;
}

/*
 * Points below one directory are neighbours. So if a step for directory `path` was added for an
 * earlier point, then the last point that had such steps lies below `path` too.
 */
static bool seen_before(const char *last, const char *path)
{
	return last && cr_path_within(CR_OS_LINUX, last, path);
}

/* Directories between a fresh place and `path`, and a place for `path` itself. */
static void make_way(struct view *v, const char *from, const struct cr_point *point)
{
	unsigned depth = cr_path_depth(CR_OS_LINUX, point->path);

	for (unsigned d = cr_path_depth(CR_OS_LINUX, from) + 1; d <= depth; d++) {
		bool last = d == depth;
		const char *path = prefix(v, point->path, d);
		bool file = last && point->type != CR_FT_DIR && point->place == CR_PLACE_HOST;

		if (seen_before(v->last_way, path))
			continue;
		if (file)
			path_step(v, CR_STEP_MAKE_FILE, path, NULL);
		else
			way_dir_step(v, path);
	}
	v->last_way = point->path;
}

/*
 * Renaming a directory carries a mount below it along and frees the name. So each directory
 * between the writable root and a protected name becomes a mount point itself, which
 * the kernel does not rename.
 */
static void pin_parents(struct view *v, const char *root, const struct cr_point *point)
{
	unsigned depth = cr_path_depth(CR_OS_LINUX, point->path);

	for (unsigned d = cr_path_depth(CR_OS_LINUX, root) + 1; d < depth; d++) {
		const char *path = prefix(v, point->path, d);

		if (!seen_before(v->last_pinned, path))
			cr_build_step(v->builder, &(struct cr_step){
							  .kind = CR_STEP_PIN,
							  .path = path,
							  .type = CR_FT_DIR,
							  .life = CR_LIFE_LIVE,
							  .origin = point->rule->origin,
						  });
	}
	v->last_pinned = point->path;
}

/* The nearest place above `i` that is writable or fresh: where way and pins begin. */
static const char *root_above(const struct view *v, size_t i)
{
	int above = v->points[i].parent;

	while (above >= 0 && v->points[above].parent >= 0 &&
	       v->surfaces[v->points[above].parent] == v->surfaces[above])
		above = v->points[above].parent;
	return above < 0 ? "/" : v->points[above].path;
}

/*
 * What a pattern matches is a snapshot of names, the next one may be anywhere anyway: it is pinned
 * only for the sake of what a rule names in it.
 */
static void pin_point(struct view *v, size_t i)
{
	if (!v->points[i].from_pattern || v->literal_below[i])
		pin_parents(v, root_above(v, i), &v->points[i]);
}

/* A file where a directory would have to be: nothing can be made in it, as long as it stays. */
static void pin_file(struct view *v, const char *root, const struct cr_point *file)
{
	bool seen = seen_before(v->last_pinned, file->path);

	pin_parents(v, root, file);
	if (!seen)
		step(v, CR_STEP_PIN, file, 0);
}

/* An absent protected name: the topmost directory that is missing is what can be kept absent. */
static void reserve(struct view *v, const char *root, const struct cr_point *point)
{
	struct cr_builder *builder = v->builder;
	unsigned depth = cr_path_depth(CR_OS_LINUX, point->path);
	struct cr_fileid parent_id = {0};

	for (unsigned d = cr_path_depth(CR_OS_LINUX, root); d <= depth; d++) {
		const char *path = prefix(v, point->path, d);
		struct cr_resolved at;

		if (cr_resolve(builder->rules->resolver, path, &at, builder->err) < 0) {
			builder->failed = 1;
			return;
		}
		if (at.stat.type == CR_FT_DIR) {
			parent_id = at.stat.id;
			continue;
		}

		struct cr_point missing = *point;

		missing.path = path;
		missing.type = at.stat.type;
		missing.id = at.stat.id;
		if (at.stat.type != CR_FT_NONE) {
			pin_file(v, root, &missing);
			return;
		}
		missing.id = parent_id;
		pin_parents(v, root, &missing);
		if (d < depth)
			cr_build_note(builder, &point->rule->origin,
				      "'%s' cannot be made in the box: '%s' in it is protected",
				      path, point->path);
		if (!seen_before(v->last_reserved, path))
			step(v, CR_STEP_RESERVE, &missing, 0);
		v->last_reserved = path;
		return;
	}
}

/* `outside` is the device on the host, NULL when it has the same name there. */
static void place_device(struct view *v, const char *path, const char *outside)
{
	struct cr_resolved at;

	if (!path || cr_resolve(v->builder->rules->resolver, outside ? outside : path, &at,
				v->builder->err) < 0)
		return;
	if (at.stat.type != CR_FT_OTHER)
		return;
	path_step(v, CR_STEP_MAKE_FILE, path, NULL);
	cr_build_step(v->builder, &(struct cr_step){
					  .kind = CR_STEP_DEVICE,
					  .path = path,
					  .detail = outside ? at.path : NULL,
					  .type = CR_FT_OTHER,
					  .id = at.stat.id,
					  .origin = cr_origin_system,
				  });
}

static void place_dev(struct view *v, const struct cr_point *point)
{
	static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
	static const struct {
		const char *name, *target;
	} links[] = {
		{"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"},
		{"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
		{"ptmx", "pts/ptmx"},
	};
	const char *terminal = v->builder->facts->tty_path;
	struct cr_arena *arena = v->builder->arena;

	step(v, CR_STEP_EMPTY, point, 0755);
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		place_device(v, cr_path_join(arena, CR_OS_LINUX, point->path, devices[i]), NULL);
	/* The terminal lies in the host's /dev/pts: without a name in the box it has none at all.
	 */
	if (terminal[0])
		place_device(v, cr_path_join(arena, CR_OS_LINUX, point->path, "console"), terminal);
	path_step(v, CR_STEP_MAKE_DIR, "/dev/pts", NULL);
	path_step(v, CR_STEP_DEVPTS, "/dev/pts", NULL);
	path_step(v, CR_STEP_MAKE_DIR, "/dev/mqueue", NULL);
	path_step(v, CR_STEP_MQUEUE, "/dev/mqueue", NULL);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		path_step(v, CR_STEP_MAKE_LINK,
			  cr_path_join(arena, CR_OS_LINUX, point->path, links[i].name),
			  links[i].target);
}

/*
 * uid 0 of the host stays uid 0, and most of these files ask only for that: without this a box of
 * root could set core_pattern and run code as the host's root. Other users cannot open them for
 * writing, or at all; keyrings are shown to anybody.
 */
static void place_proc(struct view *v, const struct cr_point *point)
{
	static const char *const read_only[] = {
		"/proc/sys",  "/proc/sysrq-trigger", "/proc/irq",    "/proc/bus", "/proc/fs",
		"/proc/mtrr", "/proc/acpi",          "/proc/driver", "/proc/tty", "/proc/pressure"};
	static const char *const hidden[] = {"/proc/kcore",        "/proc/kmsg", "/proc/timer_list",
					     "/proc/sched_debug",  "/proc/scsi", "/proc/vmcore",
					     "/proc/latency_stats"};

	step(v, CR_STEP_PROC, point, 0);
	path_step(v, CR_STEP_PROC_HIDE, "/proc/keys", NULL);
	path_step(v, CR_STEP_PROC_HIDE, "/proc/key-users", NULL);
	if (v->builder->facts->uid != 0)
		return;
	for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++)
		path_step(v, CR_STEP_PROC_READ_ONLY, read_only[i], NULL);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		path_step(v, CR_STEP_PROC_HIDE, hidden[i], NULL);
}

static enum surface place_fresh(struct view *v, size_t i)
{
	const struct cr_point *point = &v->points[i];
	const struct cr_limit *disk = &v->builder->rules->limits[CR_LIMIT_DISK];

	switch (point->place) {
	case CR_PLACE_PRIVATE:
		step(v, CR_STEP_TMPFS, point, disk->set ? disk->value : 0);
		return SURFACE_FRESH;
	case CR_PLACE_EMPTY:
		step(v, CR_STEP_EMPTY, point, 0755);
		v->sealed[v->n_sealed++] = point->path;
		return SURFACE_FRESH;
	case CR_PLACE_DEV:
		place_dev(v, point);
		v->sealed[v->n_sealed++] = point->path;
		return SURFACE_FRESH;
	case CR_PLACE_PROC:
		place_proc(v, point);
		return SURFACE_PROC;
	case CR_PLACE_HOST:
		break;
	}
	return SURFACE_HOST_READ;
}

/* A mask: one of nothing, or a directory of ours in which some paths are shown. */
static enum surface place_hidden(struct view *v, size_t i)
{
	const struct cr_point *point = &v->points[i];

	if (!v->shown_below[i]) {
		step(v, CR_STEP_HIDE, point, 0);
		return SURFACE_MASKED;
	}

	step(v, CR_STEP_EMPTY, point, MODE_PASSAGE);
	v->sealed[v->n_sealed++] = point->path;
	return SURFACE_FRESH;
}

static enum surface place_absent(struct view *v, size_t i, enum surface around)
{
	const struct cr_point *point = &v->points[i];

	if (around == SURFACE_HOST_WRITE && point->view != CR_VIEW_WRITABLE)
		reserve(v, root_above(v, i), point);
	else if (point->rule && point->rule->origin.layer == CR_LAYER_COMMAND)
		cr_build_note(v->builder, &point->rule->origin, "'%s' does not exist", point->path);
	return around;
}

static enum surface place_shown(struct view *v, size_t i, enum surface around)
{
	const struct cr_point *point = &v->points[i];
	bool writable = point->view == CR_VIEW_WRITABLE;

	if (around == SURFACE_FRESH) {
		make_way(v, root_above(v, i), point);
		step(v, writable ? CR_STEP_WRITABLE : CR_STEP_READABLE, point, 0);
		return writable ? SURFACE_HOST_WRITE : SURFACE_HOST_READ;
	}
	if (writable && around == SURFACE_HOST_READ) {
		step(v, CR_STEP_WRITABLE, point, 0);
		return SURFACE_HOST_WRITE;
	}
	if (!writable && around == SURFACE_HOST_WRITE) {
		pin_point(v, i);
		step(v, CR_STEP_PROTECT, point, 0);
		return SURFACE_HOST_READ;
	}
	return around;
}

static enum surface place(struct view *v, size_t i)
{
	const struct cr_point *point = &v->points[i];
	enum surface around = point->parent < 0 ? SURFACE_HOST_READ : v->surfaces[point->parent];

	if (point->parent < 0) {
		step(v, CR_STEP_READ_ONLY_TREE, point, 0);
		return SURFACE_HOST_READ;
	}
	if (point->place != CR_PLACE_HOST) {
		if (point->type == CR_FT_NONE && around != SURFACE_FRESH) {
			cr_build_note(v->builder, &cr_origin_system,
				      "'%s' does not exist on this host and so not in the box",
				      point->path);
			return around;
		}
		if (around == SURFACE_FRESH)
			make_way(v, root_above(v, i), point);
		return place_fresh(v, i);
	}
	if (around == SURFACE_MASKED || around == SURFACE_PROC)
		return around;
	if (point->type == CR_FT_NONE)
		return place_absent(v, i, around);
	if (point->view != CR_VIEW_HIDDEN)
		return place_shown(v, i, around);
	if (around == SURFACE_FRESH)
		return around;
	if (around == SURFACE_HOST_WRITE)
		pin_point(v, i);
	return place_hidden(v, i);
}

static void find_what_is_below(struct view *v)
{
	for (size_t i = v->count; i-- > 0;) {
		const struct cr_point *point = &v->points[i];
		bool shown = v->shown_below[i] ||
			     (point->view != CR_VIEW_HIDDEN && point->type != CR_FT_NONE);

		bool literal = v->literal_below[i] ||
			       (!point->from_pattern && point->view != CR_VIEW_WRITABLE);

		if (shown && point->parent >= 0)
			v->shown_below[point->parent] = true;
		if (literal && point->parent >= 0)
			v->literal_below[point->parent] = true;
	}
}

struct entries {
	struct cr_builder *builder;
	struct cr_point *points;
	size_t count, cap;
};

static int add_entry(void *arg, const char *name, enum cr_ftype type)
{
	struct entries *entries = arg;
	struct cr_arena *arena = entries->builder->arena;
	struct cr_point *grown = cr_arena_grow(arena, entries->points, entries->count,
					       &entries->cap, sizeof(*grown));
	const char *path = cr_path_join(arena, CR_OS_LINUX, "/", name);
	struct cr_fstat stat = {0};

	if (!grown || !path)
		return -1;
	entries->points = grown;
	for (size_t i = 0; i < entries->count; i++)
		if (!cr_path_cmp(CR_OS_LINUX, entries->points[i].path, path))
			return 0;

	const struct cr_fsview *view = cr_resolver_view(entries->builder->rules->resolver);

	/* A link in the root only names a place that is hidden or shown for itself. */
	if (type == CR_FT_SYMLINK || view->stat(view->ctx, path, &stat) != CR_FS_OK)
		return 0;
	entries->points[entries->count++] = (struct cr_point){
		.path = path,
		.view = CR_VIEW_HIDDEN,
		.type = stat.type,
		.id = stat.id,
		.life = CR_LIFE_SNAPSHOT,
	};
	return 0;
}

static int compare_points(const void *a, const void *b)
{
	const struct cr_point *left = a, *right = b;

	return cr_path_cmp(CR_OS_LINUX, left->path, right->path);
}

/*
 * Nothing can be mounted over the root of a running process, so a policy that shows only parts
 * of the tree hides each entry of the root instead.
 */
static int hide_root_entries(struct cr_builder *builder, const struct cr_point **points,
			     size_t *count)
{
	const struct cr_fsview *view = cr_resolver_view(builder->rules->resolver);
	struct entries entries = {.builder = builder, .count = *count, .cap = *count + 1};

	entries.points = cr_arena_alloc(builder->arena, entries.cap, sizeof(*entries.points));
	if (!entries.points)
		return cr_fail(builder->err, CR_E_NOMEM, "out of memory");
	memcpy(entries.points, *points, *count * sizeof(**points));
	if (view->list(view->ctx, "/", add_entry, &entries) != CR_FS_OK)
		return cr_fail(builder->err, CR_E_PATH, "cannot list '/' to hide what is in it");
	qsort(entries.points, entries.count, sizeof(*entries.points), compare_points);
	for (size_t i = 0; i < entries.count; i++) {
		int above = (int)i - 1;

		while (above >= 0 && !cr_path_within(CR_OS_LINUX, entries.points[i].path,
						     entries.points[above].path))
			above = entries.points[above].parent;
		entries.points[i].parent = above;
	}
	*points = entries.points;
	*count = entries.count;
	return 0;
}

static int check_root(struct cr_builder *builder, const struct cr_point *root)
{
	if (root->view == CR_VIEW_WRITABLE) {
		builder->failed = cr_fail(builder->err, CR_E_PATH,
					  "the whole file system cannot be writable");
		cr_hint(builder->err, "name the directories the command may write");
	}
	return builder->failed;
}

/* What surrounds `path`: the surface of the nearest point above it, and that point. */
static enum surface surface_at(const struct view *v, const char *path, size_t *point)
{
	size_t low = 0, high = v->count;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (cr_path_cmp(CR_OS_LINUX, v->points[mid].path, path) <= 0)
			low = mid;
		else
			high = mid;
	}
	while (!cr_path_within(CR_OS_LINUX, path, v->points[low].path))
		low = (size_t)v->points[low].parent;
	*point = low;
	return v->surfaces[low];
}

/* A socket the policy lets the box reach, in a place that is otherwise empty. */
static void show_socket(struct view *v, const struct cr_rule *rule)
{
	size_t above;
	enum surface around = surface_at(v, rule->path, &above);
	struct cr_point point = {
		.path = rule->path,
		.view = CR_VIEW_READ_ONLY,
		.type = rule->type,
		.id = rule->id,
		.life = CR_LIFE_LIVE, /* its server may make it anew: see src/linux/follow.c */
		.rule = rule,
	};

	if (rule->type == CR_FT_NONE || around == SURFACE_MASKED) {
		cr_build_note(v->builder, &rule->origin, "socket '%s' %s", rule->path,
			      rule->type == CR_FT_NONE
				      ? "does not exist"
				      : "lies in a hidden directory and stays hidden");
		return;
	}
	cr_build_note(v->builder, &rule->origin,
		      "whoever answers on '%s' acts outside the box; variables that name it are "
		      "passed on",
		      rule->path);
	if (around != SURFACE_FRESH)
		return; /* in plain sight, and not hidden below */
	v->last_way = NULL;
	make_way(v, v->points[above].path, &point);
	step(v, CR_STEP_READABLE, &point, 0);
}

static bool socket_allowed(const struct view *v, const char *path)
{
	const struct cr_access access = {.cap = CR_CAP_UNIX, .path = path};

	return cr_decide(v->builder->rules, &access).decision == CR_ALLOW;
}

/* A live socket of the host in a visible place: read-only does not stop connecting to it. */
static void hide_socket(struct view *v, const char *path)
{
	struct cr_resolved at;
	size_t above;
	enum surface around = surface_at(v, path, &above);

	if (around == SURFACE_FRESH || around == SURFACE_MASKED || around == SURFACE_PROC)
		return;
	if (cr_resolve(v->builder->rules->resolver, path, &at, v->builder->err) < 0 ||
	    at.stat.type != CR_FT_SOCKET)
		return;
	around = surface_at(v, at.path, &above);
	if (around == SURFACE_FRESH || around == SURFACE_MASKED || socket_allowed(v, at.path))
		return;
	cr_build_step(v->builder, &(struct cr_step){
					  .kind = CR_STEP_HIDE,
					  .path = at.path,
					  .detail = "socket of the host",
					  .type = at.stat.type,
					  .id = at.stat.id,
					  .life = CR_LIFE_SNAPSHOT,
					  .origin = cr_origin_system,
				  });
}

static void place_sockets(struct view *v)
{
	const struct cr_facts *facts = v->builder->facts;
	const struct cr_rule_list *rules = &v->builder->rules->lists[CR_GROUP_MAIN][CR_CAP_UNIX];

	for (size_t i = 0; i < rules->n_literal; i++)
		if (rules->literal[i]->decision == CR_ALLOW &&
		    socket_allowed(v, rules->literal[i]->path))
			show_socket(v, rules->literal[i]);
	for (size_t i = 0; i < facts->n_unix_sockets && !v->builder->failed; i++)
		hide_socket(v, facts->unix_sockets[i]);
}

void cr_linux_view_full(struct cr_builder *builder, const struct cr_point *points, size_t count)
{
	if (check_root(builder, &points[0]))
		return;
	if (points[0].view == CR_VIEW_HIDDEN && hide_root_entries(builder, &points, &count) < 0) {
		builder->failed = 1;
		return;
	}

	struct view v = {.builder = builder, .points = points, .count = count};

	v.surfaces = cr_arena_alloc(builder->arena, count, sizeof(*v.surfaces));
	v.shown_below = cr_arena_alloc(builder->arena, count, sizeof(*v.shown_below));
	v.literal_below = cr_arena_alloc(builder->arena, count, sizeof(*v.literal_below));
	v.sealed = cr_arena_alloc(builder->arena, count, sizeof(*v.sealed));
	if (!v.surfaces || !v.shown_below || !v.literal_below || !v.sealed) {
		builder->failed = cr_fail(builder->err, CR_E_NOMEM, "out of memory");
		return;
	}
	find_what_is_below(&v);
	for (size_t i = 0; i < count && !builder->failed; i++)
		v.surfaces[i] = place(&v, i);
	if (!builder->failed)
		place_sockets(&v);
	for (size_t i = 0; i < v.n_sealed; i++)
		path_step(&v, CR_STEP_SEAL, v.sealed[i], NULL);
}
