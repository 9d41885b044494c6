/*
 * join.c - connects sockets of the box to the proxy.
 *
 * A box without a network of its own may not connect at all: the launcher takes the socket and we
 * connect it, to the one address there is. The socket is shared with the box, which may do
 * anything else to it meanwhile, also make this call wait: that holds up nothing but the box's own
 * broker. Must never connect it to anything but the proxy.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/impl.h"

/* One that is not connected yet, and whose caller waits for that. */
struct joining {
	struct broker *broker;
	struct cr_net_msg msg;
	int fd, flags;
	struct event writable;
};

/* Gives the socket back as it was. */
static void finish(struct broker *b, const struct cr_net_msg *msg, int fd, int flags, int error)
{
	fcntl(fd, F_SETFL, flags);
	close(fd);
	br_give_verdict(b, msg->id, &msg->addr, error);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct joining *joining = arg;
	int error = ECONNREFUSED;
	socklen_t len = sizeof(error);

	(void)what;
	/* Before the number is given up: in the box the socket lives on. */
	event_del(&joining->writable);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	finish(joining->broker, &joining->msg, joining->fd, joining->flags, error);
	free(joining);
}

static void await(struct broker *b, const struct cr_net_msg *msg, int fd, int flags)
{
	struct joining *joining = malloc(sizeof(*joining));

	if (!joining) {
		finish(b, msg, fd, flags, ENOBUFS);
		return;
	}
	*joining = (struct joining){.broker = b, .msg = *msg, .fd = fd, .flags = flags};
	event_assign(&joining->writable, b->base, fd, EV_WRITE, on_writable, joining);
	if (event_add(&joining->writable, NULL) == 0)
		return;
	free(joining);
	finish(b, msg, fd, flags, ENOBUFS);
}

/* An IPv6 socket can do it too, unless it has been told not to. */
static socklen_t proxy_address(const struct broker *b, int fd, struct sockaddr_storage *out)
{
	struct cr_net_addr at = {.family = 4, .bytes = {127, 0, 0, 1}, .port = b->proxy.port};
	int domain = AF_INET;
	socklen_t len = sizeof(domain);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	if (domain == AF_INET6)
		at = (struct cr_net_addr){
			.family = 6,
			.bytes = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1},
			.port = b->proxy.port,
		};
	return (socklen_t)cr_net_to_sockaddr(&at, out);
}

/* The address the proxy will see it come from. */
static bool source_of(int fd, struct cr_net_addr *out)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	if (getsockname(fd, (struct sockaddr *)&at, &len) < 0 ||
	    !cr_net_from_sockaddr((const struct sockaddr *)&at, len, out))
		return false;
	cr_net_unmap(out);
	return true;
}

void br_join(struct broker *b, const struct cr_net_msg *msg, int fd)
{
	int flags = fcntl(fd, F_GETFL), error = 0;
	struct cr_net_addr source;
	struct sockaddr_storage to;
	socklen_t len = proxy_address(b, fd, &to);

	if (flags < 0 || b->proxy.port == 0) {
		close(fd);
		br_give_verdict(b, msg->id, &msg->addr, ECONNREFUSED);
		return;
	}
	/* A call that waits would wait for us to accept it. */
	if (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		error = errno;
	else if (connect(fd, (const struct sockaddr *)&to, len) < 0)
		error = errno;
	br_leave_soon(fd);
	if ((error == 0 || error == EINPROGRESS) && source_of(fd, &source))
		br_remember(b, msg, &source);
	br_proxy_accept(b); /* before so many others come that this one is forgotten */
	if (error == EINPROGRESS && !(flags & O_NONBLOCK))
		await(b, msg, fd, flags);
	else
		finish(b, msg, fd, flags, error);
}
