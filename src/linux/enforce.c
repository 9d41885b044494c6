/*
 * enforce.c - the launcher's half of starting a box.
 *
 * Prepares everything that needs memory, forks init into the box's namespaces
 * and waits until the command has been executed or something failed. After a
 * failure nothing is left: no process, no mount, no file. Must never let the
 * command start when any step failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/child.h"
#include "linux/fd.h"

#define COMMAND_STACK ((size_t)256 * 1024)

#define BOX_NAMESPACES                                                              \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | \
	 CLONE_NEWCGROUP) /* and a network namespace, which init's helper makes */

/* A descriptor of a directory would reach around the mount view: openat(3, "../../outside"). */
static int refuse_directory(int fd, struct cr_err *err)
{
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		cr_fail(err, CR_E_USAGE, "descriptor %d is a directory", fd);
		return cr_hint(
			err, "a box cannot inherit directories; close it or redirect from a file");
	}
	return 0;
}

static int check_descriptors(const struct cr_launch *launch, struct cr_err *err)
{
	for (int i = 0; i < 3; i++)
		if (refuse_directory(launch->stdio[i] >= 0 ? launch->stdio[i] : i, err) < 0)
			return -1;
	for (size_t i = 0; i < launch->n_keep_fds; i++)
		if (refuse_directory(launch->keep_fds[i], err) < 0)
			return -1;
	return 0;
}

static void box_free(struct cr_box *box)
{
	free(box->grabs);
	free(box->stack);
	free(box->helper_stack);
	free(box->script_argv);
	cr_close_fd(&box->ctl);
	cr_close_fd(&box->launcher);
}

static uint64_t size_of_private(const struct cr_plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].kind == CR_STEP_TMPFS)
			return plan->steps[i].value;
	return 0;
}

/* All memory the box will need: between fork and exec nothing can be allocated. */
static int box_prepare(struct cr_box *box, const struct cr_plan *plan,
		       const struct cr_launch *launch, struct cr_err *err)
{
	size_t argc = 0;

	while (launch->argv[argc])
		argc++;
	*box = (struct cr_box){
		.plan = plan,
		.launch = launch,
		.err = err,
		.ctl = -1,
		.scratch = -1,
		.mounts = -1,
		.scratch_bytes = size_of_private(plan),
		.parent = -1,
		.landlock = -1,
		.uid = geteuid(),
		.gid = getegid(),
		.outer_pid = getpid(),
		.stack_size = COMMAND_STACK,
		.launcher = pidfd_open(getpid(), 0),
	};
	box->grabs = calloc(plan->n_steps + 1, sizeof(*box->grabs));
	box->stack = malloc(box->stack_size);
	box->helper_stack = malloc(box->stack_size);
	box->script_argv = calloc(argc + 2, sizeof(*box->script_argv));
	if (!box->grabs || !box->stack || !box->helper_stack || !box->script_argv ||
	    box->launcher < 0) {
		box_free(box);
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	}
	for (size_t i = 0; i < plan->n_steps; i++)
		box->grabs[i] = (struct cr_grab){.tree = -1, .dir = -1};
	return 0;
}

static pid_t fork_into_namespaces(void)
{
	struct clone_args args = {
		.flags = BOX_NAMESPACES,
		.exit_signal = SIGCHLD,
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static int fork_failed(enum cr_tier tier, struct cr_err *err)
{
	int cause = errno;

	/* EPERM: a setting or a seccomp filter; ENOSPC, EUSERS: a count; ENOSYS: a filter. */
	if (tier == CR_TIER_FULL && cause != EAGAIN && cause != ENOMEM)
		return cr_fail_os(err, CR_E_TIER, cause, "cannot create namespaces");
	return cr_fail_os(err, CR_E_STEP, cause, "cannot start a process");
}

/*
 * In the landlock tier nothing ends the box when init is killed from outside, so its processes come
 * to us. Not to a program that uses the library, and not when this process has children already,
 * which a shell leaves to what it executes: they are not ours to end.
 */
static int can_adopt(const struct cr_box *box)
{
	siginfo_t info;

	return box->plan->tier != CR_TIER_FULL && (box->launch->flags & CR_LAUNCH_TERMINAL) &&
	       waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD &&
	       prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
}

static void end_adopted(void)
{
	while (waitpid(-1, NULL, WNOHANG | __WALL) >= 0 || errno != ECHILD)
		if (cr_kill_children() < 0 || waitpid(-1, NULL, __WALL) < 0)
			return;
}

static int start_init(struct cr_box *box, struct cr_running *running, struct cr_err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot make the control socket");
	box->ctl = pair[1];
	running->ctl = pair[0];
	running->adopts = can_adopt(box);
	running->init = box->plan->tier == CR_TIER_FULL ? fork_into_namespaces() : fork();
	if (running->init == 0) {
		close(pair[0]);
		cr_init_main(box);
	}
	if (running->init < 0) {
		running->init = 0;
		return fork_failed(box->plan->tier, err);
	}
	cr_close_fd(&box->ctl);
	return 0;
}

/* While init builds the rest; on a second processor it costs no time at all. */
static int reserve_names(struct cr_running *running, struct cr_err *err)
{
	struct cr_msg msg = {.kind = CR_MSG_RESERVED};

	if (cr_reservations_count(running->reservations) == 0)
		return 0;
	if (cr_reservations_make(running->reservations, err) < 0)
		return -1;
	if (cr_msg_send(running->ctl, &msg, -1) < 0 && errno != EPIPE)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot talk to the box");
	return 0;
}

/* Takes messages until the command runs or has failed to. */
static int await_start(struct cr_running *running, struct cr_err *err)
{
	struct cr_msg msg;
	int fd;

	for (;;) {
		int got = cr_msg_receive(running->ctl, &msg, &fd);

		if (got <= 0)
			return cr_fail(err, CR_E_STEP, "the box ended while it was built");
		if (msg.kind == CR_MSG_LISTENER)
			running->listener = fd;
		if (msg.kind == CR_MSG_STARTED) {
			running->command = fd;
			return 0;
		}
		if (msg.kind == CR_MSG_FAILED) {
			if (err)
				*err = msg.err;
			return -1;
		}
	}
}

static uint64_t timeout_of(const struct cr_plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].kind == CR_STEP_TIMEOUT)
			return plan->steps[i].value;
	return 0;
}

