/*
 * plan_windows.c - the Windows box as a plan: the order of things, the gaps, the canaries.
 *
 * The reasons are in docs/windows.md: three locks (identity, place, height), because
 * write-restriction alone lets a process delete outside its roots. Nothing here has run on
 * Windows; the plan is data that is proven against a model of the access check.
 * It must never leave out of the gaps what the locks do not hold.
 */
#include <stdio.h>
#include <string.h>

#include "path.h"
#include "plan_windows_impl.h"

#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define CANARY_ADDRESS "192.0.2.1" /* TEST-NET-1 (RFC 5737): nobody is there */

void cr_win_add(struct cr_win_planner *planner, const struct cr_step *step)
{
	cr_build_step(&planner->builder, step);
}

void cr_win_bare(struct cr_win_planner *planner, enum cr_step_kind kind, const char *detail,
		 uint64_t value)
{
	cr_win_add(planner, &(struct cr_step){
				    .kind = kind,
				    .detail = detail,
				    .value = value,
				    .origin = cr_origin_system,
			    });
}

const char *cr_win_keep(struct cr_win_planner *planner, const char *text)
{
	if (!text && !planner->builder.failed) {
		cr_fail(planner->builder.err, CR_E_NOMEM, "plan");
		planner->builder.failed = 1;
	}
	return text;
}

/* The account is chosen by whether the policy lets anything out: the firewall knows its SID. */
static int choose_account(struct cr_win_planner *planner)
{
	const struct cr_facts *facts = planner->builder.facts;
	struct cr_err *err = planner->builder.err;

	planner->online = cr_build_find_rule(planner->builder.rules, CR_BIT(CR_CAP_CONNECT),
					     CR_BIT(CR_ALLOW) | CR_BIT(CR_ASK)) != NULL;
	planner->who = facts->user_sid;
	if (!facts->user_sid[0])
		return cr_fail(err, CR_E_USAGE, "the SID of the user is not known");
	if (planner->builder.rules->ctx.tier != CR_TIER_ELEVATED)
		return 0;
	planner->account = planner->online ? facts->online_sid : facts->offline_sid;
	planner->who = planner->account;
	if (planner->account[0])
		return 0;
	cr_fail(err, CR_E_USAGE, "the elevated tier needs the sandbox accounts");
	return cr_hint(err, "run carrel-setup, or use --tier unelevated");
}

/* What lock 3, the height, does not hold when there is none; the reason of each tier. */
static void add_height_gaps(struct cr_win_planner *planner)
{
	static const struct {
		const char *name, *user, *account;
	} gaps[] = {
		{"integrity",
		 "the box stands as high as all else, so the gaps that follow are open",
		 "the box stands as high as all else, so the gaps that follow are open"},
		{"delete-outside",
		 "files outside the writable roots can be deleted: a write-restricted token does "
		 "not restrict deleting",
		 "files outside the writable roots that every account of this machine may delete "
		 "can be deleted: a write-restricted token does not restrict deleting"},
		{"rename-protected",
		 "what lies in protected directories can be renamed and deleted: a "
		 "write-restricted token does not restrict deleting",
		 "what lies in protected directories and may be deleted by every account can be "
		 "renamed and deleted"},
		{"change-entries",
		 "files of the user, outside the writable roots and in protected directories, can "
		 "be opened by changing their entries and then written: a write-restricted token "
		 "does not restrict changing entries; a canary that finds it so lets nothing run",
		 "files whose entries every account may change, and those of other boxes, can be "
		 "opened by changing their entries and then written: a write-restricted token does "
		 "not restrict changing entries; a canary that finds it so lets nothing run"},
		{"world-writable", "what everyone may write stays writable",
		 "what everyone may write stays writable"},
		{"same-user-processes", "processes, pipes and windows of the user can be reached",
		 "processes of other boxes, which run as the same account, can be reached"},
	};
	struct cr_builder *builder = &planner->builder;

	for (size_t i = 0; !builder->facts->integrity_labels && i < COUNT(gaps); i++) {
		cr_build_gap(builder, gaps[i].name, &cr_origin_system,
			     "without integrity labels %s",
			     planner->account ? gaps[i].account : gaps[i].user);
	}
}

