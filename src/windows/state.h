/*
 * state.h - the backend's own small files: the seed of this installation's
 * SIDs, the undo journal, its lock.
 */
#ifndef CR_WINDOWS_STATE_H
#define CR_WINDOWS_STATE_H

#include <windows.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/facts.h"

/* carrel's state directory, the same that the rules hide; NULL with CR_E_STATE. */
const char *cr_state_path(struct cr_arena *arena, struct cr_err *err);

/* Makes the state directory when it is missing. Its path; NULL with CR_E_STATE. */
const char *cr_state_make(struct cr_arena *arena, struct cr_err *err);

/* Opens `name` in the state directory; follows no link. NULL with CR_E_STATE. */
HANDLE cr_state_open(const char *name, DWORD access, DWORD disposition, struct cr_err *err);

/*
 * The three numbers that this installation's sandbox-write SIDs begin with. Made once from the
 * system's random source; a file that went bad is made anew (the journal knows the old SIDs).
 */
int cr_state_seed(uint32_t seed[3], struct cr_err *err);

#endif
