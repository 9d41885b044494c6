/*
 * shrink.h - takes out of a finished filter what libseccomp writes without need. Part of the
 * generator: it runs on the build machine only.
 */
#ifndef CR_SECCOMP_SHRINK_H
#define CR_SECCOMP_SHRINK_H

#include <linux/filter.h>
#include <stddef.h>

/* Shortens `code` in place, never its answers; returns the new length. At most 4096 instructions.
 */
size_t shrink(struct sock_filter *code, size_t len);

#endif
