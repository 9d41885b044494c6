/*
 * fsview.h - the only window of the core onto a file system.
 *
 * A backend gives the real one; tests give tables; `carrel plan --os windows`
 * on Linux gives an empty one. Errors are reported as one of four answers so
 * that the core never sees an errno.
 */
#ifndef CR_FSVIEW_H
#define CR_FSVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "err.h"
#include "os.h"

enum cr_ftype {
	CR_FT_NONE, /* does not exist */
	CR_FT_FILE,
	CR_FT_DIR,
	CR_FT_SYMLINK, /* on Windows also junctions, mount points, drives made by `subst` */
	CR_FT_SOCKET,
	CR_FT_OTHER, /* FIFO, device */
};

/* Identity of a file: dev + ino, or volume serial + file id. All zero: unknown. */
struct cr_fileid {
	uint64_t volume;
	uint64_t file;
};

struct cr_fstat {
	enum cr_ftype type;
	struct cr_fileid id;
};

enum cr_fs_answer {
	CR_FS_OK,
	CR_FS_ABSENT, /* no such file, or a parent is no directory */
	CR_FS_DENIED, /* exists or not, we may not look */
	CR_FS_FAILED, /* anything else */
};

/* Called for each entry of a directory; returns 0 to go on, -1 to stop. */
typedef int (*cr_fs_entry_fn)(void *arg, const char *name, enum cr_ftype type);

struct cr_fsview {
	void *ctx;
	/* lstat: never follows the last component. */
	enum cr_fs_answer (*stat)(void *ctx, const char *path, struct cr_fstat *out);
	/* The target text of a symlink, NUL-terminated, refused when it does not fit. */
	enum cr_fs_answer (*readlink)(void *ctx, const char *path, char *buf, size_t size);
	/* Entries without "." and "..", in no order. */
	enum cr_fs_answer (*list)(void *ctx, const char *path, cr_fs_entry_fn fn, void *arg);
	/* A whole small regular file, NUL-terminated; FAILED when larger than size - 1. */
	enum cr_fs_answer (*read)(void *ctx, const char *path, char *buf, size_t size);
	/* True when a write to `path` is refused by what already confines us (a read-only mount):
	 * lets a box inside a box see that a path is protected already. */
	bool (*is_read_only)(void *ctx, const char *path);
};

/* A view of nothing: every path is absent. Static. */
const struct cr_fsview *cr_fsview_empty(void);

/* Where a path leads once every symlink in it is followed. */
struct cr_resolved {
	const char *path; /* canonical; when absent: existing part resolved + the rest as written */
	const char
		*entry; /* the link itself (its parents resolved) when the last component is one */
	struct cr_fstat stat;       /* of `path`; type NONE when absent */
	struct cr_fstat entry_stat; /* of `entry`, when set */
};

struct cr_resolver;

/*
 * A resolver remembers what it saw, so that a thousand rules in one home
 * directory cost one look at it. It lives in `arena`; `view` is borrowed.
 * NULL when memory is out.
 */
struct cr_resolver *cr_resolver_new(struct cr_arena *arena, enum cr_os os,
				    const struct cr_fsview *view);

/*
 * Resolves a canonical path. 0, or -1: CR_E_PATH (too many symlinks, a link that cannot be
 * read), CR_E_NOMEM. A path that does not exist, or lies where we may not look, is no error.
 */
int cr_resolve(struct cr_resolver *resolver, const char *path, struct cr_resolved *out,
	       struct cr_err *err);

const struct cr_fsview *cr_resolver_view(const struct cr_resolver *resolver);

#endif
