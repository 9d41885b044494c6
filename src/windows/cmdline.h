/*
 * cmdline.h - from words to what CreateProcess takes: program, command line,
 * environment block, all UTF-16. The rules of quoting are core/wincmd.h's.
 */
#ifndef CR_WINDOWS_CMDLINE_H
#define CR_WINDOWS_CMDLINE_H

#include <windows.h>

#include "core/arena.h"
#include "core/err.h"

/* In an arena. */
struct cr_cmdline {
	const wchar_t *programw; /* absolute: lpApplicationName */
	wchar_t *linew;          /* writable, as CreateProcessW wants it */
};

/*
 * For a resolved, absolute `program`: its command line, or that of the system's cmd.exe when it
 * is a batch file. 0, or -1: CR_E_EXEC, CR_E_LIMIT, CR_E_NOMEM.
 */
int cr_cmdline_make(struct cr_arena *arena, const char *program, char *const *argv,
		    struct cr_cmdline *out, struct cr_err *err);

/*
 * The environment block: sorted by name without regard to case, as Windows wants it; of names that
 * differ in case alone the first is kept. NULL with CR_E_EXEC, CR_E_NOMEM.
 */
wchar_t *cr_cmdline_environment(struct cr_arena *arena, char *const *envp, struct cr_err *err);

#endif
