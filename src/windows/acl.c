/*
 * acl.c - the entries of the plan, put in place once for a workspace.
 *
 * In a second run every object has what the plan says, the journal says that
 * it has been spread, and nothing is written. Each change is in the journal
 * before it is made. Order: what protects comes with the directory above it
 * already labelled; no process of this box runs yet.
 */
#include "acl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "core/path.h"
#include "core/plan_windows.h"
#include "handles.h"
#include "open.h"
#include "sd.h"

#define PROGRESS_MS      1000
#define PROGRESS_OBJECTS 8192 /* or so many, where they take less than that */
#define MAX_MS           (10 * 60 * 1000)
#define TICK_OBJECTS     64

static int no_memory(struct cr_err *err)
{
	return cr_fail(err, CR_E_NOMEM, "out of memory");
}

int cr_acl_tick(struct cr_acl *acl, struct cr_err *err)
{
	uint64_t now;

	if (++acl->seen % TICK_OBJECTS)
		return 0;
	now = cr_now_ms();
	if (now - acl->started_ms > MAX_MS) {
		cr_fail(err, CR_E_LIMIT, "preparing '%.300s' takes more than %d minutes", acl->what,
			MAX_MS / 60000);
		return cr_hint(err, "name a smaller directory with --workspace");
	}
	if (now - acl->told_ms >= PROGRESS_MS || acl->seen % PROGRESS_OBJECTS == 0) {
		acl->told = true;
		acl->told_ms = now;
		fprintf(stderr, "\rcarrel: preparing '%.200s' once: %lu files", acl->what,
			(unsigned long)acl->seen);
	}
	return 0;
}

void cr_acl_told(struct cr_acl *acl)
{
	if (acl->told)
		fprintf(stderr, "\rcarrel: preparing '%.200s' once: %lu files, done\n", acl->what,
			(unsigned long)acl->seen);
	acl->told = false;
}

