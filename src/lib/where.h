/*
 * where.h - where things lie: the context rules are resolved against, for this
 * host or for a model of another system.
 */
#ifndef CR_LIB_WHERE_H
#define CR_LIB_WHERE_H

#include "core/fsview.h"
#include "core/rules.h"
#include "prepare.h"

/*
 * Fills *ctx but for its tier: from the environment and the file system when the request is for
 * this system, from a table when it is for another. 0, or -1: CR_E_PATH, CR_E_NOMEM.
 */
int cr_where_find(struct cr_arena *arena, const struct cr_request *request, struct cr_context *ctx,
		  struct cr_err *err);

/* Sets ctx->temp_dir where the tier has no private /tmp. 0, or -1: CR_E_IO, CR_E_NOMEM. */
int cr_where_temp(struct cr_arena *arena, struct cr_context *ctx, struct cr_err *err);

#endif
