/*
 * undo.c - takes back what the journal says, newest first, then what has spread.
 *
 * An object that somebody else changed since loses exactly what we added and
 * keeps the rest. What is gone, or is another object now, is left alone. What cannot be taken back
 * now keeps its record and holds up nothing else. Must be able to begin anew at any point: each
 * record is marked when it is done.
 */
#include <string.h>

#include "acl.h"
#include "box.h"
#include "core/backend_windows.h"
#include "core/plan_windows.h"
#include "handles.h"
#include "open.h"
#include "sd.h"

/* Gone, or the name leads to something else: nothing to take back there. */
static bool is_gone(const struct cr_err *err)
{
	return err->code == CR_E_RACE;
}

/* A memory stick that is pulled out takes what lies on it along, entries and all: it is not gone.
 */
static int find_drive(const char *path, struct cr_err *err)
{
	const wchar_t rootw[] = {(wchar_t)path[0], L':', L'\\', 0};

	if (GetDriveTypeW(rootw) != DRIVE_NO_ROOT_DIR)
		return 0;
	cr_fail(err, CR_E_STEP, "'%.300s' is on a drive that is not there", path);
	return cr_hint(err, "attach it, and run this again");
}

static int undo_open(HANDLE handle, const struct cr_wj_record *record, struct cr_err *err)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_sd now, back;
	int result = -1;

	if (!arena)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	if (cr_sd_read(arena, handle, &now, err) == 0 &&
	    cr_sd_undo(arena, record->before, record->after, now, &back, err) == 0)
		result = cr_sd_write(handle, back, cr_sd_differs(now, back), err);
	cr_arena_free(arena);
	return result;
}

int cr_acl_undo_record(struct cr_journal *journal, const struct cr_wj_record *record,
		       struct cr_err *err)
{
	struct cr_err why;
	CR_AUTO_HANDLE HANDLE handle =
		cr_open_known(record->path, record->id, CR_SD_WRITE_ACCESS, &why);

	if (!handle && !is_gone(&why)) {
		if (err)
			*err = why;
		return -1;
	}
	if (handle && undo_open(handle, record, err) < 0)
		return cr_wrap(err, "'%.300s'", record->path);
	return cr_journal_undone(journal, record->ordinal, err);
}

/* What has spread does so no longer; said first, for the root may keep its entries. */
static int forget_spread(struct cr_acl *acl, const char *sid, struct cr_err *err)
{
	const struct cr_wj_record *spread = cr_wj_find_sid(&acl->journal.state, CR_WJ_SPREAD, sid);

	return spread ? cr_journal_undone(&acl->journal, spread->ordinal, err) : 0;
}

static int undo_root(struct cr_acl *acl, const struct cr_wj_record *root,
		     struct cr_windows_undone *undone, struct cr_err *err)
{
	const DWORD access = CR_SD_READ_ACCESS | FILE_LIST_DIRECTORY | SYNCHRONIZE;
	struct cr_err why;
	CR_AUTO_HANDLE HANDLE dir = cr_open_known(root->path, root->id, access, &why);
	int result = 0;

	if (!dir && !is_gone(&why)) {
		if (err)
			*err = why;
		return -1;
	}
	if (!dir)
		undone->gone++;
	else if (cr_handle_type(dir) == CR_FT_DIR)
		result = forget_spread(acl, root->sid, err) < 0
				 ? -1
				 : cr_acl_unspread(acl, dir, root->path, root->sid, err);
	if (result < 0)
		return -1;
	return cr_journal_undone(&acl->journal, root->ordinal, err);
}

static int undo_one(struct cr_acl *acl, const struct cr_wj_record *record,
		    struct cr_windows_undone *undone, struct cr_err *err)
{
	acl->what = record->path;
	if (find_drive(record->path, err) < 0)
		return -1;
	if (record->kind == CR_WJ_ROOT)
		return undo_root(acl, record, undone, err);
	if (cr_acl_undo_record(&acl->journal, record, err) < 0)
		return -1;
	undone->objects++;
	return 0;
}

/* How many of them could not be taken back; *err is about the first. */
static size_t undo_kind(struct cr_acl *acl, enum cr_wj_kind kind, struct cr_windows_undone *undone,
			struct cr_err *err)
{
	const struct cr_wj *state = &acl->journal.state;
	size_t failed = 0;

	for (size_t i = state->n_live; i-- > 0;) {
		if (state->live[i].kind == kind &&
		    undo_one(acl, &state->live[i], undone, failed ? NULL : err) < 0)
			failed++;
	}
	return failed;
}

static int undo_all(struct cr_acl *acl, struct cr_windows_undone *undone, struct cr_err *err)
{
	size_t failed = undo_kind(acl, CR_WJ_OBJECT, undone, err);

	failed += undo_kind(acl, CR_WJ_ROOT, undone, failed ? NULL : err);
	cr_acl_told(acl);
	undone->beneath = acl->changed;
	undone->damaged = acl->journal.state.bad_bytes + acl->journal.state.torn;
	if (failed == 0)
		return cr_journal_clear(&acl->journal, err);
	return failed == 1 ? -1 : cr_wrap(err, "%zu could not be taken back, the first", failed);
}

int cr_windows_undo(struct cr_windows_undone *undone, struct cr_err *err)
{
	CR_AUTO_HANDLE HANDLE alone = cr_journal_exclude(NULL);
	struct cr_acl acl = {.started_ms = cr_now_ms(), .what = ""};
	int result;

	*undone = (struct cr_windows_undone){0};
	acl.told_ms = acl.started_ms;
	if (!alone) {
		cr_fail(err, CR_E_STATE, "a box is running");
		return cr_hint(err, "end it first");
	}
	if (cr_journal_open(&acl.journal, err) < 0)
		return -1;
	result = undo_all(&acl, undone, err);
	cr_journal_close(&acl.journal);
	return result;
}
