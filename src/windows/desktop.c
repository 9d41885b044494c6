/*
 * desktop.c - desktop.h: a desktop that nobody else is on.
 *
 * Its name is random, so that nobody can have made it before us, with a DACL of their own;
 * CreateDesktop would open that one.
 */
#include <stdio.h>

#include <windows.h>
#include <bcrypt.h>
#include <sddl.h>

#include "desktop.h"
#include "handles.h"

static int name_it(char *name, size_t size, struct cr_err *err)
{
	unsigned char bytes[16];
	int len = snprintf(name, size, "WinSta0\\carrel-");

	if (BCryptGenRandom(NULL, bytes, sizeof(bytes), BCRYPT_USE_SYSTEM_PREFERRED_RNG) != 0)
		return cr_fail(err, CR_E_IO, "cannot get random bytes");
	for (size_t i = 0; i < sizeof(bytes); i++)
		len += snprintf(name + len, size - (size_t)len, "%02x", bytes[i]);
	return 0;
}

static int open_desktop(struct cr_desktop *desktop, SECURITY_ATTRIBUTES *security,
			struct cr_err *err)
{
	wchar_t namew[sizeof(desktop->name)];
	const char *bare = desktop->name + sizeof("WinSta0\\") - 1;

	MultiByteToWideChar(CP_UTF8, 0, bare, -1, namew, (int)sizeof(desktop->name));
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

	if (name_it(desktop.name, sizeof(desktop.name), err) < 0)
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
