/*
 * blank.c - forks init.
 *
 * The kernel needs longer for the namespaces than for all the rest of a box. `carrel run`
 * therefore begins a box in the tier that is most likely before it has read a policy; nothing
 * of the policy is in it. A plan for another tier, or none, ends it unused: init sees the end of
 * its control socket and exits. Must never start a command.
 */
#include "linux/blank.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/calls.h"
#include "linux/fd.h"

#define REGION_BYTES ((size_t)4 << 20) /* enough for nearly every plan; costs nothing unused */

static pid_t fork_into_namespaces(void)
{
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWPID, /* init makes the others */
		.exit_signal = SIGCHLD,
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

enum cr_errc cr_namespace_failure(int cause)
{
	/* Else EPERM: a setting or a seccomp filter; ENOSPC, EUSERS: a count; ENOSYS: a filter. */
	bool will_pass = cause == EAGAIN || cause == ENOMEM || cause == EMFILE || cause == ENFILE;

	return will_pass ? CR_E_STEP : CR_E_TIER;
}

void cr_reap(pid_t *pid)
{
	while (*pid > 0 && waitpid(*pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	*pid = 0;
}

static int fork_failed(enum cr_tier tier, int cause, struct cr_err *err)
{
	if (tier == CR_TIER_FULL && cr_namespace_failure(cause) == CR_E_TIER)
		return cr_fail_os(err, CR_E_TIER, cause, "cannot create namespaces");
	return cr_fail_os(err, CR_E_STEP, cause, "cannot start a process");
}

/*
 * In the landlock tier nothing ends the box when init is killed from outside, so its processes come
 * to us. Not to a program that uses the library, and not when this process has children already,
 * which a shell leaves to what it executes: they are not ours to end.
 */
static int can_adopt(enum cr_tier tier, unsigned flags)
{
	siginfo_t info;

	return tier != CR_TIER_FULL && (flags & CR_LAUNCH_TERMINAL) &&
	       waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD &&
	       prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
}

static int fork_init(struct cr_blank *blank, struct cr_err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot make the control socket");

	struct cr_birth birth = {
		.tier = blank->tier,
		.ctl = pair[1],
		.uid = geteuid(),
		.gid = getegid(),
		.outer_pid = getpid(),
		.launcher = pidfd_open(getpid(), 0),
	};

	blank->ctl = pair[0];
	blank->init = birth.launcher < 0            ? -1
		      : blank->tier == CR_TIER_FULL ? fork_into_namespaces()
						    : fork();

	int cause = errno;

	if (blank->init == 0) {
		close(pair[0]);
		cr_init_main(&birth);
	}
	close(pair[1]);
	cr_close_fd(&birth.launcher);
	return blank->init < 0 ? fork_failed(blank->tier, cause, err) : 0;
}

static int fork_deaf(struct cr_blank *blank, struct cr_err *err)
{
	sigset_t all;

	/* Blocked in init for good: it answers to nothing but its control socket. */
	cr_all_signals(&all);
	if (cr_mask_signals(&all, &blank->old_mask) < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot block signals");

	int forked = fork_init(blank, err);

	/* If that fails we are deaf a little early. The command gets old_mask all the same. */
	cr_mask_signals(&blank->old_mask, NULL);
	return forked;
}

struct cr_blank *cr_blank_make(enum cr_tier tier, unsigned flags, size_t size, struct cr_err *err)
{
	struct cr_blank *blank = calloc(1, sizeof(*blank));

	if (!blank ||
	    cr_region_map(&blank->region, size > REGION_BYTES ? size : REGION_BYTES) < 0) {
		free(blank);
		cr_fail(err, CR_E_NOMEM, "out of memory");
		return NULL;
	}
	blank->tier = tier;
	blank->ctl = -1;
	blank->adopts = can_adopt(tier, flags);
	if (fork_deaf(blank, err) == 0)
		return blank;
	cr_blank_discard(blank);
	return NULL;
}

/* A new process waits on its parent's processor. Init's first act is to start the helper that makes
 * the network namespace, on another one: the sooner, the more of it goes unnoticed. */
struct cr_blank *cr_blank_begin(void)
{
	struct cr_err ignored;
	struct cr_blank *blank = cr_blank_make(CR_TIER_FULL, 0, 0, &ignored);

	sched_yield();
	return blank;
}

int cr_blank_fits(const struct cr_blank *blank, const struct cr_plan *plan,
		  const struct cr_launch *launch)
{
	for (int i = 0; i < 3; i++)
		if (launch->stdio[i] >= 0)
			return 0;
	return blank->tier == plan->tier && launch->n_keep_fds == 0 &&
	       blank->region.size >= cr_order_size(plan, launch);
}

void cr_blank_discard(struct cr_blank *blank)
{
	if (!blank)
		return;
	cr_close_fd(&blank->ctl);
	cr_reap(&blank->init);
	cr_region_unmap(&blank->region);
	free(blank);
}
