/*
 * inherit.c - what a box is given at birth: descriptors, a terminal, limits;
 * and carrel itself, asked for a wider box (threats 28, 29, 31, 46).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

static enum cr_attack_outcome use_dir(const struct cr_attack_env *env)
{
	return cr_attack_result(env, cr_attack_put_at((int)env->dir_fd, "new", O_CREAT),
				"create through an inherited directory");
}

static enum cr_attack_outcome use_dir_up(const struct cr_attack_env *env)
{
	return cr_attack_result(env, cr_attack_put_at((int)env->dir_fd, "../new", O_CREAT),
				"create above an inherited directory");
}

static enum cr_attack_outcome use_fchdir(const struct cr_attack_env *env)
{
	if (fchdir((int)env->dir_fd) < 0)
		return cr_attack_refused(env, "fchdir");
	return cr_attack_result(env, cr_attack_put("new", O_CREAT), "create after fchdir");
}

static enum cr_attack_outcome use_file(const struct cr_attack_env *env)
{
	return cr_attack_result(env, pwrite((int)env->file_fd, "pwned\n", 6, 0),
				"write to an inherited descriptor");
}

static enum cr_attack_outcome use_socket(const struct cr_attack_env *env)
{
	return cr_attack_result(env, send((int)env->socket_fd, "x", 1, MSG_NOSIGNAL),
				"send on an inherited socket");
}

/* Standard streams are for the command; anything above must be closed. */
static enum cr_attack_outcome any_descriptor(const struct cr_attack_env *env)
{
	struct stat st;

	for (int fd = 3; fd < 4096; fd++) {
		if (fstat(fd, &st) == 0)
			return cr_attack_succeeded(env, "descriptor %d is open (mode %o)", fd,
						   st.st_mode);
	}
	errno = EBADF;
	return cr_attack_refused(env, "descriptors 3 to 4095");
}

static enum cr_attack_outcome by_tiocsti(const struct cr_attack_env *env)
{
	return cr_attack_result(env, ioctl(0, TIOCSTI, "x"), "TIOCSTI");
}

/* Only the low half of the number counts for the kernel; a filter must look at that half. */
static enum cr_attack_outcome by_tiocsti_high(const struct cr_attack_env *env)
{
	return cr_attack_result(env, syscall(SYS_ioctl, 0, 0xdead00000000ul | TIOCSTI, "x"),
				"TIOCSTI with high bits");
}

static enum cr_attack_outcome by_tioclinux(const struct cr_attack_env *env)
{
	char shift_state[2] = {6, 0};

	return cr_attack_result(env, ioctl(0, TIOCLINUX, shift_state), "TIOCLINUX");
}

#define FORKS 300

/* Bounded: the control must not bring the machine down. */
static enum cr_attack_outcome fork_many(const struct cr_attack_env *env)
{
	pid_t pids[FORKS];
	long count = 0, want = FORKS;
	int saved = 0;

	for (; count < want; count++) {
		pids[count] = fork();
		if (pids[count] == 0) {
			alarm(20);
			pause();
			_exit(0);
		}
		if (pids[count] < 0) {
			saved = errno;
			break;
		}
	}
	for (long i = 0; i < count; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	errno = saved;
	if (count == want)
		return cr_attack_succeeded(env, "%ld processes at once", count);
	return cr_attack_refused(env, "after %ld processes", count);
}

#define EAT (256ul << 20)

static enum cr_attack_outcome touch_memory(const struct cr_attack_env *env)
{
	char *at = mmap(NULL, EAT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return cr_attack_refused(env, "mmap of 256 MiB");
	for (size_t i = 0; i < EAT; i += 4096)
		at[i] = 1;
	return cr_attack_succeeded(env, "256 MiB in use");
}

static enum cr_attack_outcome eat_memory(const struct cr_attack_env *env)
{
	return cr_attack_in_child(env, touch_memory);
}

static enum cr_attack_outcome fill_file(const struct cr_attack_env *env, const char *path)
{
	static char block[1 << 20];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	enum cr_attack_outcome outcome;
	int done = 0;

	if (fd < 0)
		return cr_attack_refused(env, "create '%s'", path);
	signal(SIGXFSZ, SIG_IGN);
	while (done < 64 && write(fd, block, sizeof(block)) == (ssize_t)sizeof(block))
		done++;
	outcome = done == 64 ? cr_attack_succeeded(env, "64 MiB written")
			     : cr_attack_refused(env, "after %d MiB", done);
	close(fd);
	unlink(path);
	return outcome;
}

static enum cr_attack_outcome fill_tmp(const struct cr_attack_env *env)
{
	return fill_file(env, cr_attack_path("/tmp/carrel-attack-fill-%d", getpid()));
}

static enum cr_attack_outcome fill_shm(const struct cr_attack_env *env)
{
	return fill_file(env, cr_attack_path("/dev/shm/carrel-attack-fill-%d", getpid()));
}

static enum cr_attack_outcome fill_workspace_file(const struct cr_attack_env *env)
{
	return fill_file(env, cr_attack_path("%s/scratch/fill", env->workspace));
}

static enum cr_attack_outcome open_many(const struct cr_attack_env *env)
{
	int count = 0;

