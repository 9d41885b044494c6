/*
 * wait.c - the launcher while the command runs: signals, stops, time limit, refusals.
 *
 * The command shares the terminal and the process group of its launcher, so the kernel
 * delivers Ctrl-C and resize to it directly. What the kernel cannot know is done here: a signal
 * sent to the launcher is passed on, and when the command stops, the launcher stops as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/calls.h"
#include "linux/child.h"
#include "linux/fd.h"

#define FAREWELL_MS 2000 /* for the last words of the broker */
#define GRACE_MS    2000 /* between SIGTERM and the end, when the time is up */

static const int forwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};

uint64_t cr_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct waiting {
	struct cr_running *running;
	int signals;     /* signalfd, or -1 */
	int tty;         /* the terminal we were in the foreground of, or -1 */
	pid_t tty_group; /* to give it back to */
	int ended;       /* status is valid */
	int status;
	int timed_out;
	int ending; /* init has been told to end the box */
	int uncovered;
	struct cr_err why;
};

static void open_signals(struct waiting *w)
{
	sigset_t watched, blocked;

	sigemptyset(&watched);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(&watched, forwarded[i]);
	blocked = watched;

	/* Stops come from init's report, so that a resumed launcher never acts on an old one. */
	sigaddset(&blocked, SIGTSTP);
	sigaddset(&blocked, SIGTTIN);
	sigaddset(&blocked, SIGTTOU);
	sigorset(&blocked, &blocked, &w->running->old_mask);
	w->signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);

	/* Everything was blocked since the start (enforce.c): what came waits in w->signals. */
	cr_mask_signals(&blocked, NULL);
}

static void open_tty(struct waiting *w)
{
	w->tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (w->tty < 0)
		return;
	w->tty_group = tcgetpgrp(w->tty);
	if (w->tty_group != getpgrp())
		cr_close_fd(&w->tty);
}

static void forward_signals(struct waiting *w)
{
	struct signalfd_siginfo info;

	while (read(w->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		/* From the terminal: the command, in the same process group, has it already. But a
		 * terminal that goes away tells only the leader of its session, which may be us. */
		if (info.ssi_code == SI_KERNEL && info.ssi_signo != SIGHUP)
			continue;
		pidfd_send_signal(w->running->command, (int)info.ssi_signo, NULL, 0);
	}
}

/* Milliseconds until the time limit needs us; -1: never. */
static int time_left(const struct waiting *w)
{
	const struct cr_running *running = w->running;

	if (!running->timeout_ms)
		return -1;

	uint64_t due = running->started_ms + running->timeout_ms + (w->timed_out ? GRACE_MS : 0);
	uint64_t now = cr_now_ms();

	if (now >= due)
		return 0;
	return due - now > INT32_MAX ? INT32_MAX : (int)(due - now);
}

/* The time limit also holds while we are stopped: a command could stop us for ever by stopping
 * itself, and its children would go on. Repeats, since it may come the moment before we stop. */
static int wake_in_time(const struct waiting *w, timer_t *timer)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT};
	int left = time_left(w);
	struct itimerspec when = {
		.it_value = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000L + 1},
		.it_interval = {.tv_sec = 1},
	};

	if (left < 0 || timer_create(CLOCK_MONOTONIC, &event, timer) < 0)
		return -1;
	return timer_settime(*timer, 0, &when, NULL);
}

/* Stops ourselves the way the command stopped; returns when we are continued. */
static void stop_like(struct waiting *w, int sig)
{
	sigset_t one;
	timer_t timer;

	if (!(w->running->flags & CR_LAUNCH_TERMINAL))
		return;

	int timed = wake_in_time(w, &timer);

	sigemptyset(&one);
	sigaddset(&one, sig);
	if (w->tty >= 0)
		tcsetpgrp(w->tty, w->tty_group);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	sigprocmask(SIG_BLOCK, &one, NULL);
	if (timed == 0)
		timer_delete(timer);

	/* A shell continues our process group; the command may have made its own. */
	pidfd_send_signal(w->running->command, SIGCONT, NULL, 0);
}

static bool is_for_terminal(int sig)
{
	return sig == SIGTTIN || sig == SIGTTOU || sig == SIGSTOP;
}

/* The terminal was taken from the command for a question: what it did then is no wish to stop. */
static bool is_excused(struct waiting *w, int sig)
{
	struct cr_running *running = w->running;

	if (running->lent) {
		running->was_stopped = 1;
		return true;
	}
	/* It was continued when it got the terminal back; the report only comes late. */
	if (!running->was_lent || !is_for_terminal(sig) || w->tty < 0 ||
	    tcgetpgrp(w->tty) != w->tty_group)
		return false;
	running->was_lent = 0;
	pidfd_send_signal(running->command, SIGCONT, NULL, 0);
	return true;
}

/* A stop that init reports after it was told to end the box is none to share: nothing would wake
 * us. */
static void on_stopped(struct waiting *w, int sig)
{
	if (!w->ending && !is_excused(w, sig))
		stop_like(w, sig);
}

void cr_child_lose_terminal(struct cr_child *child)
{
	struct cr_running *running = child->impl;

	running->lent = 1;
	running->was_stopped = 0;
}

void cr_child_regain_terminal(struct cr_child *child)
{
	struct cr_running *running = child->impl;

	running->lent = 0;
	running->was_lent = !running->was_stopped;
	pidfd_send_signal(running->command, SIGCONT, NULL, 0);
}

