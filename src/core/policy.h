/*
 * policy.h - the policy language: text in, lines out.
 *
 * The parser takes memory and returns memory; it opens nothing, resolves
 * nothing and repairs nothing. It reports every error of a text, each as
 * file:line:column, and a text with an error yields no policy.
 * The language is carrel-policy(5).
 */
#ifndef CR_POLICY_H
#define CR_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "err.h"

/* Where a rule comes from. The order is the order of printing, not of authority. */
enum cr_layer {
	CR_LAYER_SYSTEM,  /* what every box has: private /tmp, /proc, ... */
	CR_LAYER_DEFAULT, /* the built-in default policy, and profiles that are `use`d */
	CR_LAYER_USER,    /* ~/.config/carrel/policy */
	CR_LAYER_COMMAND, /* command line, --policy FILE, library calls */
	CR_LAYER_GRANT,   /* granted to a session */
	CR_LAYER_PROJECT, /* .carrel/policy of the workspace: narrows only */
	CR_LAYER_MANAGED, /* the administrator's: cannot be lifted */
};
#define CR_LAYER_COUNT 7

/* "system", "built-in", "user", "command line", "grant", "project", "managed". */
const char *cr_layer_name(enum cr_layer layer);

struct cr_origin {
	enum cr_layer layer;
	const char *file; /* as shown to people; borrowed */
	unsigned line;    /* from 1; 0 when there is no line */
	unsigned column;  /* bytes from 1 */
};

/* Ordered: the smaller is the narrower, so that layers combine by minimum. */
enum cr_decision {
	CR_DENY,
	CR_ASK,
	CR_ALLOW,
};

enum cr_capability {
	CR_CAP_READ,
	CR_CAP_WRITE,
	CR_CAP_CONNECT,
	CR_CAP_GIT,
	CR_CAP_UNIX,
};
#define CR_CAP_COUNT 5

const char *cr_decision_name(enum cr_decision decision);
const char *cr_capability_name(enum cr_capability cap);
int cr_capability_parse(const char *name, enum cr_capability *out);

enum cr_item_kind {
	CR_ITEM_RULE,
	CR_ITEM_ENV,
	CR_ITEM_LIMIT,
	CR_ITEM_EXPIRE,
	CR_ITEM_USE,
};

enum cr_env_op {
	CR_ENV_KEEP, /* words are globs: kept though a `drop` matches */
	CR_ENV_DROP, /* words are globs */
	CR_ENV_SET,  /* words are NAME=VALUE */
};

enum cr_limit_name {
	CR_LIMIT_MEMORY,    /* bytes */
	CR_LIMIT_PROCESSES, /* count */
	CR_LIMIT_TIME,      /* milliseconds of wall-clock time */
	CR_LIMIT_FILES,     /* open descriptors of one process */
	CR_LIMIT_DISK,      /* bytes of all private temporary space, and of any one file */
};
#define CR_LIMIT_COUNT 5

const char *cr_limit_name_text(enum cr_limit_name name);

struct cr_word {
	const char *text; /* unquoted, unescaped */
	unsigned column;
};

/* One line of policy. */
struct cr_item {
	enum cr_item_kind kind;
	struct cr_origin origin;
	enum cr_decision decision;   /* RULE */
	enum cr_capability cap;      /* RULE */
	enum cr_env_op env_op;       /* ENV */
	enum cr_limit_name limit;    /* LIMIT */
	uint64_t value;              /* LIMIT; EXPIRE: milliseconds, 0 = when the session ends */
	const struct cr_word *words; /* RULE objects, ENV words, USE profile name */
	size_t n_words;
	bool notls; /* connect: `notls` stood behind the objects */
};

struct cr_policy {
	const char *name; /* shown in messages: a file name, "--write" */
	enum cr_layer layer;
	const struct cr_item *items;
	size_t n_items;
};

struct cr_diag {
	const char *file;
	unsigned line, column;
	const char *text;
	const char *hint; /* never NULL; "" for none */
};

/* Errors of a whole run, kept in order. More than CR_MAX_DIAGS are counted, not kept. */
struct cr_diags {
	struct cr_arena *arena; /* of the entries; set by whoever adds the first */
	struct cr_diag *items;
	size_t count, cap;
	size_t dropped;
};

/* Adds an error; never fails (when memory is out it only counts). */
void cr_diag_add(struct cr_diags *diags, const struct cr_origin *at, const char *hint,
		 const char *fmt, ...) CR_PRINTF(4, 5);

/* What to parse, and as whose. Borrowed for the call. */
struct cr_policy_source {
	const char *name; /* shown in messages */
	enum cr_layer layer;
	const char *text;
	size_t len;
};

/*
 * Parses a policy; name and text are copied.
 * Returns 0 and a policy in `arena`; or -1: CR_E_SYNTAX with at least one
 * entry added to `diags` (err->text is then a summary), or CR_E_NOMEM.
 */
int cr_policy_parse(struct cr_arena *arena, const struct cr_policy_source *source,
		    struct cr_policy **out, struct cr_diags *diags, struct cr_err *err);

/*
 * Duration ("30m", "8h", "90s", "2d", "1500ms") to milliseconds; size ("4G", "512M",
 * "100k", "1024"; powers of 1024) to bytes. 0, or -1 when `text` is neither.
 */
int cr_parse_duration(const char *text, uint64_t *ms);
int cr_parse_size(const char *text, uint64_t *bytes);

#endif
