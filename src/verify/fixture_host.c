/*
 * fixture_host.c - the living part of a fixture: a child that listens on the
 * host's sockets and counts what arrives, and a child that is the victim.
 *
 * Both die with the thread that made them. The server answers every connection
 * with a descriptor of the outside directory, as a careless daemon would.
 */
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"
#include "fixture_parts.h"

extern char **environ;

static int bind_inet(int family, int type, long *port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr *addr = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	socklen_t len = family == AF_INET ? sizeof(v4) : sizeof(v6);
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, addr, len) < 0 || (type == SOCK_STREAM && listen(fd, 16) < 0) ||
	    getsockname(fd, addr, &len) < 0) {
		close(fd);
		return -1;
	}
	*port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
	return fd;
}

/* An empty path with a name is an abstract socket. */
static int bind_unix(const char *path, const char *name, int type)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(addr);
	const char *text = name ? name : path;
	const size_t room = sizeof(addr.sun_path) - 1;
	int fd;

	if (strlen(text) >= room) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(addr.sun_path + (name ? 1 : 0), text, strlen(text));
	if (name)
		len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&addr, len) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 16) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void find_lan_address(struct cr_attack_env *env)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0)
		return;
	for (struct ifaddrs *one = all; one; one = one->ifa_next) {
		const struct sockaddr_in *addr = (const void *)one->ifa_addr;

		if (!addr || addr->sin_family != AF_INET || (one->ifa_flags & IFF_LOOPBACK) ||
		    !(one->ifa_flags & IFF_UP))
			continue;
		inet_ntop(AF_INET, &addr->sin_addr, env->lan_address, sizeof(env->lan_address));
		break;
	}
	freeifaddrs(all);
}

int cr_fixture_sockets(struct cr_attack_fixture *fixture, struct cr_err *err)
{
	struct cr_attack_env *env = &fixture->env;
	int *s = fixture->sockets, spare;

	s[CR_SERVED_TCP] = bind_inet(AF_INET, SOCK_STREAM, &env->tcp_port);
	s[CR_SERVED_TCP6] = bind_inet(AF_INET6, SOCK_STREAM, &env->tcp6_port);
	s[CR_SERVED_UDP] = bind_inet(AF_INET, SOCK_DGRAM, &env->udp_port);
	s[CR_SERVED_OPEN] = bind_inet(AF_INET, SOCK_STREAM, &env->open_port);
	s[CR_SERVED_HOME] = bind_unix(env->home_socket, NULL, SOCK_STREAM);
	s[CR_SERVED_RUN] = bind_unix(env->run_socket, NULL, SOCK_STREAM);
	s[CR_SERVED_TMP] = bind_unix(env->tmp_socket, NULL, SOCK_STREAM);
	s[CR_SERVED_WS] = bind_unix(env->ws_socket, NULL, SOCK_STREAM);
	s[CR_SERVED_DGRAM] = bind_unix(env->dgram_socket, NULL, SOCK_DGRAM);
	s[CR_SERVED_ABSTRACT] = bind_unix(NULL, env->abstract_name, SOCK_STREAM);
	if (env->sys_socket[0])
		s[CR_SERVED_SYS] = bind_unix(env->sys_socket, NULL, SOCK_STREAM);
	spare = bind_inet(AF_INET, SOCK_STREAM, &env->inbound_port);
	if (spare >= 0)
		close(spare);
	find_lan_address(env);
	for (size_t i = 0; i < CR_SERVED_COUNT; i++)
		if (s[i] < 0 && i != CR_SERVED_TCP6 && i != CR_SERVED_SYS)
			return cr_fail_os(err, CR_E_IO, errno, "socket %zu of the fixture", i);
	return 0;
}

