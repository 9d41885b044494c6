/*
 * plan_windows.c - the Windows box as a plan: token, restricting SIDs, integrity
 * level, and the access control entries of every path.
 *
 * The reasons are in the documentation of the Windows backend: three locks
 * (identity, place, height), because write-restriction alone lets a process
 * delete outside its roots. Nothing here has run on Windows; the plan is data
 * that is proven against a model of the access check.
 * It must never plan an entry on a drive's root, nor one that grants
 * FILE_DELETE_CHILD, which lets children be deleted whatever their own ACL says.
 */
#include <inttypes.h>
#include <string.h>

#include "limits.h"
#include "path.h"
#include "plan_build.h"
#include "text.h"

/* CreateRestrictedToken (winnt.h). */
#define DISABLE_MAX_PRIVILEGE 0x1u
#define LUA_TOKEN             0x4u
#define WRITE_RESTRICTED      0x8u

/* Access rights of files (winnt.h; [MS-DTYP] 2.4.3). */
#define FILE_WRITE_DATA       0x2u
#define FILE_APPEND_DATA      0x4u
#define FILE_WRITE_EA         0x10u
#define FILE_DELETE_CHILD     0x40u
#define FILE_WRITE_ATTRIBUTES 0x100u
#define DELETE                0x10000u
#define WRITE_DAC             0x40000u
#define WRITE_OWNER           0x80000u
#define FILE_GENERIC_READ     0x120089u
#define FILE_GENERIC_WRITE    0x120116u
#define FILE_GENERIC_EXECUTE  0x1200a0u
#define FILE_ALL_ACCESS       0x1f01ffu

#define MASK_ROOT (FILE_GENERIC_READ | FILE_GENERIC_WRITE | FILE_GENERIC_EXECUTE | DELETE)
#define MASK_PROTECT                                                              \
	(FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA | FILE_DELETE_CHILD | \
	 FILE_WRITE_ATTRIBUTES | DELETE | WRITE_DAC | WRITE_OWNER)
#define MASK_READ (FILE_GENERIC_READ | FILE_GENERIC_EXECUTE)
#define MASK_HIDE FILE_ALL_ACCESS

_Static_assert(MASK_ROOT == 0x1301bf, "read, write, execute and delete, without delete-child");
_Static_assert(MASK_PROTECT == 0xd0156, "every right that changes a file, and none to read it");

/* Between Low (0x1000) and Medium (0x2000): the height of the box, and of what it may write. */
#define LEVEL_BOX    "S-1-16-6144"
#define LEVEL_MEDIUM "S-1-16-8192"

#define SID_EVERYONE "S-1-1-0"
/* Stands for the logon session's SID when planning for another machine ([MS-DTYP] 2.4.2.4). */
#define SID_ANY_LOGON "S-1-5-5-X-Y"

/* Below 1000 are the relative ids of real accounts and groups ([MS-DTYP] 2.4.2.4). */
#define FIRST_FREE_RID 1000u

/*
 * A token with 158 restricting SIDs is known to fail with ERROR_ALLOTTED_SPACE_EXCEEDED, because
 * each goes into its default DACL too.
 */
#define MAX_ROOTS 64

struct planner {
	struct cr_builder builder;
	struct cr_point *points;
	size_t n_points;
	const char **sids; /* of the points that are writable roots; NULL for others */
	size_t n_roots;
	bool blind; /* planned without a file system to look at: all is taken to exist */
	const char *last_protected; /* path; finds out which directories above are pinned already */
	const char *account;        /* the sandbox account's SID; NULL: runs as the user */
};

static void add(struct planner *planner, struct cr_step step)
{
	cr_build_step(&planner->builder, &step);
}

static const char *keep(struct planner *planner, const char *text)
{
	if (!text && !planner->builder.failed) {
		cr_fail(planner->builder.err, CR_E_NOMEM, "plan");
		planner->builder.failed = 1;
	}
	return text;
}

