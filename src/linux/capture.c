/*
 * capture.c - the network of a box with rules about connections, as init makes it.
 *
 * Every address is local there ("AnyIP": one route for all of IPv4, one for IPv6), so whatever a
 * program connects to ends at a listener of its own namespace. Those belong to the broker, which
 * is outside: init makes the sockets and passes them on. On ports that a box cannot bind
 * (below 1024) they listen on every address; elsewhere one is made for an address when somebody
 * wants to connect there, so that servers of the box keep their ports.
 * Connections from the host to a published port of the box are begun here as well, for the broker.
 * Nothing here decides: a socket leads to the broker or nowhere.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/calls.h"
#include "linux/fd.h"

#define LOOPBACK_INDEX 1 /* in every network namespace */
#define BACKLOG        4096

/* <netinet/in.h> of older systems lacks it; include/uapi/linux/in6.h */
#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

/*
 * What is sent goes from memory to memory: an algorithm that paces packets for a line far away, as
 * a host may have by default (bbr), halves the speed. This one is in every kernel.
 */
#define CONGESTION "reno"

struct route_request {
	struct nlmsghdr header;
	struct rtmsg route;
	struct rtattr index_attribute;
	uint32_t index;
	struct rtattr metrics;
	struct rtattr congestion; /* one of the metrics */
	char name[RTA_ALIGN(sizeof(CONGESTION))];
};

struct address_request {
	struct nlmsghdr header;
	struct ifaddrmsg address;
	struct rtattr attribute;
	uint8_t bytes[16];
};

/* 0, or -1 with errno: what the kernel answered. */
static int ask_kernel(int netlink, const struct nlmsghdr *request)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[256]; /* the request again */
	} answer;

	if (send(netlink, request, request->nlmsg_len, 0) != (ssize_t)request->nlmsg_len)
		return -1;
	if (recv(netlink, &answer, sizeof(answer), 0) < (ssize_t)offsetof(typeof(answer), rest) ||
	    answer.header.nlmsg_type != NLMSG_ERROR) {
		errno = EPROTO;
		return -1;
	}
	errno = -answer.error.error;
	return errno ? -1 : 0;
}

/* "local default dev lo" */
static int route_all(int netlink, uint8_t family)
{
	const struct route_request request = {
		.header =
			{
				.nlmsg_len = sizeof(request),
				.nlmsg_type = RTM_NEWROUTE,
				.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
			},
		.route =
			{
				.rtm_family = family,
				.rtm_table = RT_TABLE_LOCAL,
				.rtm_protocol = RTPROT_STATIC,
				.rtm_scope = RT_SCOPE_HOST,
				.rtm_type = RTN_LOCAL,
			},
		.index_attribute = {.rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = RTA_OIF},
		.index = LOOPBACK_INDEX,
		.metrics = {.rta_len = RTA_LENGTH(RTA_SPACE(sizeof(CONGESTION))),
			    .rta_type = RTA_METRICS},
		.congestion = {.rta_len = RTA_LENGTH(sizeof(CONGESTION)), .rta_type = RTAX_CC_ALGO},
		.name = CONGESTION,
	};

	return ask_kernel(netlink, &request.header);
}

/* An address that is not loopback's: without one, getaddrinfo(3) with AI_ADDRCONFIG and others like
 * it take the box for offline. They are those that names.h leaves to carrel. */
static int add_address(int netlink, uint8_t family)
{
	static const uint8_t four[] = {198, 18, 0, 1};
	static const uint8_t six[] = {0xfd, 0x63, 0x61, 0x72, 0x72, 0x65, 0, 0x6c,
				      0,    0,    0,    0,    0,    0,    0, 1};
	uint16_t len = family == AF_INET ? sizeof(four) : sizeof(six);
	struct address_request request = {
		.header =
			{
				.nlmsg_len =
					(uint32_t)offsetof(struct address_request, bytes) + len,
				.nlmsg_type = RTM_NEWADDR,
				.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
			},
		.address =
			{
				.ifa_family = family,
				.ifa_prefixlen = (uint8_t)(8 * len),
				.ifa_flags = IFA_F_NODAD,
				.ifa_index = LOOPBACK_INDEX,
			},
		.attribute = {.rta_len = RTA_LENGTH(len), .rta_type = IFA_LOCAL},
	};

	memcpy(request.bytes, family == AF_INET ? four : six, len);
	return ask_kernel(netlink, &request.header);
}