const struct cr_acl_object *cr_acl_find(const struct cr_acl *acl, const char *path)
{
	size_t low = 0, high = acl->n_objects;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;
		const int order = cr_path_cmp(CR_OS_WINDOWS, acl->objects[mid].path, path);

		if (order == 0)
			return &acl->objects[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* The SID of an entry's text: what stands between the last ';' and ')'. */
static const char *sid_of(struct cr_arena *arena, const char *sddl)
{
	const char *last = strrchr(sddl, ';');

	return last ? cr_arena_strndup(arena, last + 1, strcspn(last + 1, ")")) : NULL;
}

static bool is_ours(const struct cr_acl *acl, const char *sid)
{
	for (size_t i = 0; i < acl->n_sids; i++) {
		if (strcmp(acl->sids[i], sid) == 0)
			return true;
	}
	return false;
}

static struct cr_acl_object *object_of(struct cr_acl *acl, const struct cr_step *step)
{
	struct cr_acl_object *objects;

	for (size_t i = acl->n_objects; i-- > 0;) {
		if (cr_path_cmp(CR_OS_WINDOWS, acl->objects[i].path, step->path) == 0)
			return &acl->objects[i];
	}
	objects = cr_arena_grow(acl->arena, acl->objects, acl->n_objects, &acl->cap_objects,
				sizeof(*objects));
	if (!objects)
		return NULL;
	acl->objects = objects;
	acl->objects[acl->n_objects] = (struct cr_acl_object){
		.path = step->path, .id = step->id, .type = step->type, .sid = ""};
	return &acl->objects[acl->n_objects++];
}

static int collect(struct cr_acl *acl, struct cr_box *box, const struct cr_step *step,
		   struct cr_err *err)
{
	const char *text = cr_box_text(box, step->detail, err);
	struct cr_acl_object *object = object_of(acl, step);
	const char *sid = text ? sid_of(acl->arena, text) : NULL;
	struct cr_ace *aces;

	if (!text || !object || !sid)
		return no_memory(err);
	aces = cr_arena_grow(acl->arena, object->aces, object->n_aces, &object->cap_aces,
			     sizeof(*aces));
	if (!aces)
		return no_memory(err);
	object->aces = aces;
	if (!object->sid[0] && is_ours(acl, sid))
		object->sid = sid;
	return cr_ace_parse(text, &aces[object->n_aces++], err);
}

static int by_path(const void *a, const void *b)
{
	const struct cr_acl_object *left = a, *right = b;

	return cr_path_cmp(CR_OS_WINDOWS, left->path, right->path);
}

/* An object without an entry of ours (only one for the user, or a label) belongs to the root above.
 */
static void name_roots(struct cr_acl *acl)
{
	for (size_t i = 0; i < acl->n_objects; i++) {
		struct cr_acl_object *object = &acl->objects[i];

		for (size_t above = i; above-- > 0 && !object->sid[0];) {
			if (cr_path_within(CR_OS_WINDOWS, object->path, acl->objects[above].path))
				object->sid = acl->objects[above].sid;
		}
	}
}

/* What the plan says, by object, parents first. */
static int gather(struct cr_acl *acl, struct cr_box *box, struct cr_err *err)
{
	for (size_t i = 0; i < box->plan->n_steps; i++) {
		const struct cr_step *step = &box->plan->steps[i];

		if (step->kind != CR_STEP_WIN_ALLOW && step->kind != CR_STEP_WIN_DENY &&
		    step->kind != CR_STEP_WIN_LABEL)
			continue;
		if (collect(acl, box, step, err) < 0)
			return cr_wrap(err, "'%.200s'", step->path);
	}
	qsort(acl->objects, acl->n_objects, sizeof(*acl->objects), by_path);
	name_roots(acl);
	return 0;
}

static bool object_wants(const struct cr_acl_object *object, const struct cr_ace *ace)
{
	for (size_t i = 0; object && i < object->n_aces; i++) {
		if (object->aces[i].len == ace->len &&
		    memcmp(object->aces[i].bytes, ace->bytes, ace->len) == 0)
			return true;
	}
	return false;
}

/* True when all that the record put there is still what the plan wants there. */
static bool is_wanted(const struct cr_acl *acl, const struct cr_wj_record *record)
{
	const struct cr_acl_object *object = cr_acl_find(acl, record->path);
	struct cr_ace added;

	for (size_t i = 0; cr_sd_added(record->before, record->after, i, &added); i++) {
		if (!object_wants(object, &added))
			return false;
	}
	return true;
}

static bool is_stale(const struct cr_acl *acl, const struct cr_wj_record *record)
{
	return record->kind == CR_WJ_OBJECT && record->sid[0] && is_ours(acl, record->sid) &&
	       !is_wanted(acl, record);
}

/* What has been spread beneath is no longer what the plan says. */
static int forget_spread(struct cr_acl *acl, const char *sid, struct cr_err *err)
{
	const struct cr_wj_record *spread = cr_wj_find_sid(&acl->journal.state, CR_WJ_SPREAD, sid);

	if (!spread)
		return 0;
	if (cr_journal_undone(&acl->journal, spread->ordinal, err) < 0)
		return -1;
	cr_wj_take_back(&acl->journal.state, spread->ordinal);
	return 0;
}

/*
 * Takes back what an earlier plan put on objects of these roots and this one does not want: a name
 * that is no longer protected. Not while another box uses the root: it may rely on it, and
 * what stays too narrow is safe.
 */
static int drop_stale(struct cr_acl *acl, struct cr_err *err)
{
	for (size_t i = acl->journal.state.n_live; i-- > 0;) {
		const struct cr_wj_record record = acl->journal.state.live[i];
		CR_AUTO_HANDLE HANDLE alone = NULL;

		if (!is_stale(acl, &record))
			continue;
		alone = cr_journal_exclude(record.sid);
		if (!alone)
			continue;
		if (forget_spread(acl, record.sid, err) < 0 ||
		    cr_acl_undo_record(&acl->journal, &record, err) < 0)
			return -1;
		cr_wj_take_back(&acl->journal.state, record.ordinal);
		i = i < acl->journal.state.n_live ? i : acl->journal.state.n_live;
	}
	return 0;
}

static int add_missing(struct cr_acl *acl, const struct cr_acl_object *object, struct cr_sd *sd,
		       struct cr_err *err)
{
	for (size_t i = 0; i < object->n_aces; i++) {
		if (!cr_sd_has(*sd, &object->aces[i]) &&
		    cr_sd_add(acl->arena, *sd, &object->aces[i], sd, err) < 0)
			return -1;
	}
	return 0;
}

/* The first record of a root: from here on its SID may be found beneath it. */
static int record_root(struct cr_acl *acl, const struct cr_acl_object *object, struct cr_err *err)
{
	const struct cr_wj_record *known =
		cr_wj_find_sid(&acl->journal.state, CR_WJ_ROOT, object->sid);
	struct cr_wj_record record = {
		.kind = CR_WJ_ROOT, .path = object->path, .sid = object->sid, .id = object->id};

	if (!object->sid[0] || (known && cr_path_within(CR_OS_WINDOWS, object->path, known->path)))
		return 0;
	if (known)
		return cr_fail(err, CR_E_STATE, "the SID of '%.200s' is that of '%.200s' already",
			       object->path, known->path);
	if (cr_journal_add(&acl->journal, &record, err) < 0)
		return -1;
	return cr_wj_remember(acl->journal.arena, &acl->journal.state, &record, err);
}

static int change_object(struct cr_acl *acl, struct cr_acl_object *object, HANDLE handle,
			 struct cr_sd before, struct cr_err *err)
{
	struct cr_sd after = before;
	struct cr_wj_record record = {.kind = CR_WJ_OBJECT,
				      .flags = object->type == CR_FT_DIR ? CR_WJ_DIRECTORY : 0,
				      .path = object->path,
				      .sid = object->sid,
				      .id = cr_handle_id(handle),
				      .before = before};

	if (add_missing(acl, object, &after, err) < 0 || record_root(acl, object, err) < 0 ||
	    (object->sid[0] && forget_spread(acl, object->sid, err) < 0))
		return -1;
	record.after = after;
	if (cr_journal_add(&acl->journal, &record, err) < 0)
		return -1;
	object->changed = true;
	return cr_sd_write(handle, after, cr_sd_differs(before, after), err);
}

static bool is_complete(const struct cr_acl_object *object, struct cr_sd sd)
{
	for (size_t i = 0; i < object->n_aces; i++) {
		if (!cr_sd_has(sd, &object->aces[i]))
			return false;
	}
	return true;
}

static int apply_object(struct cr_acl *acl, struct cr_acl_object *object, struct cr_err *err)
{
	CR_AUTO_HANDLE HANDLE handle =
		cr_open_known(object->path, object->id, CR_SD_READ_ACCESS, err);
	struct cr_sd now;

	if (!handle || cr_sd_read(acl->arena, handle, &now, err) < 0)
		return -1;
	if (is_complete(object, now))
		return 0;
	cr_handle_close(&handle);
	handle = cr_open_known(object->path, object->id, CR_SD_WRITE_ACCESS, err);
	/* at the top of a drive Windows lets users modify what they make; a label takes WRITE_OWNER
	 */
	if (!handle) {
		if (err && err->os_code == ERROR_ACCESS_DENIED)
			cr_hint(err,
				"give yourself full control, if it is yours: icacls \"%.300s\" "
				"/grant \"YOUR NAME:(OI)(CI)F\"; or work in a directory of your "
				"own",
				object->path);
		return -1;
	}
	return change_object(acl, object, handle, now, err);
}

static bool has_spread(const struct cr_acl *acl, const struct cr_acl_object *root)
{
	const struct cr_wj_record *spread =
		cr_wj_find_sid(&acl->journal.state, CR_WJ_SPREAD, root->sid);

	return spread && spread->id.volume == root->id.volume && spread->id.file == root->id.file;
}

/* The first object of each SID is its root: objects are in the order of paths. */
static bool is_root(const struct cr_acl *acl, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (strcmp(acl->objects[i].sid, acl->objects[index].sid) == 0)
			return false;
	}
	return acl->objects[index].sid[0] && acl->objects[index].type == CR_FT_DIR;
}

