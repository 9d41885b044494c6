/* asker_none.c - where no plan has a broker: nothing is ever asked. */
#include "asker.h"

bool cr_asker_is_needed(const struct cr_ruleset *rules)
{
	(void)rules;
	return false;
}

struct cr_asker *cr_asker_new(const struct cr_asking *asking)
{
	(void)asking;
	return NULL;
}

bool cr_asker_has_made_place(const struct cr_asker *asker)
{
	(void)asker;
	return false;
}

int cr_asker_watched(const struct cr_asker *asker)
{
	(void)asker;
	return -1;
}

void cr_asker_question(struct cr_asker *asker, const struct cr_net_msg *question)
{
	(void)asker;
	(void)question;
}

void cr_asker_is_over(struct cr_asker *asker, uint64_t id)
{
	(void)asker;
	(void)id;
}

void cr_asker_serve(struct cr_asker *asker)
{
	(void)asker;
}

void cr_asker_free(struct cr_asker *asker)
{
	(void)asker;
}
