/*
 * net.c - talking to the host and the world from a box without a network
 * (threats 36, 37, 41, 43, 45).
 *
 * Sends nothing to anybody but the fixture and, for `dns-resolver`, one query for
 * a name that cannot exist to the resolvers of this machine.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static struct sockaddr_in address(const char *text, long port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	inet_pton(AF_INET, text, &addr.sin_addr);
	return addr;
}

static enum cr_attack_outcome connect_to(const struct cr_attack_env *env, int protocol,
					 const char *text)
{
	struct sockaddr_in addr = address(text, env->tcp_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return cr_attack_refused(env, "socket");
	return cr_attack_result(env, connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
				"connect");
}

static enum cr_attack_outcome tcp_loopback(const struct cr_attack_env *env)
{
	return connect_to(env, 0, "127.0.0.1");
}

static enum cr_attack_outcome tcp_any(const struct cr_attack_env *env)
{
	return connect_to(env, 0, "0.0.0.0");
}

static enum cr_attack_outcome tcp_lan(const struct cr_attack_env *env)
{
	if (!env->lan_address[0])
		return cr_attack_untestable(env, "this host has no other address");
	return connect_to(env, 0, env->lan_address);
}

static enum cr_attack_outcome mptcp(const struct cr_attack_env *env)
{
	return connect_to(env, IPPROTO_MPTCP, "127.0.0.1");
}

static enum cr_attack_outcome connect6(const struct cr_attack_env *env, const char *text, long port)
{
	struct sockaddr_in6 addr = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET6, text, &addr.sin6_addr);
	if (fd < 0)
		return cr_attack_refused(env, "socket");
	return cr_attack_result(env, connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
				"connect");
}

static enum cr_attack_outcome tcp6_loopback(const struct cr_attack_env *env)
{
	return connect6(env, "::1", env->tcp6_port);
}

static enum cr_attack_outcome tcp_mapped(const struct cr_attack_env *env)
{
	return connect6(env, "::ffff:127.0.0.1", env->tcp_port);
}

static enum cr_attack_outcome tcp_nonblocking(const struct cr_attack_env *env)
{
	struct sockaddr_in addr = address("127.0.0.1", env->tcp_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd polled = {.fd = fd, .events = POLLOUT};
	int bad = 0;
	socklen_t len = sizeof(bad);

	if (fd < 0)
		return cr_attack_refused(env, "socket");
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 && errno != EINPROGRESS)
		return cr_attack_refused(env, "connect");
	if (poll(&polled, 1, 1000) <= 0)
		bad = ETIMEDOUT;
	else
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &bad, &len);
	errno = bad;
	return cr_attack_result(env, bad ? -1 : 0, "connect without blocking");
}

/* Data in the first packet: there is no call to connect. */
static enum cr_attack_outcome fast_open(const struct cr_attack_env *env)
{
	struct sockaddr_in addr = address("127.0.0.1", env->tcp_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return cr_attack_refused(env, "socket");
	return cr_attack_result(env,
				sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
				       (struct sockaddr *)&addr, sizeof(addr)),
				"sendto with MSG_FASTOPEN");
}

static enum cr_attack_outcome fast_open_connect(const struct cr_attack_env *env)
{
	struct sockaddr_in addr = address("127.0.0.1", env->tcp_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return cr_attack_refused(env, "socket");
	if (setsockopt(fd, IPPROTO_TCP, 30 /* TCP_FASTOPEN_CONNECT */, &on, sizeof(on)) < 0)
		return cr_attack_refused(env, "TCP_FASTOPEN_CONNECT");
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return cr_attack_refused(env, "connect");
	return cr_attack_result(env, send(fd, "x", 1, MSG_NOSIGNAL), "send");
}

/* One socket, connected to nothing first and to the host then. */
static enum cr_attack_outcome reconnect(const struct cr_attack_env *env)
{
	struct sockaddr_in addr = address("127.0.0.1", env->udp_port);
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return cr_attack_refused(env, "socket");
	(void)connect(fd, &none, sizeof(none));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return cr_attack_refused(env, "connect");
	return cr_attack_result(env, send(fd, "x", 1, 0), "send");
}

static enum cr_attack_outcome send_udp(const struct cr_attack_env *env, const char *text)
{
	struct sockaddr_in addr = address(text, env->udp_port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return cr_attack_refused(env, "socket");
	return cr_attack_result(env, sendto(fd, "x", 1, 0, (struct sockaddr *)&addr, sizeof(addr)),
				"sendto");
}

static enum cr_attack_outcome udp_loopback(const struct cr_attack_env *env)
{
	return send_udp(env, "127.0.0.1");
}

static enum cr_attack_outcome udp_lan(const struct cr_attack_env *env)
{
	if (!env->lan_address[0])
		return cr_attack_untestable(env, "this host has no other address");
	return send_udp(env, env->lan_address);
}

static enum cr_attack_outcome udp_sendmmsg(const struct cr_attack_env *env)
{
	struct sockaddr_in addr = address("127.0.0.1", env->udp_port);
	struct iovec iov = {.iov_base = &addr, .iov_len = 1};
	struct mmsghdr message = {.msg_hdr = {.msg_name = &addr,
					      .msg_namelen = sizeof(addr),
					      .msg_iov = &iov,
					      .msg_iovlen = 1}};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return cr_attack_refused(env, "socket");
	return cr_attack_result(env, sendmmsg(fd, &message, 1, 0), "sendmmsg");
}

static enum cr_attack_outcome ping(const struct cr_attack_env *env, int type)
{
	struct sockaddr_in addr = address("127.0.0.1", 0);
	struct icmphdr echo = {.type = ICMP_ECHO};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, IPPROTO_ICMP);

