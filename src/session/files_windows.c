/*
 * files_windows.c - files.h for Windows.
 *
 * Thin for now: it reads the user's and the project's files, and keeps the
 * accepted ones. Owners and ACLs are not looked at yet, so a managed policy,
 * which must not be ignored, is refused instead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "core/limits.h"
#include "files.h"
#include "layers.h"

#define MAX_BYTES (CR_MAX_POLICY_BYTES + CR_MAX_PATH)

static int to_wide(const char *path, wchar_t out[CR_MAX_PATH])
{
	return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, out, CR_MAX_PATH) ? 0
											      : -1;
}

const char *cr_layers_system_dir(void)
{
	static char path[CR_MAX_PATH];
	wchar_t basew[MAX_PATH];
	char base[MAX_PATH * 3];
	DWORD len = GetEnvironmentVariableW(L"ProgramData", basew, MAX_PATH);

	if (!len || len >= MAX_PATH ||
	    !WideCharToMultiByte(CP_UTF8, 0, basew, -1, base, sizeof(base), NULL, NULL))
		return NULL;
	snprintf(path, sizeof(path), "%s\\carrel\\policy.d", base);
	return path;
}

/* 1, 0 when there is none, -1. A link is not followed. */
static int read_file(struct cr_arena *arena, const char *path, size_t limit, struct cr_file *out,
		     struct cr_err *err)
{
	wchar_t pathw[CR_MAX_PATH];

	if (to_wide(path, pathw) < 0)
		return cr_fail(err, CR_E_PATH, "'%.500s' is no path", path);

	DWORD attributes = GetFileAttributesW(pathw);

	if (attributes == INVALID_FILE_ATTRIBUTES)
		return 0;
	if (attributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT))
		return cr_fail(err, CR_E_TRUST, "'%.500s' is not a plain file", path);

	FILE *file = _wfopen(pathw, L"rb");
	char *buf = file ? cr_arena_alloc(arena, limit + 2, 1) : NULL;

	if (!file)
		return cr_fail(err, CR_E_IO, "cannot read '%.500s'", path);

	size_t len = buf ? fread(buf, 1, limit + 1, file) : 0;
	int bad = ferror(file);

	fclose(file);
	if (!buf)
		return cr_fail(err, CR_E_NOMEM, "reading '%.500s'", path);
	if (bad)
		return cr_fail(err, CR_E_IO, "cannot read '%.500s'", path);
	if (len > limit)
		return cr_fail(err, CR_E_LIMIT, "'%.500s' is larger than %lu bytes", path,
			       (unsigned long)limit);
	buf[len] = '\0';
	*out = (struct cr_file){.path = path, .text = buf, .len = len};
	return 1;
}

int cr_file_read_own(struct cr_arena *arena, const char *path, struct cr_file *out,
		     struct cr_err *err)
{
	return read_file(arena, path, CR_MAX_POLICY_BYTES, out, err);
}

int cr_file_read_beneath(struct cr_arena *arena, const struct cr_file_place *place,
			 struct cr_file *out, struct cr_err *err)
{
	wchar_t subw[CR_MAX_PATH];
	const char *sub = cr_arena_printf(arena, "%s\\%s", place->dir, place->sub);
	const char *path = sub ? cr_arena_printf(arena, "%s\\%s", sub, place->name) : NULL;

	if (!path)
		return cr_fail(err, CR_E_NOMEM, "policies");
	if (to_wide(sub, subw) < 0)
		return cr_fail(err, CR_E_PATH, "'%.500s' is no path", sub);

	DWORD attributes = GetFileAttributesW(subw);

	if (attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_REPARSE_POINT)
		return cr_fail(err, CR_E_TRUST, "'%.500s' is a link", sub);
	return read_file(arena, path, CR_MAX_POLICY_BYTES, out, err);
}

int cr_files_read_system(struct cr_arena *arena, const char *dir, uint32_t owner,
			 struct cr_file **out, struct cr_err *err)
{
	wchar_t patternw[CR_MAX_PATH];
	const char *pattern = cr_arena_printf(arena, "%s\\*.policy", dir);
	WIN32_FIND_DATAW found;

