/*
 * check.c - holds what a client sends until it is plain which host it means.
 *
 * A connection made by name must ask for that name: in every TLS hello in the clear, or in the Host
 * of every HTTP request. Anything else could reach another host behind the same address. SSH has no
 * names. What was looked at is sent on from the broker's own copy: bytes in a socket may be pages
 * that the client can still change (sendfile).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/impl.h"
#include "core/first.h"

#define ANSWER_BYTES 4096 /* of the server: enough to tell what it answers to a hello */

/* What becomes of a connection after a look at what it said. */
enum step {
	STEP_ON,   /* read or send on */
	STEP_WAIT, /* an event will come */
	STEP_GONE, /* refused, or at its end */
};

static enum step end_with(struct br_conn *conn, enum cr_net_end end)
{
	br_conn_end(conn, end);
	return STEP_GONE;
}

/* All that is held is good, and nothing that follows is looked at. */
static enum step release_all(struct br_conn *conn)
{
	conn->held->released = conn->held->len;
	conn->gate = BR_GATE_DRAIN;
	return STEP_ON;
}

/* What a reader said of a hello: on with it (MORE: *whole false), or the end. */
static enum step check_name(struct br_conn *conn, enum cr_look look,
			    const struct cr_tls_hello *hello, bool *whole)
{
	*whole = look == CR_LOOK_DONE;
	if (look == CR_LOOK_MORE)
		return STEP_ON;
	if (!*whole)
		return end_with(conn, CR_NET_TLS_BAD);
	if (!hello->has_name)
		return end_with(conn, CR_NET_TLS_NO_NAME);
	if (strcmp(hello->name, conn->target.name) != 0)
		return end_with(conn, CR_NET_TLS_NAME);
	return STEP_ON;
}

/* A server may ask for a second hello and take the name of that one: what follows the first has to
 * wait for the answer. */
static enum step check_hello(struct br_conn *conn)
{
	struct br_held *held = conn->held;
	struct cr_tls_hello hello;
	enum cr_look look = cr_tls_hello_read(held->buffer, held->len, &hello);
	bool whole;
	enum step step = check_name(conn, look, &hello, &whole);

	if (step == STEP_ON && whole) {
		held->released = cr_tls_hello_size(held->buffer, held->len);
		conn->gate = BR_GATE_ANSWER;
	}
	return step;
}

static enum step check_second(struct br_conn *conn)
{
	struct cr_tls_hello hello;
	enum cr_look look = cr_tls_hello_again(conn->held->buffer, conn->held->len, &hello);
	bool whole;
	enum step step = check_name(conn, look, &hello, &whole);

	return step == STEP_ON && whole ? release_all(conn) : step;
}

/* Reads on in the requests that have come. */
static enum step check_http(struct br_conn *conn)
{
	struct br_held *held = conn->held;
	size_t used;

	do {
		enum cr_look look = cr_http_feed(&held->http, held->buffer + held->released,
						 held->len - held->released, &used);

		if (look == CR_LOOK_OTHER)
			return end_with(conn, CR_NET_PROTOCOL);
		if (look == CR_LOOK_BAD)
			return end_with(conn, CR_NET_HTTP_BAD);
		held->released += used;
	} while (used > 0 && held->released < held->len);
	return STEP_ON;
}

static enum step check_first(struct br_conn *conn)
{
	struct br_held *held = conn->held;

	switch (cr_first_bytes(held->buffer, held->len)) {
	case CR_FIRST_MORE:
		return STEP_ON;
	case CR_FIRST_TLS:
		return check_hello(conn);
	case CR_FIRST_HTTP:
		cr_http_init(&held->http, conn->target.name, conn->target.addr.port);
		conn->gate = BR_GATE_HTTP;
		return check_http(conn);
	case CR_FIRST_SSH:
		return release_all(conn);
	case CR_FIRST_OTHER:
	case CR_FIRST_BAD:
		break;
	}
	return end_with(conn, CR_NET_PROTOCOL);
}

static enum step check(struct br_conn *conn)
{
	if (conn->gate == BR_GATE_HTTP)
		return check_http(conn);
	return conn->gate == BR_GATE_SECOND ? check_second(conn) : check_first(conn);
}

static enum step send_released(struct br_conn *conn)
{
	struct br_held *held = conn->held;
	ssize_t sent = send(conn->server, held->buffer, held->released, MSG_NOSIGNAL);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
		br_flow_wait(&conn->up, false, true);
		return STEP_WAIT;
	}
	if (sent < 0)
		return end_with(conn, CR_NET_DONE);
	conn->up.bytes += (uint64_t)sent;
	held->len -= (size_t)sent;
	held->released -= (size_t)sent;
	memmove(held->buffer, held->buffer + sent, held->len);
	return STEP_ON;
}

