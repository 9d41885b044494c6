/*
 * reserve.c - protected names that do not exist yet, and what else a box leaves
 * on the host while it runs.
 *
 * The kernel can cover only a name that exists. So an absent protected name
 * (`.vscode` in a fresh project) is made as an empty directory, covered by a
 * read-only mount in the box, and removed when the last box that needs it ends.
 * Boxes share such a directory through flock: each holds a shared lock, and who
 * can turn it into an exclusive one removes the directory. Init does this, and
 * init outlives a killed launcher; if init itself is killed, the next box finds the
 * directory by its mode (sticky, which no tool gives a directory of one owner), joins
 * it and removes it. Must never remove or change a directory that is not empty or
 * does not carry that mark.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/fd.h"

#define RESERVED_MODE    01755
#define RESERVED_RETRIES 100

static int split(const char *path, char *parent, size_t size, const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == path ? 1 : (size_t)(slash - path);

	if (len >= size)
		return -1;
	memcpy(parent, path, len);
	parent[len] = '\0';
	*name = slash + 1;
	return 0;
}

static int open_parent(const char *path, const char **name)
{
	char parent[CR_MAX_PATH];

	if (split(path, parent, sizeof(parent), name) < 0) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return cr_open_plain(parent, O_PATH | O_DIRECTORY);
}

static bool is_reservation(const struct stat *st)
{
	return S_ISDIR(st->st_mode) && (st->st_mode & 07777) == RESERVED_MODE;
}

/* Locks the directory `name` and makes sure that the name still leads to it. 1, 0: gone, or -1. */
static int lock_shared(int parent, const char *name, int *lock)
{
	struct stat locked, now;
	CR_AUTO_FD int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : -1; /* being removed this moment */
	if (fstat(fd, &locked) < 0)
		return -1;
	if (fstatat(parent, name, &now, AT_SYMLINK_NOFOLLOW) < 0 || now.st_ino != locked.st_ino)
		return 0;
	*lock = cr_steal_fd(&fd);
	return 1;
}

static int make_and_lock(int parent, const char *name, int *lock)
{
	for (int i = 0; i < RESERVED_RETRIES; i++) {
		int made = mkdirat(parent, name, 0700);

		if (made < 0 && errno != EEXIST)
			return -1;

		int locked = lock_shared(parent, name, lock);

		if (locked < 0)
			return -1;
		if (locked && made == 0 && fchmod(*lock, RESERVED_MODE) < 0)
			return -1;
		if (locked)
			return 0;
	}
	errno = EAGAIN;
	return -1;
}

int cr_reserve_make(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	const char *name;
	struct stat st;
	CR_AUTO_FD int parent = open_parent(step->path, &name);

	if (parent < 0 || fstat(parent, &st) < 0)
		return cr_step_fail(box, "open the parent");
	if (step->id.file && (st.st_dev != step->id.volume || st.st_ino != step->id.file))
		return cr_fail(box->err, CR_E_RACE, "the directory of '%s' was replaced", step->path);
	if (make_and_lock(parent, name, &grab->parent) < 0)
		return cr_step_fail(box, "reserve the name");
	return 0;
}

/* A protected directory that is another box's reservation: hold it too. */
int cr_reserve_join(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	struct stat st;

	if (step->type != CR_FT_DIR || lstat(step->path, &st) < 0 || !is_reservation(&st))
		return 0;

	const char *name;
	CR_AUTO_FD int parent = open_parent(step->path, &name);

	if (parent < 0)
		return cr_step_fail(box, "open the parent");
	if (make_and_lock(parent, name, &grab->parent) < 0)
		return cr_step_fail(box, "join the reservation");
	return 0;
}

int cr_reserve_protect(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	struct stat st;

	if (fstat(grab->parent, &st) < 0)
		return cr_step_fail(box, "stat");

	struct cr_step now = *step;

	now.id = (struct cr_fileid){.volume = st.st_dev, .file = st.st_ino};
	return cr_mount_protect(box, &now, grab);
}

static void remove_reservation(const struct cr_step *step, int lock)
{
	const char *name;
	struct stat st;

	umount2(step->path, MNT_DETACH | UMOUNT_NOFOLLOW);
	if (flock(lock, LOCK_EX | LOCK_NB) < 0 || fstat(lock, &st) < 0 || !is_reservation(&st))
		return; /* another box needs it, or it became the user's own */

	CR_AUTO_FD int parent = open_parent(step->path, &name);

	/* Not empty: the user filled it while the box ran. It is an ordinary directory now. */
	if (parent >= 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno == ENOTEMPTY)
		fchmod(lock, RESERVED_MODE & 0777);
}

/* Makes what is missing of `path`, private to the user. */
static int make_dirs(const char *path)
{
	char partial[CR_MAX_PATH];
	size_t len = strlen(path);

	if (len >= sizeof(partial)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(partial, path, i);
		partial[i] = '\0';
		if (mkdir(partial, 0700) < 0 && (errno != EEXIST || i == len))
			return -1;
	}
	return 0;
}

int cr_temp_make(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	if (make_dirs(step->path) < 0)
		return cr_step_fail(box, "make the temporary directory");
	grab->parent = cr_open_plain(step->path, O_RDONLY | O_DIRECTORY);
	if (grab->parent < 0)
		return cr_step_fail(box, "open the temporary directory");
	return 0;
}

/* Empties a directory of the dead box without ever following a link. Depth is bounded by
 * descriptors: past that the rest stays, which is only litter in carrel's own state. */
static void remove_tree(int dir, unsigned depth)
{
	CR_AUTO_FD int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);

	if (!stream)
		return;
	cr_steal_fd(&copy);
	for (struct dirent *entry; (entry = readdir(stream));) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (unlinkat(dir, entry->d_name, 0) == 0 || depth == 0)
			continue;

		/* The box may have left a directory it cannot read; its owner can open it up. */
		fchmodat(dir, entry->d_name, 0700, 0);

		CR_AUTO_FD int sub = openat(dir, entry->d_name,
		                            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (sub >= 0)
			remove_tree(sub, depth - 1);
		unlinkat(dir, entry->d_name, AT_REMOVEDIR);
	}
	closedir(stream);
}

void cr_clean_up(struct cr_box *box)
{
	for (size_t i = box->plan->n_steps; i-- > 0;) {
		const struct cr_step *step = &box->plan->steps[i];
		int fd = box->grabs[i].parent;

		if (fd < 0)
			continue;
		if (step->kind == CR_STEP_RESERVE || step->kind == CR_STEP_PROTECT)
			remove_reservation(step, fd);
		if (step->kind == CR_STEP_TEMP_DIR) {
			remove_tree(fd, CR_MAX_DEPTH);
			rmdir(step->path);
		}
		if (step->kind == CR_STEP_CGROUP)
			cr_cgroup_remove(box, &box->grabs[i]);
	}
}
