/*
 * What advapi32 does for labels and for inheritance: Wine's forgets the SACL on the way, and hands
 * nothing down.
 *
 * A DLL of our own under that name. It forwards everything to Wine's, which the overlay holds as
 * advapi_w.dll, but for these three functions. No C library: msvcrt may be loaded later.
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <accctrl.h>
#include <winternl.h>

#define TB_INHERIT 0x00800000u /* as in testbed.h */

enum {
	LABEL = LABEL_SECURITY_INFORMATION,
};

NTSYSAPI NTSTATUS NTAPI RtlCreateSecurityDescriptor(void *sd, ULONG revision);
NTSYSAPI NTSTATUS NTAPI RtlSetOwnerSecurityDescriptor(void *sd, PSID owner, BOOLEAN defaulted);
NTSYSAPI NTSTATUS NTAPI RtlSetGroupSecurityDescriptor(void *sd, PSID group, BOOLEAN defaulted);
NTSYSAPI NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(void *sd, BOOLEAN present, ACL *dacl,
						     BOOLEAN defaulted);
NTSYSAPI NTSTATUS NTAPI RtlSetSaclSecurityDescriptor(void *sd, BOOLEAN present, ACL *sacl,
						     BOOLEAN defaulted);
NTSYSAPI NTSTATUS NTAPI NtSetSecurityObject(HANDLE handle, SECURITY_INFORMATION info, void *sd);

typedef DWORD(WINAPI *set_named_fn)(WCHAR *name, SE_OBJECT_TYPE type, SECURITY_INFORMATION info,
				    PSID owner, PSID group, ACL *dacl, ACL *sacl);
typedef DWORD(WINAPI *set_fn)(HANDLE handle, SE_OBJECT_TYPE type, SECURITY_INFORMATION info,
			      PSID owner, PSID group, ACL *dacl, ACL *sacl);
typedef DWORD(WINAPI *get_named_fn)(WCHAR *name, SE_OBJECT_TYPE type, SECURITY_INFORMATION info,
				    PSID *owner, PSID *group, ACL **dacl, ACL **sacl, void **sd);
typedef DWORD(WINAPI *get_fn)(HANDLE handle, SE_OBJECT_TYPE type, SECURITY_INFORMATION info,
			      PSID *owner, PSID *group, ACL **dacl, ACL **sacl, void **sd);
typedef LSTATUS(WINAPI *open_key_fn)(HKEY root, const WCHAR *name, DWORD options, REGSAM access,
				     HKEY *key);

static const struct {
	const WCHAR *name;
	HKEY root;
} hives[] = {
	{L"CURRENT_USER", HKEY_CURRENT_USER},
	{L"MACHINE", HKEY_LOCAL_MACHINE},
	{L"CLASSES_ROOT", HKEY_CLASSES_ROOT},
	{L"USERS", HKEY_USERS},
};

static FARPROC of_wine(const char *name)
{
	return GetProcAddress(LoadLibraryW(L"advapi_w.dll"), name);
}

static DWORD set_label(HANDLE handle, ACL *sacl)
{
	SECURITY_DESCRIPTOR sd;
	NTSTATUS status = RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);

	if (!status)
		status = RtlSetSaclSecurityDescriptor(&sd, TRUE, sacl, FALSE);
	if (!status)
		status = NtSetSecurityObject(handle, LABEL, &sd);
	return RtlNtStatusToDosError(status);
}

struct given {
	PSID owner, group;
	ACL *dacl, *sacl;
};

/* A file or directory: what it inherits is renewed, and handed down; the server does both. */
static DWORD set_file(HANDLE handle, SECURITY_INFORMATION info, const struct given *given)
{
	SECURITY_DESCRIPTOR sd;
	NTSTATUS status = RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);

	if (!status && (info & OWNER_SECURITY_INFORMATION))
		status = RtlSetOwnerSecurityDescriptor(&sd, given->owner, FALSE);
	if (!status && (info & GROUP_SECURITY_INFORMATION))
		status = RtlSetGroupSecurityDescriptor(&sd, given->group, FALSE);
	if (!status && (info & DACL_SECURITY_INFORMATION))
		status = RtlSetDaclSecurityDescriptor(&sd, TRUE, given->dacl, FALSE);
	if (!status && (info & (LABEL | SACL_SECURITY_INFORMATION)))
		status = RtlSetSaclSecurityDescriptor(&sd, TRUE, given->sacl, FALSE);
	if (info & (LABEL | DACL_SECURITY_INFORMATION))
		info |= TB_INHERIT;
	if (!status)
		status = NtSetSecurityObject(handle, info, &sd);
	return RtlNtStatusToDosError(status);
}

