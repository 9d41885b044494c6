/*
 * dial.c - from a target to a connection with a host: look up (lookup.c), check, try (RFC 8305).
 *
 * The address that was checked is the one that is dialled: a name is not looked up again in
 * between, so it cannot lead elsewhere meanwhile.
 */
#include <errno.h>
#include <unistd.h>

#include "broker/impl.h"

#define NEXT_MS  250   /* before the next address is tried as well */
#define TOTAL_MS 30000 /* then the host cannot be reached */

struct attempt {
	struct br_dial *dial;
	size_t number;
	int fd; /* -1: not begun, or failed */
	struct event writable;
};

struct br_dial {
	struct br_conn *conn;
	struct br_lookup *lookup; /* until the addresses of a name are known */
	struct cr_net_addr addrs[BR_MAX_ADDRESS];
	size_t n_addrs, next, failed, in_flight;
	uint64_t deadline_ms;
	struct event timer;
	struct attempt attempts[BR_MAX_ADDRESS];
};

/* The first attempt is in the connection's share of the descriptors; the others race with it, and
 * those of all connections together are bounded. */
static void count_attempt(struct br_dial *dial)
{
	if (dial->in_flight++ > 0)
		dial->conn->broker->n_racing++;
}

static void forget_attempt(struct attempt *attempt)
{
	struct br_dial *dial = attempt->dial;

	event_del(&attempt->writable);
	attempt->fd = -1;
	if (--dial->in_flight > 0)
		dial->conn->broker->n_racing--;
}

static void give_up(struct attempt *attempt)
{
	int fd = attempt->fd;

	if (fd < 0)
		return;
	forget_attempt(attempt);
	close(fd);
}

void br_dial_free(struct br_dial *dial)
{
	if (!dial)
		return;
	br_lookup_cancel(dial->lookup);
	event_del(&dial->timer);
	for (size_t i = 0; i < dial->next; i++)
		give_up(&dial->attempts[i]);
	br_spare_give(&dial->conn->broker->spare_dials, dial);
}

static void try_next(struct br_dial *dial);

static void on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct attempt *attempt = arg;
	struct br_dial *dial = attempt->dial;
	const struct cr_net_addr addr = dial->addrs[attempt->number];
	int error = 0;
	socklen_t len = sizeof(error);

	(void)what;
	forget_attempt(attempt);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0) {
		br_conn_dialled(dial->conn, fd, &addr);
		return;
	}
	close(fd);
	dial->failed++;
	try_next(dial);
}

/* Asked again, the kernel says at once whether it is done: on this machine it often is. */
static bool is_connected(int fd, const struct sockaddr_storage *to, socklen_t len)
{
	return connect(fd, (const struct sockaddr *)to, len) == 0 || errno == EISCONN;
}

enum begun { FAILED, BEGUN, DONE };

/* Begins to connect. DONE: the socket is *server. */
static enum begun begin(struct br_dial *dial, size_t number, int *server)
{
	struct attempt *attempt = &dial->attempts[number];
	struct sockaddr_storage to;
	socklen_t len = (socklen_t)cr_net_to_sockaddr(&dial->addrs[number], &to);
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	attempt->fd = -1;
	if (fd < 0)
		return FAILED;
	if (connect(fd, (const struct sockaddr *)&to, len) < 0 && errno != EINPROGRESS) {
		close(fd);
		return FAILED;
	}
	if (is_connected(fd, &to, len)) {
		*server = fd;
		return DONE;
	}
	if (errno != EALREADY) {
		close(fd);
		return FAILED;
	}
	attempt->dial = dial;
	attempt->number = number;
	attempt->fd = fd;
	event_assign(&attempt->writable, dial->conn->broker->base, fd, EV_WRITE, on_connected,
		     attempt);
	event_add(&attempt->writable, NULL);
	count_attempt(dial);
	return BEGUN;
}

