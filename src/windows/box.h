/*
 * box.h - one box while it is built, and the parts that build it.
 *
 * The launcher holds it; the command never does. Everything here is owned by
 * the box and goes with it: token, job, desktop, pins, reserved names, the
 * locks that say which roots are in use.
 */
#ifndef CR_WINDOWS_BOX_H
#define CR_WINDOWS_BOX_H

#include <windows.h>

#include "core/arena.h"
#include "core/backend.h"
#include "core/err.h"
#include "core/plan.h"
#include "desktop.h"
#include "job.h"
#include "process.h"

struct cr_console;

/* A growing list of handles that are closed when the box ends. */
struct cr_handles {
	HANDLE *items;
	size_t count, cap;
};

struct cr_box {
	struct cr_arena *arena;
	const struct cr_plan *plan;
	const struct cr_launch *launch;

	/* from the steps, before anything is made */
	uint32_t token_flags;
	const char **sids; /* restricting SIDs, CR_WIN_ANY_LOGON replaced */
	size_t n_sids;
	size_t n_own_sids;        /* the first of them: sandbox-write SIDs, ours alone */
	const char *default_dacl; /* SDDL */
	const char *level;
	struct cr_job_limits limits;
	const char *desktop_sddl;
	const char *temp_dir;
	uint64_t timeout_ms;
	char logon_sid[184];

	/* made */
	HANDLE token;
	HANDLE job;
	HANDLE stdio[3]; /* borrowed */
	struct cr_desktop desktop;
	struct cr_handles held; /* pins, reserved names, locks */
	struct cr_console *console;
	struct cr_process process;

	uint64_t started_ms; /* of cr_now_ms */
	size_t n_reports;    /* of audit.c */
	int signal;          /* that we ended it with */
};

/* Keeps the handle open until the box ends; closes it when memory is out. 0, or -1. */
int cr_box_hold(struct cr_box *box, HANDLE handle, struct cr_err *err);

/* `text` with CR_WIN_ANY_LOGON replaced by this session's logon SID; NULL when memory is out. */
const char *cr_box_text(struct cr_box *box, const char *text, struct cr_err *err);

/* Milliseconds since the machine started. */
uint64_t cr_now_ms(void);

/* token.c: the restricted token of the box, from our own. */
int cr_token_make(struct cr_box *box, struct cr_err *err);

/* Compares the token with what was asked for: a call that does nothing is no restriction. */
int cr_token_check(struct cr_box *box, struct cr_err *err);

/* acl.c: entries and labels of the plan, once per workspace. */
int cr_acl_apply(struct cr_box *box, struct cr_err *err);

/* temp.c: the private directory; made with its descriptor, removed with all that is in it. */
int cr_temp_make(struct cr_box *box, const struct cr_step *step, struct cr_err *err);
int cr_temp_fill(struct cr_box *box, const struct cr_step *step, struct cr_err *err);
void cr_temp_remove(struct cr_box *box);

/* hold.c: names that must not move while the box lives. */
int cr_hold_pin(struct cr_box *box, const struct cr_step *step, struct cr_err *err);
int cr_hold_reserve(struct cr_box *box, const struct cr_step *step, struct cr_err *err);

/* audit.c: what everybody may write in the directory of the step, said on standard error. */
int cr_audit(struct cr_box *box, const struct cr_step *step, struct cr_err *err);

/* canary.c: carrel's own program, to be started in the box; NULL when it is not known. */
const char *cr_box_program(struct cr_box *box, struct cr_err *err);

/* canary.c: starts ourselves in the box to try what must fail. */
int cr_canaries_run(struct cr_box *box, struct cr_err *err);

#endif