/* The client says no more. */
static enum step at_end(struct br_conn *conn)
{
	if (conn->held->len == 0)
		return br_flow_shut(&conn->up) ? STEP_WAIT : STEP_GONE;
	return end_with(conn, conn->gate == BR_GATE_HTTP     ? CR_NET_HTTP_BAD
			      : conn->gate == BR_GATE_SECOND ? CR_NET_TLS_BAD
							     : CR_NET_PROTOCOL);
}

static enum step receive(struct br_conn *conn)
{
	struct br_held *held = conn->held;
	ssize_t got =
		recv(conn->client, held->buffer + held->len, sizeof(held->buffer) - held->len, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		br_flow_wait(&conn->up, true, false);
		return STEP_WAIT;
	}
	if (got < 0)
		return end_with(conn, CR_NET_DONE);
	if (got == 0)
		return at_end(conn);
	held->len += (size_t)got;
	return check(conn);
}

/* Nothing is held any more; from here on the bytes are only moved. */
static enum step open_gate(struct br_conn *conn)
{
	br_held_free(conn->broker, conn->held);
	conn->held = NULL;
	conn->gate = BR_GATE_OPEN;
	br_flow_pump(&conn->up);
	return STEP_GONE; /* for the caller: there is nothing more to do here */
}

static enum step go_on(struct br_conn *conn)
{
	if (conn->held->released > 0)
		return send_released(conn);
	if (conn->gate == BR_GATE_DRAIN)
		return open_gate(conn);
	if (conn->gate == BR_GATE_ANSWER) {
		br_flow_wait(&conn->up, false, false);
		return STEP_WAIT;
	}
	return receive(conn);
}

struct br_held *br_held_new(struct broker *b)
{
	struct br_held *held = NULL;

	if (b->n_held < BR_MAX_HELD)
		held = malloc(sizeof(*held)); /* most of it is never touched */
	if (!held)
		return NULL;
	held->len = held->released = 0;
	b->n_held++;
	return held;
}

void br_held_free(struct broker *b, struct br_held *held)
{
	if (held)
		b->n_held--;
	free(held);
}

static enum step hold(struct br_conn *conn)
{
	conn->held = br_held_new(conn->broker);
	return conn->held ? STEP_ON : end_with(conn, CR_NET_LIMIT);
}

void br_gate_pump(struct br_conn *conn)
{
	if (!conn->held && hold(conn) == STEP_GONE)
		return;
	while (go_on(conn) == STEP_ON)
		;
}

void br_http_begin(struct br_conn *conn)
{
	conn->gate = BR_GATE_HTTP;
	if (check_http(conn) == STEP_ON)
		br_gate_pump(conn);
}

/* Only peeked at, so that splice moves it: what a server sends the client cannot change. */
static enum cr_tls_answer look_at_answer(struct br_conn *conn)
{
	uint8_t answer[ANSWER_BYTES];
	ssize_t got = recv(conn->server, answer, sizeof(answer), MSG_PEEK | MSG_DONTWAIT);
	enum cr_tls_answer said;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return CR_TLS_ANSWER_MORE;
	said = got <= 0 ? CR_TLS_ANSWER_FINAL : cr_tls_answer_read(answer, (size_t)got);
	/* Nothing new although we were woken: no more will come. */
	if (said == CR_TLS_ANSWER_MORE &&
	    ((size_t)got == conn->looked || (size_t)got == sizeof(answer)))
		return CR_TLS_ANSWER_FINAL;
	if (said == CR_TLS_ANSWER_MORE) {
		conn->looked = (size_t)got;
		br_low_water(conn->server, conn->looked + 1);
	} else if (conn->looked > 0) {
		br_low_water(conn->server, 1);
	}
	return said;
}

bool br_gate_answer(struct br_conn *conn)
{
	enum cr_tls_answer said = look_at_answer(conn);

	if (said == CR_TLS_ANSWER_MORE)
		return false;
	if (said == CR_TLS_ANSWER_FINAL)
		return release_all(conn) == STEP_ON;
	if (conn->held->released > 0) /* an answer to half a hello */
		return end_with(conn, CR_NET_TLS_BAD) == STEP_ON;
	conn->gate = BR_GATE_SECOND;
	return conn->held->len == 0 || check_second(conn) != STEP_GONE;
}
