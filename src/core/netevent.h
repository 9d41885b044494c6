/*
 * netevent.h - what the rules say of a connection by name, and one that has ended as JSON.
 *
 * The broker decides with it, and the launcher again for whoever reads of it: a rule is never
 * taken from a message. Pure.
 */
#ifndef CR_NETEVENT_H
#define CR_NETEVENT_H

#include "decide.h"
#include "netmsg.h"

/* May `name` (canonical; "": addr itself) be connected to on the port of `addr`? */
struct cr_verdict cr_net_decide(const struct cr_ruleset *rules, const char *name,
				const struct cr_net_addr *addr);

/* "ask connect *:443", or "no rule allows it" for NULL; cut when it does not fit. Returns `out`. */
char *cr_net_rule_text(const struct cr_rule *rule, char *out, size_t size);

/*
 * A connection that has ended or was refused (CR_NET_EVENT), as one JSON line without newline,
 * from malloc, owned by the caller; NULL when memory is out. `time_ms` is Unix time, of its end.
 */
char *cr_net_event_json(const struct cr_ruleset *rules, const struct cr_net_msg *event,
			uint64_t time_ms);

#endif
