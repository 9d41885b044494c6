/*
 * plan_macos.c - the macOS box as a plan: one Seatbelt profile (SBPL), and the
 * steps it is made of, for review.
 *
 * Nothing here has run on macOS. What is relied on: a profile is deny by
 * default and the last rule that matches decides, so rules are written parents
 * first, exactly in the order of the points. A path enters the profile only
 * through quote(): a file name must never be able to add a rule.
 */
#include <string.h>

#include "path.h"
#include "plan_build.h"

struct planner {
	struct cr_builder builder;
	struct cr_point *points;
	size_t n_points;
	bool blind; /* planned without a file system to look at: all is taken to exist */
	const char *last_protected; /* path; finds out which directories above are pinned already */
	const char *last_reserved;
	char *text; /* the profile so far */
	size_t len, cap;
};

/* What every program needs, whatever the policy; no path of the user is in it. */
static const char preamble[] = "(version 1)\n"
			       "(deny default)\n"
			       "(allow process-exec)\n"
			       "(allow process-fork)\n"
			       "(allow signal (target same-sandbox))\n"
			       "(allow process-info* (target same-sandbox))\n"
			       "(allow sysctl-read)\n"
			       "(allow ipc-posix-sem)\n"
			       "(allow pseudo-tty)\n"
			       "(allow mach-lookup\n"
			       "  (global-name \"com.apple.bsd.dirhelper\")\n"
			       "  (global-name \"com.apple.logd\")\n"
			       "  (global-name \"com.apple.system.logger\")\n"
			       "  (global-name \"com.apple.system.notification_center\")\n"
			       "  (global-name \"com.apple.system.opendirectoryd.libinfo\")\n"
			       "  (global-name \"com.apple.system.opendirectoryd.membership\"))\n"
			       "(allow file-read-metadata (literal \"/\"))\n";

/* Written last: devices work whatever `deny write` says of the directory they lie in. */
static const char postamble[] = "(allow file-read* file-write-data file-ioctl\n"
				"  (literal \"/dev/null\")\n"
				"  (literal \"/dev/zero\")\n"
				"  (literal \"/dev/random\")\n"
				"  (literal \"/dev/urandom\")\n"
				"  (literal \"/dev/tty\")\n"
				"  (literal \"/dev/ptmx\")\n"
				"  (regex #\"^/dev/ttys[0-9]+$\"))\n"
				"(deny network*)\n";

static void append_bytes(struct planner *planner, const char *bytes, size_t len)
{
	struct cr_builder *builder = &planner->builder;
	size_t cap = planner->cap ? planner->cap : 4096;
	char *grown;

	if (builder->failed)
		return;
	while (cap - planner->len <= len)
		cap *= 2;
	if (cap != planner->cap) {
		grown = cr_arena_alloc(builder->arena, cap, 1);
		if (!grown) {
			builder->failed = 1;
			cr_fail(builder->err, CR_E_NOMEM, "profile");
			return;
		}
		if (planner->len > 0)
			memcpy(grown, planner->text, planner->len);
		planner->text = grown;
		planner->cap = cap;
	}
	memcpy(planner->text + planner->len, bytes, len);
	planner->len += len;
	planner->text[planner->len] = '\0';
}

static void append(struct planner *planner, const char *text)
{
	append_bytes(planner, text, strlen(text));
}

/* A path as an SBPL string: only the quote and the backslash have a meaning there. */
static void quote(struct planner *planner, const char *path)
{
	append(planner, "\"");
	for (; *path; path++) {
		if (*path == '"' || *path == '\\')
			append(planner, "\\");
		append_bytes(planner, path, 1);
	}
	append(planner, "\"");
}

/* "(<verb> (literal P) (subpath P))": the file or directory and all beneath it. */
static void rule_tree(struct planner *planner, const char *verb, const char *path)
{
	append(planner, "(");
	append(planner, verb);
	append(planner, " (literal ");
	quote(planner, path);
	append(planner, ") (subpath ");
	quote(planner, path);
	append(planner, "))\n");
}

