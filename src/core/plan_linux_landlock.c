/*
 * plan_linux_landlock.c - the file view where there are no namespaces.
 *
 * Landlock only allows, and what it allows on a directory holds for all below.
 * Reading around a hidden path is therefore planned as rules for everything else: the siblings
 * at each level (a snapshot: names that appear later cannot be read, which is the safe side).
 * Writing cannot be planned that way, since new files must be possible in a writable root:
 * what is protected inside one is a gap here.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "linux_abi.h"
#include "path.h"
#include "plan_linux.h"

struct view {
	struct cr_builder *builder;
	const struct cr_point *points;
	size_t count;
	size_t listed; /* directory entries read */
};

static uint64_t file_rights(uint64_t rights, enum cr_ftype type)
{
	uint64_t files = CR_LL_EXECUTE | CR_LL_READ_FILE | CR_LL_WRITE_FILE | CR_LL_TRUNCATE |
			 CR_LL_IOCTL_DEV;

	return type == CR_FT_DIR ? rights : rights & files;
}

static uint64_t rights_of(const struct view *v, enum cr_view view)
{
	int abi = v->builder->facts->landlock_abi;
	uint64_t read = cr_linux_rights_read(abi);

	if (view != CR_VIEW_WRITABLE)
		return read;
	read |= cr_linux_rights_write(abi) & ~(CR_LL_MAKE_CHAR | CR_LL_MAKE_BLOCK);
	if (abi >= 3)
		read |= CR_LL_TRUNCATE;
	return abi >= 5 ? read | CR_LL_IOCTL_DEV : read;
}

static void allow(struct view *v, const char *path, const struct cr_fstat *stat,
		  const struct cr_point *why, enum cr_life life)
{
	cr_build_step(v->builder,
		      &(struct cr_step){
			      .kind = CR_STEP_LANDLOCK_ALLOW,
			      .path = path,
			      .type = stat->type,
			      .id = stat->id,
			      .life = life,
			      .value = file_rights(rights_of(v, why->view), stat->type),
			      .origin = why->rule ? why->rule->origin : cr_origin_system,
		      });
}

