/*
 * check.c - holds what a client sends until it is plain which host it means.
 *
 * A connection made by name must ask for that name: in the TLS hello, or in the Host of every HTTP
 * request. Anything else could reach another host behind the same address. SSH has no names. The
 * first bytes are only peeked at, so that splice moves them like all others.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/impl.h"
#include "core/first.h"

/* Serves one look at a time. */
static uint8_t peeked[CR_TLS_HELLO_MAX + 1];

static bool end_with(struct br_conn *conn, enum cr_net_end end)
{
	br_conn_end(conn, end);
	return false;
}

/* The socket is readable again only when there is more than `bytes`. */
static void set_low_water(int fd, size_t bytes)
{
	int value = (int)bytes + 1;

	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof(value));
}

static bool open_gate(struct br_conn *conn)
{
	if (conn->looked > 0)
		set_low_water(conn->client, 0);
	conn->gate = BR_GATE_OPEN;
	return br_flow_pump(&conn->up);
}

static bool open_http(struct br_conn *conn)
{
	if (conn->looked > 0)
		set_low_water(conn->client, 0);
	conn->http = calloc(1, sizeof(*conn->http));
	if (!conn->http)
		return end_with(conn, CR_NET_LIMIT);
	cr_http_init(&conn->http->parser, conn->target.name, conn->target.addr.port);
	conn->gate = BR_GATE_HTTP;
	return br_http_pump(conn);
}

static bool wait_for_more(struct br_conn *conn, size_t len)
{
	/* Nothing new although we were woken: the client will send no more. */
	if (len == conn->looked)
		return end_with(conn, CR_NET_PROTOCOL);
	conn->looked = len;
	set_low_water(conn->client, len);
	return true;
}

static bool check_hello(struct br_conn *conn, size_t len)
{
	struct cr_tls_hello hello;

	switch (cr_tls_hello_read(peeked, len, &hello)) {
	case CR_LOOK_MORE:
		return wait_for_more(conn, len);
	case CR_LOOK_DONE:
		if (!hello.has_name)
			return end_with(conn, CR_NET_TLS_NO_NAME);
		if (strcmp(hello.name, conn->target.name) != 0)
			return end_with(conn, CR_NET_TLS_NAME);
		return open_gate(conn);
	case CR_LOOK_OTHER:
	case CR_LOOK_BAD:
		break;
	}
	return end_with(conn, CR_NET_TLS_BAD);
}

bool br_check_first(struct br_conn *conn)
{
	ssize_t got = recv(conn->client, peeked, sizeof(peeked), MSG_PEEK | MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR || end_with(conn, CR_NET_DONE);
	if (got == 0)
		return open_gate(conn); /* it says nothing: that may be passed on */
	switch (cr_first_bytes(peeked, (size_t)got)) {
	case CR_FIRST_MORE:
		return wait_for_more(conn, (size_t)got);
	case CR_FIRST_TLS:
		return check_hello(conn, (size_t)got);
	case CR_FIRST_HTTP:
		return open_http(conn);
	case CR_FIRST_SSH:
		return open_gate(conn);
	case CR_FIRST_OTHER:
	case CR_FIRST_BAD:
		break;
	}
	return end_with(conn, CR_NET_PROTOCOL);
}

/* False: the connection is gone, or the host takes no more for now. */
static bool send_released(struct br_conn *conn)
{
	struct br_http *http = conn->http;
	ssize_t sent = send(conn->server, http->buffer, http->released, MSG_NOSIGNAL);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
		br_flow_wait(&conn->up, false, true);
		return false;
	}
	if (sent < 0)
		return end_with(conn, CR_NET_DONE);
	conn->up.bytes += (uint64_t)sent;
	http->len -= (size_t)sent;
	http->released -= (size_t)sent;
	memmove(http->buffer, http->buffer + sent, http->len);
	return true;
}

/* Reads on in what has come. False: it is refused, and the connection gone. */
static bool release(struct br_conn *conn)
{
	struct br_http *http = conn->http;
	size_t used;

	do {
		enum cr_look look = cr_http_feed(&http->parser, http->buffer + http->released,
						 http->len - http->released, &used);

		if (look == CR_LOOK_OTHER)
			return end_with(conn, CR_NET_PROTOCOL);
		if (look == CR_LOOK_BAD)
			return end_with(conn, CR_NET_HTTP_BAD);
		http->released += used;
	} while (used > 0 && http->released < http->len);
	return true;
}

bool br_http_pump(struct br_conn *conn)
{
	struct br_http *http = conn->http;

	for (;;) {
		while (http->released > 0)
			if (!send_released(conn))
				return false;

		ssize_t got = recv(conn->client, http->buffer + http->len,
				   sizeof(http->buffer) - http->len, 0);

		if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			br_flow_wait(&conn->up, true, false);
			return true;
		}
		if (got < 0)
			return end_with(conn, CR_NET_DONE);
		if (got == 0)
			return http->len == 0 ? br_flow_shut(&conn->up)
					      : end_with(conn, CR_NET_HTTP_BAD);
		http->len += (size_t)got;
		if (!release(conn))
			return false;
	}
}
