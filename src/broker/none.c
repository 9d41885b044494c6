/* none.c - where there is no broker yet: the plans of such a system never ask for one. */
#include "broker/broker.h"

void cr_broker_end(struct cr_broker *broker)
{
	(void)broker;
}

int cr_broker_start(const struct cr_ruleset *rules, const struct cr_plan *plan,
		    uint32_t ask_seconds, struct cr_broker *out, struct cr_err *err)
{
	(void)rules;
	(void)plan;
	(void)ask_seconds;
	*out = (struct cr_broker){.talk = -1, .capture = -1};
	return cr_fail(err, CR_E_UNSUPPORTED, "this system has no broker for connections");
}
