/*
 * open.h - from a path of the plan to a handle, without being led astray.
 *
 * The agent owns the workspace, so a name may lead elsewhere by now. A path is
 * opened once without following a reparse point at its end, the handle says
 * where it really lies, and only the handle is used from then on.
 */
#ifndef CR_WINDOWS_OPEN_H
#define CR_WINDOWS_OPEN_H

#include <windows.h>

#include "core/err.h"
#include "core/limits.h"
#include "core/plan.h"

/* Reparse points that lead to another name (bit 29 of the tag: "name surrogate"). */
#define CR_TAG_IS_LINK(tag) (((tag)&0x20000000u) != 0)

/* "\\?\" + path, so that no name in it is read in another way. `outw` has CR_MAX_PATH + 8. */
#define CR_WIDE_PATH (CR_MAX_PATH + 8)
int cr_wide_path(const char *path, wchar_t outw[CR_WIDE_PATH]);

/*
 * Opens what lies at a canonical path, a reparse point itself rather than its target; shares
 * everything. INVALID_HANDLE_VALUE with GetLastError. Never a network drive
 * (ERROR_BAD_NETPATH): those may hang.
 */
HANDLE cr_open_plain(const char *path, DWORD access);

/* Volume serial and file id of an open file; zero when it has none. */
struct cr_fileid cr_handle_id(HANDLE handle);

/* What an open file is; its reparse tag decides whether it is a link. */
enum cr_ftype cr_handle_type(HANDLE handle);

/*
 * Opens the path of a step and checks that it is what the plan meant: the same object, reached
 * through no link. The owner's handle, or NULL with CR_E_RACE (changed since) or CR_E_STEP.
 */
HANDLE cr_open_step(const struct cr_step *step, DWORD access, struct cr_err *err);

/* As above by path and identity; the identity may be zero. */
HANDLE cr_open_known(const char *path, struct cr_fileid id, DWORD access, struct cr_err *err);

#endif