static void rule_literal(struct planner *planner, const char *verb, const char *path)
{
	append(planner, "(");
	append(planner, verb);
	append(planner, " (literal ");
	quote(planner, path);
	append(planner, "))\n");
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const struct cr_origin *origin_of(const struct cr_point *point)
{
	return point->rule ? &point->rule->origin : &cr_origin_system;
}

/* Characters of a path as a pattern; what may have a meaning there becomes any character. */
static void append_pattern(struct planner *planner, const char *from, const char *end)
{
	for (const char *at = from; at < end; at++) {
		if (is_letter(*at) || (*at >= '0' && *at <= '9') || strchr("/-_", *at))
			append_bytes(planner, at, 1);
		else if ((unsigned char)*at < 0x80)
			append(planner, ".");
		else if (at + 1 == end || (unsigned char)at[1] < 0x80) /* end of a run of others */
			append(planner, "[^/]+");
	}
}

static bool is_ascii(const char *text)
{
	while (*text && (unsigned char)*text < 0x80)
		text++;
	return !*text;
}

/*
 * A name that does not exist yet can be created in another case, and is then found under the
 * protected one, for the volume folds case. So its last component is also denied as a pattern,
 * its letters in both cases. The directories above exist, and are known by their real names.
 */
static void rule_any_case(struct planner *planner, const struct cr_point *point)
{
	const char *name = cr_path_base(CR_OS_MACOS, point->path);

	if (!is_ascii(name)) {
		cr_build_gap(
			&planner->builder, "absent-protected", origin_of(point),
			"'%s' does not exist, and could be created with its letters in another "
			"case",
			point->path);
		return;
	}
	append(planner, "(deny file-write* (regex #\"^");
	append_pattern(planner, point->path, name);
	for (; *name; name++) {
		const char both[] = {'[', (char)(*name | 0x20), (char)(*name & ~0x20), ']', '\0'};

		if (is_letter(*name))
			append(planner, both);
		else
			append_pattern(planner, name, name + 1);
	}
	append(planner, "(/|$)\"))\n");
}

static bool exists(const struct planner *planner, const struct cr_point *point)
{
	return planner->blind || point->type != CR_FT_NONE;
}

static void add(struct planner *planner, struct cr_step step)
{
	cr_build_step(&planner->builder, &step);
}

static void add_on(struct planner *planner, const struct cr_point *point, enum cr_step_kind kind)
{
	add(planner, (struct cr_step){
			     .kind = kind,
			     .life = point->life,
			     .path = point->path,
			     .type = point->type,
			     .id = point->id,
			     .origin = *origin_of(point),
		     });
}

/* Directories that must keep their names: renamed away, they take a protected path along. */
static void pin_above(struct planner *planner, const struct cr_point *point)
{
	struct cr_builder *builder = &planner->builder;
	const unsigned depth = cr_path_depth(CR_OS_MACOS, point->path);
	int root = point->parent;
	unsigned d;

	if (point->from_pattern)
		return; /* a snapshot of names: the next match may be anywhere anyway */
	while (root >= 0 && planner->points[root].around == CR_VIEW_WRITABLE)
		root = planner->points[root].parent;
	d = root < 0 ? depth : cr_path_depth(CR_OS_MACOS, planner->points[root].path) + 1;
	for (; d < depth; d++) {
		struct cr_point above = {.life = CR_LIFE_LIVE, .rule = point->rule};
		struct cr_resolved resolved;

		above.path = cr_path_prefix(builder->arena, CR_OS_MACOS, point->path, d);
		if (!above.path) {
			builder->failed = 1;
			cr_fail(builder->err, CR_E_NOMEM, "plan");
			return;
		}
		if (planner->last_protected &&
		    cr_path_within(CR_OS_MACOS, planner->last_protected, above.path))
			continue;
		if (cr_resolve(builder->rules->resolver, above.path, &resolved, builder->err) < 0) {
			builder->failed = 1;
			return;
		}
		above.type = resolved.stat.type;
		above.id = resolved.stat.id;
		add_on(planner, &above, CR_STEP_PIN);
		rule_literal(planner, "deny file-write-unlink", above.path);
	}
	planner->last_protected = point->path;
}

/*
 * Of an absent name, the topmost directory that is missing: were only the name itself kept away,
 * a directory made elsewhere could be renamed to one above it.
 */
static const char *topmost_missing(struct planner *planner, const struct cr_point *point)
{
	struct cr_builder *builder = &planner->builder;
	const unsigned depth = cr_path_depth(CR_OS_MACOS, point->path);

	for (unsigned d = 1; d < depth; d++) {
		const char *path = cr_path_prefix(builder->arena, CR_OS_MACOS, point->path, d);
		struct cr_resolved at;

		if (!path || cr_resolve(builder->rules->resolver, path, &at, builder->err) < 0) {
			if (!path)
				cr_fail(builder->err, CR_E_NOMEM, "plan");
			builder->failed = 1;
			break;
		}
		if (at.stat.type != CR_FT_NONE)
			continue;
		cr_build_note(builder, origin_of(point),
			      "'%s' cannot be made in the box: '%s' in it is protected", path,
			      point->path);
		return path;
	}
	return point->path;
}

/* A protected name that does not exist, in a place where it could be made. */
static void add_absent(struct planner *planner, const struct cr_point *point)
{
	struct cr_point missing = *point;

	missing.path = topmost_missing(planner, point);
	if (planner->last_reserved &&
	    cr_path_within(CR_OS_MACOS, missing.path, planner->last_reserved))
		return;
	if (missing.path != point->path) {
		cr_build_note(&planner->builder, origin_of(point),
			      "'%s' cannot be made in the box: '%s' in it is protected",
			      missing.path, point->path);
	}
	planner->last_reserved = missing.path;
	pin_above(planner, &missing);
	rule_tree(planner, "deny file-write*", missing.path);
	rule_any_case(planner, &missing);
	add_on(planner, &missing, CR_STEP_RESERVE);
}

/* What is shown inside a hidden directory is reached by looking up the ones above it. */
static void show_way(struct planner *planner, const struct cr_point *point)
{
	const unsigned depth = cr_path_depth(CR_OS_MACOS, point->path);

	/* From the hidden directory on: those above it can be looked up anyway. */
	unsigned d = point->parent < 0
			     ? 1
			     : cr_path_depth(CR_OS_MACOS, planner->points[point->parent].path);

	for (; d < depth; d++) {
		const char *above =
			cr_path_prefix(planner->builder.arena, CR_OS_MACOS, point->path, d);

		if (above)
			rule_literal(planner, "allow file-read-metadata", above);
	}
}

static void add_writable(struct planner *planner, const struct cr_point *point)
{
	if (point->around == CR_VIEW_HIDDEN)
		show_way(planner, point);
	rule_tree(planner, "allow file-read* file-write*", point->path);
	rule_literal(planner, "deny file-write-unlink", point->path);
	add_on(planner, point, CR_STEP_WRITABLE);
}

static void add_read_only(struct planner *planner, const struct cr_point *point)
{
	if (point->around == CR_VIEW_HIDDEN) {
		show_way(planner, point);
		rule_tree(planner, "allow file-read*", point->path);
		add_on(planner, point,
		       point->parent < 0 ? CR_STEP_READ_ONLY_TREE : CR_STEP_READABLE);
		return;
	}
	if (!exists(planner, point)) {
		add_absent(planner, point);
		return;
	}
	pin_above(planner, point);
	if (point->is_link)
		rule_literal(planner, "deny file-write*", point->path);
	else
		rule_tree(planner, "deny file-write*", point->path);
	add_on(planner, point, CR_STEP_PROTECT);
}

static void add_hidden(struct planner *planner, const struct cr_point *point)
{
	if (point->around == CR_VIEW_WRITABLE && !exists(planner, point)) {
		add_absent(planner, point);
		return;
	}
	if (point->around == CR_VIEW_WRITABLE)
		pin_above(planner, point);
	rule_tree(planner, "deny file-read* file-write*", point->path);
	add_on(planner, point, CR_STEP_HIDE);
}

static void add_point(struct planner *planner, const struct cr_point *point)
{
	if (point->view == point->around)
		return;
	switch (point->view) {
	case CR_VIEW_WRITABLE:
		add_writable(planner, point);
		break;
	case CR_VIEW_READ_ONLY:
		add_read_only(planner, point);
		break;
	case CR_VIEW_HIDDEN:
		add_hidden(planner, point);
		break;
	}
}

static void add_limits(struct planner *planner)
{
	static const struct cr_limit_way ways[CR_LIMIT_COUNT] = {
		[CR_LIMIT_MEMORY] = {CR_STEP_KIND_COUNT, "limit-memory"},
		[CR_LIMIT_PROCESSES] = {CR_STEP_KIND_COUNT, "limit-processes"},
		[CR_LIMIT_TIME] = {CR_STEP_TIMEOUT, NULL},
		[CR_LIMIT_FILES] = {CR_STEP_RLIMIT, "files"},
		[CR_LIMIT_DISK] = {CR_STEP_KIND_COUNT, "limit-disk"},
	};

	cr_build_limits(&planner->builder, ways, "this system has no limit for a process tree");
}

/* Must fail: writing at the root, reading what is hidden. Must work: writing in the workspace. */
static void add_canaries(struct planner *planner)
{
	const struct cr_ruleset *rules = planner->builder.rules;
	const size_t n_steps = planner->builder.n_steps;
	struct cr_step canary = {.origin = cr_origin_system};

	if (planner->points[0].view != CR_VIEW_WRITABLE) {
		canary.kind = CR_STEP_CANARY_WRITE;
		canary.path = "/";
		add(planner, canary);
	}
	if (rules->ctx.workspace &&
	    cr_decide_view(rules, rules->ctx.workspace, NULL) == CR_VIEW_WRITABLE) {
		canary.kind = CR_STEP_CANARY_WORK;
		canary.path = rules->ctx.workspace;
		add(planner, canary);
	}
	for (size_t i = 0; i < n_steps; i++) {
		const struct cr_step *step = &planner->builder.steps[i];

		if (step->kind != CR_STEP_HIDE || (step->type == CR_FT_NONE && !planner->blind))
			continue;
		canary.kind = CR_STEP_CANARY_READ;
		canary.path = step->path;
		add(planner, canary);
		return;
	}
}

int cr_plan_macos(struct cr_arena *arena, const struct cr_ruleset *rules,
		  const struct cr_facts *facts, struct cr_plan **out, struct cr_err *err)
{
	struct planner planner = {
		.builder = {.arena = arena, .rules = rules, .facts = facts, .err = err},
	};

	if (cr_build_points(&planner.builder, &planner.points, &planner.n_points) < 0)
		return -1;
	if (rules->ctx.temp_dir) {
		add(&planner, (struct cr_step){
				      .kind = CR_STEP_TEMP_DIR,
				      .path = rules->ctx.temp_dir,
				      .origin = cr_origin_system,
			      });
	}
	planner.blind = planner.points[0].type == CR_FT_NONE;
	append(&planner, preamble);
	for (size_t i = 0; i < planner.n_points; i++)
		add_point(&planner, &planner.points[i]);
	append(&planner, postamble);
	add(&planner, (struct cr_step){
			      .kind = CR_STEP_MAC_PROFILE,
			      .detail = planner.text,
			      .origin = cr_origin_system,
		      });
	add_limits(&planner);
	cr_build_env(&planner.builder);
	add_canaries(&planner);
	cr_build_broker_gaps(&planner.builder);
	cr_build_note(&planner.builder, &cr_origin_system,
		      "loopback and AF_UNIX sockets are off too: there is no private network on "
		      "this system");
	if (planner.blind) {
		cr_build_note(&planner.builder, &cr_origin_system,
			      "planned without looking at the file system: every path is taken to "
			      "exist, and patterns match nothing");
	}
	return cr_build_finish(&planner.builder, out);
}
