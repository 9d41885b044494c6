/*
 * connect.c - the launcher between a caller of connect(2) and the broker.
 *
 * With rules about connections the broker is asked before the call goes on: it refuses, or sees to
 * it that there is a socket of its own at that address of the box's network. Either way the address
 * decides nothing here: a call whose argument is changed meanwhile ends in the same namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "linux/calls.h"
#include "linux/child.h"
#include "linux/fd.h"
#include "linux/notify.h"

#define PATIENCE_MS 1000 /* for the broker to take a message */

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
	const struct sockaddr_in *v4 = (const void *)from;
	const struct sockaddr_in6 *v6 = (const void *)from;

	*out = (struct cr_net_addr){.family = 4};
	if (from->ss_family == AF_INET && len >= sizeof(*v4)) {
		memcpy(out->bytes, &v4->sin_addr, sizeof(v4->sin_addr));
		out->port = ntohs(v4->sin_port);
		return true;
	}
	if (from->ss_family != AF_INET6 || len < offsetof(struct sockaddr_in6, sin6_scope_id))
		return false;
	out->port = ntohs(v6->sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		memcpy(out->bytes, &v6->sin6_addr.s6_addr[12], 4);
		return true;
	}
	out->family = 6;
	memcpy(out->bytes, &v6->sin6_addr, sizeof(out->bytes));
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
static int send_patiently(int talk, const struct cr_net_msg *msg)
{
	struct pollfd polled = {.fd = talk, .events = POLLOUT};

	for (;;) {
		if (cr_net_send(talk, msg, -1) == 0)
			return 0;
		if (errno != EAGAIN || poll(&polled, 1, PATIENCE_MS) <= 0)
			return -1;
	}
}

static struct cr_net_addr *place_of(struct cr_notifier *n, const struct cr_net_addr *addr)
{
	unsigned hash = addr->port;

	for (size_t i = 0; i < sizeof(addr->bytes); i++)
		hash = hash * 31 + addr->bytes[i];
	return &n->known[hash % CR_KNOWN_PLACES];
}

static bool is_known(struct cr_notifier *n, const struct cr_net_addr *addr)
{
	const struct cr_net_addr *place = place_of(n, addr);

	return place->port == addr->port && place->family == addr->family &&
	       memcmp(place->bytes, addr->bytes, sizeof(addr->bytes)) == 0;
}

bool cr_connect_ask(struct cr_notifier *n, const struct sockaddr_storage *address, socklen_t len,
		    int listener, int talk)
{
	pid_t pid = (pid_t)n->request->pid;
	struct cr_net_msg want = {.kind = CR_NET_WANT, .id = n->request->id, .pid = pid};

	if (!read_address(address, len, &want.addr) || is_loopback(&want.addr) ||
	    !is_stream(pid, (int)n->request->data.args[0]))
		return false;
	cr_notify_comm(pid, want.program, sizeof(want.program));
	/* A listener stays, so nobody needs to wait for an answer; it only says who connects. */
	want.allowed = is_known(n, &want.addr);
	if (want.allowed) {
		if (talk >= 0)
			cr_net_send(talk, &want, -1);
		return false;
	}
	if (talk < 0 || send_patiently(talk, &want) < 0)
		cr_notify_refuse(n, listener, want.id, ECONNREFUSED);
	return true;
}

void cr_connect_judge(struct cr_notifier *n, const struct sockaddr_storage *address, socklen_t len)
{
	char object[CR_MAX_HOST + 64], program[CR_NET_PROGRAM];
	struct cr_net_addr addr;

	if (!read_address(address, len, &addr) || is_loopback(&addr))
		return;

	struct cr_denial denial = {
		.op = CR_OP_CONNECT,
		.object = cr_net_object("", &addr, object, sizeof(object)),
		.boundary = "network namespace",
		.os_code = ENETUNREACH,
	};

	cr_notify_comm((pid_t)n->request->pid, program, sizeof(program));
	cr_notify_report(n, (pid_t)n->request->pid, program, &denial);
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

static void go_there(struct cr_notifier *n, int listener, const struct cr_net_msg *verdict)
{
	*place_of(n, &verdict->addr) = verdict->addr;
	cr_notify_let_go_on(n, listener, verdict->id);
}

int cr_notifier_hear(struct cr_notifier *n, int listener, int talk)
{
	struct cr_net_msg msg;
	CR_AUTO_FD int none = -1;

	int got = cr_net_receive(talk, &msg, &none);

	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got <= 0 || cr_net_msg_check(&msg))
		return -1;
	if (msg.kind == CR_NET_VERDICT && msg.error)
		cr_notify_refuse(n, listener, msg.id, ECONNREFUSED);
	else if (msg.kind == CR_NET_VERDICT)
		go_there(n, listener, &msg);
	if (msg.kind != CR_NET_EVENT)
		return 0;
	if (n->on_connection)
		n->on_connection(n->arg, &msg);
	if (cr_net_end_is_refusal((enum cr_net_end)msg.end))
		tell_refused(n, &msg);
	return 0;
}
