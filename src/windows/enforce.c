/*
 * enforce.c - the launcher's half of a box: every step of the plan, in its order,
 * then the canaries, then the command.
 *
 * After a failure nothing is left but entries on the workspace, which the journal
 * knows and the next run needs. Must never let the command start when any step
 * failed, and never skip a step it does not know.
 */
#include <io.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "child.h"
#include "console.h"
#include "core/plan_windows.h"
#include "handles.h"
#include "token.h"

typedef int (*step_fn)(struct cr_box *box, const struct cr_step *step, struct cr_err *err);

uint64_t cr_now_ms(void)
{
	return GetTickCount64();
}

const char *cr_box_text(struct cr_box *box, const char *text, struct cr_err *err)
{
	const char *mark = strstr(text, CR_WIN_ANY_LOGON);
	const size_t before = mark ? (size_t)(mark - text) : 0;
	const char *out = text;

	if (mark && !box->logon_sid[0]) {
		cr_fail(err, CR_E_STEP, "this process has no logon session");
		return NULL;
	}
	if (mark)
		out = cr_arena_printf(box->arena, "%.*s%s%s", (int)before, text, box->logon_sid,
				      mark + strlen(CR_WIN_ANY_LOGON));
	if (!out)
		cr_fail(err, CR_E_NOMEM, "out of memory");
	return out && mark ? cr_box_text(box, out, err) : out;
}

static int no_step(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	(void)box;
	(void)step;
	(void)err;
	return 0; /* done by another part: the environment before us, entries and canaries below */
}

static int take_token(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	(void)err;
	box->token_flags = (uint32_t)step->value;
	return 0;
}

/* Ours come first in the list: those whose entries we may put and take. */
static int take_sid(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	const char *sid = cr_box_text(box, step->detail, err);
	const bool own = strncmp(step->detail, "S-1-5-21-", 9) == 0;
	const size_t at = own ? box->n_own_sids : box->n_sids;

	if (!sid)
		return -1;
	if (!box->sids)
		box->sids = cr_arena_alloc(box->arena, box->plan->n_steps, sizeof(*box->sids));
	if (!box->sids)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	memmove(&box->sids[at + 1], &box->sids[at], (box->n_sids - at) * sizeof(box->sids[0]));
	box->sids[at] = sid;
	box->n_sids++;
	box->n_own_sids += own;
	return 0;
}

static int take_default_dacl(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	box->default_dacl = cr_box_text(box, step->detail, err);
	return box->default_dacl ? 0 : -1;
}

static int take_level(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	(void)err;
	box->level = step->detail;
	return 0;
}

static int take_memory(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	(void)err;
	box->limits.memory = step->value;
	return 0;
}

static int take_processes(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	if (step->value > UINT32_MAX)
		return cr_fail(err, CR_E_LIMIT, "too many processes");
	box->limits.processes = (uint32_t)step->value;
	return 0;
}

/* All or none of them: the plan knows no others. */
static int take_job_ui(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	(void)step;
	(void)err;
	box->limits.free_ui = false;
	return 0;
}

static int take_timeout(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	(void)err;
	box->timeout_ms = step->value;
	return 0;
}

static int make_desktop(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	const char *sddl = cr_box_text(box, step->detail, err);

	return sddl ? cr_desktop_create(sddl, &box->desktop, err) : -1;
}

/* What only the set-up program's accounts can have: this tier plans none of it. */
static int refuse(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	(void)box;
	return cr_fail(err, CR_E_TIER, "step '%s' belongs to the elevated tier, which is not built",
		       cr_step_kind_name(step->kind));
}

/*
 * In which pass over the plan a step is done, and by what. The first pass only takes notes; entries
 * are put in place between the second and the third.
 */
enum pass { PASS_NOTES, PASS_MAKE, PASS_HOLD, PASS_COUNT };

static const struct {
	enum cr_step_kind kind;
	enum pass pass;
	step_fn fn;
} table[] = {
	{CR_STEP_WIN_TOKEN, PASS_NOTES, take_token},
	{CR_STEP_WIN_SID, PASS_NOTES, take_sid},
	{CR_STEP_WIN_DEFAULT_DACL, PASS_NOTES, take_default_dacl},
	{CR_STEP_WIN_LEVEL, PASS_NOTES, take_level},
	{CR_STEP_WIN_JOB, PASS_NOTES, no_step},
	{CR_STEP_WIN_JOB_UI, PASS_NOTES, take_job_ui},
	{CR_STEP_WIN_JOB_MEMORY, PASS_NOTES, take_memory},
	{CR_STEP_WIN_JOB_PROCESSES, PASS_NOTES, take_processes},
	{CR_STEP_TIMEOUT, PASS_NOTES, take_timeout},
	{CR_STEP_WIN_DESKTOP, PASS_MAKE, make_desktop},
	{CR_STEP_WIN_NUL, PASS_NOTES, no_step},
	{CR_STEP_TEMP_DIR, PASS_MAKE, cr_temp_make},
	{CR_STEP_MAKE_DIR, PASS_MAKE, cr_temp_fill},
	{CR_STEP_WIN_STUB, PASS_MAKE, cr_temp_fill},
	{CR_STEP_WIN_ALLOW, PASS_NOTES, no_step},
	{CR_STEP_WIN_DENY, PASS_NOTES, no_step},
	{CR_STEP_WIN_LABEL, PASS_NOTES, no_step},
	{CR_STEP_PIN, PASS_HOLD, cr_hold_pin},
	{CR_STEP_RESERVE, PASS_HOLD, cr_hold_reserve},
	{CR_STEP_ENV_DROP, PASS_NOTES, no_step},
	{CR_STEP_ENV_KEEP, PASS_NOTES, no_step},
	{CR_STEP_ENV_SET, PASS_NOTES, no_step},
	{CR_STEP_ENV_PREPEND, PASS_NOTES, no_step},
	{CR_STEP_WIN_AUDIT, PASS_HOLD, cr_audit},
	{CR_STEP_CANARY_WRITE, PASS_NOTES, no_step},
	{CR_STEP_CANARY_DELETE, PASS_NOTES, no_step},
	{CR_STEP_CANARY_RENAME, PASS_NOTES, no_step},
	{CR_STEP_CANARY_PROCESS, PASS_NOTES, no_step},
	{CR_STEP_CANARY_READ, PASS_NOTES, no_step},
	{CR_STEP_CANARY_WORK, PASS_NOTES, no_step},
	{CR_STEP_WIN_OFFLINE, PASS_NOTES, refuse},
	{CR_STEP_WIN_ONLINE, PASS_NOTES, refuse},
	{CR_STEP_WIN_FIREWALL, PASS_NOTES, refuse},
	{CR_STEP_WIN_WFP, PASS_NOTES, refuse},
	{CR_STEP_WIN_HIDE, PASS_NOTES, refuse},
	{CR_STEP_WIN_READ, PASS_NOTES, refuse},
	{CR_STEP_CANARY_CONNECT, PASS_NOTES, refuse},
};