static void set_timer(struct br_dial *dial)
{
	uint64_t now = br_now_ms();
	uint64_t left = dial->deadline_ms > now ? dial->deadline_ms - now : 0;
	uint64_t ms = dial->next < dial->n_addrs && left > NEXT_MS ? NEXT_MS : left;
	const struct timeval wait = {.tv_sec = (time_t)(ms / 1000),
				     .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

	evtimer_add(&dial->timer, &wait);
	br_leave_watch(dial->conn);
}

/* With so many on their way everywhere, the oldest of these makes room for the next: it has had its
 * time, and every address has its turn. */
static void make_room(struct br_dial *dial)
{
	if (dial->in_flight == 0 || dial->conn->broker->n_racing < BR_MAX_RACING)
		return;
	for (size_t i = 0; i < dial->next; i++) {
		if (dial->attempts[i].fd < 0)
			continue;
		give_up(&dial->attempts[i]);
		dial->failed++;
		return;
	}
}

/* One more address, or the end when all have failed. */
static void try_next(struct br_dial *dial)
{
	int server;

	while (dial->next < dial->n_addrs) {
		const struct cr_net_addr addr = dial->addrs[dial->next];

		make_room(dial);
		switch (begin(dial, dial->next++, &server)) {
		case DONE:
			br_conn_dialled(dial->conn, server, &addr);
			return;
		case BEGUN:
			set_timer(dial);
			return;
		case FAILED:
			dial->failed++;
		}
	}
	if (dial->failed == dial->n_addrs)
		br_conn_end(dial->conn, CR_NET_FAILED);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct br_dial *dial = arg;

	(void)fd;
	(void)what;
	if (br_now_ms() >= dial->deadline_ms)
		br_conn_end(dial->conn, dial->lookup ? CR_NET_NO_NAME : CR_NET_FAILED);
	else if (dial->next < dial->n_addrs)
		try_next(dial);
	else
		set_timer(dial);
}

/* Leaves what may be dialled, the families taking turns. Returns why the last of the others not. */
static enum cr_net_end choose(struct br_dial *dial, const struct cr_net_addr *addrs, size_t count)
{
	const struct br_conn *conn = dial->conn;
	uint8_t wanted = count > 0 ? addrs[0].family : 0;
	bool used[BR_MAX_ADDRESS] = {false};
	enum cr_net_end why, refused = CR_NET_NO_NAME;

	for (size_t left = count; left > 0; left--) {
		size_t pick = count;

		for (size_t i = 0; i < count; i++)
			if (!used[i] && (pick == count || (addrs[pick].family != wanted &&
							   addrs[i].family == wanted)))
				pick = i;
		used[pick] = true;
		wanted = addrs[pick].family == 4 ? 6 : 4;
		why = br_may_dial(conn->broker, &conn->target, &addrs[pick]);
		if (why == CR_NET_DONE)
			dial->addrs[dial->n_addrs++] = addrs[pick];
		else
			refused = why;
	}
	return refused;
}

static void go(struct br_dial *dial, const struct cr_net_addr *addrs, size_t count)
{
	enum cr_net_end refused = choose(dial, addrs, count);

	if (dial->n_addrs == 0)
		br_conn_end(dial->conn, refused);
	else
		try_next(dial);
}

static void on_found(void *arg, const struct cr_net_addr *found, size_t count)
{
	struct br_dial *dial = arg;
	struct cr_net_addr addrs[BR_MAX_ADDRESS];

	dial->lookup = NULL;
	for (size_t i = 0; i < count; i++) {
		addrs[i] = found[i];
		addrs[i].port = dial->conn->target.addr.port;
	}
	go(dial, addrs, count);
}

static void go_to_name(struct br_dial *dial)
{
	struct br_conn *conn = dial->conn;
	struct br_lookup *lookup = br_lookup(conn->broker, conn->target.name, on_found, dial);

	if (!lookup) /* it has called back already, and the dial may be gone */
		return;
	dial->lookup = lookup;
	set_timer(dial);
}

/* A program that looks up localhost takes our listener on ::1 for the server, which may be on
 * 127.0.0.1 only: it would not try that as well. */
static void go_to_address(struct br_dial *dial)
{
	const struct br_conn *conn = dial->conn;
	struct cr_net_addr addrs[2] = {conn->target.addr};

	go(dial, addrs, br_localhost_other(conn->broker, &conn->target, &addrs[1]) ? 2 : 1);
}

void br_dial(struct br_conn *conn)
{
	struct br_dial *dial = br_spare_take(&conn->broker->spare_dials, sizeof(*dial));

	if (!dial) {
		br_conn_end(conn, CR_NET_LIMIT);
		return;
	}
	conn->dial = dial;
	dial->conn = conn;
	dial->deadline_ms = br_now_ms() + TOTAL_MS;
	evtimer_assign(&dial->timer, conn->broker->base, on_timer, dial);
	if (conn->target.name[0])
		go_to_name(dial);
	else
		go_to_address(dial);
}