/*
 * Lock 2 asks only about writing, and lock 3 is one height for all boxes: what stands no higher
 * than this box, the workspaces of others among it, is held by lock 1 alone.
 */
static void add_low_gap(struct cr_win_planner *planner)
{
	struct cr_builder *builder = &planner->builder;

	if (planner->account) {
		cr_build_gap(builder, "delete-low", &cr_origin_system,
			     "what other boxes of the same account may write can be deleted, and "
			     "their processes taken over by way of their entries: a "
			     "write-restricted token restricts only writing");
	} else if (builder->facts->integrity_labels) {
		cr_build_gap(builder, "delete-low", &cr_origin_system,
			     "what of yours stands no higher than the box (AppData\\LocalLow, "
			     "caches of browsers, workspaces and processes of other boxes) can be "
			     "deleted, and taken over by way of its entries: a write-restricted "
			     "token restricts only writing");
	}
}

static void add_network_gap(struct cr_win_planner *planner)
{
	if (planner->account || planner->online)
		return;
	cr_build_gap(&planner->builder, "network", &cr_origin_system,
		     "the command can use the network: without carrel-setup nothing on "
		     "this system can keep a process of the user offline; shares and "
		     "services, this machine's own among them, take it for the user "
		     "without any restriction");
}

/* A volume with FAT has neither entries nor labels: every program writes all of it. */
static void add_volume_gap(struct cr_win_planner *planner)
{
	const uint32_t drives = planner->builder.facts->open_drives;
	char names[8 + 26 * 4] = "";

	for (int i = 0; i < 26; i++) {
		if (drives >> i & 1u)
			snprintf(names + strlen(names), sizeof(names) - strlen(names),
				 "%s%c:", names[0] ? ", " : "on ", 'A' + i);
	}
	if (names[0]) {
		cr_build_gap(&planner->builder, "open-volumes", &cr_origin_system,
			     "%s no access control is kept: all that is there can be read and "
			     "written",
			     names);
	}
}

static void add_notes(struct cr_win_planner *planner)
{
	struct cr_builder *builder = &planner->builder;

	if (builder->facts->integrity_labels) {
		cr_build_note(builder, &cr_origin_system,
			      "what is writable is labelled for the box: a program in it starts at "
			      "the box's level also when you run it outside");
	}
	if (planner->account && !planner->online) {
		cr_build_note(builder, &cr_origin_system,
			      "connections within the box are refused with all others: a test "
			      "server cannot be reached");
	}
	if (planner->blind) {
		cr_build_note(builder, &cr_origin_system,
			      "planned without looking at the file system: every path is taken to "
			      "exist, and patterns match nothing");
	}
}

static void add_system_gaps(struct cr_win_planner *planner)
{
	add_network_gap(planner);
	add_low_gap(planner);
	add_volume_gap(planner);
	cr_build_broker_gaps(&planner->builder);
	add_height_gaps(planner);
	add_notes(planner);
}

/* A directory outside, which the command could see were it not for the place. NULL: none. */
static void audit(struct cr_win_planner *planner, const char *path)
{
	struct cr_builder *builder = &planner->builder;
	struct cr_resolved at;

	if (!cr_win_keep(planner, path) ||
	    cr_resolve(builder->rules->resolver, path, &at, NULL) < 0 ||
	    (!planner->blind && at.stat.type != CR_FT_DIR))
		return;
	cr_win_add(planner, &(struct cr_step){
				    .kind = CR_STEP_WIN_AUDIT,
				    .path = at.path,
				    .type = at.stat.type,
				    .id = at.stat.id,
				    .origin = cr_origin_system,
			    });
}

/* Where Windows and its installers leave directories that others may write. */
static void add_audits(struct cr_win_planner *planner)
{
	static const char *const usual[] = {"ProgramData", "Users\\Public", "Windows\\Temp"};
	const struct cr_context *ctx = &planner->builder.rules->ctx;
	struct cr_arena *arena = planner->builder.arena;

	for (size_t i = 0; i < planner->n_points; i++) {
		const char *drive = planner->points[i].path;

		if (planner->points[i].parent >= 0)
			continue;
		audit(planner, drive);
		for (size_t k = 0; ctx->home && ctx->home[0] == drive[0] && k < COUNT(usual); k++)
			audit(planner, cr_arena_printf(arena, "%s%s", drive, usual[k]));
	}
}

