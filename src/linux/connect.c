/*
 * connect.c - the launcher between a caller of connect(2) and the broker.
 *
 * With rules about connections the broker is asked before the call goes on: it refuses, or sees to
 * it that there is a socket of its own at that address of the box's network. Either way the address
 * decides nothing here: a call whose argument is changed meanwhile ends in the same namespace.
 *
 * Without a network of its own (landlock tier, with a proxy) the address is the boundary: such a
 * call must never be carried out, because the kernel would read it again from memory that other
 * threads of the box can write. The broker connects the caller's own socket instead, to the one
 * address there is; whichever socket has taken the number meanwhile, that is where it leads.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/limits.h"
#include "linux/calls.h"
#include "linux/child.h"
#include "linux/fd.h"
#include "linux/notify.h"

#define PATIENCE_MS 1000  /* for the broker to take a message */
#define MAX_ASKED   65536 /* calls that wait at once */
#define LAST_ERRNO  133   /* EHWPOISON; the kernel has meanings of its own for larger ones */

/* Older kernels only know pidfds of whole processes, and the caller may be any thread. */
static pid_t process_of(pid_t thread)
{
	char path[64], text[512];
	const char *line;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)thread);

	CR_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[len > 0 ? len : 0] = '\0';
	line = strstr(text, "\nTgid:");
	return line ? (pid_t)strtol(line + strlen("\nTgid:"), NULL, 10) : thread;
}

static int open_thread(pid_t thread)
{
	int fd = pidfd_open(thread, PIDFD_THREAD);

	return fd >= 0 || errno != EINVAL ? fd : pidfd_open(process_of(thread), 0);
}

/* Programs connect UDP sockets only to learn which address would be used. */
static bool is_stream(pid_t pid, int number)
{
	CR_AUTO_FD int process = open_thread(pid);
	CR_AUTO_FD int fd = process < 0 ? -1 : pidfd_getfd(process, number, 0);
	int type = SOCK_STREAM;
	socklen_t len = sizeof(type);

	return fd < 0 || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
	       type == SOCK_STREAM;
}

static bool read_address(const struct sockaddr_storage *from, socklen_t len,
			 struct cr_net_addr *out)
{
	if (!cr_net_from_sockaddr((const struct sockaddr *)from, len, out))
		return false;
	cr_net_unmap(out);
	return true;
}

/* The box's own, and what connect(2) takes for it: no address at all. */
static bool is_loopback(const struct cr_net_addr *addr)
{
	static const uint8_t none[16], last[16] = {[15] = 1};

	if (addr->family == 4)
		return addr->bytes[0] == 127 || memcmp(addr->bytes, none, 4) == 0;
	return memcmp(addr->bytes, last, sizeof(last)) == 0 ||
	       memcmp(addr->bytes, none, sizeof(none)) == 0;
}

/* A thousand threads may connect at once; but a broker that takes nothing more must not hold us. */
int cr_broker_tell(int talk, const struct cr_net_msg *msg, int with)
{
	struct pollfd polled = {.fd = talk, .events = POLLOUT};

	for (;;) {
		if (cr_net_send(talk, msg, with) == 0)
			return 0;
		if (errno != EAGAIN || poll(&polled, 1, PATIENCE_MS) <= 0)
			return -1;
	}
}

static struct cr_known_place *place_of(struct cr_notifier *n, const struct cr_net_addr *addr)
{
	unsigned hash = addr->port;

	for (size_t i = 0; i < sizeof(addr->bytes); i++)
		hash = hash * 31 + addr->bytes[i];
	return &n->known[hash % CR_KNOWN_PLACES];
}

static bool is_known(struct cr_notifier *n, const struct cr_net_addr *addr)
{
	return cr_net_same_addr(&place_of(n, addr)->addr, addr);
}

static int expect(struct cr_notifier *n, uint64_t id)
{
	size_t cap = n->cap_asked ? 2 * n->cap_asked : 16;
	uint64_t *grown;

	if (n->n_asked == n->cap_asked) {
		grown = cap > MAX_ASKED ? NULL : realloc(n->asked, cap * sizeof(*grown));
		if (!grown)
			return -1;
		n->asked = grown;
		n->cap_asked = cap;
	}
	n->asked[n->n_asked++] = id;
	return 0;
}

/* False when nobody has asked that: then there is nothing to be answered. */
static bool was_expected(struct cr_notifier *n, uint64_t id)
{
	for (size_t i = 0; i < n->n_asked; i++) {
		if (n->asked[i] != id)
			continue;
		n->asked[i] = n->asked[--n->n_asked];
		return true;
	}
	return false;
}