static DWORD access_for(SECURITY_INFORMATION info)
{
	DWORD access = 0;

	if (info & (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | LABEL))
		access |= WRITE_OWNER;
	if (info & DACL_SECURITY_INFORMATION)
		access |= WRITE_DAC;
	if (info & SACL_SECURITY_INFORMATION)
		access |= ACCESS_SYSTEM_SECURITY;
	return access;
}

static DWORD open_file(const WCHAR *name, DWORD access, HANDLE *handle)
{
	*handle = CreateFileW(name, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
			      NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
	return *handle == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
}

/* `name` is HIVE\\path. */
static DWORD open_key(const WCHAR *name, DWORD access, HANDLE *handle)
{
	open_key_fn open = (open_key_fn)of_wine("RegOpenKeyExW");

	for (unsigned int i = 0; i < ARRAYSIZE(hives); i++) {
		int length = lstrlenW(hives[i].name);

		if (CompareStringOrdinal(name, length, hives[i].name, length, TRUE) == CSTR_EQUAL &&
		    (name[length] == L'\\' || !name[length]))
			return open(hives[i].root, name + length + (name[length] == L'\\'), 0,
				    access, (HKEY *)handle);
	}
	return ERROR_INVALID_NAME;
}

static DWORD open_named(const WCHAR *name, SE_OBJECT_TYPE type, DWORD access, HANDLE *handle)
{
	if (type == SE_FILE_OBJECT)
		return open_file(name, access, handle);
	return type == SE_REGISTRY_KEY ? open_key(name, access, handle) : ERROR_NOT_SUPPORTED;
}

DWORD WINAPI SetNamedSecurityInfoW(WCHAR *name, SE_OBJECT_TYPE type, SECURITY_INFORMATION info,
				   PSID owner, PSID group, ACL *dacl, ACL *sacl)
{
	set_named_fn wine = (set_named_fn)of_wine("SetNamedSecurityInfoW");
	struct given given = {owner, group, dacl, sacl};
	int is_file = type == SE_FILE_OBJECT;
	HANDLE handle;
	DWORD error = 0;

	if (!is_file && (info & ~LABEL))
		error = wine(name, type, info & ~LABEL, owner, group, dacl, sacl);
	if (error || !(is_file || (info & LABEL)))
		return error;
	error = open_named(name, type, access_for(is_file ? info : LABEL), &handle);
	if (error)
		return error;
	error = is_file ? set_file(handle, info, &given) : set_label(handle, sacl);
	NtClose(handle);
	return error;
}

DWORD WINAPI SetSecurityInfo(HANDLE handle, SE_OBJECT_TYPE type, SECURITY_INFORMATION info,
			     PSID owner, PSID group, ACL *dacl, ACL *sacl)
{
	set_fn wine = (set_fn)of_wine("SetSecurityInfo");
	struct given given = {owner, group, dacl, sacl};
	DWORD error = 0;

	if (type == SE_FILE_OBJECT)
		return set_file(handle, info, &given);
	if (info & ~LABEL)
		error = wine(handle, type, info & ~LABEL, owner, group, dacl, sacl);
	return error || !(info & LABEL) ? error : set_label(handle, sacl);
}

DWORD WINAPI GetNamedSecurityInfoW(WCHAR *name, SE_OBJECT_TYPE type, SECURITY_INFORMATION info,
				   PSID *owner, PSID *group, ACL **dacl, ACL **sacl, void **sd)
{
	get_named_fn wine = (get_named_fn)of_wine("GetNamedSecurityInfoW");
	get_fn by_handle = (get_fn)of_wine("GetSecurityInfo");
	HANDLE handle;
	DWORD error;

	if (!(info & LABEL))
		return wine(name, type, info, owner, group, dacl, sacl, sd);
	error = open_named(name, type, READ_CONTROL, &handle);
	if (error)
		return error;
	error = by_handle(handle, type, info, owner, group, dacl, sacl, sd);
	NtClose(handle);
	return error;
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved)
{
	(void)instance;
	(void)reason;
	(void)reserved;
	return TRUE;
}
