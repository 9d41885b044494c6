/* main.c - starts the broker and runs its loop; see broker.h. */
#include <errno.h>
#include <event2/util.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "broker/impl.h"

#define SPARE_FILES 512 /* descriptors for all that is no connection */

static void on_capture(struct broker *b, const struct cr_net_msg *msg, int fd)
{
	int failed = 0;

	if (msg->kind == CR_NET_LISTENING || msg->kind == CR_NET_CONNECTED)
		br_channel_answered(&b->capture);
	if (msg->kind == CR_NET_LISTENING)
		br_listening(b, msg, fd);
	else if (msg->kind == CR_NET_CONNECTED)
		br_entered(b, msg, fd);
	else if (fd < 0)
		failed = -1;
	else if (msg->kind == CR_NET_DNS_UDP)
		failed = br_dns_udp(b, fd);
	else if (msg->kind == CR_NET_DNS_TCP)
		failed = br_dns_tcp(b, fd);
	else if (msg->kind == CR_NET_LISTENER)
		failed = br_listen(b, &msg->addr, fd);
	if (failed < 0)
		br_end(b);
}

static void on_talk(struct broker *b, const struct cr_net_msg *msg, int fd)
{
	if (msg->kind == CR_NET_JOIN && fd >= 0) {
		br_join(b, msg, fd);
		return;
	}
	if (msg->kind >= CR_NET_RESOLVER && msg->kind <= CR_NET_LOOK_UP)
		br_resolver_told(b, msg, fd);
	if (fd >= 0)
		close(fd);
	else if (msg->kind == CR_NET_JOIN) /* there was no room for its socket */
		br_give_verdict(b, msg->id, &msg->addr, ENOBUFS);
	if (msg->kind == CR_NET_WANT)
		br_want(b, msg);
	else if (msg->kind == CR_NET_ANSWER)
		br_question_answer(b, msg);
}

#define MOST_FILES  (1 << 20)
#define LEAST_CONNS 64

/*
 * Shares the descriptors out, so that none of what the box can have many of takes all of them: who
 * cannot be accepted stays at the listener, which wakes us again and again.
 */
static void share_files(struct broker *b)
{
	struct rlimit limit = {.rlim_cur = 0};
	size_t files, listeners;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max < MOST_FILES ? limit.rlim_max : MOST_FILES;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	files = (size_t)limit.rlim_cur;
	listeners = files / 4;
	b->max_listeners = listeners < BR_MAX_LISTENER ? listeners : BR_MAX_LISTENER;
	/* Two sockets a connection, and two pipes when both its sides are slow. */
	b->max_conns = files > 2 * SPARE_FILES + b->max_listeners
			       ? (files - SPARE_FILES - b->max_listeners) / 6
			       : LEAST_CONNS;
}

static struct event_base *loop_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	if (!config)
		return NULL;
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

/* What the broker is born with. */
struct birth {
	const struct cr_ruleset *rules;
	uint32_t ask_seconds;
	int talk, capture;
	int proxy; /* a listener in place of capture, or -1 */
	uint16_t port;
	const char *secret;
	int doors[CR_MAX_PUBLISHED]; /* for rules->ctx.published */
};

static int open_channel(struct broker *b, struct br_channel *channel, int fd,
			void (*on_message)(struct broker *, const struct cr_net_msg *, int fd))
{
	return fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? -1
						  : br_channel_open(b, channel, fd, on_message);
}

static int prepare(struct broker *b, const struct birth *birth)
{
	b->rules = birth->rules;
	b->ask_seconds = birth->ask_seconds;
	share_files(b);
	b->names = cr_names_new();
	b->base = loop_new();
	if (!b->names || !b->base || br_add_names(b) < 0 || evutil_secure_rng_init() < 0)
		return -1;
	if (br_resolver_open(b) < 0 || open_channel(b, &b->talk, birth->talk, on_talk) < 0 ||
	    br_doors_serve(b, &b->rules->ctx.published, birth->doors) < 0)
		return -1;
	b->capture.max_asked = BR_MAX_ASKED;
	if (birth->proxy < 0)
		return open_channel(b, &b->capture, birth->capture, on_capture);
	b->proxy.is_joined = true;
	return br_proxy_open(b, birth->proxy, birth->port, birth->secret);
}

/* The launcher's signals are not ours: a Ctrl-C is for the command. */
static void ignore_signals(void)
{
	static const int ignored[] = {SIGINT,  SIGQUIT, SIGTERM, SIGHUP,  SIGPIPE, SIGUSR1,
				      SIGUSR2, SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU};

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
}