#define N_TABLE (sizeof(table) / sizeof(table[0]))

static int do_step(struct cr_box *box, const struct cr_step *step, enum pass pass,
		   struct cr_err *err)
{
	for (size_t i = 0; i < N_TABLE; i++) {
		if (table[i].kind == step->kind)
			return table[i].pass == pass ? table[i].fn(box, step, err) : 0;
	}
	return cr_fail(err, CR_E_INTERNAL, "no way to carry out step '%s'",
		       cr_step_kind_name(step->kind));
}

static int do_pass(struct cr_box *box, enum pass pass, struct cr_err *err)
{
	for (size_t i = 0; i < box->plan->n_steps; i++) {
		const struct cr_step *step = &box->plan->steps[i];

		if (do_step(box, step, pass, err) == 0)
			continue;
		if (!step->origin.file || !step->origin.line)
			return cr_wrap(err, "step '%s'", cr_step_kind_name(step->kind));
		return cr_wrap(err, "step '%s' (%.200s:%u)", cr_step_kind_name(step->kind),
			       step->origin.file, step->origin.line);
	}
	return 0;
}

static void take_stdio(const struct cr_launch *launch, HANDLE stdio[3])
{
	for (int i = 0; i < 3; i++) {
		const intptr_t handle =
			_get_osfhandle(launch->stdio[i] >= 0 ? launch->stdio[i] : i);

		/* -2: a descriptor without a file, as in a program without a console */
		stdio[i] = handle == -1 || handle == -2 ? NULL : (HANDLE)handle;
	}
}

static int start_command(struct cr_box *box, struct cr_err *err)
{
	const struct cr_launch *launch = box->launch;
	struct cr_process_start start = {
		.token = box->token,
		.argv = launch->argv,
		.envp = launch->envp,
		.cwd = launch->cwd,
		.job = box->job,
		.desktop = box->desktop.handle ? box->desktop.name : NULL,
		.flags = CR_START_SUSPENDED,
	};

	start.program =
		cr_program_find(box->arena, launch->argv[0], launch->envp, launch->cwd, err);
	take_stdio(launch, box->stdio);
	if (!start.program || cr_console_open(box->stdio, &box->console, err) < 0)
		return -1;
	cr_console_prepare(box->console, &start);
	if (cr_process_start(&start, &box->process, err) < 0 ||
	    cr_console_begin(box->console, err) < 0)
		return -1;
	box->started_ms = cr_now_ms();
	return cr_process_resume(&box->process, err);
}

static int build(struct cr_box *box, struct cr_err *err)
{
	cr_token_logon_sid(box->logon_sid);
	if (do_pass(box, PASS_NOTES, err) < 0 || cr_token_make(box, err) < 0 ||
	    cr_job_create(&box->limits, &box->job, err) < 0 || do_pass(box, PASS_MAKE, err) < 0 ||
	    cr_acl_apply(box, err) < 0 || do_pass(box, PASS_HOLD, err) < 0 ||
	    cr_canaries_run(box, err) < 0 || cr_token_check(box, err) < 0)
		return -1;
	return start_command(box, err);
}

static struct cr_box *box_new(const struct cr_plan *plan, const struct cr_launch *launch)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_box *box = arena ? cr_arena_alloc(arena, 1, sizeof(*box)) : NULL;

	if (!box) {
		cr_arena_free(arena);
		return NULL;
	}
	*box = (struct cr_box){
		.arena = arena, .plan = plan, .launch = launch, .limits = {.free_ui = true}};
	return box;
}

int cr_enforce(const struct cr_plan *plan, const struct cr_launch *launch, struct cr_child *child,
	       struct cr_err *err)
{
	struct cr_err ignored;
	struct cr_box *box;

	if (!err)
		err = &ignored;
	*child = (struct cr_child){0};
	if (plan->os != CR_OS_WINDOWS || !launch->argv[0])
		return cr_fail(err, CR_E_USAGE, "not a plan for this system");
	if (launch->n_keep_fds)
		return cr_fail(err, CR_E_UNSUPPORTED, "descriptors cannot be kept on this system");
	box = box_new(plan, launch);
	if (!box)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	child->impl = box;
	if (build(box, err) < 0) {
		cr_child_free(child);
		return -1;
	}
	child->pid = box->process.pid;
	return 0;
}
