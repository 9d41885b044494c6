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

char *cr_net_event_json(const struct cr_ruleset *rules, const struct cr_net_msg *event,
			uint64_t time_ms)
{
	const enum cr_net_end end = (enum cr_net_end)event->end;
	const struct cr_verdict verdict = cr_net_decide(rules, event->name, &event->addr);
	const struct cr_rule *rule = verdict.rule;
	char rule_text[CR_MAX_LINE_BYTES + 64], *text = NULL;
	json_t *json = json_pack("{s:s, s:o, s:o, s:i, s:s, s:b, s:s, s:o, s:o, s:o, s:o, s:o}",
				 "event", "connection", "time_ms", cr_json_number(time_ms),
				 "program", cr_json_text(event->program), "pid", (int)event->pid,
				 "end", cr_net_end_name(end), "refused", cr_net_end_is_refusal(end),
				 "decision", cr_decision_name(verdict.decision), "rule",
				 cr_json_text(cr_net_rule_text(rule, rule_text, sizeof(rule_text))),
				 "origin", rule ? cr_json_origin(&rule->origin) : json_null(), "up",
				 cr_json_number(event->up), "down", cr_json_number(event->down),
				 "duration_ms", cr_json_number(event->milliseconds));

	if (json && json_object_update_new(json, where(event)) == 0)
		text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(json);
	return text;
}