static const struct cr_origin *origin_of(const struct cr_point *point)
{
	return point->rule ? &point->rule->origin : &cr_origin_system;
}

static bool exists(const struct planner *planner, const struct cr_point *point)
{
	const struct cr_context *ctx = &planner->builder.rules->ctx;

	return planner->blind || point->type != CR_FT_NONE ||
	       (ctx->temp_dir && cr_path_cmp(ctx->os, ctx->temp_dir, point->path) == 0);
}

static bool is_drive(const struct cr_point *point)
{
	return point->parent < 0;
}

/* A step on the path of a point. */
static void add_on(struct planner *planner, const struct cr_point *point, enum cr_step_kind kind,
		   const char *detail, uint64_t value)
{
	add(planner, (struct cr_step){
			     .kind = kind,
			     .life = point->life,
			     .path = point->path,
			     .detail = detail,
			     .value = value,
			     .type = point->type,
			     .id = point->id,
			     .origin = *origin_of(point),
		     });
}

/* Inherited by all that lies beneath a directory; a file or a link has no heirs. */
static const char *inheritance(const struct cr_point *point)
{
	return point->type == CR_FT_FILE || point->type == CR_FT_SYMLINK ? "" : "OICI";
}

static void add_ace(struct planner *planner, const struct cr_point *point, enum cr_step_kind kind,
		    uint32_t mask, const char *sid)
{
	const char type = kind == CR_STEP_WIN_DENY || kind == CR_STEP_WIN_HIDE ? 'D' : 'A';

	add_on(planner, point, kind,
	       keep(planner, cr_arena_printf(planner->builder.arena, "(%c;%s;0x%" PRIx32 ";;;%s)",
					     type, inheritance(point), mask, sid)),
	       mask);
}

static void add_label(struct planner *planner, const struct cr_point *point, const char *level)
{
	if (!planner->builder.facts->integrity_labels)
		return;
	add_on(planner, point, CR_STEP_WIN_LABEL,
	       cr_arena_printf(planner->builder.arena, "(ML;%s;NW;;;%s)", inheritance(point),
			       level),
	       0);
}

/* FNV-1a, 32 bit, over the folded characters: one directory, one number, however it is spelled. */
static uint32_t hash_path(const char *path)
{
	const char *end = path + strlen(path);
	uint32_t hash = 2166136261u;

	while (path < end) {
		uint32_t code;
		const size_t len = cr_utf8_decode(path, (size_t)(end - path), &code);

		path += len > 0 ? len : 1;
		code = cr_char_fold(code);
		for (unsigned shift = 0; shift < 32; shift += 8)
			hash = (hash ^ (code >> shift & 0xff)) * 16777619u;
	}
	return hash;
}

static bool is_taken(const struct planner *planner, size_t n_points, const char *sid)
{
	for (size_t i = 0; i < n_points; i++) {
		if (planner->sids[i] && strcmp(planner->sids[i], sid) == 0)
			return true;
	}
	return false;
}

/*
 * The sandbox-write SID of a root: the same in every run, so that entries are written once per
 * workspace. Two roots of one plan never share one (the next free id is taken). Two workspaces
 * could, once in four thousand million; the backend's journal knows which path each SID was
 * made for and refuses another.
 */
static const char *root_sid(struct planner *planner, size_t index)
{
	const uint32_t *seed = planner->builder.facts->sid_seed;
	uint32_t rid = hash_path(planner->points[index].path);
	const char *sid;

	do {
		if (rid < FIRST_FREE_RID)
			rid += FIRST_FREE_RID;
		sid = cr_arena_printf(planner->builder.arena,
				      "S-1-5-21-%" PRIu32 "-%" PRIu32 "-%" PRIu32 "-%" PRIu32,
				      seed[0], seed[1], seed[2], rid);
		rid++;
	} while (keep(planner, sid) && is_taken(planner, index, sid));
	return sid;
}

static bool is_root(const struct planner *planner, const struct cr_point *point)
{
	return point->view == CR_VIEW_WRITABLE && point->around != CR_VIEW_WRITABLE &&
	       !point->is_link && exists(planner, point);
}

