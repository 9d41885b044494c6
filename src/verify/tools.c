/*
 * tools.c - the small tools of the attacks: notes, paths, files, children.
 *
 * Every function that returns -1 leaves the errno of what failed; nothing here
 * prints.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

FILE *cr_attack_fopen(const char *path, const char *mode)
{
	return fopen(path, mode[0] == 'w' ? "we" : "re");
}

int cr_attack_last_error(char *text, size_t size)
{
	const int code = errno;

	snprintf(text, size, "%s", strerror(code));
	return code;
}

const char *cr_attack_path(const char *fmt, ...)
{
	static char buffers[16][4096];
	static unsigned next;
	char *buffer = buffers[next++ % 16];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buffer, sizeof(buffers[0]), fmt, ap);
	va_end(ap);
	return buffer;
}

const char *cr_attack_resolve(const struct cr_attack_env *env, const char *arg)
{
	const struct {
		const char *prefix;
		const char *base;
	} bases[] = {
		{"ws:", env->workspace},   {"out:", env->outside},     {"home:", env->home},
		{"cfg:", env->config_dir}, {"state:", env->state_dir}, {"tmp:", env->tmp_dir},
	};

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		size_t len = strlen(bases[i].prefix);

		if (strncmp(arg, bases[i].prefix, len) == 0)
			return cr_attack_path("%s/%s", bases[i].base, arg + len);
	}
	return arg;
}

const char *cr_attack_target(const struct cr_attack_env *env)
{
	return cr_attack_resolve(env, env->arg);
}

int cr_attack_put_at(int dirfd, const char *path, int flags)
{
	int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0644);
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, "pwned\n", 6);
	if (written != 6) {
		int saved = errno;

		close(fd);
		errno = written < 0 ? saved : EIO;
		return -1;
	}
	return close(fd);
}

int cr_attack_put(const char *path, int flags)
{
	return cr_attack_put_at(AT_FDCWD, path, flags);
}

const char *cr_attack_scratch(const struct cr_attack_env *env, const char *name)
{
	const char *path = cr_attack_path("%s/scratch/%s", env->workspace, name);

	return cr_attack_put(path, O_CREAT | O_TRUNC) < 0 ? NULL : path;
}

int cr_attack_finds(const char *path, const char *text)
{
	static char data[1 << 16];
	size_t used = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -1;
	while (used < sizeof(data) && (got = read(fd, data + used, sizeof(data) - used)) != 0) {
		if (got < 0) {
			int saved = errno;

			close(fd);
			errno = saved;
			return -1;
		}
		used += (size_t)got;
	}
	close(fd);
	if (memmem(data, used, text, strlen(text)))
		return 0;
	errno = ENODATA;
	return -1;
}

int cr_attack_make_parents(const char *path)
{
	char copy[4096];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		/* EROFS and EACCES of a directory that is there do not matter either */
		if (mkdir(copy, 0755) < 0 && access(copy, F_OK) < 0)
			return -1;
		*slash = '/';
	}
	return 0;
}

int cr_attack_copy(const char *from, const char *to)
{
	char block[1 << 16];
	struct stat st;
	ssize_t got = 0;
	int in = open(from, O_RDONLY | O_CLOEXEC), out;

	if (in < 0)
		return -1;
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	if (out < 0 || fstat(in, &st) < 0) {
		close(in);
		return -1;
	}
	while ((got = read(in, block, sizeof(block))) > 0)
		if (write(out, block, (size_t)got) != got)
			break;
	close(in);
	if (close(out) < 0 || got != 0)
		return -1;
	return 0;
}

static void run_program(const char *const *argv, int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0)
		dup2(null, 2);
	dup2(out, 1);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

int cr_attack_spawn(const char *const *argv, char *out, size_t size)
{
	size_t used = 0;
	ssize_t got;
	int ends[2], status = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		run_program(argv, ends[1]);
	close(ends[1]);
	while (pid > 0 && used + 1 < size && (got = read(ends[0], out + used, size - used - 1)) > 0)
		used += (size_t)got;
	out[used] = '\0';
	close(ends[0]);
	if (pid < 0)
		return -1;
	waitpid(pid, &status, 0);
	return status;
}
