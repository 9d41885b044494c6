/*
 * journal.c - journal.h.
 *
 * One lock file, two kinds of locks on its bytes (which need not exist): byte 0 belongs to who
 * changes entries; from 2^32 on each root's SID has a byte, shared by the boxes that use it. The
 * kernel drops them when their process dies, however it dies.
 */
#include "journal.h"

#include <stdlib.h>
#include <string.h>

#include "core/winsd.h"
#include "handles.h"
#include "state.h"

#define NAME       "acl-journal"
#define LOCK_NAME  "acl-lock"
#define WAIT_MS    60000
#define RETRY_MS   20
#define RETRIES    (WAIT_MS / RETRY_MS)
#define READ_WRITE (GENERIC_READ | GENERIC_WRITE)

static BOOL lock_bytes(HANDLE file, uint64_t at, uint64_t count, DWORD flags)
{
	OVERLAPPED where = {.Offset = (DWORD)at, .OffsetHigh = (DWORD)(at >> 32)};

	return LockFileEx(file, flags | LOCKFILE_FAIL_IMMEDIATELY, 0, (DWORD)count,
			  (DWORD)(count >> 32), &where);
}

/* A system that cannot wait for a lock with a time limit is asked again and again. */
static int lock_changes(struct cr_journal *journal, struct cr_err *err)
{
	journal->lock = cr_state_open(LOCK_NAME, READ_WRITE, OPEN_ALWAYS, err);
	if (!journal->lock)
		return -1;
	for (int i = 0; i < RETRIES; i++) {
		if (lock_bytes(journal->lock, 0, 1, LOCKFILE_EXCLUSIVE_LOCK))
			return 0;
		Sleep(RETRY_MS);
	}
	return cr_fail(err, CR_E_STATE, "another carrel has been changing access lists for %d s",
		       WAIT_MS / 1000);
}

static int read_all(struct cr_journal *journal, struct cr_err *err)
{
	LARGE_INTEGER size;
	uint8_t *bytes;
	DWORD got = 0;

	if (!GetFileSizeEx(journal->file, &size))
		return cr_fail_win(err, CR_E_STATE, GetLastError(), "cannot read the undo journal");
	if (size.QuadPart > CR_WJ_MAX_BYTES)
		return cr_fail(err, CR_E_LIMIT, "the undo journal is too long");
	bytes = cr_arena_alloc(journal->arena, (size_t)size.QuadPart + 1, 1);
	if (!bytes)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	if (!ReadFile(journal->file, bytes, (DWORD)size.QuadPart, &got, NULL) ||
	    got != (DWORD)size.QuadPart)
		return cr_fail_win(err, CR_E_STATE, GetLastError(), "cannot read the undo journal");
	if (cr_wj_read(journal->arena, bytes, got, &journal->state, err) < 0)
		return -1;
	journal->size = journal->state.end;
	return 0;
}

static int append(struct cr_journal *journal, const void *bytes, size_t len, struct cr_err *err)
{
	LARGE_INTEGER at = {.QuadPart = (LONGLONG)journal->size};
	DWORD done = 0;

	if (!SetFilePointerEx(journal->file, at, NULL, FILE_BEGIN) ||
	    !WriteFile(journal->file, bytes, (DWORD)len, &done, NULL) || done != len ||
	    !FlushFileBuffers(journal->file))
		return cr_fail_win(err, CR_E_STATE, GetLastError(),
				   "cannot write the undo journal");
	journal->size += len;
	return 0;
}

/* What a crash left behind the last sound record would hide what is appended behind it. */
static int cut_torn_end(struct cr_journal *journal, struct cr_err *err)
{
	LARGE_INTEGER end = {.QuadPart = (LONGLONG)journal->size};

	if (journal->state.torn && (!SetFilePointerEx(journal->file, end, NULL, FILE_BEGIN) ||
				    !SetEndOfFile(journal->file)))
		return cr_fail_win(err, CR_E_STATE, GetLastError(), "cannot cut the undo journal");
	if (journal->size == 0)
		return append(journal, CR_WJ_HEADER, CR_WJ_HEADER_LEN, err);
	return 0;
}

int cr_journal_open(struct cr_journal *journal, struct cr_err *err)
{
	*journal = (struct cr_journal){.arena = cr_arena_new()};
	if (!journal->arena)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	if (lock_changes(journal, err) == 0) {
		journal->file = cr_state_open(NAME, READ_WRITE, OPEN_ALWAYS, err);
		if (journal->file && read_all(journal, err) == 0 && cut_torn_end(journal, err) == 0)
			return 0;
	}
	cr_journal_close(journal);
	return -1;
}

int cr_journal_add(struct cr_journal *journal, struct cr_wj_record *record, struct cr_err *err)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_sd bytes;
	int result;

	if (!arena)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	if (record->kind != CR_WJ_UNDONE)
		record->ordinal = ++journal->state.last;
	result = cr_wj_encode(arena, record, &bytes, err);
	if (result == 0)
		result = append(journal, bytes.bytes, bytes.len, err);
	cr_arena_free(arena);
	return result;
}

int cr_journal_undone(struct cr_journal *journal, uint32_t ordinal, struct cr_err *err)
{
	struct cr_wj_record record = {.kind = CR_WJ_UNDONE, .ordinal = ordinal};

	return cr_journal_add(journal, &record, err);
}

int cr_journal_clear(struct cr_journal *journal, struct cr_err *err)
{
	LARGE_INTEGER end = {.QuadPart = CR_WJ_HEADER_LEN};

	if (!SetFilePointerEx(journal->file, end, NULL, FILE_BEGIN) ||
	    !SetEndOfFile(journal->file) || !FlushFileBuffers(journal->file))
		return cr_fail_win(err, CR_E_STATE, GetLastError(), "cannot cut the undo journal");
	journal->size = CR_WJ_HEADER_LEN;
	return 0;
}

void cr_journal_close(struct cr_journal *journal)
{
	cr_handle_close(&journal->file);
	cr_handle_close(&journal->lock);
	cr_arena_free(journal->arena);
	*journal = (struct cr_journal){0};
}

/* The last sub-authority of a root's SID is its own number. */
static uint64_t byte_of(const char *sid)
{
	return (1ull << 32) + strtoul(strrchr(sid, '-') + 1, NULL, 10);
}

HANDLE cr_journal_use(const char *sid, struct cr_err *err)
{
	CR_AUTO_HANDLE HANDLE lock = cr_state_open(LOCK_NAME, READ_WRITE, OPEN_ALWAYS, err);

	if (!lock)
		return NULL;
	if (!lock_bytes(lock, byte_of(sid), 1, 0)) {
		cr_fail(err, CR_E_STATE, "the entries of this workspace are being taken back");
		return NULL;
	}
	return cr_steal_handle(&lock);
}

HANDLE cr_journal_exclude(const char *sid)
{
	CR_AUTO_HANDLE HANDLE lock = cr_state_open(LOCK_NAME, READ_WRITE, OPEN_ALWAYS, NULL);
	const uint64_t at = sid ? byte_of(sid) : 1ull << 32;

	if (!lock || !lock_bytes(lock, at, sid ? 1 : 1ull << 32, LOCKFILE_EXCLUSIVE_LOCK))
		return NULL;
	return cr_steal_handle(&lock);
}