static int spread_root(struct cr_acl *acl, const struct cr_acl_object *root, struct cr_err *err)
{
	struct cr_wj_record done = {
		.kind = CR_WJ_SPREAD, .path = root->path, .sid = root->sid, .id = root->id};
	CR_AUTO_HANDLE HANDLE dir = cr_open_known(
		root->path, root->id, CR_SD_READ_ACCESS | FILE_LIST_DIRECTORY | SYNCHRONIZE, err);
	int result;

	if (!dir)
		return -1;
	acl->what = root->path;
	result = cr_acl_spread(acl, dir, root->path, err);
	cr_acl_told(acl);
	return result < 0 ? -1 : cr_journal_add(&acl->journal, &done, err);
}

static int apply_all(struct cr_acl *acl, struct cr_err *err)
{
	if (drop_stale(acl, err) < 0)
		return -1;
	for (size_t i = 0; i < acl->n_objects; i++) {
		if (apply_object(acl, &acl->objects[i], err) < 0)
			return cr_wrap(err, "'%.200s'", acl->objects[i].path);
	}
	for (size_t i = 0; i < acl->n_objects; i++) {
		if (is_root(acl, i) && !has_spread(acl, &acl->objects[i]) &&
		    spread_root(acl, &acl->objects[i], err) < 0)
			return -1;
	}
	return 0;
}

static int use_roots(struct cr_box *box, struct cr_acl *acl, struct cr_err *err)
{
	for (size_t i = 0; i < acl->n_objects; i++) {
		HANDLE use = is_root(acl, i) ? cr_journal_use(acl->objects[i].sid, err) : NULL;

		if (is_root(acl, i) && !use)
			return -1;
		if (use && cr_box_hold(box, use, err) < 0)
			return -1;
	}
	return 0;
}

int cr_acl_apply(struct cr_box *box, struct cr_err *err)
{
	struct cr_acl acl = {
		.arena = box->arena,
		.plan = box->plan,
		.sids = box->sids,
		.n_sids = box->n_own_sids,
		.started_ms = cr_now_ms(),
	};
	int result = -1;

	acl.told_ms = acl.started_ms;
	if (gather(&acl, box, err) < 0)
		return -1;
	if (acl.n_objects == 0)
		return 0;
	if (cr_journal_open(&acl.journal, err) == 0 && apply_all(&acl, err) == 0 &&
	    use_roots(box, &acl, err) == 0)
		result = 0;
	cr_journal_close(&acl.journal);
	return result;
}
