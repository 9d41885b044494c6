/*
 * command.c - from init's child to the running command.
 *
 * The child shares init's memory until it executes (CLONE_VM | CLONE_VFORK: copying the page
 * tables would cost more than everything it does), so it must not allocate, must
 * not touch anything init relies on but box->err, and must end in exec or by returning from
 * command_main (which ends the process, not init's).
 * It confines itself in the order of the plan; the canaries come last.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/calls.h"
#include "linux/fd.h"

static int do_rlimit(struct cr_box *box, const struct cr_step *step)
{
	return cr_rlimit_step(step, box->err);
}

/* Landlock is entered here: it wants no_new_privs, and its rules are complete by now. */
static int do_capabilities(struct cr_box *box, const struct cr_step *step)
{
	(void)step;
	if (cr_drop_capabilities(box->err) < 0)
		return -1;
	return cr_landlock_seal(box);
}

/* Refusals are explained if that can be had: the filter without it is as strict. */
static int install_explained(const char *name, int *listener, struct cr_err *err)
{
	struct cr_err ignored;
	char variant[64];

	snprintf(variant, sizeof(variant), "%s-notify", name);
	if (cr_seccomp_install_watched(variant, listener, &ignored) == 0)
		return 0;
	return cr_seccomp_install(name, err);
}

/* With network rules the launcher must hear of every connect: without a proxy half of them would
 * not work, with one none is let go on. */
static int install_connects(const char *name, bool explain, int *listener, struct cr_err *err)
{
	char variant[64];

	snprintf(variant, sizeof(variant), "%s-%s", name, explain ? "notify" : "connect");
	if (cr_seccomp_install_watched(variant, listener, err) == 0)
		return 0;
	return cr_hint(err, "rules about connections need seccomp notifications, which a program "
			    "around this one may have taken");
}

static int do_seccomp(struct cr_box *box, const struct cr_step *step)
{
	struct cr_msg msg = {.kind = CR_MSG_LISTENER};
	CR_AUTO_FD int listener = -1;
	bool connects = cr_captures(box) || cr_plan_has(box->plan, CR_STEP_PROXY);
	int installed = connects ? install_connects(step->detail, box->explain, &listener, box->err)
			: box->explain ? install_explained(step->detail, &listener, box->err)
				       : cr_seccomp_install(step->detail, box->err);

	if (installed < 0)
		return -1;
	if (listener >= 0 && cr_msg_send(box->birth.ctl, &msg, listener) < 0)
		return cr_fail_os(box->err, CR_E_IO, errno, "cannot hand over the listener");
	return 0;
}

static int do_canary(struct cr_box *box, const struct cr_step *step)
{
	return cr_canary_step(step, box->err);
}

typedef int (*command_fn)(struct cr_box *box, const struct cr_step *step);

static const command_fn command_steps[CR_STEP_KIND_COUNT] = {
	[CR_STEP_RLIMIT] = do_rlimit,
	[CR_STEP_LANDLOCK_STDIO] = cr_landlock_stdio,
	[CR_STEP_CAPABILITIES] = do_capabilities,
	[CR_STEP_SECCOMP] = do_seccomp,
	[CR_STEP_CANARY_WRITE] = do_canary,
	[CR_STEP_CANARY_READ] = do_canary,
	[CR_STEP_CANARY_WORK] = do_canary,
	[CR_STEP_CANARY_CONNECT] = do_canary,
	[CR_STEP_CANARY_ROUTE] = do_canary,
	[CR_STEP_CANARY_TCP] = do_canary,
};

static int confine(struct cr_box *box)
{
	for (size_t i = 0; i < box->plan->n_steps; i++) {
		const struct cr_step *step = &box->plan->steps[i];
		command_fn fn = command_steps[step->kind];

		box->step = step;
		if (fn && fn(box, step) < 0)
			return -1;
	}
	box->step = NULL;
	return 0;
}

/* 0, 1 and 2 as the caller wants them, by way of copies so that they cannot overwrite each other.
 */
static int set_stdio(const struct cr_launch *launch)
{
	int copies[3];

	for (int i = 0; i < 3; i++) {
		copies[i] = launch->stdio[i];
		if (copies[i] >= 0 && copies[i] < 3 && copies[i] != i)
			copies[i] = fcntl(copies[i], F_DUPFD_CLOEXEC, 3);
		if (launch->stdio[i] >= 0 && copies[i] < 0)
			return -1;
	}
	for (int i = 0; i < 3; i++)
		if (copies[i] >= 0 && copies[i] != i && dup2(copies[i], i) < 0)
			return -1;
	return 0;
}

