/*
 * plan_windows_token.c - who the command is: the sandbox-write SIDs, the token, the job and the
 * desktop.
 *
 * Must never give two directories one SID, nor one directory another SID in the next run: entries
 * are written once per workspace.
 */
#include <inttypes.h>
#include <string.h>

#include "keyhash.h"
#include "path.h"
#include "plan_windows_impl.h"
#include "text.h"

/* CreateRestrictedToken (winnt.h). */
#define DISABLE_MAX_PRIVILEGE 0x1u
#define LUA_TOKEN             0x4u
#define WRITE_RESTRICTED      0x8u

/* JOB_OBJECT_LIMIT_* and JOB_OBJECT_UILIMIT_* (winnt.h). No breakaway is the lack of a flag. */
#define LIMIT_DIE_ON_UNHANDLED_EXCEPTION 0x400u
#define LIMIT_KILL_ON_JOB_CLOSE          0x2000u
#define UILIMIT_ALL                      0xffu

/* Below 1000 are the relative ids of real accounts and groups ([MS-DTYP] 2.4.2.4). */
#define FIRST_FREE_RID 1000u

/*
 * A token with 158 restricting SIDs is known to fail with ERROR_ALLOTTED_SPACE_EXCEEDED, because
 * each went into its default DACL too.
 */
#define MAX_ROOTS 64

/* The folded characters of a path: one directory, one number, however it is spelled. */
static void add_path(struct cr_keyhash *hash, const char *path)
{
	const char *end = path + strlen(path);

	while (path < end) {
		uint32_t code;
		const size_t len = cr_utf8_decode(path, (size_t)(end - path), &code);

		path += len > 0 ? len : 1;
		cr_keyhash_add64(hash, cr_char_fold(code));
	}
}

/*
 * The sandbox-write SID of a root, S-1-5-21-a-b-c-d. `a` and `b` are the installation's, so that
 * entries of ours are known by sight; `c` and `d` are a keyed hash of the path and of the file's
 * identity. Of the identity, because a directory that is moved away keeps its entries: whatever is
 * made under its old name must not get the SID they are for. Keyed, because the agent names
 * directories. Two roots share one by a chance of 1 in 2^64; the journal, which knows what each
 * SID was made for, refuses that.
 */
static const char *root_sid(struct cr_win_planner *planner, const struct cr_point *point)
{
	const uint32_t *seed = planner->builder.facts->sid_seed;
	const uint64_t key[2] = {(uint64_t)seed[1] << 32 | seed[0], seed[2]};
	struct cr_keyhash hash;
	uint64_t number;
	uint32_t rid;

	cr_keyhash_begin(&hash, key);
	add_path(&hash, point->path);
	cr_keyhash_add64(&hash, 0); /* no character: the path ends here */
	cr_keyhash_add64(&hash, point->id.volume);
	cr_keyhash_add64(&hash, point->id.file);
	number = cr_keyhash_end(&hash);
	rid = (uint32_t)number;
	if (rid < FIRST_FREE_RID)
		rid += FIRST_FREE_RID;
	return cr_win_keep(planner,
			   cr_arena_printf(planner->builder.arena,
					   "S-1-5-21-%" PRIu32 "-%" PRIu32 "-%" PRIu32 "-%" PRIu32,
					   seed[0], seed[1], (uint32_t)(number >> 32), rid));
}

bool cr_win_is_temp(const struct cr_win_planner *planner, const char *path)
{
	const struct cr_context *ctx = &planner->builder.rules->ctx;

	return ctx->temp_dir && cr_path_cmp(ctx->os, ctx->temp_dir, path) == 0;
}

/* The box's own directory is one even inside another: no other box has its SID. */
static bool is_root(const struct cr_win_planner *planner, const struct cr_point *point)
{
	if (point->view != CR_VIEW_WRITABLE || point->is_link)
		return false;
	if (cr_win_is_temp(planner, point->path))
		return true;
	return point->around != CR_VIEW_WRITABLE && (planner->blind || point->type != CR_FT_NONE);
}

