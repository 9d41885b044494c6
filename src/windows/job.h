/*
 * job.h - the job object that holds a whole process tree: nothing leaves it,
 * and nothing in it outlives its last handle.
 *
 * The handle must never be inherited or duplicated into the box: who holds one
 * keeps the tree alive. Source: "Job Objects", SetInformationJobObject.
 */
#ifndef CR_WINDOWS_JOB_H
#define CR_WINDOWS_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include <windows.h>

#include "core/err.h"

/* Zero: no such limit. */
struct cr_job_limits {
	uint64_t memory;         /* bytes, committed by all of its processes together */
	uint64_t process_memory; /* bytes, committed by any one */
	uint32_t processes;      /* at one time */
	uint32_t cpu_rate;       /* hundredths of a percent of the machine, 1..10000, a hard cap */
	bool free_ui;            /* no user interface limits; only where the plan has none */
};

/*
 * A job that ends its processes when the last handle is closed (so also when carrel is killed),
 * allows no breakaway, ends them on an unhandled exception without a dialog, and refuses other
 * processes' windows, the clipboard, global atoms, desktops, display and system settings, and
 * logging the user off. 0 and *out (owned), or -1 with CR_E_STEP.
 */
int cr_job_create(const struct cr_job_limits *limits, HANDLE *out, struct cr_err *err);

/*
 * True when this process is in a job already (an editor's terminal, a CI runner). Such a process's
 * children can only join a further job that has no UI limits (documented at
 * AssignProcessToJobObject); starting one in a job with them fails then, and whether `free_ui`
 * will do is for the plan to say. When in doubt: true.
 */
bool cr_job_is_inside(void);

/* Ends every process of the job with this exit code. 0 or -1. */
int cr_job_end(HANDLE job, DWORD exit_code, struct cr_err *err);

/* 1 when no process is left in it, 0 when the time is up, -1. */
int cr_job_wait_empty(HANDLE job, DWORD timeout_ms, struct cr_err *err);

/* How many processes are in it now; -1 with the error. */
int cr_job_count(HANDLE job, struct cr_err *err);

#endif
