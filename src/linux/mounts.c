/*
 * mounts.c - the file view: which host files are where in the box, and how.
 *
 * Runs in init, in the box's own mount namespace. Trees are cloned
 * (`grabbed`) before anything is covered, changed while nobody can see them,
 * and then put in place by descriptor, never by name. Must never leave a
 * mount half changed: every failure ends the box.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/calls.h"
#include "linux/fd.h"

#define CLONE_TREE ((unsigned)(AT_EMPTY_PATH | OPEN_TREE_CLOEXEC | OPEN_TREE_CLONE))

static int set_flags(int tree, unsigned at_flags, uint64_t set, uint64_t clear)
{
	struct mount_attr attr = {.attr_set = set, .attr_clr = clear};

	return mount_setattr(tree, "", AT_EMPTY_PATH | at_flags, &attr, sizeof(attr));
}

/* Puts `tree` on top of what `target` is; both are descriptors, so no name is followed. */
static int put(int tree, int target)
{
	return move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int cr_mount_put(struct cr_box *box, int tree, int target)
{
	return put(tree, target) < 0 ? cr_step_fail(box, "mount") : 0;
}

static int put_on_step(struct cr_box *box, const struct cr_step *step, int tree)
{
	struct stat st;
	CR_AUTO_FD int target = cr_open_target(box, step, &st);

	if (target < 0)
		return -1;
	return cr_mount_put(box, tree, target);
}

int cr_mount_read_only_tree(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)grab;

	/* Private first: without it a disk the host mounts later would appear in the box, writable.
	 */
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
		.propagation = MS_PRIVATE,
	};

	if (mount_setattr(AT_FDCWD, step->path, AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return cr_step_fail(box, "make the tree read-only");

	/* All but the file system of fresh places, which is to be filled now. */
	if (set_flags(box->scratch, 0, 0, MOUNT_ATTR_RDONLY) < 0)
		return cr_step_fail(box, "open the private file system");
	return 0;
}

int cr_mount_grab(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	struct stat st;
	CR_AUTO_FD int fd = cr_open_step(box, step, &st);

	if (fd < 0)
		return -1;
	grab->tree = open_tree(fd, "", CLONE_TREE | AT_RECURSIVE);
	if (grab->tree < 0)
		return cr_step_fail(box, "clone the mount");
	return 0;
}

int cr_mount_grab_device(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	struct cr_step outside = *step;

	if (step->detail)
		outside.path = step->detail;
	return cr_mount_grab(box, &outside, grab);
}

int cr_mount_writable(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	uint64_t set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

	if (set_flags(grab->tree, AT_RECURSIVE, set, 0) < 0)
		return cr_step_fail(box, "set mount flags");
	return put_on_step(box, step, grab->tree);
}

int cr_mount_readable(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	uint64_t set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

	if (set_flags(grab->tree, AT_RECURSIVE, set, 0) < 0)
		return cr_step_fail(box, "set mount flags");
	return put_on_step(box, step, grab->tree);
}

/* A clone of what the step's path is in the view built so far, back on the same place. */
static int put_on_itself(struct cr_box *box, const struct cr_step *step, uint64_t set)
{
	struct stat st;
	CR_AUTO_FD int target = cr_open_target(box, step, &st);

	if (target < 0)
		return -1;

	CR_AUTO_FD int tree = open_tree(target, "", CLONE_TREE | AT_RECURSIVE);

	if (tree < 0)
		return cr_step_fail(box, "clone the mount");
	if (set && set_flags(tree, AT_RECURSIVE, set, 0) < 0)
		return cr_step_fail(box, "set mount flags");
	return cr_mount_put(box, tree, target);
}

int cr_mount_pin(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)grab;
	return put_on_itself(box, step, 0);
}

int cr_mount_protect(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)grab;
	return put_on_itself(box, step, MOUNT_ATTR_RDONLY);
}

int cr_mount_proc_read_only(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)grab;
	if (access(step->path, F_OK) < 0 && errno == ENOENT)
		return 0; /* this kernel has no such file: nothing to protect */
	return put_on_itself(box, step, MOUNT_ATTR_RDONLY);
}

/* The masks: an unreadable directory and file, and an empty directory. Clones of them are
 * read-only because the file system is while they are made. */
int cr_mount_prepare_mask(struct cr_box *box)
{
	CR_AUTO_FD int file = openat(box->scratch, "f", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0);

	if (file < 0 || mkdirat(box->scratch, "d", 0) < 0 || mkdirat(box->scratch, "e", 0755) < 0)
		return cr_step_fail(box, "make the masks");
	cr_close_fd(&file);
	if (set_flags(box->scratch, 0, MOUNT_ATTR_RDONLY, 0) < 0)
		return cr_step_fail(box, "seal the masks");
	return 0;
}

int cr_mount_grab_mask(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	const char *piece = step->type == CR_FT_DIR ? "d" : "f";

	if (step->kind == CR_STEP_RESERVE)
		piece = "e"; /* empty, and readable: nothing that lists the workspace stumbles */
	grab->tree = open_tree(box->scratch, piece, OPEN_TREE_CLOEXEC | OPEN_TREE_CLONE);
	if (grab->tree < 0)
		return cr_step_fail(box, "clone the mask");
	return 0;
}

/* Programs of the host come and go with their sockets: what is gone needs no mask, and
 * whatever took the name gets it. */
static int hide_socket(struct cr_box *box, const struct cr_step *step, int mask)
{
	CR_AUTO_FD int target = cr_open_plain(step->path, O_PATH);
	struct stat st;

	if (target < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (target < 0 || fstat(target, &st) < 0)
		return cr_step_fail(box, "open the socket");
	if (!S_ISSOCK(st.st_mode))
		return 0;
	if (put(mask, target) < 0 && errno != ENOENT)
		return cr_step_fail(box, "mount");
	return 0;
}

/*
 * What init cannot reach the command cannot either: it has the same user and no more power. Seen by
 * the host's root, who could look when the plan was made and has no such power in the box.
 */
static bool is_out_of_reach(const struct cr_step *step)
{
	CR_AUTO_FD int fd = cr_open_plain(step->path, O_PATH);

	return fd < 0 && errno == EACCES;
}

int cr_mount_hide(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	if (box->birth.uid == 0 && is_out_of_reach(step))
		return 0;
	if (step->type == CR_FT_SOCKET)
		return hide_socket(box, step, grab->tree);
	return put_on_step(box, step, grab->tree);
}

int cr_mount_proc_hide(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	struct stat st;

	if (lstat(step->path, &st) < 0)
		return errno == ENOENT ? 0 /* not in this kernel */ : cr_step_fail(box, "stat");
	if (S_ISDIR(st.st_mode)) {
		cr_close_fd(&grab->tree);
		grab->tree = open_tree(box->scratch, "d", OPEN_TREE_CLOEXEC | OPEN_TREE_CLONE);
	}
	return put_on_step(box, step, grab->tree);
}

int cr_mount_device(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	/* Cloned before the tree became nodev, so that the device works; see cr_mount_grab. */
	if (set_flags(grab->tree, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0) < 0)
		return cr_step_fail(box, "set mount flags");
	return put_on_step(box, step, grab->tree);
}

int cr_mount_seal(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)grab;

	CR_AUTO_FD int fd = cr_open_plain(step->path, O_PATH);

	if (fd < 0)
		return cr_step_fail(box, "open");
	if (set_flags(fd, 0, MOUNT_ATTR_RDONLY, 0) < 0)
		return cr_step_fail(box, "make read-only");
	return 0;
}
