/*
 * walk.h - the entries of a directory and what lies beneath, by handles alone.
 *
 * Each entry is opened by its one name in the open directory above it, and a
 * reparse point is opened itself: whatever is renamed or replaced meanwhile,
 * the walk never leaves the tree it began in.
 */
#ifndef CR_WINDOWS_WALK_H
#define CR_WINDOWS_WALK_H

#include <stdbool.h>

#include <windows.h>

#include "core/err.h"

/* One entry; name and attributes are borrowed for the call. */
struct cr_walk_entry {
	HANDLE dir;           /* the open directory it is in */
	const wchar_t *namew; /* not NUL-terminated */
	size_t n_name;
	bool is_dir; /* and no link */
};

/* Called for each entry, in no order; 0 to go on, -1 to stop. */
typedef int (*cr_walk_fn)(void *arg, const struct cr_walk_entry *entry);

/* 0, or -1 when the directory cannot be read (CR_E_STEP) or fn has failed. */
int cr_walk(HANDLE dir, cr_walk_fn fn, void *arg, struct cr_err *err);

/* Opens the entry, NULL with GetLastError. */
HANDLE cr_walk_open(const struct cr_walk_entry *entry, DWORD access);

#endif
