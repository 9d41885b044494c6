/*
 * kernel.c - system calls that a box has no use for: big doors into the
 * kernel, foreign calling conventions, new namespaces (threats 26, 27, 33).
 *
 * Calls are made with arguments that stop them right after the permission check
 * (an empty image, a bad pointer, what is set already), so that succeeding is harmless.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

static unsigned char zeros[4096];
static union bpf_attr map_attr = {
	.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
static struct perf_event_attr perf_attr = {
	.type = PERF_TYPE_SOFTWARE,
	.size = sizeof(perf_attr),
	.config = PERF_COUNT_SW_TASK_CLOCK,
	.exclude_kernel = 1,
	.exclude_hv = 1,
};
static struct timex no_step = {.modes = 0x0100 /* ADJ_SETOFFSET: by nothing */};
static char host_name[65];

struct call {
	const char *name;
	long number;
	unsigned long args[6];
};

#define PTR(p) (unsigned long)(p)

static const struct call calls[] = {
	{"io_uring_setup", SYS_io_uring_setup, {4, PTR(zeros)}},
	{"userfaultfd", SYS_userfaultfd, {O_CLOEXEC | 1 /* user mode only */}},
	{"bpf", SYS_bpf, {BPF_MAP_CREATE, PTR(&map_attr), sizeof(map_attr)}},
	{"perf_event_open",
	 SYS_perf_event_open,
	 {PTR(&perf_attr), 0, (unsigned long)-1, (unsigned long)-1, 0}},
	{"kexec_load", SYS_kexec_load, {0, 0, 0, 0}},
	{"kexec_file_load", SYS_kexec_file_load, {(unsigned long)-1, (unsigned long)-1, 0, 0, 0}},
	{"init_module", SYS_init_module, {PTR(zeros), 0, PTR(zeros)}},
	{"finit_module", SYS_finit_module, {(unsigned long)-1, PTR(zeros), 0}},
	{"delete_module", SYS_delete_module, {PTR("carrel_no_such_module"), O_NONBLOCK}},
	{"reboot", SYS_reboot, {0, 0, 0, 0}}, /* without the magic numbers: EINVAL */
	{"swapon", SYS_swapon, {PTR("/nonexistent-swap"), 0}},
	{"swapoff", SYS_swapoff, {PTR("/nonexistent-swap")}},
	{"acct", SYS_acct, {PTR("/nonexistent-acct")}},
	{"clock_adjtime", SYS_clock_adjtime, {0, PTR(&no_step)}},
	{"sethostname", SYS_sethostname, {PTR(host_name), 0}},
	{"syslog", SYS_syslog, {3 /* read all */, PTR(zeros), sizeof(zeros)}},
	{"fanotify_init", SYS_fanotify_init, {FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY}},
	{"quotactl", SYS_quotactl, {0x80000100u /* Q_SYNC */, 0, 0, 0}},
	{"lookup_dcookie", 212, {0, 0, 0}},
	{"chroot", SYS_chroot, {PTR("/")}},
	{"unshare_user", SYS_unshare, {CLONE_NEWUSER}},
	{"unshare_mount", SYS_unshare, {CLONE_NEWNS}},
	{"unshare_net", SYS_unshare, {CLONE_NEWNET}},
	{"unshare_pid", SYS_unshare, {CLONE_NEWPID}},
	{"unshare_ipc", SYS_unshare, {CLONE_NEWIPC}},
	{"unshare_uts", SYS_unshare, {CLONE_NEWUTS}},
	{"unshare_cgroup", SYS_unshare, {CLONE_NEWCGROUP}},
	{"unshare_time", SYS_unshare, {0x80 /* CLONE_NEWTIME */}},
#ifdef __x86_64__
	{"iopl", SYS_iopl, {3}},
	{"ioperm", SYS_ioperm, {0x80, 1, 1}},
#endif
};

static const struct call *find_call(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	return NULL;
}

static enum cr_attack_outcome make_call(const struct cr_attack_env *env)
{
	const struct call *call = find_call(env->arg);
	unsigned long len;
	long rc;

	if (!call)
		return cr_attack_untestable(env, "bad row");
	gethostname(host_name, sizeof(host_name) - 1);
	len = call->number == SYS_sethostname ? strlen(host_name) : call->args[1];
	rc = syscall(call->number, call->args[0], len, call->args[2], call->args[3], call->args[4],
		     call->args[5]);
	if (rc < 0 && (errno == EPERM || errno == ENOSYS || errno == EACCES))
		return cr_attack_refused(env, "%s", call->name);
	return cr_attack_succeeded(env, "%s was carried out (%s)", call->name,
				   rc < 0 ? strerror(errno) : "0");
}

/* A filter may kill instead of refusing. */
static enum cr_attack_outcome system_call(const struct cr_attack_env *env)
{
	return cr_attack_in_child(env, make_call);
}

