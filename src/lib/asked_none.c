/* asked_none.c - where no plan has a broker: nothing is ever asked. */
#include "asked.h"

#include <stdlib.h>

struct cr_asked {
	struct cr_asked_box box;
};

struct cr_asked *cr_asked_new(const struct cr_asked_box *box, struct cr_err *err)
{
	struct cr_asked *asked = malloc(sizeof(*asked));

	if (!asked)
		cr_fail(err, CR_E_NOMEM, "out of memory");
	else
		asked->box = *box;
	return asked;
}

int cr_asked_watched(const struct cr_asked *asked)
{
	(void)asked;
	return -1;
}

void cr_asked_question(struct cr_asked *asked, const struct cr_net_msg *msg)
{
	(void)asked;
	(void)msg;
}

void cr_asked_is_over(struct cr_asked *asked, uint64_t number)
{
	(void)asked;
	(void)number;
}

void cr_asked_serve(struct cr_asked *asked)
{
	(void)asked;
}

int cr_asked_answer(const struct cr_asked *asked, const char *id, bool allowed, uint32_t seconds)
{
	(void)asked;
	(void)id;
	(void)allowed;
	(void)seconds;
	return -1;
}

void cr_asked_end(struct cr_asked *asked)
{
	(void)asked;
}

void cr_asked_free(struct cr_asked *asked)
{
	free(asked);
}
