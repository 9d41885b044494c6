/*
 * spread.c - what lies beneath a root gets what it inherits, without the system's
 * own propagation: that one takes as long as it takes, says nothing, and walks by
 * names which the box may change.
 *
 * No record is made where taking our SID's entries away again gives exactly the
 * bytes that were there; otherwise the journal gets them first.
 */
#include <string.h>

#include "acl.h"
#include "core/path.h"
#include "core/plan_windows.h"
#include "handles.h"
#include "open.h"
#include "sd.h"
#include "walk.h"

#define LOOK_ACCESS (CR_SD_READ_ACCESS | FILE_READ_ATTRIBUTES)
#define MAX_HEIRS   64 /* inheritable entries of ours at one place */

/* What a directory hands down. */
struct legacy {
	struct cr_ace aces[MAX_HEIRS];
	size_t n;
};

/* One directory being walked. */
struct level {
	struct cr_acl *acl;
	struct cr_arena *arena; /* of one object at a time */
	char *path;             /* of CR_MAX_PATH; the directory's, then each entry's */
	size_t dir_len;
	unsigned depth;
	struct legacy for_dirs, for_files;
	const char *taken_sid; /* unspread: entries of this SID go */
	struct cr_err *err;
};

static int walk_level(struct level *level, HANDLE dir);

/* Our inheritable entries of a directory, as its children inherit them. */
static void find_legacy(const struct cr_acl *acl, struct cr_sd sd, struct level *level)
{
	struct cr_ace ace, heir;

	for (size_t i = 0; cr_sd_entry(sd, i, &ace); i++) {
		bool ours = cr_ace_is_label(&ace) && cr_ace_names(&ace, CR_WIN_LEVEL_BOX);

		for (size_t s = 0; s < acl->n_sids && !ours; s++)
			ours = !cr_ace_is_label(&ace) && cr_ace_names(&ace, acl->sids[s]);
		if (!ours || level->for_dirs.n == MAX_HEIRS || level->for_files.n == MAX_HEIRS)
			continue;
		if (cr_ace_inherited(&ace, true, &heir))
			level->for_dirs.aces[level->for_dirs.n++] = heir;
		if (cr_ace_inherited(&ace, false, &heir))
			level->for_files.aces[level->for_files.n++] = heir;
	}
}

static bool hands_down(const struct cr_acl_object *object, const struct cr_ace *ace)
{
	struct cr_ace heir;

	for (size_t i = 0; i < object->n_aces; i++) {
		for (int by_directory = 0; by_directory < 2; by_directory++) {
			if (cr_ace_inherited(&object->aces[i], by_directory, &heir) &&
			    heir.len == ace->len && memcmp(heir.bytes, ace->bytes, heir.len) == 0)
				return true;
		}
	}
	return false;
}

/* Does the plan allow at `path` what this inherited denial, from a directory above, denies? */
static bool is_allowed_again(const struct cr_acl *acl, const struct cr_ace *denial,
			     const char *path)
{
	for (size_t i = acl->n_objects; i-- > 0;) {
		const struct cr_acl_object *top = &acl->objects[i];

		/* the deepest such directory is the last in the order of paths */
		if (cr_path_within(CR_OS_WINDOWS, path, top->path) &&
		    cr_path_cmp(CR_OS_WINDOWS, path, top->path) != 0 && hands_down(top, denial))
			return cr_win_allows_again(acl->plan, top->path, path);
	}
	return false;
}

/* A label of the object's own stays; a protected DACL takes denials only, as its own. */
static bool applies(const struct level *level, struct cr_sd sd, const struct cr_ace *ace,
		    struct cr_ace *as)
{
	const bool is_protected = cr_sd_is_protected(sd);

	*as = *ace;
	if (cr_ace_is_label(ace))
		return !cr_sd_has_own_label(sd);
	if (!is_protected && !(cr_ace_is_deny(ace) && cr_sd_has_own_allow(sd)))
		return true;
	if (cr_ace_is_deny(ace) && is_allowed_again(level->acl, ace, level->path))
		return !is_protected;
	as->bytes[1] &= (uint8_t)~CR_ACE_INHERITED;
	return cr_ace_is_deny(ace);
}

/* The descriptor the object should have. */
static int wanted(struct level *level, const struct legacy *legacy, struct cr_sd now,
		  struct cr_sd *out)
{
	const struct cr_acl *acl = level->acl;
	bool changed;

	*out = now;
	for (size_t i = 0; i < acl->n_sids; i++) {
		const struct cr_sd_mine mine = {acl->sids[i], CR_WIN_LEVEL_BOX, true};

		if (cr_sd_strip(level->arena, *out, &mine, out, &changed, level->err) < 0)
			return -1;
	}
	for (size_t i = legacy->n; i-- > 0;) {
		struct cr_ace as;

		if (applies(level, *out, &legacy->aces[i], &as) && !cr_sd_has(*out, &as) &&
		    cr_sd_add(level->arena, *out, &as, out, level->err) < 0)
			return -1;
	}
	return 0;
}

