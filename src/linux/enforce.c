/*
 * enforce.c - the launcher's half of starting a box.
 *
 * Gives init its order and waits until the command has been executed or something failed. After a
 * failure nothing is left: no process, no mount, no file. Must never let the
 * command start when any step failed.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux/blank.h"
#include "linux/box.h"
#include "linux/calls.h"
#include "linux/child.h"
#include "linux/fd.h"

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

/* A network socket of the host leads to the host's network: closed, it connects elsewhere. Of the
 * AF_UNIX ones a datagram socket sends anywhere, and one that is not connected yet connects. */
static int refuse_socket(int fd, struct cr_err *err)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(int), peer_len = sizeof(peer);
	int domain, type, listens = 0;

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && domain == AF_UNIX &&
	    type != SOCK_DGRAM &&
	    (getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0 ||
	     (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && listens)))
		return 0;
	cr_fail(err, CR_E_USAGE, "descriptor %d is a socket of the host", fd);
	return cr_hint(err, "it would lead around the network of the box; put a pipe in between");
}

static int check_descriptor(int fd, struct cr_err *err)
{
	return refuse_directory(fd, err) < 0 ? -1 : refuse_socket(fd, err);
}

static int check_descriptors(const struct cr_launch *launch, struct cr_err *err)
{
	for (int i = 0; i < 3; i++)
		if (check_descriptor(launch->stdio[i] >= 0 ? launch->stdio[i] : i, err) < 0)
			return -1;
	for (size_t i = 0; i < launch->n_keep_fds; i++)
		if (check_descriptor(launch->keep_fds[i], err) < 0)
			return -1;
	return 0;
}

