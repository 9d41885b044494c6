/* ask.h - an object somebody typed, made into a question for decide(). */
#ifndef CR_LIB_ASK_H
#define CR_LIB_ASK_H

#include "prepare.h"

/*
 * Fills the object of *access, whose capability is set, from `object`: a path (absolute, "~/...",
 * or relative: to the current directory, on another system to the workspace; symlinks are
 * followed), "host:port" without wildcard, or a kind of git operation. 0, or -1: CR_E_USAGE,
 * CR_E_PATH, CR_E_SYNTAX, CR_E_NOMEM.
 */
int cr_ask(const struct cr_prepared *prepared, const char *object, struct cr_access *access,
	   struct cr_err *err);

#endif
