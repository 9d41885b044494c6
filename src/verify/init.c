/*
 * init.c - attacks on what keeps the box: its first process, the launcher,
 * and whatever descriptors they hold (threats 30, 35).
 *
 * In the control the part of the keeper is played by the fixture's victim, so that the
 * same code is shown to work on a process that nothing protects.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

static pid_t keeper(const struct cr_attack_env *env)
{
	return env->init_pid > 0 ? (pid_t)env->init_pid : getppid();
}

static bool is_dead(pid_t pid)
{
	char state = '?';
	FILE *in = fopen(cr_attack_path("/proc/%d/stat", pid), "re");

	if (in) {
		if (fscanf(in, "%*d (%*[^)]) %c", &state) != 1)
			state = '?';
		fclose(in);
	}
	return (kill(pid, 0) < 0 && errno == ESRCH) || state == 'Z' || state == 'T' || state == 't';
}

/* The kernel drops signals to a namespace's first process without an error: look what happened. */
static enum cr_attack_outcome send(const struct cr_attack_env *env, int sig)
{
	pid_t pid = keeper(env);

	if (kill(pid, sig) < 0)
		return cr_attack_refused(env, "kill %d", pid);
	for (int i = 0; i < 100; i++) {
		if (is_dead(pid))
			return cr_attack_succeeded(env, "process %d has ended or stopped", pid);
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	}
	errno = EPERM;
	return cr_attack_refused(env, "process %d lives on", pid);
}

static enum cr_attack_outcome by_sigkill(const struct cr_attack_env *env)
{
	return send(env, SIGKILL);
}

static enum cr_attack_outcome by_sigstop(const struct cr_attack_env *env)
{
	return send(env, SIGSTOP);
}

static enum cr_attack_outcome by_ptrace(const struct cr_attack_env *env)
{
	pid_t pid = keeper(env);

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return cr_attack_refused(env, "PTRACE_SEIZE %d", pid);
	return cr_attack_succeeded(env, "PTRACE_SEIZE %d", pid);
}

static enum cr_attack_outcome by_mem(const struct cr_attack_env *env)
{
	int fd = open(cr_attack_path("/proc/%d/mem", keeper(env)), O_RDWR | O_CLOEXEC);

	return cr_attack_result(env, fd, "open /proc/PID/mem");
}

static enum cr_attack_outcome by_vm(const struct cr_attack_env *env)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {(void *)env->victim_page, 1};
	ssize_t got = process_vm_readv(keeper(env), &here, 1, &there, 1, 0);

	/* EFAULT: we may, it only has nothing there */
	if (got >= 0 || errno == EFAULT)
		return cr_attack_succeeded(env, "process_vm_readv");
	return cr_attack_refused(env, "process_vm_readv");
}

static enum cr_attack_outcome by_getfd(const struct cr_attack_env *env)
{
	long pidfd = syscall(SYS_pidfd_open, keeper(env), 0);

	if (pidfd < 0)
		return cr_attack_refused(env, "pidfd_open");
	for (int fd = 0; fd < 64; fd++)
		if (syscall(SYS_pidfd_getfd, pidfd, fd, 0) >= 0)
			return cr_attack_succeeded(env, "pidfd_getfd of descriptor %d", fd);
	return cr_attack_refused(env, "pidfd_getfd");
}

/* Every descriptor of every other process that leads to a directory above the outside one. */
static enum cr_attack_outcome by_descriptors(const struct cr_attack_env *env)
{
	const char *base = cr_attack_path("/proc/%d", keeper(env));
	static const char *const links[] = {"root", "cwd"};
	struct dirent *entry;
	unsigned tried = 0;
	DIR *dir;

	for (size_t i = 0; i < 2; i++)
		if (cr_attack_put(cr_attack_path("%s/%s%s/new", base, links[i], env->outside),
				  O_CREAT) == 0)
			return cr_attack_succeeded(env, "through %s", links[i]);
	dir = opendir(cr_attack_path("%s/fd", base));
	if (!dir)
		return cr_attack_refused(env, "open %s/fd", base);
	while ((entry = readdir(dir))) {
		const char *fd = cr_attack_path("%s/fd/%s", base, entry->d_name);

		tried++;
		if (cr_attack_put(cr_attack_path("%s/new", fd), O_CREAT) == 0 ||
		    cr_attack_put(cr_attack_path("%s%s/new", fd, env->outside), O_CREAT) == 0)
			return cr_attack_succeeded(env, "through %s", fd);
	}
	closedir(dir);
	return cr_attack_refused(env, "%u descriptors", tried);
}

static enum cr_attack_outcome by_environ(const struct cr_attack_env *env)
{
	const char *path = cr_attack_path("/proc/%d/environ", keeper(env));

