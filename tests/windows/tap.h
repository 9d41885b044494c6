/* tap.h - results of a test program that runs under Wine: one line each, the plan at the end. */
#ifndef CR_TESTS_WINDOWS_TAP_H
#define CR_TESTS_WINDOWS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/attr.h"

static int tap_count, tap_failed;

CR_PRINTF(2, 3)
static inline bool tap_check(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%s %d - ", good ? "ok" : "not ok", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	tap_failed += !good;
	return good;
}

CR_PRINTF(1, 2)
static inline void tap_note(const char *fmt, ...)
{
	va_list ap;

	fputs("# ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* What main returns. */
static inline int tap_end(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif
