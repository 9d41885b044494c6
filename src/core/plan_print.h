/*
 * plan_print.h - a plan as text for people and as JSON for programs.
 *
 * Both are complete: nothing takes effect that is not printed. Both are safe on
 * a terminal: names from the agent's tree are escaped.
 */
#ifndef CR_PLAN_PRINT_H
#define CR_PLAN_PRINT_H

#include "plan.h"

/*
 * One step a line, "step  path detail  [value]  # origin", then gaps, then notes. From malloc,
 * owned by the caller; NULL when memory is out.
 */
char *cr_plan_text(const struct cr_plan *plan);

/*
 * The same as JSON (ASCII only, keys in a fixed order, indented). Text that is not UTF-8 becomes
 * {"hex": "..."}; numbers over 2^53 become strings. cr_plan_read reads it. From malloc, owned by
 * the caller; NULL when memory is out.
 */
char *cr_plan_json(const struct cr_plan *plan);

/* Names used in JSON, shared with the reader. */
extern const char *const cr_life_names[3];  /* by enum cr_life */
extern const char *const cr_ftype_names[6]; /* by enum cr_ftype */

#endif
