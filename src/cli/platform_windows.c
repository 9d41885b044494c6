/*
 * platform_windows.c - platform.h for Windows.
 *
 * The words of the command line are taken from the system as UTF-16, because
 * the C runtime's argv has lost what the code page cannot say. Files are opened without following
 * a link at their end, and checked by their handle.
 */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>
#include <shellapi.h>

#include "core/backend_windows.h"
#include "core/limits.h"
#include "lib/sys_windows.h"
#include "platform.h"

static UINT old_output_page;

int cr_platform_is_open(int fd)
{
	return _get_osfhandle(fd) != -1;
}

/* Refuses half a surrogate pair: what it stands for could not be named again. */
static char *to_utf8(const wchar_t *textw)
{
	const int n =
		WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, textw, -1, NULL, 0, NULL, NULL);
	char *text = n > 0 ? malloc((size_t)n) : NULL;

	if (text)
		WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, textw, -1, text, n, NULL, NULL);
	return text;
}

static wchar_t *to_wide(const char *text)
{
	const int n = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
	wchar_t *textw = n > 0 ? malloc((size_t)n * sizeof(*textw)) : NULL;

	if (textw)
		MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, textw, n);
	return textw;
}

/* Lives as long as the process, as argv does. */
static int take_words(int *argc, char ***argv)
{
	wchar_t **wordsw = CommandLineToArgvW(GetCommandLineW(), argc);
	char **words = wordsw ? calloc((size_t)*argc + 1, sizeof(*words)) : NULL;

	if (!words)
		return -1;
	for (int i = 0; i < *argc; i++) {
		words[i] = to_utf8(wordsw[i]);
		if (!words[i]) {
			fputs("carrel: a word of the command line is not valid UTF-16\n", stderr);
			return -1;
		}
	}
	LocalFree(wordsw);
	*argv = words;
	return 0;
}

/* The console keeps the setting beyond our end. */
static void restore_page(void)
{
	SetConsoleOutputCP(old_output_page);
}

int cr_platform_start(int *argc, char ***argv)
{
	int part_code = 0;

	for (int fd = 0; fd < 3; fd++) {
		if (!cr_platform_is_open(fd) && _open("NUL", _O_RDWR) != fd)
			return -1;
	}
	/* the same bytes as on other systems, whoever reads them */
	_setmode(1, _O_BINARY);
	_setmode(2, _O_BINARY);
	old_output_page = GetConsoleOutputCP();
	if (old_output_page != 0 && SetConsoleOutputCP(CP_UTF8))
		atexit(restore_page);
	if (take_words(argc, argv) < 0)
		return -1;
	if (cr_windows_part(*argc, *argv, &part_code))
		exit(part_code);
	return 0;
}

/* The null device is a character device too; _isatty does not tell it from a console. */
static int is_console(DWORD which)
{
	DWORD mode;

	return GetConsoleMode(GetStdHandle(which), &mode) != 0;
}

int cr_platform_is_interactive(void)
{
	return is_console(STD_INPUT_HANDLE) && is_console(STD_ERROR_HANDLE);
}

/* A file on a disk that is no link, directory, pipe or device. */
static int is_plain_file(HANDLE file)
{
	BY_HANDLE_FILE_INFORMATION info;

	return GetFileType(file) == FILE_TYPE_DISK && GetFileInformationByHandle(file, &info) &&
	       !(info.dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT));
}

