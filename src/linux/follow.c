/*
 * follow.c - sockets of the host that the rules let the box reach, when their server makes them
 * anew.
 *
 * A daemon that is started again makes a new file under the old name. Where the box sees the host's
 * directory that is enough; in a private place it sees one file, mounted there, and it would stay
 * the old one. So init watches the directory outside, which the box does not see, and mounts the
 * new file in the place of the old. Must show nothing but a socket of that name and of the old
 * one's owner. What cannot be done is left undone: then nobody answers there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/calls.h"
#include "linux/fd.h"

static void own_link(char *out, size_t size, int fd)
{
	snprintf(out, size, "/proc/self/fd/%d", fd);
}

/* The directory of a step's path on the host; *name is the last component, in the path. */
static int open_parent(const struct cr_step *step, const char **name)
{
	const char *slash = strrchr(step->path, '/');
	char parent[CR_MAX_PATH];

	if (!slash)
		return -1;
	snprintf(parent, sizeof(parent), "%.*s", slash > step->path ? (int)(slash - step->path) : 1,
		 step->path);
	*name = slash + 1;
	return cr_open_plain(parent, O_PATH | O_DIRECTORY);
}

/* A new file, one put in place of another, or one that was given its owner only then. */
#define CHANGES (IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR)

static void follow(struct cr_box *box, const struct cr_step *step, int tree)
{
	struct cr_followed *one = &box->followed[box->n_followed];
	char link[64];

	if (box->n_followed == CR_MAX_FOLLOWED)
		return;
	if (box->followed_events < 0)
		box->followed_events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	*one = (struct cr_followed){.step = step};

	CR_AUTO_FD int parent = open_parent(step, &one->name);

	if (parent < 0 || fstat(tree, &one->now) < 0)
		return;
	own_link(link, sizeof(link), parent);
	if (inotify_add_watch(box->followed_events, link, CHANGES) < 0)
		return;
	one->parent = cr_steal_fd(&parent);
	box->n_followed++;
}

int cr_follow_grab(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	if (cr_mount_grab(box, step, grab) < 0)
		return -1;
	if (step->type == CR_FT_SOCKET && step->life == CR_LIFE_LIVE)
		follow(box, step, grab->tree);
	return 0;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Takes the old file away, if it is what lies there. */
static void uncover(const struct cr_followed *one)
{
	CR_AUTO_FD int old = cr_open_plain(one->step->path, O_PATH);
	struct stat st;
	char link[64];

	if (old < 0 || fstat(old, &st) < 0 || !same_file(&st, &one->now))
		return;
	own_link(link, sizeof(link), old);
	umount2(link, MNT_DETACH);
}

static int put(const struct cr_followed *one, int fd)
{
	struct mount_attr attr = {.attr_set =
					  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
	CR_AUTO_FD int tree =
		open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLOEXEC | OPEN_TREE_CLONE);

	if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -1;
	uncover(one);

	CR_AUTO_FD int target = cr_open_plain(one->step->path, O_PATH);

	if (target < 0)
		return -1;
	return move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static void renew(struct cr_followed *one)
{
	CR_AUTO_FD int fd = openat(one->parent, one->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) || same_file(&st, &one->now) ||
	    st.st_uid != one->now.st_uid)
		return;
	if (put(one, fd) == 0)
		one->now = st;
}

void cr_follow_check(struct cr_box *box)
{
	char events[4096]; /* what they say is not needed */

	while (read(box->followed_events, events, sizeof(events)) > 0)
		;
	for (size_t i = 0; i < box->n_followed; i++)
		renew(&box->followed[i]);
}
