/*
 * journal.h - the undo journal as a file (core/winjournal.h has its format).
 *
 * Who holds it open is the only one that changes entries. Every record is on the
 * disk before what it announces is done.
 */
#ifndef CR_WINDOWS_JOURNAL_H
#define CR_WINDOWS_JOURNAL_H

#include <windows.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/winjournal.h"

struct cr_journal {
	struct cr_arena *arena; /* of what was read */
	HANDLE file;
	HANDLE lock;
	struct cr_wj state;
	uint64_t size; /* where the next record goes */
};

/*
 * Opens, locks and reads it; waits a minute for another carrel that changes entries. 0, or -1
 * with CR_E_STATE, CR_E_LIMIT, CR_E_NOMEM. A torn end is cut off.
 */
int cr_journal_open(struct cr_journal *journal, struct cr_err *err);

/* Appends and flushes; gives the record its ordinal. 0 or -1 with CR_E_STATE. */
int cr_journal_add(struct cr_journal *journal, struct cr_wj_record *record, struct cr_err *err);

/* Appends that the record has been taken back. */
int cr_journal_undone(struct cr_journal *journal, uint32_t ordinal, struct cr_err *err);

/* Forgets everything, when everything has been taken back. */
int cr_journal_clear(struct cr_journal *journal, struct cr_err *err);

/* Unlocks and closes. A zeroed one is a no-op. */
void cr_journal_close(struct cr_journal *journal);

/*
 * Says that a running box uses the root of this SID, until the handle is closed. NULL with
 * CR_E_STATE.
 */
HANDLE cr_journal_use(const char *sid, struct cr_err *err);

/* A handle when no running box uses the root of `sid` (NULL: any root), and none can begin to until
 * it is closed; else NULL. */
HANDLE cr_journal_exclude(const char *sid);

#endif
