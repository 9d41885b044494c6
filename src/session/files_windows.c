/*
 * files_windows.c - files.h for Windows.
 *
 * Must never check a name and then open it: every question is asked of the
 * handle that is read. While the agent's workspace is read, its directories are held without
 * sharing deletion, so that none can be swapped for a junction.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "core/limits.h"
#include "files.h"
#include "layers.h"
#include "owner_windows.h"

/* A state file is the path of a workspace, a newline, and a policy. */
#define MAX_BYTES (CR_MAX_POLICY_BYTES + CR_MAX_PATH)
#define MAX_NAMES CR_MAX_POLICY_FILES

#define SHARE_ALL  (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define SHARE_HOLD (FILE_SHARE_READ | FILE_SHARE_WRITE)

/* What an object must be to be believed. */
struct check {
	enum cr_trustees trustees;
	enum cr_errc code;
	size_t limit;
	bool is_dir;
	bool follow; /* a link leads to the user's own file, and may */
	DWORD share;
	const char *path; /* opened, and for messages */
};

static int to_wide(const char *path, wchar_t out[CR_MAX_PATH])
{
	return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, out, CR_MAX_PATH) ? 0
											      : -1;
}

static int fail_code(const struct check *check, DWORD code, const char *what, struct cr_err *err)
{
	cr_fail(err, check->code, "%s '%.500s' (error %lu)", what, check->path, code);
	if (err)
		err->os_code = (int)code;
	return -1;
}

/*
 * The machine's ProgramData as the registry has it. Not the variable: whoever starts carrel could
 * set that, and be rid of the managed policy.
 */
const char *cr_layers_system_dir(void)
{
	static char path[CR_MAX_PATH];
	static const wchar_t key[] =
		L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList";
	static const wchar_t drive[] = L"%SystemDrive%";
	wchar_t value[MAX_PATH], windows[MAX_PATH];
	const size_t n = wcslen(drive);
	DWORD size = sizeof(value);
	bool relative;

	if (!GetSystemWindowsDirectoryW(windows, MAX_PATH))
		return NULL;
	if (RegGetValueW(HKEY_LOCAL_MACHINE, key, L"ProgramData",
			 RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND, NULL, value, &size))
		wcscpy_s(value, MAX_PATH, L"%SystemDrive%\\ProgramData");
	relative = _wcsnicmp(value, drive, n) == 0;
	snprintf(path, sizeof(path), "%.2ls%ls\\carrel\\policy.d", relative ? windows : value,
		 value + (relative ? n : 2));
	return path;
}

/* 1 and *out open, 0 when it is not there, -1. */
static int open_checked(const struct check *check, HANDLE *out, struct cr_err *err)
{
	const DWORD flags =
		FILE_FLAG_BACKUP_SEMANTICS | (check->follow ? 0 : FILE_FLAG_OPEN_REPARSE_POINT);
	wchar_t pathw[CR_MAX_PATH];
	DWORD code;

	if (to_wide(check->path, pathw) < 0)
		return cr_fail(err, check->code, "'%.500s' is no path", check->path);
	*out = CreateFileW(pathw,
			   check->is_dir ? READ_CONTROL | FILE_READ_ATTRIBUTES : GENERIC_READ,
			   check->share, NULL, OPEN_EXISTING, flags, NULL);
	if (*out != INVALID_HANDLE_VALUE)
		return 1;
	code = GetLastError();
	if ((code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND) &&
	    GetFileAttributesW(pathw) == INVALID_FILE_ATTRIBUTES)
		return 0;
	return fail_code(check, code, "cannot open", err);
}

/* The kind of object, its size and its owner. */
static int check_object(const struct check *check, HANDLE handle, struct cr_err *err)
{
	BY_HANDLE_FILE_INFORMATION info;
	bool is_dir;

	if (GetFileType(handle) != FILE_TYPE_DISK || !GetFileInformationByHandle(handle, &info))
		return cr_fail(err, check->code, "'%.500s' is not a plain file", check->path);
	if (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT && !check->follow)
		return cr_fail(err, check->code, "'%.500s' is a symbolic link or junction",
			       check->path);
	is_dir = info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY;
	if (is_dir != check->is_dir)
		return cr_fail(err, check->code, "'%.500s' is not a %s", check->path,
			       check->is_dir ? "directory" : "plain file");
	if (!is_dir && (info.nFileSizeHigh || info.nFileSizeLow > check->limit))
		return cr_fail(err, CR_E_LIMIT, "'%.500s' is larger than %lu bytes", check->path,
			       (unsigned long)check->limit);
	return cr_owner_check(handle, check->trustees, check->code, check->path, err);
}

