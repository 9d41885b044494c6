/* main.c - starts the broker and runs its loop; see broker.h. */
#include <errno.h>
#include <event2/dns.h>
#include <event2/util.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "broker/impl.h"

#define SPARE_FILES 512 /* descriptors for all that is no connection */

static void on_capture(struct broker *b, const struct cr_net_msg *msg, int fd)
{
	int failed = 0;

	if (msg->kind == CR_NET_LISTENING)
		br_listening(b, msg, fd);
	else if (fd < 0)
		failed = -1;
	else if (msg->kind == CR_NET_DNS_UDP)
		failed = br_dns_udp(b, fd, msg->addr.family);
	else if (msg->kind == CR_NET_DNS_TCP)
		failed = br_dns_tcp(b, fd);
	else if (msg->kind == CR_NET_LISTENER)
		failed = br_listen(b, &msg->addr, true, fd);
	if (failed < 0)
		br_end(b);
}

static void on_talk(struct broker *b, const struct cr_net_msg *msg, int fd)
{
	if (fd >= 0)
		close(fd);
	if (msg->kind == CR_NET_WANT)
		br_want(b, msg);
	else if (msg->kind == CR_NET_ANSWER)
		br_conn_answer(b, msg);
}

/* Two sockets a connection; pipes are few. */
static size_t raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 64;
	limit.rlim_cur = limit.rlim_max < 1 << 20 ? limit.rlim_max : 1 << 20;
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur > 2 * SPARE_FILES ? (limit.rlim_cur - SPARE_FILES) / 4 : 64;
}

/* The host's own resolver settings, read once; names are looked up as they are written. */
static struct evdns_base *resolver_new(struct event_base *base)
{
	struct evdns_base *resolver = evdns_base_new(base, 0);

	if (!resolver)
		return NULL;
	/* What is missing has a default (127.0.0.1), as in every resolver. */
	evdns_base_resolv_conf_parse(resolver, DNS_OPTIONS_ALL, "/etc/resolv.conf");
	evdns_base_search_clear(resolver);
	evdns_base_set_option(resolver, "randomize-case:", "0");
	return resolver;
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

static int prepare(struct broker *b, int talk, int capture)
{
	b->max_conns = raise_files();
	b->names = cr_names_new();
	b->base = loop_new();
	if (!b->names || !b->base || br_add_names(b) < 0 || evutil_secure_rng_init() < 0)
		return -1;
	b->resolver = resolver_new(b->base);
	if (!b->resolver || fcntl(talk, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(capture, F_SETFL, O_NONBLOCK) < 0)
		return -1;
	if (br_channel_open(b, &b->talk, talk, on_talk) < 0)
		return -1;
	return br_channel_open(b, &b->capture, capture, on_capture);
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

/* Nothing of the launcher's but these two: the command's output must end with the command. */
static void keep_only(int talk, int capture)
{
	int low = talk < capture ? talk : capture;
	int high = talk < capture ? capture : talk;

	if (low > 0)
		close_from_to(0, (unsigned)low - 1);
	if (high > low + 1)
		close_from_to((unsigned)low + 1, (unsigned)high - 1);
	close_from_to((unsigned)high + 1, ~0U);
}

static void __attribute__((noreturn)) run(const struct cr_ruleset *rules, int talk, int capture)
{
	const struct cr_net_msg ready = {.kind = CR_NET_READY, .addr.family = 4};
	static struct broker broker;
	struct cr_err err;

	prctl(PR_SET_NAME, "carrel-broker", 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	ignore_signals();
	keep_only(talk, capture);
	broker.rules = rules;
	if (prepare(&broker, talk, capture) < 0 || cr_broker_confine(&err) < 0 ||
	    cr_net_send(capture, &ready, -1) < 0)
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

int cr_broker_start(const struct cr_ruleset *rules, struct cr_broker *out, struct cr_err *err)
{
	int talk[2] = {-1, -1}, capture[2] = {-1, -1};
	pid_t pid = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, talk) == 0 &&
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, capture) == 0)
		pid = fork();
	if (pid == 0)
		run(rules, talk[1], capture[1]);
	if (pid < 0) {
		cr_fail_os(err, CR_E_STEP, errno, "cannot start the broker");
		close_pair(talk);
		close_pair(capture);
		return -1;
	}
	fcntl(talk[0], F_SETFL, O_NONBLOCK);
	close(talk[1]);
	close(capture[1]);
	*out = (struct cr_broker){.pid = pid, .talk = talk[0], .capture = capture[0]};
	return 0;
}
