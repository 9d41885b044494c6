/*
 * notify.h - what the two halves of the notifier share: notify.c, which explains what was refused,
 * and connect.c, which speaks with the broker.
 */
#ifndef CR_NOTIFY_H
#define CR_NOTIFY_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/backend.h"

#define CR_KNOWN_PLACES 64

/* Where the broker listens, and who it was last told goes there. */
struct cr_known_place {
	struct cr_net_addr addr; /* port 0: none */
	pid_t pid;
};

/* A file of the host as it was when the broker was last told. */
struct cr_told_file {
	bool is_settled; /* whoever changes it after that leaves another time in it */
	struct stat as;  /* all zero: there was none */
};

struct cr_resolver {
	struct cr_told_file resolv_conf, hosts;
};

struct cr_notifier {
	cr_denial_fn on_denial;
	cr_connection_fn on_connection;
	cr_ask_fn on_ask;
	void *arg;
	bool full;       /* the box has a mount view of its own */
	bool captures;   /* connections lead to a broker */
	uint16_t proxy;  /* or only this port of 127.0.0.1 can be reached, where it is a proxy; 0 */
	uint64_t *asked; /* calls that wait for a verdict of the broker */
	size_t n_asked, cap_asked;
	int root; /* the box's root directory; opened at the first notification */
	struct seccomp_notif *request;
	struct seccomp_notif_resp *response;
	size_t request_size, response_size;
	struct cr_known_place known[CR_KNOWN_PLACES];
	struct cr_resolver resolver;
};

/* Answers the notification `id`: the call fails with `error`, returns 0 as if it had been carried
 * out, or is carried out. */
void cr_notify_refuse(struct cr_notifier *n, int listener, uint64_t id, int error);
void cr_notify_succeed(struct cr_notifier *n, int listener, uint64_t id);
void cr_notify_let_go_on(struct cr_notifier *n, int listener, uint64_t id);

/* The name of a process as the kernel knows it; "" when it is gone. */
void cr_notify_comm(pid_t pid, char *buf, size_t size);

/* Tells the caller of the library. *denial is completed with who, and when. */
void cr_notify_report(struct cr_notifier *n, pid_t pid, const char *program,
		      struct cr_denial *denial);

/* connect.c: a connect of n->request to `address`. False when the broker has nothing to do with it:
 * then the call has not been answered. */
bool cr_connect_ask(struct cr_notifier *n, const struct sockaddr_storage *address, socklen_t len,
		    int listener, int talk);

/* A connect of n->request in a box with a proxy; `address` NULL: it could not be read. It is
 * answered, now or with the broker's verdict, and never let go on. */
void cr_connect_proxied(struct cr_notifier *n, const struct sockaddr_storage *address,
			socklen_t len, int listener, int talk);

/* The same without a broker, once the call was let go on: reports what had no way out. */
void cr_connect_judge(struct cr_notifier *n, const struct sockaddr_storage *address, socklen_t len);

/* Sends the broker a message, with a descriptor or -1, and waits a little until there is room. 0;
 * -1 with errno. */
int cr_broker_tell(int talk, const struct cr_net_msg *msg, int with);

/* resolver.c: tells the broker what it does not know yet of how the host looks up names. */
void cr_resolver_answer(struct cr_resolver *resolver, int talk);

#endif