	if (fd < 0)
		return cr_attack_refused(env, "socket");
	return cr_attack_result(
		env, sendto(fd, &echo, sizeof(echo), 0, (struct sockaddr *)&addr, sizeof(addr)),
		"send an echo request");
}

/* In a network of its own a box may ping itself; what counts is whether the host is there. */
static enum cr_attack_outcome icmp_raw(const struct cr_attack_env *env)
{
	return ping(env, SOCK_RAW);
}

static enum cr_attack_outcome icmp_lan(const struct cr_attack_env *env)
{
	struct sockaddr_in addr = address(env->lan_address, 0);
	struct icmphdr echo = {.type = ICMP_ECHO};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP);

	if (!env->lan_address[0])
		return cr_attack_untestable(env, "this host has no other address");
	if (fd < 0)
		return cr_attack_refused(env, "socket");
	return cr_attack_result(
		env, sendto(fd, &echo, sizeof(echo), 0, (struct sockaddr *)&addr, sizeof(addr)),
		"send an echo request");
}

/* A question for carrel-attack.invalid: RFC 6761 says nobody has it. */
static const unsigned char question[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
					"\x0d"
					"carrel-attack"
					"\x07"
					"invalid"
					"\x00"
					"\x00\x01\x00\x01";

static bool resolver_answers(const char *server)
{
	struct sockaddr_in addr = address(server, 53);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd polled = {.fd = fd, .events = POLLIN};
	bool answered;

	if (fd < 0)
		return false;
	answered = sendto(fd, question, sizeof(question) - 1, 0, (struct sockaddr *)&addr,
			  sizeof(addr)) > 0 &&
		   poll(&polled, 1, 400) > 0 && (polled.revents & POLLIN);
	close(fd);
	return answered;
}

static enum cr_attack_outcome dns_resolver(const struct cr_attack_env *env)
{
	FILE *in = fopen("/etc/resolv.conf", "re");
	char line[256], server[64];

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "nameserver %63s", server) == 1 && resolver_answers(server)) {
			fclose(in);
			return cr_attack_succeeded(env, "the resolver %s answered", server);
		}
	if (in)
		fclose(in);
	errno = ENETUNREACH;
	return cr_attack_refused(env, "no resolver answered");
}

/* A server of the box that the host (and the LAN) can reach. */
static enum cr_attack_outcome inbound(const struct cr_attack_env *env)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	struct pollfd polled = {.fd = fd, .events = POLLIN};

	if (fd < 0)
		return cr_attack_refused(env, "socket");
	addr.sin_port = htons((uint16_t)env->inbound_port);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 4) < 0)
		return cr_attack_refused(env, "bind and listen");
	if (poll(&polled, 1, 500) > 0) {
		/* Says who it is: somebody else may have that port by then. */
		int peer = accept(fd, NULL, NULL);

		if (peer >= 0 && send(peer, env->marker, strlen(env->marker), MSG_NOSIGNAL) > 0)
			return cr_attack_succeeded(env, "the host connected to our server");
	}
	errno = ETIMEDOUT;
	return cr_attack_refused(env, "nobody connected");
}

/* In a box with a rule about another port: it may have sockets then, which lead there alone. */
#define RULED(NAME, THREATS, TITLE, FN, TRAITS)                                              \
	{                                                                                    \
		.name = "ruled-" NAME, .threats = THREATS, .title = TITLE ", beside a rule", \
		.fn = FN, .tiers = CR_HOLDS_BOTH, .needs = CR_NEEDS_RULE, .traits = TRAITS   \
	}
