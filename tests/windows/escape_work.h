/* escape_work.h - operations that must work in a box. Yes is 1, no is 0. */
#ifndef ESCAPE_WORK_H
#define ESCAPE_WORK_H

#include "verify/windows/tools.h"

struct escape_work {
	const char *name;
	int (*fn)(const struct cr_attack_env *env);
};

extern const struct escape_work escape_work[];
extern const size_t escape_n_work;

#endif
