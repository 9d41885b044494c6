/*
 * fsview.c - the real file system, as the core may see it (core/fsview.h).
 *
 * Reads only, never follows the last component, never blocks on a FIFO.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/backend.h"
#include "linux/fd.h"
#include "linux/reserve.h"

static enum cr_fs_answer answer(int code)
{
	if (code == ENOENT || code == ENOTDIR)
		return CR_FS_ABSENT;
	return code == EACCES ? CR_FS_DENIED : CR_FS_FAILED;
}

static enum cr_ftype type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return CR_FT_FILE;
	case S_IFDIR:
		return CR_FT_DIR;
	case S_IFLNK:
		return CR_FT_SYMLINK;
	case S_IFSOCK:
		return CR_FT_SOCKET;
	}
	return CR_FT_OTHER;
}

/*
 * A name another box keeps absent (reserve.c) is made and removed as boxes come and go: it is
 * absent for every plan, which then reserves it too.
 */
static bool is_reserved(const char *path, const struct stat *st)
{
	struct dirent *entry;
	int entries = 0;

	if (!cr_is_reservation(st))
		return false;

	DIR *dir = opendir(path);

	while (dir && entries <= 2 && (entry = readdir(dir)))
		entries++;
	if (dir)
		closedir(dir);
	return entries == 2; /* "." and ".." */
}

static enum cr_fs_answer host_stat(void *ctx, const char *path, struct cr_fstat *out)
{
	struct stat st;

	(void)ctx;
	*out = (struct cr_fstat){0};
	if (lstat(path, &st) < 0)
		return answer(errno);
	if (is_reserved(path, &st))
		return CR_FS_ABSENT;
	out->type = type_of(st.st_mode);
	out->id = (struct cr_fileid){.volume = st.st_dev, .file = st.st_ino};
	return CR_FS_OK;
}

static enum cr_fs_answer host_readlink(void *ctx, const char *path, char *buf, size_t size)
{
	ssize_t len = readlink(path, buf, size);

	(void)ctx;
	if (len < 0)
		return answer(errno);
	if ((size_t)len >= size)
		return CR_FS_FAILED;
	buf[len] = '\0';
	return CR_FS_OK;
}

static enum cr_ftype entry_type(DIR *dir, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return type_of(DTTOIF(entry->d_type));
	if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return CR_FT_NONE;
	return type_of(st.st_mode);
}

static enum cr_fs_answer host_list(void *ctx, const char *path, cr_fs_entry_fn fn, void *arg)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	enum cr_fs_answer result = CR_FS_OK;

	(void)ctx;
	if (!dir) {
		result = answer(errno);
		cr_close_fd(&fd);
		return result;
	}
	for (;;) {
		errno = 0;

		struct dirent *entry = readdir(dir);

		/* The end, or an error: half a listing would leave names uncovered. */
		if (!entry) {
			result = errno ? CR_FS_FAILED : CR_FS_OK;
			break;
		}
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (fn(arg, entry->d_name, entry_type(dir, entry)) < 0) {
			result = CR_FS_FAILED;
			break;
		}
	}
	closedir(dir);
	return result;
}

static enum cr_fs_answer host_read(void *ctx, const char *path, char *buf, size_t size)
{
	struct stat st;
	size_t used = 0;
	CR_AUTO_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	(void)ctx;
	if (fd < 0)
		return answer(errno);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return CR_FS_FAILED;
	while (used < size) {
		ssize_t got = read(fd, buf + used, size - used);

		if (got < 0 && errno != EINTR)
			return CR_FS_FAILED;
		if (got == 0) {
			buf[used] = '\0';
			return CR_FS_OK;
		}
		used += got > 0 ? (size_t)got : 0;
	}
	return CR_FS_FAILED; /* larger than the caller wants to read */
}

static bool host_is_read_only(void *ctx, const char *path)
{
	struct statfs fs;

	(void)ctx;
	return statfs(path, &fs) == 0 && (fs.f_flags & ST_RDONLY);
}

const struct cr_fsview *cr_host_fsview(void)
{
	static const struct cr_fsview view = {
		.stat = host_stat,
		.readlink = host_readlink,
		.list = host_list,
		.read = host_read,
		.is_read_only = host_is_read_only,
	};

	return &view;
}
