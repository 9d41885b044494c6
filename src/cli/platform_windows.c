/*
 * platform_windows.c - platform.h for Windows.
 *
 * The words of the command line are taken from the system as UTF-16, because
 * the C runtime's argv has lost what the code page cannot say.
 */
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <share.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <windows.h>
#include <shellapi.h>

#include "core/backend_windows.h"
#include "core/limits.h"
#include "platform.h"

int cr_platform_is_open(int fd)
{
	return _get_osfhandle(fd) != -1;
}

static char *to_utf8(const wchar_t *textw)
{
	const int n = WideCharToMultiByte(CP_UTF8, 0, textw, -1, NULL, 0, NULL, NULL);
	char *text = n > 0 ? malloc((size_t)n) : NULL;

	if (text)
		WideCharToMultiByte(CP_UTF8, 0, textw, -1, text, n, NULL, NULL);
	return text;
}

static wchar_t *to_wide(const char *text)
{
	const int n = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
	wchar_t *textw = n > 0 ? malloc((size_t)n * sizeof(*textw)) : NULL;

	if (textw)
		MultiByteToWideChar(CP_UTF8, 0, text, -1, textw, n);
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
		if (!words[i])
			return -1;
	}
	LocalFree(wordsw);
	*argv = words;
	return 0;
}

int cr_platform_start(int *argc, char ***argv)
{
	int part_code = 0;

	for (int fd = 0; fd < 3; fd++) {
		if (!cr_platform_is_open(fd) && _open("NUL", _O_RDWR) != fd)
			return -1;
	}
	SetConsoleOutputCP(CP_UTF8);
	if (take_words(argc, argv) < 0)
		return -1;
	if (cr_windows_part(*argc, *argv, &part_code))
		exit(part_code);
	return 0;
}

int cr_platform_is_interactive(void)
{
	return _isatty(0) && _isatty(2);
}

static int open_wide(const char *path, int flags)
{
	wchar_t *pathw = to_wide(path);
	int fd = -1;

	if (pathw) {
		errno_t failed = _wsopen_s(&fd, pathw, flags | _O_BINARY | _O_NOINHERIT, _SH_DENYNO,
					   _S_IREAD | _S_IWRITE);

		errno = failed;
		if (failed)
			fd = -1;
	}
	free(pathw);
	return fd;
}

int cr_platform_open_append(const char *path, struct cr_err *err)
{
	int fd = open_wide(path, _O_WRONLY | _O_APPEND | _O_CREAT);

	if (fd < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot open '%.500s' to write events",
				  path);
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

int cr_platform_create(const char *path, const char *text, struct cr_err *err)
{
	int fd = open_wide(path, _O_WRONLY | _O_CREAT | _O_EXCL);
	int failed;

	if (fd < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot create '%.500s'", path);
	failed = cr_platform_write(fd, text, strlen(text));
	_close(fd);
	if (failed)
		return cr_fail(err, CR_E_IO, "cannot write '%.500s'", path);
	return 0;
}

static int make_dir(const char *path, struct cr_err *err)
{
	wchar_t *pathw = to_wide(path);
	const BOOL made = pathw && CreateDirectoryW(pathw, NULL);
	const DWORD code = GetLastError();

	free(pathw);
	if (made || code == ERROR_ALREADY_EXISTS)
		return 0;
	cr_fail(err, CR_E_IO, "cannot make directory '%.500s' (error %lu)", path, code);
	if (err)
		err->os_code = (int)code;
	return -1;
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
	return 0;
}

int cr_platform_undo(struct cr_undone *undone, struct cr_err *err)
{
	struct cr_windows_undone done;

	if (cr_windows_undo(&done, err) < 0)
		return -1;
	*undone = (struct cr_undone){done.objects, done.beneath, done.gone, done.damaged};
	return 0;
}

int cr_platform_confirm(void)
{
	char line[16];

	return fgets(line, sizeof(line), stdin) && strcmp(line, "yes\n") == 0;
}
