/*
 * desktop.h - a desktop of the box's own: no window of the user's to send
 * messages to, no hook to set, no key to press, nothing to capture.
 *
 * It lies in our window station, so the clipboard is another lock's business (the job's).
 */
#ifndef CR_WINDOWS_DESKTOP_H
#define CR_WINDOWS_DESKTOP_H

#include <windows.h>

#include "core/err.h"

/* A zeroed one is valid, and none. */
struct cr_desktop {
	HDESK handle;
	char name[256]; /* "WinSta0\carrel-<random>", for struct cr_process_start */
};

/*
 * Makes one whose security descriptor is `sddl` (DACL and label; NULL: the default of our
 * token). 0, or -1 with CR_E_STEP. It is in the window station of this process, which is WinSta0
 * where a user sits, and another one for a service or over ssh.
 */
int cr_desktop_create(const char *sddl, struct cr_desktop *out, struct cr_err *err);

/* Goes away with the last process on it. */
void cr_desktop_close(struct cr_desktop *desktop);

#endif
