/*
 * conn.c - one connection of the box, from accept to the event that tells of it.
 *
 *   accepted -> (asked for) -> dialled -> relayed -> ended
 *
 * It is refused wherever the rules, the address or its first bytes say so: the client sees a reset.
 */
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/impl.h"

/* The other end gets a reset, not an end that looks as if all were said. */
static void close_hard(int fd)
{
	const struct linger now = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static void link_conn(struct br_conn *conn)
{
	struct broker *b = conn->broker;

	conn->next = b->conns;
	if (b->conns)
		b->conns->prev = conn;
	b->conns = conn;
	b->n_conns++;
}

static void unlink_conn(struct br_conn *conn)
{
	struct broker *b = conn->broker;

	if (conn->prev)
		conn->prev->next = conn->next;
	else
		b->conns = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	b->n_conns--;
}

void br_conn_fill(const struct br_conn *conn, struct cr_net_msg *event)
{
	*event = (struct cr_net_msg){
		.id = br_question_id(conn),
		.addr = conn->target.addr,
		.dialled = conn->dialled,
		.dialled_any = conn->has_dialled,
		.pid = conn->pid,
		.up = conn->up.bytes,
		.down = conn->down.bytes,
		.milliseconds = br_now_ms() - conn->started_ms,
	};
	if (conn->way == BR_WAY_PUBLISHED) { /* bytes are counted as the box sees them */
		event->incoming = true;
		event->up = conn->down.bytes;
		event->down = conn->up.bytes;
	}
	cr_net_set_name(event, conn->target.name);
	memcpy(event->program, conn->program, sizeof(event->program));
}

static bool is_whole(const struct br_conn *conn)
{
	return conn->up.shut && conn->down.shut;
}

void br_conn_end(struct br_conn *conn, enum cr_net_end end)
{
	struct broker *b = conn->broker;
	struct cr_net_msg event;

	if (end == CR_NET_LEFT)
		br_question_leave(conn);
	br_conn_fill(conn, &event);
	event.kind = CR_NET_EVENT;
	event.end = (uint8_t)end;
	br_tell(b, &event);
	br_leave_stop(conn);
	br_dial_free(conn->dial);
	br_entry_free(conn->entry);
	br_flow_close(&conn->up);
	br_flow_close(&conn->down);
	if (conn->server >= 0)
		is_whole(conn) ? (void)close(conn->server) : close_hard(conn->server);
	if (conn->way != BR_WAY_CAPTURED && !conn->is_answered && end != CR_NET_LEFT)
		br_proxy_refuse(conn, end);
	else
		is_whole(conn) ? (void)close(conn->client) : close_hard(conn->client);
	unlink_conn(conn);
	b->n_incoming -= conn->way == BR_WAY_PUBLISHED;
	br_held_free(b, conn->held);
	br_spare_give(&b->spare_conns, conn);
}

struct br_conn *br_conn_new(struct broker *b, int client, const struct cr_net_addr *local,
			    const struct br_want *by)
{
	struct br_conn *conn = br_spare_take(&b->spare_conns, sizeof(*conn));

	if (!conn) {
		close_hard(client);
		return NULL;
	}
	conn->broker = b;
	conn->client = client;
	conn->server = -1;
	conn->started_ms = br_now_ms();
	conn->target = (struct br_target){.name = "", .addr = *local};
	if (by) {
		conn->pid = by->pid;
		memcpy(conn->program, by->program, sizeof(conn->program));
	}
	br_leave_prepare(conn);
	link_conn(conn);
	return conn;
}

static void admit(struct br_conn *conn)
{
	struct broker *b = conn->broker;
	struct cr_verdict verdict = br_decide(b, &conn->target);

	conn->unchecked = !conn->target.name[0] || (verdict.rule && verdict.rule->notls);
	if (verdict.decision == CR_DENY)
		br_conn_end(conn, CR_NET_BY_RULES);
	else if (b->n_conns > b->max_conns)
		br_conn_end(conn, CR_NET_LIMIT);
	else if (verdict.decision == CR_ASK)
		br_question_ask(conn);
	else
		br_dial(conn);
}

void br_conn_accept(struct broker *b, int client, const struct cr_net_addr *local,
		    const struct br_want *by)
{
	struct br_conn *conn = br_conn_new(b, client, local, by);

	if (!conn)
		return;
	if (br_target_find(b, local, &conn->target))
		admit(conn);
	else
		br_conn_end(conn, CR_NET_BY_RULES);
}

void br_conn_request(struct broker *b, int client, const struct br_request *request)
{
	struct br_conn *conn = br_conn_new(b, client, &request->target.addr, &request->by);

	if (!conn) {
		br_held_free(b, request->held);
		return;
	}
	conn->target = request->target;
	conn->way = request->way;
	conn->held = request->held;
	admit(conn);
}

/* What a program sends must not wait here for what it sends next. */
static void set_no_delay(int fd)
{
	const int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

void br_conn_dialled(struct br_conn *conn, int server, const struct cr_net_addr *addr)
{
	const int one = 1;

	br_leave_stop(conn);
	br_dial_free(conn->dial);
	br_entry_free(conn->entry);
	conn->dial = NULL;
	conn->entry = NULL;
	conn->server = server;
	conn->dialled = *addr;
	conn->has_dialled = true;
	conn->gate = conn->unchecked ? BR_GATE_OPEN : BR_GATE_CLOSED;
	if (conn->way != BR_WAY_CAPTURED) /* its listener has it: capture.c */
		set_no_delay(conn->client);
	set_no_delay(server);
	setsockopt(server, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	conn->is_answered = true;
	if (!br_proxy_answer(conn))
		br_conn_end(conn, CR_NET_DONE);
	else if (br_flow_open(&conn->up, conn, conn->client, server) < 0 ||
		 br_flow_open(&conn->down, conn, server, conn->client) < 0)
		br_conn_end(conn, CR_NET_LIMIT);
	else if (conn->held)
		br_http_begin(conn);
}
