/*
 * notify.c - telling the user what the boundary refused.
 *
 * The kernel notifies the launcher of the rare calls (opening for writing, create, rename,
 * unlink, connect ...). Every one is answered "go on": the mount view, Landlock and the
 * namespaces decide, so an argument changed behind our back can spoil a message,
 * never the boundary. What is reported is what the kernel itself says of the object:
 * refused in the box (a read-only mount, or nothing there), and possible outside for
 * this user. Everything else is not the box's doing and is not blamed on it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "core/limits.h"
#include "linux/calls.h"
#include "linux/child.h"
#include "linux/fd.h"
#include "linux/notify.h"
#include "linux/reserve.h"

#define NONE         (-1)
#define ANSWER_TRIES 100

/* How to read one call: which arguments are directories and paths. */
struct shape {
	int nr;
	enum cr_op op;
	int dir, path;   /* argument numbers; dir NONE: relative to the working directory */
	int dir2, path2; /* a second object, created; path2 NONE: there is none */
	int on_parent;   /* needs its directory writable, not itself */
};

static const struct shape shapes[] = {
#ifdef SYS_open
	{SYS_open, CR_OP_WRITE, NONE, 0, NONE, NONE, 0},
	{SYS_creat, CR_OP_WRITE, NONE, 0, NONE, NONE, 0},
	{SYS_mkdir, CR_OP_CREATE, NONE, 0, NONE, NONE, 1},
	{SYS_mknod, CR_OP_CREATE, NONE, 0, NONE, NONE, 1},
	{SYS_rmdir, CR_OP_DELETE, NONE, 0, NONE, NONE, 1},
	{SYS_unlink, CR_OP_DELETE, NONE, 0, NONE, NONE, 1},
	{SYS_rename, CR_OP_RENAME, NONE, 0, NONE, 1, 1},
	{SYS_link, CR_OP_CREATE, NONE, 1, NONE, NONE, 1},
	{SYS_symlink, CR_OP_CREATE, NONE, 1, NONE, NONE, 1},
	{SYS_chmod, CR_OP_CHANGE, NONE, 0, NONE, NONE, 0},
	{SYS_chown, CR_OP_CHANGE, NONE, 0, NONE, NONE, 0},
	{SYS_lchown, CR_OP_CHANGE, NONE, 0, NONE, NONE, 0},
#endif
#ifdef SYS_renameat
	{SYS_renameat, CR_OP_RENAME, 0, 1, 2, 3, 1},
#endif
	{SYS_openat, CR_OP_WRITE, 0, 1, NONE, NONE, 0},
	{SYS_mkdirat, CR_OP_CREATE, 0, 1, NONE, NONE, 1},
	{SYS_mknodat, CR_OP_CREATE, 0, 1, NONE, NONE, 1},
	{SYS_unlinkat, CR_OP_DELETE, 0, 1, NONE, NONE, 1},
	{SYS_renameat2, CR_OP_RENAME, 0, 1, 2, 3, 1},
	{SYS_linkat, CR_OP_CREATE, 2, 3, NONE, NONE, 1},
	{SYS_symlinkat, CR_OP_CREATE, 1, 2, NONE, NONE, 1},
	{SYS_truncate, CR_OP_WRITE, NONE, 0, NONE, NONE, 0},
	{SYS_fchmodat, CR_OP_CHANGE, 0, 1, NONE, NONE, 0},
	{SYS_fchownat, CR_OP_CHANGE, 0, 1, NONE, NONE, 0},
	{SYS_utimensat, CR_OP_CHANGE, 0, 1, NONE, NONE, 0},
	{SYS_setxattr, CR_OP_CHANGE, NONE, 0, NONE, NONE, 0},
	{SYS_lsetxattr, CR_OP_CHANGE, NONE, 0, NONE, NONE, 0},
};

struct cr_notifier *cr_notifier_new(const struct cr_plan *plan, const struct cr_launch *launch)
{
	struct seccomp_notif_sizes sizes;
	struct cr_notifier *n = calloc(1, sizeof(*n));

