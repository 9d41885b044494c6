/*
 * crew.h - a few threads that work through the directories of a tree.
 *
 * Opening a file waits for somebody else (the file system, a scanner of files, Wine's server), so a
 * few at a time need less of the clock than one after the other. Which directory comes when is not
 * said, only that each is given after whoever offered it has done what it does before offering.
 */
#ifndef CR_WINDOWS_CREW_H
#define CR_WINDOWS_CREW_H

#include <stdbool.h>

#include <windows.h>

#include "core/err.h"

struct cr_crew;

/* One directory: an open handle and where it lies; the crew's, valid for the call. */
struct cr_crew_dir {
	HANDLE handle;
	const char *path;
	unsigned depth;
};

/* 0, or -1 with *err: then nothing more is begun. Called in several threads at once. */
typedef int (*cr_crew_fn)(void *arg, struct cr_crew *crew, const struct cr_crew_dir *dir,
			  struct cr_err *err);

/* Calls fn for `first` and for all that is offered meanwhile; waits for the last. 0 or -1. */
int cr_crew_run(cr_crew_fn fn, void *arg, const struct cr_crew_dir *first, struct cr_err *err);

/*
 * Leaves a directory to whoever of the crew is free, who owns *handle then; after a failure nobody
 * does it. False: all are busy, and the caller does it itself.
 */
bool cr_crew_offer(struct cr_crew *crew, HANDLE *handle, const char *path, unsigned depth);

/* One at a time, for what fn shares. */
void cr_crew_lock(struct cr_crew *crew);
void cr_crew_unlock(struct cr_crew *crew);

#endif
