/*
 * lookup.c - from a name to its addresses: what is remembered, the host's hosts file, its servers.
 *
 * However many want the addresses of one name, it is asked for once: A and AAAA by UDP (evdns), and
 * again by TCP (fetch.c) what does not fit there. Must never judge an address: who asked does.
 */
#include <event2/dns.h>
#include <stdlib.h>
#include <string.h>

#include "broker/impl.h"
#include "core/dnsmsg.h"
#include "core/resolvconf.h"

#define CACHE_MS 10000 /* how long the addresses of a name are remembered */
#define SKEW_MS  3000  /* when one family has addresses, the other is waited for this long */

enum { V4, V6, FAMILIES };

/* One of the two questions about a name. */
struct question {
	struct br_asking *asking;
	uint16_t type;
	struct evdns_request *udp; /* its callback is still to come, also when it is cancelled */
	struct br_fetch *tcp;
	bool is_answered;
	struct cr_net_addr addrs[BR_MAX_ADDRESS];
	size_t n_addrs;
};

/* A name that the servers are being asked about. */
struct br_asking {
	struct broker *broker;
	struct br_asking *next; /* of those with the same number */
	const char *name;
	struct br_lookup *lookups; /* who wants to know */
	struct question questions[FAMILIES];
	struct event skew;
	bool is_over; /* nobody waits; it lives on for the callbacks of evdns */
};

struct br_lookup {
	struct broker *broker;
	const char *name;
	void (*found)(void *arg, const struct cr_net_addr *addrs, size_t count);
	void *arg;
	struct br_asking *asking; /* NULL: it waits for the launcher */
	struct br_lookup *next, *prev;
};

static struct br_lookup **list_of(const struct br_lookup *lookup)
{
	return lookup->asking ? &lookup->asking->lookups : &lookup->broker->lookups;
}

static void enter(struct br_lookup *lookup, struct br_asking *asking)
{
	struct br_lookup **list;

	lookup->asking = asking;
	list = list_of(lookup);
	lookup->prev = NULL;
	lookup->next = *list;
	if (*list)
		(*list)->prev = lookup;
	*list = lookup;
}

static void leave(struct br_lookup *lookup)
{
	if (lookup->prev)
		lookup->prev->next = lookup->next;
	else
		*list_of(lookup) = lookup->next;
	if (lookup->next)
		lookup->next->prev = lookup->prev;
}

/* The end of a look-up. Others may have ended when this returns. */
static void give(struct br_lookup *lookup, const struct cr_net_addr *addrs, size_t count)
{
	const struct br_lookup gone = *lookup;

	leave(lookup);
	free(lookup);
	gone.found(gone.arg, addrs, count);
}

static size_t number_of(const char *name)
{
	return ((uintptr_t)name >> 4) % BR_MAX_CACHED;
}

static const struct br_cached *remembered(const struct broker *b, const char *name)
{
	const struct br_cached *slot = &b->cached[number_of(name)];

	return slot->name == name && slot->until_ms > br_now_ms() ? slot : NULL;
}

static void free_when_idle(struct br_asking *asking)
{
	if (asking->is_over && !asking->questions[V4].udp && !asking->questions[V6].udp)
		free(asking);
}

/* Asks no more. */
static void stop(struct br_asking *asking)
{
	struct br_asking **at = &asking->broker->asking[number_of(asking->name)];

	while (*at != asking)
		at = &(*at)->next;
	*at = asking->next;
	asking->is_over = true;
	event_del(&asking->skew);
	for (int i = 0; i < FAMILIES; i++) {
		struct question *question = &asking->questions[i];

		br_fetch_free(question->tcp);
		question->tcp = NULL;
		if (question->udp)
			evdns_cancel_request(asking->broker->resolver, question->udp);
	}
}

/* What was found, some of each family: one of them may lead nowhere from here. */
static void collect(const struct br_asking *asking, struct br_cached *out)
{
	const struct question *v4 = &asking->questions[V4], *v6 = &asking->questions[V6];
	const size_t half = BR_MAX_ADDRESS / 2;
	size_t room = BR_MAX_ADDRESS - (v6->n_addrs < half ? v6->n_addrs : half);

	*out = (struct br_cached){.name = asking->name, .until_ms = br_now_ms() + CACHE_MS};
	for (size_t i = 0; i < v4->n_addrs && i < room; i++)
		out->addrs[out->n_addrs++] = v4->addrs[i];
	for (size_t i = 0; i < v6->n_addrs && out->n_addrs < BR_MAX_ADDRESS; i++)
		out->addrs[out->n_addrs++] = v6->addrs[i];
}

/* Tells all who wait. A name without addresses is not remembered: maybe the next time. */
static void finish(struct br_asking *asking)
{
	struct br_cached found;

	collect(asking, &found);
	if (found.n_addrs > 0)
		asking->broker->cached[number_of(found.name)] = found;
	stop(asking);
	while (asking->lookups)
		give(asking->lookups, found.addrs, found.n_addrs);
	free_when_idle(asking);
}

static void on_skew(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish(arg);
}

/* The question has been answered, with what is in it. `asking` may be gone then. */
static void answered(struct question *question)
{
	const struct timeval skew = {.tv_sec = SKEW_MS / 1000};
	struct br_asking *asking = question->asking;

	question->is_answered = true;
	if (asking->questions[V4].is_answered && asking->questions[V6].is_answered)
		finish(asking);
	else if (question->n_addrs > 0)
		evtimer_add(&asking->skew, &skew);
}

