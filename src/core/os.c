/*
 * os.c - names of the systems a plan can be made for.
 *
 * Must never ask which system it runs on.
 */
#include <string.h>

#include "os.h"

static const char *const os_names[] = {
	[CR_OS_LINUX] = "linux",
	[CR_OS_WINDOWS] = "windows",
	[CR_OS_MACOS] = "macos",
};

#define OS_COUNT (sizeof(os_names) / sizeof(os_names[0]))

const char *cr_os_name(enum cr_os os)
{
	return (size_t)os < OS_COUNT ? os_names[os] : "unknown";
}

int cr_os_parse(const char *name, enum cr_os *out)
{
	for (size_t i = 0; i < OS_COUNT; i++) {
		if (strcmp(name, os_names[i]) == 0) {
			*out = (enum cr_os)i;
			return 0;
		}
	}
	return -1;
}
