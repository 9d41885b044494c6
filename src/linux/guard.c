/*
 * guard.c - keeps covers in place when the host replaces what they cover.
 *
 * A mount hangs on a file, not on a name. When a program of the host renames a new file over a
 * protected or hidden one (editors save that way) or removes it, the kernel drops the mount in
 * the box, and the name lies bare. Init is told by its mount table and covers the name again. The
 * box could use the moment in between, but cannot bring it about. What cannot be covered
 * again ends the box.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/calls.h"
#include "linux/fd.h"

int cr_guard_open(struct cr_box *box)
{
	/* The table reports each change since it was opened or last polled (fs/proc_namespace.c);
	 * what it says is not needed. */
	box->mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	return box->mounts < 0 ? cr_step_fail(box, "watch the mount table") : 0;
}

static bool is_covered(int fd)
{
	struct statx stx;

	return statx(fd, "", AT_EMPTY_PATH, 0, &stx) == 0 &&
	       (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* A mask or, for a protected name, the thing itself, read-only. -1 with errno. */
static int cover(struct cr_box *box, const struct cr_step *step, int target)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	struct stat st;
	const unsigned flags = OPEN_TREE_CLOEXEC | OPEN_TREE_CLONE;

	if (fstat(target, &st) < 0)
		return -1;

	const char *mask = S_ISDIR(st.st_mode) ? "d" : "f";
	CR_AUTO_FD int tree = step->kind == CR_STEP_HIDE
				      ? open_tree(box->scratch, mask, flags)
				      : open_tree(target, "", AT_EMPTY_PATH | AT_RECURSIVE | flags);

	if (tree < 0 ||
	    mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return -1;
	return move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* The kernel drops the mount while the rename is under way: the name still leads to the file that
 * is going. Only a rename that long is waited for. */
#define TRIES 200

static int check_once(struct cr_box *box, const struct cr_step *step)
{
	CR_AUTO_FD int target = cr_open_plain(step->path, O_PATH);

	/* Hidden and gone is as hidden as can be; protected and gone could be made anew. */
	if (target < 0)
		return step->kind == CR_STEP_HIDE &&
				       (errno == ENOENT || errno == ENOTDIR || errno == EACCES)
			       ? 0
			       : -1;
	if (is_covered(target))
		return 0;
	return cover(box, step, target);
}

static int check(struct cr_box *box, const struct cr_step *step)
{
	for (int i = 0; i < TRIES; i++) {
		if (check_once(box, step) == 0)
			return 0;
		if (errno != ENOENT)
			return -1;
		sched_yield();
	}
	return -1;
}

int cr_guard_check(struct cr_box *box)
{
	for (size_t i = 0; i < box->plan->n_steps; i++) {
		const struct cr_step *step = &box->plan->steps[i];
		bool covers = step->kind == CR_STEP_HIDE || step->kind == CR_STEP_PROTECT ||
			      step->kind == CR_STEP_RESERVE;

		if (covers && check(box, step) < 0)
			return cr_fail_os(box->err, CR_E_STEP, errno,
					  "the box was ended: '%s' was removed or "
					  "replaced outside and cannot be covered again",
					  step->path);
	}
	return 0;
}
