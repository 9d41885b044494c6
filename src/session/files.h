/*
 * files.h - reading policy files that others may have had their hands on, and
 * keeping carrel's own small files. One implementation for each system.
 *
 * Every file is opened once, without blocking, and checked by its descriptor:
 * what was checked is what is read. Nothing larger than CR_MAX_POLICY_BYTES
 * (state: a path more) is taken.
 */
#ifndef CR_SESSION_FILES_H
#define CR_SESSION_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"

/* A file read. `path` is for messages. Owned by the arena, NUL added. */
struct cr_file {
	const char *path;
	const char *text;
	size_t len;
};

/*
 * The user's own file: owned by the user or root, written by nobody else. Links are followed.
 * 1 and *out, 0 when there is none, or -1: CR_E_TRUST, CR_E_LIMIT, CR_E_IO, CR_E_NOMEM. So in
 * all of these.
 */
int cr_file_read_own(struct cr_arena *arena, const char *path, struct cr_file *out,
		     struct cr_err *err);

/* `dir`/`sub`/`name` where nothing beneath `dir`, the agent's to write, may be a link. */
struct cr_file_place {
	const char *dir, *sub, *name;
};
int cr_file_read_beneath(struct cr_arena *arena, const struct cr_file_place *place,
			 struct cr_file *out, struct cr_err *err);

/*
 * All files of directory `dir` whose name ends in ".policy", in order of names. The directory, its
 * parent and every file must belong to `owner` and be written by nobody else; no links.
 * The count (0 when there is no such directory) and *out, or -1.
 */
int cr_files_read_system(struct cr_arena *arena, const char *dir, uint32_t owner,
			 struct cr_file **out, struct cr_err *err);

/* A file `name` in carrel's private directory `dir`. 1, 0, or -1 with CR_E_STATE. */
int cr_state_read(struct cr_arena *arena, const char *dir, const char *name, struct cr_file *out,
		  struct cr_err *err);

/* Replaces it as one step that survives a crash, making `dir` (0700) when missing. 0 or -1. */
int cr_state_write(const char *dir, const char *name, const struct cr_file *file,
		   struct cr_err *err);

/* Removes it; gone already is no error. 0 or -1. */
int cr_state_remove(const char *dir, const char *name, struct cr_err *err);

#endif
