/* blank.c - nothing of a box can be begun here before its plan is known. */
#include "core/backend.h"

struct cr_blank *cr_blank_begin(void)
{
	return NULL;
}

void cr_blank_discard(struct cr_blank *blank)
{
	(void)blank;
}
