/*
 * path.h - path algebra in three flavours, purely lexical.
 *
 * A *canonical* path is absolute, has no empty, "." or ".." component, no
 * trailing separator (but for the root itself), and one spelling of the
 * separator: "/" on Linux and macOS ("/", "/a/b"); "\" and an upper-case drive
 * letter on Windows ("C:\", "C:\a\b"). It is valid UTF-8 without control
 * characters. Functions that take canonical paths do not check again.
 *
 * Nothing here looks at a file system: symlinks are fsview.h's business.
 * Comparison is byte-wise on Linux; on Windows and macOS it folds case
 * (cr_char_fold), and on macOS it also ignores the composed/decomposed
 * difference only in so far as both sides are canonical (fsview gives the on-disk name).
 */
#ifndef CR_PATH_H
#define CR_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "err.h"
#include "os.h"

/* True when `path` starts at a root of its system ("/", "C:\", "c:/"). */
bool cr_path_is_absolute(enum cr_os os, const char *path);

/*
 * Makes an absolute path canonical. ".." is taken lexically and may not climb
 * above the root. On Windows refuses UNC ("\\server"), device ("\\.\", "\\?\"),
 * drive-relative ("C:x"), stream ("a:b"), reserved ("NUL", "com1.txt"), 8.3-looking
 * ("PROGRA~1") names, names that end in a dot or blank, the characters <>"|, and letters whose
 * case is a matter of the volume (cr_char_has_doubtful_case).
 * `*` and `?` pass when `wildcards` is set in flags (they are pattern text), and are
 * refused on Windows otherwise.
 *
 * Returns the path in `arena`, or NULL with CR_E_PATH, CR_E_LIMIT or CR_E_NOMEM.
 */
const char *cr_path_canonical(struct cr_arena *arena, enum cr_os os, const char *path,
			      unsigned flags, struct cr_err *err);
#define CR_PATH_WILDCARDS 1u

/*
 * `path` when absolute, else `base` (canonical) + `path`, canonical. "~" is not expanded here.
 * Errors as cr_path_canonical.
 */
const char *cr_path_resolve(struct cr_arena *arena, enum cr_os os, const char *base,
			    const char *path, unsigned flags, struct cr_err *err);

/*
 * Checks one component that is not "", "." or ".." as cr_path_canonical does: for names that
 * come from elsewhere, such as the target of a symlink. 0, or -1 with CR_E_PATH or CR_E_LIMIT.
 */
int cr_path_check_component(enum cr_os os, const char *name, size_t len, unsigned flags,
			    struct cr_err *err);

/* Canonical `base` + one component `name`, checked by nobody; NULL when memory is out. */
const char *cr_path_join(struct cr_arena *arena, enum cr_os os, const char *base, const char *name);

/* True when canonical `path` is `root` or lies beneath it. */
bool cr_path_within(enum cr_os os, const char *path, const char *root);

/*
 * Orders canonical paths component by component, so that a directory comes
 * directly before everything beneath it. <0, 0, >0.
 */
int cr_path_cmp(enum cr_os os, const char *a, const char *b);

/* Number of components: 0 for a root, 2 for "/a/b" and "C:\a\b". */
unsigned cr_path_depth(enum cr_os os, const char *path);

/* The canonical parent in `arena`; the root is its own parent. NULL when memory is out. */
const char *cr_path_parent(struct cr_arena *arena, enum cr_os os, const char *path);

/* The prefix of `path` with `depth` components, in `arena`; NULL when memory is out. */
const char *cr_path_prefix(struct cr_arena *arena, enum cr_os os, const char *path, unsigned depth);

/* The last component, inside `path`; "" for a root. */
const char *cr_path_base(enum cr_os os, const char *path);

/*
 * Steps through the components of a canonical path. Set *cursor to NULL first;
 * each call returns the next component (not NUL-terminated) and its length, or
 * NULL at the end.
 */
const char *cr_path_next(enum cr_os os, const char *path, const char **cursor, size_t *len);

/* Compares one component under the system's case rules: <0, 0, >0. */
int cr_path_component_cmp(enum cr_os os, const char *a, size_t a_len, const char *b, size_t b_len);

#endif
