/*
 * outside.c - attacks on files outside every writable root, by every call
 * that can put, change or take one, and by every detour to its name
 * (threats 12 to 20).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "paths.h"

/* A detour into the outside directory, as a path in the workspace. */
static enum cr_attack_outcome through_symlink(const struct cr_attack_env *env)
{
	const char *link = cr_attack_path("%s/scratch/link", env->workspace);

	if (symlink(cr_attack_target(env), link) < 0)
		return cr_attack_untestable(env, "symlink: %s", strerror(errno));
	return cr_attack_result(env, cr_attack_put(link, O_TRUNC), "write through a symlink");
}

static enum cr_attack_outcome through_dir_symlink(const struct cr_attack_env *env)
{
	const char *link = cr_attack_path("%s/scratch/link", env->workspace);

	if (symlink(env->outside, link) < 0)
		return cr_attack_untestable(env, "symlink: %s", strerror(errno));
	return cr_attack_result(env, cr_attack_put(cr_attack_path("%s/new", link), O_CREAT),
				"create through a directory symlink");
}

static enum cr_attack_outcome through_dotdot(const struct cr_attack_env *env)
{
	int dir = open(env->workspace, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return cr_attack_untestable(env, "open the workspace: %s", strerror(errno));
	return cr_attack_result(env, cr_attack_put_at(dir, "../outside/precious", O_TRUNC),
				"openat with ..");
}

static enum cr_attack_outcome through_openat2(const struct cr_attack_env *env)
{
	struct open_how how = {.flags = O_WRONLY | O_TRUNC | O_CLOEXEC};
	long fd = syscall(SYS_openat2, AT_FDCWD, cr_attack_target(env), &how, sizeof(how));

	return cr_attack_result(env, fd, "openat2");
}

static enum cr_attack_outcome through_proc_root(const struct cr_attack_env *env)
{
	return cr_attack_result(
		env,
		cr_attack_put(cr_attack_path("/proc/self/root%s", cr_attack_target(env)), O_TRUNC),
		"write through /proc/self/root");
}

static enum cr_attack_outcome through_proc_cwd(const struct cr_attack_env *env)
{
	if (chdir(env->outside) < 0)
		return cr_attack_refused(env, "chdir");
	return cr_attack_result(env, cr_attack_put("/proc/self/cwd/precious", O_TRUNC),
				"write through /proc/self/cwd");
}

/* A read-only descriptor opened again for writing: the link in /proc asks for new rights. */
static enum cr_attack_outcome reopen(const struct cr_attack_env *env, const char *dir, int flags)
{
	int fd = open(cr_attack_target(env), flags | O_CLOEXEC);

	if (fd < 0)
		return cr_attack_untestable(env, "open for reading: %s", strerror(errno));
	return cr_attack_result(env, cr_attack_put(cr_attack_path("%s/%d", dir, fd), O_TRUNC),
				"open the descriptor again for writing");
}

static enum cr_attack_outcome reopen_proc(const struct cr_attack_env *env)
{
	return reopen(env, "/proc/self/fd", O_RDONLY);
}

static enum cr_attack_outcome reopen_dev(const struct cr_attack_env *env)
{
	return reopen(env, "/dev/fd", O_RDONLY);
}

static enum cr_attack_outcome reopen_o_path(const struct cr_attack_env *env)
{
	return reopen(env, "/proc/thread-self/fd", O_PATH);
}

static enum cr_attack_outcome rename_into(const struct cr_attack_env *env)
{
	const char *evil = cr_attack_scratch(env, "evil");

	if (!evil)
		return cr_attack_untestable(env, "scratch: %s", strerror(errno));
	return cr_attack_result(env, rename(evil, cr_attack_path("%s/new", env->outside)),
				"rename into the outside directory");
}

static enum cr_attack_outcome rename_dir_into(const struct cr_attack_env *env)
{
	const char *dir = cr_attack_path("%s/scratch/dir", env->workspace);