static int name_roots(struct planner *planner)
{
	struct cr_builder *builder = &planner->builder;

	for (size_t i = 0; i < planner->n_points; i++) {
		const struct cr_point *point = &planner->points[i];

		if (!is_root(planner, point))
			continue;
		if (is_drive(point)) {
			cr_fail(builder->err, CR_E_USAGE,
				"'%s': a whole drive cannot be made writable", point->path);
			return cr_hint(builder->err, "name the directories that may be written");
		}
		if (++planner->n_roots > MAX_ROOTS) {
			cr_fail(builder->err, CR_E_LIMIT,
				"more than %d writable roots: a token holds no more", MAX_ROOTS);
			return cr_hint(builder->err, "allow a directory above them instead");
		}
		planner->sids[i] = root_sid(planner, i);
		if (builder->failed)
			return -1;
	}
	return 0;
}

/* The SID of the writable root a point lies in, or NULL. */
static const char *sid_around(const struct planner *planner, const struct cr_point *point)
{
	for (int i = point->parent; i >= 0; i = planner->points[i].parent) {
		if (planner->sids[i])
			return planner->sids[i];
		if (planner->points[i].view != CR_VIEW_WRITABLE)
			return NULL;
	}
	return NULL;
}

/* Who the command is and how high it stands: the token. */
static void add_token(struct planner *planner)
{
	const struct cr_facts *facts = planner->builder.facts;

	add(planner, (struct cr_step){
			     .kind = CR_STEP_WIN_TOKEN,
			     .detail = "DISABLE_MAX_PRIVILEGE|LUA_TOKEN|WRITE_RESTRICTED",
			     .value = DISABLE_MAX_PRIVILEGE | LUA_TOKEN | WRITE_RESTRICTED,
			     .origin = cr_origin_system,
		     });
	for (size_t i = 0; i < planner->n_points; i++) {
		if (planner->sids[i])
			add_on(planner, &planner->points[i], CR_STEP_WIN_SID, planner->sids[i], 0);
	}
	add(planner, (struct cr_step){
			     .kind = CR_STEP_WIN_SID,
			     .detail = facts->logon_sid[0] ? facts->logon_sid : SID_ANY_LOGON,
			     .origin = cr_origin_system,
		     });
	add(planner, (struct cr_step){
			     .kind = CR_STEP_WIN_SID,
			     .detail = SID_EVERYONE,
			     .origin = cr_origin_system,
		     });
	if (facts->integrity_labels) {
		add(planner, (struct cr_step){
				     .kind = CR_STEP_WIN_LEVEL,
				     .detail = LEVEL_BOX,
				     .origin = cr_origin_system,
			     });
	}
}

/*
 * The entry grants DELETE on the root itself too, so its name is held by an open handle that
 * shares no deletion (the pin) as long as the box lives.
 */
static void add_writable(struct planner *planner, size_t index)
{
	const struct cr_point *point = &planner->points[index];

	if (!planner->sids[index]) {
		if (point->around != CR_VIEW_WRITABLE && !point->is_link) {
			cr_build_note(&planner->builder, origin_of(point),
				      "'%s' does not exist: nothing to make writable", point->path);
		}
		return;
	}
	add_ace(planner, point, CR_STEP_WIN_ALLOW, MASK_ROOT, planner->sids[index]);
	if (planner->account)
		add_ace(planner, point, CR_STEP_WIN_ALLOW, MASK_ROOT, planner->account);
	add_label(planner, point, LEVEL_BOX);
	add_on(planner, point, CR_STEP_PIN, NULL, 0);
}