	if (!n || syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0) {
		free(n);
		return NULL;
	}
	n->on_denial = launch->flags & CR_LAUNCH_EXPLAIN ? launch->on_denial : NULL;
	n->on_connection = launch->on_connection;
	n->on_ask = launch->on_ask;
	n->arg = launch->arg;
	n->full = plan->tier == CR_TIER_FULL;
	n->captures = cr_plan_has(plan, CR_STEP_CAPTURE);
	n->proxy = launch->broker.proxy;
	n->root = -1;
	/* The kernel may know longer structures than these headers, and the other way round. */
	n->request_size = sizes.seccomp_notif > sizeof(*n->request) ? sizes.seccomp_notif
								    : sizeof(*n->request);
	n->response_size = sizes.seccomp_notif_resp > sizeof(*n->response)
				   ? sizes.seccomp_notif_resp
				   : sizeof(*n->response);
	n->request = calloc(1, n->request_size);
	n->response = calloc(1, n->response_size);
	if (!n->request || !n->response) {
		cr_notifier_free(n);
		return NULL;
	}
	return n;
}

void cr_notifier_free(struct cr_notifier *n)
{
	if (!n)
		return;
	cr_close_fd(&n->root);
	free(n->asked);
	free(n->request);
	free(n->response);
	free(n);
}

/* A string of the caller's memory, read up to a page end at a time. 0 or -1. */
static int read_string(pid_t pid, uint64_t address, char *buf, size_t size)
{
	size_t used = 0;

	while (used < size) {
		size_t chunk = 4096 - (address + used) % 4096;
		struct iovec to = {.iov_base = buf + used, .iov_len = chunk};
		struct iovec from = {.iov_base = (void *)(uintptr_t)(address + used),
				     .iov_len = chunk};

		if (chunk > size - used)
			to.iov_len = from.iov_len = size - used;

		ssize_t got = process_vm_readv(pid, &to, 1, &from, 1, 0);

		if (got <= 0)
			return -1;
		if (memchr(buf + used, '\0', (size_t)got))
			return 0;
		used += (size_t)got;
	}
	return -1;
}

/* One object of a call, as the caller named it: a directory to start from and a path. */
struct object {
	int base; /* -1: the box's root */
	char path[CR_MAX_PATH];
};

struct seen {
	const struct shape *shape; /* NULL: connect */
	bool creates;              /* a name that is missing is no error of the caller's */
	pid_t pid;
	struct object objects[2];
	size_t n_objects;
	struct sockaddr_storage address;
	socklen_t address_len;
};

static void seen_close(struct seen *seen)
{
	for (size_t i = 0; i < seen->n_objects; i++)
		cr_close_fd(&seen->objects[i].base);
}

static int read_object(pid_t pid, const uint64_t *args, int dir, int path, struct object *object)
{
	char link[64];
	int dirfd = dir == NONE ? AT_FDCWD : (int)args[dir];

	object->base = -1;
	if (read_string(pid, args[path], object->path, sizeof(object->path)) < 0)
		return -1;
	if (object->path[0] == '/')
		return 0;
	if (dirfd == AT_FDCWD)
		snprintf(link, sizeof(link), "/proc/%d/cwd", (int)pid);
	else
		snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, dirfd);
	object->base = open(link, O_PATH | O_CLOEXEC);
	return object->base < 0 ? -1 : 0;
}

static const struct shape *find_shape(int nr)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (shapes[i].nr == nr)
			return &shapes[i];
	return NULL;
}

static int read_address(struct seen *seen, const uint64_t *args)
{
	size_t len = args[2] < sizeof(seen->address) ? (size_t)args[2] : sizeof(seen->address);
	struct iovec to = {.iov_base = &seen->address, .iov_len = len};
	struct iovec from = {.iov_base = (void *)(uintptr_t)args[1], .iov_len = len};

	seen->address_len = (socklen_t)len;
	return process_vm_readv(seen->pid, &to, 1, &from, 1, 0) == (ssize_t)len ? 0 : -1;
}

/* Does the call make what is not there? Without this an ordinary ENOENT would be the box's doing.
 */
static bool creates(const struct seccomp_notif *request)
{
	const __u64 *args = request->data.args;

	switch (request->data.nr) {
	case SYS_openat:
		return args[2] & O_CREAT;
#ifdef SYS_open
	case SYS_open:
		return args[1] & O_CREAT;
	case SYS_creat:
		return true;
#endif
	}
	return find_shape(request->data.nr)->op == CR_OP_CREATE;
}

