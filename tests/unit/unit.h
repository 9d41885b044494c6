/*
 * unit.h - what every unit test includes: cmocka with the headers it needs, and a table's length.
 */
#ifndef CR_UNIT_H
#define CR_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Fails the test and says which row of a table it was. */
#define ROW_ASSERT(condition, ...)                         \
	do {                                               \
		if (!(condition)) {                        \
			print_error(__VA_ARGS__);          \
			print_error(": %s\n", #condition); \
			fail();                            \
		}                                          \
	} while (0)

#endif
