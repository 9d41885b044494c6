/*
 * cgroup.c - limits of the whole box, where a version 2 cgroup has been delegated to us.
 *
 * Init makes one child cgroup, the command joins it before it confines itself, init removes it
 * when the box is gone. The descriptors come from a clone of the cgroup mount taken before the
 * tree became read-only. Must never move a process that is not the box's.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/calls.h"
#include "linux/fd.h"

/* All steps of one box share a directory named after init in the launcher's numbering. */
static void group_name(const struct cr_box *box, char *name, size_t size)
{
	snprintf(name, size, "carrel-%d", (int)box->birth.outer_pid);
}

static int write_at(int dir, const char *file, const char *text)
{
	CR_AUTO_FD int fd = openat(dir, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return -1;
	return 0;
}

int cr_cgroup_make(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	char name[64], value[32];
	CR_AUTO_FD int place = cr_open_plain(step->path, O_PATH | O_DIRECTORY);

	if (place < 0)
		return cr_step_fail(box, "open the cgroup");

	/* In the landlock tier there is no namespace to clone in, and no need for one. */
	CR_AUTO_FD int parent =
		open_tree(place, "", AT_EMPTY_PATH | OPEN_TREE_CLOEXEC | OPEN_TREE_CLONE);
	int dir = parent >= 0 ? parent : place;

	group_name(box, name, sizeof(name));
	if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
		return cr_step_fail(box, "make a cgroup");
	grab->dir = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (grab->dir < 0)
		return cr_step_fail(box, "open the cgroup");
	snprintf(value, sizeof(value), "%" PRIu64, step->value);
	if (write_at(grab->dir, step->detail, value) < 0)
		return cr_step_fail(box, "set the cgroup limit");
	grab->tree = cr_steal_fd(parent >= 0 ? &parent : &place);
	return 0;
}

int cr_cgroup_join(const struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	const struct cr_grab *grab = &box->grabs[step - box->plan->steps];

	if (write_at(grab->dir, "cgroup.procs", "0") < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot join the cgroup");
	return 0;
}

void cr_cgroup_remove(const struct cr_box *box, const struct cr_grab *grab)
{
	char name[64];

	group_name(box, name, sizeof(name));
	if (grab->tree >= 0)
		unlinkat(grab->tree, name, AT_REMOVEDIR);
}
