/*
 * open.c - from a path of the plan to a descriptor, without being led astray.
 *
 * The agent owns the workspace, so a name seen when the plan was made may lead
 * elsewhere now. A path is opened once, no symlink in it is followed, and what
 * was opened is compared with the identity in the plan. Must never return a
 * descriptor of anything else.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/fd.h"

int cr_step_fail(struct cr_box *box, const char *what)
{
	return cr_fail_os(box->err, CR_E_STEP, errno, "cannot %s", what);
}

/* Steps into the next directory of a path; `dir` is closed. A link on the way is refused. */
static int step_into(int dir, const char *name)
{
	CR_AUTO_FD int from = dir;
	CR_AUTO_FD int to = openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (to < 0 || fstat(to, &st) < 0)
		return -1;
	if (S_ISLNK(st.st_mode)) {
		errno = ELOOP;
		return -1;
	}
	return cr_steal_fd(&to);
}

/* Copies the first component of `path` to `name`; the rest of it, or NULL with errno set. */
static const char *first_name(const char *path, char name[NAME_MAX + 1])
{
	size_t len = strcspn(path, "/");

	if (len > NAME_MAX) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	memcpy(name, path, len);
	name[len] = '\0';
	return path + len + strspn(path + len, "/");
}

/*
 * openat2 by hand, for a box inside a box: the filter of the outer one says ENOSYS, because it
 * cannot see the mode of the file that openat2 would make. Each name is looked up in what the
 * last one led to, so a link that is put there meanwhile is met, not followed.
 */
static int walk_plain(const char *path, int flags)
{
	char name[NAME_MAX + 1];
	const char *rest = path + strspn(path, "/");
	CR_AUTO_FD int dir = open(rest > path ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (!*path) {
		errno = ENOENT;
		return -1;
	}
	while (dir >= 0 && (rest = first_name(rest, name)) && *rest)
		dir = step_into(dir, name);
	if (dir < 0 || !rest)
		return -1;
	return openat(dir, *name ? name : ".", flags);
}

int cr_open_plain(const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC | O_NOFOLLOW),
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	return fd < 0 && errno == ENOSYS ? walk_plain(path, (int)how.flags) : fd;
}

bool cr_is_fresh(const struct cr_box *box, dev_t dev)
{
	for (size_t i = 0; i < box->n_fresh; i++)
		if (box->fresh[i] == dev)
			return true;
	return false;
}

int cr_fresh_remember(struct cr_box *box, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return cr_step_fail(box, "stat");
	if (cr_is_fresh(box, st.st_dev))
		return 0;
	if (box->n_fresh == CR_MAX_FRESH)
		return cr_fail(box->err, CR_E_LIMIT, "more than %d private places", CR_MAX_FRESH);
	box->fresh[box->n_fresh++] = st.st_dev;
	return 0;
}

static bool same_file(const struct cr_step *step, const struct stat *st)
{
	if (step->id.volume == 0 && step->id.file == 0)
		return true;
	return step->id.volume == st->st_dev && step->id.file == st->st_ino;
}

static int open_checked(struct cr_box *box, const struct cr_step *step, struct stat *st,
			bool may_be_fresh)
{
	CR_AUTO_FD int fd = cr_open_plain(step->path, O_PATH);

	if (fd < 0 && (errno == ELOOP || errno == ENOENT || errno == ENOTDIR))
		return cr_fail_os(box->err, CR_E_RACE, errno,
				  "'%s' changed since the plan was made", step->path);
	if (fd < 0)
		return cr_step_fail(box, "open");
	if (fstat(fd, st) < 0)
		return cr_step_fail(box, "stat");
	if (!same_file(step, st) && !(may_be_fresh && cr_is_fresh(box, st->st_dev)))
		return cr_fail(box->err, CR_E_RACE,
			       "'%s' is not the file it was when the plan was made", step->path);
	return cr_steal_fd(&fd);
}

int cr_open_step(struct cr_box *box, const struct cr_step *step, struct stat *st)
{
	return open_checked(box, step, st, false);
}

int cr_open_target(struct cr_box *box, const struct cr_step *step, struct stat *st)
{
	return open_checked(box, step, st, true);
}