int cr_child_answer(struct cr_child *child, uint64_t id, bool allowed, uint32_t seconds,
		    struct cr_err *err)
{
	const struct cr_running *running = child->impl;
	const struct cr_net_msg answer = {.id = id, .allowed = allowed, .seconds = seconds};

	if (cr_notifier_answer(running->broker.talk, &answer) < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot answer the broker");
	return 0;
}

static void take_message(struct waiting *w)
{
	struct cr_msg msg;
	CR_AUTO_FD int fd = -1;

	if (cr_msg_receive(w->running->ctl, &msg, &fd) <= 0) {
		w->ended = 1; /* init was killed from outside; the kernel ended the box */
		w->status = SIGKILL;
		return;
	}
	if (msg.kind == CR_MSG_ENDED) {
		w->ended = 1;
		w->status = msg.status;
	}
	if (msg.kind == CR_MSG_UNCOVERED) {
		w->uncovered = 1;
		w->why = msg.err;
	}
	if (msg.kind == CR_MSG_STOPPED)
		on_stopped(w, WSTOPSIG(msg.status));
}

static void time_is_up(struct waiting *w)
{
	if (!w->timed_out) {
		w->timed_out = 1;
		pidfd_send_signal(w->running->command, SIGTERM, NULL, 0);
		pidfd_send_signal(w->running->command, SIGCONT, NULL, 0);
		return;
	}

	struct cr_msg end = {.kind = CR_MSG_END};

	cr_msg_send(w->running->ctl, &end, -1);
	w->running->timeout_ms = 0;
	w->ending = 1;
}

/* When it has ended there is nobody to hold connections for: they fail by themselves. */
static void hear_broker(struct cr_running *running)
{
	if (cr_notifier_hear(running->notifier, running->listener, running->broker.talk) < 0)
		cr_close_fd(&running->broker.talk);
}

/* What it still has to tell of the connections that ended with the box. */
static void hear_farewell(struct cr_running *running)
{
	struct pollfd polled = {.fd = running->broker.talk, .events = POLLIN};

	if (polled.fd < 0 || shutdown(polled.fd, SHUT_WR) < 0)
		return;
	uint64_t end = cr_now_ms() + FAREWELL_MS;

	while (cr_now_ms() < end && poll(&polled, 1, FAREWELL_MS) > 0 &&
	       cr_notifier_hear(running->notifier, -1, polled.fd) == 0)
		;
	cr_close_fd(&running->broker.talk); /* nobody waits for it again */
}

static void wait_once(struct waiting *w)
{
	struct pollfd polled[] = {
		{.fd = w->running->ctl, .events = POLLIN},
		{.fd = w->running->listener, .events = POLLIN},
		{.fd = w->signals, .events = POLLIN},
		{.fd = w->running->broker.talk, .events = POLLIN},
		{.fd = w->running->watch, .events = POLLIN},
	};
	int ready = poll(polled, 5, time_left(w));

	/* Also when there is something to do: a command that keeps us busy does not get more time.
	 */
	if (time_left(w) == 0)
		time_is_up(w);
	if (ready <= 0)
		return;
	if (polled[1].revents & POLLIN) {
		/* Set before the notification is taken: whoever sent it still lives then. */
		atomic_store(w->running->looking, true);
		cr_notifier_serve(w->running->notifier, w->running->listener,
				  w->running->broker.talk);
		atomic_store(w->running->looking, false);
	} else if (polled[1].revents)
		cr_close_fd(&w->running->listener); /* no process uses the filter any more */
	if (polled[3].revents)
		hear_broker(w->running);
	if (polled[4].revents)
		w->running->on_watch(w->running->watch_arg);
	if (polled[2].revents)
		forward_signals(w);
	if (polled[0].revents)
		take_message(w);
}

static void fill(const struct waiting *w, struct cr_result *result)
{
	if (w->uncovered)
		*result = (struct cr_result){.end = CR_END_UNCOVERED, .why = w->why};
	else if (w->timed_out)
		*result = (struct cr_result){.end = CR_END_TIMEOUT};
	else if (WIFSIGNALED(w->status))
		*result = (struct cr_result){.end = CR_END_SIGNALED, .value = WTERMSIG(w->status)};
	else
		*result = (struct cr_result){.end = CR_END_EXITED, .value = WEXITSTATUS(w->status)};
}

int cr_wait(struct cr_child *child, struct cr_result *result, struct cr_err *err)
{
	struct waiting w = {.running = child->impl, .signals = -1, .tty = -1};

	if (!w.running || !w.running->init)
		return cr_fail(err, CR_E_USAGE, "the box is not running");
	if (w.running->flags & CR_LAUNCH_TERMINAL) {
		open_signals(&w);
		open_tty(&w);
	}
	while (!w.ended)
		wait_once(&w);
	cr_running_reap(w.running);
	hear_farewell(w.running);

	/* An interactive shell in the box took the terminal; it cannot give it back from there. */
	if (w.tty >= 0)
		tcsetpgrp(w.tty, w.tty_group);
	cr_close_fd(&w.tty);
	cr_close_fd(&w.signals);
	cr_mask_signals(&w.running->old_mask, NULL);
	fill(&w, result);
	return 0;
}