/* Without building anything: has it exactly what it inherits? The usual case. */
static bool is_right(const struct level *level, const struct legacy *legacy, struct cr_sd sd)
{
	size_t matched = 0;
	struct cr_ace ace;

	for (size_t i = 0; i < legacy->n; i++) {
		struct cr_ace as;

		if (!applies(level, sd, &legacy->aces[i], &as))
			continue;
		if (!cr_sd_has(sd, &as))
			return false;
		matched += (as.bytes[1] & CR_ACE_INHERITED) != 0;
	}
	for (size_t i = 0; cr_sd_entry(sd, i, &ace); i++) {
		bool ours = cr_ace_is_label(&ace) && cr_ace_names(&ace, CR_WIN_LEVEL_BOX);

		if (!(ace.bytes[1] & CR_ACE_INHERITED))
			continue;
		for (size_t s = 0; s < level->acl->n_sids && !ours; s++)
			ours = cr_ace_names(&ace, level->acl->sids[s]);
		if (ours && matched-- == 0)
			return false;
	}
	return matched == 0;
}

/* True when taking our entries away from `after` gives `before` again, byte for byte. */
static bool strips_back(const struct level *level, struct cr_sd before, struct cr_sd after)
{
	struct cr_sd back = after;
	bool changed;

	for (size_t i = 0; i < level->acl->n_sids; i++) {
		const struct cr_sd_mine mine = {level->acl->sids[i], CR_WIN_LEVEL_BOX, false};

		if (cr_sd_strip(level->arena, back, &mine, &back, &changed, NULL) < 0)
			return false;
	}
	return cr_sd_equal(back, before);
}

/* Several names, one object: the others lie where the box must not write. */
static bool has_other_names(HANDLE handle)
{
	FILE_STANDARD_INFO info;

	return GetFileInformationByHandleEx(handle, FileStandardInfo, &info, sizeof(info)) &&
	       !info.Directory && info.NumberOfLinks > 1;
}

static bool denies(const struct legacy *legacy)
{
	for (size_t i = 0; i < legacy->n; i++) {
		if (cr_ace_is_deny(&legacy->aces[i]))
			return true;
	}
	return false;
}

/* What cannot be changed stays narrower than the plan allows, unless a denial is missing. */
static int left_out(struct level *level, const struct legacy *legacy, DWORD code)
{
	level->acl->skipped++;
	if (!denies(legacy) || code == ERROR_FILE_NOT_FOUND)
		return 0;
	return cr_fail_win(level->err, CR_E_STEP, code, "cannot protect '%.500s'", level->path);
}

/* The object is open for writing, and differs. */
static int change(struct level *level, HANDLE handle, struct cr_sd before,
		  const struct legacy *legacy)
{
	struct cr_wj_record record = {.kind = CR_WJ_OBJECT, .path = level->path, .before = before};

	if (has_other_names(handle) && !denies(legacy))
		return left_out(level, legacy, ERROR_TOO_MANY_LINKS);
	if (wanted(level, legacy, before, &record.after) < 0)
		return -1;
	if (cr_sd_differs(before, record.after) == 0)
		return 0;
	if (!strips_back(level, before, record.after)) {
		record.id = cr_handle_id(handle);
		if (cr_journal_add(&level->acl->journal, &record, level->err) < 0)
			return -1;
	}
	level->acl->changed++;
	return cr_sd_write(handle, record.after, cr_sd_differs(before, record.after), level->err);
}

/* Takes our entries away again; the journal has what this does not restore. */
static int take_away(struct level *level, HANDLE handle, struct cr_sd now)
{
	const struct cr_sd_mine mine = {level->taken_sid, CR_WIN_LEVEL_BOX, false};
	struct cr_sd after;
	bool changed;

	if (cr_sd_strip(level->arena, now, &mine, &after, &changed, level->err) < 0)
		return -1;
	if (!changed)
		return 0;
	level->acl->changed++;
	return cr_sd_write(handle, after, cr_sd_differs(now, after), level->err);
}

/* Its path behind the directory's; a name that is no text cannot be one of the plan's. */
static int name_entry(struct level *level, const struct cr_walk_entry *entry)
{
	int n;

	if (level->dir_len + 2 >= CR_MAX_PATH)
		return -1;
	level->path[level->dir_len] = '\\';
	n = WideCharToMultiByte(CP_UTF8, 0, entry->namew, (int)entry->n_name,
				level->path + level->dir_len + 1,
				(int)(CR_MAX_PATH - level->dir_len - 2), NULL, NULL);
	if (n <= 0)
		return -1;
	level->path[level->dir_len + 1 + (size_t)n] = '\0';
	return 0;
}

