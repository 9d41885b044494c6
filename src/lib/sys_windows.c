/*
 * sys_windows.c - sys.h for Windows: UTF-16 ends here.
 *
 * Directories the user names are opened and asked for their final path, so
 * that junctions, 8.3 names and odd spellings are gone before a rule sees them.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>
#include <bcrypt.h>
#include <shlobj.h>

#include "core/limits.h"
#include "core/path.h"
#include "sys.h"
#include "sys_windows.h"

const enum cr_os cr_sys_os = CR_OS_WINDOWS;

/* What happens to paths that people type. */
static const struct {
	DWORD code;
	int number;
} numbers[] = {
	{ERROR_FILE_NOT_FOUND, ENOENT},      {ERROR_PATH_NOT_FOUND, ENOENT},
	{ERROR_INVALID_NAME, ENOENT},        {ERROR_INVALID_DRIVE, ENOENT},
	{ERROR_ACCESS_DENIED, EACCES},       {ERROR_SHARING_VIOLATION, EBUSY},
	{ERROR_FILE_EXISTS, EEXIST},         {ERROR_ALREADY_EXISTS, EEXIST},
	{ERROR_DISK_FULL, ENOSPC},           {ERROR_DIRECTORY, ENOTDIR},
	{ERROR_TOO_MANY_OPEN_FILES, EMFILE}, {ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
	{ERROR_WRITE_PROTECT, EROFS},
};

int cr_sys_fail(struct cr_err *err, enum cr_errc errc, unsigned long code, const char *fmt, ...)
{
	char text[CR_ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i].code == code)
			return cr_fail_os(err, errc, numbers[i].number, "%s", text);
	}
	cr_fail(err, errc, "%s: error %lu", text, code);
	if (err)
		err->os_code = (int)code;
	return -1;
}

static wchar_t *to_wide(struct cr_arena *arena, const char *text)
{
	const int n = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
	wchar_t *textw = n > 0 ? cr_arena_alloc(arena, (size_t)n, sizeof(*textw)) : NULL;

	if (textw)
		MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, textw, n);
	return textw;
}

static char *to_utf8(struct cr_arena *arena, const wchar_t *textw)
{
	const int n =
		WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, textw, -1, NULL, 0, NULL, NULL);
	char *text = n > 0 ? cr_arena_alloc(arena, (size_t)n, 1) : NULL;

	if (text)
		WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, textw, -1, text, n, NULL, NULL);
	return text;
}

const char *cr_sys_env(struct cr_arena *arena, const char *name)
{
	const wchar_t *namew = to_wide(arena, name);
	const wchar_t *valuew = namew ? _wgetenv(namew) : NULL;

	return valuew && valuew[0] ? to_utf8(arena, valuew) : NULL;
}

char **cr_sys_environ(struct cr_arena *arena)
{
	wchar_t *blockw = GetEnvironmentStringsW();
	size_t count = 0, used = 0;
	char **env;

	if (!blockw)
		return NULL;
	for (const wchar_t *p = blockw; *p; p += wcslen(p) + 1)
		count++;
	env = cr_arena_alloc(arena, count + 1, sizeof(*env));
	for (const wchar_t *p = blockw; env && *p; p += wcslen(p) + 1) {
		char *entry = to_utf8(arena, p);

		/* "=C:=C:\dir" keeps a drive's directory; no program asks for it by name */
		if (entry && entry[0] != '=')
			env[used++] = entry;
	}
	FreeEnvironmentStringsW(blockw);
	return env;
}

/* The path a handle leads to, without the "\\?\" before it; NULL when it is no local drive. */
static const char *final_path(struct cr_arena *arena, HANDLE handle)
{
	wchar_t *pathw = cr_arena_alloc(arena, CR_MAX_PATH, sizeof(*pathw));
	DWORD n = 0;

	if (pathw) {
		n = GetFinalPathNameByHandleW(handle, pathw, CR_MAX_PATH,
					      FILE_NAME_NORMALIZED | VOLUME_NAME_DOS);
	}
	if (n < 7 || n >= CR_MAX_PATH || wcsncmp(pathw, L"\\\\?\\", 4) != 0 || pathw[5] != L':')
		return NULL;
	return to_utf8(arena, pathw + 4);
}