bool cr_win_is_open(const struct cr_win_planner *planner, const char *path)
{
	return planner->builder.facts->open_drives >> (path[0] - 'A') & 1u;
}

static int refuse_root(struct cr_win_planner *planner, const struct cr_point *point)
{
	const struct cr_context *ctx = &planner->builder.rules->ctx;
	struct cr_err *err = planner->builder.err;

	if (point->parent < 0) {
		cr_fail(err, CR_E_USAGE, "'%s': a whole drive cannot be made writable",
			point->path);
		return cr_hint(err, "name the directories that may be written");
	}
	if (planner->builder.facts->integrity_labels && ctx->home &&
	    cr_path_within(ctx->os, ctx->home, point->path)) {
		cr_fail(err, CR_E_USAGE,
			"'%s' cannot be made writable: it holds your home directory, and programs "
			"in what the box may write start at the box's level, also outside it",
			point->path);
		return cr_hint(err, "name directories in it, or give up the third lock with "
				    "--accept-gap=integrity");
	}
	return 0;
}

int cr_win_name_roots(struct cr_win_planner *planner)
{
	struct cr_builder *builder = &planner->builder;
	unsigned n_roots = 0;

	planner->sids =
		cr_arena_alloc(builder->arena, planner->n_points + 1, sizeof(*planner->sids));
	if (!planner->sids)
		return cr_fail(builder->err, CR_E_NOMEM, "plan");
	for (size_t i = 0; i < planner->n_points; i++) {
		const struct cr_point *point = &planner->points[i];

		if (!is_root(planner, point))
			continue;
		if (refuse_root(planner, point) < 0)
			return -1;
		if (++n_roots > MAX_ROOTS) {
			cr_fail(builder->err, CR_E_LIMIT,
				"more than %d writable roots: a token holds no more", MAX_ROOTS);
			return cr_hint(builder->err, "allow a directory above them instead");
		}
		planner->sids[i] = root_sid(planner, point);
		if (!planner->box_sid || cr_win_is_temp(planner, point->path))
			planner->box_sid = planner->sids[i];
		if (builder->failed)
			return -1;
	}
	return 0;
}

void cr_win_add_account(struct cr_win_planner *planner)
{
	if (planner->account) {
		cr_win_bare(planner, planner->online ? CR_STEP_WIN_ONLINE : CR_STEP_WIN_OFFLINE,
			    planner->account, 0);
	}
}

/*
 * Who may open what the command makes without saying for whom: its processes, pipes, sections.
 * The system, its own account, and for the second check of a restricted token one SID that no
 * other box has. Not the logon SID, which every box of the same session restricts itself to.
 */
static const char *own_dacl(struct cr_win_planner *planner)
{
	return cr_win_keep(planner,
			   cr_arena_printf(planner->builder.arena,
					   "D:(A;;GA;;;%s)(A;;GA;;;%s)(A;;GA;;;%s)", CR_WIN_SYSTEM,
					   planner->who,
					   planner->box_sid ? planner->box_sid : CR_WIN_ANY_LOGON));
}

static void add_sids(struct cr_win_planner *planner)
{
	const char *logon = planner->builder.facts->logon_sid;

	for (size_t i = 0; i < planner->n_points; i++) {
		const struct cr_point *point = &planner->points[i];

		if (!planner->sids[i] || cr_win_is_open(planner, point->path))
			continue;
		cr_win_add(planner,
			   &(struct cr_step){
				   .kind = CR_STEP_WIN_SID,
				   .path = point->path,
				   .detail = planner->sids[i],
				   .type = point->type,
				   .id = point->id,
				   .origin = point->rule ? point->rule->origin : cr_origin_system,
			   });
	}
	/* The sandbox account's logon session begins when the box is made. */
	cr_win_bare(planner, CR_STEP_WIN_SID,
		    planner->account || !logon[0] ? CR_WIN_ANY_LOGON : logon, 0);
	cr_win_bare(planner, CR_STEP_WIN_SID, CR_WIN_EVERYONE, 0);
}