/* A kernel without IPv6 has none of it in the box either. */
static bool is_absent(int error)
{
	return error == EAFNOSUPPORT || error == EOPNOTSUPP || error == EADDRNOTAVAIL;
}

static int make_routes(struct cr_box *box)
{
	CR_AUTO_FD int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (netlink < 0 || route_all(netlink, AF_INET) < 0 || add_address(netlink, AF_INET) < 0)
		return cr_step_fail(box, "route every address to the broker");
	if ((route_all(netlink, AF_INET6) < 0 || add_address(netlink, AF_INET6) < 0) &&
	    !is_absent(errno))
		return cr_step_fail(box, "route every IPv6 address to the broker");
	return 0;
}

/* Our side of it; that of the box has it from its route. Nothing depends on it but the speed. */
static void set_congestion(int fd)
{
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, CONGESTION, strlen(CONGESTION));
}

static int set_options(int fd, uint8_t family, int type)
{
	int one = 1;

	if (type == SOCK_STREAM)
		set_congestion(fd);

	/* IPv6: no interface has the address, which for a local route is not enough. */
	if (family == 6 && (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0 ||
			    setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof(one)) < 0))
		return -1;
	/* What is accepted has the option too: what a program sends must not wait for its next. */
	if (type == SOCK_STREAM)
		return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
				       setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) <
					       0
			       ? -1
			       : 0;
	/* The answer must come from the address that was asked. */
	return family == 6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one))
			   : setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
}

/* A bound socket, listening if it can; -1 with errno. */
static int make_socket(const struct cr_net_addr *addr, int type)
{
	struct sockaddr_storage at;
	socklen_t len = (socklen_t)cr_net_to_sockaddr(addr, &at);
	int fd = socket(at.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int cause;

	if (fd >= 0 && set_options(fd, addr->family, type) == 0 &&
	    bind(fd, (const struct sockaddr *)&at, len) == 0 &&
	    (type != SOCK_STREAM || listen(fd, BACKLOG) == 0))
		return fd;
	cause = errno;
	cr_close_fd(&fd);
	errno = cause;
	return -1;
}

/* A socket on every address of both families. */
static int give_wildcards(struct cr_box *box, enum cr_net_kind kind, int type, uint16_t port)
{
	static const uint8_t families[] = {4, 6};

	for (size_t i = 0; i < 2; i++) {
		struct cr_net_msg msg = {.kind = kind,
					 .addr = {.family = families[i], .port = port}};
		CR_AUTO_FD int fd = make_socket(&msg.addr, type);

		if (fd < 0 && families[i] == 6 && is_absent(errno))
			continue;
		if (fd < 0)
			return cr_step_fail(box, "listen for the broker");
		if (cr_net_send(box->capture, &msg, fd) < 0)
			return cr_step_fail(box, "talk to the broker");
	}
	return 0;
}

/* It says so once it is confined; before, nothing of the box may reach it. From then on it may have
 * been taken over, and must not keep us waiting. */
static int await_broker(struct cr_box *box)
{
	struct cr_net_msg msg;
	CR_AUTO_FD int fd = -1;

	if (box->capture < 0)
		return cr_fail(box->err, CR_E_INTERNAL, "there is no broker");
	if (box->broker_is_ready)
		return 0;
	if (cr_net_receive(box->capture, &msg, &fd) <= 0 || msg.kind != CR_NET_READY)
		return cr_fail(box->err, CR_E_STEP, "the broker has ended");
	box->broker_is_ready = true;
	return fcntl(box->capture, F_SETFL, O_NONBLOCK) < 0
		       ? cr_step_fail(box, "talk to the broker")
		       : 0;
}

/* In the view of the box nothing of it can be written. */
int cr_capture_grab(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)box;
	(void)step;
	grab->tree = open_tree(AT_FDCWD, "/proc/sys/net", OPEN_TREE_CLOEXEC | OPEN_TREE_CLONE);
	return 0;
}

/*
 * The kernel forgets a connection that a program of the box has closed after this many seconds, not
 * after a minute, if the other side is still at it: so the broker notices that whoever waits for it
 * has left (leave.c there says how). Where /proc/sys may not be written (containers) it
 * notices later, and nothing else depends on it.
 */
