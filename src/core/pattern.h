/*
 * pattern.h - path patterns and name globs.
 *
 * In a path pattern `*` and `?` match within one component (never a
 * separator; `?` is one UTF-8 character), and a component that is exactly `**` matches any
 * number of components, also none. Everything else is literal. A pattern is a
 * canonical path (path.h, CR_PATH_WILDCARDS). Matching takes time linear in
 * pattern x path for every input: no recursion on `*`.
 */
#ifndef CR_PATTERN_H
#define CR_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "os.h"

/* True when `pattern` has a `*` or `?`. */
bool cr_pattern_has_wildcard(const char *pattern);

/* True when the whole canonical `path` matches. */
bool cr_pattern_match(enum cr_os os, const char *pattern, const char *path);

/*
 * A rule on a directory holds for everything beneath it. Returns the number of
 * components of the longest prefix of `path` (the path itself included) that
 * matches `pattern`, or -1 when none does. This number is how specific the
 * rule is for this path.
 */
int cr_pattern_covers(enum cr_os os, const char *pattern, const char *path);

/* The longest literal directory prefix ("/w" of "/w/ ** / .env", blanks ignored), in `arena`. */
const char *cr_pattern_base(struct cr_arena *arena, enum cr_os os, const char *pattern);

/*
 * True when something beneath the canonical directory `dir` could match: lets a walk skip
 * whole trees.
 */
bool cr_pattern_may_match_beneath(enum cr_os os, const char *pattern, const char *dir);

/* Simple glob (`*`, `?`) over a whole name; used for environment variables. */
bool cr_glob_match(const char *glob, const char *name, bool fold_case);

#endif
