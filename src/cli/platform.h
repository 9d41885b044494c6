/*
 * platform.h - what the command line needs from the system besides the backend
 * and lib/sys.h: one file per system, same functions, no #ifdef anywhere else.
 */
#ifndef CR_CLI_PLATFORM_H
#define CR_CLI_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/*
 * First thing in main. Opens closed standard descriptors on the null device, so that no file
 * opened later can become somebody's standard output; makes the words UTF-8. 0, or -1 when the
 * process cannot go on (nothing can be printed then).
 */
int cr_platform_start(int *argc, char ***argv);

/* True when descriptor `fd` is open. */
int cr_platform_is_open(int fd);

/* True when both standard input and standard error are a terminal. */
int cr_platform_is_interactive(void);

/*
 * Opens `path` to append records; follows no symlink at its end, creates it for us alone.
 * Close-on-exec. A descriptor, or -1 with CR_E_IO.
 */
int cr_platform_open_append(const char *path, struct cr_err *err);

/* Writes all of it, though the reader may be gone: 0, or -1. Never ends the process. */
int cr_platform_write(int fd, const char *data, size_t len);

/* A reader that went away must not end us while a box runs. Call once a box has started. */
void cr_platform_ignore_pipe(void);

/*
 * Creates `path` for us alone with `text`; fails when anything is there already. 0, or -1 with
 * CR_E_IO (os_code EEXIST when it exists).
 */
int cr_platform_create(const char *path, const char *text, struct cr_err *err);

/*
 * Makes the directory and its parents, for us alone. The directory itself may not be a symlink.
 * 0, or -1 with CR_E_IO.
 */
int cr_platform_make_dirs(const char *path, struct cr_err *err);

/* What cr_platform_undo took back. */
struct cr_undone {
	size_t objects; /* with entries of their own */
	size_t beneath; /* beneath them */
	size_t gone;    /* directories that are no longer there */
	size_t damaged; /* bytes of the record that could not be read */
};

/*
 * Takes back everything that boxes have left on the files of this machine (on Windows access
 * control entries and labels; elsewhere nothing outlives a box). 0, or -1 with CR_E_STATE: a box
 * is running; or what failed. Calling it again goes on.
 */
int cr_platform_undo(struct cr_undone *undone, struct cr_err *err);

/* Reads one line from the terminal: 1 when it is "yes", 0 when it is anything else. */
int cr_platform_confirm(void);

#endif
