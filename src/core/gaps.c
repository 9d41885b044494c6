/*
 * gaps.c - whether a name is that of a gap. Which gaps a box has the planners say.
 */
#include "gaps.h"

#include <stddef.h>
#include <string.h>

#define X(name) name,
static const char *const names[] = {CR_GAPS(X)};
#undef X

#define X(name) ", " name
static const char list[] = CR_GAPS(X);
#undef X

_Static_assert(sizeof(list) < CR_ERR_HINT_MAX - 80, "the hint below is not cut");

int cr_gap_check(const char *name, struct cr_err *err)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return 0;
	}
	cr_fail(err, CR_E_USAGE, "no gap is called '%.100s'", name);
	return cr_hint(err, "'carrel plan' shows the gaps of a box; all names: %s", list + 2);
}