/* A protected name is no use when a directory above it can be renamed away and made anew. */
static void pin_above(struct planner *planner, const struct cr_point *point)
{
	struct cr_builder *builder = &planner->builder;
	const enum cr_os os = builder->rules->ctx.os;
	const unsigned depth = cr_path_depth(os, point->path);
	unsigned root_depth = 0;

	if (point->from_pattern)
		return; /* a snapshot of names: the next match may be anywhere anyway */
	for (int i = point->parent; i >= 0 && root_depth == 0; i = planner->points[i].parent) {
		if (planner->sids[i])
			root_depth = cr_path_depth(os, planner->points[i].path);
	}
	for (unsigned d = root_depth + 1; root_depth > 0 && d < depth; d++) {
		struct cr_point above = {.life = CR_LIFE_LIVE, .rule = point->rule};
		struct cr_resolved resolved;

		above.path = keep(planner, cr_path_prefix(builder->arena, os, point->path, d));
		if (!above.path)
			return;
		if (planner->last_protected &&
		    cr_path_within(os, planner->last_protected, above.path))
			continue;
		if (cr_resolve(builder->rules->resolver, above.path, &resolved, builder->err) < 0) {
			builder->failed = 1;
			return;
		}
		above.type = resolved.stat.type;
		above.id = resolved.stat.id;
		add_on(planner, &above, CR_STEP_PIN, NULL, 0);
	}
	planner->last_protected = point->path;
}

/* Not writable, though it lies in a writable root. */
static void add_protected(struct planner *planner, const struct cr_point *point)
{
	const char *sid = sid_around(planner, point);

	if (!sid)
		return;
	if (!exists(planner, point)) {
		cr_build_gap(&planner->builder, "absent-protected", origin_of(point),
			     "'%s' does not exist: there is no file to put an entry on, so the "
			     "command could create it; the same holds for other absent names",
			     point->path);
		return;
	}
	pin_above(planner, point);
	add_ace(planner, point, CR_STEP_WIN_DENY, MASK_PROTECT, sid);
	add_label(planner, point, LEVEL_MEDIUM);
}

static void add_read_only(struct planner *planner, const struct cr_point *point)
{
	if (point->around == CR_VIEW_WRITABLE)
		add_protected(planner, point);
	if (point->around == CR_VIEW_HIDDEN && !is_drive(point) && planner->account &&
	    exists(planner, point))
		add_ace(planner, point, CR_STEP_READABLE, MASK_READ, planner->account);
}

static void add_hidden(struct planner *planner, const struct cr_point *point)
{
	struct cr_builder *builder = &planner->builder;

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
	if (!planner->account) {
		cr_build_gap(builder, "hidden-files", origin_of(point),
			     "'%s' and all other hidden paths can be read: the command runs as the "
			     "user, and a write-restricted token restricts no reading",
			     point->path);
	} else if (exists(planner, point)) {
		add_ace(planner, point, CR_STEP_WIN_HIDE, MASK_HIDE, planner->account);
	}
}

static void add_points(struct planner *planner)
{
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
}

static void add_limits(struct planner *planner)
{
	static const struct cr_limit_way ways[CR_LIMIT_COUNT] = {
		[CR_LIMIT_MEMORY] = {CR_STEP_RLIMIT, "job-memory"},
		[CR_LIMIT_PROCESSES] = {CR_STEP_RLIMIT, "job-processes"},
		[CR_LIMIT_TIME] = {CR_STEP_TIMEOUT, NULL},
		[CR_LIMIT_FILES] = {CR_STEP_KIND_COUNT, "limit-files"},
		[CR_LIMIT_DISK] = {CR_STEP_KIND_COUNT, "limit-disk"},
	};

	cr_build_limits(&planner->builder, ways, "a job object has no such limit");
}

