/*
 * process.c - attacks on a process outside the box that belongs to the same
 * user: signals, memory, descriptors, settings (threats 17, 26, 34).
 *
 * The number of the victim is that of the host. Where the box has its own numbers
 * it means nothing or somebody else, and the fixture sees nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

static pid_t victim(const struct cr_attack_env *env)
{
	return (pid_t)env->victim_pid;
}

static enum cr_attack_outcome by_kill(const struct cr_attack_env *env)
{
	return cr_attack_result(env, kill(victim(env), SIGURG), "kill");
}

static enum cr_attack_outcome by_sigkill(const struct cr_attack_env *env)
{
	return cr_attack_result(env, kill(victim(env), SIGKILL), "kill with SIGKILL");
}

static enum cr_attack_outcome by_tgkill(const struct cr_attack_env *env)
{
	return cr_attack_result(env, syscall(SYS_tgkill, victim(env), victim(env), SIGURG),
				"tgkill");
}

static enum cr_attack_outcome by_sigqueue(const struct cr_attack_env *env)
{
	return cr_attack_result(env, sigqueue(victim(env), SIGURG, (union sigval){0}), "sigqueue");
}

static enum cr_attack_outcome by_pidfd(const struct cr_attack_env *env)
{
	long fd = syscall(SYS_pidfd_open, victim(env), 0);

	if (fd < 0)
		return cr_attack_refused(env, "pidfd_open");
	return cr_attack_result(env, syscall(SYS_pidfd_send_signal, fd, SIGURG, NULL, 0),
				"pidfd_send_signal");
}

/* Every process we may signal. SIGURG, because who does not ask for it does not notice it. */
static enum cr_attack_outcome by_kill_all(const struct cr_attack_env *env)
{
	signal(SIGURG, SIG_IGN);
	return cr_attack_result(env, kill(-1, SIGURG), "kill -1");
}

/* The launcher may have left us in the process group of whoever started it. */
static enum cr_attack_outcome by_kill_group(const struct cr_attack_env *env)
{
	signal(SIGURG, SIG_IGN);
	return cr_attack_result(env, kill(0, SIGURG), "kill 0");
}

/* An error is no proof: some of the group may have been reached before it. */
static enum cr_attack_outcome by_group_priority(const struct cr_attack_env *env)
{
	return cr_attack_result(env, setpriority(PRIO_PGRP, 0, getpriority(PRIO_PROCESS, 0) + 1),
				"setpriority of the group");
}

static enum cr_attack_outcome by_group_ioprio(const struct cr_attack_env *env)
{
	return cr_attack_result(env, syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, 0, 2 << 13 | 7),
				"ioprio_set of the group");
}

/* Asks the kernel to send the signal for us, when there is something to read. */
static enum cr_attack_outcome by_setown(const struct cr_attack_env *env)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return cr_attack_untestable(env, "socketpair: %s", strerror(errno));
	if (fcntl(ends[0], F_SETOWN, victim(env)) < 0 || fcntl(ends[0], F_SETSIG, SIGURG) < 0 ||
	    fcntl(ends[0], F_SETFL, O_ASYNC) < 0)
		return cr_attack_refused(env, "F_SETOWN");
	return cr_attack_result(env, write(ends[1], "x", 1),
				"write to a socket owned by the victim");
}

static enum cr_attack_outcome by_ptrace(const struct cr_attack_env *env)
{
	long rc = ptrace(PTRACE_ATTACH, victim(env), NULL, NULL);

	if (rc < 0)
		return cr_attack_refused(env, "PTRACE_ATTACH");
	waitpid(victim(env), NULL, __WALL);
	ptrace(PTRACE_DETACH, victim(env), NULL, NULL);
	return cr_attack_succeeded(env, "PTRACE_ATTACH");
}

static enum cr_attack_outcome by_seize(const struct cr_attack_env *env)
{
	long rc = ptrace(PTRACE_SEIZE, victim(env), NULL, NULL);