static void remove_names(struct cr_running *running)
{
	struct cr_msg msg = {.kind = CR_MSG_RELEASE};
	int fd;

	if (!running->reservations || cr_reservations_count(running->reservations) == 0)
		return;
	if (cr_msg_send(running->ctl, &msg, -1) == 0)
		while (cr_msg_receive(running->ctl, &msg, &fd) > 0 && msg.kind != CR_MSG_RELEASED)
			cr_close_fd(&fd);
	cr_reservations_remove(running->reservations);
}

void cr_running_reap(struct cr_running *running)
{
	struct cr_msg done = {.kind = CR_MSG_DONE};

	remove_names(running);
	cr_msg_send(running->ctl, &done, -1); /* fails when init is gone, which is as good */
	while (waitpid(running->init, NULL, __WALL) < 0 && errno == EINTR)
		;
	if (running->adopts)
		end_adopted();
	running->init = 0;
}

static void end_box(struct cr_running *running)
{
	struct cr_msg msg = {.kind = CR_MSG_END};
	int fd;

	if (!running->init)
		return;
	cr_msg_send(running->ctl, &msg, -1);
	while (cr_msg_receive(running->ctl, &msg, &fd) > 0) {
		cr_close_fd(&fd);
		if (msg.kind == CR_MSG_ENDED || msg.kind == CR_MSG_FAILED)
			break;
	}
	cr_running_reap(running);
}

static int start(struct cr_box *box, struct cr_running *running, struct cr_err *err)
{
	sigset_t all;

	/* Blocked in init for good, in the command until it executes, in us for the fork. */
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &box->old_mask) < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot block signals");
	running->old_mask = box->old_mask;

	int started = start_init(box, running, err);

	if (started == 0 && reserve_names(running, err) < 0) {
		end_box(running);
		started = -1;
	} else if (started == 0 && await_start(running, err) < 0) {
		cr_running_reap(running);
		started = -1;
	}
	/* A launcher of its own stays deaf until cr_wait listens: a hang-up or Ctrl-C in between
	 * would end it, and the box, before the command has heard of it. */
	if (started < 0 || !(box->launch->flags & CR_LAUNCH_TERMINAL))
		sigprocmask(SIG_SETMASK, &box->old_mask, NULL);
	return started;
}

int cr_enforce(const struct cr_plan *plan, const struct cr_launch *launch, struct cr_child *child,
	       struct cr_err *err)
{
	struct cr_err local;
	struct cr_box box;

	if (!err)
		err = &local;
	if (plan->os != CR_OS_LINUX || plan->n_gaps > CR_MAX_STEPS || !launch->argv[0])
		return cr_fail(err, CR_E_USAGE, "not a plan for this system");
	if (check_descriptors(launch, err) < 0)
		return -1;

	struct cr_running *running = malloc(sizeof(*running));

	if (!running || box_prepare(&box, plan, launch, err) < 0) {
		free(running);
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	}
	box.reservations = cr_reservations_plan(plan);
	if (!box.reservations) {
		box_free(&box);
		free(running);
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	}
	*running = (struct cr_running){
		.ctl = -1,
		.command = -1,
		.listener = -1,
		.flags = launch->flags,
		.timeout_ms = timeout_of(plan),
		.started_ms = cr_now_ms(),
		.reservations = box.reservations,
	};
	*child = (struct cr_child){.pid = 0, .impl = running};

	/* Before the start: a filter that notifies nobody would hold the command for ever. */
	if (launch->flags & CR_LAUNCH_EXPLAIN)
		running->notifier = cr_notifier_new(plan, launch);
	box.explain = running->notifier != NULL;

	int started = start(&box, running, err);

	box_free(&box);
	if (started < 0) {
		cr_child_free(child);
		return -1;
	}
	child->pid = running->init;
	return 0;
}

int cr_child_signal(struct cr_child *child, int sig, struct cr_err *err)
{
	struct cr_running *running = child->impl;

	if (!running || pidfd_send_signal(running->command, sig, NULL, 0) < 0)
		return cr_fail_os(err, CR_E_IO, running ? errno : ESRCH,
				  "cannot signal the command");
	return 0;
}

void cr_child_free(struct cr_child *child)
{
	struct cr_running *running = child->impl;

	if (!running)
		return;
	end_box(running);
	cr_close_fd(&running->ctl);
	cr_reservations_free(running->reservations);
	cr_close_fd(&running->command);
	cr_close_fd(&running->listener);
	cr_notifier_free(running->notifier);
	free(running);
	*child = (struct cr_child){0};
}