static const char *real_dir(struct cr_arena *arena, const wchar_t *pathw, const char *shown,
			    struct cr_err *err)
{
	HANDLE handle =
		CreateFileW(pathw, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
			    OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
	BY_HANDLE_FILE_INFORMATION info;
	const char *real = NULL;

	if (handle == INVALID_HANDLE_VALUE) {
		cr_sys_fail(err, CR_E_PATH, GetLastError(), "cannot use directory '%.500s'", shown);
		return NULL;
	}
	if (GetFileInformationByHandle(handle, &info) &&
	    (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
		real = final_path(arena, handle);
	CloseHandle(handle);
	if (!real)
		cr_fail(err, CR_E_PATH, "'%.500s' is no directory of a local drive", shown);
	return real ? cr_path_canonical(arena, CR_OS_WINDOWS, real, 0, err) : NULL;
}

const char *cr_sys_cwd(struct cr_arena *arena, struct cr_err *err)
{
	return real_dir(arena, L".", "the current directory", err);
}

/* To open one may already send the user's name and a hash of the password to whoever is named. */
static bool names_no_drive(const char *path)
{
	const bool first = path[0] == '\\' || path[0] == '/';

	return first && (path[1] == '\\' || path[1] == '/' || strncmp(path + 1, "??", 2) == 0);
}

const char *cr_sys_real_dir(struct cr_arena *arena, const char *path, struct cr_err *err)
{
	const wchar_t *pathw = to_wide(arena, path);

	if (names_no_drive(path)) {
		cr_fail(err, CR_E_PATH, "'%.500s' is a UNC or device path", path);
		cr_hint(err, "use a directory of a drive of this machine: C:\\...");
		return NULL;
	}
	if (pathw)
		return real_dir(arena, pathw, path, err);
	cr_fail(err, CR_E_PATH, "'%.500s' is not UTF-8", path);
	return NULL;
}

const char *cr_sys_home(struct cr_arena *arena, struct cr_err *err)
{
	const char *home = cr_sys_env(arena, "USERPROFILE");

	if (home && cr_path_is_absolute(CR_OS_WINDOWS, home))
		return cr_sys_real_dir(arena, home, err);
	cr_fail(err, CR_E_PATH, "no home directory is known");
	cr_hint(err, "set USERPROFILE to an existing directory");
	return NULL;
}

const char *cr_sys_state_dir(struct cr_arena *arena, const char *home)
{
	const char *base = cr_sys_env(arena, "LOCALAPPDATA");

	if (base && cr_path_is_absolute(CR_OS_WINDOWS, base))
		return cr_arena_printf(arena, "%s\\carrel", base);
	return home ? cr_arena_printf(arena, "%s\\AppData\\Local\\carrel", home) : NULL;
}

const char *cr_sys_config_dir(struct cr_arena *arena, const char *home)
{
	return home ? cr_arena_printf(arena, "%s\\.config\\carrel", home) : NULL;
}

uint64_t cr_sys_tick_ms(void)
{
	return GetTickCount64();
}

/* A FILETIME counts 100 ns from 1601. */
#define UNIX_EPOCH_MS UINT64_C(11644473600000)

uint64_t cr_sys_time_ms(void)
{
	FILETIME now;

	GetSystemTimeAsFileTime(&now);
	return ((uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime) / 10000 - UNIX_EPOCH_MS;
}

int cr_sys_random(char text[CR_RANDOM_TEXT], struct cr_err *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[(CR_RANDOM_TEXT - 1) / 2];

	if (BCryptGenRandom(NULL, bytes, sizeof(bytes), BCRYPT_USE_SYSTEM_PREFERRED_RNG) != 0)
		return cr_fail(err, CR_E_IO, "cannot get random bytes");
	for (size_t i = 0; i < sizeof(bytes); i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[CR_RANDOM_TEXT - 1] = '\0';
	return 0;
}

char *cr_sys_read_file(struct cr_arena *arena, const char *path, size_t limit, size_t *len,
		       struct cr_err *err)
{
	const wchar_t *pathw = to_wide(arena, path);
	FILE *file = pathw ? _wfopen(pathw, L"rb") : NULL;
	char *buf = NULL;

	if (!file) {
		cr_fail_os(err, CR_E_IO, pathw ? errno : EILSEQ, "cannot read '%.500s'", path);
		return NULL;
	}
	buf = cr_arena_alloc(arena, limit + 2, 1);
	*len = buf ? fread(buf, 1, limit + 1, file) : 0;
	if (!buf)
		cr_fail(err, CR_E_NOMEM, "out of memory");
	else if (ferror(file))
		cr_fail_os(err, CR_E_IO, errno, "cannot read '%.500s'", path);
	else if (*len > limit)
		cr_fail(err, CR_E_LIMIT, "'%.500s' is larger than %lu bytes", path,
			(unsigned long)limit);
	else
		limit = 0; /* all is well */
	fclose(file);
	if (limit != 0)
		return NULL;
	buf[*len] = '\0';
	return buf;
}