static void add_system_gaps(struct planner *planner)
{
	static const struct {
		const char *name, *text;
	} without_labels[] = {
		{"delete-outside", "files outside the writable roots can be deleted: a "
				   "write-restricted token does not restrict deleting"},
		{"rename-protected", "protected files can be renamed and deleted"},
		{"world-writable", "what everyone may write stays writable"},
		{"same-user-processes", "processes, pipes and windows of the user can be reached"},
	};
	struct cr_builder *builder = &planner->builder;

	if (!planner->account && !cr_build_find_rule(builder->rules, CR_BIT(CR_CAP_CONNECT),
						     CR_BIT(CR_ALLOW) | CR_BIT(CR_ASK))) {
		cr_build_gap(builder, "network", &cr_origin_system,
			     "the command can use the network: without carrel-setup nothing on "
			     "this system can keep a process of the user offline");
	}
	cr_build_broker_gaps(builder);
	for (size_t i = 0; !builder->facts->integrity_labels && i < 4; i++) {
		cr_build_gap(builder, without_labels[i].name, &cr_origin_system,
			     "%s, and this volume keeps no integrity labels",
			     without_labels[i].text);
	}
	if (planner->blind) {
		cr_build_note(builder, &cr_origin_system,
			      "planned without looking at the file system: every path is taken to "
			      "exist, and patterns match nothing");
	}
}

/* Must fail: writing above the roots, reading what is hidden. Must work: writing in a root. */
static void add_canaries(struct planner *planner)
{
	const struct cr_ruleset *rules = planner->builder.rules;
	const size_t n_steps = planner->builder.n_steps;
	struct cr_step canary = {.origin = cr_origin_system};

	canary.kind = CR_STEP_CANARY_WRITE;
	canary.path = planner->points[0].path;
	add(planner, canary);
	if (rules->ctx.workspace &&
	    cr_decide_view(rules, rules->ctx.workspace, NULL) == CR_VIEW_WRITABLE) {
		canary.kind = CR_STEP_CANARY_WORK;
		canary.path = rules->ctx.workspace;
		add(planner, canary);
	}
	for (size_t i = 0; i < n_steps; i++) {
		if (planner->builder.steps[i].kind != CR_STEP_WIN_HIDE)
			continue;
		canary.kind = CR_STEP_CANARY_READ;
		canary.path = planner->builder.steps[i].path;
		add(planner, canary);
		return;
	}
}

/* The account is chosen by whether the policy lets anything out: the firewall knows its SID. */
static int choose_account(struct planner *planner)
{
	const struct cr_facts *facts = planner->builder.facts;
	const struct cr_rule *connect = cr_build_find_rule(
		planner->builder.rules, CR_BIT(CR_CAP_CONNECT), CR_BIT(CR_ALLOW) | CR_BIT(CR_ASK));

	if (planner->builder.rules->ctx.tier != CR_TIER_ELEVATED)
		return 0;
	planner->account = connect ? facts->online_sid : facts->offline_sid;
	if (planner->account[0])
		return 0;
	cr_fail(planner->builder.err, CR_E_USAGE, "the elevated tier needs the sandbox accounts");
	return cr_hint(planner->builder.err, "run carrel-setup, or use --tier unelevated");
}

int cr_plan_windows(struct cr_arena *arena, const struct cr_ruleset *rules,
		    const struct cr_facts *facts, struct cr_plan **out, struct cr_err *err)
{
	struct planner planner = {
		.builder = {.arena = arena, .rules = rules, .facts = facts, .err = err},
	};

	if (choose_account(&planner) < 0 ||
	    cr_build_points(&planner.builder, &planner.points, &planner.n_points) < 0)
		return -1;
	planner.sids = cr_arena_alloc(arena, planner.n_points + 1, sizeof(*planner.sids));
	if (!planner.sids)
		return cr_fail(err, CR_E_NOMEM, "plan");
	planner.blind = planner.n_points == 0 || planner.points[0].type == CR_FT_NONE;
	if (name_roots(&planner) < 0)
		return -1;
	add_token(&planner);
	if (rules->ctx.temp_dir) {
		add(&planner, (struct cr_step){
				      .kind = CR_STEP_TEMP_DIR,
				      .path = rules->ctx.temp_dir,
				      .origin = cr_origin_system,
			      });
	}
	add_points(&planner);
	add_limits(&planner);
	cr_build_env(&planner.builder);
	if (planner.n_points > 0)
		add_canaries(&planner);
	add_system_gaps(&planner);
	return cr_build_finish(&planner.builder, out);
}