	return cr_attack_result(env, cr_attack_finds(path, env->marker), "read /proc/PID/environ");
}

static enum cr_attack_outcome by_setns(const struct cr_attack_env *env)
{
	static const struct {
		const char *name;
		int type;
	} kinds[] = {
		{"mnt", CLONE_NEWNS},    {"net", CLONE_NEWNET}, {"pid", CLONE_NEWPID},
		{"user", CLONE_NEWUSER}, {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS},
	};

	errno = ENOENT;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int fd = open(cr_attack_path("/proc/%d/ns/%s", keeper(env), kinds[i].name),
			      O_RDONLY | O_CLOEXEC);

		if (fd >= 0 && setns(fd, kinds[i].type) == 0)
			return cr_attack_succeeded(env, "setns %s", kinds[i].name);
	}
	return cr_attack_refused(env, "setns");
}

/* Beats in a file of the workspace for ten seconds, whatever happens; the harness watches it stop.
 */
static void beat(const struct cr_attack_env *env)
{
	const char *file = cr_attack_path("%s/scratch/heartbeat", env->workspace);

	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	for (int i = 0; i < 500; i++) {
		cr_attack_put(file, O_CREAT | O_APPEND);
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	_exit(0);
}

static enum cr_attack_outcome left(const struct cr_attack_env *env, pid_t pid)
{
	if (pid < 0)
		return cr_attack_refused(env, "fork");
	return cr_attack_succeeded(env, "a daemon is left; see whether it beats");
}

static enum cr_attack_outcome stay_behind(const struct cr_attack_env *env)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		if (fork() == 0)
			beat(env);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return left(env, pid);
}

/* Not our child but our parent's: who counts descendants by their parents may miss it. */
static enum cr_attack_outcome stay_as_sibling(const struct cr_attack_env *env)
{
#ifdef __s390x__
	long pid = syscall(SYS_clone, 0, CLONE_PARENT | SIGCHLD, 0, 0, 0);
#else
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
#endif

	if (pid == 0) {
		setsid();
		beat(env);
	}
	return left(env, (pid_t)pid);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A process that is another one before anybody can look: forks and ends, over and over. */
static void hop(const struct cr_attack_env *env)
{
	const char *file = cr_attack_path("%s/scratch/heartbeat", env->workspace);
	const double end = seconds() + 4;

	for (unsigned hops = 0; seconds() < end; hops++) {
		if (hops % 64 == 0)
			cr_attack_put(file, O_CREAT | O_APPEND);
		if (fork() > 0)
			_exit(0);
	}
	_exit(0);
}

static enum cr_attack_outcome stay_by_hopping(const struct cr_attack_env *env)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		signal(SIGTERM, SIG_IGN);
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		hop(env);
	}
	nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	return left(env, pid);
}

#define ROW(NAME, THREATS, TITLE, FN)                                                              \
	{                                                                                          \
		.name = NAME, .threats = THREATS, .title = TITLE, .fn = FN, .tiers = CR_HOLDS_BOTH \
	}

#define STAY(NAME, TITLE, FN)                                                                    \
	{                                                                                        \
		.name = NAME, .threats = "30", .title = TITLE, .fn = FN, .tiers = CR_HOLDS_BOTH, \
		.traits = CR_TRAIT_BY_TRACE | CR_TRAIT_TRACE | CR_TRAIT_SLOW                     \
	}

static const struct cr_attack rows[] = {
	ROW("init-kill", "35", "kill what keeps the box", by_sigkill),
	ROW("init-stop", "35", "stop what keeps the box", by_sigstop),
	ROW("init-ptrace", "35", "trace what keeps the box", by_ptrace),
	ROW("init-mem", "35 17", "open the memory of what keeps the box", by_mem),
	ROW("init-vm", "35 26", "read the memory of what keeps the box", by_vm),
	ROW("init-getfd", "35 26", "take descriptors of what keeps the box", by_getfd),
	ROW("init-descriptors", "35 17", "get out through a descriptor of what keeps the box",
	    by_descriptors),
	ROW("init-environ", "35 28", "read the environment of what keeps the box", by_environ),
	{
		.name = "init-setns",
		.threats = "26 35",
		.title = "enter the namespaces of what keeps the box",
		.fn = by_setns,
		.tiers = CR_HOLDS_BOTH,
		.needs = CR_NEEDS_ROOT,
	},
	STAY("daemon-stays", "leave a daemon that outlives the session", stay_behind),
	STAY("daemon-sibling", "leave a daemon that is nobody's descendant", stay_as_sibling),
	STAY("daemon-hops", "leave a daemon that never stays one process", stay_by_hopping),
};

CR_ATTACK_TABLE(cr_attacks_init, rows);