static int descend(struct level *level, HANDLE dir)
{
	struct level *below;
	int result;

	if (level->depth == CR_MAX_DEPTH)
		return cr_fail(level->err, CR_E_LIMIT, "'%.500s' lies too deep", level->path);
	below = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*below));
	if (!below)
		return cr_fail(level->err, CR_E_NOMEM, "out of memory");
	below->acl = level->acl;
	below->path = level->path;
	below->dir_len = strlen(level->path);
	below->depth = level->depth + 1;
	below->taken_sid = level->taken_sid;
	below->err = level->err;
	result = walk_level(below, dir);
	HeapFree(GetProcessHeap(), 0, below);
	return result;
}

/*
 * An object the plan names has its entries already (acl.c); what it inherits is done here. Nearly
 * every object has to be changed when this runs at all, so each is opened for that at once; only
 * looked at, because it is not ours to change, it is left as it is unless a denial is missing.
 */
static int look(struct level *level, const struct cr_walk_entry *entry, HANDLE handle,
		DWORD refused)
{
	const struct legacy *legacy = entry->is_dir ? &level->for_dirs : &level->for_files;
	struct cr_sd now;

	if (cr_sd_read(level->arena, handle, &now, level->err) < 0)
		return -1;
	if (level->taken_sid)
		return refused ? 0 : take_away(level, handle, now);
	if (is_right(level, legacy, now))
		return 0;
	return refused ? left_out(level, legacy, refused) : change(level, handle, now, legacy);
}

/* For writing if it can be had; *refused says why not. */
static HANDLE open_entry(const struct cr_walk_entry *entry, DWORD *refused)
{
	const DWORD look = LOOK_ACCESS | (entry->is_dir ? FILE_LIST_DIRECTORY : 0);
	HANDLE handle = cr_walk_open(entry, look | CR_SD_WRITE_ACCESS);

	*refused = handle ? 0 : GetLastError();
	return handle || *refused == ERROR_FILE_NOT_FOUND ? handle : cr_walk_open(entry, look);
}

static int visit(void *arg, const struct cr_walk_entry *entry)
{
	struct level *level = arg;
	DWORD refused;
	CR_AUTO_HANDLE HANDLE handle = open_entry(entry, &refused);
	int result;

	if (name_entry(level, entry) < 0)
		return cr_fail(level->err, CR_E_LIMIT, "a path beneath '%.500s' is too long",
			       level->path);
	if (cr_acl_tick(level->acl, level->err) < 0)
		return -1;
	if (!handle)
		return left_out(level, entry->is_dir ? &level->for_dirs : &level->for_files,
				refused);
	level->arena = cr_arena_new();
	if (!level->arena)
		return cr_fail(level->err, CR_E_NOMEM, "out of memory");
	result = look(level, entry, handle, refused);
	cr_arena_free(level->arena);
	level->arena = NULL;
	/* the listing may be older than the object: what is opened decides */
	if (result == 0 && entry->is_dir && cr_handle_type(handle) == CR_FT_DIR)
		result = descend(level, handle);
	return result;
}

static int walk_level(struct level *level, HANDLE dir)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_sd sd;
	int result = -1;

	if (!arena)
		return cr_fail(level->err, CR_E_NOMEM, "out of memory");
	if (cr_sd_read(arena, dir, &sd, level->err) == 0) {
		if (!level->taken_sid)
			find_legacy(level->acl, sd, level);
		result = cr_walk(dir, visit, level, level->err);
	}
	cr_arena_free(arena);
	return result;
}

static int walk_from(struct cr_acl *acl, HANDLE dir, const char *path, const char *taken_sid,
		     struct cr_err *err)
{
	char text[CR_MAX_PATH];
	struct level top = {.acl = acl,
			    .path = text,
			    .taken_sid = taken_sid,
			    .dir_len = strlen(path),
			    .err = err};
	struct cr_err ignored;

	if (!err)
		top.err = &ignored;
	if (top.dir_len >= sizeof(text))
		return cr_fail(err, CR_E_LIMIT, "'%.500s' is too long", path);
	memcpy(text, path, top.dir_len + 1);
	return walk_level(&top, dir);
}

int cr_acl_spread(struct cr_acl *acl, HANDLE dir, const char *path, struct cr_err *err)
{
	return walk_from(acl, dir, path, NULL, err);
}

int cr_acl_unspread(struct cr_acl *acl, HANDLE dir, const char *path, const char *sid,
		    struct cr_err *err)
{
	return walk_from(acl, dir, path, sid, err);
}
