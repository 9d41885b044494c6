/*
 * listen.c - the sockets on which connections of the box arrive.
 *
 * Those on low ports listen from the start, on every address. For any other place the launcher
 * holds the caller of connect(2) until init has made a listener there, or until it is known that
 * the rules refuse it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/impl.h"

static const struct br_want *find_recent(const struct broker *b, const struct cr_net_addr *addr)
{
	for (size_t i = 1; i <= BR_MAX_RECENT; i++) {
		const struct br_want *want =
			&b->recent[(b->next_recent + BR_MAX_RECENT - i) % BR_MAX_RECENT];

		if (cr_net_same_addr(&want->addr, addr))
			return want;
	}
	return NULL;
}

static void on_connection(evutil_socket_t fd, short what, void *arg)
{
	struct br_listener *listener = arg;
	struct sockaddr_storage at;
	struct cr_net_addr local;

	(void)what;
	br_channel_take(&listener->broker->talk); /* who it is */
	for (int i = 0; i < BR_MAX_ACCEPTS; i++) {
		socklen_t len = sizeof(at);
		int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client < 0)
			return;
		if (getsockname(client, (struct sockaddr *)&at, &len) < 0 ||
		    !cr_net_from_sockaddr((const struct sockaddr *)&at, len, &local))
			close(client);
		else
			br_conn_accept(listener->broker, client, &local,
				       find_recent(listener->broker, &local));
	}
}

static struct br_listener *find(const struct broker *b, const struct cr_net_addr *addr)
{
	for (size_t i = 0; i < b->n_listeners; i++) {
		const struct cr_net_addr *at = &b->listeners[i]->addr;

		if (b->listeners[i]->any ? at->family == addr->family && at->port == addr->port
					 : cr_net_same_addr(at, addr))
			return b->listeners[i];
	}
	return NULL;
}

static struct br_listener *add(struct broker *b, const struct cr_net_addr *addr)
{
	struct br_listener *listener;

	if (b->n_listeners == b->max_listeners || !(listener = calloc(1, sizeof(*listener))))
		return NULL;
	listener->broker = b;
	listener->addr = *addr;
	listener->fd = -1;
	b->listeners[b->n_listeners++] = listener;
	return listener;
}

static void drop(struct broker *b, const struct br_listener *listener)
{
	for (size_t i = 0; i < b->n_listeners; i++) {
		if (b->listeners[i] != listener)
			continue;
		free(b->listeners[i]);
		b->listeners[i] = b->listeners[--b->n_listeners];
		return;
	}
}

static int start(struct br_listener *listener, int fd)
{
	listener->fd = fd;
	event_assign(&listener->readable, listener->broker->base, fd, EV_READ | EV_PERSIST,
		     on_connection, listener);
	return event_add(&listener->readable, NULL);
}

static bool is_any(const struct cr_net_addr *addr)
{
	static const struct cr_net_addr none;

	return memcmp(addr->bytes, none.bytes, sizeof(none.bytes)) == 0;
}

int br_listen(struct broker *b, const struct cr_net_addr *addr, int fd)
{
	struct br_listener *listener = add(b, addr);

	if (!listener)
		return -1;
	listener->any = is_any(addr);
	return start(listener, fd);
}

static bool is_listening(const struct broker *b, const struct cr_net_addr *addr)
{
	const struct br_listener *listener = find(b, addr);

	return listener && listener->fd >= 0;
}

void br_give_verdict(struct broker *b, uint64_t id, const struct cr_net_addr *addr, int error)
{
	const struct cr_net_msg verdict = {.kind = CR_NET_VERDICT,
					   .id = id,
					   .addr = *addr,
					   .error = error,
					   .allowed = error == 0 && is_listening(b, addr)};

	/* Somebody would wait for it for ever. */
	if (br_channel_send(&b->talk, &verdict) < 0)
		br_end(b);
}

static void tell_refused(struct broker *b, const struct cr_net_msg *want,
			 const struct br_target *target)
{
	struct cr_net_msg event = *want;

	event.kind = CR_NET_EVENT;
	event.end = CR_NET_BY_RULES;
	cr_net_set_name(&event, target->name);
	br_tell(b, &event);
}

static void remember(struct broker *b, const struct cr_net_msg *msg, bool waits)
{
	struct br_want *want = &b->recent[b->next_recent];

	b->next_recent = (b->next_recent + 1) % BR_MAX_RECENT;
	if (want->waits) /* so many at once: that one is told to go and see for itself */
		br_give_verdict(b, want->id, &want->addr, 0);
	*want = (struct br_want){.id = msg->id, .addr = msg->addr, .pid = msg->pid, .waits = waits};
	memcpy(want->program, msg->program, sizeof(want->program));
}

void br_remember(struct broker *b, const struct cr_net_msg *msg, const struct cr_net_addr *source)
{
	struct cr_net_msg from = *msg;

	from.addr = *source;
	remember(b, &from, false);
}

bool br_recall(struct broker *b, const struct cr_net_addr *source, struct br_want *out)
{
	for (size_t i = 0; i < BR_MAX_RECENT; i++) {
		struct br_want *want = &b->recent[i];

		if (!cr_net_same_addr(&want->addr, source))
			continue;
		*out = *want;
		*want = (struct br_want){.pid = 0};
		return true;
	}
	return false;
}

static int ask_for_listener(struct broker *b, const struct cr_net_addr *addr)
{
	const struct cr_net_msg ask = {.kind = CR_NET_LISTEN, .addr = *addr};
	const struct br_listener *listener = add(b, addr);

	if (!listener)
		return ENOBUFS;
	if (br_channel_send(&b->capture, &ask) == 0)
		return 0;
	drop(b, listener);
	return ENOBUFS;
}

static void judge(struct broker *b, const struct cr_net_msg *msg)
{
	struct br_target target;
	struct br_listener *listener;
	int error = 0;

	if (msg->addr.port == CR_NET_DNS_PORT) { /* the name service's, at every address */
		br_give_verdict(b, msg->id, &msg->addr, 0);
		return;
	}
	if (!br_target_find(b, &msg->addr, &target) || br_decide(b, &target).decision == CR_DENY) {
		tell_refused(b, msg, &target);
		br_give_verdict(b, msg->id, &msg->addr, ECONNREFUSED);
		return;
	}
	listener = find(b, &msg->addr);
	if (!listener)
		error = ask_for_listener(b, &msg->addr);

	bool waits = error == 0 && (!listener || listener->fd < 0);

	remember(b, msg, waits);
	if (!waits)
		br_give_verdict(b, msg->id, &msg->addr, error);
}

void br_want(struct broker *b, const struct cr_net_msg *msg)
{
	if (msg->allowed)
		remember(b, msg, false);
	else
		judge(b, msg);
}

void br_listening(struct broker *b, const struct cr_net_msg *msg, int fd)
{
	struct br_listener *listener = find(b, &msg->addr);
	int error = fd < 0 ? msg->error : 0;

	if (!listener || listener->fd >= 0) {
		if (fd >= 0)
			close(fd);
		return;
	}
	if (fd < 0 || start(listener, fd) < 0) {
		drop(b, listener);
		error = error ? error : ENOBUFS;
	}
	for (size_t i = 0; i < BR_MAX_RECENT; i++) {
		struct br_want *want = &b->recent[i];

		if (!want->waits || !cr_net_same_addr(&want->addr, &msg->addr))
			continue;
		want->waits = false;
		br_give_verdict(b, want->id, &want->addr, error);
	}
}
