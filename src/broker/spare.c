/*
 * spare.c - memory of connections that have ended, for the next ones.
 *
 * Some C libraries map and unmap pages for every block of this size, which costs more than all else
 * that is done in user space for a connection.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/impl.h"

void *br_spare_take(struct br_spares *spares, size_t size)
{
	if (spares->count == 0)
		return calloc(1, size);
	return memset(spares->blocks[--spares->count], 0, size);
}

void br_spare_give(struct br_spares *spares, void *block)
{
	if (spares->count < BR_MAX_SPARE)
		spares->blocks[spares->count++] = block;
	else
		free(block);
}
