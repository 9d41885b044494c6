/*
 * childenv.h - the environment of the command.
 */
#ifndef CR_LIB_CHILDENV_H
#define CR_LIB_CHILDENV_H

#include "prepare.h"

/*
 * The caller's environment, filtered by the rules, and told what is different in the box: where
 * temporary files go, and what Go cannot find out. NULL-terminated, in the arena; NULL when
 * memory is out or there are more than CR_MAX_ENV.
 */
char **cr_child_environment(struct cr_prepared *prepared);

#endif