	(void)owner;
	*out = NULL;
	if (!pattern)
		return cr_fail(err, CR_E_NOMEM, "policies");
	if (to_wide(pattern, patternw) < 0)
		return cr_fail(err, CR_E_PATH, "'%.500s' is no path", dir);

	HANDLE find = FindFirstFileW(patternw, &found);
	DWORD code = GetLastError();

	if (find == INVALID_HANDLE_VALUE &&
	    (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND))
		return 0;
	if (find != INVALID_HANDLE_VALUE)
		FindClose(find);
	return cr_fail(err, CR_E_TRUST,
		       "managed policies in '%.500s' cannot be checked on Windows yet", dir);
}

int cr_state_read(struct cr_arena *arena, const char *dir, const char *name, struct cr_file *out,
		  struct cr_err *err)
{
	const char *path = cr_arena_printf(arena, "%s\\%s", dir, name);

	if (!path)
		return cr_fail(err, CR_E_NOMEM, "state");
	return read_file(arena, path, MAX_BYTES, out, err);
}

/* Makes the directory and those above it that are missing; the profile's ACL is inherited. */
static int make_dirs(const char *dir, struct cr_err *err)
{
	wchar_t path[CR_MAX_PATH];

	if (to_wide(dir, path) < 0)
		return cr_fail(err, CR_E_STATE, "'%.500s' is no path", dir);
	for (wchar_t *at = path + 3; *at; at++) {
		wchar_t saved = *at;

		if (saved != L'\\' && saved != L'/')
			continue;
		*at = L'\0';
		CreateDirectoryW(path, NULL);
		*at = saved;
	}
	if (!CreateDirectoryW(path, NULL) && GetLastError() != ERROR_ALREADY_EXISTS)
		return cr_fail(err, CR_E_STATE, "cannot make '%.500s'", dir);
	return 0;
}

static int write_new(const wchar_t *path, const struct cr_file *file)
{
	HANDLE handle = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
				    FILE_ATTRIBUTE_NORMAL, NULL);
	DWORD written = 0;

	if (handle == INVALID_HANDLE_VALUE)
		return -1;

	BOOL good = WriteFile(handle, file->text, (DWORD)file->len, &written, NULL) &&
		    written == file->len && FlushFileBuffers(handle);

	return CloseHandle(handle) && good ? 0 : -1;
}

int cr_state_write(const char *dir, const char *name, const struct cr_file *file,
		   struct cr_err *err)
{
	char path[CR_MAX_PATH], temp[CR_MAX_PATH];
	wchar_t pathw[CR_MAX_PATH], tempw[CR_MAX_PATH];

	if (make_dirs(dir, err) < 0)
		return -1;

	int len = snprintf(temp, sizeof(temp), "%s\\.%s.%lu", dir, name, GetCurrentProcessId());

	snprintf(path, sizeof(path), "%s\\%s", dir, name);
	if (len < 0 || (size_t)len >= sizeof(temp) || to_wide(path, pathw) < 0 ||
	    to_wide(temp, tempw) < 0)
		return cr_fail(err, CR_E_STATE, "the path of carrel's state is too long");
	if (write_new(tempw, file) < 0 ||
	    !MoveFileExW(tempw, pathw, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
		DeleteFileW(tempw);
		return cr_fail(err, CR_E_STATE, "cannot write carrel's state");
	}
	return 0;
}

int cr_state_remove(const char *dir, const char *name, struct cr_err *err)
{
	char path[CR_MAX_PATH];
	wchar_t pathw[CR_MAX_PATH];
	int len = snprintf(path, sizeof(path), "%s\\%s", dir, name);

	if (len < 0 || (size_t)len >= sizeof(path) || to_wide(path, pathw) < 0)
		return cr_fail(err, CR_E_STATE, "the path of carrel's state is too long");
	if (DeleteFileW(pathw))
		return 0;

	DWORD code = GetLastError();

	if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)
		return 0;
	return cr_fail(err, CR_E_STATE, "cannot remove '%.500s'", path);
}
