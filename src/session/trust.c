/*
 * trust.c - one file in state_dir/trust for each workspace: its path, a
 * newline, and the accepted text.
 *
 * Must never answer yes for anything but the same bytes of the same workspace:
 * the file's name is only where to look, what is in it decides.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/limits.h"
#include "files.h"
#include "trust.h"

struct place {
	struct cr_arena *arena;
	const char *dir;
	char name[32];
};

/* FNV-1a, 64 bit (http://www.isthe.com/chongo/tech/comp/fnv/): two workspaces of one name only
 * displace each other. */
static uint64_t hash(const char *text)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return value;
}

static int find_place(const char *state_dir, const char *workspace, struct place *place,
		      struct cr_err *err)
{
	place->arena = cr_arena_new();
	if (place->arena)
		place->dir = cr_arena_printf(place->arena, "%s/trust", state_dir);
	if (!place->arena || !place->dir) {
		cr_arena_free(place->arena);
		return cr_fail(err, CR_E_NOMEM, "trust");
	}
	snprintf(place->name, sizeof(place->name), "%016" PRIx64, hash(workspace));
	return 0;
}

static int is_same(const struct cr_file *record, const char *workspace, const char *text,
		   size_t len)
{
	size_t path_len = strlen(workspace);

	return record->len == path_len + 1 + len &&
	       memcmp(record->text, workspace, path_len) == 0 && record->text[path_len] == '\n' &&
	       memcmp(record->text + path_len + 1, text, len) == 0;
}

int cr_trust_check(const char *state_dir, const char *workspace, const char *text, size_t len,
		   struct cr_err *err)
{
	struct place place;
	struct cr_file record;

	if (find_place(state_dir, workspace, &place, err) < 0)
		return -1;

	int found = cr_state_read(place.arena, place.dir, place.name, &record, err);

	if (found == 1)
		found = is_same(&record, workspace, text, len);
	cr_arena_free(place.arena);
	return found;
}

static int write_record(const struct place *place, const char *workspace, const char *text,
			size_t len, struct cr_err *err)
{
	size_t path_len = strlen(workspace);
	char *bytes = cr_arena_alloc(place->arena, path_len + 1 + len, 1);
	struct cr_file record = {.text = bytes, .len = path_len + 1 + len};

	if (!bytes)
		return cr_fail(err, CR_E_NOMEM, "trust");
	memcpy(bytes, workspace, path_len);
	bytes[path_len] = '\n';
	memcpy(bytes + path_len + 1, text, len);
	return cr_state_write(place->dir, place->name, &record, err);
}

int cr_trust_accept(const char *state_dir, const char *workspace, const char *text, size_t len,
		    struct cr_err *err)
{
	struct place place;

	if (len > CR_MAX_POLICY_BYTES || strlen(workspace) >= CR_MAX_PATH)
		return cr_fail(err, CR_E_LIMIT, "the project file or its path is too long");
	if (find_place(state_dir, workspace, &place, err) < 0)
		return -1;

	int status = write_record(&place, workspace, text, len, err);

	cr_arena_free(place.arena);
	return status;
}

int cr_trust_revoke(const char *state_dir, const char *workspace, struct cr_err *err)
{
	struct place place;

	if (find_place(state_dir, workspace, &place, err) < 0)
		return -1;

	int status = cr_state_remove(place.dir, place.name, err);

	cr_arena_free(place.arena);
	return status;
}