/* The first point after `i` that lies below `path`; v->count when there is none. */
static size_t first_below(const struct view *v, const char *path)
{
	size_t low = 0, high = v->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (cr_path_cmp(CR_OS_LINUX, v->points[mid].path, path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* True when something at or below `path` is narrower than `view`. */
static bool narrower_within(const struct view *v, const char *path, enum cr_view view)
{
	for (size_t i = first_below(v, path);
	     i < v->count && cr_path_within(CR_OS_LINUX, v->points[i].path, path); i++)
		if (v->points[i].view < view && v->points[i].type != CR_FT_NONE)
			return true;
	return false;
}

static void allow_around(struct view *v, const char *path, const struct cr_point *why,
			 unsigned depth);

struct listing {
	struct view *v;
	const char *dir;
	const struct cr_point *why;
	unsigned depth;
};

static int allow_entry(void *arg, const char *name, enum cr_ftype type)
{
	struct listing *listing = arg;
	struct view *v = listing->v;
	struct cr_builder *builder = v->builder;
	const char *path = cr_path_join(builder->arena, CR_OS_LINUX, listing->dir, name);
	size_t at = path ? first_below(v, path) : 0;

	if (!path || ++v->listed > CR_MAX_WALK) {
		builder->failed = cr_fail(builder->err, path ? CR_E_LIMIT : CR_E_NOMEM,
					  "too many files around what is hidden");
		return -1;
	}
	if (type == CR_FT_SYMLINK)
		return 0; /* what it leads to is judged where it is */
	if (at < v->count && !cr_path_cmp(CR_OS_LINUX, v->points[at].path, path) &&
	    v->points[at].view != listing->why->view)
		return 0; /* a point with a mind of its own */
	allow_around(v, path, listing->why, listing->depth);
	return builder->failed ? -1 : 0;
}

/* Allows `path`, or, when something in it is hidden, everything else in it. */
static void allow_around(struct view *v, const char *path, const struct cr_point *why,
			 unsigned depth)
{
	const struct cr_fsview *fs = cr_resolver_view(v->builder->rules->resolver);
	struct listing listing = {v, path, why, depth + 1};
	struct cr_fstat stat;

	if (fs->stat(fs->ctx, path, &stat) != CR_FS_OK)
		return;
	if (!narrower_within(v, path, why->view)) {
		allow(v, path, &stat, why, depth ? CR_LIFE_SNAPSHOT : why->life);
		return;
	}
	if (depth >= CR_MAX_DEPTH || stat.type != CR_FT_DIR)
		return;
	if (fs->list(fs->ctx, path, allow_entry, &listing) == CR_FS_OK || v->builder->failed)
		return;

	/* What cannot be listed stays hidden, which is the safe side; but not for the root. */
	if (cr_path_depth(CR_OS_LINUX, path) == 0) {
		v->builder->failed = cr_fail(v->builder->err, CR_E_PATH,
					     "cannot list '/', in which something is to be hidden");
		cr_hint(v->builder->err,
			"a box of the landlock tier cannot be made inside another one");
	}
}

/* What is protected or hidden inside a writable root, unless what surrounds us protects it. */
static void protected_gap(struct view *v, const struct cr_point *root)
{
	const struct cr_fsview *fs = cr_resolver_view(v->builder->rules->resolver);

	for (size_t i = first_below(v, root->path);
	     i < v->count && cr_path_within(CR_OS_LINUX, v->points[i].path, root->path); i++) {
		const struct cr_point *point = &v->points[i];

		if (point->view == CR_VIEW_WRITABLE || !point->rule ||
		    fs->is_read_only(fs->ctx, point->path))
			continue;
		cr_build_gap(v->builder, "protected-paths", &point->rule->origin,
			     "'%s' lies in the writable '%s': Landlock cannot deny inside what it "
			     "allows",
			     point->path, root->path);
	}
}

static void writable_root(struct view *v, const struct cr_point *point)
{
	struct cr_fstat stat = {.type = point->type, .id = point->id};

	if (point->place == CR_PLACE_PRIVATE)
		stat = (struct cr_fstat){.type = CR_FT_DIR}; /* made when the box is */
	else if (point->type == CR_FT_NONE)
		return;
	allow(v, point->path, &stat, point, point->life);
	protected_gap(v, point);
}

static void other_gaps(struct cr_builder *builder)
{
	const struct cr_context *ctx = &builder->rules->ctx;
	const struct cr_fsview *fs = cr_resolver_view(builder->rules->resolver);
	int abi = builder->facts->landlock_abi;
	bool outside_read_only = fs->is_read_only(fs->ctx, "/") &&
				 (!ctx->home || fs->is_read_only(fs->ctx, ctx->home));

	if (!outside_read_only)
		cr_build_gap(
			builder, "metadata", &cr_origin_system,
			"mode, owner, times and extended attributes of the user's files can be "
			"changed outside writable roots: Landlock does not mediate them");
	if (abi < 3 && !outside_read_only)
		cr_build_gap(builder, "truncate", &cr_origin_system,
			     "files outside writable roots can be truncated: Landlock ABI %d", abi);
	if (abi < 6)
		cr_build_gap(
			builder, "signals", &cr_origin_system,
			"processes of the user outside the box can be signalled: Landlock ABI %d",
			abi);
	/* Inside another box the other processes are that box's: it stands for them. */
	if (!outside_read_only)
		cr_build_gap(
			builder, "processes", &cr_origin_system,
			"limits, priority and processor of the user's other processes can be "
			"changed, and their command lines read: there is no process namespace");
	cr_build_note(builder, &cr_origin_system,
		      "directories with something hidden in them cannot be listed; %s sockets "
		      "cannot be made; /tmp is read-only, TMPDIR is private",
		      cr_linux_proxied(builder) ? "AF_UNIX, datagram and listening"
						: "AF_UNIX and AF_INET");
}

static bool is_allow_rule_gap(const struct cr_ruleset *rules)
{
	return cr_build_find_rule(rules, CR_BIT(CR_CAP_UNIX), CR_BIT(CR_ALLOW) | CR_BIT(CR_ASK)) !=
	       NULL;
}

void cr_linux_view_landlock(struct cr_builder *builder, const struct cr_point *points, size_t count)
{
	struct view v = {.builder = builder, .points = points, .count = count};

	for (size_t i = 0; i < count && !builder->failed; i++) {
		const struct cr_point *point = &points[i];
		enum cr_view around =
			point->parent < 0 ? CR_VIEW_HIDDEN : points[point->parent].view;

		if (point->view == CR_VIEW_WRITABLE && around != CR_VIEW_WRITABLE)
			writable_root(&v, point);
		if (point->view == CR_VIEW_READ_ONLY && around == CR_VIEW_HIDDEN)
			allow_around(&v, point->path, point, 0);
	}
	if (is_allow_rule_gap(builder->rules))
		cr_build_note(builder, &cr_origin_system,
			      "unix rules: AF_UNIX sockets cannot be made in the landlock tier");
	other_gaps(builder);
}