static void forget_soon(int settings)
{
	CR_AUTO_FD int fd =
		settings < 0 ? -1 : openat(settings, "ipv4/tcp_fin_timeout", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, "1", 1);
}

int cr_capture_open(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)step;
	forget_soon(grab->tree);
	if (make_routes(box) < 0 ||
	    give_wildcards(box, CR_NET_DNS_UDP, SOCK_DGRAM, CR_NET_DNS_PORT) < 0 ||
	    give_wildcards(box, CR_NET_DNS_TCP, SOCK_STREAM, CR_NET_DNS_PORT) < 0)
		return -1;
	return await_broker(box);
}

/* A service of the host's loopback: the box's own has only this address given away. */
static int give_listener(struct cr_box *box, const struct cr_step *step)
{
	struct cr_net_msg msg = {.kind = CR_NET_LISTENER,
				 .addr = {.family = strchr(step->detail, ':') ? 6 : 4,
					  .port = (uint16_t)step->value}};

	if (inet_pton(msg.addr.family == 4 ? AF_INET : AF_INET6, step->detail, msg.addr.bytes) != 1)
		return cr_fail(box->err, CR_E_INTERNAL, "bad address '%s'", step->detail);

	CR_AUTO_FD int fd = make_socket(&msg.addr, SOCK_STREAM);

	if (fd < 0 && msg.addr.family == 6 && is_absent(errno))
		return 0;
	if (fd < 0)
		return cr_step_fail(box, "listen for the broker");
	return cr_net_send(box->capture, &msg, fd) < 0 ? cr_step_fail(box, "talk to the broker")
						       : 0;
}

int cr_capture_listen(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)grab;
	if (step->detail)
		return give_listener(box, step);
	return give_wildcards(box, CR_NET_LISTENER, SOCK_STREAM, (uint16_t)step->value);
}

int cr_capture_publish(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)step;
	(void)grab;
	return await_broker(box);
}

bool cr_captures(const struct cr_box *box)
{
	return cr_plan_has(box->plan, CR_STEP_CAPTURE);
}

static bool is_published(const struct cr_box *box, uint16_t port)
{
	for (size_t i = 0; i < box->plan->n_steps; i++)
		if (box->plan->steps[i].kind == CR_STEP_PUBLISH &&
		    box->plan->steps[i].value == port)
			return true;
	return false;
}

/* A socket on its way to a server of the box, whatever becomes of it; -1 with errno. The broker
 * waits for the outcome, we must not. */
static int begin_to_connect(const struct cr_box *box, const struct cr_net_addr *addr)
{
	const struct cr_net_addr v4 = {.family = 4, .bytes = {127, 0, 0, 1}, .port = addr->port};
	const struct cr_net_addr v6 = {.family = 6, .bytes = {[15] = 1}, .port = addr->port};
	struct sockaddr_storage to;
	socklen_t len = (socklen_t)cr_net_to_sockaddr(addr->family == 4 ? &v4 : &v6, &to);
	int cause = EACCES;
	int fd = -1;

	if (is_published(box, addr->port)) {
		fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		set_congestion(fd);
		if (fd >= 0 &&
		    (connect(fd, (const struct sockaddr *)&to, len) == 0 || errno == EINPROGRESS))
			return fd;
		cause = errno;
	}
	cr_close_fd(&fd);
	errno = cause;
	return -1;
}

bool cr_capture_serve(struct cr_box *box)
{
	struct cr_net_msg msg;
	CR_AUTO_FD int none = -1;

	errno = 0;
	if (cr_net_receive(box->capture, &msg, &none) <= 0)
		return errno == EAGAIN;
	if (cr_net_msg_check(&msg))
		return false;
	if (msg.kind != CR_NET_LISTEN && msg.kind != CR_NET_CONNECT)
		return true;

	bool connects = msg.kind == CR_NET_CONNECT;
	CR_AUTO_FD int fd =
		connects ? begin_to_connect(box, &msg.addr) : make_socket(&msg.addr, SOCK_STREAM);

	msg.kind = connects ? CR_NET_CONNECTED : CR_NET_LISTENING;
	msg.error = fd < 0 ? errno : 0;
	return cr_net_send(box->capture, &msg, fd) == 0;
}
