/*
 * proxy.c - for boxes whose connections cannot be captured: a proxy for HTTP (CONNECT, and requests
 * for http:// URLs) and SOCKS5, on one port of 127.0.0.1.
 *
 * Others can reach that port too, so a guest must know the box's secret; and where the system lets
 * us connect the box's sockets (join.c), nobody else is a guest at all. What a guest asks for is
 * judged as if the box had connected there: the same rules, questions, addresses, first bytes.
 * The bytes are only peeked at until a message is whole, so what is behind it stays where it is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/impl.h"
#include "core/proxyauth.h"

#define HEAD_SECS  30 /* to say where to go */
#define LEAVE_SECS 2  /* to take the answer; closed at once, it might be lost */

struct guest {
	struct broker *broker;
	int fd;
	size_t looked; /* bytes seen by the last look */
	bool is_leaving;
	struct cr_socks socks;
	struct br_want by;
	struct event readable, timer;
};

/* Serves one look at a time. */
static uint8_t peeked[CR_HTTP_HEAD_MAX];

static void guest_free(struct guest *guest)
{
	event_del(&guest->readable);
	event_del(&guest->timer);
	guest->broker->proxy.n_guests--;
	free(guest);
}

static void drop(struct guest *guest)
{
	int fd = guest->fd;

	guest_free(guest);
	close(fd);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	drop(arg);
}

static void on_guest(evutil_socket_t fd, short what, void *arg);

static struct guest *guest_new(struct broker *b, int fd, int seconds)
{
	const struct timeval limit = {.tv_sec = seconds};
	struct guest *guest = calloc(1, sizeof(*guest));

	if (!guest)
		return NULL;
	guest->broker = b;
	guest->fd = fd;
	b->proxy.n_guests++;
	event_assign(&guest->readable, b->base, fd, EV_READ | EV_PERSIST, on_guest, guest);
	evtimer_assign(&guest->timer, b->base, on_time, guest);
	if (event_add(&guest->readable, NULL) == 0 && event_add(&guest->timer, &limit) == 0)
		return guest;
	guest_free(guest);
	return NULL;
}

/* Takes away what was peeked at. */
static bool consume(int fd, size_t len)
{
	static uint8_t away[CR_HTTP_HEAD_MAX];

	return recv(fd, away, len, MSG_DONTWAIT) == (ssize_t)len;
}

