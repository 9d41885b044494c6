/*
 * console.h - how the command's standard handles and the user's console meet.
 *
 * The command gets a pseudo console of its own: it never holds the user's, into which it could type
 * (WriteConsoleInput), and has one where we have none. When 0, 1 and 2 are all consoles, they are
 * the pseudo console's, moved to and from ours. Else the pseudo console is there for Ctrl-C alone:
 * a handle that is no console is passed through as it is, one that is a console is relayed through
 * a pipe. Without pseudo consoles (Windows before 10 1809) the command has a hidden one. What the
 * command prints is moved, never read. Source: "Creating a Pseudoconsole session".
 */
#ifndef CR_WINDOWS_CONSOLE_H
#define CR_WINDOWS_CONSOLE_H

#include <stdbool.h>

#include <windows.h>

#include "core/err.h"
#include "process.h"

struct cr_console; /* owned by who opened it; one at a time in a process */

/*
 * Decides by what `stdio` (borrowed as long as the console lives) are, makes pseudo console and
 * pipes. 0 and *out, or -1 with CR_E_STEP or CR_E_NOMEM.
 */
int cr_console_open(const HANDLE stdio[3], struct cr_console **out, struct cr_err *err);

/* True when 0, 1 and 2 of the command are a pseudo console. */
bool cr_console_is_whole(const struct cr_console *console);

/* Fills stdio, console and the console flags of *start. */
void cr_console_prepare(struct cr_console *console, struct cr_process_start *start);

/*
 * After the start: begins to move bytes, to follow the size of the window and to pass on Ctrl-C;
 * the launcher itself no longer ends by it. 0 or -1.
 */
int cr_console_begin(struct cr_console *console, struct cr_err *err);

/*
 * Auto-reset event (borrowed) that is set when the user presses Ctrl-Break and there is a pseudo
 * console to pass it on to (break.h).
 */
HANDLE cr_console_break_event(const struct cr_console *console);

/* The HPCON (borrowed); NULL when there is none. */
void *cr_console_pseudo(const struct cr_console *console);

/*
 * Manual-reset event (borrowed) that is set when the user wants the end: the window is closed,
 * logging off, Ctrl-Break where it cannot be passed on. The caller hangs up, waits a little, and
 * ends the job.
 */
HANDLE cr_console_end_event(const struct cr_console *console);

/*
 * True when the bytes shown by a pseudo console end its first question what terminal it has (DA1),
 * also when it comes in pieces. *seen is zero at the beginning, and kept between calls.
 */
bool cr_console_asks(size_t *seen, const char *bytes, size_t len);

/* Closes the pseudo console: programs on it are told (CTRL_CLOSE_EVENT) and may clean up. */
void cr_console_hang_up(struct cr_console *console);

/* The exit code of a command that was ended so: STATUS_CONTROL_C_EXIT. */
#define CR_EXIT_CONTROL_C 0xC000013Au

/* After the command, the job being empty: moves what is left, restores our console, frees. */
void cr_console_close(struct cr_console *console);

#endif