static long raw_clone(unsigned long flags)
{
#ifdef __s390x__
	return syscall(SYS_clone, 0, flags | SIGCHLD, 0, 0, 0);
#else
	return syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
#endif
}

static long raw_clone3(unsigned long flags)
{
	struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD};

	return syscall(SYS_clone3, &args, sizeof(args));
}

static enum cr_attack_outcome child_made(const struct cr_attack_env *env, long pid,
					 const char *what)
{
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return cr_attack_result(env, pid, what);
}

static enum cr_attack_outcome by_clone(const struct cr_attack_env *env)
{
	return child_made(env, raw_clone(CLONE_NEWUSER), "clone with a user namespace");
}

static enum cr_attack_outcome by_clone3(const struct cr_attack_env *env)
{
	return child_made(env, raw_clone3(CLONE_NEWUSER), "clone3 with a user namespace");
}

static enum cr_attack_outcome by_setns(const struct cr_attack_env *env)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return cr_attack_untestable(env, "open a namespace: %s", strerror(errno));
	return cr_attack_result(env, setns(fd, 0), "setns");
}

#ifdef __x86_64__
static enum cr_attack_outcome by_x32(const struct cr_attack_env *env)
{
	return cr_attack_result(env, syscall(0x40000000L + SYS_getpid), "x32 getpid");
}

static long int80(long number, long first)
{
	long rc;

	__asm__ volatile("int $0x80"
			 : "=a"(rc)
			 : "a"(number), "b"(first)
			 : "memory", "r8", "r9", "r10", "r11");
	return rc;
}

static enum cr_attack_outcome by_i386(const struct cr_attack_env *env)
{
	long rc = int80(20 /* getpid of i386 */, 0);

	if (rc < 0) {
		errno = (int)-rc;
		return cr_attack_refused(env, "int 0x80 getpid");
	}
	return cr_attack_succeeded(env, "int 0x80 getpid said %ld", rc);
}

/* The numbers differ: 310 is unshare there and something harmless here. */
static enum cr_attack_outcome by_i386_unshare(const struct cr_attack_env *env)
{
	long rc = int80(310 /* unshare of i386 */, CLONE_NEWUSER);

	errno = (int)-rc;
	return cr_attack_result(env, rc < 0 ? -1 : 0, "int 0x80 unshare");
}
#else
static enum cr_attack_outcome no_foreign(const struct cr_attack_env *env)
{
	return cr_attack_untestable(env, "this processor has no such calling convention");
}
#define by_x32          no_foreign
#define by_i386         no_foreign
#define by_i386_unshare no_foreign
#endif

static enum cr_attack_outcome x32(const struct cr_attack_env *env)
{
	return cr_attack_in_child(env, by_x32);
}

static enum cr_attack_outcome i386(const struct cr_attack_env *env)
{
	return cr_attack_in_child(env, by_i386);
}

static enum cr_attack_outcome i386_unshare(const struct cr_attack_env *env)
{
	return cr_attack_in_child(env, by_i386_unshare);
}

static enum cr_attack_outcome run_setuid(const struct cr_attack_env *env)
{
	const char *const argv[] = {env->suid_program, "whoami", NULL};
	char out[64];

	if (cr_attack_spawn(argv, out, sizeof(out)) < 0)
		return cr_attack_untestable(env, "start it: %s", strerror(errno));
	if (strncmp(out, "euid 0", 6) == 0)
		return cr_attack_succeeded(env, "it ran as root");
	errno = EPERM;
	return cr_attack_refused(env, "it said '%.*s'", (int)strcspn(out, "\n"), out);
}

/* sudo, su and friends are only dangerous while exec may give rights. */
static enum cr_attack_outcome new_privileges(const struct cr_attack_env *env)
{
	if (cr_attack_finds("/proc/self/status", "NoNewPrivs:\t0") == 0)
		return cr_attack_succeeded(env, "exec may give new privileges");
	errno = EPERM;
	return cr_attack_refused(env, "no_new_privs is set");
}

static enum cr_attack_outcome have_capabilities(const struct cr_attack_env *env)
{
	unsigned long long effective = 0, permitted = 0, ambient = 0;
	char line[256];
	FILE *in = fopen("/proc/self/status", "re");

	if (!in)
		return cr_attack_untestable(env, "no /proc/self/status");
	while (fgets(line, sizeof(line), in)) {
		if (strncmp(line, "CapEff:", 7) == 0)
			effective = strtoull(line + 7, NULL, 16);
		if (strncmp(line, "CapPrm:", 7) == 0)
			permitted = strtoull(line + 7, NULL, 16);
		if (strncmp(line, "CapAmb:", 7) == 0)
			ambient = strtoull(line + 7, NULL, 16);
	}
	fclose(in);
	if (effective | permitted | ambient)
		return cr_attack_succeeded(env, "capabilities %llx", effective | permitted);
	errno = EPERM;
	return cr_attack_refused(env, "no capabilities");
}

