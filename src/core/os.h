/* os.h - which system a path, a rule or a plan is for: data, never an #ifdef. */
#ifndef CR_OS_H
#define CR_OS_H

enum cr_os {
	CR_OS_LINUX,
	CR_OS_WINDOWS,
	CR_OS_MACOS,
};

/* "linux", "windows", "macos". */
const char *cr_os_name(enum cr_os os);

/* Parses such a name; returns 0, or -1 when it is none of them. */
int cr_os_parse(const char *name, enum cr_os *out);

#endif