/* Copies what the caller's memory says now; it is stopped, its other threads may not be. */
static int look(const struct seccomp_notif *request, struct seen *seen)
{
	uint64_t args[6];

	memcpy(args, request->data.args, sizeof(args));
	seen->pid = (pid_t)request->pid;
	if (request->data.nr == SYS_connect)
		return read_address(seen, args);
	seen->shape = find_shape(request->data.nr);
	if (!seen->shape)
		return -1;

	const struct shape *shape = seen->shape;

	seen->creates = creates(request);
	if (read_object(seen->pid, args, shape->dir, shape->path, &seen->objects[0]) < 0)
		return -1;
	seen->n_objects = 1;
	if (shape->path2 != NONE &&
	    read_object(seen->pid, args, shape->dir2, shape->path2, &seen->objects[1]) == 0)
		seen->n_objects = 2;
	return 0;
}

/*
 * Inside another box there is no openat2. The tier is landlock then, whose boxes have no root of
 * their own: a plain look-up ends at the same place.
 */
static int look_up(const struct cr_notifier *n, int base, const char *path,
		   const struct open_how *how)
{
	int fd = (int)syscall(SYS_openat2, base, path, how, sizeof(*how));

	if (fd >= 0 || errno != ENOSYS || n->full)
		return fd;
	return openat(base, path, (int)how->flags);
}

static int open_in_box(const struct cr_notifier *n, int base, const char *path, uint64_t flags)
{
	struct open_how how = {.flags = flags | O_PATH | O_CLOEXEC};

	/* Absolute links must lead to the box's root, not ours. Relative to a working directory
	 * the kernel has no such rule; what leaves it is looked up from the root. */
	if (base < 0) {
		how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
		base = n->root;
	} else {
		how.resolve = RESOLVE_NO_MAGICLINKS;
	}
	return look_up(n, base, path, &how);
}

/* The name the kernel has for what `fd` is. */
static int name_of(int fd, char *buf, size_t size)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);

	ssize_t len = readlink(link, buf, size - 1);

	if (len <= 0 || buf[0] != '/')
		return -1;
	buf[len] = '\0';
	return 0;
}

/* Splits off the last component: "a/b/" -> "a/", "b". The directory part may be "". */
static const char *split_last(char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';

	char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The absolute name, in the box, of what an operation needs writable; -1 when there is none. */
static int absolute_name(const struct cr_notifier *n, const struct object *object, char *name,
			 size_t size)
{
	char dir[CR_MAX_PATH];

	snprintf(dir, sizeof(dir), "%s", object->path);

	const char *last = split_last(dir);
	char component[CR_MAX_PATH];

	snprintf(component, sizeof(component), "%s", last);
	if (!component[0] || !strcmp(component, ".") || !strcmp(component, ".."))
		return -1;
	dir[last - dir] = '\0';

	CR_AUTO_FD int fd = open_in_box(n, object->base, dir[0] ? dir : ".", O_DIRECTORY);

	if (fd >= 0) {
		if (name_of(fd, name, size) < 0)
			return -1;
	} else if (object->path[0] == '/') {
		snprintf(name, size, "%s", dir); /* hidden in the box: as the caller wrote it */
	} else {
		return -1;
	}

	size_t len = strlen(name);

	while (len > 1 && name[len - 1] == '/')
		name[--len] = '\0';
	return snprintf(name + len, size - len, "%s%s", len > 1 ? "/" : "", component) <
			       (int)(size - len)
		       ? 0
		       : -1;
}

enum state {
	POSSIBLE,  /* nothing the mounts know of speaks against it */
	READ_ONLY, /* the mount refuses writing */
	MISSING,   /* no such name, or no way to it */
	FORBIDDEN, /* permission bits refuse it to this user */
};

static bool is_plain(const struct stat *st)
{
	return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) || S_ISLNK(st->st_mode);
}

/* Whether what `fd` (O_PATH) is could be written, by this user, through its mount. */
static enum state writability(int fd, enum cr_op op)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return MISSING;
	if (!is_plain(&st))
		return POSSIBLE;
	if (fs.f_flags & ST_RDONLY)
		return READ_ONLY;
	if (op == CR_OP_CHANGE)
		return st.st_uid == geteuid() || geteuid() == 0 ? POSSIBLE : FORBIDDEN;
	if (faccessat(fd, "", W_OK, AT_EACCESS | AT_EMPTY_PATH) < 0)
		return FORBIDDEN;
	return POSSIBLE;
}

