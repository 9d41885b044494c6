/*
 * fuzz.h - what the fuzz targets share. A property that does not hold aborts: that is what
 * libFuzzer and replay.c both see.
 */
#ifndef CR_FUZZ_H
#define CR_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/os.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

/* The first byte of an input says which system it is for, so that seeds can be read. */
static inline enum cr_os fuzz_os(uint8_t byte)
{
	return byte == 'W' ? CR_OS_WINDOWS : byte == 'M' ? CR_OS_MACOS : CR_OS_LINUX;
}

#endif