	return cr_attack_result(env, rc, "PTRACE_SEIZE");
}

static enum cr_attack_outcome by_vm_read(const struct cr_attack_env *env)
{
	char data[128] = "";
	struct iovec here = {data, sizeof(data) - 1};
	struct iovec there = {(void *)env->victim_page, sizeof(data) - 1};

	if (process_vm_readv(victim(env), &here, 1, &there, 1, 0) < 0)
		return cr_attack_refused(env, "process_vm_readv");
	if (strcmp(data, env->marker) == 0)
		return cr_attack_succeeded(env, "process_vm_readv");
	errno = ENODATA;
	return cr_attack_refused(env, "process_vm_readv");
}

static enum cr_attack_outcome by_vm_write(const struct cr_attack_env *env)
{
	char data[] = "pwned";
	struct iovec here = {data, sizeof(data)};
	struct iovec there = {(void *)env->victim_page, sizeof(data)};

	return cr_attack_result(env, process_vm_writev(victim(env), &here, 1, &there, 1, 0),
				"process_vm_writev");
}

static enum cr_attack_outcome by_proc_mem(const struct cr_attack_env *env)
{
	int fd = open(cr_attack_path("/proc/%d/mem", victim(env)), O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return cr_attack_refused(env, "open /proc/PID/mem");
	return cr_attack_result(env, pwrite(fd, "pwned", 6, (off_t)env->victim_page),
				"write /proc/PID/mem");
}

static enum cr_attack_outcome by_getfd(const struct cr_attack_env *env)
{
	long pidfd = syscall(SYS_pidfd_open, victim(env), 0), fd;

	if (pidfd < 0)
		return cr_attack_refused(env, "pidfd_open");
	fd = syscall(SYS_pidfd_getfd, pidfd, env->victim_fd, 0);
	if (fd < 0)
		return cr_attack_refused(env, "pidfd_getfd");
	return cr_attack_result(env, write((int)fd, "pwned\n", 6),
				"write to the victim's descriptor");
}

static enum cr_attack_outcome by_proc_fd(const struct cr_attack_env *env)
{
	const char *path = cr_attack_path("/proc/%d/fd/%ld", victim(env), env->victim_fd);

	return cr_attack_result(env, cr_attack_put(path, O_TRUNC), "write through /proc/PID/fd");
}

static enum cr_attack_outcome by_proc_cwd(const struct cr_attack_env *env)
{
	const char *path = cr_attack_path("/proc/%d/cwd/new", victim(env));

	return cr_attack_result(env, cr_attack_put(path, O_CREAT), "create through /proc/PID/cwd");
}

static enum cr_attack_outcome by_proc_root(const struct cr_attack_env *env)
{
	const char *path = cr_attack_path("/proc/%d/root%s/new", victim(env), env->outside);

	return cr_attack_result(env, cr_attack_put(path, O_CREAT), "create through /proc/PID/root");
}

static enum cr_attack_outcome by_environ(const struct cr_attack_env *env)
{
	const char *path = cr_attack_path("/proc/%d/environ", victim(env));

	return cr_attack_result(env, cr_attack_finds(path, env->marker), "read /proc/PID/environ");
}

static enum cr_attack_outcome by_maps(const struct cr_attack_env *env)
{
	const char *path = cr_attack_path("/proc/%d/maps", victim(env));

	return cr_attack_result(env, cr_attack_finds(path, "/"), "read /proc/PID/maps");
}

static enum cr_attack_outcome by_prlimit(const struct cr_attack_env *env)
{
	struct rlimit limit;

