/*
 * fsview_empty.c - a file system in which nothing exists: for plans of another
 * system, and for a backend that cannot look yet. Must never say "denied" or
 * "failed": a planner would take that for something that is there.
 */
#include "fsview.h"

static enum cr_fs_answer absent_stat(void *ctx, const char *path, struct cr_fstat *out)
{
	(void)ctx;
	(void)path;
	(void)out;
	return CR_FS_ABSENT;
}

/* Of readlink and of read. */
static enum cr_fs_answer absent_text(void *ctx, const char *path, char *buf, size_t size)
{
	(void)ctx;
	(void)path;
	(void)buf;
	(void)size;
	return CR_FS_ABSENT;
}

static enum cr_fs_answer absent_list(void *ctx, const char *path, cr_fs_entry_fn fn, void *arg)
{
	(void)ctx;
	(void)path;
	(void)fn;
	(void)arg;
	return CR_FS_ABSENT;
}

static bool never_read_only(void *ctx, const char *path)
{
	(void)ctx;
	(void)path;
	return false;
}

const struct cr_fsview *cr_fsview_empty(void)
{
	static const struct cr_fsview view = {
		.stat = absent_stat,
		.readlink = absent_text,
		.list = absent_list,
		.read = absent_text,
		.is_read_only = never_read_only,
	};

	return &view;
}
