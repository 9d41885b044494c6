/*
 * owner_windows.c - owner_windows.h: reading a security descriptor the strict way.
 *
 * No AccessCheck: that answers for one token, and the question is who of all
 * the others may write. Every entry is looked at; one of an unknown kind refuses.
 */
#include <stdbool.h>
#include <stdio.h>

#include <windows.h>
#include <aclapi.h>
#include <sddl.h>

#include "owner_windows.h"

/* Every right with which a file or directory, or what is found under its name, can be changed. */
#define WRITING                                                                                   \
	(FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA | FILE_DELETE_CHILD |                 \
	 FILE_WRITE_ATTRIBUTES | DELETE | WRITE_DAC | WRITE_OWNER | GENERIC_WRITE | GENERIC_ALL | \
	 MAXIMUM_ALLOWED)

/* [MS-DTYP] 2.4.2.4; the service SID of TrustedInstaller is the same everywhere. OWNER RIGHTS are
 * the owner's, who has been checked. */
static const wchar_t *const systems[] = {
	L"S-1-5-18", L"S-1-5-32-544", L"S-1-3-4",
	L"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"};

static bool is_sid(PSID sid, const wchar_t *text)
{
	PSID other;
	bool same = false;

	if (ConvertStringSidToSidW(text, &other)) {
		same = EqualSid(sid, other);
		LocalFree(other);
	}
	return same;
}

/* The user of this process; in `buffer`, NULL when it cannot be told. */
static PSID user_sid(void *buffer, DWORD size)
{
	HANDLE token;
	BOOL good;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return NULL;
	good = GetTokenInformation(token, TokenUser, buffer, size, &size);
	CloseHandle(token);
	return good ? ((TOKEN_USER *)buffer)->User.Sid : NULL;
}

static bool is_user(PSID sid)
{
	_Alignas(TOKEN_USER) char buffer[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
	PSID user = user_sid(buffer, sizeof(buffer));

	return user && EqualSid(sid, user);
}

static bool is_trusted(PSID sid, enum cr_trustees trustees)
{
	if (!IsValidSid(sid))
		return false;
	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
		if (is_sid(sid, systems[i]))
			return true;
	}
	return trustees == CR_TRUST_US && is_user(sid);
}

/* False when the entry lets somebody write who may not, or is of no kind known here. */
static bool is_harmless(const ACE_HEADER *header, enum cr_trustees trustees)
{
	const ACCESS_ALLOWED_ACE *ace = (const ACCESS_ALLOWED_ACE *)header;
	PSID sid = (PSID)(uintptr_t)&ace->SidStart;

	if (header->AceFlags & INHERIT_ONLY_ACE || header->AceType == ACCESS_DENIED_ACE_TYPE)
		return true;
	if (header->AceType != ACCESS_ALLOWED_ACE_TYPE &&
	    header->AceType != ACCESS_ALLOWED_CALLBACK_ACE_TYPE)
		return false;
	return !(ace->Mask & WRITING) || is_trusted(sid, trustees);
}

/* No DACL at all lets everybody do everything. */
static bool is_closed(PACL dacl, enum cr_trustees trustees)
{
	void *ace;

	if (!dacl)
		return false;
	for (DWORD i = 0; i < dacl->AceCount; i++) {
		if (!GetAce(dacl, i, &ace) || !is_harmless(ace, trustees))
			return false;
	}
	return true;
}

static int refuse_owner(PSID owner, enum cr_errc code, const char *path, struct cr_err *err)
{
	char *text = NULL;

	if (!owner || !ConvertSidToStringSidA(owner, &text))
		text = NULL;
	cr_fail(err, code, "'%.500s' belongs to %s", path, text ? text : "nobody known");
	LocalFree(text);
	return -1;
}

int cr_owner_check(HANDLE handle, enum cr_trustees trustees, enum cr_errc code, const char *path,
		   struct cr_err *err)
{
	PSECURITY_DESCRIPTOR security = NULL;
	PSID owner = NULL;
	PACL dacl = NULL;
	int status = 0;
	DWORD failed;

	if (trustees == CR_TRUST_ANYBODY)
		return 0;
	failed = GetSecurityInfo(handle, SE_FILE_OBJECT,
				 OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner,
				 NULL, &dacl, NULL, &security);
	if (failed)
		return cr_fail(err, code, "cannot tell who owns '%.500s' (error %lu)", path,
			       failed);
	if (!owner || !is_trusted(owner, trustees)) {
		status = refuse_owner(owner, code, path, err);
	} else if (!is_closed(dacl, trustees)) {
		cr_fail(err, code, "'%.500s' can be written by others", path);
		status = cr_hint(err, "icacls \"%.400s\" shows who; take their write access away",
				 path);
	}
	LocalFree(security);
	return status;
}

PSECURITY_DESCRIPTOR cr_owner_private(void)
{
	_Alignas(TOKEN_USER) char buffer[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
	PSECURITY_DESCRIPTOR security = NULL;
	PSID user = user_sid(buffer, sizeof(buffer));
	wchar_t sddl[320], *sid;

	if (!user || !ConvertSidToStringSidW(user, &sid))
		return NULL;
	swprintf(sddl, 320, L"D:P(A;OICI;FA;;;%ls)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)", sid);
	LocalFree(sid);
	if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, &security,
								  NULL))
		return NULL;
	return security;
}
