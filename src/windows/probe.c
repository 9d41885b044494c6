/*
 * probe.c - what can this host enforce?
 *
 * Asks who we are and what the volumes keep. That access checks are real, and not merely
 * answered, no question can find out: the canaries do, before every command.
 */
#include <stdio.h>
#include <string.h>

#include <windows.h>
#include <sddl.h>

#include "core/backend.h"
#include "core/plan_windows.h"
#include "core/winsd.h"
#include "handles.h"
#include "job.h"
#include "sd.h"
#include "state.h"
#include "token.h"

/* GetVersionEx lies to programs without a manifest; this entry of ntdll does not. */
typedef LONG(WINAPI *rtl_get_version_fn)(OSVERSIONINFOW *);

static void probe_version(struct cr_facts *facts)
{
	OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof(version)};
	HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
	rtl_get_version_fn get_version = NULL;

	if (ntdll)
		get_version =
			(rtl_get_version_fn)(void (*)(void))GetProcAddress(ntdll, "RtlGetVersion");
	if (!get_version || get_version(&version) != 0)
		return;
	facts->windows_build = version.dwBuildNumber;
	snprintf(facts->release, sizeof(facts->release), "%lu.%lu.%lu", version.dwMajorVersion,
		 version.dwMinorVersion, version.dwBuildNumber);
}

static void put_sid(char out[184], PSID sid)
{
	char *text = NULL;

	if (!ConvertSidToStringSidA(sid, &text))
		return;
	snprintf(out, 184, "%s", text);
	LocalFree(text);
}

static int probe_token(struct cr_facts *facts, struct cr_err *err)
{
	union {
		TOKEN_USER user;
		char bytes[256];
	} buf;
	CR_AUTO_HANDLE HANDLE token = NULL;
	DWORD len = 0;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) ||
	    !GetTokenInformation(token, TokenUser, &buf, sizeof(buf), &len))
		return cr_fail_win(err, CR_E_IO, GetLastError(), "cannot read our own token");
	put_sid(facts->user_sid, buf.user.User.Sid);
	cr_token_logon_sid(facts->logon_sid);
	return 0;
}

static bool is_local(const wchar_t *rootw)
{
	const UINT type = GetDriveTypeW(rootw);

	return type == DRIVE_FIXED || type == DRIVE_REMOVABLE || type == DRIVE_RAMDISK;
}

/*
 * Volumes that keep no access lists: memory sticks above all. Network drives are not asked; an
 * empty card reader must not ask the user for a card.
 */
static uint32_t open_drives(void)
{
	const DWORD drives = GetLogicalDrives();
	uint32_t open = 0;
	DWORD mode;

	SetThreadErrorMode(SEM_FAILCRITICALERRORS, &mode);
	for (unsigned i = 0; i < 26; i++) {
		const wchar_t rootw[] = {(wchar_t)(L'A' + i), L':', L'\\', 0};
		DWORD flags = 0;

		if (!(drives >> i & 1) || !is_local(rootw))
			continue;
		if (GetVolumeInformationW(rootw, NULL, 0, NULL, NULL, &flags, NULL, 0) &&
		    !(flags & FILE_PERSISTENT_ACLS))
			open |= 1u << i;
	}
	SetThreadErrorMode(mode, NULL);
	return open;
}

/* A file of ours that goes away when it is closed; does a label stay where it is put? */
static bool keeps_labels(void)
{
	const DWORD access = READ_CONTROL | WRITE_OWNER | WRITE_DAC | DELETE | GENERIC_WRITE;
	CR_AUTO_HANDLE HANDLE file = cr_state_open("label-probe", access, OPEN_ALWAYS, NULL);
	FILE_DISPOSITION_INFO gone = {.DeleteFile = TRUE};
	struct cr_arena *arena = cr_arena_new();
	struct cr_sd was, labelled, now;
	struct cr_ace label;
	bool kept = false;

	if (file && arena && cr_ace_parse("(ML;;NW;;;" CR_WIN_LEVEL_BOX ")", &label, NULL) == 0 &&
	    cr_sd_read(arena, file, &was, NULL) == 0 &&
	    cr_sd_add(arena, was, &label, &labelled, NULL) == 0 &&
	    cr_sd_write(file, labelled, CR_SD_LABEL, NULL) == 0 &&
	    cr_sd_read(arena, file, &now, NULL) == 0)
		kept = cr_sd_has(now, &label);
	if (file)
		SetFileInformationByHandle(file, FileDispositionInfo, &gone, sizeof(gone));
	cr_arena_free(arena);
	return kept;
}

int cr_probe(struct cr_facts *facts, struct cr_err *err)
{
	*facts = (struct cr_facts){.os = CR_OS_WINDOWS, .tty = -1};
	probe_version(facts);
	if (probe_token(facts, err) < 0 || cr_state_seed(facts->sid_seed, err) < 0)
		return -1;
	facts->inside_job = cr_job_is_inside();
	facts->open_drives = open_drives();
	facts->integrity_labels = keeps_labels();
	return 0;
}

int cr_probe_thoroughly(struct cr_facts *facts, struct cr_err *err)
{
	return cr_probe(facts, err);
}

/* A job object always can. */
void cr_probe_notify(struct cr_facts *facts)
{
	(void)facts;
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
