/*
 * fetch.c - asks the host's name servers by TCP, for an answer that does not fit in a datagram.
 *
 * One question on a connection of its own to each server in turn, until one has an answer that can
 * be used. Must never hold more than one message of a server, or wait for one longer than
 * resolv.conf allows, however slowly it comes.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/util.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/impl.h"
#include "core/dnsanswer.h"

#define MOST_BYTES (2 + UINT16_MAX) /* a message with its length before it (RFC 1035, 4.2.2) */

struct br_fetch {
	struct broker *broker;
	struct br_fetch *next, *prev;
	void (*fetched)(void *arg, const struct cr_net_addr *addrs, size_t count);
	void *arg;
	struct cr_dns_asked asked;
	bool has_begun;
	size_t server;              /* the next one */
	struct bufferevent *stream; /* to the one before it; NULL: none */
	struct event timer;         /* of this stream */
};

static void join(struct br_fetches *all, struct br_fetch *fetch)
{
	fetch->prev = all->last;
	if (all->last)
		all->last->next = fetch;
	else
		all->first = fetch;
	all->last = fetch;
}

static void leave(struct br_fetches *all, struct br_fetch *fetch)
{
	if (fetch->prev)
		fetch->prev->next = fetch->next;
	else
		all->first = fetch->next;
	if (fetch->next)
		fetch->next->prev = fetch->prev;
	else
		all->last = fetch->prev;
}

static void hang_up(struct br_fetch *fetch)
{
	event_del(&fetch->timer);
	if (fetch->stream)
		bufferevent_free(fetch->stream);
	fetch->stream = NULL;
}

static void go_on(struct broker *b);

void br_fetch_free(struct br_fetch *fetch)
{
	struct broker *b;

	if (!fetch)
		return;
	b = fetch->broker;
	hang_up(fetch);
	leave(&b->fetches, fetch);
	b->fetches.n_begun -= fetch->has_begun;
	free(fetch);
	go_on(b);
}

/* The end. `addrs` are not of the fetch's own memory. */
static void finish(struct br_fetch *fetch, const struct cr_net_addr *addrs, size_t count)
{
	const struct br_fetch gone = *fetch;

	br_fetch_free(fetch);
	gone.fetched(gone.arg, addrs, count);
}

static void try_servers(struct br_fetch *fetch);

/* This server is of no use. */
static void try_next(struct br_fetch *fetch)
{
	struct cr_net_addr none;

	hang_up(fetch);
	if (fetch->server < fetch->broker->servers.count)
		try_servers(fetch);
	else
		finish(fetch, &none, 0);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	try_next(arg);
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	(void)stream;
	(void)what; /* no connection, or the end of it before the answer's */
	try_next(arg);
}

/* False: there is no whole message yet. Otherwise *count is that of cr_dns_read_answer. */
static bool take_answer(const struct br_fetch *fetch, struct cr_net_addr addrs[BR_MAX_ADDRESS],
			int *count)
{
	struct evbuffer *in = bufferevent_get_input(fetch->stream);
	const uint8_t *whole;
	uint8_t head[2];
	size_t len;

	if (evbuffer_copyout(in, head, sizeof(head)) < (ssize_t)sizeof(head))
		return false;
	len = (size_t)head[0] << 8 | head[1];
	if (evbuffer_get_length(in) < sizeof(head) + len)
		return false;
	whole = evbuffer_pullup(in, (ssize_t)(sizeof(head) + len));
	*count = whole ? cr_dns_read_answer(whole + sizeof(head), len, &fetch->asked, addrs,
					    BR_MAX_ADDRESS)
		       : -1;
	return true;
}

static void on_read(struct bufferevent *stream, void *arg)
{
	struct br_fetch *fetch = arg;
	struct cr_net_addr addrs[BR_MAX_ADDRESS];
	int count;

	(void)stream;
	if (!take_answer(fetch, addrs, &count))
		return;
	if (count < 0)
		try_next(fetch);
	else
		finish(fetch, addrs, (size_t)count);
}

/* A socket that connects to the server; -1: it cannot. */
static int connect_to(const struct broker *b, size_t server)
{
	struct sockaddr_storage to;
	socklen_t len = br_server_address(b, server, &to);
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&to, len) == 0 || errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

/* Each server is asked with a number of its own, so that none can know another's. */
static int put_question(struct br_fetch *fetch)
{
	uint8_t message[2 + CR_DNS_QUESTION_MAX];
	size_t len;

	evutil_secure_rng_get_bytes(&fetch->asked.id, sizeof(fetch->asked.id));
	len = cr_dns_put_question(&fetch->asked, message + 2, sizeof(message) - 2);
	message[0] = (uint8_t)(len >> 8);
	message[1] = (uint8_t)len;
	return len == 0 ? -1 : bufferevent_write(fetch->stream, message, len + 2);
}

static int ask(struct br_fetch *fetch, size_t server)
{
	int fd = connect_to(fetch->broker, server);

	if (fd < 0)
		return -1;
	fetch->stream = bufferevent_socket_new(fetch->broker->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!fetch->stream) {
		close(fd);
		return -1;
	}
	bufferevent_setcb(fetch->stream, on_read, NULL, on_event, fetch);
	bufferevent_setwatermark(fetch->stream, EV_READ, 0, MOST_BYTES);
	if (put_question(fetch) < 0 || bufferevent_enable(fetch->stream, EV_READ | EV_WRITE) < 0) {
		bufferevent_free(fetch->stream);
		fetch->stream = NULL;
		return -1;
	}
	return 0;
}

/* Asks the next server that can be. When there is none the timer says so: nobody is called back
 * from here. */
static void try_servers(struct br_fetch *fetch)
{
	const struct broker *b = fetch->broker;
	struct timeval wait = {0};

	while (!fetch->stream && fetch->server < b->servers.count)
		if (ask(fetch, fetch->server++) == 0)
			wait.tv_sec = (time_t)b->servers.seconds;
	evtimer_add(&fetch->timer, &wait);
}

/* Those whose turn it is. */
static void go_on(struct broker *b)
{
	struct br_fetch *fetch = b->fetches.first;

	for (; fetch && b->fetches.n_begun < BR_MAX_FETCHES; fetch = fetch->next) {
		if (fetch->has_begun)
			continue;
		fetch->has_begun = true;
		b->fetches.n_begun++;
		try_servers(fetch);
	}
}

void br_fetch_anew(struct broker *b)
{
	for (struct br_fetch *fetch = b->fetches.first; fetch; fetch = fetch->next) {
		hang_up(fetch);
		fetch->server = 0;
		if (fetch->has_begun)
			try_servers(fetch);
	}
}

struct br_fetch *br_fetch(struct broker *b, const char *name, uint16_t type,
			  void (*fetched)(void *arg, const struct cr_net_addr *addrs, size_t count),
			  void *arg)
{
	struct br_fetch *fetch = calloc(1, sizeof(*fetch));

	if (!fetch)
		return NULL;
	fetch->broker = b;
	fetch->asked = (struct cr_dns_asked){.type = type, .name = name};
	fetch->fetched = fetched;
	fetch->arg = arg;
	evtimer_assign(&fetch->timer, b->base, on_timer, fetch);
	join(&b->fetches, fetch);
	go_on(b);
	return fetch;
}