/* Nobody will answer any more. */
static void refuse_all(struct cr_notifier *n, int listener)
{
	while (n->n_asked > 0)
		cr_notify_refuse(n, listener, n->asked[--n->n_asked], ECONNREFUSED);
}

static void ask(struct cr_notifier *n, int listener, int talk, struct cr_net_msg *msg, int with)
{
	cr_notify_comm(msg->pid, msg->program, sizeof(msg->program));
	if (talk >= 0 && expect(n, msg->id) == 0) {
		if (cr_broker_tell(talk, msg, with) == 0)
			return;
		was_expected(n, msg->id);
	}
	cr_notify_refuse(n, listener, msg->id, ECONNREFUSED);
}

/* Not for every connection of the same program: the broker would wake up twice for each. */
static void tell_who(struct cr_notifier *n, int talk, struct cr_net_msg *want)
{
	struct cr_known_place *place = place_of(n, &want->addr);

	if (place->pid == want->pid)
		return;
	place->pid = want->pid;
	cr_notify_comm(want->pid, want->program, sizeof(want->program));
	cr_net_send(talk, want, -1);
}

bool cr_connect_ask(struct cr_notifier *n, const struct sockaddr_storage *address, socklen_t len,
		    int listener, int talk)
{
	pid_t pid = (pid_t)n->request->pid;
	struct cr_net_msg want = {.kind = CR_NET_WANT, .id = n->request->id, .pid = pid};

	if (!read_address(address, len, &want.addr) || is_loopback(&want.addr) ||
	    !is_stream(pid, (int)n->request->data.args[0]))
		return false;
	/* A listener stays, so nobody needs to wait for an answer; it only says who connects. */
	want.allowed = is_known(n, &want.addr);
	if (!want.allowed) {
		ask(n, listener, talk, &want, -1);
		return true;
	}
	if (talk >= 0)
		tell_who(n, talk, &want);
	return false;
}

static void tell_direct(struct cr_notifier *n, const struct cr_net_addr *addr, const char *boundary,
			int error)
{
	char object[CR_MAX_HOST + 64], program[CR_NET_PROGRAM];
	struct cr_denial denial = {
		.op = CR_OP_CONNECT,
		.object = cr_net_object("", addr, object, sizeof(object)),
		.boundary = boundary,
		.os_code = error,
	};

	cr_notify_comm((pid_t)n->request->pid, program, sizeof(program));
	cr_notify_report(n, (pid_t)n->request->pid, program, &denial);
}

void cr_connect_judge(struct cr_notifier *n, const struct sockaddr_storage *address, socklen_t len)
{
	struct cr_net_addr addr;

	if (read_address(address, len, &addr) && !is_loopback(&addr))
		tell_direct(n, &addr, "network namespace", ENETUNREACH);
}

static bool is_option(int fd, int option, int value)
{
	int is = 0;
	socklen_t len = sizeof(is);

	return getsockopt(fd, SOL_SOCKET, option, &is, &len) == 0 && is == value;
}

/* A duplicate of the caller's socket, if it is a TCP socket; -1 with what connect(2) is to say. */
static int take_socket(const struct cr_notifier *n, int listener)
{
	__u64 id = n->request->id;
	CR_AUTO_FD int process = open_thread((pid_t)n->request->pid);

	/* Only while the caller waits is the number surely its own. */
	if (process < 0 || ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) < 0) {
		errno = EACCES;
		return -1;
	}

	CR_AUTO_FD int fd = pidfd_getfd(process, (int)n->request->data.args[0], 0);

	if (fd < 0) {
		errno = errno == EBADF ? EBADF : EACCES;
		return -1;
	}
	if ((is_option(fd, SO_DOMAIN, AF_INET) || is_option(fd, SO_DOMAIN, AF_INET6)) &&
	    is_option(fd, SO_TYPE, SOCK_STREAM) && is_option(fd, SO_PROTOCOL, IPPROTO_TCP))
		return cr_steal_fd(&fd);
	errno = EACCES;
	return -1;
}

static bool is_proxy(const struct cr_notifier *n, const struct cr_net_addr *addr)
{
	static const uint8_t host[] = {127, 0, 0, 1};

	return addr->family == 4 && addr->port == n->proxy &&
	       memcmp(addr->bytes, host, sizeof(host)) == 0;
}