	while (count < 600 && dup(0) >= 0)
		count++;
	if (count == 600)
		return cr_attack_succeeded(env, "600 descriptors");
	return cr_attack_refused(env, "after %d descriptors", count);
}

/* Limits are only limits while they cannot be raised again. */
static enum cr_attack_outcome raise_limit(const struct cr_attack_env *env)
{
	struct rlimit limit = {4096, 4096};

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return cr_attack_refused(env, "setrlimit");
	return open_many(env);
}

/* An agent that has carrel may start it; the new box must not be wider than the old one. */
static enum cr_attack_outcome wider_box(const struct cr_attack_env *env)
{
	const char *script = cr_attack_path("echo pwned >> '%s/precious' && cat '%s'", env->outside,
					    env->secret);
	const char *const argv[] = {env->carrel, "run",    "--workspace", env->outside, "--write",
				    env->home,   "--read", env->secret,   "--",         "/bin/sh",
				    "-c",        script,   NULL};
	char out[4096];
	int status = cr_attack_spawn(argv, out, sizeof(out));

	if (status == -1)
		return cr_attack_untestable(env, "start carrel: %s", strerror(errno));
	if (status == 0)
		return cr_attack_succeeded(env, "a wider box wrote outside");
	errno = EPERM;
	return cr_attack_refused(env, "carrel in the box ended with status %d",
				 WEXITSTATUS(status));
}

#define FD(NAME, TITLE, FN, TRAITS)                                                              \
	{                                                                                        \
		.name = NAME, .threats = "28", .title = TITLE, .fn = FN, .tiers = CR_HOLDS_BOTH, \
		.needs = CR_NEEDS_FDS, .traits = TRAITS                                          \
	}
#define TTY(NAME, TITLE, FN, NEEDS, TRAITS)                                                      \
	{                                                                                        \
		.name = NAME, .threats = "29", .title = TITLE, .fn = FN, .tiers = CR_HOLDS_BOTH, \
		.needs = NEEDS, .traits = TRAITS                                                 \
	}
#define LIMIT(NAME, TITLE, FN)                                                                   \
	{                                                                                        \
		.name = NAME, .threats = "31", .title = TITLE, .fn = FN, .tiers = CR_HOLDS_BOTH, \
		.needs = CR_NEEDS_LIMITS                                                         \
	}

static const struct cr_attack rows[] = {
	FD("inherit-directory", "create through an inherited directory", use_dir, CR_TRAIT_TRACE),
	FD("inherit-directory-up", "create above an inherited directory", use_dir_up,
	   CR_TRAIT_TRACE),
	FD("inherit-fchdir", "fchdir to an inherited directory", use_fchdir, CR_TRAIT_TRACE),
	FD("inherit-file", "write to an inherited descriptor", use_file, CR_TRAIT_TRACE),
	FD("inherit-socket", "send on an inherited socket", use_socket, CR_TRAIT_TRACE),
	FD("inherit-any", "find any descriptor above the standard ones", any_descriptor, 0),
	TTY("tty-tiocsti", "type into the user's terminal (TIOCSTI)", by_tiocsti, CR_NEEDS_TTY,
	    CR_TRAIT_MAY_LACK),
	TTY("tty-tiocsti-high", "TIOCSTI with bits the kernel ignores", by_tiocsti_high,
	    CR_NEEDS_TTY, CR_TRAIT_MAY_LACK),
	TTY("tty-tioclinux", "use the console's TIOCLINUX", by_tioclinux,
	    CR_NEEDS_CONSOLE | CR_NEEDS_ROOT, CR_TRAIT_MAY_LACK),
	{
		.name = "limit-processes",
		.threats = "31",
		.title = "start more processes than allowed",
		.fn = fork_many,
		.tiers = CR_HOLDS_BOTH, /* where the kernel counts them for the box */
		.needs = CR_NEEDS_LIMITS,
		.gap = "limit-processes",
	},
	LIMIT("limit-memory", "use more memory than allowed", eat_memory),
	LIMIT("limit-disk-tmp", "fill /tmp", fill_tmp),
	LIMIT("limit-disk-shm", "fill /dev/shm", fill_shm),
	LIMIT("limit-disk-file", "write a file larger than allowed", fill_workspace_file),
	LIMIT("limit-files", "open more descriptors than allowed", open_many),
	LIMIT("limit-files-raise", "raise the limit of descriptors", raise_limit),
	{
		.name = "wider-box",
		.threats = "46",
		.title = "start carrel in the box with a wider policy",
		.fn = wider_box,
		.tiers = CR_HOLDS_BOTH,
		.needs = CR_NEEDS_CARREL,
		.traits = CR_TRAIT_TRACE,
	},
};

CR_ATTACK_TABLE(cr_attacks_inherit, rows);