static HANDLE open_file(const char *path, DWORD access, DWORD disposition)
{
	wchar_t *pathw = to_wide(path);
	HANDLE file = INVALID_HANDLE_VALUE;

	if (pathw)
		file = CreateFileW(pathw, access, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
				   disposition,
				   FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
	else
		SetLastError(ERROR_INVALID_NAME);
	free(pathw);
	return file;
}

int cr_platform_open_append(const char *path, struct cr_err *err)
{
	HANDLE file =
		open_file(path, FILE_APPEND_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE, OPEN_ALWAYS);
	const DWORD code = GetLastError();
	int fd;

	if (file == INVALID_HANDLE_VALUE)
		return cr_sys_fail(err, CR_E_IO, code, "cannot open '%.500s' to write events",
				   path);
	if (!is_plain_file(file)) {
		CloseHandle(file);
		return cr_fail(err, CR_E_IO, "cannot write events to '%.500s': it is no plain file",
			       path);
	}
	fd = _open_osfhandle((intptr_t)file, _O_APPEND | _O_BINARY | _O_NOINHERIT);
	if (fd < 0) {
		CloseHandle(file);
		return cr_fail(err, CR_E_IO, "too many files are open");
	}
	return fd;
}

int cr_platform_write(int fd, const char *data, size_t len)
{
	while (len > 0) {
		const unsigned part = len > 65536 ? 65536 : (unsigned)len;
		const int n = _write(fd, data, part);

		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

void cr_platform_ignore_pipe(void)
{
	/* a closed pipe is an error of the write here, never a signal */
}

static int write_new(HANDLE file, const char *text)
{
	const DWORD len = (DWORD)strlen(text);
	DWORD done = 0;

	return WriteFile(file, text, len, &done, NULL) && done == len && FlushFileBuffers(file)
		       ? 0
		       : -1;
}

/* By its handle: the name may be another file's by now. */
static void remove_file(HANDLE file)
{
	FILE_DISPOSITION_INFO info = {.DeleteFile = TRUE};

	SetFileInformationByHandle(file, FileDispositionInfo, &info, sizeof(info));
}

int cr_platform_create(const char *path, const char *text, struct cr_err *err)
{
	HANDLE file = open_file(path, GENERIC_WRITE | DELETE, CREATE_NEW);
	DWORD code = GetLastError();
	int failed;

	if (file == INVALID_HANDLE_VALUE)
		return cr_sys_fail(err, CR_E_IO, code, "cannot create '%.500s'", path);
	failed = write_new(file, text);
	code = GetLastError();
	if (failed)
		remove_file(file);
	CloseHandle(file);
	return failed ? cr_sys_fail(err, CR_E_IO, code, "cannot write '%.500s'", path) : 0;
}

static int make_dir(const char *path, struct cr_err *err)
{
	wchar_t *pathw = to_wide(path);
	const BOOL made = pathw && CreateDirectoryW(pathw, NULL);
	const DWORD code = GetLastError();

	free(pathw);
	return made || code == ERROR_ALREADY_EXISTS
		       ? 0
		       : cr_sys_fail(err, CR_E_IO, code, "cannot make directory '%.500s'", path);
}

static int is_directory(const char *path)
{
	wchar_t *pathw = to_wide(path);
	const DWORD attributes = pathw ? GetFileAttributesW(pathw) : INVALID_FILE_ATTRIBUTES;

	free(pathw);
	return attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY &&
	       !(attributes & FILE_ATTRIBUTE_REPARSE_POINT);
}

int cr_platform_make_dirs(const char *path, struct cr_err *err)
{
	char prefix[CR_MAX_PATH];
	const size_t len = strlen(path);

	if (len >= sizeof(prefix))
		return cr_fail(err, CR_E_LIMIT, "path is longer than %d bytes", CR_MAX_PATH - 1);
	for (size_t i = 3; i <= len; i++) { /* after "C:\" */
		if (path[i] != '\\' && path[i] != '\0')
			continue;
		memcpy(prefix, path, i);
		prefix[i] = '\0';
		if (make_dir(prefix, err) < 0)
			return -1;
	}
	return is_directory(path) ? 0 : cr_fail(err, CR_E_IO, "'%.500s' is no directory", path);
}

int cr_platform_confirm(void)
{
	char line[16];

	return fgets(line, sizeof(line), stdin) && strcmp(line, "yes\n") == 0;
}

int cr_platform_undo(struct cr_undone *undone, struct cr_err *err)
{
	struct cr_windows_undone done;

	if (cr_windows_undo(&done, err) < 0)
		return -1;
	*undone = (struct cr_undone){done.objects, done.beneath, done.gone, done.damaged};
	return 0;
}
