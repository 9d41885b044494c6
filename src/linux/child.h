/* child.h - the launcher's handle of one running box (struct cr_child's impl). */
#ifndef CR_CHILD_H
#define CR_CHILD_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/backend.h"
#include "linux/cgroup.h"
#include "linux/order.h"

struct cr_notifier;
struct cr_reservations;

struct cr_running {
	pid_t init;              /* our child; 0 once reaped */
	int ctl;                 /* to init */
	int command;             /* pidfd of the command */
	int listener;            /* seccomp notifications, or -1 */
	uint64_t timeout_ms;     /* 0: none */
	uint64_t started_ms;     /* CLOCK_MONOTONIC */
	unsigned flags;          /* of the launch */
	int adopts;              /* landlock tier: what init leaves behind comes to us */
	sigset_t old_mask;       /* restored when the box ends */
	struct cr_region region; /* shared with init */
	struct cr_broker broker; /* pid 0: the plan needs none */
	struct cr_cgroup group;
	void (*on_watch)(void *); /* NULL: nothing is watched for the caller */
	void *watch_arg;
	int watch;
	int lent;        /* the terminal is not the command's now */
	int was_stopped; /* the command, meanwhile */
	int was_lent;    /* a stop for want of the terminal may still be reported, once */
	struct cr_notifier *notifier;
	bool canary_served;
	atomic_bool *looking; /* set while refusals are judged in the view of the box */
	struct cr_reservations *reservations;
};

/* Once init has said that nothing of the box lives: removes what the launcher made, reaps init. */
void cr_running_reap(struct cr_running *running);

/* notify.c: watches refused operations. NULL when memory is out: then nothing is reported. */
struct cr_notifier *cr_notifier_new(const struct cr_plan *plan, const struct cr_launch *launch);
void cr_notifier_free(struct cr_notifier *notifier);

/* Serves one notification of `listener`. Every call is let go on, but for connections of a box with
 * a broker (`talk` not -1): those it is asked about, and cr_notifier_hear answers. */
void cr_notifier_serve(struct cr_notifier *notifier, int listener, int talk);

/* While the box is started: takes one notification of `listener` and refuses it. */
void cr_notifier_refuse(struct cr_notifier *notifier, int listener);

/* Takes one message of the broker. -1: it is gone, and so is the network of the box. */
int cr_notifier_hear(struct cr_notifier *notifier, int listener, int talk);

/* Sends the broker an answer: id, allowed, seconds; end: why not. -1: it is gone. */
int cr_notifier_answer(int talk, const struct cr_net_msg *answer);

/* wait.c: milliseconds of CLOCK_MONOTONIC. */
uint64_t cr_now_ms(void);

#endif
