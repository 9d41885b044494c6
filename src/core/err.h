/*
 * err.h - one error, owned by the caller.
 *
 * Functions return 0 or -1 (or a count, or a pointer and NULL) and take a
 * `struct cr_err *err` last. It is untouched on success, filled by the function
 * that failed, and wrapped on the way up. Nothing here allocates or prints.
 * A NULL err is allowed everywhere: the caller does not want to know why.
 */
#ifndef CR_ERR_H
#define CR_ERR_H

#include "attr.h"

#define CR_ERR_CODES(X)                                        \
	X(CR_E_NONE, "no error")                               \
	X(CR_E_NOMEM, "out of memory")                         \
	X(CR_E_USAGE, "wrong use")                             \
	X(CR_E_SYNTAX, "policy error")                         \
	X(CR_E_LIMIT, "limit exceeded")                        \
	X(CR_E_PATH, "bad path")                               \
	X(CR_E_IO, "input or output failed")                   \
	X(CR_E_STATE, "carrel's own state is unusable")        \
	X(CR_E_TRUST, "not trusted")                           \
	X(CR_E_UNSUPPORTED, "not supported by this system")    \
	X(CR_E_TIER, "this tier cannot be had here")           \
	X(CR_E_GAP, "the policy cannot be enforced here")      \
	X(CR_E_RACE, "a file changed while the box was built") \
	X(CR_E_STEP, "a step of the plan failed")              \
	X(CR_E_CANARY, "the boundary does not hold")           \
	X(CR_E_EXEC, "cannot execute")                         \
	X(CR_E_NOTFOUND, "command not found")                  \
	X(CR_E_INTERNAL, "internal error")

enum cr_errc {
#define X(code, text) code,
	CR_ERR_CODES(X)
#undef X
};

#define CR_ERR_TEXT_MAX 1024
#define CR_ERR_HINT_MAX 512

struct cr_err {
	enum cr_errc code;
	int os_code; /* errno or GetLastError(); 0 when the system did not fail */
	char text[CR_ERR_TEXT_MAX];
	char hint[CR_ERR_HINT_MAX]; /* what the user can do; "" for none */
};

/* Fills *err and returns -1, so that a failing function can `return cr_fail(...)`. */
int cr_fail(struct cr_err *err, enum cr_errc code, const char *fmt, ...) CR_PRINTF(3, 4);

/* As cr_fail, for a failed system call: keeps os_code and appends ": <its text>". */
int cr_fail_os(struct cr_err *err, enum cr_errc code, int os_code, const char *fmt, ...)
	CR_PRINTF(4, 5);

/* Puts "<context>: " before the text of an error on its way up; returns -1. */
int cr_wrap(struct cr_err *err, const char *fmt, ...) CR_PRINTF(2, 3);

/* Sets the hint of an error already filled; returns -1. */
int cr_hint(struct cr_err *err, const char *fmt, ...) CR_PRINTF(2, 3);

/* The text of a code, a static string. */
const char *cr_errc_text(enum cr_errc code);

#endif