/* 1 and a directory held open, 0, -1. */
static int hold_dir(const struct check *check, HANDLE *out, struct cr_err *err)
{
	const int found = open_checked(check, out, err);

	if (found != 1)
		return found;
	if (check_object(check, *out, err) == 0)
		return 1;
	CloseHandle(*out);
	return -1;
}

static int read_bytes(struct cr_arena *arena, HANDLE handle, const struct check *check,
		      struct cr_file *out, struct cr_err *err)
{
	char *buf = cr_arena_alloc(arena, check->limit + 2, 1);
	size_t len = 0;
	DWORD got;

	if (!buf)
		return cr_fail(err, CR_E_NOMEM, "reading '%.500s'", check->path);
	do {
		if (!ReadFile(handle, buf + len, (DWORD)(check->limit + 1 - len), &got, NULL))
			return fail_code(check, GetLastError(), "cannot read", err);
		len += got;
	} while (got > 0 && len <= check->limit);
	if (len > check->limit) /* it grew meanwhile */
		return cr_fail(err, CR_E_LIMIT, "'%.500s' is larger than %lu bytes", check->path,
			       (unsigned long)check->limit);
	buf[len] = '\0';
	*out = (struct cr_file){.path = check->path, .text = buf, .len = len};
	return 1;
}

/* 1, 0 when there is none, -1. */
static int read_file(struct cr_arena *arena, const struct check *check, struct cr_file *out,
		     struct cr_err *err)
{
	HANDLE handle;
	int found = check->path ? open_checked(check, &handle, err)
				: cr_fail(err, CR_E_NOMEM, "out of memory");

	if (found != 1)
		return found;
	if (check_object(check, handle, err) < 0)
		found = -1;
	else
		found = read_bytes(arena, handle, check, out, err);
	CloseHandle(handle);
	return found;
}

int cr_file_read_own(struct cr_arena *arena, const char *path, struct cr_file *out,
		     struct cr_err *err)
{
	const struct check check = {.trustees = CR_TRUST_US,
				    .code = CR_E_TRUST,
				    .limit = CR_MAX_POLICY_BYTES,
				    .follow = true,
				    .share = SHARE_ALL,
				    .path = path};

	return read_file(arena, &check, out, err);
}

int cr_file_read_beneath(struct cr_arena *arena, const struct cr_file_place *place,
			 struct cr_file *out, struct cr_err *err)
{
	struct check check = {.code = CR_E_TRUST, .is_dir = true, .share = SHARE_HOLD};
	HANDLE dir;
	int found;

	check.path = cr_arena_printf(arena, "%s\\%s", place->dir, place->sub);
	if (!check.path)
		return cr_fail(err, CR_E_NOMEM, "policies");
	found = hold_dir(&check, &dir, err);
	if (found != 1)
		return found;
	check.path = cr_arena_printf(arena, "%s\\%s", check.path, place->name);
	check.is_dir = false;
	check.limit = CR_MAX_POLICY_BYTES;
	check.share = SHARE_ALL;
	found = read_file(arena, &check, out, err);
	CloseHandle(dir);
	return found;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What "*.policy" finds may end otherwise: Windows matches short names too. */
static bool is_policy_name(const char *name)
{
	const size_t len = strlen(name);

	return len > 7 && _stricmp(name + len - 7, ".policy") == 0;
}

struct names {
	const char *items[MAX_NAMES];
	size_t count;
};

static int add_name(struct cr_arena *arena, const wchar_t *namew, struct names *names,
		    const struct check *check, struct cr_err *err)
{
	char name[3 * MAX_PATH];

	if (!WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, namew, -1, name, sizeof(name), NULL,
				 NULL))
		return cr_fail(err, check->code, "a name in '%.500s' is not valid UTF-16",
			       check->path);
	if (!is_policy_name(name))
		return 0;
	if (names->count >= MAX_NAMES)
		return cr_fail(err, CR_E_LIMIT, "more than %d policy files in '%.500s'", MAX_NAMES,
			       check->path);
	names->items[names->count] = cr_arena_strdup(arena, name);
	return names->items[names->count++] ? 0 : cr_fail(err, CR_E_NOMEM, "policies");
}

