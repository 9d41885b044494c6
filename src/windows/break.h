/*
 * break.h - passes Ctrl-Break on to the programs of a pseudo console.
 * Source: GenerateConsoleCtrlEvent, which reaches only those that share the caller's console.
 */
#ifndef CR_WINDOWS_BREAK_H
#define CR_WINDOWS_BREAK_H

#include <stdbool.h>

#include "console.h"

/* First thing in main, as cr_windows_part: true when this process was started to raise it. */
bool cr_break_part(int argc, char *const *argv, int *exit_code);

/*
 * Raises it: starts `start->program` (whose main asks cr_break_part) with the token, job and
 * desktop of *start, so with no more rights than the command; does not wait for its end. 0 or -1.
 */
int cr_break_send(const struct cr_console *console, const struct cr_process_start *start,
		  struct cr_err *err);

#endif
