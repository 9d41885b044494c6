/*
 * inject.c - runs carrel and makes one of its system calls fail, or kills it there.
 *
 * The processes of a start are told apart by who made them and how: the launcher, its child init,
 * init's helper, and the command, which init makes with vfork, until it executes. One call, the
 * N-th of one of them, is answered with an error without reaching the kernel, or the process is
 * killed before it. Then everything is waited for; what outlives the launcher is told. It must
 * never disturb any other call.
 *
 * usage: inject OUT list|kill|ERRNO launcher|init|helper|command|- N COMMAND...
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <linux/ptrace.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 2000 /* for what outlives the launcher */
#define HANGS_S     15   /* a start that takes longer hangs */
#define HARMLESS    SYS_getpid

#define OPTIONS                                                                                   \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
	 PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

enum action { LIST, KILL, FAIL };

enum role { LAUNCHER, INIT, HELPER, COMMAND, N_ROLES, UNKNOWN };

static const char *const roles[N_ROLES] = {"launcher", "init", "helper", "command"};

struct process {
	pid_t pid;
	enum role role;
	int stopped; /* waits for its role to be known */
	unsigned long calls;
	int failing; /* the call it is in was swapped for a harmless one */
};

struct run {
	FILE *out;
	enum action action;
	int error;      /* of FAIL */
	enum role role; /* whose call */
	unsigned long number;
	int hit;
	pid_t launcher;
	int executed; /* the launcher is carrel by now */
	struct process processes[64];
	size_t n_processes;
};

/* Calls with a string among their arguments, and which it is: it tells the calls apart. */
static const struct {
	long nr;
	int argument;
} strings[] = {
	{SYS_openat, 1},   {SYS_openat2, 1},    {SYS_open, 0},          {SYS_access, 0},
	{SYS_chdir, 0},    {SYS_newfstatat, 1}, {SYS_mkdirat, 1},       {SYS_mkdir, 0},
	{SYS_unlinkat, 1}, {SYS_execve, 0},     {SYS_readlink, 0},      {SYS_readlinkat, 1},
	{SYS_fsconfig, 2}, {SYS_fsopen, 0},     {SYS_open_tree, 1},     {SYS_move_mount, 3},
	{SYS_statfs, 0},   {SYS_faccessat, 1},  {SYS_faccessat2, 1},    {SYS_symlinkat, 0},
	{SYS_umount2, 0},  {SYS_rmdir, 0},      {SYS_mount_setattr, 1},
};

static void __attribute__((noreturn)) die(const char *what)
{
	perror(what);
	exit(99);
}

static void print_string(const struct run *run, pid_t pid, uint64_t address)
{
	char text[128] = "";
	struct iovec here = {text, sizeof(text) - 1};
	struct iovec there = {(void *)(uintptr_t)address, sizeof(text) - 1};

	/* near the end of a page: less */
	if (process_vm_readv(pid, &here, 1, &there, 1, 0) < 0) {
		here.iov_len = there.iov_len = 4096 - (address & 4095);
		if (here.iov_len >= sizeof(text) ||
		    process_vm_readv(pid, &here, 1, &there, 1, 0) < 0)
			return;
	}
	text[strcspn(text, "\n")] = '\0';
	fprintf(run->out, " '%s'", text);
}

static void print_call(const struct run *run, const struct process *p,
		       const struct ptrace_syscall_info *info)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)info->entry.nr);

	fprintf(run->out, "call %s %lu %s %llx %llx", roles[p->role], p->calls, name ? name : "?",
		(unsigned long long)info->entry.args[0], (unsigned long long)info->entry.args[1]);
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (strings[i].nr == (long)info->entry.nr)
			print_string(run, p->pid, info->entry.args[strings[i].argument]);
	fputc('\n', run->out);
	free(name);
}

static void set_registers(pid_t pid, long call, long result)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
		return; /* killed meanwhile */
	if (call >= 0)
		regs.orig_rax = (unsigned long long)call;
	else
		regs.rax = (unsigned long long)result;
	ptrace(PTRACE_SETREGS, pid, NULL, &regs);
}

/* Calls that cannot fail, or not with an error number; the C library relies on it. */
static int never_fails(uint64_t nr)
{
	static const long calls[] = {SYS_exit,   SYS_exit_group, SYS_rt_sigreturn, SYS_brk,
				     SYS_umask,  SYS_getpid,     SYS_geteuid,      SYS_getegid,
				     SYS_getuid, SYS_getgid,     SYS_close,        SYS_munmap};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i] == (long)nr)
			return 1;
	return 0;
}

static void on_entry(struct run *run, struct process *p, const struct ptrace_syscall_info *info)
{
	if (!run->executed)
		return;
	p->calls++;
	if (run->action == LIST) {
		print_call(run, p, info);
		return;
	}
	if (p->role != run->role || p->calls != run->number || run->hit ||
	    (run->action == FAIL && never_fails(info->entry.nr)))
		return;
	run->hit = 1;
	print_call(run, p, info);
	if (run->action == KILL) {
		kill(p->pid, SIGKILL);
		return;
	}
	p->failing = 1;
	set_registers(p->pid, HARMLESS, 0);
}

static void on_call(struct run *run, struct process *p)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		on_entry(run, p, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT && p->failing) {
		set_registers(p->pid, -1, -run->error);
		p->failing = 0;
	}
}

