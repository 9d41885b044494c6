/*
 * proxy.c - a box with a rule about connections, and what the rule does not say
 * (threats 36, 39, 41, 45).
 *
 * The rule allows one service of the fixture, and nothing is tried before that one is reached. In
 * the landlock tier the way there is a proxy; outside and in the full tier, where the environment
 * names none, every attack connects by itself.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

#define PATIENCE_SECS 5
#define SERVED        '!' /* the last byte of whatever the fixture's services answer */
#define SWAP_MS       1000
#define MESSAGE       1024

/* Where the environment says that the proxy is. */
struct proxy {
	long port; /* 0: there is none */
	char user[64], secret[128];
};

static struct proxy find_proxy(void)
{
	struct proxy proxy = {.port = 0};
	const char *url = getenv("HTTP_PROXY");

	if (url && sscanf(url, "http://%63[^:]:%127[^@]@127.0.0.1:%ld", proxy.user, proxy.secret,
			  &proxy.port) != 3)
		proxy.port = 0;
	return proxy;
}

/* A connected socket, which waits for nothing long; or -1. */
static int dial(const char *host, long port)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	const struct timeval patience = {.tv_sec = PATIENCE_SECS};
	struct addrinfo *found;
	char service[16];
	int fd;

	snprintf(service, sizeof(service), "%ld", port);
	if (getaddrinfo(host, service, &hints, &found) != 0) {
		errno = ENOENT;
		return -1;
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		if (connect(fd, found->ai_addr, found->ai_addrlen) < 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	return fd;
}

/* What comes until the end; its last byte says whether a service of the fixture has answered. */
static bool is_served(int fd)
{
	char text[4096];
	size_t used = 0;
	ssize_t got = 0;

	while (used < sizeof(text) && (got = recv(fd, text + used, sizeof(text) - used, 0)) > 0)
		used += (size_t)got;
	if (used > 0 && text[used - 1] == SERVED)
		return true;
	errno = used > 0 ? EACCES : ECONNRESET;
	return false;
}

struct message {
	unsigned char bytes[MESSAGE];
	size_t len;
};

static void add(struct message *message, const void *bytes, size_t len)
{
	if (len > sizeof(message->bytes) - message->len)
		return;
	memcpy(message->bytes + message->len, bytes, len);
	message->len += len;
}

static void add_text(struct message *message, const char *text)
{
	add(message, text, strlen(text));
}

/* RFC 4648 */
static void add_base64(struct message *message, const char *text)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const size_t len = strlen(text);

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)(unsigned char)text[i] << 16;
		char four[4];

		bits |= i + 1 < len ? (uint32_t)(unsigned char)text[i + 1] << 8 : 0;
		bits |= i + 2 < len ? (uint32_t)(unsigned char)text[i + 2] : 0;
		for (size_t k = 0; k < sizeof(four); k++)
			four[k] = k > 0 && i + k > len ? '=' : letters[bits >> (18 - 6 * k) & 63];
		add(message, four, sizeof(four));
	}
}

/* One way to ask the proxy for `host` (as in a URL) and `port`. */
typedef void (*asking_fn)(struct message *message, const struct proxy *proxy, const char *host,
			  long port);

static void add_login(struct message *message, const struct proxy *proxy)
{
	char login[sizeof(proxy->user) + sizeof(proxy->secret)];

	if (proxy->secret[0] == '\0')
		return;
	snprintf(login, sizeof(login), "%s:%s", proxy->user, proxy->secret);
	add_text(message, "Proxy-Authorization: Basic ");
	add_base64(message, login);
	add_text(message, "\r\n");
}

static void by_connect(struct message *message, const struct proxy *proxy, const char *host,
		       long port)
{
	const char *place = cr_attack_path("%s:%ld", host, port);

	add_text(message, cr_attack_path("CONNECT %s HTTP/1.1\r\nHost: %s\r\n", place, place));
	add_login(message, proxy);
	add_text(message, "\r\n");
}

static void by_url(struct message *message, const struct proxy *proxy, const char *host, long port)
{
	const char *place = cr_attack_path("%s:%ld", host, port);

	add_text(message, cr_attack_path("GET http://%s/ HTTP/1.1\r\nHost: %s\r\n", place, place));
	add_login(message, proxy);
	add_text(message, "\r\n");
}

