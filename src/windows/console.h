/*
 * console.h - how the command's standard handles and the user's console meet.
 *
 * In a console window the command gets a pseudo console: it never holds our own console, into
 * which it could type (WriteConsoleInput). A handle that is no console is passed through as
 * it is. When only some of the three are consoles, those are relayed through pipes.
 * What the command prints is moved, never read. Source: "Creating a Pseudoconsole session".
 */
#ifndef CR_WINDOWS_CONSOLE_H
#define CR_WINDOWS_CONSOLE_H

#include <stdbool.h>

#include <windows.h>

#include "core/err.h"
#include "process.h"

struct cr_console; /* owned by who opened it */

/*
 * Decides by what `stdio` (borrowed as long as the console lives) are, makes pseudo console or
 * pipes. 0 and *out, or -1 with CR_E_STEP or CR_E_NOMEM.
 */
int cr_console_open(const HANDLE stdio[3], struct cr_console **out, struct cr_err *err);

/* True when the command gets a pseudo console. */
bool cr_console_is_pseudo(const struct cr_console *console);

/* Fills stdio, console and the console flags of *start. */
void cr_console_prepare(struct cr_console *console, struct cr_process_start *start);

/*
 * After the start: begins to move bytes, and to pass on size, Ctrl-C and Ctrl-Break; the launcher
 * itself no longer ends by these. 0 or -1.
 */
int cr_console_begin(struct cr_console *console, struct cr_err *err);

/*
 * Manual-reset event (borrowed) that is set when the user asks for the end in a way that cannot be
 * passed on: the window is closed, the user logs off, or Ctrl-C where the command has no console
 * to get it from. The caller ends the job then.
 */
HANDLE cr_console_end_event(const struct cr_console *console);

/* The exit code for that: STATUS_CONTROL_C_EXIT. */
#define CR_EXIT_CONTROL_C 0xC000013Au

/* After the command: moves what is left (the job must be empty), restores our console, frees. */
void cr_console_close(struct cr_console *console);

#endif
