/*
 * owner_windows.h - who may own a file that carrel believes, and who may write
 * it: asked of an open handle, never of a name. (HANDLE and PSECURITY_DESCRIPTOR are void *, so
 * that the header compiles everywhere.)
 */
#ifndef CR_SESSION_OWNER_WINDOWS_H
#define CR_SESSION_OWNER_WINDOWS_H

#include "core/err.h"

enum cr_trustees {
	CR_TRUST_ANYBODY, /* the workspace: no question asked */
	CR_TRUST_SYSTEM,  /* SYSTEM, Administrators, TrustedInstaller */
	CR_TRUST_US,      /* these, and the user */
};

/*
 * 0 when the object of `handle` (opened with READ_CONTROL) belongs to one of `trustees` and its
 * DACL lets nobody else write, delete or re-permission it. -1 with `code`; `path` is for messages.
 * A descriptor that cannot be understood is refused.
 */
int cr_owner_check(void *handle, enum cr_trustees trustees, enum cr_errc code, const char *path,
		   struct cr_err *err);

/*
 * Security for what the user alone may use: full access for the user, SYSTEM and Administrators,
 * inherited by all beneath, nothing inherited from above. NULL when it cannot be made; LocalFree.
 */
void *cr_owner_private(void);

#endif
