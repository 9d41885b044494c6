/* judge.c - what the rules say of a connection. They decide; here they are asked. */
#include <string.h>

#include "broker/impl.h"
#include "core/netevent.h"
#include "core/special.h"

bool br_target_find(const struct broker *b, const struct cr_net_addr *addr,
		    struct br_target *target)
{
	*target = (struct br_target){.name = "", .addr = *addr};
	if (!cr_names_is_synthetic(addr->family, addr->bytes))
		return true;

	const char *name = cr_names_find(b->names, addr->family, addr->bytes);

	if (name)
		target->name = name;
	return name != NULL;
}

struct cr_verdict br_decide(const struct broker *b, const struct br_target *target)
{
	struct cr_verdict verdict = cr_net_decide(b->rules, target->name, &target->addr);

	if (verdict.decision == CR_ASK && br_grant_holds(b, target))
		verdict.decision = CR_ALLOW;
	return verdict;
}

static bool is_possible_at(const struct broker *b, const char *name, int port)
{
	const struct cr_net_addr addr = {.family = 4, .port = (uint16_t)port};

	return port >= 0 && port <= UINT16_MAX &&
	       cr_net_decide(b->rules, name, &addr).decision != CR_DENY;
}

/* What the rules say of a name can only change where the ports of one of them begin or end. */
static bool is_possible_beside(const struct broker *b, const char *name, const struct cr_host *host)
{
	return is_possible_at(b, name, host->port_lo) || is_possible_at(b, name, host->port_hi) ||
	       is_possible_at(b, name, host->port_lo - 1) ||
	       is_possible_at(b, name, host->port_hi + 1);
}

int br_add_names(struct broker *b)
{
	uint32_t ignored;

	for (int group = 0; group < CR_GROUP_COUNT; group++) {
		const struct cr_rule_list *list = &b->rules->lists[group][CR_CAP_CONNECT];

		for (size_t i = 0; i < list->n_other; i++) {
			const struct cr_rule *rule = list->other[i];

			if (rule->host.kind == CR_HOST_NAME && rule->decision != CR_DENY &&
			    cr_names_add(b->names, rule->host.name, &ignored) < 0)
				return -1;
		}
	}
	return 0;
}

bool br_name_is_possible(const struct broker *b, const char *name)
{
	for (int group = 0; group < CR_GROUP_COUNT; group++) {
		const struct cr_rule_list *list = &b->rules->lists[group][CR_CAP_CONNECT];

		for (size_t i = 0; i < list->n_other; i++)
			if (is_possible_beside(b, name, &list->other[i]->host))
				return true;
	}
	return false;
}

static bool names_address(const struct cr_rule *rule)
{
	return rule && cr_host_names_address(&rule->host);
}

/* Was the target asked for, and this very address, too, if that is what the rule names? */
static bool is_asked_for(const struct broker *b, const struct br_target *target,
			 const struct cr_net_addr *addr)
{
	const struct br_target there = {.name = "", .addr = *addr};

	return cr_net_decide(b->rules, target->name, &target->addr).decision == CR_ASK ||
	       br_grant_holds(b, &there);
}

static enum cr_net_end may_dial(const struct broker *b, const struct br_target *target,
				const struct cr_net_addr *addr)
{
	struct cr_verdict verdict = cr_net_decide(b->rules, "", addr);
	bool named = names_address(verdict.rule);

	if (named && verdict.decision == CR_DENY)
		return CR_NET_BY_RULES;
	/* Nobody is asked twice, but somebody is asked. */
	if (named && verdict.decision == CR_ASK && !is_asked_for(b, target, addr))
		return CR_NET_BY_RULES;
	return named || !cr_special_address(addr->family, addr->bytes) ? CR_NET_DONE
								       : CR_NET_SPECIAL;
}

/* The IPv4 address that a network with NAT64 makes of it (RFC 6052), which rules may be about. */
static bool is_translated(const struct cr_net_addr *addr, struct cr_net_addr *inner)
{
	static const uint8_t prefix[12] = {0x00, 0x64, 0xff, 0x9b};

	if (addr->family != 6 || memcmp(addr->bytes, prefix, sizeof(prefix)) != 0)
		return false;
	*inner = (struct cr_net_addr){.family = 4, .port = addr->port};
	memcpy(inner->bytes, addr->bytes + sizeof(prefix), 4);
	return true;
}

enum cr_net_end br_may_dial(const struct broker *b, const struct br_target *target,
			    const struct cr_net_addr *addr)
{
	struct cr_net_addr there = *addr, inner;
	enum cr_net_end refused = CR_NET_DONE;

	there.port = target->addr.port;
	if (is_translated(&there, &inner))
		refused = may_dial(b, target, &inner);
	return refused != CR_NET_DONE ? refused : may_dial(b, target, &there);
}

bool br_localhost_other(const struct broker *b, const struct br_target *target,
			struct cr_net_addr *other)
{
	const struct cr_rule *rule = br_decide(b, target).rule;

	if (target->name[0] || !rule || !cr_host_is_localhost(&rule->host))
		return false;
	*other = (struct cr_net_addr){.family = target->addr.family == 4 ? 6 : 4,
				      .port = target->addr.port};
	if (other->family == 6)
		other->bytes[15] = 1;
	else
		memcpy(other->bytes, (const uint8_t[]){127, 0, 0, 1}, 4);
	return cr_net_decide(b->rules, "", other).rule == rule;
}

bool br_same_target(const struct br_target *a, const struct br_target *b)
{
	return a->name[0] ? a->name == b->name && a->addr.port == b->addr.port
			  : !b->name[0] && cr_net_same_addr(&a->addr, &b->addr);
}

bool br_grant_holds(const struct broker *b, const struct br_target *target)
{
	uint64_t now = br_now_ms();

	for (size_t i = 0; i < BR_MAX_GRANTS; i++)
		if (b->grants[i].until_ms > now && br_same_target(target, &b->grants[i].target))
			return true;
	return false;
}

/* In the place of the one that ends first, which may have ended long ago. */
void br_grant_add(struct broker *b, const struct br_target *target, uint32_t seconds)
{
	struct br_grant *oldest = &b->grants[0];

	for (size_t i = 1; i < BR_MAX_GRANTS; i++)
		if (b->grants[i].until_ms < oldest->until_ms)
			oldest = &b->grants[i];
	*oldest = (struct br_grant){
		.target = *target,
		.until_ms = br_now_ms() + (uint64_t)seconds * 1000,
	};
}