void cr_win_add_token(struct cr_win_planner *planner)
{
	cr_win_bare(planner, CR_STEP_WIN_TOKEN, "DISABLE_MAX_PRIVILEGE|LUA_TOKEN|WRITE_RESTRICTED",
		    DISABLE_MAX_PRIVILEGE | LUA_TOKEN | WRITE_RESTRICTED);
	add_sids(planner);
	cr_win_bare(planner, CR_STEP_WIN_DEFAULT_DACL, own_dacl(planner), 0);
	if (planner->builder.facts->integrity_labels)
		cr_win_bare(planner, CR_STEP_WIN_LEVEL, CR_WIN_LEVEL_BOX, 0);
}

/*
 * A process that is in a job already can join no job that has user interface limits (documented at
 * AssignProcessToJobObject). Only the command of the unelevated tier is carrel's child, and so
 * in carrel's job.
 */
static void add_job_ui(struct cr_win_planner *planner)
{
	if (planner->account || !planner->builder.facts->inside_job) {
		cr_win_bare(planner, CR_STEP_WIN_JOB_UI,
			    "HANDLES|READCLIPBOARD|WRITECLIPBOARD|SYSTEMPARAMETERS|"
			    "DISPLAYSETTINGS|GLOBALATOMS|DESKTOP|EXITWINDOWS",
			    UILIMIT_ALL);
		return;
	}
	cr_build_gap(&planner->builder, "job-ui", &cr_origin_system,
		     "carrel runs in a job itself (of an editor, a terminal or a CI runner), and a "
		     "job in a job has no user interface limits: the command can read and write "
		     "the clipboard and change settings of the session");
}

void cr_win_add_job(struct cr_win_planner *planner)
{
	static const struct cr_limit_way ways[CR_LIMIT_COUNT] = {
		[CR_LIMIT_MEMORY] = {CR_STEP_WIN_JOB_MEMORY, NULL},
		[CR_LIMIT_PROCESSES] = {CR_STEP_WIN_JOB_PROCESSES, NULL},
		[CR_LIMIT_TIME] = {CR_STEP_TIMEOUT, NULL},
		[CR_LIMIT_FILES] = {CR_STEP_KIND_COUNT, "limit-files"},
		[CR_LIMIT_DISK] = {CR_STEP_KIND_COUNT, "limit-disk"},
	};

	cr_win_bare(planner, CR_STEP_WIN_JOB, "KILL_ON_JOB_CLOSE|DIE_ON_UNHANDLED_EXCEPTION",
		    LIMIT_KILL_ON_JOB_CLOSE | LIMIT_DIE_ON_UNHANDLED_EXCEPTION);
	add_job_ui(planner);
	cr_build_limits(&planner->builder, ways, "a job object has no such limit");
}

/* An object without a label stands at Medium, above the box. */
static const char *with_label(struct cr_win_planner *planner, const char *dacl)
{
	if (!planner->builder.facts->integrity_labels || !dacl)
		return dacl;
	return cr_win_keep(planner, cr_arena_printf(planner->builder.arena, "%sS:(ML;;NW;;;%s)",
						    dacl, CR_WIN_LEVEL_BOX));
}

void cr_win_add_desktop(struct cr_win_planner *planner)
{
	cr_win_bare(planner, CR_STEP_WIN_DESKTOP, with_label(planner, own_dacl(planner)), 0);
	/* FILE_GENERIC_READ | FILE_GENERIC_WRITE, as everybody has it on an untouched system. */
	cr_win_bare(planner, CR_STEP_WIN_NUL,
		    with_label(planner, "D:(A;;0x12019f;;;" CR_WIN_EVERYONE ")"), 0);
}
