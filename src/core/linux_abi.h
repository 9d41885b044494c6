/*
 * linux_abi.h - kernel constants newer than the oldest headers we build with
 * (Debian 12: Linux 6.1), each with its source.
 */
#ifndef CR_LINUX_ABI_H
#define CR_LINUX_ABI_H

#include <stdint.h>

/* Landlock: include/uapi/linux/landlock.h of Linux 6.18, ABI 7. */
#define CR_LL_EXECUTE     (1ULL << 0)
#define CR_LL_WRITE_FILE  (1ULL << 1)
#define CR_LL_READ_FILE   (1ULL << 2)
#define CR_LL_READ_DIR    (1ULL << 3)
#define CR_LL_REMOVE_DIR  (1ULL << 4)
#define CR_LL_REMOVE_FILE (1ULL << 5)
#define CR_LL_MAKE_CHAR   (1ULL << 6)
#define CR_LL_MAKE_DIR    (1ULL << 7)
#define CR_LL_MAKE_REG    (1ULL << 8)
#define CR_LL_MAKE_SOCK   (1ULL << 9)
#define CR_LL_MAKE_FIFO   (1ULL << 10)
#define CR_LL_MAKE_BLOCK  (1ULL << 11)
#define CR_LL_MAKE_SYM    (1ULL << 12)
#define CR_LL_REFER       (1ULL << 13) /* ABI 2, Linux 5.19 */
#define CR_LL_TRUNCATE    (1ULL << 14) /* ABI 3, Linux 6.2 */
#define CR_LL_IOCTL_DEV   (1ULL << 15) /* ABI 5, Linux 6.10 */

#define CR_LL_NET_BIND_TCP    (1ULL << 0) /* ABI 4, Linux 6.7 */
#define CR_LL_NET_CONNECT_TCP (1ULL << 1)

#define CR_LL_SCOPE_ABSTRACT_UNIX (1ULL << 0) /* ABI 6, Linux 6.12 */
#define CR_LL_SCOPE_SIGNAL        (1ULL << 1)

#define CR_LL_CREATE_RULESET_VERSION (1U << 0)
#define CR_LL_RULE_PATH_BENEATH      1

struct cr_ll_ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

struct cr_ll_path_beneath_attr {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

#endif
