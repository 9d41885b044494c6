/*
 * sys_posix.c - sys.h for Linux and macOS.
 *
 * Trusts the environment only as far as the user who set it: $HOME has to be
 * an existing absolute directory, XDG variables that are not absolute are
 * ignored as the XDG base directory specification demands.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/limits.h"
#include "sys.h"

extern char **environ;

#ifdef __APPLE__
const enum cr_os cr_sys_os = CR_OS_MACOS;
#else
const enum cr_os cr_sys_os = CR_OS_LINUX;
#endif

const char *cr_sys_env(struct cr_arena *arena, const char *name)
{
	const char *value = getenv(name);

	(void)arena; /* the environment is not changed while carrel runs */
	return value && value[0] != '\0' ? value : NULL;
}

char **cr_sys_environ(struct cr_arena *arena)
{
	static char *none[] = {NULL};

	(void)arena;
	return environ ? environ : none;
}

const char *cr_sys_cwd(struct cr_arena *arena, struct cr_err *err)
{
	char buf[CR_MAX_PATH];

	if (!getcwd(buf, sizeof(buf))) {
		cr_fail_os(err, CR_E_PATH, errno, "cannot tell the current directory");
		if (errno == ENOENT)
			cr_hint(err, "it was deleted; go to another one");
		return NULL;
	}
	/* glibc and the kernel say "(unreachable)/x" for a directory outside our root */
	if (buf[0] != '/') {
		cr_fail(err, CR_E_PATH, "the current directory is outside the root directory");
		return NULL;
	}

	const char *copy = cr_arena_strdup(arena, buf);

	if (!copy)
		cr_fail(err, CR_E_NOMEM, "out of memory");
	return copy;
}

static const char *real_dir(struct cr_arena *arena, const char *path, int *os_code)
{
	char buf[PATH_MAX];
	struct stat st;

	if (!realpath(path, buf) || stat(buf, &st) < 0) {
		*os_code = errno;
		return NULL;
	}
	if (!S_ISDIR(st.st_mode)) {
		*os_code = ENOTDIR;
		return NULL;
	}
	*os_code = ENOMEM;
	return cr_arena_strdup(arena, buf);
}

const char *cr_sys_real_dir(struct cr_arena *arena, const char *path, struct cr_err *err)
{
	int os_code = 0;
	const char *real = real_dir(arena, path, &os_code);

	if (!real)
		cr_fail_os(err, CR_E_PATH, os_code, "cannot use directory '%.500s'", path);
	return real;
}

/* The home of `uid` in a line of passwd(5), which is cut up; NULL: the line is another's, or odd.
 */
static const char *home_in(char *line, uid_t uid)
{
	enum { NAME, PASSWORD, UID, GID, REAL_NAME, HOME, N_FIELDS };
	char *fields[N_FIELDS], *end;

	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < N_FIELDS; i++) {
		fields[i] = strsep(&line, ":");
		if (!fields[i])
			return NULL;
	}
	if (fields[UID][0] < '0' || fields[UID][0] > '9')
		return NULL;
	errno = 0;
	return strtoul(fields[UID], &end, 10) == uid && !*end && !errno ? fields[HOME] : NULL;
}

/* Only when $HOME is unset, and of the local accounts only: what getpwuid(3) may load and ask
 * (the network among others) has no place in a launcher. */
static const char *home_of_database(struct cr_arena *arena)
{
	FILE *accounts = fopen("/etc/passwd", "re");
	const char *home = NULL;
	char *line = NULL;
	size_t size = 0;

	while (accounts && !home && getline(&line, &size, accounts) > 0)
		home = home_in(line, getuid());
	if (home)
		home = cr_arena_strdup(arena, home);
	free(line);
	if (accounts)
		fclose(accounts);
	return home;
}

const char *cr_sys_home(struct cr_arena *arena, struct cr_err *err)
{
	const char *home = cr_sys_env(arena, "HOME");
	const char *real;
	int os_code = ENOENT;

	if (!home)
		home = home_of_database(arena);
	if (!home) {
		cr_fail(err, CR_E_PATH, "no home directory is known");
		cr_hint(err, "set HOME to an existing directory");
		return NULL;
	}
	real = home[0] == '/' ? real_dir(arena, home, &os_code) : NULL;
	if (!real) {
		cr_fail_os(err, CR_E_PATH, os_code, "cannot use home directory '%.500s'", home);
		cr_hint(err, "set HOME to an existing absolute directory");
	}
	return real;
}

static const char *xdg(struct cr_arena *arena, const char *name, const char *home,
		       const char *beneath)
{
	const char *base = cr_sys_env(arena, name);

	if (base && base[0] == '/')
		return cr_arena_printf(arena, "%s/carrel", base);
	return home ? cr_arena_printf(arena, "%s/%s/carrel", home, beneath) : NULL;
}

const char *cr_sys_state_dir(struct cr_arena *arena, const char *home)
{
	return xdg(arena, "XDG_STATE_HOME", home, ".local/state");
}

const char *cr_sys_config_dir(struct cr_arena *arena, const char *home)
{
	return xdg(arena, "XDG_CONFIG_HOME", home, ".config");
}

static uint64_t milliseconds_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t cr_sys_tick_ms(void)
{
	return milliseconds_of(CLOCK_MONOTONIC);
}

uint64_t cr_sys_time_ms(void)
{
	return milliseconds_of(CLOCK_REALTIME);
}

int cr_sys_random(char text[CR_RANDOM_TEXT], struct cr_err *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[(CR_RANDOM_TEXT - 1) / 2];

	if (getentropy(bytes, sizeof(bytes)) < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot get random bytes");
	for (size_t i = 0; i < sizeof(bytes); i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[CR_RANDOM_TEXT - 1] = '\0';
	return 0;
}

/* Reads to the end of `fd`, at most `limit` bytes; the length, or -1 with errno (EFBIG). */
static ssize_t read_all(int fd, char *buf, size_t limit)
{
	size_t used = 0;

	for (;;) {
		const ssize_t n = read(fd, buf + used, limit + 1 - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			return (ssize_t)used;
		used += (size_t)n;
		if (used > limit) {
			errno = EFBIG;
			return -1;
		}
	}
}

/* How much to make room for: a regular file tells its size, a pipe and /proc do not. */
static size_t room_for(int fd, size_t limit)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    (size_t)st.st_size < limit)
		return (size_t)st.st_size;
	return limit;
}

char *cr_sys_read_file(struct cr_arena *arena, const char *path, size_t limit, size_t *len,
		       struct cr_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = -1;
	size_t room;
	char *buf;

	if (fd < 0) {
		cr_fail_os(err, CR_E_IO, errno, "cannot read '%.500s'", path);
		return NULL;
	}
	room = room_for(fd, limit);
	buf = cr_arena_alloc(arena, room + 2, 1);
	if (buf)
		n = read_all(fd, buf, room);
	if (!buf)
		cr_fail(err, CR_E_NOMEM, "out of memory");
	else if (n < 0 && errno == EFBIG && room == limit)
		cr_fail(err, CR_E_LIMIT, "'%.500s' is larger than %lu bytes", path,
			(unsigned long)limit);
	else if (n < 0)
		cr_fail_os(err, CR_E_IO, errno, "cannot read '%.500s'", path);
	close(fd);
	if (n < 0)
		return NULL;
	buf[n] = '\0';
	*len = (size_t)n;
	return buf;
}