/* A byte and, over AF_UNIX, a descriptor of the outside directory. */
static void answer(int client, int dir)
{
	char byte = '!', space[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	struct cmsghdr *head;

	if (getsockname(client, (struct sockaddr *)&addr, &len) == 0 && addr.ss_family == AF_UNIX) {
		message.msg_control = space;
		message.msg_controllen = sizeof(space);
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &dir, sizeof(int));
	}
	(void)sendmsg(client, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/*
 * Where try_inbound comes from. The port it tries belongs to nobody, until another fixture on this
 * machine is given it: a visit from there is no attack.
 */
#define KNOCKER 0x7f000063 /* 127.0.0.99 */

static bool is_knocker(const struct sockaddr_storage *from)
{
	const struct sockaddr_in *v4 = (const void *)from;

	return from->ss_family == AF_INET && v4->sin_addr.s_addr == htonl(KNOCKER);
}

static void serve_one(struct cr_attack_fixture *fixture, size_t i, int dir)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char block[512];
	int client;

	if (i == CR_SERVED_UDP || i == CR_SERVED_DGRAM) {
		if (recv(fixture->sockets[i], block, sizeof(block), MSG_DONTWAIT) >= 0)
			fixture->shared->arrived[i]++;
		return;
	}
	client = accept4(fixture->sockets[i], (struct sockaddr *)&from, &len, SOCK_CLOEXEC);
	if (client < 0)
		return;
	if (!is_knocker(&from)) {
		fixture->shared->arrived[i]++;
		answer(client, dir);
	}
	close(client);
}

/* Somebody outside who would talk to a server of the box. */
static void try_inbound(struct cr_attack_fixture *fixture)
{
	const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(KNOCKER)};
	struct sockaddr_in to = {.sin_family = AF_INET};
	const struct timeval patience = {.tv_usec = 100000};
	char greeting[64] = "";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	to.sin_port = htons((uint16_t)fixture->env.inbound_port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (bind(fd, (const struct sockaddr *)&from, sizeof(from)) == 0 &&
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	    recv(fd, greeting, sizeof(greeting) - 1, 0) > 0 &&
	    strncmp(greeting, fixture->env.marker, sizeof(greeting) - 1) == 0)
		fixture->shared->inbound++;
	close(fd);
}

static void serve(struct cr_attack_fixture *fixture)
{
	int dir = open(fixture->env.outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct pollfd polled[CR_SERVED_COUNT];

	for (;;) {
		unsigned ping = __atomic_load_n(&fixture->shared->ping, __ATOMIC_ACQUIRE);
		unsigned pong = fixture->shared->pong;
		int ready;

		for (size_t i = 0; i < CR_SERVED_COUNT; i++)
			polled[i] = (struct pollfd){.fd = fixture->sockets[i], .events = POLLIN};
		ready = poll(polled, CR_SERVED_COUNT, ping != pong ? 0 : 10);
		for (size_t i = 0; ready > 0 && i < CR_SERVED_COUNT; i++)
			if (polled[i].revents)
				serve_one(fixture, i, dir);
		if (ready == 0 && ping == pong)
			try_inbound(fixture);
		if (ready == 0)
			__atomic_store_n(&fixture->shared->pong, ping, __ATOMIC_RELEASE);
	}
}

static struct cr_fixture_shared *victim_shared;
/* Its address is the same in the parent, which tells it to the attacks. */
static char victim_memory[128];

static void count_signal(int sig)
{
	(void)sig;
	__atomic_add_fetch(&victim_shared->signals, 1, __ATOMIC_RELAXED);
}

/* The environment a process shows in /proc is the memory it started with: write into that. */
static void put_marker_in_environ(const char *marker)
{
	size_t need = strlen(marker) + 3;

	for (char **one = environ; one && *one; one++) {
		if (strlen(*one) + 1 < need)
			continue;
		snprintf(*one, strlen(*one) + 1, "T=%s", marker);
		return;
	}
}

/* Command lines are for everybody to read, so they are where careless programs lose secrets. */
static void put_marker_in_arguments(const char *marker)
{
	char *start = program_invocation_name;

	if (environ && environ[0] && environ[0] - start > (ptrdiff_t)strlen(marker))
		memcpy(start, marker, strlen(marker) + 1);
}

static void suffer(struct cr_attack_fixture *fixture)
{
	static const int counted[] = {SIGURG, SIGUSR1, SIGUSR2, SIGIO, SIGHUP, SIGTERM, SIGINT};
	struct sigaction action = {.sa_handler = count_signal};
	const char *marker = fixture->env.marker;

	victim_shared = fixture->shared;
	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		sigaction(counted[i], &action, NULL);
	snprintf(victim_memory, sizeof(victim_memory), "%.100s", marker);
	put_marker_in_arguments(marker);
	put_marker_in_environ(marker);
	if (chdir(fixture->env.outside) < 0)
		_exit(1);
	fixture->shared->ready = 1;
	for (;;) {
		const struct timespec nap = {.tv_nsec = 5000000};

		nanosleep(&nap, NULL);
		__asm__ volatile("" ::: "memory"); /* others write it */
		if (strcmp((const char *)victim_memory, marker) != 0)
			fixture->shared->written = 1;
		__atomic_add_fetch(&fixture->shared->looks, 1, __ATOMIC_ACQ_REL);
	}
}

static pid_t start_child(struct cr_attack_fixture *fixture,
			 void (*body)(struct cr_attack_fixture *))
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* Where Yama restricts tracing to parents: the victim asks for it, so that controls work.
	 */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
	body(fixture);
	_exit(0);
}

int cr_fixture_children(struct cr_attack_fixture *fixture, struct cr_err *err)
{
	struct cr_attack_env *env = &fixture->env;
	int precious = open(cr_attack_path("%s/precious", env->outside), O_RDWR | O_CLOEXEC);

	fixture->victim = start_child(fixture, suffer);
	fixture->server = start_child(fixture, serve);
	if (fixture->victim < 0 || fixture->server < 0 || precious < 0)
		return cr_fail_os(err, CR_E_IO, errno, "start the fixture's processes");
	/* What is done to its group shall not be done to whoever runs this. */
	setpgid(fixture->victim, fixture->victim);
	/* The children keep theirs. */
	close(precious);
	for (size_t i = 0; i < CR_SERVED_COUNT; i++) {
		if (fixture->sockets[i] >= 0)
			close(fixture->sockets[i]);
		fixture->sockets[i] = -1;
	}
	env->victim_pid = fixture->victim;
	env->victim_fd = precious;
	env->victim_page = (unsigned long)(uintptr_t)victim_memory;
	for (int i = 0; i < 2000 && !*(volatile unsigned *)&fixture->shared->ready; i++)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	return 0;
}

static void end_child(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void cr_fixture_children_end(struct cr_attack_fixture *fixture)
{
	end_child(fixture->server);
	end_child(fixture->victim);
	for (size_t i = 0; i < CR_SERVED_COUNT; i++)
		if (fixture->sockets[i] >= 0)
			close(fixture->sockets[i]);
}

static uint64_t mix(uint64_t sum, const void *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum = (sum ^ ((const unsigned char *)data)[i]) * 1099511628211u;
	return sum;
}

/* What another process of the same user could change about the victim; 0 when it is gone. */
uint64_t cr_fixture_victim_sum(const struct cr_attack_fixture *fixture)
{
	static const char *const knobs[] = {"oom_score_adj", "coredump_filter", "timerslack_ns"};
	uint64_t sum = 14695981039346656037u;
	cpu_set_t cpus;
	char text[64];
	struct rlimit limit;
	pid_t pid = fixture->victim;
	long number;

	if (waitpid(pid, NULL, WNOHANG) != 0)
		return 0;
	for (unsigned i = 0; i < RLIM_NLIMITS; i++)
		if (prlimit(pid, i, NULL, &limit) == 0)
			sum = mix(sum, &limit, sizeof(limit));
	CPU_ZERO(&cpus);
	if (sched_getaffinity(pid, sizeof(cpus), &cpus) == 0)
		sum = mix(sum, &cpus, sizeof(cpus));
	number = getpriority(PRIO_PROCESS, (id_t)pid) * 100 + sched_getscheduler(pid) * 10 +
		 syscall(SYS_ioprio_get, 1, pid);
	sum = mix(sum, &number, sizeof(number));
	for (size_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++) {
		FILE *in = fopen(cr_attack_path("/proc/%d/%s", pid, knobs[i]), "re");

		if (in && fgets(text, sizeof(text), in))
			sum = mix(sum, text, strlen(text));
		if (in)
			fclose(in);
	}
	return sum;
}
