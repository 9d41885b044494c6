/*
 * litter.c - what a box has on the host while it runs besides reserved names and a cgroup: a
 * temporary directory (landlock tier). Init makes it and takes it away.
 *
 * Must never follow a link while it removes a tree: the box wrote that tree.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/fd.h"

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
	grab->dir = cr_open_plain(step->path, O_RDONLY | O_DIRECTORY);
	if (grab->dir < 0) {
		cr_step_fail(box, "open the temporary directory");
		rmdir(step->path);
		return -1;
	}
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

		/* A directory, since unlinkat failed, and nobody is left to swap it. The box may
		 * have made it unreadable; its owner can open it up. */
		if (fchmodat(dir, entry->d_name, 0700, 0) < 0)
			continue;

		CR_AUTO_FD int sub =
			openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

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
		int fd = box->grabs[i].dir;

		if (fd < 0)
			continue;
		if (step->kind == CR_STEP_TEMP_DIR) {
			remove_tree(fd, CR_MAX_DEPTH);
			rmdir(step->path);
		}
	}
}