void cr_connect_proxied(struct cr_notifier *n, const struct sockaddr_storage *address,
			socklen_t len, int listener, int talk)
{
	struct cr_net_msg join = {
		.kind = CR_NET_JOIN, .id = n->request->id, .pid = (pid_t)n->request->pid};

	if (!address || !read_address(address, len, &join.addr)) {
		cr_notify_refuse(n, listener, join.id, address ? EACCES : EFAULT);
		return;
	}
	if (!is_proxy(n, &join.addr)) {
		cr_notify_refuse(n, listener, join.id, ECONNREFUSED);
		tell_direct(n, &join.addr, "seccomp: hosts are reached through the proxy only",
			    ECONNREFUSED);
		return;
	}

	CR_AUTO_FD int fd = take_socket(n, listener);

	if (fd < 0)
		cr_notify_refuse(n, listener, join.id, errno);
	else
		ask(n, listener, talk, &join, fd);
}

/* During the start every call is carrel's own, which tries what must fail. */
void cr_notifier_refuse(struct cr_notifier *n, int listener)
{
	memset(n->request, 0, n->request_size);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, n->request) == 0)
		cr_notify_refuse(n, listener, n->request->id, ECONNREFUSED);
}

static void go_there(struct cr_notifier *n, int listener, const struct cr_net_msg *verdict)
{
	if (verdict->allowed)
		*place_of(n, &verdict->addr) = (struct cr_known_place){.addr = verdict->addr};
	cr_notify_let_go_on(n, listener, verdict->id);
}

/* With a proxy the broker has carried out the call; without, it has only prepared it. */
static void give_verdict(struct cr_notifier *n, int listener, const struct cr_net_msg *msg)
{
	bool is_errno = msg->error > 0 && msg->error <= LAST_ERRNO;

	if (!was_expected(n, msg->id))
		return;
	if (msg->error)
		cr_notify_refuse(n, listener, msg->id,
				 n->proxy && is_errno ? msg->error : ECONNREFUSED);
	else if (n->proxy)
		cr_notify_succeed(n, listener, msg->id);
	else
		go_there(n, listener, msg);
}

static void tell_refused(struct cr_notifier *n, const struct cr_net_msg *event)
{
	char object[CR_MAX_HOST + 64];
	struct cr_denial denial = {
		.op = event->end == CR_NET_LOOKUP ? CR_OP_LOOKUP : CR_OP_CONNECT,
		.object = cr_net_object(event->name, &event->addr, object, sizeof(object)),
		.boundary = cr_net_end_text((enum cr_net_end)event->end),
		.net = (enum cr_net_end)event->end,
		.os_code = event->end == CR_NET_LOOKUP ? ENOENT : ECONNREFUSED,
	};

	if (event->end == CR_NET_LOOKUP)
		denial.object = event->name;
	cr_notify_report(n, event->pid, event->program, &denial);
}

int cr_notifier_answer(int talk, const struct cr_net_msg *answer)
{
	struct cr_net_msg msg = *answer;

	msg.kind = CR_NET_ANSWER;
	msg.addr.family = 4; /* none is said, but every message has one */
	return talk < 0 ? -1 : cr_broker_tell(talk, &msg, -1);
}

/* Whoever could be asked is asked; else the answer is no, at once. */
static void ask_somebody(struct cr_notifier *n, const struct cr_net_msg *question, int listener,
			 int talk)
{
	const struct cr_net_msg none = {.id = question->id, .end = CR_NET_NOBODY};

	if (n->on_ask && listener >= 0)
		n->on_ask(n->arg, question);
	else
		cr_notifier_answer(talk, &none);
}

int cr_notifier_hear(struct cr_notifier *n, int listener, int talk)
{
	struct cr_net_msg msg;
	CR_AUTO_FD int none = -1;

	int got = cr_net_receive(talk, &msg, &none);

	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got <= 0 || cr_net_msg_check(&msg)) {
		refuse_all(n, listener);
		return -1;
	}
	if (msg.kind == CR_NET_VERDICT)
		give_verdict(n, listener, &msg);
	if (msg.kind == CR_NET_ASK)
		ask_somebody(n, &msg, listener, talk);
	if (msg.kind == CR_NET_WITHDRAWN && n->on_ask)
		n->on_ask(n->arg, &msg);
	if (msg.kind == CR_NET_LOOK_UP)
		cr_resolver_answer(&n->resolver, talk);
	if (msg.kind != CR_NET_EVENT)
		return 0;
	if (n->on_connection)
		n->on_connection(n->arg, &msg);
	/* What a stranger on the host was refused is no doing of the box. */
	if (cr_net_end_is_refusal((enum cr_net_end)msg.end) && !msg.incoming)
		tell_refused(n, &msg);
	return 0;
}
