/*
 * attack.h - what the attacks share: their tables, and small tools that try
 * one thing and keep errno.
 *
 * Internal to src/verify. Attack processes are single-threaded and short-lived.
 */
#ifndef CR_ATTACK_H
#define CR_ATTACK_H

#include "verify.h"

struct cr_attack_table {
	const struct cr_attack *rows;
	size_t count;
};

extern const struct cr_attack_table cr_attacks_protected;  /* names inside the workspace */
extern const struct cr_attack_table cr_attacks_outside;    /* files outside it */
extern const struct cr_attack_table cr_attacks_attributes; /* what Landlock does not see */
extern const struct cr_attack_table cr_attacks_secret;     /* hidden files */
extern const struct cr_attack_table cr_attacks_process;    /* other processes */
extern const struct cr_attack_table cr_attacks_init;       /* what keeps the box */
extern const struct cr_attack_table cr_attacks_kernel;     /* system calls */
extern const struct cr_attack_table cr_attacks_mounts;     /* namespaces and mounts */
extern const struct cr_attack_table cr_attacks_net;
extern const struct cr_attack_table cr_attacks_proxy;   /* past a rule about connections */
extern const struct cr_attack_table cr_attacks_sockets; /* AF_UNIX, odd families */
extern const struct cr_attack_table cr_attacks_ipc;
extern const struct cr_attack_table cr_attacks_devices; /* /dev, /proc/sys, /sys */
extern const struct cr_attack_table cr_attacks_inherit; /* descriptors, tty, limits, carrel */

/* This system's, in the order of their themes; NULL ends them. */
extern const struct cr_attack_table *const cr_attack_tables[];

#define CR_ATTACK_TABLE(name, array) \
	const struct cr_attack_table name = {array, sizeof(array) / sizeof((array)[0])}

/* fopen of this system: `path` is UTF-8, and no child inherits the file. */
FILE *cr_attack_fopen(const char *path, const char *mode);
/* The system's last error (errno, GetLastError()); its text into `text`. */
int cr_attack_last_error(char *text, size_t size);

/* cr_attack_run on this system, with an environment of its own that has the note and the argument.
 */
enum cr_attack_outcome cr_attack_run_here(const struct cr_attack *attack, struct cr_attack_env *env,
					  enum cr_attack_how how);

/* True when the words are of a part that an attack starts this program for, and it was played. */
bool cr_attack_part(int argc, char *const *argv, int *exit_code);

/* Fill the note and return their outcome. Refused: appends the text of the last error. */
enum cr_attack_outcome cr_attack_refused(const struct cr_attack_env *env, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
enum cr_attack_outcome cr_attack_succeeded(const struct cr_attack_env *env, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
enum cr_attack_outcome cr_attack_untestable(const struct cr_attack_env *env, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Refused when rc is negative (the last error says why), else succeeded. */
enum cr_attack_outcome cr_attack_result(const struct cr_attack_env *env, long rc, const char *what);

/* What follows is of Linux; src/verify/windows/tools.h has the same for Windows. */

/* A path by printf, in one of 16 static buffers used in turn. */
const char *cr_attack_path(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The path of the row's argument: "ws:a/b", "out:x", "home:x", "cfg:x", "state:x", "tmp:x". */
const char *cr_attack_target(const struct cr_attack_env *env);
const char *cr_attack_resolve(const struct cr_attack_env *env, const char *arg);

/* Opens with `flags` (and O_WRONLY), writes "pwned". 0, or -1 with errno. */
int cr_attack_put(const char *path, int flags);
int cr_attack_put_at(int dirfd, const char *path, int flags);
/* A file of our own in the scratch directory that says "pwned"; NULL with errno. */
const char *cr_attack_scratch(const struct cr_attack_env *env, const char *name);
/* 0 when the file can be read and contains `text`; -1 with errno (ENODATA: it does not). */
int cr_attack_finds(const char *path, const char *text);
/* mkdir -p of the directory part. 0, or -1 with errno. */
int cr_attack_make_parents(const char *path);
/* Copies a file with its mode. 0, or -1 with errno. */
int cr_attack_copy(const char *from, const char *to);

/*
 * Runs argv with standard output read into `out` (NUL-terminated, cut at size). Returns the
 * wait status, or -1 with errno.
 */
int cr_attack_spawn(const char *const *argv, char *out, size_t size);

/* Runs fn in a child: a crash of it (SIGSYS, SIGSEGV) is a refusal. */
enum cr_attack_outcome cr_attack_in_child(const struct cr_attack_env *env, cr_attack_fn fn);

/* Enters a user and mount namespace with the masks of a box. 0, or -1 with errno. */
int cr_attack_mask(const struct cr_attack_env *env);

#endif