/* A protected name is a mount point of the box, which the kernel neither renames nor removes. */
static bool is_mount_point(int fd)
{
	struct statx stx;

	return statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, 0, &stx) == 0 &&
	       (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* On the host: a name that is only there because a box keeps it absent. */
static bool is_reserved(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && cr_is_reservation(&st);
}

static void parent_of(const char *path, char *parent, size_t size)
{
	snprintf(parent, size, "%s", path);

	char *slash = strrchr(parent, '/');

	if (slash == parent)
		slash++;
	*slash = '\0';
}

/* The same question of the box (`root` its root) and of the host (`root` "/"). */
static enum state state_at(const struct cr_notifier *n, int root, const char *path,
			   const struct shape *shape, bool *created)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | (shape->on_parent ? O_NOFOLLOW : 0),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	char parent[CR_MAX_PATH];
	CR_AUTO_FD int fd = look_up(n, root, path, &how);

	*created = false;
	if (fd >= 0 && shape->op == CR_OP_CREATE && shape->on_parent)
		return is_reserved(fd) ? POSSIBLE : is_mount_point(fd) ? READ_ONLY : FORBIDDEN;
	if (fd >= 0 && shape->on_parent && is_mount_point(fd))
		return READ_ONLY;
	if (fd >= 0 && !shape->on_parent)
		return writability(fd, shape->op);
	if (fd < 0 && errno != ENOENT)
		return MISSING;
	if (shape->op == CR_OP_DELETE && fd < 0)
		return MISSING;
	if (shape->op == CR_OP_CHANGE)
		return MISSING;
	*created = fd < 0;
	parent_of(path, parent, sizeof(parent));
	cr_close_fd(&fd);
	fd = look_up(n, root, parent, &how);
	return fd < 0 ? MISSING : writability(fd, CR_OP_CREATE);
}

