/*
 * childenv.h - the environment of the command.
 */
#ifndef CR_LIB_CHILDENV_H
#define CR_LIB_CHILDENV_H

#include "prepare.h"

/*
 * The caller's environment, filtered by the rules, and told what is different in the box: where
 * temporary files go, what Go cannot find out, and the proxy of `broker`, if it has one.
 * NULL-terminated, in the arena; NULL when memory is out or there are more than CR_MAX_ENV.
 */
char **cr_child_environment(struct cr_prepared *prepared, const struct cr_broker *broker);

#endif