/* RFC 1928, RFC 1929: without a secret the guest offers to go without. Names only. */
static void by_socks(struct message *message, const struct proxy *proxy, const char *host,
		     long port)
{
	const unsigned char user = (unsigned char)strlen(proxy->user),
			    secret = (unsigned char)strlen(proxy->secret),
			    name = (unsigned char)strlen(host),
			    at[2] = {(unsigned char)(port >> 8), (unsigned char)port};

	add(message, secret ? "\5\1\2" : "\5\1\0", 3);
	if (secret) {
		add(message, "\1", 1);
		add(message, &user, 1);
		add_text(message, proxy->user);
		add(message, &secret, 1);
		add_text(message, proxy->secret);
	}
	add(message, "\5\1\0\3", 4);
	add(message, &name, 1);
	add_text(message, host);
	add(message, at, sizeof(at));
}

/* A host as getaddrinfo(3) wants it. */
static const char *without_brackets(const char *host)
{
	if (host[0] != '[')
		return host;
	return cr_attack_path("%.*s", (int)strlen(host) - 2, host + 1);
}

/* Reaches a service of the fixture, in the way there is. 0, or -1 with errno. */
static int reach(const struct proxy *proxy, asking_fn asking, const char *host, long port)
{
	struct message message = {.len = 0};
	int fd = proxy->port ? dial("127.0.0.1", proxy->port) : dial(without_brackets(host), port);
	bool served;
	int cause;

	if (fd < 0)
		return -1;
	if (proxy->port)
		asking(&message, proxy, host, port);
	served = send(fd, message.bytes, message.len, MSG_NOSIGNAL) == (ssize_t)message.len &&
		 is_served(fd);
	cause = errno;
	close(fd);
	errno = cause;
	return served ? 0 : -1;
}

/* A proxy that serves nobody refuses everything, and that proves nothing. */
static bool is_working(const struct cr_attack_env *env, const struct proxy *proxy)
{
	return reach(proxy, by_connect, "127.0.0.1", env->open_port) == 0;
}

static enum cr_attack_outcome not_working(const struct cr_attack_env *env)
{
	return cr_attack_untestable(env, "what the rule allows is not reached: %s",
				    strerror(errno));
}

static enum cr_attack_outcome ask_for(const struct cr_attack_env *env, asking_fn asking,
				      const char *host, long port)
{
	const struct proxy proxy = find_proxy();

	if (!is_working(env, &proxy))
		return not_working(env);
	return cr_attack_result(env, reach(&proxy, asking, host, port),
				cr_attack_path("reach %s:%ld", host, port));
}

static enum cr_attack_outcome connect_number(const struct cr_attack_env *env)
{
	return ask_for(env, by_connect, env->arg, env->tcp_port);
}

static enum cr_attack_outcome connect_lan(const struct cr_attack_env *env)
{
	if (!env->lan_address[0])
		return cr_attack_untestable(env, "this host has no other address");
	return ask_for(env, by_connect, env->lan_address, env->tcp_port);
}

static enum cr_attack_outcome connect_ipv6(const struct cr_attack_env *env)
{
	return ask_for(env, by_connect, "[::1]", env->tcp6_port);
}

static enum cr_attack_outcome get_url(const struct cr_attack_env *env)
{
	return ask_for(env, by_url, "127.0.0.1", env->tcp_port);
}

static enum cr_attack_outcome ask_socks(const struct cr_attack_env *env)
{
	return ask_for(env, by_socks, env->arg, env->tcp_port);
}

/* What is allowed, for somebody who does not know the secret. */
static enum cr_attack_outcome as_stranger(const struct cr_attack_env *env, asking_fn asking)
{
	struct proxy proxy = find_proxy();

	if (!is_working(env, &proxy))
		return not_working(env);
	snprintf(proxy.secret, sizeof(proxy.secret), "%s", env->arg);
	return cr_attack_result(env, reach(&proxy, asking, "127.0.0.1", env->open_port),
				"use the proxy");
}

static enum cr_attack_outcome connect_as_stranger(const struct cr_attack_env *env)
{
	return as_stranger(env, by_connect);
}

static enum cr_attack_outcome socks_as_stranger(const struct cr_attack_env *env)
{
	return as_stranger(env, by_socks);
}

/* Writes one port over the other until it is killed. */
static pid_t start_swapping(volatile in_port_t *shared, in_port_t good, in_port_t evil)
{
	pid_t pid = fork();

	while (pid == 0) {
		*shared = evil;
		*shared = good;
	}
	return pid;
}

