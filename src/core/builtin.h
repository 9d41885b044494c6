/*
 * builtin.h - the profiles shipped inside carrel: data/NAME.policy, embedded
 * at build time by tools/embed.py. The profile "default" stands for the file
 * of the system a policy is resolved for ("default-linux"): see rules.h.
 */
#ifndef CR_BUILTIN_H
#define CR_BUILTIN_H

#include <stddef.h>

struct cr_builtin {
	const char *name; /* "default-linux" for data/default-linux.policy */
	const char *text;
	size_t len;
};

/* The profile called `name`, static; NULL when there is none. */
const struct cr_builtin *cr_builtin_find(const char *name);

#endif
