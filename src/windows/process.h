/*
 * process.h - starts one process with exactly what it is given, and no more.
 *
 * The caller says everything: token, program, words, environment, directory,
 * handles, job, desktop, console. Nothing is searched here but what is said, no
 * shell is started that was not asked for, and no handle is inherited that is
 * not in the list. Decides nothing; knows nothing of plans.
 *
 * Sources: CreateProcessAsUserW, UpdateProcThreadAttribute, "Parsing C command-line arguments"
 * (learn.microsoft.com). Every error carries GetLastError() in os_code.
 */
#ifndef CR_WINDOWS_PROCESS_H
#define CR_WINDOWS_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#include <windows.h>

#include "core/arena.h"
#include "core/err.h"

#define CR_START_SUSPENDED  1u /* cr_process_resume lets it run */
#define CR_START_NO_CONSOLE 2u /* a console program gets a hidden console of its own, not ours */
#define CR_START_GROUP      4u /* a process group of its own: our Ctrl-C is not its Ctrl-C */
#define CR_START_JOB_LATER \
	8u /* joins its job after its making, before it runs: the way of old Windows */
#define CR_START_DETACHED 16u /* no console at all: for a program that shows nothing */

/* All pointers and handles are borrowed for the call. Zeroed fields mean what is said. */
struct cr_process_start {
	HANDLE token;          /* primary token; NULL: ours */
	const char *program;   /* absolute, from cr_program_find; NULL: argv[0] is searched */
	char *const *argv;     /* UTF-8, NULL-terminated */
	char *const *envp;     /* "NAME=value", UTF-8; NULL: an empty environment */
	const char *cwd;       /* absolute; NULL: ours */
	HANDLE stdio[3];       /* any access, need not be inheritable; NULL: the null device */
	const HANDLE *handles; /* further ones it may have, under the same number */
	size_t n_handles;
	HANDLE job;          /* it starts inside; NULL: none but ours */
	const char *desktop; /* "WinSta0\name" of struct cr_desktop; NULL: ours */
	void *console;       /* HPCON it is attached to; without any stdio: 0-2 too. NULL: none */
	unsigned flags;      /* CR_START_* */
};

/* A zeroed one is valid, and empty. */
struct cr_process {
	HANDLE process; /* all rights */
	HANDLE thread;  /* the first one's; NULL once resumed */
	DWORD pid;
};

/*
 * Starts it. 0 and *out (owned, cr_process_close), or -1: CR_E_NOTFOUND (exit 127), CR_E_EXEC
 * (exit 126: no program, not allowed, words that cannot be passed), CR_E_LIMIT (the command line
 * is too long), CR_E_PATH (cwd), CR_E_STEP (job, attribute list), CR_E_NOMEM. Then nothing runs.
 * A program that ends in .bat or .cmd is run by the system's cmd.exe, told so in so many words;
 * words that cmd.exe would not take literally are CR_E_EXEC.
 */
int cr_process_start(const struct cr_process_start *start, struct cr_process *out,
		     struct cr_err *err);

/* Lets a suspended process run. */
int cr_process_resume(struct cr_process *process, struct cr_err *err);

/*
 * 1 when it has ended, with all 32 bits of its exit code; 0 when the time is up; -1.
 * INFINITE waits for ever.
 */
int cr_process_wait(const struct cr_process *process, DWORD timeout_ms, DWORD *exit_code,
		    struct cr_err *err);

/* Ends the process alone (its job: cr_job_end). Ended already is no error. */
int cr_process_end(const struct cr_process *process, DWORD exit_code, struct cr_err *err);

/* Closes the handles; ends nothing. */
void cr_process_close(struct cr_process *process);

/*
 * The program `name` means for a command with this environment and directory: as given when it
 * has a directory part (relative: to `cwd`), else searched in the absolute directories of
 * PATH alone, never in the current one; PATHEXT is applied. The absolute path, links and odd
 * spellings resolved, in `arena`; NULL with CR_E_NOTFOUND, CR_E_EXEC or CR_E_NOMEM.
 */
const char *cr_program_find(struct cr_arena *arena, const char *name, char *const *envp,
			    const char *cwd, struct cr_err *err);

#endif