static void add_canary(struct cr_win_planner *planner, enum cr_step_kind kind, const char *path)
{
	if (path) {
		cr_win_add(planner, &(struct cr_step){
					    .kind = kind,
					    .path = path,
					    .origin = cr_origin_system,
				    });
	}
}

/* A place the user may write and the box must not; carrel's own state always is one. */
static const char *outside_of(const struct cr_win_planner *planner)
{
	const struct cr_ruleset *rules = planner->builder.rules;

	return rules->ctx.home && cr_decide_view(rules, rules->ctx.home, NULL) != CR_VIEW_WRITABLE
		       ? rules->ctx.home
		       : rules->ctx.state_dir;
}

static const char *first_hidden(const struct cr_win_planner *planner)
{
	for (size_t i = 0; i < planner->builder.n_steps; i++) {
		if (planner->builder.steps[i].kind == CR_STEP_WIN_HIDE)
			return planner->builder.steps[i].path;
	}
	return NULL;
}

/*
 * Deleting, renaming and reaching carrel itself are held by lock 3, or by running as another
 * account: where the plan has neither, it says so in its gaps and there is nothing to try.
 */
static void add_canaries(struct cr_win_planner *planner)
{
	const struct cr_ruleset *rules = planner->builder.rules;
	const char *workspace = rules->ctx.workspace;

	add_canary(planner, CR_STEP_CANARY_WRITE, outside_of(planner));
	if (planner->builder.facts->integrity_labels || planner->account) {
		add_canary(planner, CR_STEP_CANARY_DELETE, rules->ctx.state_dir);
		add_canary(planner, CR_STEP_CANARY_RENAME, planner->protected);
		cr_win_bare(planner, CR_STEP_CANARY_PROCESS, NULL, 0);
	}
	add_canary(planner, CR_STEP_CANARY_READ, first_hidden(planner));
	if (planner->account && !planner->online)
		cr_win_bare(planner, CR_STEP_CANARY_CONNECT, CANARY_ADDRESS, 0);
	if (workspace && cr_decide_view(rules, workspace, NULL) == CR_VIEW_WRITABLE)
		add_canary(planner, CR_STEP_CANARY_WORK, workspace);
	add_canary(planner, CR_STEP_CANARY_WORK, rules->ctx.temp_dir);
}

/* The order of plan_windows.h. */
static void add_all(struct cr_win_planner *planner)
{
	cr_win_add_account(planner);
	cr_win_add_network(planner);
	cr_win_add_token(planner);
	cr_win_add_job(planner);
	cr_win_add_desktop(planner);
	cr_win_add_temp(planner);
	cr_win_add_entries(planner);
	cr_win_add_env(planner);
	add_audits(planner);
	add_canaries(planner);
	add_system_gaps(planner);
}

/* Of an absent drive a policy may speak; where no drive is there at all, there is nothing to see.
 */
static bool sees_nothing(const struct cr_win_planner *planner)
{
	for (size_t i = 0; i < planner->n_points; i++) {
		if (planner->points[i].parent < 0 && planner->points[i].type != CR_FT_NONE)
			return false;
	}
	return true;
}

int cr_plan_windows(struct cr_arena *arena, const struct cr_ruleset *rules,
		    const struct cr_facts *facts, struct cr_plan **out, struct cr_err *err)
{
	struct cr_win_planner planner = {
		.builder = {.arena = arena, .rules = rules, .facts = facts, .err = err},
	};

	if (choose_account(&planner) < 0 ||
	    cr_build_points(&planner.builder, &planner.points, &planner.n_points) < 0)
		return -1;
	planner.blind = sees_nothing(&planner);
	if (cr_win_name_roots(&planner) < 0)
		return -1;
	add_all(&planner);
	return cr_build_finish(&planner.builder, out);
}
