/*
 * relay.c - moves bytes from one socket to the other without looking at them.
 *
 * They go through a pipe and never into the broker's memory (splice). A flow takes nothing more
 * until the other side has taken what it holds, so a slow reader slows the writer down; a pipe is
 * borrowed only while it holds something.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "broker/impl.h"

/* Bytes at once, and in a large pipe; a user has 64 MiB for pipes (pipe(7)), so not all are. */
#define AT_ONCE    ((size_t)1024 * 1024)
#define LITTLE     4096
#define MAX_ROUNDS 2 /* of moving, before others have their turn */

static bool borrow(struct broker *b, struct br_pipe *pipe)
{
	if (b->n_pipes > 0) {
		*pipe = b->pipes[--b->n_pipes];
		return true;
	}
	*pipe = (struct br_pipe){0};
	if (pipe2(pipe->ends, O_NONBLOCK | O_CLOEXEC) < 0)
		return false;
	/* The usual size does as well, only not as fast. */
	pipe->is_large =
		b->n_large < BR_MAX_LARGE_PIPES && fcntl(pipe->ends[0], F_SETPIPE_SZ, AT_ONCE) >= 0;
	b->n_large += pipe->is_large;
	return true;
}

static void close_pipe(struct broker *b, struct br_pipe *pipe)
{
	close(pipe->ends[0]);
	close(pipe->ends[1]);
	b->n_large -= pipe->is_large;
}

static void give_back(struct broker *b, struct br_pipe *pipe)
{
	if (pipe->is_large && b->n_pipes < BR_MAX_KEPT_PIPES)
		b->pipes[b->n_pipes++] = *pipe;
	else
		close_pipe(b, pipe);
}

void br_flow_close(struct br_flow *flow)
{
	if (!flow->conn)
		return;
	event_del(&flow->readable);
	event_del(&flow->writable);
	/* What is left in it belongs to nobody. */
	if (flow->held > 0)
		close_pipe(flow->conn->broker, &flow->pipe);
	flow->held = 0;
}

static void want_event(struct event *event, short what, bool wanted)
{
	if (wanted == !!event_pending(event, what, NULL))
		return;
	if (wanted)
		event_add(event, NULL);
	else
		event_del(event);
}

void br_low_water(int fd, size_t bytes)
{
	int value = (int)bytes;

	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof(value));
}

void br_flow_wait(struct br_flow *flow, bool readable, bool writable)
{
	want_event(&flow->readable, EV_READ, readable);
	want_event(&flow->writable, EV_WRITE, writable);
}

bool br_flow_shut(struct br_flow *flow)
{
	struct br_conn *conn = flow->conn;

	flow->shut = true;
	br_flow_wait(flow, false, false);
	if (conn->up.shut && conn->down.shut) {
		br_conn_end(conn, CR_NET_DONE);
		return false;
	}
	shutdown(flow->to, SHUT_WR);
	return true;
}

static bool is_later(void)
{
	return errno == EAGAIN || errno == EINTR;
}

enum moved { MOVED, LATER, BROKEN };

static ssize_t splice_in(const struct br_flow *flow)
{
	return splice(flow->from, NULL, flow->pipe.ends[1], NULL, AT_ONCE,
		      SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
}

/* As much as fits the smallest pipe there is. */
static ssize_t copy_in(const struct br_flow *flow)
{
	uint8_t bytes[LITTLE];
	ssize_t got = recv(flow->from, bytes, sizeof(bytes), MSG_DONTWAIT);

	return got > 0 ? write(flow->pipe.ends[1], bytes, (size_t)got) : got;
}

/*
 * Bytes from the socket into the pipe. When splice finds none at the first look (`round` 0)
 * although the socket is readable, the next byte is marked as urgent: splice(2) stops in front of
 * it for ever, and we would be woken for ever. It goes on as an ordinary byte, in its place.
 */
static enum moved take(struct br_flow *flow, int round)
{
	struct broker *b = flow->conn->broker;

	if (!borrow(b, &flow->pipe))
		return BROKEN;

	ssize_t got = splice_in(flow);

	if (got < 0 && errno == EAGAIN && round == 0)
		got = copy_in(flow);

	int cause = errno;

	if (got <= 0)
		give_back(b, &flow->pipe);
	errno = cause;
	if (got < 0)
		return is_later() ? LATER : BROKEN;
	flow->eof = got == 0;
	flow->held = (size_t)got;
	flow->bytes += (uint64_t)got;
	return MOVED;
}

static enum moved put(struct br_flow *flow)
{
	ssize_t put = splice(flow->pipe.ends[0], NULL, flow->to, NULL, flow->held,
			     SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (put < 0)
		return is_later() ? LATER : BROKEN;
	flow->held -= (size_t)put;
	if (flow->held == 0)
		give_back(flow->conn->broker, &flow->pipe);
	return MOVED;
}

bool br_flow_pump(struct br_flow *flow)
{
	enum moved moved = MOVED;

	for (int i = 0; i < MAX_ROUNDS && moved == MOVED && !flow->eof; i++) {
		if (flow->held == 0)
			moved = take(flow, i);

		bool little = flow->held < LITTLE;

		if (moved == MOVED && flow->held > 0)
			moved = put(flow);
		if (little && flow->held == 0)
			break; /* there was no more, and if there is now we will hear of it */
	}
	if (moved == BROKEN) {
		br_conn_end(flow->conn, CR_NET_DONE);
		return false;
	}
	if (flow->eof && flow->held == 0)
		return br_flow_shut(flow);
	br_flow_wait(flow, flow->held == 0, flow->held > 0);
	return true;
}

static void put_rest(struct br_flow *flow)
{
	if (put(flow) == BROKEN)
		br_conn_end(flow->conn, CR_NET_DONE);
	else
		br_flow_wait(flow, flow->held == 0, flow->held > 0);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct br_flow *flow = arg;
	struct br_conn *conn = flow->conn;

	(void)fd;
	(void)what;
	if (flow == &conn->down && conn->gate == BR_GATE_ANSWER && flow->held > 0) {
		put_rest(flow); /* of what was said before the hello */
	} else if (flow == &conn->down && conn->gate == BR_GATE_ANSWER) {
		if (br_gate_answer(conn) && br_flow_pump(flow))
			br_gate_pump(conn);
	} else if (flow == &conn->down) {
		br_flow_pump(flow);
	} else if (conn->gate == BR_GATE_OPEN) {
		br_flow_pump(flow);
	} else {
		br_gate_pump(conn);
	}
}

int br_flow_open(struct br_flow *flow, struct br_conn *conn, int from, int to)
{
	const int one = 1;

	*flow = (struct br_flow){.conn = conn, .from = from, .to = to};
	/* Otherwise a byte marked as urgent is passed over where we read ourselves. */
	setsockopt(from, SOL_SOCKET, SO_OOBINLINE, &one, sizeof(one));
	event_assign(&flow->readable, conn->broker->base, from, EV_READ | EV_PERSIST, on_ready,
		     flow);
	event_assign(&flow->writable, conn->broker->base, to, EV_WRITE | EV_PERSIST, on_ready,
		     flow);
	return event_add(&flow->readable, NULL);
}
