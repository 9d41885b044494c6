/* plan_read.h - reads back a plan that cr_plan_json printed: bounded, strict, nothing guessed. */
#ifndef CR_PLAN_READ_H
#define CR_PLAN_READ_H

#include "plan.h"

/*
 * Reads `len` bytes of JSON. Unknown, missing and duplicate keys, relative paths and unknown
 * names are refused. 0 and a plan in `arena`, or -1: CR_E_SYNTAX (err says where), CR_E_LIMIT
 * (CR_MAX_PLAN_JSON, CR_MAX_STEPS, CR_MAX_PATH), CR_E_NOMEM.
 */
int cr_plan_read(struct cr_arena *arena, const char *text, size_t len, struct cr_plan **out,
		 struct cr_err *err);

#endif
