/*
 * stub.c - the Windows backend before there is one: carrel.exe can read policies and print plans.
 *
 * It claims nothing it cannot do: the host's facts are the typical ones but for the build number,
 * every file looks absent, and a box is refused. It must never start a command.
 */
#include <stdio.h>
#include <windows.h>

#include "core/backend.h"

static int refuse(struct cr_err *err)
{
	return cr_fail(err, CR_E_UNSUPPORTED, "running a box on Windows is not built yet");
}

/* GetVersionEx lies to programs without a manifest; this entry of ntdll does not. */
typedef LONG(WINAPI *rtl_get_version_fn)(OSVERSIONINFOW *);

int cr_probe(struct cr_facts *facts, struct cr_err *err)
{
	OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof(version)};
	HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
	rtl_get_version_fn get_version = NULL;

	(void)err;
	if (ntdll)
		get_version =
			(rtl_get_version_fn)(void (*)(void))GetProcAddress(ntdll, "RtlGetVersion");
	cr_facts_typical(CR_OS_WINDOWS, facts);
	if (get_version && get_version(&version) == 0) {
		facts->windows_build = version.dwBuildNumber;
		snprintf(facts->release, sizeof(facts->release), "%lu.%lu.%lu",
			 version.dwMajorVersion, version.dwMinorVersion, version.dwBuildNumber);
	}
	return 0;
}

int cr_probe_thoroughly(struct cr_facts *facts, struct cr_err *err)
{
	return cr_probe(facts, err);
}

const struct cr_fsview *cr_host_fsview(void)
{
	return cr_fsview_empty();
}

void cr_probe_limits(struct cr_facts *facts)
{
	(void)facts;
}

int cr_probe_sockets(struct cr_arena *arena, struct cr_facts *facts, struct cr_err *err)
{
	(void)arena;
	(void)err;
	facts->unix_sockets = NULL;
	facts->n_unix_sockets = 0;
	return 0;
}

int cr_enforce(const struct cr_plan *plan, const struct cr_launch *launch, struct cr_child *child,
	       struct cr_err *err)
{
	(void)plan;
	(void)launch;
	*child = (struct cr_child){0};
	return refuse(err);
}

int cr_wait(struct cr_child *child, struct cr_result *result, struct cr_err *err)
{
	(void)child;
	(void)result;
	return refuse(err);
}

int cr_child_signal(struct cr_child *child, int sig, struct cr_err *err)
{
	(void)child;
	(void)sig;
	return refuse(err);
}

void cr_child_free(struct cr_child *child)
{
	(void)child;
}
