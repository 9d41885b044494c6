/*
 * escape_tools.c - escape_tools.h: one attempt each, and what came of it. Nothing here judges.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <windows.h>
#include <sddl.h>

#include "escape_tools.h"

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define SECONDS   60

wchar_t escape_program[BIG];

/* A variable, or a marker that no path has, so that a forgotten one cannot look like a refusal. */
const wchar_t *var(const wchar_t *name)
{
	const wchar_t *value = _wgetenv(name);

	if (!value) {
		fprintf(stderr, "escape_probe: %ls is not set\n", name);
		exit(99);
	}
	return value;
}

/* Two texts joined, in one of a few buffers that are used in turn. */
wchar_t *join(const wchar_t *base, const wchar_t *rest)
{
	static wchar_t bufs[8][BIG];
	static int next;
	wchar_t *buf = bufs[next++ % 8];

	_snwprintf(buf, BIG - 1, L"%ls%ls", base, rest);
	return buf;
}

wchar_t *out(const wchar_t *rest)
{
	return join(var(L"T_OUT"), rest);
}

wchar_t *ws(const wchar_t *rest)
{
	return join(var(L"T_WS"), rest);
}

HANDLE get(const wchar_t *path, DWORD access, DWORD disposition, DWORD flags)
{
	HANDLE handle = CreateFileW(path, access, SHARE_ALL, NULL, disposition,
				    flags | FILE_FLAG_BACKUP_SEMANTICS, NULL);

	return handle == INVALID_HANDLE_VALUE ? NULL : handle;
}

int done(HANDLE handle)
{
	if (handle)
		CloseHandle(handle);
	return handle != NULL;
}

/* An open with this right. */
int may(const wchar_t *path, DWORD access)
{
	return done(get(path, access, OPEN_EXISTING, 0));
}

int put_word(const wchar_t *path, DWORD access, DWORD disposition)
{
	HANDLE file = get(path, access, disposition, 0);
	DWORD n = 0;
	int good = file && WriteFile(file, "owned", 5, &n, NULL) && n == 5;

	done(file);
	return good;
}

int writes(const wchar_t *path)
{
	return put_word(path, GENERIC_WRITE, OPEN_EXISTING);
}

int creates(const wchar_t *path)
{
	return put_word(path, GENERIC_WRITE, CREATE_NEW);
}

int set_attributes(const wchar_t *path)
{
	HANDLE file = get(path, FILE_WRITE_ATTRIBUTES, OPEN_EXISTING, 0);
	FILE_BASIC_INFO info = {.FileAttributes = FILE_ATTRIBUTE_READONLY};
	int good = file && SetFileInformationByHandle(file, FileBasicInfo, &info, sizeof(info));

	done(file);
	return good;
}

int delete_by_handle(const wchar_t *path)
{
	HANDLE file = get(path, DELETE, OPEN_EXISTING, 0);
	FILE_DISPOSITION_INFO gone = {.DeleteFile = TRUE};
	int good =
		file && SetFileInformationByHandle(file, FileDispositionInfo, &gone, sizeof(gone));

	done(file);
	return good;
}

int set_times(const wchar_t *path)
{
	HANDLE file = get(path, FILE_WRITE_ATTRIBUTES, OPEN_EXISTING, 0);
	FILETIME time = {1, 0x01d00000};
	int good = file && SetFileTime(file, NULL, NULL, &time);

	done(file);
	return good;
}

int map_and_write(const wchar_t *path)
{
	HANDLE file = get(path, GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING, 0);
	HANDLE map = file ? CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL) : NULL;
	char *view = map ? MapViewOfFile(map, FILE_MAP_WRITE, 0, 0, 0) : NULL;

	if (view) {
		view[0] = 'X';
		UnmapViewOfFile(view);
	}
	done(map);
	done(file);
	return view != NULL;
}

/* A descriptor by its text, on a file. */
int set_sd(const wchar_t *path, const wchar_t *sddl, SECURITY_INFORMATION what)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	const DWORD access = what == LABEL_SECURITY_INFORMATION ? WRITE_OWNER : WRITE_DAC;
	HANDLE file = get(path, access, OPEN_EXISTING, 0);
	int good = file &&
		   ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, &sd,
									NULL) &&
		   SetKernelObjectSecurity(file, what, sd);

	LocalFree(sd);
	done(file);
	return good;
}

int everyone_all(const wchar_t *path)
{
	return set_sd(path, L"D:(A;;FA;;;WD)", DACL_SECURITY_INFORMATION);
}

/* A second name for the same file, and then a word through it. */
int link_and_write(const wchar_t *name, const wchar_t *target)
{
	return CreateHardLinkW(name, target, NULL) && writes(name);
}

int reads(const wchar_t *path)
{
	HANDLE file = get(path, GENERIC_READ, OPEN_EXISTING, 0);
	char c;
	DWORD n = 0;
	int good = file && ReadFile(file, &c, 1, &n, NULL) && n == 1;

	done(file);
	return good;
}

int lists(const wchar_t *pattern)
{
	WIN32_FIND_DATAW found;
	HANDLE find = FindFirstFileW(pattern, &found);

	if (find == INVALID_HANDLE_VALUE)
		return 0;
	FindClose(find);
	return 1;
}

int start(const wchar_t *words, DWORD flags, DWORD *code)
{
	STARTUPINFOW startup = {.cb = sizeof(startup)};
	PROCESS_INFORMATION info;
	wchar_t line[BIG * 8];

	_snwprintf(line, BIG * 8 - 1, L"\"%ls\" %ls", escape_program, words);
	if (!CreateProcessW(escape_program, line, NULL, NULL, TRUE, flags, NULL, NULL, &startup,
			    &info))
		return 0;
	if (WaitForSingleObject(info.hProcess, SECONDS * 1000) != WAIT_OBJECT_0 ||
	    !GetExitCodeProcess(info.hProcess, code))
		*code = 98;
	CloseHandle(info.hThread);
	CloseHandle(info.hProcess);
	return 1;
}