	if (prlimit(victim(env), RLIMIT_CORE, NULL, &limit) < 0)
		return cr_attack_refused(env, "prlimit");
	limit.rlim_cur = limit.rlim_cur == 0 ? 1 : 0;
	if (limit.rlim_max < limit.rlim_cur)
		return cr_attack_untestable(env, "the victim's limit cannot be changed");
	return cr_attack_result(env, prlimit(victim(env), RLIMIT_CORE, &limit, NULL), "prlimit");
}

static enum cr_attack_outcome by_priority(const struct cr_attack_env *env)
{
	return cr_attack_result(env, setpriority(PRIO_PROCESS, (id_t)victim(env), 19),
				"setpriority");
}

static enum cr_attack_outcome by_affinity(const struct cr_attack_env *env)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	return cr_attack_result(env, sched_setaffinity(victim(env), sizeof(cpus), &cpus),
				"sched_setaffinity");
}

static enum cr_attack_outcome by_scheduler(const struct cr_attack_env *env)
{
	struct sched_param param = {0};

	/* musl has a function of this name that makes no call. */
	return cr_attack_result(env,
				syscall(SYS_sched_setscheduler, victim(env), SCHED_BATCH, &param),
				"sched_setscheduler");
}

static enum cr_attack_outcome by_ioprio(const struct cr_attack_env *env)
{
	return cr_attack_result(env, syscall(SYS_ioprio_set, 1, victim(env), 3 << 13),
				"ioprio_set");
}

static enum cr_attack_outcome by_knob(const struct cr_attack_env *env)
{
	int fd = open(cr_attack_path("/proc/%d/%s", victim(env), env->arg), O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return cr_attack_refused(env, "open /proc/PID/%s", env->arg);
	return cr_attack_result(env, write(fd, "500", 3), "write it");
}

static enum cr_attack_outcome by_kcmp(const struct cr_attack_env *env)
{
	return cr_attack_result(env, syscall(SYS_kcmp, getpid(), victim(env), KCMP_VM, 0, 0),
				"kcmp");
}

static enum cr_attack_outcome by_madvise(const struct cr_attack_env *env)
{
	long pidfd = syscall(SYS_pidfd_open, victim(env), 0);
	struct iovec there = {(void *)(env->victim_page & ~4095ul), 4096};

	if (pidfd < 0)
		return cr_attack_refused(env, "pidfd_open");
	return cr_attack_result(
		env, syscall(440 /* process_madvise */, pidfd, &there, 1, 20 /* MADV_COLD */, 0),
		"process_madvise");
}

static enum cr_attack_outcome by_move_pages(const struct cr_attack_env *env)
{
	void *page = (void *)(env->victim_page & ~4095ul);
	int status = 0;

	return cr_attack_result(env,
				syscall(SYS_move_pages, victim(env), 1, &page, NULL, &status, 0),
				"move_pages");
}

static enum cr_attack_outcome by_robust_list(const struct cr_attack_env *env)
{
	void *head;
	size_t len;