	if (mkdir(dir, 0755) < 0)
		return cr_attack_untestable(env, "scratch: %s", strerror(errno));
	return cr_attack_result(env, rename(dir, cr_attack_path("%s/empty", env->outside)),
				"rename a directory over an outside one");
}

/* To move a file in is to take it away from where it was. */
static enum cr_attack_outcome rename_in(const struct cr_attack_env *env)
{
	return cr_attack_result(
		env,
		rename(cr_attack_target(env), cr_attack_path("%s/scratch/stolen", env->workspace)),
		"rename into the workspace");
}

static enum cr_attack_outcome link_in(const struct cr_attack_env *env)
{
	return cr_attack_result(
		env,
		link(cr_attack_target(env), cr_attack_path("%s/scratch/alias", env->workspace)),
		"hard-link into the workspace");
}

struct handle { /* struct file_handle with room for any file system's */
	unsigned bytes;
	int type;
	unsigned char data[128];
};

/* Opening by handle walks no path, so no view of the tree stands in its way. */
static enum cr_attack_outcome open_by_handle(const struct cr_attack_env *env)
{
	struct handle handle = {.bytes = sizeof(handle.data)};
	int mount_id, dir = open(env->workspace, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long fd;

	if (dir < 0 || syscall(SYS_name_to_handle_at, AT_FDCWD, cr_attack_target(env), &handle,
			       &mount_id, 0) < 0)
		return cr_attack_refused(env, "name_to_handle_at");
	fd = syscall(SYS_open_by_handle_at, dir, &handle, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return cr_attack_refused(env, "open_by_handle_at");
	return cr_attack_result(env, write((int)fd, "pwned\n", 6), "write by handle");
}

/* A core dump goes to the directory the process stands in. */
static enum cr_attack_outcome write_in_cwd(const struct cr_attack_env *env)
{
	if (chdir(env->outside) < 0)
		return cr_attack_refused(env, "chdir");
	return cr_attack_result(env, cr_attack_put("core", O_CREAT), "create after chdir");
}

/* Device nodes left for somebody who may open them. */
static enum cr_attack_outcome device_node(const struct cr_attack_env *env)
{
	const char *path = cr_attack_path("%s/scratch/null", env->workspace);

	return cr_attack_result(env, mknod(path, S_IFCHR | 0666, makedev(1, 3)), "mknod device");
}

struct special {
	const char *name;
	unsigned mode;
	long (*make)(const char *path, unsigned mode);
};

static long by_chmod(const char *path, unsigned mode)
{
	return cr_attack_put(path, O_CREAT) < 0 ? -1 : chmod(path, mode);
}

static long by_fchmod(const char *path, unsigned mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? -1 : fchmod(fd, mode);
}

static long by_fchmodat2(const char *path, unsigned mode)
{
	if (cr_attack_put(path, O_CREAT) < 0)
		return -1;
	return syscall(452 /* fchmodat2 */, AT_FDCWD, path, mode, 0);
}

static long by_open(const char *path, unsigned mode)
{
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
}

static long by_openat2(const char *path, unsigned mode)
{
	struct open_how how = {.flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, .mode = mode};

	return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

static long by_mknod(const char *path, unsigned mode)
{
	return mknod(path, S_IFREG | mode, 0);
}

static const struct special specials[] = {
	{"setuid-chmod", 04755, by_chmod}, {"setuid-fchmod", 04755, by_fchmod},
	{"setuid-open", 04755, by_open},   {"setuid-fchmodat2", 04755, by_fchmodat2},
	{"setuid-mknod", 04755, by_mknod}, {"setuid-openat2", 04755, by_openat2},
	{"setgid-chmod", 02755, by_chmod},
};

/* A program that gives its caller the user's identity, left where others of the host can run it. */
static enum cr_attack_outcome special_bits(const struct cr_attack_env *env)
{
	const char *path = cr_attack_path("%s/scratch/special", env->workspace);
	struct stat st;

	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
		if (strcmp(specials[i].name, env->arg) != 0)
			continue;
		umask(0);
		if (specials[i].make(path, specials[i].mode) < 0)
			return cr_attack_refused(env, "%s", env->arg);
		if (stat(path, &st) == 0 && (st.st_mode & 06000))
			return cr_attack_succeeded(env, "mode %o", st.st_mode);
		errno = EPERM;
		return cr_attack_refused(env, "the bit did not stay");
	}
	return cr_attack_untestable(env, "bad row");
}

#define ROW(NAME, THREATS, TITLE, FN, ARG)                                              \
	{                                                                               \
		.name = NAME, .threats = THREATS, .title = TITLE, .fn = FN, .arg = ARG, \
		.tiers = CR_HOLDS_BOTH, .traits = CR_TRAIT_TRACE                        \
	}
#define SPECIAL(NAME, TITLE)                                                                    \
	{                                                                                       \
		.name = NAME, .threats = "13", .title = TITLE, .fn = special_bits, .arg = NAME, \
		.tiers = CR_HOLDS_BOTH                                                          \
	}

static const struct cr_attack rows[] = {
	ROW("outside-create", "15", "create a file outside", cr_path_create, "out:new"),
	ROW("outside-overwrite", "15", "overwrite a file outside", cr_path_overwrite,
	    "out:precious"),
	ROW("outside-append", "15", "append to a file outside", cr_path_append, "out:precious"),
	ROW("outside-truncate", "18", "truncate a file outside", cr_path_truncate, "out:precious"),
	ROW("outside-unlink", "18", "delete a file outside", cr_path_unlink, "out:precious"),
	ROW("outside-mkdir", "18", "make a directory outside", cr_path_mkdir, "out:new"),
	ROW("outside-rmdir", "18", "remove a directory outside", cr_path_rmdir, "out:empty"),
	ROW("outside-symlink", "18", "make a symlink outside", cr_path_symlink, "out:new"),
	ROW("outside-fifo", "18", "make a fifo outside", cr_path_fifo, "out:new"),
	ROW("outside-bind", "18", "make a socket outside", cr_path_bind, "out:new"),
	ROW("outside-link-out", "18", "hard-link a file of ours outside", cr_path_link_from_scratch,
	    "out:new"),
	ROW("outside-tmpfile", "18", "link an unnamed file outside", cr_path_tmpfile, "out:new"),
	ROW("outside-rename-away", "18", "rename a file outside", cr_path_rename_away,
	    "out:precious"),
	ROW("outside-rename-over", "18", "rename over a file outside", cr_path_rename_over,
	    "out:precious"),
	ROW("outside-exchange", "18", "exchange with a file outside", cr_path_exchange,
	    "out:precious"),
	ROW("outside-rename-into", "18", "rename a file of ours outside", rename_into, NULL),
	ROW("outside-rename-dir-into", "18", "rename a directory of ours outside", rename_dir_into,
	    NULL),
	ROW("outside-rename-in", "18", "move an outside file into the workspace", rename_in,
	    "out:precious"),
	ROW("outside-link-in", "12 18", "hard-link an outside file into the workspace", link_in,
	    "out:precious"),
	ROW("outside-link-write", "12 18", "hard-link an outside file and write through it",
	    cr_path_link_and_write, "out:precious"),
	ROW("outside-dir-replace", "18", "rename the outside directory away and replace it",
	    cr_path_parent_away, "home:outside>out:precious"),
	ROW("home-create", "15", "create a file in the home directory", cr_path_create, "home:new"),
	ROW("tmp-host-overwrite", "15", "overwrite a file in the host's /tmp", cr_path_overwrite,
	    "tmp:file"),
	{
		/* A box has a /tmp of its own, where this may well succeed. */
		.name = "tmp-host-create",
		.threats = "15",
		.title = "create a file in a directory of the host's /tmp",
		.fn = cr_path_create,
		.arg = "tmp:new",
		.tiers = CR_HOLDS_BOTH,
		.traits = CR_TRAIT_TRACE | CR_TRAIT_BY_TRACE,
	},
	ROW("symlink-write", "14", "write through a symlink", through_symlink, "out:precious"),
	ROW("symlink-dir-create", "14", "create through a directory symlink", through_dir_symlink,
	    NULL),
	ROW("dotdot-write", "15", "write through openat and ..", through_dotdot, NULL),
	ROW("openat2-write", "18", "open for writing with openat2", through_openat2,
	    "out:precious"),
	ROW("chdir-create", "15", "chdir outside and create there", write_in_cwd, NULL),
	ROW("proc-root-write", "17", "write through /proc/self/root", through_proc_root,
	    "out:precious"),
	ROW("proc-cwd-write", "17", "write through /proc/self/cwd", through_proc_cwd, NULL),
	ROW("proc-fd-reopen", "17", "reopen a read-only descriptor through /proc/self/fd",
	    reopen_proc, "out:precious"),
	ROW("dev-fd-reopen", "17", "reopen a read-only descriptor through /dev/fd", reopen_dev,
	    "out:precious"),
	ROW("o-path-reopen", "17", "reopen an O_PATH descriptor for writing", reopen_o_path,
	    "out:precious"),
	{
		.name = "handle-write",
		.threats = "17 18",
		.title = "open an outside file by handle",
		.fn = open_by_handle,
		.arg = "out:precious",
		.tiers = CR_HOLDS_BOTH,
		.needs = CR_NEEDS_ROOT,
		.traits = CR_TRAIT_TRACE,
	},
	{
		.name = "device-node-left",
		.threats = "13 32",
		.title = "leave a device node in the workspace",
		.fn = device_node,
		.tiers = CR_HOLDS_BOTH,
		.needs = CR_NEEDS_ROOT,
	},
	SPECIAL("setuid-chmod", "leave a setuid program (chmod)"),
	SPECIAL("setuid-fchmod", "leave a setuid program (fchmod)"),
	SPECIAL("setuid-fchmodat2", "leave a setuid program (fchmodat2)"),
	SPECIAL("setuid-open", "leave a setuid program (open with mode)"),
	SPECIAL("setuid-openat2", "leave a setuid program (openat2 with mode)"),
	SPECIAL("setuid-mknod", "leave a setuid program (mknod)"),
	SPECIAL("setgid-chmod", "leave a setgid program (chmod)"),
};

CR_ATTACK_TABLE(cr_attacks_outside, rows);
