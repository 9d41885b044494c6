/*
 * sys_windows.h - how lib and cli say what Windows refused: in the words other systems use.
 * Only files named *_windows.c include it.
 */
#ifndef CR_LIB_SYS_WINDOWS_H
#define CR_LIB_SYS_WINDOWS_H

#include "core/attr.h"
#include "core/err.h"

/*
 * As cr_fail_os, from a code of GetLastError(): os_code is the errno that means the same; a code
 * without one keeps its number, in os_code and in the text.
 */
int cr_sys_fail(struct cr_err *err, enum cr_errc errc, unsigned long code, const char *fmt, ...)
	CR_PRINTF(4, 5);

#endif