static int list_names(struct cr_arena *arena, const struct check *check, struct names *names,
		      struct cr_err *err)
{
	const char *pattern = cr_arena_printf(arena, "%s\\*", check->path);
	wchar_t patternw[CR_MAX_PATH];
	WIN32_FIND_DATAW found;
	int status = 0;
	HANDLE find;

	if (!pattern || to_wide(pattern, patternw) < 0)
		return cr_fail(err, check->code, "'%.500s' is no path", check->path);
	find = FindFirstFileW(patternw, &found);
	if (find == INVALID_HANDLE_VALUE)
		return fail_code(check, GetLastError(), "cannot list", err);
	do
		status = add_name(arena, found.cFileName, names, check, err);
	while (status == 0 && FindNextFileW(find, &found));
	if (status == 0 && GetLastError() != ERROR_NO_MORE_FILES)
		status = fail_code(check, GetLastError(), "cannot list", err);
	FindClose(find);
	if (names->count > 0)
		qsort(names->items, names->count, sizeof(names->items[0]), by_name);
	return status;
}

static int read_all(struct cr_arena *arena, const struct check *dir, struct cr_file **out,
		    struct cr_err *err)
{
	struct check check = *dir;
	struct names names = {.count = 0};

	if (list_names(arena, dir, &names, err) < 0)
		return -1;
	*out = cr_arena_alloc(arena, names.count + 1, sizeof(**out));
	if (!*out)
		return cr_fail(err, CR_E_NOMEM, "policies");
	check.is_dir = false;
	check.limit = CR_MAX_POLICY_BYTES;
	check.share = SHARE_ALL;
	for (size_t i = 0; i < names.count; i++) {
		check.path = cr_arena_printf(arena, "%s\\%s", dir->path, names.items[i]);

		const int found = read_file(arena, &check, &(*out)[i], err);

		if (found == 0)
			return cr_fail(err, CR_E_RACE, "'%.500s' went away", check.path);
		if (found < 0)
			return -1;
	}
	return (int)names.count;
}

/* `dir` and the one above, held: who could rename either could put another in its place. */
static int read_held(struct cr_arena *arena, const struct check *dir, struct cr_file **out,
		     struct cr_err *err)
{
	struct check above = *dir;
	const char *end = strrchr(dir->path, '\\');
	HANDLE parent, handle;
	int count;

	above.path = end ? cr_arena_strndup(arena, dir->path, (size_t)(end - dir->path)) : NULL;
	if (!above.path)
		return cr_fail(err, CR_E_NOMEM, "policies");
	count = hold_dir(&above, &parent, err);
	if (count != 1)
		return count;
	count = hold_dir(dir, &handle, err);
	if (count == 1) {
		count = read_all(arena, dir, out, err);
		CloseHandle(handle);
	}
	CloseHandle(parent);
	return count;
}

/* `owner` is a number of other systems: 0 means the system's own accounts, any other also us. */
int cr_files_read_system(struct cr_arena *arena, const char *dir, uint32_t owner,
			 struct cr_file **out, struct cr_err *err)
{
	const struct check check = {.trustees = owner ? CR_TRUST_US : CR_TRUST_SYSTEM,
				    .code = CR_E_TRUST,
				    .is_dir = true,
				    .share = SHARE_HOLD,
				    .path = dir};

	*out = NULL;
	return read_held(arena, &check, out, err);
}

/* The private directory, held; 1, 0, -1. */
static int hold_state(const char *dir, HANDLE *out, struct cr_err *err)
{
	const struct check check = {.trustees = CR_TRUST_US,
				    .code = CR_E_STATE,
				    .is_dir = true,
				    .share = SHARE_HOLD,
				    .path = dir};

	return hold_dir(&check, out, err);
}

int cr_state_read(struct cr_arena *arena, const char *dir, const char *name, struct cr_file *out,
		  struct cr_err *err)
{
	const struct check check = {.trustees = CR_TRUST_US,
				    .code = CR_E_STATE,
				    .limit = MAX_BYTES,
				    .share = SHARE_ALL,
				    .path = cr_arena_printf(arena, "%s\\%s", dir, name)};
	HANDLE held;
	int found = hold_state(dir, &held, err);

