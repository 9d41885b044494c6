/*
 * event.h - what happened at the boundary, said in the words of the policy.
 *
 * A backend reports raw denials: an operation and an object the kernel refused.
 * cr_event_explain adds the rule that refuses it and the narrowest rule that
 * would allow it. Pure.
 */
#ifndef CR_EVENT_H
#define CR_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "decide.h"
#include "err.h"
#include "netmsg.h"

#define CR_OPS(X)                                                                          \
	X(CR_OP_WRITE, "write", CR_CAP_WRITE)   /* opening an existing file for writing */ \
	X(CR_OP_CREATE, "create", CR_CAP_WRITE) /* file, directory, link, node, socket */  \
	X(CR_OP_DELETE, "delete", CR_CAP_WRITE)                                            \
	X(CR_OP_RENAME, "rename", CR_CAP_WRITE)                                            \
	X(CR_OP_CHANGE, "change", CR_CAP_WRITE) /* mode, owner, times, attributes, size */ \
	X(CR_OP_CONNECT, "connect", CR_CAP_CONNECT)                                        \
	X(CR_OP_LOOKUP, "look up", CR_CAP_CONNECT) /* a name */                            \
	X(CR_OP_UNIX, "unix", CR_CAP_UNIX)

enum cr_op {
#define X(code, name, cap) code,
	CR_OPS(X)
#undef X
};

/* What a backend saw refused. `object` is a canonical path, "host:port", or a name looked up. */
struct cr_denial {
	enum cr_op op;
	const char *object;
	const char *boundary; /* what refused: "mount view", "network namespace", ... static text */
	const char *program;  /* name of the process as the kernel knows it; "" when unknown */
	int64_t pid;          /* in the launcher's numbering; 0 when unknown */
	int os_code;          /* what the kernel answered; 0 when not known */
	uint64_t time_ms;     /* Unix time */
	enum cr_net_end net;  /* a connection through the broker: why; else CR_NET_DONE */
	bool by_rules;        /* the kernel did not say: refused only where the rules refuse it */
};

/* Kept once per operation and object. Strings in the arena. */
struct cr_event {
	struct cr_denial denial;
	const struct cr_rule *rule; /* that refuses it; NULL: nothing allows it */
	const char *rule_text;      /* "deny write .git", or "no rule allows it" */
	const char *remedy_rule;    /* narrowest rule that would allow it; "" when none may */
	const char *remedy_flag;    /* the same as a command-line option; "" */
	const char *remedy_needs;   /* what must be done besides: "create it first"; "" */
	const char *remedy_why_not; /* when there is none: why; "" */
	uint64_t count;
};

const char *cr_op_name(enum cr_op op);

/*
 * False for a denial `by_rules` that the rules do not confirm, or that Landlock does not refuse (in
 * a writable directory; changes of mode, owner and times): nothing was refused then.
 */
bool cr_denial_is_real(const struct cr_ruleset *rules, const struct cr_denial *denial);

/* Fills *event for *denial (strings copied into `arena`). 0, or -1 with CR_E_NOMEM. */
int cr_event_explain(struct cr_arena *arena, const struct cr_ruleset *rules,
		     const struct cr_denial *denial, struct cr_event *event, struct cr_err *err);

/* One JSON line without newline, from malloc, owned by the caller; NULL when memory is out. */
char *cr_event_json(const struct cr_event *event);

/* The same for a denial that nobody keeps: it is explained first. */
char *cr_denial_json(const struct cr_ruleset *rules, const struct cr_denial *denial);

/*
 * Copies `text` for showing to people: control characters, bidi overrides, invalid UTF-8 and
 * backslashes become \xNN or \u{NNNN}. In `arena`; NULL when memory is out.
 */
const char *cr_text_safe(struct cr_arena *arena, const char *text);

/*
 * As cr_text_safe, of text about `os`: a Windows path is full of backslashes, which are left as
 * they are. A name can then look like an escape, but not act as one.
 */
const char *cr_text_safe_on(struct cr_arena *arena, enum cr_os os, const char *text);

#endif
