/*
 * backend_windows.h - what the Windows backend does besides a box: a part the
 * program plays in a box of its own, running this program again, and taking back what outlives a
 * box. Only files named *_windows.c include it.
 */
#ifndef CR_BACKEND_WINDOWS_H
#define CR_BACKEND_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/*
 * First thing in main: true when this process was started by carrel to play a part inside a box
 * (try what must fail, before the command). *exit_code is then to be returned at once.
 */
bool cr_windows_part(int argc, char *const *argv, int *exit_code);

/* One program of ours to be run outside every box. All borrowed. */
struct cr_windows_run {
	char *const *argv; /* UTF-8; argv[0] is the program's absolute path */
	char *const *envp;
	const char *cwd;
	const char *out_path, *err_path; /* its output goes there; they are made anew */
	void *const *handles;            /* HANDLEs it inherits, under the same numbers */
	size_t n_handles;
	unsigned timeout_ms; /* it is ended then */
};

/* Runs it to its end. 1 and all 32 bits of its exit code; 0 when its time was up; or -1. */
int cr_windows_run(const struct cr_windows_run *run, unsigned *exit_code, struct cr_err *err);

/* What was taken back. */
struct cr_windows_undone {
	size_t objects; /* that the journal names */
	size_t beneath; /* beneath the roots: entries taken away */
	size_t gone;    /* no longer there */
	size_t damaged; /* bytes of the journal that could not be read */
};

/*
 * Takes back every entry and label that carrel ever put on an object, from whatever point
 * it was interrupted at. Refuses with CR_E_STATE while a box runs. 0 or -1; what was done stays
 * done, and calling it again goes on.
 */
int cr_windows_undo(struct cr_windows_undone *undone, struct cr_err *err);

#endif
