/*
 * wait.c - the launcher while the command runs: its end, the time limit, the user's wish to end.
 *
 * The box is its job object. When the command has ended the rest of the tree is ended too, and
 * only when nobody is left is what the box left behind removed.
 */
#include <stdlib.h>
#include <string.h>

#include "break.h"
#include "child.h"
#include "console.h"
#include "handles.h"

#define GRACE_MS   5000 /* for the kernel to end the processes of a job */
#define HANG_UP_MS 2000 /* for programs whose console is closed to clean up */

/* What the exit code of a command says when it was ended: 128 + 9, as on other systems. */
#define SIGNAL_KILL 9
#define SIGNAL_INT  2

void cr_box_end(struct cr_box *box, DWORD exit_code)
{
	if (!box->job)
		return;
	cr_job_end(box->job, exit_code, NULL);
	cr_job_wait_empty(box->job, GRACE_MS, NULL);
}

static DWORD time_left(const struct cr_box *box)
{
	const uint64_t due = box->started_ms + box->timeout_ms, now = cr_now_ms();

	if (!box->timeout_ms)
		return INFINITE;
	if (now >= due)
		return 0;
	return due - now > INT32_MAX ? INT32_MAX : (DWORD)(due - now);
}

/* Ctrl-Break goes to the command; where it cannot be passed on the user gets the end of the box. */
static bool pass_break(struct cr_box *box)
{
	const struct cr_process_start start = {
		.token = box->token,
		.program = cr_box_program(box, NULL),
		.job = box->job,
		.desktop = box->desktop.handle ? box->desktop.name : NULL,
	};

	return cr_break_send(box->console, &start, NULL) == 0;
}

/* 1: ended by itself, 0: the time is up, 2: the user wants the end, -1. */
static int await(struct cr_box *box, struct cr_err *err)
{
	const HANDLE all[] = {box->process.process, cr_console_end_event(box->console),
			      cr_console_break_event(box->console)};

	for (;;) {
		const DWORD what = WaitForMultipleObjects(3, all, FALSE, time_left(box));

		if (what == WAIT_OBJECT_0)
			return 1;
		if (what == WAIT_OBJECT_0 + 1 || (what == WAIT_OBJECT_0 + 2 && !pass_break(box)))
			return 2;
		if (what == WAIT_TIMEOUT && time_left(box) == 0)
			return 0;
		if (what == WAIT_FAILED)
			return cr_fail_win(err, CR_E_IO, GetLastError(),
					   "cannot wait for the command");
	}
}

static int fill(const struct cr_box *box, int how, struct cr_result *result, struct cr_err *err)
{
	DWORD code = 0;

	if (how == 0) {
		*result = (struct cr_result){.end = CR_END_TIMEOUT};
		return 0;
	}
	if (how == 2 || box->signal) {
		*result = (struct cr_result){.end = CR_END_SIGNALED,
					     .value = box->signal ? box->signal : SIGNAL_INT};
		return 0;
	}
	if (cr_process_wait(&box->process, INFINITE, &code, err) < 0)
		return -1;
	*result = (struct cr_result){.end = CR_END_EXITED, .value = (int)code};
	return 0;
}

/* The user wants the end: programs on the pseudo console are told so before they are ended. */
static void hang_up(struct cr_box *box)
{
	DWORD code;

	cr_console_hang_up(box->console);
	cr_process_wait(&box->process, HANG_UP_MS, &code, NULL);
}

int cr_wait(struct cr_child *child, struct cr_result *result, struct cr_err *err)
{
	struct cr_box *box = child->impl;
	int how;

	if (!box || !box->process.process)
		return cr_fail(err, CR_E_USAGE, "the box is not running");
	how = await(box, err);
	if (how == 2)
		hang_up(box);
	cr_box_end(box, how == 2 ? CR_EXIT_CONTROL_C : 1);
	cr_console_close(box->console);
	box->console = NULL;
	return how < 0 ? -1 : fill(box, how, result, err);
}

/* No plan of this system has a broker, so nothing is ever asked. */
int cr_child_answer(struct cr_child *child, uint64_t id, bool allowed, uint32_t seconds,
		    struct cr_err *err)
{
	(void)child;
	(void)id;
	(void)allowed;
	(void)seconds;
	return cr_fail(err, CR_E_IO, "nobody waits for an answer");
}

void cr_child_lose_terminal(struct cr_child *child)
{
	(void)child; /* nothing stops for want of one */
}

void cr_child_regain_terminal(struct cr_child *child)
{
	(void)child;
}

/* There are no signals here: each of them means the end. */
int cr_child_signal(struct cr_child *child, int sig, struct cr_err *err)
{
	struct cr_box *box = child->impl;

	if (!box || !box->job)
		return cr_fail(err, CR_E_IO, "cannot signal the command: it is not running");
	box->signal = sig ? sig : SIGNAL_KILL;
	return cr_job_end(box->job, 1, err);
}

void cr_child_free(struct cr_child *child)
{
	struct cr_box *box = child->impl;

	if (!box)
		return;
	cr_box_end(box, 1);
	cr_console_close(box->console);
	cr_process_close(&box->process);
	cr_desktop_close(&box->desktop);
	cr_temp_remove(box);
	for (size_t i = box->held.count; i-- > 0;)
		cr_handle_close(&box->held.items[i]);
	cr_handle_close(&box->job);
	cr_handle_close(&box->token);
	cr_arena_free(box->arena);
	*child = (struct cr_child){0};
}
