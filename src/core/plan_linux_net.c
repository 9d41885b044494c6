/*
 * plan_linux_net.c - the network of a box in the full tier: where the broker listens in it, and
 * which of its ports the host can reach.
 *
 * Pure. The broker decides about every connection; a listener too many leads nowhere.
 */
#include <string.h>

#include "netevent.h"
#include "plan_linux.h"

#define LAST_LOW_PORT 1023 /* a box cannot bind these, so the broker may have them all */
#define MAX_LISTEN    64   /* ports the broker listens on from the start, of each kind */

static bool is_listen(const struct cr_step *step, uint64_t port, const char *address)
{
	return step->kind == CR_STEP_LISTEN && step->value == port &&
	       (!step->detail || (address && strcmp(step->detail, address) == 0));
}

/* On this address, or (NULL) on all. */
static bool listens_on(const struct cr_builder *builder, uint64_t port, const char *address)
{
	for (size_t i = 0; i < builder->n_steps; i++)
		if (is_listen(&builder->steps[i], port, address))
			return true;
	return false;
}

/* Elsewhere a socket is made when somebody wants to connect: see src/linux/capture.c. */
static void listen_on(struct cr_builder *builder, const struct cr_rule_list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->n_other; i++) {
		const struct cr_rule *rule = list->other[i];
		uint16_t port = rule->host.port_lo;

		if (rule->decision == CR_DENY || port != rule->host.port_hi || port == 0 ||
		    port > LAST_LOW_PORT || port == CR_NET_DNS_PORT ||
		    listens_on(builder, port, NULL) || count++ == MAX_LISTEN)
			continue;
		cr_build_step(builder, &(struct cr_step){.kind = CR_STEP_LISTEN,
							 .value = port,
							 .origin = rule->origin});
	}
}

/* What rules say of addresses that the box has as well as the host. */
static bool is_about_loopback(const struct cr_rule *rule)
{
	return cr_host_is_localhost(&rule->host) ||
	       (rule->host.kind == CR_HOST_ADDR4 && cr_host_is_loopback(4, rule->host.addr)) ||
	       (rule->host.kind == CR_HOST_ADDR6 && cr_host_is_loopback(6, rule->host.addr));
}

static bool may_connect(const struct cr_builder *builder, const char *address, uint16_t port)
{
	struct cr_net_addr addr = {.family = 4, .port = port};
	struct cr_host_name read;

	if (strchr(address, ':')) {
		addr.family = 6;
		addr.bytes[15] = 1; /* the only loopback address there is */
	} else if (cr_host_read(address, strlen(address), &read) == 0) {
		memcpy(addr.bytes, read.addr, 4);
	}
	return cr_net_decide(builder->rules, "", &addr).decision != CR_DENY;
}

/* One address of the host's loopback leads to the broker; the rest of it stays the box's own. */
static void lend_address(struct cr_builder *builder, const struct cr_rule *rule,
			 const char *address)
{
	uint16_t port = rule->host.port_lo;

	if (port == CR_NET_DNS_PORT) {
		cr_build_note(builder, &rule->origin,
			      "port 53 is the name service of the box; '%s' stays unreachable",
			      rule->text);
		return;
	}
	if (!may_connect(builder, address, port) || listens_on(builder, port, address))
		return;
	cr_build_step(builder, &(struct cr_step){.kind = CR_STEP_LISTEN,
						 .detail = address,
						 .value = port,
						 .origin = rule->origin});
	cr_build_note(builder, &rule->origin,
		      strchr(address, ':')
			      ? "[%s]:%u is the host's: no server of the box can listen there"
			      : "%s:%u is the host's: no server of the box can listen there",
		      address, port);
}

static void lend_loopback(struct cr_builder *builder, const struct cr_rule_list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->n_other; i++) {
		const struct cr_rule *rule = list->other[i];

		if (rule->decision == CR_DENY || !is_about_loopback(rule))
			continue;
		if (rule->host.port_lo != rule->host.port_hi || count++ == MAX_LISTEN) {
			cr_build_note(builder, &rule->origin,
				      "of the host's loopback only single ports can be led to, at "
				      "most %d; '%s' stays unreachable",
				      MAX_LISTEN, rule->text);
			continue;
		}
		if (!cr_host_is_localhost(&rule->host)) {
			lend_address(builder, rule, rule->host.name);
			continue;
		}
		lend_address(builder, rule, "127.0.0.1");
		lend_address(builder, rule, "::1");
	}
}

void cr_linux_capture(struct cr_builder *builder, const struct cr_rule *rule)
{
	for (int group = 0; group < CR_GROUP_COUNT; group++)
		listen_on(builder, &builder->rules->lists[group][CR_CAP_CONNECT]);
	for (int group = 0; group < CR_GROUP_COUNT; group++)
		lend_loopback(builder, &builder->rules->lists[group][CR_CAP_CONNECT]);
	cr_build_step(builder, &(struct cr_step){.kind = CR_STEP_CAPTURE,
						 .detail = "any address; name service on port 53",
						 .origin = rule->origin});
}

/* The server that a published port leads to cannot listen where the broker does. */
static void refuse_lent(struct cr_builder *builder, const struct cr_publish *published)
{
	for (size_t i = 0; i < builder->n_steps; i++) {
		const struct cr_step *step = &builder->steps[i];

		if (step->kind != CR_STEP_LISTEN || step->value != published->box_port)
			continue;
		builder->failed =
			cr_fail(builder->err, CR_E_USAGE,
				"port %u of the box cannot be published: a rule says "
				"that it is the host's (%s:%u)",
				published->box_port, step->origin.file, step->origin.line);
	}
}

static bool is_loopback_only(const struct cr_net_addr *at)
{
	return cr_host_is_loopback(at->family, at->bytes);
}

void cr_linux_publish(struct cr_builder *builder)
{
	const struct cr_published *published = &builder->rules->ctx.published;
	char object[64];

	for (size_t i = 0; i < published->count; i++) {
		const struct cr_publish *one = &published->items[i];
		const char *at = cr_arena_strdup(
			builder->arena, cr_net_object("", &one->at, object, sizeof(object)));

		refuse_lent(builder, one);
		cr_build_step(builder, &(struct cr_step){.kind = CR_STEP_PUBLISH,
							 .detail = at,
							 .value = one->box_port,
							 .origin = one->origin});
		cr_build_note(builder, &one->origin,
			      is_loopback_only(&one->at)
				      ? "every user of this host can connect to port %u of the box"
				      : "whoever reaches this host can connect to port %u of the "
					"box",
			      one->box_port);
	}
}
