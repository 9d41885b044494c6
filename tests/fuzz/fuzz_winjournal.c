/*
 * fuzz_winjournal.c - the undo journal on any bytes: what is read can be written and read again,
 * and taking back is sound whatever the descriptors say.
 */
#include <string.h>

#include "core/winjournal.h"
#include "fuzz.h"

static void check_record(struct cr_arena *arena, const struct cr_wj_record *record)
{
	struct cr_sd bytes, back, twice;
	struct cr_wj again;
	uint8_t *journal;

	MUST(cr_wj_encode(arena, record, &bytes, NULL) == 0);
	journal = cr_arena_alloc(arena, bytes.len + CR_WJ_HEADER_LEN, 1);
	if (!journal)
		return;
	memcpy(journal, CR_WJ_HEADER, CR_WJ_HEADER_LEN);
	memcpy(journal + CR_WJ_HEADER_LEN, bytes.bytes, bytes.len);
	MUST(cr_wj_read(arena, journal, bytes.len + CR_WJ_HEADER_LEN, &again, NULL) == 0);
	MUST(again.n_live == 1 && strcmp(again.live[0].path, record->path) == 0);
	if (record->kind != CR_WJ_OBJECT)
		return;
	MUST(cr_sd_undo(arena, record->before, record->after, record->after, &back, NULL) == 0);
	MUST(cr_sd_equal(back, record->before));
	/* any descriptor at all is there now: taking back is sound, and doing it twice is once */
	if (cr_sd_undo(arena, record->after, record->before, record->after, &back, NULL) == 0 &&
	    cr_sd_undo(arena, record->before, record->after, back, &twice, NULL) == 0)
		MUST(cr_sd_check(twice, NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_wj journal;

	if (arena && cr_wj_read(arena, data, size, &journal, NULL) == 0) {
		MUST(journal.end + journal.torn == size);
		for (size_t i = 0; i < journal.n_live; i++)
			check_record(arena, &journal.live[i]);
	}
	cr_arena_free(arena);
	return 0;
}
