/*
 * probe.c - does what it reads on standard input, one operation a line ("OP PATH"), and prints
 * for each what the kernel answered ("ERRNO TEXT"). Undoes what it did, so that the tree is
 * afterwards what it was.
 *
 * Linked statically: it must run in boxes that show nothing else. Judges nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNDO_FAILED 9999
#define PATH_SIZE   4200

static int try_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return errno;
	got = read(fd, text, size - 1);

	int error = got < 0 ? errno : 0;

	text[got < 0 ? 0 : got] = '\0';
	close(fd);
	return error;
}

static int try_list(const char *path)
{
	DIR *dir = opendir(path);
	int error;

	if (!dir)
		return errno;
	errno = 0;
	readdir(dir);
	error = errno;
	closedir(dir);
	return error;
}

static int try_stat(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? errno : 0;
}

static int try_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int try_truncate(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 || truncate(path, st.st_size) < 0 ? errno : 0;
}

static int try_chmod(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 || chmod(path, st.st_mode & 07777) < 0 ? errno : 0;
}

static int undone(int result)
{
	return result < 0 ? UNDO_FAILED + errno : 0;
}

static int try_create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return errno;
	close(fd);
	return undone(unlink(path));
}

static int try_mkdir(const char *path)
{
	return mkdir(path, 0755) < 0 ? errno : undone(rmdir(path));
}

static int try_symlink(const char *path)
{
	return symlink("/", path) < 0 ? errno : undone(unlink(path));
}

/* A name beside the one that is tried, that no tree and no rule has. */
#define BESIDE "~probe~"

/* The directory of `path`, held: the way to it may lead through the very name that is moved. */
static int open_parent(const char *path, const char **name)
{
	char dir[PATH_SIZE];

	*name = strrchr(path, '/') + 1;
	snprintf(dir, sizeof(dir), "%.*s", (int)(*name - path), path);
	return open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int rename_in(int dir, const char *name)
{
	if (renameat2(dir, name, dir, BESIDE, RENAME_NOREPLACE) < 0)
		return errno;
	return undone(renameat2(dir, BESIDE, dir, name, RENAME_NOREPLACE));
}

static int swap_in(int dir, const char *name)
{
	int fd = openat(dir, BESIDE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int error;

	if (fd < 0)
		return errno;
	close(fd);
	error = renameat2(dir, name, dir, BESIDE, RENAME_EXCHANGE) < 0 ? errno : 0;
	if (!error)
		error = undone(renameat2(dir, name, dir, BESIDE, RENAME_EXCHANGE));
	return unlinkat(dir, BESIDE, 0) < 0 ? UNDO_FAILED : error;
}

static int link_in(int dir, const char *name)
{
	return linkat(dir, name, dir, BESIDE, 0) < 0 ? errno : undone(unlinkat(dir, BESIDE, 0));
}

static int try_beside(const char *path, int (*fn)(int dir, const char *name))
{
	const char *name;
	int dir = open_parent(path, &name);
	int error;

	if (dir < 0)
		return errno;
	error = fn(dir, name);
	close(dir);
	return error;
}

static int try_rename(const char *path)
{
	return try_beside(path, rename_in);
}

static int try_swap(const char *path)
{
	return try_beside(path, swap_in);
}

static int try_link(const char *path)
{
	return try_beside(path, link_in);
}

static const struct {
	const char *name;
	int (*fn)(const char *path);
} table[] = {
	{"list", try_list},     {"stat", try_stat},       {"write", try_write},
	{"chmod", try_chmod},   {"mkdir", try_mkdir},     {"create", try_create},
	{"rename", try_rename}, {"swap", try_swap},       {"truncate", try_truncate},
	{"link", try_link},     {"symlink", try_symlink},
};

static int try(const char *op, const char *path, char *text, size_t size)
{
	if (!strcmp(op, "read"))
		return try_read(path, text, size);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(op, table[i].name))
			return table[i].fn(path);
	return -1;
}

int main(void)
{
	char line[PATH_SIZE], text[PATH_SIZE];

	while (fgets(line, sizeof(line), stdin)) {
		char *path = strchr(line, ' ');

		line[strcspn(line, "\n")] = '\0';
		if (!path)
			return 1;
		*path++ = '\0';
		text[0] = '\0';

		int error = try(line, path, text, sizeof(text));

		text[strcspn(text, "\n")] = '\0';
		printf("%d %s\n", error, text);
	}
	return 0;
}
