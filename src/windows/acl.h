/*
 * acl.h - entries and labels of the plan on the objects they are for.
 *
 * acl.c puts the entries of the plan where it names them, spread.c gives what
 * lies beneath what it inherits, undo.c takes everything back. All three only
 * touch entries of carrel's own SIDs and levels, or ones recorded in the journal.
 */
#ifndef CR_WINDOWS_ACL_H
#define CR_WINDOWS_ACL_H

#include <windows.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/plan.h"
#include "core/winsd.h"
#include "journal.h"

/* Everything the plan says about one object. In the arena of the box. */
struct cr_acl_object {
	const char *path;
	struct cr_fileid id;
	enum cr_ftype type;
	const char *sid; /* root it belongs to: the SID of its first entry of ours, or "" */
	struct cr_ace *aces;
	size_t n_aces, cap_aces;
	bool changed; /* by this run */
};

struct cr_acl {
	struct cr_arena *arena;
	const struct cr_plan *plan; /* NULL when everything is taken back */
	struct cr_journal journal;
	struct cr_acl_object *objects;
	size_t n_objects, cap_objects;
	const char *const *sids; /* ours, of this plan: what may be inherited, and taken away */
	size_t n_sids;
	uint64_t started_ms, told_ms;
	bool told;                     /* the progress line has been begun */
	size_t seen, changed, skipped; /* objects beneath the roots */
	const char *what;              /* for the progress line: the directory worked on */
};

/* What lies at `path` by the plan, or NULL. */
const struct cr_acl_object *cr_acl_find(const struct cr_acl *acl, const char *path);

/*
 * Gives everything beneath the open directory what it inherits of ours, as a Windows that
 * propagates would: inherited entries and labels exactly as the directory's own say. Never
 * follows a reparse point. 0, or -1 with CR_E_STEP: a denial could not be put in place,
 * or CR_E_LIMIT: too deep, too many, too long.
 */
int cr_acl_spread(struct cr_acl *acl, HANDLE dir, const char *path, struct cr_err *err);

/* Takes every entry of `sid` and every label of the box away from what lies beneath. */
int cr_acl_unspread(struct cr_acl *acl, HANDLE dir, const char *path, const char *sid,
		    struct cr_err *err);

/* Takes one OBJECT record back; what is gone is no error. 0 or -1. */
int cr_acl_undo_record(struct cr_journal *journal, const struct cr_wj_record *record,
		       struct cr_err *err);

/* One more object done: says so on standard error when it takes long. -1 with CR_E_LIMIT when it
 * takes too long. */
int cr_acl_tick(struct cr_acl *acl, struct cr_err *err);

/* Ends the progress line. */
void cr_acl_told(struct cr_acl *acl);

#endif
