/*
 * publish.c - ports of the host that lead to a server in the box.
 *
 *   accepted on the host -> init asked for a socket into the box -> that is connected -> relayed
 *
 * The launcher makes the listeners, before there is a box; the box can neither make one nor choose
 * where it leads. Bytes are all that passes, and nobody reads them. A reset tells the host's
 * program that nothing listens in the box.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/impl.h"

#define BACKLOG    512
#define TOTAL_SECS 30 /* then the server in the box does not answer */

struct door {
	struct broker *broker;
	struct cr_net_addr at;
	uint16_t box_port;
	struct event readable;
};

struct br_entry {
	struct br_entry *next, *prev;
	struct br_conn *conn;
	uint64_t id; /* of the question to init */
	struct cr_net_addr to;
	int fd; /* -1: init has been asked for it */
	struct event connected, timer;
};

static int make_listener(const struct cr_net_addr *at)
{
	struct sockaddr_storage addr;
	socklen_t len = (socklen_t)cr_net_to_sockaddr(at, &addr);
	int fd = socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int one = 1;

	/* Connections of an earlier run that are still closing keep no port. */
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	    (at->family == 4 ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) == 0) &&
	    bind(fd, (const struct sockaddr *)&addr, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;

	int cause = errno;

	if (fd >= 0)
		close(fd);
	errno = cause;
	return -1;
}

static int cannot_listen(const struct cr_publish *one, int cause, struct cr_err *err)
{
	char object[64];

	cr_fail_os(err, CR_E_IO, cause, "cannot publish port %u of the box on '%s'", one->box_port,
		   cr_net_object("", &one->at, object, sizeof(object)));
	if (cause == EADDRINUSE)
		return cr_hint(err,
			       "another program listens there; '--publish 0:%u' takes a free port",
			       one->box_port);
	if (cause == EACCES)
		return cr_hint(err, "ports below 1024 need privileges; take a higher one");
	return -1;
}

static int open_door(struct cr_publish *one, int *door, struct cr_err *err)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	*door = make_listener(&one->at);
	if (*door < 0)
		return cannot_listen(one, errno, err);
	if (one->at.port != 0)
		return 0;
	if (getsockname(*door, (struct sockaddr *)&at, &len) == 0 &&
	    cr_net_from_sockaddr((const struct sockaddr *)&at, len, &one->at))
		return 0;
	return cannot_listen(one, errno, err);
}

void br_doors_close(int doors[CR_MAX_PUBLISHED], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (doors[i] >= 0)
			close(doors[i]);
}

int br_doors_open(const struct cr_published *published, int doors[CR_MAX_PUBLISHED],
		  struct cr_err *err)
{
	if (published->count > CR_MAX_PUBLISHED)
		return cr_fail(err, CR_E_LIMIT, "more than %d ports are published",
			       CR_MAX_PUBLISHED);
	for (size_t i = 0; i < published->count; i++) {
		if (open_door(&published->items[i], &doors[i], err) == 0)
			continue;
		br_doors_close(doors, i + 1);
		return -1;
	}
	return 0;
}

void br_entry_free(struct br_entry *entry)
{
	if (!entry)
		return;
	event_del(&entry->timer);
	if (entry->fd >= 0) {
		event_del(&entry->connected);
		close(entry->fd);
	}
	if (entry->next)
		entry->next->prev = entry->prev;
	if (entry->prev)
		entry->prev->next = entry->next;
	else
		entry->conn->broker->entries = entry->next;
	free(entry);
}

static void ask_for_socket(struct br_entry *entry)
{
	struct broker *b = entry->conn->broker;
	struct cr_net_msg question = {.kind = CR_NET_CONNECT, .addr = entry->to};

	question.id = entry->id = ++b->next_id;
	if (br_channel_send(&b->capture, &question) < 0)
		br_conn_end(entry->conn, CR_NET_LIMIT);
}

/* A server may listen on one of the two only. */
static void try_next(struct br_entry *entry)
{
	if (entry->to.family == 6) {
		br_conn_end(entry->conn, CR_NET_FAILED);
		return;
	}
	entry->to = (struct cr_net_addr){.family = 6, .bytes = {[15] = 1}, .port = entry->to.port};
	ask_for_socket(entry);
}

static void on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct br_entry *entry = arg;
	const struct cr_net_addr to = entry->to;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)what;
	event_del(&entry->connected);
	entry->fd = -1;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0) {
		br_conn_dialled(entry->conn, fd, &to);
		return;
	}
	close(fd);
	try_next(entry);
}

static void on_too_late(evutil_socket_t fd, short what, void *arg)
{
	const struct br_entry *entry = arg;

	(void)fd;
	(void)what;
	br_conn_end(entry->conn, CR_NET_FAILED);
}

void br_entered(struct broker *b, const struct cr_net_msg *msg, int fd)
{
	struct br_entry *entry = b->entries;

	while (entry && (entry->id != msg->id || entry->fd >= 0))
		entry = entry->next;
	if (!entry) { /* it has ended meanwhile */
		if (fd >= 0)
			close(fd);
		return;
	}
	if (fd < 0) {
		try_next(entry);
		return;
	}
	entry->fd = fd;
	event_assign(&entry->connected, b->base, fd, EV_WRITE, on_connected, entry);
	event_add(&entry->connected, NULL);
}

static struct br_entry *entry_new(struct br_conn *conn, uint16_t port)
{
	const struct timeval limit = {.tv_sec = TOTAL_SECS};
	struct broker *b = conn->broker;
	struct br_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	*entry = (struct br_entry){
		.next = b->entries,
		.conn = conn,
		.to = {.family = 4, .bytes = {127, 0, 0, 1}, .port = port},
		.fd = -1,
	};
	if (b->entries)
		b->entries->prev = entry;
	b->entries = entry;
	evtimer_assign(&entry->timer, b->base, on_too_late, entry);
	evtimer_add(&entry->timer, &limit);
	return entry;
}

static void enter(const struct door *door, int client)
{
	struct broker *b = door->broker;
	struct br_conn *conn = br_conn_new(b, client, &door->at, NULL);

	if (!conn)
		return;
	conn->way = BR_WAY_PUBLISHED;
	conn->is_answered = true; /* by nobody: it asked the proxy for nothing */
	conn->unchecked = true;
	/* Whoever can connect to the port must not use up what the box needs itself. */
	if (++b->n_incoming > b->max_conns / 2 || b->n_conns > b->max_conns) {
		br_conn_end(conn, CR_NET_LIMIT);
		return;
	}
	conn->entry = entry_new(conn, door->box_port);
	if (conn->entry)
		ask_for_socket(conn->entry);
	else
		br_conn_end(conn, CR_NET_LIMIT);
}

static void on_knock(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	for (int i = 0; i < BR_MAX_ACCEPTS; i++) {
		int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client < 0)
			return;
		enter(arg, client);
	}
}

int br_doors_serve(struct broker *b, const struct cr_published *published, const int *doors)
{
	/* They live as long as the process. */
	struct door *all = calloc(published->count + 1, sizeof(*all));

	if (!all)
		return -1;
	for (size_t i = 0; i < published->count; i++) {
		const struct cr_publish *one = &published->items[i];

		all[i] = (struct door){.broker = b, .at = one->at, .box_port = one->box_port};
		event_assign(&all[i].readable, b->base, doors[i], EV_READ | EV_PERSIST, on_knock,
			     &all[i]);
		if (event_add(&all[i].readable, NULL) < 0)
			return -1;
	}
	return 0;
}