static void on_fetched(void *arg, const struct cr_net_addr *addrs, size_t count)
{
	struct question *question = arg;

	question->tcp = NULL;
	question->n_addrs = count;
	memcpy(question->addrs, addrs, count * sizeof(*addrs));
	answered(question);
}

/* `addresses`: of evdns, 4 or 16 bytes each. */
static void take_addresses(struct question *question, int count, const uint8_t *addresses)
{
	const size_t size = question->type == CR_DNS_A ? 4 : 16;

	for (int i = 0; i < count && question->n_addrs < BR_MAX_ADDRESS; i++) {
		struct cr_net_addr *addr = &question->addrs[question->n_addrs++];

		*addr = (struct cr_net_addr){.family = size == 4 ? 4 : 6};
		memcpy(addr->bytes, addresses + (size_t)i * size, size);
	}
}

/* One that is cancelled comes here too. */
static void on_answer(int result, char type, int count, int ttl, void *addresses, void *arg)
{
	struct question *question = arg;
	struct br_asking *asking = question->asking;

	(void)type;
	(void)ttl; /* CACHE_MS is short enough for any */
	question->udp = NULL;
	if (asking->is_over) {
		free_when_idle(asking);
		return;
	}
	if (result == DNS_ERR_NONE)
		take_addresses(question, count, addresses);
	else if (result == DNS_ERR_TRUNCATED)
		question->tcp = br_fetch(asking->broker, asking->name, question->type, on_fetched,
					 question);
	if (!question->tcp)
		answered(question);
}

/* NULL: no memory. */
static struct br_asking *ask(struct broker *b, const char *name)
{
	struct br_asking *asking = calloc(1, sizeof(*asking));
	struct br_asking **slot = &b->asking[number_of(name)];
	struct question *questions;

	if (!asking)
		return NULL;
	questions = asking->questions;
	*asking = (struct br_asking){.broker = b, .name = name, .next = *slot};
	evtimer_assign(&asking->skew, b->base, on_skew, asking);
	questions[V4] = (struct question){.asking = asking, .type = CR_DNS_A};
	questions[V6] = (struct question){.asking = asking, .type = CR_DNS_AAAA};
	/* Both only begin here; the callbacks come later. */
	questions[V4].udp = evdns_base_resolve_ipv4(b->resolver, name, DNS_QUERY_NO_SEARCH,
						    on_answer, &questions[V4]);
	questions[V6].udp = evdns_base_resolve_ipv6(b->resolver, name, DNS_QUERY_NO_SEARCH,
						    on_answer, &questions[V6]);
	for (int i = 0; i < FAMILIES; i++)
		questions[i].is_answered = !questions[i].udp;
	if (!questions[V4].udp && !questions[V6].udp) {
		free(asking);
		return NULL;
	}
	*slot = asking;
	return asking;
}

static struct br_asking *find_asking(const struct broker *b, const char *name)
{
	struct br_asking *asking = b->asking[number_of(name)];

	while (asking && asking->name != name)
		asking = asking->next;
	return asking;
}

/* What needs no server: how many addresses. */
static size_t find_here(const struct broker *b, const char *name,
			struct cr_net_addr out[BR_MAX_ADDRESS])
{
	static const struct cr_net_addr localhost[] = {{.family = 4, .bytes = {127, 0, 0, 1}},
						       {.family = 6, .bytes = {[15] = 1}}};
	const struct br_cached *slot = remembered(b, name);
	size_t count;

	if (slot) {
		memcpy(out, slot->addrs, sizeof(slot->addrs));
		return slot->n_addrs;
	}
	count = cr_hosts_find(b->hosts, b->hosts_len, name, out, BR_MAX_ADDRESS);
	if (count > 0 || strcmp(name, "localhost") != 0)
		return count;
	memcpy(out, localhost, sizeof(localhost));
	return sizeof(localhost) / sizeof(localhost[0]);
}

/* The launcher has said what it knows. The look-up may be gone then. */
static void go_on(struct br_lookup *lookup)
{
	struct broker *b = lookup->broker;
	struct cr_net_addr found[BR_MAX_ADDRESS];
	size_t count = find_here(b, lookup->name, found);
	struct br_asking *asking = NULL;

	if (count == 0) {
		asking = find_asking(b, lookup->name);
		asking = asking ? asking : ask(b, lookup->name);
	}
	if (!asking) {
		give(lookup, found, count);
		return;
	}
	leave(lookup);
	enter(lookup, asking);
}

void br_lookup_go_on(struct broker *b)
{
	while (b->lookups)
		go_on(b->lookups);
}

struct br_lookup *br_lookup(struct broker *b, const char *name,
			    void (*found)(void *arg, const struct cr_net_addr *addrs, size_t count),
			    void *arg)
{
	const struct br_cached *slot = br_resolver_is_fresh(b) ? remembered(b, name) : NULL;
	struct br_cached copy = {.n_addrs = 0};
	struct br_lookup *lookup = slot ? NULL : malloc(sizeof(*lookup));

	if (!lookup) {
		copy = slot ? *slot : copy;
		found(arg, copy.addrs, copy.n_addrs);
		return NULL;
	}
	*lookup = (struct br_lookup){.broker = b, .name = name, .found = found, .arg = arg};
	enter(lookup, NULL);
	br_resolver_ask(b);
	return lookup;
}

void br_lookup_cancel(struct br_lookup *lookup)
{
	struct br_asking *asking;

	if (!lookup)
		return;
	asking = lookup->asking;
	leave(lookup);
	free(lookup);
	if (!asking || asking->lookups || asking->is_over)
		return;
	stop(asking);
	free_when_idle(asking);
}
