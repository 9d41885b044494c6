/*
 * handles.h - what every file of the Windows backend needs: handles with one
 * owner, errors with Windows' own text, UTF-16 at the border.
 *
 * Nothing is inheritable unless a function here made it so for one start, and
 * no function keeps a handle it borrowed.
 */
#ifndef CR_WINDOWS_HANDLES_H
#define CR_WINDOWS_HANDLES_H

#include <stdbool.h>
#include <stddef.h>

#include <windows.h>

#include "core/arena.h"
#include "core/attr.h"
#include "core/err.h"

/* Closes *handle unless it is NULL or INVALID_HANDLE_VALUE, and makes it NULL. */
void cr_handle_close(HANDLE *handle);

/* A variable that owns a kernel handle: CR_AUTO_HANDLE HANDLE file = NULL; */
#define CR_AUTO_HANDLE __attribute__((cleanup(cr_handle_close)))

/* Leaves the variable's handle to the caller, who owns it from now on. */
HANDLE cr_steal_handle(HANDLE *handle);

/* False for NULL and INVALID_HANDLE_VALUE. */
bool cr_handle_is_valid(HANDLE handle);

/*
 * Fills *err and returns -1, as cr_fail_os, but `code` is one of Windows (GetLastError,
 * RegOpenKey, ...): it is kept in os_code, and its text and number are appended.
 */
int cr_fail_win(struct cr_err *err, enum cr_errc errc, DWORD code, const char *fmt, ...)
	CR_PRINTF(4, 5);

/* UTF-8 to UTF-16 in `arena`; NULL: not UTF-8, or memory is out (error filled: CR_E_PATH). */
wchar_t *cr_wide(struct cr_arena *arena, const char *text, struct cr_err *err);

/* UTF-16 to UTF-8 in `arena`; NULL: a lone surrogate, or memory is out (error filled). */
char *cr_utf8(struct cr_arena *arena, const wchar_t *textw, struct cr_err *err);

/*
 * Security for what the user alone may use: full access for the user, SYSTEM and Administrators,
 * inherited by all beneath, nothing from above. LocalFree; NULL when it cannot be made.
 */
PSECURITY_DESCRIPTOR cr_private_security(void);

/*
 * The canonical path ("C:\a\b") of an open file or directory, links, 8.3 names and odd spellings
 * gone. NULL with CR_E_PATH when it lies on no drive of this machine.
 */
const char *cr_handle_path(struct cr_arena *arena, HANDLE handle, struct cr_err *err);

#endif
