/*
 * resolve.c - how names are looked up outside: whom to ask, and what /etc/hosts of the host says.
 *
 * The broker has no files. The launcher has, and is asked before a look-up whether they have
 * changed: names go on being found when the host changes its network.
 */
#include <event2/dns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/impl.h"
#include "core/resolvconf.h"

#define FRESH_MS 1000 /* what the launcher said holds for addresses that are remembered */
#define AGAIN_MS 2000 /* it may have had no room for the answer */
#define FIRST    4096 /* bytes of the hosts file; twice as many when that is not enough */

int br_resolver_open(struct broker *b)
{
	b->resolver = evdns_base_new(b->base, 0);
	if (!b->resolver)
		return -1;
	evdns_base_set_option(b->resolver, "randomize-case:", "0");
	return 0;
}

bool br_resolver_is_fresh(const struct broker *b)
{
	return b->resolver_told_ms && br_now_ms() < b->resolver_told_ms + FRESH_MS;
}

void br_resolver_ask(struct broker *b)
{
	const struct cr_net_msg ask = {.kind = CR_NET_LOOK_UP, .addr.family = 4};
	uint64_t now = br_now_ms();

	/* One answer is for all who wait. */
	if (b->resolver_asked_ms && now < b->resolver_asked_ms + AGAIN_MS)
		return;
	b->resolver_asked_ms = br_channel_send(&b->talk, &ask) < 0 ? 0 : now;
}

static void set_option(struct broker *b, const char *name, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	evdns_base_set_option(b->resolver, name, text);
}

/* Another network has other answers. */
static void forget_answers(struct broker *b)
{
	memset(b->cached, 0, sizeof(b->cached));
}

static void begin_servers(struct broker *b, const struct cr_net_msg *msg)
{
	b->told_servers = (struct br_servers){.seconds = msg->seconds, .attempts = msg->attempts};
}

static void add_server(struct br_servers *told, const struct cr_net_msg *msg)
{
	if (told->count == CR_MAX_NAMESERVERS)
		return;
	told->list[told->count].addr = msg->addr;
	told->list[told->count].scope = msg->scope;
	told->count++;
}

static bool is_same(const struct br_servers *a, const struct br_servers *b)
{
	bool same = a->count == b->count && a->seconds == b->seconds && a->attempts == b->attempts;

	for (size_t i = 0; same && i < a->count; i++)
		same = cr_net_same_addr(&a->list[i].addr, &b->list[i].addr) &&
		       a->list[i].scope == b->list[i].scope;
	return same;
}

socklen_t br_server_address(const struct broker *b, size_t server, struct sockaddr_storage *out)
{
	socklen_t len = (socklen_t)cr_net_to_sockaddr(&b->servers.list[server].addr, out);

	if (out->ss_family == AF_INET6)
		((struct sockaddr_in6 *)out)->sin6_scope_id = b->servers.list[server].scope;
	return len;
}

/* Whatever is being asked is asked again. Not of servers that are told again only because their
 * file is new: what they have been asked they would be asked for every look-up. */
static void use_servers(struct broker *b)
{
	struct sockaddr_storage to;

	if (is_same(&b->servers, &b->told_servers))
		return;
	b->servers = b->told_servers;
	forget_answers(b);
	evdns_base_clear_nameservers_and_suspend(b->resolver);
	set_option(b, "timeout:", b->servers.seconds);
	set_option(b, "attempts:", b->servers.attempts);
	for (size_t i = 0; i < b->servers.count; i++) {
		socklen_t len = br_server_address(b, i, &to);

		/* One that cannot be had, for want of IPv6 say, is one that does not answer. */
		evdns_base_nameserver_sockaddr_add(b->resolver, (struct sockaddr *)&to, len, 0);
	}
	evdns_base_resume(b->resolver);
	br_fetch_anew(b);
}

/* What is there of the file; NULL: no memory. A last line that is cut says nothing. */
static char *read_hosts(int fd, size_t *len)
{
	char *text = NULL, *grown;
	size_t have = 0;
	ssize_t got = 1;

	for (size_t size = FIRST; got > 0 && size <= CR_MAX_HOSTS_FILE; size *= 2) {
		grown = realloc(text, size);
		if (!grown) {
			free(text);
			return NULL;
		}
		text = grown;
		while (have < size && (got = read(fd, text + have, size - have)) > 0)
			have += (size_t)got;
	}
	while (got > 0 && have > 0 && text[have - 1] != '\n')
		have--;
	*len = have;
	return text;
}

static void take_hosts(struct broker *b, bool exists, int fd)
{
	size_t len = 0;
	char *text = fd < 0 ? NULL : read_hosts(fd, &len);

	if (exists && !text) /* no room for its descriptor, or for what it says */
		return;
	forget_answers(b);
	free(b->hosts);
	b->hosts = text;
	b->hosts_len = len;
}

void br_resolver_told(struct broker *b, const struct cr_net_msg *msg, int fd)
{
	if (msg->kind == CR_NET_RESOLVER)
		begin_servers(b, msg);
	else if (msg->kind == CR_NET_NAMESERVER)
		add_server(&b->told_servers, msg);
	else if (msg->kind == CR_NET_HOSTS)
		take_hosts(b, msg->allowed, fd);
	if (msg->kind != CR_NET_LOOK_UP)
		return;
	use_servers(b);
	b->resolver_asked_ms = 0;
	b->resolver_told_ms = br_now_ms();
	br_lookup_go_on(b);
}
