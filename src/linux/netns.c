/*
 * netns.c - the box's network: a namespace of its own with nothing in it but loopback.
 *
 * Making a network namespace costs the kernel as much time as all mounts of a box together, so
 * a short-lived helper makes it while init builds the view. The helper shares init's memory and
 * descriptors (CLONE_VM | CLONE_FILES) and ends before anything hostile runs; it must not
 * allocate, and must not touch the box but for its own few fields.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/fd.h"

#define JOIN_TRIES 2000 /* about half a millisecond */

static int loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;

	int result = ioctl(fd, SIOCSIFFLAGS, &request);

	close(fd);
	return result;
}

static int helper_main(void *arg)
{
	struct cr_netns *netns = arg;

	if (unshare(CLONE_NEWNET) < 0 || loopback_up() < 0)
		netns->error = errno;
	else if ((netns->fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) < 0)
		netns->error = errno;
	atomic_store_explicit(&netns->done, true, memory_order_release);
	return 0;
}

int cr_netns_start(struct cr_box *box)
{
	struct cr_netns *netns = &box->netns;

	char *stack = cr_stack_new();

	netns->fd = -1;
	netns->helper =
		!stack ? -1 : clone(helper_main, stack, CLONE_VM | CLONE_FILES | SIGCHLD, netns);
	return netns->helper < 0 ? cr_step_fail(box, "start a helper") : 0;
}

/* The helper is a few microseconds from its end when init gets here, or the other way round: being
 * woken up would take longer than asking. */
static void await_namespace(struct cr_netns *netns)
{
	for (int i = 0; i < JOIN_TRIES; i++) {
		if (atomic_load_explicit(&netns->done, memory_order_acquire))
			return;
		sched_yield();
	}
	cr_reap(&netns->helper);
}

int cr_netns_join(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	struct cr_netns *netns = &box->netns;

	(void)step;
	(void)grab;
	await_namespace(netns);

	/* A count that is used up, a filter around us: the full tier cannot be had. */
	if (netns->error)
		return cr_fail_os(box->err, cr_namespace_failure(netns->error), netns->error,
				  "cannot make a network namespace");
	if (netns->fd < 0 || setns(netns->fd, CLONE_NEWNET) < 0)
		return cr_step_fail(box, "enter the network namespace");
	cr_close_fd(&netns->fd);
	return 0;
}
