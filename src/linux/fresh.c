/*
 * fresh.c - what a box has of its own: /tmp, /dev, /proc, /run, loopback.
 *
 * File systems made here are empty, belong to the box's namespaces and vanish
 * with them. Must never make anything outside such a file system.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/fd.h"

int cr_fresh_remember(struct cr_box *box, int fd)
{
	struct stat st;

	if (box->n_fresh == CR_MAX_FRESH)
		return cr_fail(box->err, CR_E_LIMIT, "more than %d private places", CR_MAX_FRESH);
	if (fstat(fd, &st) < 0)
		return cr_step_fail(box, "stat");
	box->fresh[box->n_fresh++] = st.st_dev;
	return 0;
}

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
	if (move_mount(fs, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return cr_step_fail(box, "mount");
	return 0;
}

static int put_tmpfs(struct cr_box *box, const struct cr_step *step, unsigned mode, uint64_t bytes)
{
	char mode_text[16], size_text[32];
	struct option options[] = {
		{"mode", mode_text},
		{"size", size_text},
	};

	snprintf(mode_text, sizeof(mode_text), "0%o", mode);
	snprintf(size_text, sizeof(size_text), "%" PRIu64, bytes);

	CR_AUTO_FD int fs =
		make_fs("tmpfs", options, bytes ? 2 : 1, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);

	if (fs < 0)
		return cr_step_fail(box, "make a private file system");
	return put_fs(box, step, fs);
}

int cr_fresh_empty(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)grab;
	return put_tmpfs(box, step, (unsigned)step->value, 0);
}

int cr_fresh_private(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)grab;
	return put_tmpfs(box, step, 01777, step->value);
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

int cr_fresh_proc(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	(void)grab;

	CR_AUTO_FD int fs = make_fs("proc", NULL, 0,
	                            MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

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

/* Everything below is only done on file systems made above: openat2 of the parent shows which. */
static int open_fresh_parent(struct cr_box *box, const char *path, const char **name)
{
	char parent[CR_MAX_PATH];
	const char *slash = strrchr(path, '/');
	size_t len = slash == path ? 1 : (size_t)(slash - path);

	if (len >= sizeof(parent))
		return cr_fail(box->err, CR_E_LIMIT, "path too long");
	memcpy(parent, path, len);
	parent[len] = '\0';
	*name = slash + 1;

	CR_AUTO_FD int fd = cr_open_plain(parent, O_PATH | O_DIRECTORY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return cr_step_fail(box, "open the parent");
	for (size_t i = 0; i < box->n_fresh; i++)
		if (box->fresh[i] == st.st_dev)
			return cr_steal_fd(&fd);
	return cr_fail(box->err, CR_E_RACE, "'%s' is not in a place made for this box", path);
}

int cr_fresh_dir(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	const char *name;

	(void)grab;

	CR_AUTO_FD int parent = open_fresh_parent(box, step->path, &name);

	if (parent < 0)
		return -1;
	if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
		return cr_step_fail(box, "make a directory");
	return 0;
}

int cr_fresh_file(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	const char *name;

	(void)grab;

	CR_AUTO_FD int parent = open_fresh_parent(box, step->path, &name);

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

	CR_AUTO_FD int parent = open_fresh_parent(box, step->path, &name);

	if (parent < 0)
		return -1;
	if (symlinkat(step->detail, parent, name) < 0)
		return cr_step_fail(box, "make a symlink");
	return 0;
}

int cr_loopback_up(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	(void)step;
	(void)grab;

	CR_AUTO_FD int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return cr_step_fail(box, "bring up the loopback interface");
	return 0;
}
