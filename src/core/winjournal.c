/*
 * winjournal.c - winjournal.h: records to bytes, and whatever bytes there are
 * back to records.
 *
 * Must never trust a length: a journal is read after crashes, and perhaps after
 * somebody's editor.
 */
#include "winjournal.h"

#include <string.h>

#include "limits.h"

#define MARK       "\xC5JR\x01"
#define MARK_LEN   4
#define FRAME      (MARK_LEN + 8) /* mark, length, checksum */
#define FIXED_BODY 22
#define N_STRINGS  4

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static void put64(uint8_t *at, uint64_t value)
{
	put32(at, (uint32_t)value);
	put32(at + 4, (uint32_t)(value >> 32));
}

static uint64_t get64(const uint8_t *at)
{
	return get32(at) | (uint64_t)get32(at + 4) << 32;
}

uint32_t cr_wj_crc(uint32_t crc, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= at[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static size_t put_string(uint8_t *at, const void *bytes, size_t len)
{
	put32(at, (uint32_t)len);
	if (len)
		memcpy(at + 4, bytes, len);
	return 4 + len;
}

int cr_wj_encode(struct cr_arena *arena, const struct cr_wj_record *record, struct cr_sd *out,
		 struct cr_err *err)
{
	const char *path = record->path ? record->path : "";
	const char *sid = record->sid ? record->sid : "";
	const size_t body = FIXED_BODY + 4 * N_STRINGS + strlen(path) + strlen(sid) +
			    record->before.len + record->after.len;
	uint8_t *bytes, *at;

	if (FRAME + body > CR_WJ_MAX_RECORD)
		return cr_fail(err, CR_E_LIMIT, "a record of the undo journal is too long");
	bytes = cr_arena_alloc(arena, FRAME + body, 1);
	if (!bytes)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	at = bytes + FRAME;
	at[0] = (uint8_t)record->kind;
	at[1] = (uint8_t)record->flags;
	put32(at + 2, record->ordinal);
	put64(at + 6, record->id.volume);
	put64(at + 14, record->id.file);
	at += FIXED_BODY;
	at += put_string(at, path, strlen(path));
	at += put_string(at, sid, strlen(sid));
	at += put_string(at, record->before.bytes, record->before.len);
	put_string(at, record->after.bytes, record->after.len);
	memcpy(bytes, MARK, MARK_LEN);
	put32(bytes + MARK_LEN, (uint32_t)body);
	put32(bytes + MARK_LEN + 4, cr_wj_crc(0, bytes + FRAME, body));
	*out = (struct cr_sd){bytes, FRAME + body};
	return 0;
}

/* Steps over one string of the body. */
static int take_string(const uint8_t **at, const uint8_t *end, struct cr_sd *out)
{
	uint32_t len;

	if (end - *at < 4)
		return -1;
	len = get32(*at);
	*at += 4;
	if (len > (size_t)(end - *at))
		return -1;
	*out = (struct cr_sd){*at, len};
	*at += len;
	return 0;
}

/* A text has no NUL inside. */
static const char *as_text(struct cr_arena *arena, struct cr_sd string)
{
	if (string.len >= CR_MAX_PATH || memchr(string.bytes, '\0', string.len))
		return NULL;
	return cr_arena_strndup(arena, (const char *)string.bytes, string.len);
}

static bool is_sound(const struct cr_wj_record *record)
{
	switch (record->kind) {
	case CR_WJ_OBJECT:
		return record->path[0] && cr_sd_check(record->before, NULL) == 0 &&
		       cr_sd_check(record->after, NULL) == 0;
	case CR_WJ_ROOT:
	case CR_WJ_SPREAD:
		return record->path[0] && record->sid[0];
	case CR_WJ_UNDONE:
		return true;
	}
	return false;
}

static int read_body(struct cr_arena *arena, const uint8_t *body, size_t len,
		     struct cr_wj_record *out)
{
	const uint8_t *at = body + FIXED_BODY, *end = body + len;
	struct cr_sd path, sid;

	if (len < FIXED_BODY)
		return -1;
	*out = (struct cr_wj_record){
		.kind = (enum cr_wj_kind)body[0],
		.flags = body[1],
		.ordinal = get32(body + 2),
		.id = {get64(body + 6), get64(body + 14)},
	};
	if (take_string(&at, end, &path) < 0 || take_string(&at, end, &sid) < 0 ||
	    take_string(&at, end, &out->before) < 0 || take_string(&at, end, &out->after) < 0 ||
	    at != end)
		return -1;
	out->path = as_text(arena, path);
	out->sid = as_text(arena, sid);
	return out->path && out->sid && is_sound(out) ? 0 : -1;
}

/* The length of the sound record at `at`, or 0. */
static size_t read_record(struct cr_arena *arena, const uint8_t *at, size_t left,
			  struct cr_wj_record *out)
{
	size_t len;

	if (left < FRAME || memcmp(at, MARK, MARK_LEN) != 0)
		return 0;
	len = get32(at + MARK_LEN);
	if (len > CR_WJ_MAX_RECORD - FRAME || len > left - FRAME)
		return 0;
	if (cr_wj_crc(0, at + FRAME, len) != get32(at + MARK_LEN + 4))
		return 0;
	return read_body(arena, at + FRAME, len, out) == 0 ? FRAME + len : 0;
}

void cr_wj_take_back(struct cr_wj *journal, uint32_t ordinal)
{
	size_t kept = 0;

	for (size_t i = 0; i < journal->n_live; i++) {
		if (journal->live[i].ordinal != ordinal)
			journal->live[kept++] = journal->live[i];
	}
	journal->n_live = kept;
}

int cr_wj_remember(struct cr_arena *arena, struct cr_wj *journal, const struct cr_wj_record *record,
		   struct cr_err *err)
{
	struct cr_wj_record *grown;

	if (journal->n_live == CR_WJ_MAX_RECORDS)
		return cr_fail(err, CR_E_LIMIT, "the undo journal has more than %d records",
			       CR_WJ_MAX_RECORDS);
	grown = cr_arena_grow(arena, journal->live, journal->n_live, &journal->cap_live,
			      sizeof(*journal->live));
	if (!grown)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	journal->live = grown;
	journal->live[journal->n_live++] = *record;
	return 0;
}

static int take_record(struct cr_arena *arena, struct cr_wj *journal,
		       const struct cr_wj_record *record, struct cr_err *err)
{
	if (record->kind == CR_WJ_UNDONE) {
		cr_wj_take_back(journal, record->ordinal);
		return 0;
	}
	if (record->ordinal > journal->last)
		journal->last = record->ordinal;
	return cr_wj_remember(arena, journal, record, err);
}

int cr_wj_read(struct cr_arena *arena, const uint8_t *bytes, size_t len, struct cr_wj *out,
	       struct cr_err *err)
{
	const size_t header = len < CR_WJ_HEADER_LEN ? len : CR_WJ_HEADER_LEN;
	size_t at = CR_WJ_HEADER_LEN;

	*out = (struct cr_wj){0};
	if (len > CR_WJ_MAX_BYTES)
		return cr_fail(err, CR_E_LIMIT, "the undo journal is too long");
	if (header && memcmp(bytes, CR_WJ_HEADER, header) != 0 && bytes[0] != '\0')
		return cr_fail(err, CR_E_STATE, "this is no undo journal of this version");
	out->end = len < CR_WJ_HEADER_LEN || bytes[0] == '\0' ? 0 : CR_WJ_HEADER_LEN;
	while (at < len) {
		struct cr_wj_record record;
		const size_t size = read_record(arena, bytes + at, len - at, &record);

		if (size == 0) {
			at++;
			continue;
		}
		if (take_record(arena, out, &record, err) < 0)
			return -1;
		out->bad_bytes += at - out->end;
		at += size;
		out->end = at;
	}
	out->torn = len - out->end;
	return 0;
}

const struct cr_wj_record *cr_wj_find_sid(const struct cr_wj *journal, enum cr_wj_kind kind,
					  const char *sid)
{
	for (size_t i = journal->n_live; i-- > 0;) {
		const struct cr_wj_record *record = &journal->live[i];

		if (record->kind == kind && strcmp(record->sid, sid) == 0)
			return record;
	}
	return NULL;
}
