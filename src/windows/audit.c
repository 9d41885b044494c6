/*
 * audit.c - where everybody may write, as a report: without lock 3 the box may write there too.
 *
 * Looks at a directory of the plan and what lies directly in it, no deeper, and not for long. With
 * lock 3 the label refuses it, and there is nothing to report.
 */
#include <stdio.h>
#include <string.h>

#include "box.h"
#include "core/event.h"
#include "core/plan_windows.h"
#include "handles.h"
#include "open.h"
#include "sd.h"
#include "walk.h"

#define MAX_ENTRIES 400 /* of one directory */
#define MAX_REPORTS 20  /* of one box */

#define WRITES (FILE_ADD_FILE | FILE_ADD_SUBDIRECTORY | FILE_WRITE_ATTRIBUTES | WRITE_DAC)

struct audit {
	struct cr_box *box;
	const char *dir;
	size_t seen;
};

static bool is_open(HANDLE handle)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_sd sd;
	const bool open = arena && cr_sd_read(arena, handle, &sd, NULL) == 0 &&
			  cr_sd_offers(sd, CR_WIN_EVERYONE, WRITES);

	cr_arena_free(arena);
	return open;
}

static void report(struct cr_box *box, const char *dir, const char *name)
{
	const char *path = name ? cr_arena_printf(box->arena, "%s\\%s", dir, name) : dir;
	const char *shown = path ? cr_text_safe(box->arena, path) : NULL;

	if (shown && ++box->n_reports <= MAX_REPORTS)
		fprintf(stderr, "carrel: everybody may write '%s', and so may this box\n", shown);
}

static int look(void *arg, const struct cr_walk_entry *entry)
{
	struct audit *audit = arg;
	CR_AUTO_HANDLE HANDLE handle =
		entry->is_dir ? cr_walk_open(entry, CR_SD_READ_ACCESS) : NULL;
	char name[CR_MAX_COMPONENT * 3 + 1];
	int n;

	if (handle && is_open(handle)) {
		n = WideCharToMultiByte(CP_UTF8, 0, entry->namew, (int)entry->n_name, name,
					sizeof(name) - 1, NULL, NULL);
		name[n > 0 ? n : 0] = '\0';
		report(audit->box, audit->dir, name);
	}
	return ++audit->seen < MAX_ENTRIES ? 0 : -1;
}

/* What cannot be looked at is left out: nothing depends on it. */
int cr_audit(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	struct audit audit = {.box = box, .dir = step->path};
	CR_AUTO_HANDLE HANDLE dir = NULL;

	(void)err;
	if (box->level || box->n_reports >= MAX_REPORTS)
		return 0;
	dir = cr_open_known(step->path, step->id,
			    CR_SD_READ_ACCESS | FILE_LIST_DIRECTORY | SYNCHRONIZE, NULL);
	if (!dir)
		return 0;
	if (is_open(dir))
		report(box, step->path, NULL);
	cr_walk(dir, look, &audit, NULL);
	return 0;
}
