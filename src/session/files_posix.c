/*
 * files_posix.c - files.h for Linux and macOS.
 *
 * Must never check a name and then open it: every question is asked of the
 * descriptor that is read. O_NONBLOCK so that a FIFO cannot hold us; it is
 * refused after fstat.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "files.h"
#include "layers.h"

#define OPEN_FILE (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define OPEN_DIR  (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* A state file is the path of a workspace, a newline, and a policy. */
#define MAX_BYTES (CR_MAX_POLICY_BYTES + CR_MAX_PATH)

const char *cr_layers_system_dir(void)
{
	return "/etc/carrel/policy.d";
}

/* Who may own a file, and who may write it. */
enum owner {
	OWNER_ANY,     /* the workspace: anybody's */
	OWNER_US,      /* the user */
	OWNER_US_ROOT, /* the user or root */
	OWNER_GIVEN,
};

struct check {
	enum owner owner;
	uid_t uid;        /* GIVEN */
	const char *path; /* for messages */
	enum cr_errc code;
	size_t limit;
};

static int is_owner(const struct check *check, uid_t uid)
{
	switch (check->owner) {
	case OWNER_ANY:
		return 1;
	case OWNER_US:
		return uid == geteuid();
	case OWNER_US_ROOT:
		return uid == geteuid() || uid == 0;
	case OWNER_GIVEN:
		return uid == check->uid;
	}
	return 0;
}

static int check_owner(const struct check *check, const struct stat *st, struct cr_err *err)
{
	if (!is_owner(check, st->st_uid))
		return cr_fail(err, check->code, "'%.500s' belongs to user %lu", check->path,
			       (unsigned long)st->st_uid);
	if (check->owner != OWNER_ANY && st->st_mode & (S_IWGRP | S_IWOTH)) {
		cr_fail(err, check->code, "'%.500s' can be written by others", check->path);
		return cr_hint(err, "chmod go-w '%.400s'", check->path);
	}
	return 0;
}

static int check_dir(const struct check *check, int fd, struct cr_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot look at '%.500s'", check->path);
	return check_owner(check, &st, err);
}

static int check_file(const struct check *check, int fd, struct cr_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot look at '%.500s'", check->path);
	if (!S_ISREG(st.st_mode))
		return cr_fail(err, check->code, "'%.500s' is not a plain file", check->path);
	if (st.st_size > (off_t)check->limit)
		return cr_fail(err, CR_E_LIMIT, "'%.500s' is larger than %lu bytes", check->path,
			       (unsigned long)check->limit);
	return check_owner(check, &st, err);
}

/* How an open that failed is to be told: 0 not there, -1 with the error. */
static int refuse_open(const struct check *check, int os_code, struct cr_err *err)
{
	struct stat st;

	/* A link to nothing: the file is meant to be, on a disk that is not there for example. */
	if (os_code == ENOENT && lstat(check->path, &st) == 0)
		return cr_fail(err, check->code, "'%.500s' is a symbolic link to nothing",
			       check->path);
	if (os_code == ENOENT)
		return 0;
	if (os_code == ELOOP)
		return cr_fail(err, check->code, "'%.500s' is a symbolic link", check->path);
	return cr_fail_os(err, check->code, os_code, "cannot read '%.500s'", check->path);
}

