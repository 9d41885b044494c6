/*
 * fresh.c - what a box has of its own: /tmp, /dev, /proc, /run.
 *
 * File systems made here are empty, belong to the box's namespaces and vanish
 * with them. Must never make anything outside such a file system.
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

struct option {
	const char *name;
	const char *value; /* NULL: a flag */
};

/* A mounted, detached file system, or -1 with errno. */
static int make_fs(const char *type, const struct option *options, size_t n, unsigned attrs)
{
	CR_AUTO_FD int fs = fsopen(type, FSOPEN_CLOEXEC);

	if (fs < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct option *o = &options[i];
		unsigned cmd = o->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

		if (fsconfig(fs, cmd, o->name, o->value, 0) < 0)
			return -1;
	}
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(fs, FSMOUNT_CLOEXEC, attrs);
}

static int put_fs(struct cr_box *box, const struct cr_step *step, int fs)
{
	struct stat st;
	CR_AUTO_FD int target = cr_open_target(box, step, &st);

	if (target < 0)
		return -1;
	if (cr_fresh_remember(box, fs) < 0)
		return -1;
	cr_close_fd(&box->parent); /* it may be what is covered now */
	return cr_mount_put(box, fs, target);
}

/*
 * One small file system serves all places of a box: a superblock costs more to make and to take
 * down than all its mounts. It is attached to /dev while pieces are cloned from it (kernels before
 * 6.15 clone attached mounts only) and is later covered by the box's own /dev, like the host's.
 */
int cr_scratch_make(struct cr_box *box)
{
	char size[32];
	const struct option options[] = {{"mode", "0755"}, {"size", size}};

	snprintf(size, sizeof(size), "%" PRIu64, box->scratch_bytes);
	box->scratch = make_fs("tmpfs", options, box->scratch_bytes ? 2 : 1,
			       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (box->scratch < 0)
		return cr_step_fail(box, "make a private file system");
	if (cr_fresh_remember(box, box->scratch) < 0)
		return -1;
	if (move_mount(box->scratch, "", AT_FDCWD, "/dev", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return cr_step_fail(box, "attach the private file system");
	return 0;
}

/* A directory of the scratch file system, by itself, where the step wants it. */
static int put_scratch(struct cr_box *box, const struct cr_step *step, unsigned mode)
{
	char name[24];

	snprintf(name, sizeof(name), "%zu", (size_t)(step - box->plan->steps));
	if (mkdirat(box->scratch, name, mode) < 0)
		return cr_step_fail(box, "make a private directory");

	CR_AUTO_FD int fs = open_tree(box->scratch, name, OPEN_TREE_CLOEXEC | OPEN_TREE_CLONE);

	if (fs < 0)
		return cr_step_fail(box, "clone a private directory");
	return put_fs(box, step, fs);
}

int cr_fresh_empty(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)grab;
	return put_scratch(box, step, (unsigned)step->value);
}

int cr_fresh_private(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)grab;
	return put_scratch(box, step, 01777);
}

int cr_fresh_devpts(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	static const struct option options[] = {
		{"newinstance", NULL},
		{"ptmxmode", "0666"},
		{"mode", "0620"},
	};

	(void)grab;

	CR_AUTO_FD int fs = make_fs("devpts", options, 3, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);

	if (fs < 0)
		return cr_step_fail(box, "make a devpts");
	return put_fs(box, step, fs);
}

int cr_fresh_mqueue(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)grab;

	CR_AUTO_FD int fs = make_fs("mqueue", NULL, 0,
				    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

	if (fs < 0 && errno == ENODEV)
		return 0; /* this kernel has none */
	if (fs < 0)
		return cr_step_fail(box, "mount the message queues");
	return put_fs(box, step, fs);
}

int cr_fresh_proc(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)grab;

	CR_AUTO_FD int fs =
		make_fs("proc", NULL, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

	/*
	 * Inside a container whose runtime covers parts of /proc the kernel refuses a
	 * fresh one (mount_too_revealing, fs/namespace.c): the full tier cannot be had.
	 */
	if (fs < 0 && errno == EPERM)
		return cr_fail_os(box->err, CR_E_TIER, errno, "cannot mount a private /proc");
	if (fs < 0)
		return cr_step_fail(box, "make a /proc");
	return put_fs(box, step, fs);
}

/*
 * Everything below is only done on file systems made above: the device of the parent shows which.
 * The descriptor is kept for the next step, which is mostly in the same directory; -1 and
 * box->err. Borrowed.
 */
static int open_fresh_parent(struct cr_box *box, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == path ? 1 : (size_t)(slash - path);
	struct stat st;

	*name = slash + 1;
	if (len >= sizeof(box->parent_path))
		return cr_fail(box->err, CR_E_LIMIT, "path too long");
	if (box->parent >= 0 && !strncmp(box->parent_path, path, len) &&
	    box->parent_path[len] == '\0')
		return box->parent;
	memcpy(box->parent_path, path, len);
	box->parent_path[len] = '\0';
	cr_close_fd(&box->parent);

	CR_AUTO_FD int fd = cr_open_plain(box->parent_path, O_PATH | O_DIRECTORY);

	if (fd < 0 || fstat(fd, &st) < 0)
		return cr_step_fail(box, "open the parent");
	if (!cr_is_fresh(box, st.st_dev))
		return cr_fail(box->err, CR_E_RACE, "'%s' is not in a place made for this box",
			       path);
	box->parent = cr_steal_fd(&fd);
	return box->parent;
}

int cr_fresh_dir(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	const char *name;

	(void)grab;

	int parent = open_fresh_parent(box, step->path, &name);

	if (parent < 0)
		return -1;
	if (mkdirat(parent, name, step->value ? (mode_t)step->value : 0755) < 0 && errno != EEXIST)
		return cr_step_fail(box, "make a directory");
	return 0;
}

int cr_fresh_file(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	const char *name;

	(void)grab;

	int parent = open_fresh_parent(box, step->path, &name);

	if (parent < 0)
		return -1;

	CR_AUTO_FD int fd = openat(parent, name, O_CREAT | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0444);

	if (fd < 0)
		return cr_step_fail(box, "make a file");
	return 0;
}

int cr_fresh_link(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	const char *name;

	(void)grab;

	int parent = open_fresh_parent(box, step->path, &name);

	if (parent < 0)
		return -1;
	if (symlinkat(step->detail, parent, name) < 0)
		return cr_step_fail(box, "make a symlink");
	return 0;
}
