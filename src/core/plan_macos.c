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
	char *text;                 /* the profile so far */
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

/*
 * A name that does not exist yet can be created in another case, and is then found under the
 * protected one, for the volume folds case. So it is also denied as a pattern: letters in both
 * cases, and any character in the place of one that has a meaning in a pattern (which denies
 * more, never less).
 */
static void rule_any_case(struct planner *planner, const char *verb, const char *path)
{
	append(planner, "(");
	append(planner, verb);
	append(planner, " (regex #\"^");
	for (; *path; path++) {
		const char both[] = {'[', (char)(*path | 0x20), (char)(*path & ~0x20), ']', '\0'};

		if (is_letter(*path))
			append(planner, both);
		else if (strchr("/-_", *path) || (*path >= '0' && *path <= '9'))
			append_bytes(planner, path, 1);
		else if ((unsigned char)*path < 0x80)
			append(planner, ".");
		else if ((unsigned char)path[1] < 0x80) /* the last byte of a run of others */
			append(planner, "[^/]+");
	}
	append(planner, "(/|$)\"))\n");
}

static const struct cr_origin *origin_of(const struct cr_point *point)
{
	return point->rule ? &point->rule->origin : &cr_origin_system;
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

/* To reach what is shown inside a hidden directory, the directories above must be looked up. */
static void show_way(struct planner *planner, const struct cr_point *point)
{
	const unsigned depth = cr_path_depth(CR_OS_MACOS, point->path);

	for (unsigned d = 1; d < depth; d++) {
		const char *above =
			cr_path_prefix(planner->builder.arena, CR_OS_MACOS, point->path, d);

		if (above)
			rule_literal(planner, "allow file-read-metadata", above);
	}
}

static bool exists(const struct planner *planner, const struct cr_point *point)
{
	return planner->blind || point->type != CR_FT_NONE;
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
	pin_above(planner, point);
	if (point->is_link)
		rule_literal(planner, "deny file-write*", point->path);
	else
		rule_tree(planner, "deny file-write*", point->path);
	if (!exists(planner, point))
		rule_any_case(planner, "deny file-write*", point->path);
	add_on(planner, point, exists(planner, point) ? CR_STEP_PROTECT : CR_STEP_RESERVE);
}

static void add_hidden(struct planner *planner, const struct cr_point *point)
{
	if (point->around == CR_VIEW_WRITABLE)
		pin_above(planner, point);
	rule_tree(planner, "deny file-read* file-write*", point->path);
	if (!exists(planner, point))
		rule_any_case(planner, "deny file-read* file-write*", point->path);
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
	static const struct {
		enum cr_step_kind kind; /* CR_STEP_KIND_COUNT: none, a gap of the name below */
		const char *detail;
	} how[CR_LIMIT_COUNT] = {
		[CR_LIMIT_MEMORY] = {CR_STEP_KIND_COUNT, "limit-memory"},
		[CR_LIMIT_PROCESSES] = {CR_STEP_KIND_COUNT, "limit-processes"},
		[CR_LIMIT_TIME] = {CR_STEP_TIMEOUT, NULL},
		[CR_LIMIT_FILES] = {CR_STEP_RLIMIT, "files"},
		[CR_LIMIT_DISK] = {CR_STEP_KIND_COUNT, "limit-disk"},
	};

	for (int i = 0; i < CR_LIMIT_COUNT; i++) {
		const struct cr_limit *limit = &planner->builder.rules->limits[i];

		if (!limit->set)
			continue;
		if (how[i].kind == CR_STEP_KIND_COUNT) {
			cr_build_gap(&planner->builder, how[i].detail, &limit->origin,
				     "'limit %s': this system has no limit for a process tree",
				     cr_limit_name_text((enum cr_limit_name)i));
			continue;
		}
		add(planner, (struct cr_step){
				     .kind = how[i].kind,
				     .detail = how[i].detail,
				     .value = limit->value,
				     .origin = limit->origin,
			     });
	}
}

/* Must fail: writing at the root, reading what is hidden. Must work: writing in the first root. */
static void add_canaries(struct planner *planner)
{
	static const struct {
		enum cr_step_kind of, canary;
	} canaries[] = {
		{CR_STEP_HIDE, CR_STEP_CANARY_READ},
		{CR_STEP_WRITABLE, CR_STEP_CANARY_WORK},
	};
	const size_t n_steps = planner->builder.n_steps;

	if (planner->points[0].view != CR_VIEW_WRITABLE) {
		add(planner, (struct cr_step){
				     .kind = CR_STEP_CANARY_WRITE,
				     .path = "/",
				     .origin = cr_origin_system,
			     });
	}
	for (size_t c = 0; c < sizeof(canaries) / sizeof(canaries[0]); c++) {
		for (size_t i = 0; i < n_steps; i++) {
			const struct cr_step *step = &planner->builder.steps[i];

			if (step->kind != canaries[c].of ||
			    (step->type == CR_FT_NONE && !planner->blind))
				continue;
			add(planner, (struct cr_step){
					     .kind = canaries[c].canary,
					     .path = step->path,
					     .origin = step->origin,
				     });
			break;
		}
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
