/*
 * net_load.c - the two ends of the network benchmark.
 *
 * usage: net_load serve ADDRESS PORT                 echo on PORT; on PORT+1 as many bytes as asked
 *        net_load latency HOST PORT COUNT            median µs of connect, a byte there and back
 *        net_load fetch HOST PORT STREAMS BYTES      MB/s of BYTES on each of STREAMS at once
 *        net_load hold HOST PORT STREAMS             opens them, says "ready", waits for input
 *
 * Everything but its own measuring is left out: one thread, no allocation while the clock runs.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_FDS 65536
#define BLOCK   (256 << 10)

static char block[BLOCK];
static uint64_t left[MAX_FDS]; /* of a source's descriptor: bytes still to send */
static unsigned char source[MAX_FDS];

static void die(const char *what)
{
	fprintf(stderr, "net_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void watch(int poll, int fd, uint32_t events, int op)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (fd >= MAX_FDS || epoll_ctl(poll, op, fd, &event))
		die("epoll_ctl");
}

/* the server */

static int listen_on(const char *address, int port)
{
	struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	inet_pton(AF_INET, address, &where.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&where, sizeof(where)) || listen(fd, 4096))
		die("listen");
	return fd;
}

static void take(int poll, int listener, int is_source)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		source[fd] = (unsigned char)is_source;
		left[fd] = 0;
		watch(poll, fd, EPOLLIN, EPOLL_CTL_ADD);
	}
}

/* Sends what a source still owes; closes it when all is out. */
static void send_more(int fd)
{
	while (left[fd] > 0) {
		size_t size = left[fd] < BLOCK ? (size_t)left[fd] : BLOCK;
		ssize_t sent = send(fd, block, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EAGAIN)
			return;
		if (sent < 0)
			break;
		left[fd] -= (uint64_t)sent;
	}
	close(fd);
}

static void serve_peer(int poll, int fd)
{
	ssize_t got;

	if (source[fd] && left[fd] > 0) {
		send_more(fd);
		return;
	}
	if (source[fd]) {
		if (recv(fd, &left[fd], sizeof(left[fd]), 0) != sizeof(left[fd])) {
			close(fd);
			return;
		}
		watch(poll, fd, EPOLLOUT, EPOLL_CTL_MOD);
		return;
	}
	got = recv(fd, block, BLOCK, 0);
	if (got <= 0 || send(fd, block, (size_t)got, MSG_NOSIGNAL) != got)
		close(fd);
}

static void __attribute__((noreturn)) serve(const char *address, int port)
{
	struct epoll_event events[256];
	int poll = epoll_create1(EPOLL_CLOEXEC);
	int listeners[2] = {listen_on(address, port), listen_on(address, port + 1)};

	for (int i = 0; i < 2; i++)
		watch(poll, listeners[i], EPOLLIN, EPOLL_CTL_ADD);
	puts("ready");
	fflush(stdout);
	for (;;) {
		int count = epoll_wait(poll, events, 256, -1);

		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;

			if (fd == listeners[0] || fd == listeners[1])
				take(poll, fd, fd == listeners[1]);
			else
				serve_peer(poll, fd);
		}
	}
}

/* the client */

static struct sockaddr_storage target;
static socklen_t target_len;

static void look_up(const char *host, const char *port)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;

	if (getaddrinfo(host, port, &hints, &found)) {
		fprintf(stderr, "net_load: no address for %s\n", host);
		exit(1);
	}
	memcpy(&target, found->ai_addr, found->ai_addrlen);
	target_len = found->ai_addrlen;
	freeaddrinfo(found);
}

static int reach(void)
{
	int fd = socket(target.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&target, target_len))
		die("connect");
	return fd;
}

static void echo_byte(int fd)
{
	char byte = 'x';

	if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1 || recv(fd, &byte, 1, 0) != 1)
		die("a byte there and back");
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int latency(size_t count)
{
	double *times = calloc(count, sizeof(*times));

	if (!times || count == 0)
		die("calloc");
	for (size_t i = 0; i < count; i++) {
		double begin = now_us();
		int fd = reach();

		echo_byte(fd);
		times[i] = now_us() - begin;
		close(fd);
	}
	qsort(times, count, sizeof(*times), by_size);
	printf("%.2f\n", times[count / 2]);
	free(times);
	return 0;
}

static int open_all(int *fds, int streams)
{
	struct rlimit most;

	if (streams < 1 || streams > MAX_FDS / 2)
		return -1;
	getrlimit(RLIMIT_NOFILE, &most);
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_NOFILE, &most);
	for (int i = 0; i < streams; i++)
		fds[i] = reach();
	return 0;
}

/* Reads whatever comes on `fds` until each has ended; how many bytes that were. */
static uint64_t read_all(const int *fds, int streams)
{
	struct epoll_event events[256];
	int poll = epoll_create1(EPOLL_CLOEXEC), open = streams;
	uint64_t total = 0;

	for (int i = 0; i < streams; i++)
		watch(poll, fds[i], EPOLLIN, EPOLL_CTL_ADD);
	while (open > 0) {
		int count = epoll_wait(poll, events, 256, -1);

		for (int i = 0; i < count; i++) {
			ssize_t got = recv(events[i].data.fd, block, BLOCK, 0);

			if (got < 0)
				die("recv");
			total += (uint64_t)got;
			if (got > 0)
				continue;
			close(events[i].data.fd);
			open--;
		}
	}
	close(poll);
	return total;
}

static int fetch(int streams, uint64_t bytes)
{
	static int fds[MAX_FDS];
	double begin;
	uint64_t total;

	if (open_all(fds, streams))
		return 1;
	begin = now_us();
	for (int i = 0; i < streams; i++)
		if (send(fds[i], &bytes, sizeof(bytes), MSG_NOSIGNAL) != sizeof(bytes))
			die("send");
	total = read_all(fds, streams);
	if (total != bytes * (uint64_t)streams) {
		fprintf(stderr, "net_load: %llu bytes came\n", (unsigned long long)total);
		return 1;
	}
	printf("%.2f\n", (double)total / (now_us() - begin));
	return 0;
}

static int hold(int streams)
{
	static int fds[MAX_FDS];
	char byte;

	if (open_all(fds, streams))
		return 1;
	for (int i = 0; i < streams; i++)
		echo_byte(fds[i]);
	puts("ready");
	fflush(stdout);
	return read(STDIN_FILENO, &byte, 1) < 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "serve"))
		serve(argv[2], (int)strtol(argv[3], NULL, 10));
	if (argc < 5) {
		fputs("usage: see the head of net_load.c\n", stderr);
		return 2;
	}
	look_up(argv[2], argv[3]);
	if (!strcmp(argv[1], "latency"))
		return latency(strtoul(argv[4], NULL, 10));
	if (!strcmp(argv[1], "fetch") && argc == 6)
		return fetch((int)strtol(argv[4], NULL, 10), strtoull(argv[5], NULL, 10));
	if (!strcmp(argv[1], "hold"))
		return hold((int)strtol(argv[4], NULL, 10));
	return 2;
}
