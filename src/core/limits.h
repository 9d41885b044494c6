/*
 * limits.h - every limit an outsider can run into, in one place.
 *
 * A limit is a number somebody else controls: the size of a policy file, the
 * depth of a path, the number of matches of a pattern. Each is checked where
 * the number enters and refused with a message that names it. Nothing here is
 * a tuning knob.
 */
#ifndef CR_LIMITS_H
#define CR_LIMITS_H

#define CR_MAX_POLICY_BYTES (1024 * 1024)       /* one policy file */
#define CR_MAX_LINE_BYTES   4096                /* one policy line, newline excluded */
#define CR_MAX_POLICY_FILES 256                 /* layers, policy.d files and profiles together */
#define CR_MAX_USE_DEPTH    8                   /* `use` inside a used profile */
#define CR_MAX_DIAGS        100                 /* errors reported of one run */
#define CR_MAX_RULES        20000               /* resolved rules, all layers */
#define CR_MAX_PATH         4096                /* bytes of a path, NUL included */
#define CR_MAX_COMPONENT    255                 /* bytes of a name; on Windows UTF-16 units */
#define CR_MAX_DEPTH        256                 /* components of a path */
#define CR_MAX_SYMLINKS     40                  /* followed in one look-up, as in Linux */
#define CR_MAX_WALK         200000              /* directory entries read to expand patterns */
#define CR_MAX_MATCHES      4096                /* paths one pattern may expand to */
#define CR_MAX_STEPS        32768               /* steps of a plan */
#define CR_MAX_POINTER_FILE 4096                /* bytes of a .git or commondir file */
#define CR_MAX_GIT_CONFIG   (256 * 1024)        /* bytes of a submodule's git configuration */
#define CR_MAX_GIT_MODULES  1024                /* directories in .git/modules, .git/worktrees */
#define CR_MAX_GIT_NESTING  8                   /* of those in one another */
#define CR_MAX_ARENA        (256 * 1024 * 1024) /* memory behind one policy and its plan */
#define CR_MAX_SOCKETS      4096                /* live AF_UNIX sockets of the host looked at */
#define CR_MAX_ENV          4096                /* environment variables of a command */
#define CR_MAX_PATH_DIRS    1024                /* directories a program is searched in */
#define CR_MAX_HOST         253                 /* bytes of a DNS name (RFC 1035, 2.3.4) */
#define CR_MAX_SDDL_BYTES   (128 * 1024)        /* one security descriptor as text */
#define CR_MAX_ACES         2048                /* entries of a list: 64 KiB in Windows */
#define CR_MAX_NAMES        16384               /* names of one box that have addresses */
#define CR_MAX_RESOLV_CONF  (64 * 1024)         /* bytes read of the host's /etc/resolv.conf */
#define CR_MAX_HOSTS_FILE   (8 * 1024 * 1024)   /* bytes read of the host's /etc/hosts */
#define CR_MAX_NAMESERVERS  8                   /* servers of it that are asked */
#define CR_MAX_PUBLISHED    64                  /* ports of one box */
#define CR_TLS_HELLO_MAX    (16384 + 512)       /* bytes of a ClientHello and its record headers */
#define CR_HTTP_HEAD_MAX    (32 * 1024)         /* bytes of a request's head, or of its trailers */
#define CR_MAX_PLAN_JSON    (64 * 1024 * 1024)  /* bytes of a plan given to the plan reader */

#endif
