/*
 * desktop.c - desktop.h: a desktop that nobody else is on.
 *
 * Its name is random, so that nobody can have made it before us, with a DACL of their own;
 * CreateDesktop would open that one.
 */
#include <stdio.h>
#include <string.h>

#include <windows.h>
#include <bcrypt.h>
#include <sddl.h>

#include "desktop.h"
#include "handles.h"

#define BARE_MAX 64 /* of "\\carrel-" and 32 digits */

/* CreateDesktop makes it in our window station, and a program is told both names. */
static int name_station(char *name, size_t size, struct cr_err *err)
{
	wchar_t namew[64];
	HWINSTA station = GetProcessWindowStation(); /* not to be closed */
	DWORD len;

	if (station && GetUserObjectInformationW(station, UOI_NAME, namew, sizeof(namew), &len) &&
	    WideCharToMultiByte(CP_UTF8, 0, namew, -1, name, (int)size, NULL, NULL) > 0)
		return 0;
	return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot tell our window station");
}

static int name_it(struct cr_desktop *desktop, struct cr_err *err)
{
	const size_t size = sizeof(desktop->name);
	unsigned char bytes[16];
	size_t len;

	if (name_station(desktop->name, size - BARE_MAX, err) < 0)
		return -1;
	if (BCryptGenRandom(NULL, bytes, sizeof(bytes), BCRYPT_USE_SYSTEM_PREFERRED_RNG) != 0)
		return cr_fail(err, CR_E_IO, "cannot get random bytes");
	len = strlen(desktop->name);
	len += (size_t)snprintf(desktop->name + len, size - len, "\\carrel-");
	for (size_t i = 0; i < sizeof(bytes); i++)
		len += (size_t)snprintf(desktop->name + len, size - len, "%02x", bytes[i]);
	return 0;
}

static int open_desktop(struct cr_desktop *desktop, SECURITY_ATTRIBUTES *security,
			struct cr_err *err)
{
	wchar_t namew[BARE_MAX];
	const char *bare = strrchr(desktop->name, '\\') + 1;

	MultiByteToWideChar(CP_UTF8, 0, bare, -1, namew, BARE_MAX);
	desktop->handle = CreateDesktopW(namew, NULL, NULL, 0, GENERIC_ALL, security);
	if (desktop->handle)
		return 0;
	return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot make a desktop");
}

int cr_desktop_create(const char *sddl, struct cr_desktop *out, struct cr_err *err)
{
	struct cr_desktop desktop = {0};
	SECURITY_ATTRIBUTES security = {.nLength = sizeof(security)};
	int status;

	if (name_it(&desktop, err) < 0)
		return -1;
	if (sddl && !ConvertStringSecurityDescriptorToSecurityDescriptorA(
			    sddl, SDDL_REVISION_1, &security.lpSecurityDescriptor, NULL))
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "desktop: '%.200s'", sddl);
	status = open_desktop(&desktop, sddl ? &security : NULL, err);
	LocalFree(security.lpSecurityDescriptor);
	if (!status)
		*out = desktop;
	return status;
}

void cr_desktop_close(struct cr_desktop *desktop)
{
	if (desktop->handle)
		CloseDesktop(desktop->handle);
	*desktop = (struct cr_desktop){0};
}
