/*
 * wincmd.h - command lines of Windows, as text: quoting, what cmd.exe would do to
 * a batch file's words, and where a program is searched.
 *
 * Windows passes one string; each program splits it by itself. Pure: UTF-8 in, UTF-8 out, all in
 * the arena; compiled and tested on every host.
 */
#ifndef CR_WINCMD_H
#define CR_WINCMD_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "err.h"

/* UTF-16 units. CreateProcessW: 32,767 with the NUL. cmd.exe: 8,191 (KB 830473). */
#define CR_WINCMD_MAX       32766
#define CR_WINCMD_BATCH_MAX 8191

/*
 * One command line that CommandLineToArgvW, the C runtime before and since 2008 and the rules
 * in "Parsing C command-line arguments" (learn.microsoft.com) all split into exactly `argv`.
 * NULL: CR_E_EXEC (not UTF-8; a quote in argv[0], for which there is no spelling; no words at
 * all), CR_E_LIMIT, CR_E_NOMEM.
 */
char *cr_wincmd_line(struct cr_arena *arena, const char *const *argv, struct cr_err *err);

/*
 * True when Windows would hand `path` to cmd.exe: it ends in .bat or .cmd in any case, trailing
 * dots and blanks, which Windows drops, left aside.
 */
bool cr_wincmd_is_batch(const char *path);

/*
 * The command line with which `cmd_exe` (absolute) runs the batch file `script` (absolute) with the
 * words after argv[0]. Every word reaches the script as one quoted word. NULL with
 * CR_E_EXEC when one cannot: a quote ends the quoting (CVE-2024-24576), a percent sign is
 * expanded inside quotes too, a control character ends the line. Also CR_E_LIMIT, CR_E_NOMEM.
 */
char *cr_wincmd_batch_line(struct cr_arena *arena, const char *cmd_exe, const char *script,
			   const char *const *argv, struct cr_err *err);

/* How a program is looked for. Borrowed. */
struct cr_wincmd_search {
	const char *name;    /* as typed */
	const char *path;    /* value of PATH; NULL: none */
	const char *pathext; /* value of PATHEXT; NULL: that of a fresh Windows */
	const char *cwd;     /* canonical; only for names with a directory part */
};

/*
 * The absolute paths that `name` may mean, best first, NULL-terminated. With a directory part (a
 * separator): in that directory alone. Without: in the directories of PATH in turn; entries that
 * are empty, relative, on another machine or a device are passed over, and so is the current
 * directory. In each: `name` itself when it has one of the extensions of PATHEXT, then with each
 * appended; with a directory part also as it is, last. NULL with CR_E_EXEC (a device, a stream,
 * another machine, drive-relative), CR_E_LIMIT, CR_E_NOMEM.
 */
const char *const *cr_wincmd_candidates(struct cr_arena *arena,
					const struct cr_wincmd_search *search, struct cr_err *err);

#endif
