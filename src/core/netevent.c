/* netevent.c - see netevent.h. Pure. */
#include "netevent.h"

#include <stdio.h>
#include <string.h>

#include "json_text.h"

struct cr_verdict cr_net_decide(const struct cr_ruleset *rules, const char *name,
				const struct cr_net_addr *addr)
{
	struct cr_access access = {
		.cap = CR_CAP_CONNECT,
		.host = {.kind = name[0]             ? CR_HOST_NAME
				 : addr->family == 4 ? CR_HOST_ADDR4
						     : CR_HOST_ADDR6,
			 .name = name,
			 .port_lo = addr->port,
			 .port_hi = addr->port},
	};

	memcpy(access.host.addr, addr->bytes, sizeof(access.host.addr));
	return cr_decide(rules, &access);
}

char *cr_net_rule_text(const struct cr_rule *rule, char *out, size_t size)
{
	if (rule)
		snprintf(out, size, "%s %s %s", cr_decision_name(rule->decision),
			 cr_capability_name(rule->cap), rule->text);
	else
		snprintf(out, size, "no rule allows it");
	return out;
}

static json_t *address(const struct cr_net_addr *addr, bool known)
{
	char text[48];

	if (!known)
		return json_null();
	cr_host_print_addr(addr->family, addr->bytes, text);
	return json_string(text);
}

/* Where it was to go, and where it went. What stands for a name in the box tells nobody anything.
 */
static json_t *where(const struct cr_net_msg *event)
{
	return json_pack("{s:o, s:o, s:i, s:o}", "name",
			 event->name[0] ? cr_json_text(event->name) : json_null(), "address",
			 address(&event->addr, !event->name[0]), "port", (int)event->addr.port,
			 "dialled", address(&event->dialled, event->dialled_any));
}

/* What a line says of who decided. */
struct decided {
	enum cr_decision decision;
	const struct cr_origin *origin; /* NULL: no rule */
	char text[CR_MAX_LINE_BYTES + 64];
};

/* Who comes from the host was let in by the command line; no rule speaks of that. */
static void decided_incoming(const struct cr_ruleset *rules, const struct cr_net_msg *event,
			     struct decided *out)
{
	const struct cr_published *published = &rules->ctx.published;

	out->decision = CR_ALLOW;
	snprintf(out->text, sizeof(out->text), "publish");
	for (size_t i = 0; i < published->count; i++) {
		const struct cr_publish *one = &published->items[i];

		if (cr_net_same_addr(&one->at, &event->addr))
			out->origin = &one->origin;
	}
}

static void decided_by_rules(const struct cr_ruleset *rules, const struct cr_net_msg *event,
			     struct decided *out)
{
	const struct cr_verdict verdict = cr_net_decide(rules, event->name, &event->addr);

	out->decision = verdict.decision;
	out->origin = verdict.rule ? &verdict.rule->origin : NULL;
	cr_net_rule_text(verdict.rule, out->text, sizeof(out->text));
}

char *cr_net_event_json(const struct cr_ruleset *rules, const struct cr_net_msg *event,
			uint64_t time_ms)
{
	const enum cr_net_end end = (enum cr_net_end)event->end;
	struct decided decided = {.origin = NULL};
	char *text = NULL;
	json_t *json;

	(event->incoming ? decided_incoming : decided_by_rules)(rules, event, &decided);
	json = json_pack("{s:s, s:o, s:b, s:o, s:i, s:s, s:b, s:s, s:o, s:o, s:o, s:o, s:o}",
			 "event", "connection", "time_ms", cr_json_number(time_ms), "incoming",
			 event->incoming, "program", cr_json_text(event->program), "pid",
			 (int)event->pid, "end", cr_net_end_name(end), "refused",
			 cr_net_end_is_refusal(end), "decision", cr_decision_name(decided.decision),
			 "rule", cr_json_text(decided.text), "origin",
			 decided.origin ? cr_json_origin(decided.origin) : json_null(), "up",
			 cr_json_number(event->up), "down", cr_json_number(event->down),
			 "duration_ms", cr_json_number(event->milliseconds));
	if (json && json_object_update_new(json, where(event)) == 0)
		text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(json);
	return text;
}