static struct process *find(struct run *run, pid_t pid)
{
	for (size_t i = 0; i < run->n_processes; i++)
		if (run->processes[i].pid == pid)
			return &run->processes[i];
	return NULL;
}

static struct process *add(struct run *run, pid_t pid, enum role role)
{
	if (run->n_processes == sizeof(run->processes) / sizeof(run->processes[0]))
		die("too many processes");

	struct process *p = &run->processes[run->n_processes++];

	*p = (struct process){.pid = pid, .role = role};
	return p;
}

static void go_on(const struct run *run, const struct process *p, int sig)
{
	int watched = run->action == LIST || (p->role == run->role && (!run->hit || p->failing));

	ptrace(watched ? PTRACE_SYSCALL : PTRACE_CONT, p->pid, NULL, (void *)(uintptr_t)sig);
}

/* A new process may stop before its parent's report of it comes, or after. */
static void on_child(struct run *run, const struct process *parent, int event)
{
	unsigned long pid;
	enum role role = parent->role == LAUNCHER      ? INIT
			 : event == PTRACE_EVENT_VFORK ? COMMAND
						       : HELPER;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &pid) < 0)
		return;

	struct process *child = find(run, (pid_t)pid);

	if (!child)
		child = add(run, (pid_t)pid, role);
	child->role = role;
	if (child->stopped)
		go_on(run, child, 0);
	child->stopped = 0;
}

/* Every stop of a traced process. `event` as in ptrace(2), 0 for an ordinary signal. */
static void on_stop(struct run *run, pid_t pid, int sig, int event)
{
	struct process *p = find(run, pid);

	if (!p) {
		add(run, pid, UNKNOWN)->stopped = 1;
		return;
	}
	if (event == PTRACE_EVENT_EXEC && p->role != LAUNCHER) {
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
		return;
	}
	if (event == PTRACE_EVENT_EXEC)
		run->executed = 1;
	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	    event == PTRACE_EVENT_CLONE)
		on_child(run, p, event);
	if (sig == (SIGTRAP | 0x80))
		on_call(run, p);
	go_on(run, p, event || sig == (SIGTRAP | 0x80) ? 0 : sig);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* What is still there is told and killed. */
static void end_survivors(const struct run *run)
{
	char path[64];
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());

	FILE *list = fopen(path, "re");

	while (list && fscanf(list, "%d", &pid) == 1) {
		fprintf(run->out, "survivor %d\n", pid);
		kill(pid, SIGKILL);
	}
	if (list)
		fclose(list);
}

static void on_end(struct run *run, pid_t pid, int status)
{
	if (pid != run->launcher)
		return;
	run->launcher = 0;
	if (WIFSIGNALED(status))
		fprintf(run->out, "end killed %d\n", WTERMSIG(status));
	else
		fprintf(run->out, "end exited %d\n", WEXITSTATUS(status));
}

static void on_alarm(int sig)
{
	(void)sig; /* interrupts waitpid */
}

static void loop(struct run *run)
{
	uint64_t ended_ms = 0;
	int told = 0;
	int status;

	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL | (run->launcher ? 0 : WNOHANG));

		if (pid < 0 && errno == ECHILD)
			return;
		if (pid < 0 && errno == EINTR && run->launcher) {
			fputs("end hung\n", run->out);
			kill(run->launcher, SIGKILL);
		}
		if (pid > 0 && WIFSTOPPED(status))
			on_stop(run, pid, WSTOPSIG(status), status >> 16);
		else if (pid > 0)
			on_end(run, pid, status);
		if (run->launcher)
			continue;
		if (!ended_ms)
			ended_ms = now_ms();
		if (!told && now_ms() - ended_ms > PATIENCE_MS) {
			end_survivors(run);
			told = 1;
		}
		if (pid == 0)
			poll(NULL, 0, 1);
	}
}

static void start(struct run *run, char **argv)
{
	int status;

	run->launcher = fork();
	if (run->launcher < 0)
		die("fork");
	if (run->launcher == 0) {
		raise(SIGSTOP);
		execv(argv[0], argv);
		die(argv[0]);
	}
	if (waitpid(run->launcher, &status, WUNTRACED) < 0 ||
	    ptrace(PTRACE_SEIZE, run->launcher, NULL, OPTIONS) < 0)
		die("ptrace");
	add(run, run->launcher, LAUNCHER);
	kill(run->launcher, SIGCONT);
}

static enum role read_role(const char *name)
{
	for (int i = 0; i < N_ROLES; i++)
		if (!strcmp(roles[i], name))
			return (enum role)i;
	return UNKNOWN;
}

int main(int argc, char **argv)
{
	struct run run = {0};

	if (argc < 6) {
		fputs("usage: inject OUT list|kill|ERRNO ROLE N COMMAND...\n", stderr);
		return 99;
	}
	run.out = fopen(argv[1], "we");
	if (!run.out || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		die(argv[1]);
	run.action = !strcmp(argv[2], "list") ? LIST : !strcmp(argv[2], "kill") ? KILL : FAIL;
	run.error = (int)strtol(argv[2], NULL, 10);
	run.role = read_role(argv[3]);
	run.number = strtoul(argv[4], NULL, 10);
	if (sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL) < 0)
		die("sigaction");
	start(&run, argv + 5);
	alarm(HANGS_S);
	loop(&run);
	return fclose(run.out) == 0 ? 0 : 99;
}