#define ROW(NAME, THREATS, TITLE, FN, NEEDS, TRAITS)                        \
	{                                                                   \
		.name = NAME, .threats = THREATS, .title = TITLE, .fn = FN, \
		.tiers = CR_HOLDS_BOTH, .needs = NEEDS, .traits = TRAITS    \
	}
#define TRACE CR_TRAIT_TRACE
#define LACK  CR_TRAIT_MAY_LACK

static const struct cr_attack rows[] = {
	ROW("tcp-loopback", "36 41", "connect to a service on the host's loopback", tcp_loopback, 0,
	    TRACE),
	ROW("tcp-any", "36 41", "connect to it as 0.0.0.0", tcp_any, 0, TRACE),
	ROW("tcp-lan", "36", "connect to the host's LAN address", tcp_lan, 0, TRACE | LACK),
	ROW("tcp-ipv6", "43", "connect over IPv6", tcp6_loopback, 0, TRACE | LACK),
	ROW("tcp-mapped", "39 43", "connect to a v4-mapped v6 address", tcp_mapped, 0,
	    TRACE | LACK),
	ROW("tcp-nonblocking", "36", "connect without blocking", tcp_nonblocking, 0, TRACE),
	ROW("tcp-fastopen", "45", "TCP fast open by sendto", fast_open, 0, TRACE | LACK),
	ROW("tcp-fastopen-connect", "45", "TCP fast open by connect", fast_open_connect, 0,
	    TRACE | LACK),
	ROW("mptcp", "36", "connect with MPTCP", mptcp, 0, TRACE | LACK),
	ROW("udp-loopback", "36", "send UDP to the host's loopback", udp_loopback, 0,
	    TRACE | CR_TRAIT_BY_TRACE),
	ROW("udp-lan", "36", "send UDP to the host's LAN address", udp_lan, 0, TRACE | LACK),
	ROW("udp-sendmmsg", "36", "send UDP with sendmmsg", udp_sendmmsg, 0,
	    TRACE | CR_TRAIT_BY_TRACE),
	ROW("udp-reconnect", "45", "disconnect and connect a UDP socket", reconnect, 0,
	    TRACE | CR_TRAIT_BY_TRACE),
	ROW("icmp-raw", "25 36", "raw ICMP", icmp_raw, CR_NEEDS_ROOT, 0),
	ROW("icmp-lan", "36", "ping the host's LAN address", icmp_lan, 0, LACK),
	ROW("dns-resolver", "37", "ask the machine's resolver", dns_resolver, 0, LACK),
	ROW("inbound-listener", "43", "offer a server to the host", inbound, 0, TRACE),
	RULED("tcp-loopback", "36 41", "connect to a service on the host's loopback", tcp_loopback,
	      TRACE),
	RULED("tcp-any", "36 41", "connect to it as 0.0.0.0", tcp_any, TRACE),
	RULED("tcp-lan", "36", "connect to the host's LAN address", tcp_lan, TRACE | LACK),
	RULED("tcp-ipv6", "43", "connect over IPv6", tcp6_loopback, TRACE | LACK),
	RULED("tcp-mapped", "39 43", "connect to a v4-mapped v6 address", tcp_mapped, TRACE | LACK),
	RULED("tcp-nonblocking", "36", "connect without blocking", tcp_nonblocking, TRACE),
	RULED("tcp-fastopen", "45", "TCP fast open by sendto", fast_open, TRACE | LACK),
	RULED("tcp-fastopen-connect", "45", "TCP fast open by connect", fast_open_connect,
	      TRACE | LACK),
	RULED("mptcp", "36", "connect with MPTCP", mptcp, TRACE | LACK),
	RULED("udp-loopback", "36", "send UDP to the host's loopback", udp_loopback,
	      TRACE | CR_TRAIT_BY_TRACE),
	RULED("udp-lan", "36", "send UDP to the host's LAN address", udp_lan,
	      TRACE | LACK | CR_TRAIT_BY_TRACE),
	RULED("udp-sendmmsg", "36", "send UDP with sendmmsg", udp_sendmmsg,
	      TRACE | CR_TRAIT_BY_TRACE),
	RULED("udp-reconnect", "45", "disconnect and connect a UDP socket", reconnect,
	      TRACE | CR_TRAIT_BY_TRACE),
	RULED("inbound-listener", "43", "offer a server to the host", inbound, TRACE),
};

CR_ATTACK_TABLE(cr_attacks_net, rows);