/* Reads at most `room` bytes to the end of `fd`; the count, or -1 with errno. */
static ssize_t read_all(int fd, char *buf, size_t room)
{
	size_t used = 0;

	while (used < room) {
		ssize_t n = read(fd, buf + used, room - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

/* Checks and reads the open file. 1 or -1. */
static int read_checked(struct cr_arena *arena, int fd, const struct check *check,
			struct cr_file *out, struct cr_err *err)
{
	struct stat st;

	if (check_file(check, fd, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot look at '%.500s'", check->path);

	/* One byte more than it should have: a file that grows meanwhile is noticed. */
	size_t room = (size_t)st.st_size + 1;
	char *buf = cr_arena_alloc(arena, room + 1, 1);

	if (!buf)
		return cr_fail(err, CR_E_NOMEM, "reading '%.500s'", check->path);

	ssize_t len = read_all(fd, buf, room);

	if (len < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot read '%.500s'", check->path);
	if ((size_t)len == room)
		return cr_fail(err, CR_E_RACE, "'%.500s' changed while it was read", check->path);
	*out = (struct cr_file){.path = check->path, .text = buf, .len = (size_t)len};
	return 1;
}

/* Opens `name` in directory `at`, checks and reads it. 1, 0 or -1. */
static int read_at(struct cr_arena *arena, int at, const char *name, const struct check *check,
		   struct cr_file *out, struct cr_err *err)
{
	int fd = openat(at, name, OPEN_FILE | O_NOFOLLOW);

	if (fd < 0)
		return refuse_open(check, errno, err);

	int status = read_checked(arena, fd, check, out, err);

	close(fd);
	return status;
}

int cr_file_read_own(struct cr_arena *arena, const char *path, struct cr_file *out,
		     struct cr_err *err)
{
	const struct check check = {.owner = OWNER_US_ROOT,
				    .path = path,
				    .code = CR_E_TRUST,
				    .limit = CR_MAX_POLICY_BYTES};
	int fd = open(path, OPEN_FILE);

	if (fd < 0) /* a file where a directory should be: then there is no policy either */
		return errno == ENOTDIR ? 0 : refuse_open(&check, errno, err);

	int status = read_checked(arena, fd, &check, out, err);

	close(fd);
	return status;
}

int cr_file_read_beneath(struct cr_arena *arena, const struct cr_file_place *place,
			 struct cr_file *out, struct cr_err *err)
{
	struct check check = {.code = CR_E_TRUST, .limit = CR_MAX_POLICY_BYTES};
	int status = 0;

	check.path = cr_arena_printf(arena, "%s/%s/%s", place->dir, place->sub, place->name);
	if (!check.path)
		return cr_fail(err, CR_E_NOMEM, "policies");

	int dir = open(place->dir, OPEN_DIR);
	int sub = dir < 0 ? -1 : openat(dir, place->sub, OPEN_DIR | O_NOFOLLOW);

	if (sub < 0)
		status = refuse_open(&check, errno, err);
	else
		status = read_at(arena, sub, place->name, &check, out, err);
	if (sub >= 0)
		close(sub);
	if (dir >= 0)
		close(dir);
	return status;
}

struct names {
	struct cr_arena *arena;
	const char **items;
	size_t count, cap;
};

static int add_name(struct names *names, const char *name)
{
	size_t len = strlen(name);

	if (len < 7 || strcmp(name + len - 7, ".policy") != 0)
		return 0;

	const char **grown = cr_arena_grow(names->arena, names->items, names->count, &names->cap,
					   sizeof(*grown));

	if (!grown)
		return -1;
	names->items = grown;
	names->items[names->count] = cr_arena_strdup(names->arena, name);
	return names->items[names->count++] ? 0 : -1;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The sorted names of the directory's policies. */
static int list_names(struct names *names, int fd, const char *path, struct cr_err *err)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	int status = 0;

	if (!dir) {
		cr_fail_os(err, CR_E_TRUST, errno, "cannot read '%.500s'", path);
		if (copy >= 0)
			close(copy);
		return -1;
	}
	errno = 0;
	while (!status && (entry = readdir(dir)) != NULL) {
		if (names->count > CR_MAX_POLICY_FILES)
			status = cr_fail(err, CR_E_LIMIT, "'%.500s' has more than %d policies",
					 path, CR_MAX_POLICY_FILES);
		else if (add_name(names, entry->d_name) < 0)
			status = cr_fail(err, CR_E_NOMEM, "policies");
		errno = 0;
	}
	if (!status && errno)
		status = cr_fail_os(err, CR_E_TRUST, errno, "cannot read '%.500s'", path);
	closedir(dir);
	if (!status && names->count)
		qsort(names->items, names->count, sizeof(*names->items), by_name);
	return status;
}

/* The directory and what holds it must be the owner's: who can rename it can replace it. */
static int check_system_dir(struct cr_arena *arena, int fd, const struct check *check,
			    struct cr_err *err)
{
	struct check above = *check;
	int parent;

	above.path = cr_arena_printf(arena, "%s/..", check->path);
	parent = openat(fd, "..", OPEN_DIR);
	if (parent < 0)
		return cr_fail_os(err, CR_E_TRUST, errno, "cannot open '%.500s/..'", check->path);

	int status = above.path ? 0 : cr_fail(err, CR_E_NOMEM, "policies");

	if (!status)
		status = check_dir(check, fd, err);
	if (!status)
		status = check_dir(&above, parent, err);
	close(parent);
	return status;
}

static int read_dir(struct cr_arena *arena, int fd, const struct check *check, struct cr_file **out,
		    struct cr_err *err)
{
	struct names names = {.arena = arena};

	if (check_system_dir(arena, fd, check, err) < 0 ||
	    list_names(&names, fd, check->path, err) < 0)
		return -1;
	*out = cr_arena_alloc(arena, names.count + 1, sizeof(**out));
	if (!*out)
		return cr_fail(err, CR_E_NOMEM, "policies");
	for (size_t i = 0; i < names.count; i++) {
		struct check file = *check;

		file.path = cr_arena_printf(arena, "%s/%s", check->path, names.items[i]);
		if (!file.path)
			return cr_fail(err, CR_E_NOMEM, "policies");

		int status = read_at(arena, fd, names.items[i], &file, &(*out)[i], err);

		if (status == 0)
			return cr_fail(err, CR_E_RACE, "'%.500s' went away", file.path);
		if (status < 0)
			return -1;
	}
	return (int)names.count;
}

int cr_files_read_system(struct cr_arena *arena, const char *dir, uint32_t owner,
			 struct cr_file **out, struct cr_err *err)
{
	const struct check check = {.owner = OWNER_GIVEN,
				    .uid = owner,
				    .path = dir,
				    .code = CR_E_TRUST,
				    .limit = CR_MAX_POLICY_BYTES};
	int fd = open(dir, OPEN_DIR | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0) {
		cr_fail_os(err, CR_E_TRUST, errno, "cannot open '%.500s'", dir);
		return cr_hint(err, "managed policies must be a directory everybody can read");
	}

	int count = read_dir(arena, fd, &check, out, err);

	close(fd);
	return count;
}

/* Opens the private directory. The descriptor, -1 with *missing set or the error. */
static int open_state(const char *dir, int *missing, struct cr_err *err)
{
	const struct check check = {.owner = OWNER_US, .path = dir, .code = CR_E_STATE};
	int fd = open(dir, OPEN_DIR | O_NOFOLLOW);

	*missing = fd < 0 && errno == ENOENT;
	if (fd < 0)
		return *missing ? -1
				: cr_fail_os(err, CR_E_STATE, errno, "cannot open '%.500s'", dir);
	if (check_dir(&check, fd, err) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int cr_state_read(struct cr_arena *arena, const char *dir, const char *name, struct cr_file *out,
		  struct cr_err *err)
{
	struct check check = {.owner = OWNER_US, .code = CR_E_STATE, .limit = MAX_BYTES};
	int missing;
	int fd = open_state(dir, &missing, err);

	if (fd < 0)
		return missing ? 0 : -1;
	check.path = cr_arena_printf(arena, "%s/%s", dir, name);

	int status = check.path ? read_at(arena, fd, name, &check, out, err)
				: cr_fail(err, CR_E_NOMEM, "state");

	close(fd);
	return status;
}

/* Makes the directory and those above it that are missing, for the user alone. */
static int make_dirs(const char *dir, struct cr_err *err)
{
	char path[CR_MAX_PATH];
	size_t len = strlen(dir);

	if (len >= sizeof(path))
		return cr_fail(err, CR_E_STATE, "the path of carrel's state is too long");
	for (size_t i = 1; i <= len; i++) {
		if (dir[i] != '/' && dir[i] != '\0')
			continue;
		memcpy(path, dir, i);
		path[i] = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return cr_fail_os(err, CR_E_STATE, errno, "cannot make '%.500s'", path);
	}
	return 0;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A new file, whole on disk before it takes the name. */
static int replace_at(int at, const char *name, const struct cr_file *file, struct cr_err *err)
{
	char temp[64];
	int status = 0;

	snprintf(temp, sizeof(temp), ".%.24s.%ld", name, (long)getpid());
	unlinkat(at, temp, 0); /* of a process of this number that died */

	int fd = openat(at, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return cr_fail_os(err, CR_E_STATE, errno, "cannot write carrel's state");
	if (write_all(fd, file->text, file->len) < 0 || fsync(fd) < 0)
		status = cr_fail_os(err, CR_E_STATE, errno, "cannot write carrel's state");
	if (close(fd) < 0 && !status)
		status = cr_fail_os(err, CR_E_STATE, errno, "cannot write carrel's state");
	if (!status && (renameat(at, temp, at, name) < 0 || fsync(at) < 0))
		status = cr_fail_os(err, CR_E_STATE, errno, "cannot write carrel's state");
	if (status < 0)
		unlinkat(at, temp, 0);
	return status;
}

int cr_state_write(const char *dir, const char *name, const struct cr_file *file,
		   struct cr_err *err)
{
	int missing;

	if (make_dirs(dir, err) < 0)
		return -1;

	int fd = open_state(dir, &missing, err);

	if (fd < 0)
		return missing ? cr_fail(err, CR_E_STATE, "'%.500s' went away", dir) : -1;

	int status = replace_at(fd, name, file, err);

	close(fd);
	return status;
}

int cr_state_remove(const char *dir, const char *name, struct cr_err *err)
{
	int missing;
	int fd = open_state(dir, &missing, err);
	int status = 0;

	if (fd < 0)
		return missing ? 0 : -1;
	if (unlinkat(fd, name, 0) < 0 && errno != ENOENT)
		status = cr_fail_os(err, CR_E_STATE, errno, "cannot remove '%.500s/%s'", dir, name);
	close(fd);
	return status;
}