#define CALL(NAME, THREATS, TITLE, ARG, NEEDS, TRAITS)                                           \
	{                                                                                        \
		.name = NAME, .threats = THREATS, .title = TITLE, .fn = system_call, .arg = ARG, \
		.tiers = CR_HOLDS_BOTH, .needs = NEEDS, .traits = TRAITS                         \
	}
#define ROW(NAME, THREATS, TITLE, FN, NEEDS, TRAITS)                        \
	{                                                                   \
		.name = NAME, .threats = THREATS, .title = TITLE, .fn = FN, \
		.tiers = CR_HOLDS_BOTH, .needs = NEEDS, .traits = TRAITS    \
	}
#define LACK CR_TRAIT_MAY_LACK
#define ROOT CR_NEEDS_ROOT

static const struct cr_attack rows[] = {
	CALL("io-uring", "26", "set up io_uring", "io_uring_setup", 0, LACK),
	CALL("userfaultfd", "26", "userfaultfd", "userfaultfd", 0, LACK),
	CALL("bpf", "26", "load into the kernel with bpf", "bpf", 0, LACK),
	CALL("perf", "26", "perf_event_open", "perf_event_open", 0, LACK),
	CALL("kexec-load", "26", "kexec_load", "kexec_load", ROOT, LACK),
	CALL("kexec-file-load", "26", "kexec_file_load", "kexec_file_load", ROOT, LACK),
	CALL("init-module", "26", "load a kernel module", "init_module", ROOT, LACK),
	CALL("finit-module", "26", "load a kernel module from a file", "finit_module", ROOT, LACK),
	CALL("delete-module", "26", "remove a kernel module", "delete_module", ROOT, LACK),
	CALL("reboot", "26", "reboot", "reboot", ROOT, 0),
	CALL("swapon", "26", "add swap", "swapon", ROOT, LACK),
	CALL("swapoff", "26", "remove swap", "swapoff", ROOT, LACK),
	CALL("acct", "26", "process accounting to a file", "acct", ROOT, LACK),
	CALL("clock", "26", "set the clock", "clock_adjtime", ROOT, LACK),
	CALL("hostname", "26", "set the host's name", "sethostname", ROOT, 0),
	CALL("dmesg", "26", "read the kernel's log", "syslog", 0, LACK),
	CALL("fanotify", "26", "watch and hold file accesses", "fanotify_init", ROOT, LACK),
	CALL("quotactl", "26", "quota control", "quotactl", ROOT, LACK),
	CALL("chroot", "26", "chroot", "chroot", ROOT, 0),
#ifdef __x86_64__
	CALL("iopl", "26", "raw I/O ports (iopl)", "iopl", ROOT, LACK),
	CALL("ioperm", "26", "raw I/O ports (ioperm)", "ioperm", ROOT, LACK),
#endif
	CALL("unshare-user", "26", "new user namespace by unshare", "unshare_user", 0, LACK),
	CALL("unshare-mount", "26", "new mount namespace", "unshare_mount", ROOT, 0),
	CALL("unshare-net", "26", "new network namespace", "unshare_net", ROOT, LACK),
	CALL("unshare-pid", "26", "new pid namespace", "unshare_pid", ROOT, LACK),
	CALL("unshare-ipc", "26", "new IPC namespace", "unshare_ipc", ROOT, LACK),
	CALL("unshare-uts", "26", "new UTS namespace", "unshare_uts", ROOT, LACK),
	CALL("unshare-cgroup", "26", "new cgroup namespace", "unshare_cgroup", ROOT, LACK),
	CALL("unshare-time", "26", "new time namespace", "unshare_time", ROOT, LACK),
	ROW("clone-user", "26", "new user namespace by clone", by_clone, 0, LACK),
	ROW("clone3-user", "26", "new user namespace by clone3", by_clone3, 0, LACK),
	ROW("setns", "26", "enter a namespace by setns", by_setns, ROOT, 0),
	ROW("x32-call", "27", "an x32 system call", x32, 0, LACK),
	ROW("i386-call", "27", "an i386 system call", i386, 0, LACK),
	ROW("i386-unshare", "26 27", "a user namespace by an i386 system call", i386_unshare, 0,
	    LACK),
	ROW("setuid-program", "33", "run a program that is setuid root", run_setuid,
	    CR_NEEDS_SUID | CR_NEEDS_ORDINARY, 0),
	ROW("new-privileges", "33", "gain privileges by exec", new_privileges, 0, LACK),
	ROW("capabilities", "33", "hold capabilities", have_capabilities, ROOT, 0),
};

CR_ATTACK_TABLE(cr_attacks_kernel, rows);
