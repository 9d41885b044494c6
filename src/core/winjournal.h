/*
 * winjournal.h - the undo journal of access control entries, as bytes. Pure.
 *
 * Before an object's entries are changed, its descriptor before and after is
 * appended and flushed; so from any crash point the journal knows at least
 * what was done. Reading takes every sound record and ignores the rest: a torn
 * last record, zeros after a power failure, bytes in the middle gone bad. A
 * journal can therefore never lock anybody out of undoing.
 *
 * The bytes: "CRJ1", then records. A record is a mark, the length of its body, a CRC-32 of the
 * body, and the body; numbers are little-endian. The body: kind (1), flags (1), ordinal (4), volume
 * (8), file (8), and four texts or byte strings, each with its length (4) before it: path, sid,
 * before, after.
 */
#ifndef CR_WINJOURNAL_H
#define CR_WINJOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "err.h"
#include "fsview.h"
#include "winsd.h"

#define CR_WJ_HEADER      "CRJ1"
#define CR_WJ_HEADER_LEN  4
#define CR_WJ_MAX_RECORD  (2 * CR_SD_MAX + 8192) /* one record, mark included */
#define CR_WJ_MAX_BYTES   (64 * 1024 * 1024)     /* a journal */
#define CR_WJ_MAX_RECORDS 200000

enum cr_wj_kind {
	CR_WJ_ROOT = 1,   /* sid: entries of this SID may be anywhere beneath path from here on */
	CR_WJ_OBJECT = 2, /* path had `before` and is about to get `after` */
	CR_WJ_SPREAD = 3, /* sid: everything that was beneath path has the entries */
	CR_WJ_UNDONE = 4, /* the record `ordinal` has been taken back */
};

#define CR_WJ_DIRECTORY 1u /* flags: path is a directory */

struct cr_wj_record {
	enum cr_wj_kind kind;
	unsigned flags;
	uint32_t ordinal; /* of this record, counted from 1; UNDONE: of the one taken back */
	struct cr_fileid id;
	const char *path;
	const char *sid;
	struct cr_sd before, after;
};

/* CRC-32 (IEEE 802.3, as zlib's), `crc` 0 to begin. */
uint32_t cr_wj_crc(uint32_t crc, const void *bytes, size_t len);

/* The record as bytes in `arena`; 0 and *out, or -1 with CR_E_LIMIT, CR_E_NOMEM. */
int cr_wj_encode(struct cr_arena *arena, const struct cr_wj_record *record, struct cr_sd *out,
		 struct cr_err *err);

/* What a journal says. Everything in the arena, or borrowed from the journal's bytes. */
struct cr_wj {
	struct cr_wj_record *live; /* ROOT, OBJECT and SPREAD records not taken back, in order */
	size_t n_live, cap_live;
	uint32_t last;    /* the highest ordinal seen */
	size_t end;       /* bytes up to the end of the last sound record: append there */
	size_t bad_bytes; /* ignored before that end */
	size_t torn;      /* ignored after it */
};

/* Reads a journal; an empty one, or one that never got its header, is empty. 0, or -1:
 * CR_E_STATE (not a journal), CR_E_LIMIT, CR_E_NOMEM. */
int cr_wj_read(struct cr_arena *arena, const uint8_t *bytes, size_t len, struct cr_wj *out,
	       struct cr_err *err);

/* Adds a record just written to what is live; forgets one just taken back. 0 or -1. */
int cr_wj_remember(struct cr_arena *arena, struct cr_wj *journal, const struct cr_wj_record *record,
		   struct cr_err *err);
void cr_wj_take_back(struct cr_wj *journal, uint32_t ordinal);

/* The newest live ROOT (or SPREAD) of this SID, or NULL. */
const struct cr_wj_record *cr_wj_find_sid(const struct cr_wj *journal, enum cr_wj_kind kind,
					  const char *sid);

#endif