static void end_adopted(void)
{
	while (waitpid(-1, NULL, WNOHANG | __WALL) >= 0 || errno != ECHILD)
		if (cr_kill_children() < 0 || waitpid(-1, NULL, __WALL) < 0)
			return;
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

/* The broker of a box with a proxy says when it is confined; of the others it tells init. */
static int await_broker(struct cr_running *running, struct cr_err *err)
{
	struct pollfd polled = {.fd = running->broker.talk, .events = POLLIN};
	struct cr_net_msg msg;
	CR_AUTO_FD int none = -1;

	if (!running->broker.proxy)
		return 0;
	while (poll(&polled, 1, -1) < 0)
		if (errno != EINTR)
			return cr_fail_os(err, CR_E_STEP, errno, "cannot talk to the broker");
	if (cr_net_receive(polled.fd, &msg, &none) <= 0 || msg.kind != CR_NET_READY)
		return cr_fail(err, CR_E_STEP, "the broker has ended");
	return 0;
}

/* The canary's call of connect, the first of all, waits for us; whatever is called later, by the
 * command, must wait for cr_wait. */
static void serve_canary(struct cr_running *running)
{
	struct pollfd polled[] = {
		{.fd = running->ctl, .events = POLLIN},
		{.fd = running->listener, .events = POLLIN},
	};

	if (!running->broker.proxy || running->canary_served || running->listener < 0)
		return;
	while (poll(polled, 2, -1) < 0 && errno == EINTR)
		;
	if (polled[0].revents || !(polled[1].revents & POLLIN))
		return;
	cr_notifier_refuse(running->notifier, running->listener);
	running->canary_served = true;
}

/* Takes messages until the command runs or has failed to. */
static int await_start(struct cr_running *running, struct cr_err *err)
{
	struct cr_msg msg;
	int fd;

	for (;;) {
		serve_canary(running);

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

static void remove_names(struct cr_running *running)
{
	struct cr_msg msg = {.kind = CR_MSG_RELEASE};
	int fd;

	if (cr_reservations_count(running->reservations) == 0)
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
	/* Fails when init is gone, which is as good. */
	if (cr_msg_send(running->ctl, &done, -1) < 0)
		cr_close_fd(&running->ctl);
	cr_reap(&running->init);
	if (running->adopts)
		end_adopted();
	cr_cgroup_leave(&running->group);
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

static int send_order(struct cr_running *running, const struct cr_order *order, struct cr_err *err)
{
	struct cr_msg msg = {.kind = CR_MSG_ORDER, .order = order};

	/* EPIPE: it has failed and gone; its message says why. */
	if (cr_msg_send(running->ctl, &msg, running->broker.capture) < 0 && errno != EPIPE)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot talk to the box");
	cr_close_fd(&running->broker.capture);
	return 0;
}

static int start(struct cr_running *running, struct cr_order *order, struct cr_err *err)
{
	sigset_t all;

	cr_all_signals(&all);
	if (cr_mask_signals(&all, NULL) < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot block signals");
	order->old_mask = running->old_mask;

	int started = send_order(running, order, err);

	if (started < 0 || reserve_names(running, err) < 0 || await_broker(running, err) < 0) {
		end_box(running);
		started = -1;
	} else if (await_start(running, err) < 0) {
		cr_running_reap(running);
		started = -1;
	}
	/* A launcher of its own stays deaf until cr_wait listens: a hang-up or Ctrl-C in between
	 * would end it, and the box, before the command has heard of it. */
	if (started < 0 || !(running->flags & CR_LAUNCH_TERMINAL))
		cr_mask_signals(&running->old_mask, NULL);
	return started;
}

/* The box that was begun, when the plan fits it; else one of its own. Takes launch->blank. */
static struct cr_blank *find_blank(const struct cr_plan *plan, const struct cr_launch *launch,
				   struct cr_err *err)
{
	if (launch->blank && cr_blank_fits(launch->blank, plan, launch))
		return launch->blank;
	cr_blank_discard(launch->blank);
	return cr_blank_make(plan->tier, launch->flags, cr_order_size(plan, launch), err);
}

static struct cr_broker broker_of(const struct cr_launch *launch)
{
	static const struct cr_broker none = {.talk = -1, .capture = -1};

	return launch->broker.pid ? launch->broker : none;
}

static struct cr_running *running_new(struct cr_blank *blank, const struct cr_plan *plan,
				      const struct cr_launch *launch)
{
	struct cr_running *running = malloc(sizeof(*running));

	if (!running)
		return NULL;
	*running = (struct cr_running){
		.init = blank->init,
		.ctl = blank->ctl,
		.command = -1,
		.listener = -1,
		.flags = launch->flags,
		.timeout_ms = cr_plan_value(plan, CR_STEP_TIMEOUT),
		.started_ms = cr_now_ms(),
		.adopts = blank->adopts,
		.old_mask = blank->old_mask,
		.region = blank->region,
		.broker = broker_of(launch),
		.group = {.parent = -1},
		.on_watch = launch->on_watch,
		.watch_arg = launch->arg,
		.watch = launch->on_watch ? launch->watch : -1,
	};
	return running;
}

static int fill(struct cr_running *running, const struct cr_plan *plan,
		const struct cr_launch *launch, struct cr_err *err)
{
	struct cr_order *order = cr_order_make(&running->region, plan, launch);

	running->reservations = cr_reservations_plan(&running->region, plan);
	if (!order || !running->reservations) {
		end_box(running);
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	}
	/* Before the start: a filter that notifies nobody would hold the command for ever. */
	if ((launch->flags & CR_LAUNCH_EXPLAIN) || running->broker.pid)
		running->notifier = cr_notifier_new(plan, launch);
	if (!running->notifier && running->broker.pid) {
		end_box(running);
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	}
	order->explain = running->notifier && (launch->flags & CR_LAUNCH_EXPLAIN);
	running->looking = order->looking;
	if (cr_cgroup_enter(plan, running->init, &running->group, err) < 0) {
		end_box(running);
		return -1;
	}
	return start(running, order, err);
}

static int check(const struct cr_plan *plan, const struct cr_launch *launch, struct cr_err *err)
{
	if (plan->os != CR_OS_LINUX || plan->n_gaps > CR_MAX_STEPS || !launch->argv[0])
		return cr_fail(err, CR_E_USAGE, "not a plan for this system");
	return check_descriptors(launch, err);
}

int cr_enforce(const struct cr_plan *plan, const struct cr_launch *launch, struct cr_child *child,
	       struct cr_err *err)
{
	struct cr_err local;

	if (!err)
		err = &local;
	struct cr_broker broker = broker_of(launch);

	if (check(plan, launch, err) < 0) {
		cr_blank_discard(launch->blank);
		cr_broker_end(&broker);
		return -1;
	}

	struct cr_blank *blank = find_blank(plan, launch, err);
	struct cr_running *running = blank ? running_new(blank, plan, launch) : NULL;

	if (!running) {
		cr_blank_discard(blank);
		cr_broker_end(&broker);
		return blank ? cr_fail(err, CR_E_NOMEM, "out of memory") : -1;
	}
	free(blank); /* what it held is running's now */
	*child = (struct cr_child){.pid = running->init, .impl = running};
	if (fill(running, plan, launch, err) == 0)
		return 0;
	cr_child_free(child);
	return -1;
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
	if (running->reservations)
		cr_reservations_close(running->reservations);
	cr_region_unmap(&running->region);
	cr_close_fd(&running->command);
	cr_close_fd(&running->listener);
	cr_broker_end(&running->broker);
	cr_notifier_free(running->notifier);
	free(running);
	*child = (struct cr_child){0};
}