	if (found != 1)
		return found;
	found = read_file(arena, &check, out, err);
	CloseHandle(held);
	return found;
}

/* Makes the directory and those above it that are missing, for the user alone. */
static int make_dirs(const char *dir, struct cr_err *err)
{
	SECURITY_ATTRIBUTES security = {.nLength = sizeof(security)};
	wchar_t path[CR_MAX_PATH];
	DWORD code = ERROR_ALREADY_EXISTS;

	security.lpSecurityDescriptor = cr_owner_private();
	if (!security.lpSecurityDescriptor || to_wide(dir, path) < 0 || wcslen(path) < 4) {
		LocalFree(security.lpSecurityDescriptor);
		return cr_fail(err, CR_E_STATE, "cannot make '%.500s'", dir);
	}
	for (wchar_t *at = path + 3;; at++) {
		const wchar_t saved = *at;

		if (saved != L'\\' && saved != L'/' && saved != L'\0')
			continue;
		*at = L'\0';
		code = CreateDirectoryW(path, &security) ? ERROR_ALREADY_EXISTS : GetLastError();
		*at = saved;
		if (saved == L'\0')
			break;
	}
	LocalFree(security.lpSecurityDescriptor);
	if (code == ERROR_ALREADY_EXISTS)
		return 0;
	return cr_fail(err, CR_E_STATE, "cannot make '%.500s' (error %lu)", dir, code);
}

/* Whole on disk before it takes the name. */
static int write_new(const wchar_t *path, const struct cr_file *file)
{
	HANDLE handle = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW,
				    FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
	DWORD written = 0;

	if (handle == INVALID_HANDLE_VALUE)
		return -1;

	BOOL good = WriteFile(handle, file->text, (DWORD)file->len, &written, NULL) &&
		    written == file->len && FlushFileBuffers(handle);

	return CloseHandle(handle) && good ? 0 : -1;
}

static int replace(const char *dir, const char *name, const struct cr_file *file,
		   struct cr_err *err)
{
	char path[CR_MAX_PATH], temp[CR_MAX_PATH];
	wchar_t pathw[CR_MAX_PATH], tempw[CR_MAX_PATH];
	int len = snprintf(temp, sizeof(temp), "%s\\.%.64s.%lu", dir, name, GetCurrentProcessId());

	snprintf(path, sizeof(path), "%s\\%s", dir, name);
	if (len < 0 || (size_t)len >= sizeof(temp) || to_wide(path, pathw) < 0 ||
	    to_wide(temp, tempw) < 0)
		return cr_fail(err, CR_E_STATE, "the path of carrel's state is too long");
	DeleteFileW(tempw); /* of a process of this number that died */
	if (write_new(tempw, file) < 0 ||
	    !MoveFileExW(tempw, pathw, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
		const DWORD code = GetLastError();

		DeleteFileW(tempw);
		return cr_fail(err, CR_E_STATE, "cannot write carrel's state (error %lu)", code);
	}
	return 0;
}

int cr_state_write(const char *dir, const char *name, const struct cr_file *file,
		   struct cr_err *err)
{
	HANDLE held;
	int status;

	if (make_dirs(dir, err) < 0)
		return -1;
	status = hold_state(dir, &held, err);
	if (status == 0)
		return cr_fail(err, CR_E_STATE, "'%.500s' went away", dir);
	if (status < 0)
		return -1;
	status = replace(dir, name, file, err);
	CloseHandle(held);
	return status;
}

int cr_state_remove(const char *dir, const char *name, struct cr_err *err)
{
	char path[CR_MAX_PATH];
	wchar_t pathw[CR_MAX_PATH];
	HANDLE held;
	const int found = hold_state(dir, &held, err);
	const int len = snprintf(path, sizeof(path), "%s\\%s", dir, name);
	DWORD code = 0;

	if (found != 1)
		return found;
	if (len < 0 || (size_t)len >= sizeof(path) || to_wide(path, pathw) < 0)
		code = ERROR_INVALID_NAME;
	else if (!DeleteFileW(pathw))
		code = GetLastError();
	CloseHandle(held);
	if (code == 0 || code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)
		return 0;
	return cr_fail(err, CR_E_STATE, "cannot remove '%.500s' (error %lu)", path, code);
}