/* Answers are short and come first: they fit, or the guest is not worth one. */
static bool say(int fd, const void *bytes, size_t len)
{
	return send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

static void say_http(int fd, const char *status, const char *extra, const char *text)
{
	char answer[1024];
	int len = snprintf(answer, sizeof(answer),
			   "HTTP/1.1 %s\r\n%sContent-Type: text/plain\r\nContent-Length: %zu\r\n"
			   "Connection: close\r\n\r\ncarrel: %s\n",
			   status, extra, strlen("carrel: \n") + strlen(text), text);

	if (len > 0 && (size_t)len < sizeof(answer))
		say(fd, answer, (size_t)len);
}

/* Everything has been said; waits until the other side has heard it. */
static void leave(struct guest *guest)
{
	const struct timeval limit = {.tv_sec = LEAVE_SECS};

	guest->is_leaving = true;
	shutdown(guest->fd, SHUT_WR);
	br_low_water(guest->fd, 1);
	event_add(&guest->timer, &limit);
}

static void refuse_http(struct guest *guest, const char *status, const char *text)
{
	say_http(guest->fd, status, "", text);
	leave(guest);
}

static void wait_for_more(struct guest *guest, size_t len)
{
	/* Nothing new although we were woken: the guest will send no more. */
	if (len > 0 && len == guest->looked) {
		drop(guest);
		return;
	}
	guest->looked = len;
	br_low_water(guest->fd, len + 1);
}

/* A name that may be reached on no port is not worth remembering. */
static const char *keep_name(struct broker *b, const char *host)
{
	uint32_t index;
	uint8_t addr[4];

	if (cr_names_add(b->names, host, &index) < 0)
		return NULL;
	cr_names_addr4(index, addr);
	return cr_names_find(b->names, 4, addr);
}

/* Somewhere to go, as a head or a message of SOCKS says it. */
struct wish {
	enum br_way way;
	enum cr_host_kind kind;
	const char *host;
	const uint8_t *addr;
	uint16_t port;
	struct br_held *held;
};

static bool find_target(struct broker *b, const struct wish *wish, struct br_target *target)
{
	target->addr = (struct cr_net_addr){.family = wish->kind == CR_HOST_ADDR6 ? 6 : 4,
					    .port = wish->port};
	target->name = "";
	if (wish->kind != CR_HOST_NAME) {
		memcpy(target->addr.bytes, wish->addr, wish->kind == CR_HOST_ADDR6 ? 16 : 4);
		return true;
	}
	target->name = wish->host; /* as long as this lasts: enough to refuse it */
	if (br_decide(b, target).decision == CR_DENY)
		return true;
	target->name = keep_name(b, wish->host);
	return target->name != NULL;
}

/* The guest becomes a connection. */
static void go(struct guest *guest, const struct wish *wish)
{
	struct broker *b = guest->broker;
	struct br_request request = {.way = wish->way, .by = guest->by, .held = wish->held};
	int fd = guest->fd;

	if (!find_target(b, wish, &request.target)) {
		br_held_free(b, wish->held);
		drop(guest);
		return;
	}
	guest_free(guest);
	br_low_water(fd, 1);
	br_conn_request(b, fd, &request);
}

/* The first request, as its host gets it; NULL: too long to be rewritten. */
static struct br_held *rewritten(struct broker *b, const struct cr_http_proxy *proxy)
{
	struct br_held *held = br_held_new(b);

	if (!held)
		return NULL;
	cr_http_init(&held->http, proxy->host, proxy->port);
	held->len = cr_http_proxy_rewrite(peeked, proxy, held->buffer, sizeof(held->buffer));
	if (held->len > 0)
		return held;
	br_held_free(b, held);
	return NULL;
}

static void serve_http(struct guest *guest, const struct cr_http_proxy *proxy)
{
	struct wish wish = {
		.way = proxy->connect ? BR_WAY_CONNECT : BR_WAY_URL,
		.kind = proxy->kind,
		.host = proxy->host,
		.addr = proxy->addr,
		.port = proxy->port,
	};
	bool is_ours = cr_proxy_login_is(peeked, proxy->head_len, CR_PROXY_USER,
					 guest->broker->proxy.secret);

	if (is_ours && !proxy->connect)
		wish.held = rewritten(guest->broker, proxy);
	if (!consume(guest->fd, proxy->head_len)) {
		br_held_free(guest->broker, wish.held);
		drop(guest);
	} else if (!is_ours) {
		say_http(guest->fd, "407 Proxy Authentication Required",
			 "Proxy-Authenticate: Basic realm=\"carrel\"\r\n",
			 "the secret of this box is in HTTP_PROXY");
		leave(guest);
	} else if (!proxy->connect && !wish.held) {
		refuse_http(guest, "431 Request Header Fields Too Large", "the head is too long");
	} else {
		go(guest, &wish);
	}
}

static void look_http(struct guest *guest, size_t len)
{
	struct cr_http_proxy proxy = {.why = "no HTTP request"};

	switch (cr_http_proxy_read(peeked, len, &proxy)) {
	case CR_LOOK_MORE:
		wait_for_more(guest, len);
		return;
	case CR_LOOK_DONE:
		serve_http(guest, &proxy);
		return;
	case CR_LOOK_OTHER:
	case CR_LOOK_BAD:
		break;
	}
	refuse_http(guest, "400 Bad Request", proxy.why);
}

static void serve_socks(struct guest *guest)
{
	const struct cr_socks socks = guest->socks; /* go() frees the guest */
	const struct wish wish = {
		.way = BR_WAY_SOCKS,
		.kind = socks.kind,
		.host = socks.host,
		.addr = socks.addr,
		.port = socks.port,
	};

	go(guest, &wish);
}

static void look_socks(struct guest *guest, size_t len)
{
	struct cr_socks *socks = &guest->socks;
	size_t used = 0, at = 0;

	for (;;) {
		enum cr_look look = cr_socks_feed(socks, peeked + at, len - at, &used);

		if ((used > 0 && !consume(guest->fd, used)) ||
		    (socks->reply_len > 0 && !say(guest->fd, socks->reply, socks->reply_len))) {
			drop(guest);
			return;
		}
		at += used;
		if (used > 0)
			guest->looked = 0;
		if (look == CR_LOOK_MORE && used > 0)
			continue;
		if (look == CR_LOOK_MORE)
			wait_for_more(guest, len - at);
		else if (look == CR_LOOK_DONE)
			serve_socks(guest);
		else
			leave(guest);
		return;
	}
}

/* What comes after the answer is not wanted; its end is. */
static void hear_out(struct guest *guest)
{
	ssize_t got = recv(guest->fd, peeked, sizeof(peeked), MSG_DONTWAIT);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		drop(guest);
}

static void on_guest(evutil_socket_t fd, short what, void *arg)
{
	struct guest *guest = arg;
	ssize_t got;

	(void)what;
	if (guest->is_leaving) {
		hear_out(guest);
		return;
	}
	got = recv(fd, peeked, sizeof(peeked), MSG_PEEK | MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0)
		drop(guest);
	else if (guest->socks.state != CR_SOCKS_GREETING || peeked[0] == 4 || peeked[0] == 5)
		look_socks(guest, (size_t)got);
	else
		look_http(guest, (size_t)got);
}

static void admit(struct broker *b, int fd, const struct sockaddr *from, socklen_t len)
{
	struct br_want by = {.pid = 0};
	struct cr_net_addr source;
	struct guest *guest = NULL;
	bool known = cr_net_from_sockaddr(from, len, &source) && br_recall(b, &source, &by);

	if ((known || !b->proxy.is_joined) && b->proxy.n_guests < BR_MAX_GUESTS &&
	    b->proxy.n_guests <= b->max_conns / 2)
		guest = guest_new(b, fd, HEAD_SECS);
	if (!guest) {
		close(fd);
		return;
	}
	guest->by = by;
	cr_socks_init(&guest->socks, CR_PROXY_USER, b->proxy.secret);
}

void br_proxy_accept(struct broker *b)
{
	for (int i = 0; i < BR_MAX_ACCEPTS; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		int guest = accept4(b->proxy.fd, (struct sockaddr *)&from, &len,
				    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (guest < 0)
			return;
		admit(b, guest, (const struct sockaddr *)&from, len);
	}
}

static void on_connection(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	br_proxy_accept(arg);
}

int br_proxy_open(struct broker *b, int fd, uint16_t port, const char *secret)
{
	b->proxy.fd = fd;
	b->proxy.port = port;
	snprintf(b->proxy.secret, sizeof(b->proxy.secret), "%s", secret);
	event_assign(&b->proxy.readable, b->base, fd, EV_READ | EV_PERSIST, on_connection, b);
	return event_add(&b->proxy.readable, NULL);
}

bool br_proxy_answer(const struct br_conn *conn)
{
	static const char established[] = "HTTP/1.1 200 Connection established\r\n\r\n";
	uint8_t reply[CR_SOCKS_REPLY_MAX];

	switch (conn->way) {
	case BR_WAY_CAPTURED:
	case BR_WAY_PUBLISHED:
	case BR_WAY_URL: /* the host itself answers */
		return true;
	case BR_WAY_CONNECT:
		return say(conn->client, established, strlen(established));
	case BR_WAY_SOCKS:
		break;
	}
	return say(conn->client, reply, cr_socks_reply(CR_SOCKS_OK, reply));
}

static void say_end(const struct br_conn *conn, enum cr_net_end end)
{
	char object[CR_MAX_HOST + 64], text[sizeof(object) + 128];
	bool refused = cr_net_end_is_refusal(end);
	uint8_t reply[CR_SOCKS_REPLY_MAX];

	if (conn->way == BR_WAY_SOCKS) {
		say(conn->client, reply,
		    cr_socks_reply(refused ? CR_SOCKS_NOT_ALLOWED : CR_SOCKS_HOST_UNREACHABLE,
				   reply));
		return;
	}
	cr_net_object(conn->target.name, &conn->target.addr, object, sizeof(object));
	snprintf(text, sizeof(text), "%s: %s (%s)", object, refused ? "refused" : "not reached",
		 end == CR_NET_BY_RULES ? "no rule allows it" : cr_net_end_text(end));
	say_http(conn->client, refused ? "403 Forbidden" : "502 Bad Gateway", "", text);
}

void br_proxy_refuse(const struct br_conn *conn, enum cr_net_end end)
{
	struct guest *guest;

	say_end(conn, end);
	guest = conn->broker->is_ending ? NULL : guest_new(conn->broker, conn->client, LEAVE_SECS);
	if (guest)
		leave(guest);
	else
		close(conn->client);
}
