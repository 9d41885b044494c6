/* explain_windows.h - which of the three locks of a Windows box hold for one path. */
#ifndef CR_CLI_EXPLAIN_WINDOWS_H
#define CR_CLI_EXPLAIN_WINDOWS_H

#include "lib/prepare.h"

/*
 * Prints what the model of the Windows access check says of reading or writing `access->path`
 * under the prepared plan, which is one of Windows. 0, or -1 as cr_win_tree_typical.
 */
int cr_explain_windows(const struct cr_prepared *prepared, const struct cr_access *access,
		       struct cr_err *err);

#endif