void cr_notify_comm(pid_t pid, char *buf, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	buf[0] = '\0';

	CR_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, buf, size - 1);

	buf[len > 0 ? len : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

void cr_notify_report(struct cr_notifier *n, pid_t pid, const char *program,
		      struct cr_denial *denial)
{
	struct timespec now;

	if (!n->on_denial)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	denial->program = program;
	denial->pid = pid;
	denial->time_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	n->on_denial(n->arg, denial);
}

static void report(struct cr_notifier *n, pid_t pid, struct cr_denial *denial)
{
	char comm[32];

	cr_notify_comm(pid, comm, sizeof(comm));
	cr_notify_report(n, pid, comm, denial);
}

/* A host directory opened for good: "/" as the launcher sees it. */
static int host_root(void)
{
	return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The mask over a hidden place refuses the way in; a mount refuses the write. */
static const char *boundary_of(const struct cr_notifier *n, enum state inside)
{
	if (!n->full)
		return "Landlock";
	return inside == READ_ONLY ? "read-only mount" : "hidden or private place";
}

/* Where `name` leads on the host: the rules speak of that, not of a link to it. */
static void follow(const struct cr_notifier *n, int host, char *name, size_t size)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	char real[CR_MAX_PATH];
	CR_AUTO_FD int fd = look_up(n, host, name, &how);

	if (fd >= 0 && name_of(fd, real, sizeof(real)) == 0)
		snprintf(name, size, "%s", real);
}

static void judge_path(struct cr_notifier *n, const struct seen *seen, const struct object *object)
{
	const bool is_target = object == &seen->objects[1]; /* of a rename */
	char name[CR_MAX_PATH];
	bool created, created_outside;

	if (absolute_name(n, object, name, sizeof(name)) < 0 || !strncmp(name, "/proc/", 6))
		return;

	CR_AUTO_FD int host = host_root();
	enum state inside = state_at(n, n->root, name, seen->shape, &created);
	enum state outside = state_at(n, host, name, seen->shape, &created_outside);

	/* In the landlock tier both look the same, and the rules say the rest: by_rules. */
	if (outside != POSSIBLE || (n->full && inside == POSSIBLE) || inside == FORBIDDEN)
		return;
	if (created_outside && !seen->creates && !is_target)
		return;
	if (!created_outside && !seen->shape->on_parent)
		follow(n, host, name, sizeof(name));

	struct cr_denial denial = {
		.op = seen->shape->op == CR_OP_WRITE && created_outside ? CR_OP_CREATE
									: seen->shape->op,
		.object = name,
		.boundary = boundary_of(n, inside),
		.os_code = inside == READ_ONLY ? EROFS : EACCES,
		.by_rules = !n->full,
	};

	report(n, seen->pid, &denial);
}

/* A socket of the host that the box does not see. Abstract names tell nothing: not judged. */
static void judge_unix(struct cr_notifier *n, const struct seen *seen)
{
	const struct sockaddr_un *address = (const void *)&seen->address;
	char path[sizeof(address->sun_path) + 1] = "";
	struct stat inside, outside;

	if (seen->address_len <= offsetof(struct sockaddr_un, sun_path))
		return;
	memcpy(path, address->sun_path,
	       seen->address_len - offsetof(struct sockaddr_un, sun_path) <
			       sizeof(address->sun_path)
		       ? seen->address_len - offsetof(struct sockaddr_un, sun_path)
		       : sizeof(address->sun_path));
	if (path[0] != '/' || stat(path, &outside) < 0 || !S_ISSOCK(outside.st_mode))
		return;

	CR_AUTO_FD int fd = open_in_box(n, -1, path, 0);

	if (fd >= 0 && fstat(fd, &inside) == 0 && inside.st_ino == outside.st_ino &&
	    inside.st_dev == outside.st_dev)
		return;

	struct cr_denial denial = {
		.op = CR_OP_UNIX,
		.object = path,
		.boundary = "hidden or private place",
		.os_code = fd < 0 ? ENOENT : EACCES,
	};

	report(n, seen->pid, &denial);
}

static void judge(struct cr_notifier *n, const struct seen *seen)
{
	if (n->root < 0)
		return;
	for (size_t i = 0; i < seen->n_objects; i++)
		judge_path(n, seen, &seen->objects[i]);
	if (seen->shape)
		return;
	if (!n->captures)
		cr_connect_judge(n, &seen->address, seen->address_len);
	if (seen->address.ss_family == AF_UNIX)
		judge_unix(n, seen);
}

static void open_root(struct cr_notifier *n, pid_t pid)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/%d/root", (int)pid);
	n->root = open(link, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The caller waits for this. A signal may interrupt it; ENOENT: the caller is gone. */
static void answer(struct cr_notifier *n, int listener)
{
	for (int tries = 0; tries < ANSWER_TRIES; tries++)
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, n->response) == 0 || errno == ENOENT)
			return;
}

void cr_notify_refuse(struct cr_notifier *n, int listener, uint64_t id, int error)
{
	memset(n->response, 0, n->response_size);
	n->response->id = id;
	n->response->error = -error;
	answer(n, listener);
}

void cr_notify_succeed(struct cr_notifier *n, int listener, uint64_t id)
{
	cr_notify_refuse(n, listener, id, 0);
}

void cr_notify_let_go_on(struct cr_notifier *n, int listener, uint64_t id)
{
	memset(n->response, 0, n->response_size);
	n->response->id = id;
	n->response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	answer(n, listener);
}

void cr_notifier_serve(struct cr_notifier *n, int listener, int talk)
{
	struct seen seen = {.n_objects = 0};

	if (!n)
		return;
	memset(n->request, 0, n->request_size);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, n->request) < 0)
		return;
	if (n->root < 0)
		open_root(n, (pid_t)n->request->pid);

	int looked = look(n->request, &seen);

	if (n->proxy && n->request->data.nr == SYS_connect) {
		cr_connect_proxied(n, looked == 0 ? &seen.address : NULL, seen.address_len,
				   listener, talk);
		return;
	}
	if (looked == 0 && n->captures && !seen.shape &&
	    cr_connect_ask(n, &seen.address, seen.address_len, listener, talk))
		return;
	cr_notify_let_go_on(n, listener, n->request->id);
	if (looked == 0)
		judge(n, &seen);
	seen_close(&seen);
}
