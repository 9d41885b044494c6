/*
 * platform_posix.c - platform.h for Linux and macOS.
 *
 * Small wrappers; no policy and no printing. Files are opened so that a name
 * the boxed command controls can neither redirect nor delay us.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "platform.h"

int cr_platform_is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

int cr_platform_start(int *argc, char ***argv)
{
	static char line[BUFSIZ];

	(void)argc;
	(void)argv;
	for (int fd = 0; fd < 3; fd++) {
		/* open() takes the lowest free number, and those below are taken by now */
		if (!cr_platform_is_open(fd) && open("/dev/null", O_RDWR) != fd)
			return -1;
	}
	/* A line is one write, so that those of boxes side by side do not mix; glibc does so by
	 * itself, musl writes every piece. */
	setvbuf(stderr, line, _IOLBF, sizeof(line));
	return 0;
}

int cr_platform_is_interactive(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

int cr_platform_open_append(const char *path, struct cr_err *err)
{
	/* O_NONBLOCK: a FIFO without reader fails at once and does not hold us up */
	int fd =
		open(path,
		     O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
		     0600);

	if (fd < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot open '%.500s' to write events",
				  path);
	fcntl(fd, F_SETFL, O_WRONLY | O_APPEND); /* from here on no record may be lost */
	return fd;
}

int cr_platform_write(int fd, const char *data, size_t len)
{
	while (len > 0) {
		const ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

void cr_platform_ignore_pipe(void)
{
	signal(SIGPIPE, SIG_IGN);
}

static int write_new(int fd, const char *path, const char *text, struct cr_err *err)
{
	int failed = cr_platform_write(fd, text, strlen(text));
	int os_code = errno;

	if (failed == 0 && fsync(fd) < 0 && errno != EINVAL) {
		failed = -1;
		os_code = errno;
	}
	if (failed == 0)
		return 0;
	unlink(path);
	return cr_fail_os(err, CR_E_IO, os_code, "cannot write '%.500s'", path);
}

int cr_platform_create(const char *path, const char *text, struct cr_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int result;

	if (fd < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot create '%.500s'", path);
	result = write_new(fd, path, text, err);
	close(fd);
	return result;
}

static int make_dir(const char *path, struct cr_err *err)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	return cr_fail_os(err, CR_E_IO, errno, "cannot make directory '%.500s'", path);
}

int cr_platform_make_dirs(const char *path, struct cr_err *err)
{
	char prefix[PATH_MAX];
	struct stat st;
	const size_t len = strlen(path);

	if (len >= sizeof(prefix))
		return cr_fail(err, CR_E_LIMIT, "path is longer than %d bytes", PATH_MAX - 1);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(prefix, path, i);
		prefix[i] = '\0';
		if (make_dir(prefix, err) < 0)
			return -1;
	}
	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return cr_fail(err, CR_E_IO, "'%.500s' is no directory", path);
	return 0;
}

int cr_platform_undo(struct cr_undone *undone, struct cr_err *err)
{
	(void)err;
	*undone = (struct cr_undone){0};
	return 0;
}

int cr_platform_confirm(void)
{
	char line[16];

	return fgets(line, sizeof(line), stdin) && strcmp(line, "yes\n") == 0;
}