/* Not every C library has close_range(2). */
static void close_from_to(unsigned first, unsigned last)
{
	syscall(SYS_close_range, first, last, 0);
}

static int compare_numbers(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Nothing of the launcher's but these: the command's output must end with the command. */
static void keep_only(const struct birth *birth)
{
	int kept[CR_MAX_PUBLISHED + 3] = {birth->talk, birth->capture, birth->proxy};
	size_t n_doors = birth->rules->ctx.published.count;
	int next = 0;

	memcpy(kept + 3, birth->doors, n_doors * sizeof(*kept));
	qsort(kept, n_doors + 3, sizeof(*kept), compare_numbers);
	for (size_t i = 0; i < n_doors + 3; i++) {
		if (kept[i] > next)
			close_from_to((unsigned)next, (unsigned)kept[i] - 1);
		if (kept[i] >= next)
			next = kept[i] + 1;
	}
	close_from_to((unsigned)next, ~0U);
}

static void __attribute__((noreturn)) run(const struct birth *birth)
{
	const struct cr_net_msg ready = {.kind = CR_NET_READY, .addr.family = 4};
	const int waiting = birth->proxy < 0 ? birth->capture : birth->talk;
	static struct broker broker;
	struct cr_err err;

	prctl(PR_SET_NAME, "carrel-broker", 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	ignore_signals();
	keep_only(birth);
	if (prepare(&broker, birth) < 0 || cr_broker_confine(&err) < 0 ||
	    cr_net_send(waiting, &ready, -1) < 0)
		_exit(1);
	event_base_dispatch(broker.base);
	_exit(0);
}

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++)
		if (pair[i] >= 0)
			close(pair[i]);
}

/* A socket on a port of 127.0.0.1 that the kernel chooses, and who may use it; -1 with errno. */
static int listen_as_proxy(struct cr_broker *out)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	uint8_t random[CR_PROXY_SECRET / 2];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, SOMAXCONN) < 0 || getsockname(fd, (struct sockaddr *)&at, &len) < 0 ||
	    getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
		int cause = errno;

		if (fd >= 0)
			close(fd);
		errno = cause;
		return -1;
	}
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(out->secret + 2 * i, 3, "%02x", random[i]);
	out->proxy = ntohs(at.sin_port);
	return fd;
}

/* The sockets of the conversations; -1 with errno, and some of them may be there. */
static int open_sockets(const struct cr_plan *plan, struct cr_broker *out, int talk[2],
			int capture[2], int *proxy)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, talk) < 0)
		return -1;
	if (!cr_plan_has(plan, CR_STEP_PROXY))
		return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, capture);
	*proxy = listen_as_proxy(out);
	return *proxy < 0 ? -1 : 0;
}

static int start(struct birth *birth, const struct cr_plan *plan, struct cr_broker *out,
		 struct cr_err *err)
{
	int talk[2] = {-1, -1}, capture[2] = {-1, -1}, proxy = -1;
	struct cr_broker made = {.talk = -1, .capture = -1};
	int opened = open_sockets(plan, &made, talk, capture, &proxy);

	birth->talk = talk[1];
	birth->capture = capture[1];
	birth->proxy = proxy;
	birth->port = made.proxy;
	birth->secret = made.secret;
	made.pid = opened < 0 ? -1 : fork();
	if (made.pid == 0)
		run(birth);
	if (made.pid < 0)
		cr_fail_os(err, CR_E_STEP, errno, "cannot start the broker");
	if (proxy >= 0)
		close(proxy);
	if (made.pid < 0) {
		close_pair(talk);
		close_pair(capture);
		return -1;
	}
	fcntl(talk[0], F_SETFL, O_NONBLOCK);
	close(talk[1]);
	if (capture[1] >= 0)
		close(capture[1]);
	made.talk = talk[0];
	made.capture = capture[0];
	*out = made;
	return 0;
}

int cr_broker_start(const struct cr_ruleset *rules, const struct cr_plan *plan,
		    uint32_t ask_seconds, struct cr_broker *out, struct cr_err *err)
{
	const struct cr_published *published = &rules->ctx.published;
	struct birth birth = {.rules = rules, .ask_seconds = ask_seconds};

	if (br_doors_open(published, birth.doors, err) < 0)
		return -1;

	int started = start(&birth, plan, out, err);

	br_doors_close(birth.doors, published->count); /* they are the broker's alone */
	return started;
}