	return cr_attack_result(env, syscall(SYS_get_robust_list, victim(env), &head, &len),
				"get_robust_list");
}

#define ROW(NAME, THREATS, TITLE, FN, TRAITS)                               \
	{                                                                   \
		.name = NAME, .threats = THREATS, .title = TITLE, .fn = FN, \
		.tiers = CR_HOLDS_BOTH, .traits = TRAITS                    \
	}
/* What reaches the process group that the launcher was started in, with the victim in it. */
#define GROUP(NAME, TITLE, FN)                                                                   \
	{                                                                                        \
		.name = NAME, .threats = "34", .title = TITLE, .fn = FN, .tiers = CR_HOLDS_BOTH, \
		.needs = CR_NEEDS_GROUP, .traits = CR_TRAIT_TRACE | CR_TRAIT_BY_TRACE            \
	}
/* What Landlock has no hook for: only a pid namespace keeps the victim out of reach. */
#define SETTING(NAME, TITLE, FN, ARG)                                                \
	{                                                                            \
		.name = NAME, .threats = "34", .title = TITLE, .fn = FN, .arg = ARG, \
		.tiers = CR_HOLDS_FULL, .traits = CR_TRAIT_TRACE, .gap = "processes" \
	}

static const struct cr_attack rows[] = {
	ROW("signal-kill", "34", "signal an outside process (kill)", by_kill, CR_TRAIT_TRACE),
	ROW("signal-sigkill", "34", "kill an outside process", by_sigkill, CR_TRAIT_TRACE),
	ROW("signal-tgkill", "34", "signal an outside process (tgkill)", by_tgkill, CR_TRAIT_TRACE),
	ROW("signal-sigqueue", "34", "signal an outside process (sigqueue)", by_sigqueue,
	    CR_TRAIT_TRACE),
	ROW("signal-pidfd", "34", "signal an outside process (pidfd)", by_pidfd, CR_TRAIT_TRACE),
	ROW("signal-setown", "34", "have the kernel signal an outside process (F_SETOWN)",
	    by_setown, CR_TRAIT_TRACE | CR_TRAIT_BY_TRACE),
	{
		.name = "signal-all",
		.threats = "34",
		.title = "signal every process (kill -1)",
		.fn = by_kill_all,
		.tiers = CR_HOLDS_BOTH,
		.needs = CR_NEEDS_ORDINARY,
		.traits = CR_TRAIT_TRACE | CR_TRAIT_BY_TRACE,
	},
	GROUP("signal-group", "signal the launcher's process group (kill 0)", by_kill_group),
	GROUP("set-group-priority", "change the priority of the launcher's process group",
	      by_group_priority),
	GROUP("set-group-ioprio", "change the I/O priority of the launcher's process group",
	      by_group_ioprio),
	ROW("ptrace-attach", "26", "trace an outside process", by_ptrace, 0),
	ROW("ptrace-seize", "26", "trace an outside process (seize)", by_seize, 0),
	ROW("vm-read", "26", "read an outside process's memory", by_vm_read, 0),
	ROW("vm-write", "26", "write an outside process's memory", by_vm_write, CR_TRAIT_TRACE),
	ROW("proc-mem-write", "17 26", "write /proc/PID/mem of an outside process", by_proc_mem,
	    CR_TRAIT_TRACE),
	ROW("pidfd-getfd", "26", "take a descriptor of an outside process", by_getfd,
	    CR_TRAIT_TRACE),
	ROW("proc-fd-write", "17", "write through /proc/PID/fd of an outside process", by_proc_fd,
	    CR_TRAIT_TRACE),
	ROW("proc-cwd-create", "17", "create through /proc/PID/cwd of an outside process",
	    by_proc_cwd, CR_TRAIT_TRACE),
	ROW("proc-root-create", "17", "create through /proc/PID/root of an outside process",
	    by_proc_root, CR_TRAIT_TRACE),
	ROW("proc-environ", "17", "read the environment of an outside process", by_environ, 0),
	ROW("proc-maps", "17", "read the memory map of an outside process", by_maps, 0),
	ROW("kcmp", "26", "compare kernel objects with an outside process", by_kcmp,
	    CR_TRAIT_MAY_LACK),
	ROW("process-madvise", "26", "advise on an outside process's memory", by_madvise,
	    CR_TRAIT_MAY_LACK),
	ROW("move-pages", "26", "query or move an outside process's pages", by_move_pages,
	    CR_TRAIT_MAY_LACK),
	ROW("robust-list", "26", "find the futex list of an outside process", by_robust_list,
	    CR_TRAIT_MAY_LACK),
	SETTING("set-prlimit", "change the limits of an outside process", by_prlimit, NULL),
	SETTING("set-priority", "change the priority of an outside process", by_priority, NULL),
	SETTING("set-affinity", "change the processors of an outside process", by_affinity, NULL),
	SETTING("set-scheduler", "change the scheduling of an outside process", by_scheduler, NULL),
	SETTING("set-ioprio", "change the I/O priority of an outside process", by_ioprio, NULL),
	SETTING("set-oom-score", "offer an outside process to the OOM killer", by_knob,
		"oom_score_adj"),
	SETTING("set-coredump", "change what an outside process dumps", by_knob, "coredump_filter"),
};

CR_ATTACK_TABLE(cr_attacks_process, rows);
