/*
 * What advapi32 needs to set and to show mandatory labels: Wine's forgets the SACL on the way.
 *
 * A DLL of our own under that name. It forwards everything to Wine's, which the overlay holds as
 * advapi_w.dll, but for these three functions. No C library: msvcrt may be loaded later.
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <accctrl.h>
#include <winternl.h>

enum {
	LABEL = LABEL_SECURITY_INFORMATION,
};

NTSYSAPI NTSTATUS NTAPI RtlCreateSecurityDescriptor(void *sd, ULONG revision);
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
	HANDLE handle;
	DWORD error = 0;

	if (info & ~LABEL)
		error = wine(name, type, info & ~LABEL, owner, group, dacl, sacl);
	if (error || !(info & LABEL))
		return error;
	error = open_named(name, type, WRITE_OWNER, &handle);
	if (error)
		return error;
	error = set_label(handle, sacl);
	NtClose(handle);
	return error;
}

DWORD WINAPI SetSecurityInfo(HANDLE handle, SE_OBJECT_TYPE type, SECURITY_INFORMATION info,
			     PSID owner, PSID group, ACL *dacl, ACL *sacl)
{
	set_fn wine = (set_fn)of_wine("SetSecurityInfo");
	DWORD error = 0;

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