/* The port that the address leads to this time; 0: nowhere. */
static in_port_t port_reached(const struct sockaddr_in *shared, bool answers)
{
	const struct timeval patience = {.tv_sec = PATIENCE_SECS};
	struct sockaddr_in peer = {.sin_port = 0};
	socklen_t len = sizeof(peer);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)shared, sizeof(*shared)) == 0)
		getpeername(fd, (struct sockaddr *)&peer, &len);
	/* The fixture has a short queue: it is given the time to serve. */
	if (answers && peer.sin_port)
		(void)!recv(fd, &byte, 1, 0);
	close(fd);
	return peer.sin_port;
}

/* Is it the other port that one of the calls connects to? */
static bool connects_astray(const struct sockaddr_in *shared, in_port_t evil, bool answers)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		if (port_reached(shared, answers) == evil)
			return true;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 <
		 SWAP_MS);
	errno = ECONNREFUSED;
	return false;
}

/* Another process writes the address that connect(2) is reading. */
static enum cr_attack_outcome swap(const struct cr_attack_env *env)
{
	const struct proxy proxy = find_proxy();
	const in_port_t good = htons((uint16_t)(proxy.port ? proxy.port : env->open_port)),
			evil = htons((uint16_t)env->tcp_port);
	struct sockaddr_in *shared;
	bool astray;
	pid_t pid;

	if (!is_working(env, &proxy))
		return not_working(env);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return cr_attack_untestable(env, "mmap: %s", strerror(errno));
	*shared = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = good, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	pid = start_swapping(&shared->sin_port, good, evil);
	if (pid < 0)
		return cr_attack_untestable(env, "fork: %s", strerror(errno));
	astray = connects_astray(shared, evil, !proxy.port);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return cr_attack_result(env, astray ? 0 : -1, "connect to an address that changes");
}

#define ROW(NAME, THREATS, TITLE, FN, ARG, TRAITS)                                      \
	{                                                                               \
		.name = NAME, .threats = THREATS, .title = TITLE, .fn = FN, .arg = ARG, \
		.tiers = CR_HOLDS_BOTH, .needs = CR_NEEDS_RULE, .traits = TRAITS        \
	}
#define STRANGER(NAME, TITLE, FN, ARG)                                               \
	{                                                                            \
		.name = NAME, .threats = "41", .title = TITLE, .fn = FN, .arg = ARG, \
		.tiers = CR_HOLDS_BOTH, .needs = CR_NEEDS_RULE | CR_NEEDS_PROXY      \
	}
#define TRACE CR_TRAIT_TRACE
#define LACK  CR_TRAIT_MAY_LACK

static const struct cr_attack rows[] = {
	ROW("proxy-loopback", "36 41", "ask for another port of the loopback", connect_number,
	    "127.0.0.1", TRACE),
	ROW("proxy-any", "39 41", "ask for it as 0.0.0.0", connect_number, "0.0.0.0", TRACE),
	ROW("proxy-localhost", "41", "ask for it by name", connect_number, "localhost", TRACE),
	ROW("proxy-mapped", "39 43", "ask for it as a v4-mapped v6 address", connect_number,
	    "[::ffff:127.0.0.1]", TRACE | LACK),
	ROW("proxy-ipv6", "41 43", "ask for a service on ::1", connect_ipv6, NULL, TRACE | LACK),
	ROW("proxy-lan", "36", "ask for the host's LAN address", connect_lan, NULL, TRACE | LACK),
	ROW("proxy-url", "36 41", "ask for a page of another port", get_url, NULL, TRACE),
	ROW("proxy-socks", "36 41", "ask for another port with SOCKS", ask_socks, "127.0.0.1",
	    TRACE),
	ROW("proxy-socks-localhost", "41", "ask for it by name with SOCKS", ask_socks, "localhost",
	    TRACE),
	STRANGER("proxy-no-secret", "use the proxy without its secret", connect_as_stranger, ""),
	STRANGER("proxy-wrong-secret", "use the proxy with another secret", connect_as_stranger,
		 "wrong"),
	STRANGER("proxy-socks-no-secret", "use SOCKS without the secret", socks_as_stranger, ""),
	STRANGER("proxy-socks-wrong-secret", "use SOCKS with another secret", socks_as_stranger,
		 "wrong"),
	ROW("proxy-swap", "36 45", "change an address while it is connected to", swap, NULL, TRACE),
};

CR_ATTACK_TABLE(cr_attacks_proxy, rows);