static int set_descriptors(const struct cr_launch *launch)
{
	if (set_stdio(launch) < 0 || close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return -1;
	for (size_t i = 0; i < launch->n_keep_fds; i++)
		if (fcntl(launch->keep_fds[i], F_SETFD, 0) < 0)
			return -1;
	return 0;
}

static void execute(const struct cr_box *box, const char *path)
{
	const struct cr_launch *launch = box->launch;
	const char **script = box->script_argv;

	execve(path, launch->argv, launch->envp);
	if (errno != ENOEXEC)
		return;

	/* A script without an interpreter line, as execvp(3) and every shell treat it. */
	script[0] = "/bin/sh";
	script[1] = path;
	for (size_t i = 1; launch->argv[i - 1]; i++)
		script[i + 1] = launch->argv[i];
	execve("/bin/sh", (char *const *)(uintptr_t)script, launch->envp);
}

static const char *search_path(char *const *envp)
{
	for (size_t i = 0; envp[i]; i++)
		if (!strncmp(envp[i], "PATH=", 5))
			return envp[i] + 5;
	return "/usr/local/bin:/usr/bin:/bin";
}

/* As execvp(3), with two differences: a directory that cannot be searched has no say (EACCES is
 * remembered of files only), and an empty entry is skipped, since it would be the workspace.
 * Leaves errno. */
static void execute_from_path(const struct cr_box *box)
{
	const struct cr_launch *launch = box->launch;
	const char *name = launch->argv[0];
	int seen = ENOENT;
	char path[CR_MAX_PATH];

	for (const char *dir = search_path(launch->envp); *dir;) {
		size_t len = strcspn(dir, ":");

		if (len && dir[0] == '/' &&
		    snprintf(path, sizeof(path), "%.*s/%s", (int)len, dir, name) <
			    (int)sizeof(path)) {
			execute(box, path);

			int why = errno;

			if (why != EACCES || access(path, F_OK) == 0)
				seen = why == ENOENT || why == ENOTDIR ? seen : why;
		}
		dir += len;
		dir += *dir == ':';
	}
	errno = seen;
}

static int fail_to_execute(struct cr_box *box)
{
	const char *name = box->launch->argv[0];

	if (errno == ENOENT && !strchr(name, '/'))
		return cr_fail(box->err, CR_E_NOTFOUND, "'%s': command not found", name);
	if (errno == ENOENT)
		return cr_fail_os(box->err, CR_E_NOTFOUND, errno, "cannot execute '%s'", name);
	return cr_fail_os(box->err, CR_E_EXEC, errno, "cannot execute '%s'", name);
}

static int command_main(void *arg)
{
	struct cr_box *box = arg;
	const struct cr_launch *launch = box->launch;

	if (set_descriptors(launch) < 0) {
		cr_step_fail(box, "set up the descriptors");
		return 1;
	}
	if (box->old_files.rlim_max && setrlimit(RLIMIT_NOFILE, &box->old_files) < 0) {
		cr_step_fail(box, "set a resource limit");
		return 1;
	}
	if (confine(box) < 0)
		return 1;
	umask(box->old_umask);
	if (box->old_sigchld == SIG_IGN)
		signal(SIGCHLD, SIG_IGN);
	if (cr_mask_signals(&box->old_mask, NULL) < 0) {
		cr_step_fail(box, "unblock signals");
		return 1;
	}
	if (strchr(launch->argv[0], '/'))
		execute(box, launch->argv[0]);
	else
		execute_from_path(box);
	fail_to_execute(box);
	return 1;
}

int cr_command_start(struct cr_box *box, pid_t *pid, int *pidfd)
{
	int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;

	box->err->code = CR_E_NONE;
	*pid = clone(command_main, box->stack_top, flags, box, pidfd);
	if (*pid < 0)
		return cr_fail_os(box->err, CR_E_STEP, errno, "cannot start a process");
	if (box->err->code == CR_E_NONE)
		return 0;
	cr_close_fd(pidfd);
	waitpid(*pid, NULL, __WALL);
	return -1;
}
