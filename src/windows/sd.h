/*
 * sd.h - the descriptor of an open object, read and written by its handle.
 *
 * Nothing is propagated by the system here: a name-based setter would walk the
 * tree beneath for as long as it takes, through names that others own.
 */
#ifndef CR_WINDOWS_SD_H
#define CR_WINDOWS_SD_H

#include <windows.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/winsd.h"

/* What a handle needs to be read, and to be written. */
#define CR_SD_READ_ACCESS  READ_CONTROL
#define CR_SD_WRITE_ACCESS (READ_CONTROL | WRITE_DAC | WRITE_OWNER)

/* DACL and label, in `arena`. 0, or -1 with CR_E_STEP, CR_E_NOMEM. */
int cr_sd_read(struct cr_arena *arena, HANDLE handle, struct cr_sd *out, struct cr_err *err);

/* Writes the parts named (CR_SD_DACL, CR_SD_LABEL). 0, or -1 with CR_E_STEP. */
int cr_sd_write(HANDLE handle, struct cr_sd sd, unsigned parts, struct cr_err *err);

#endif
