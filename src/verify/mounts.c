/*
 * mounts.c - taking the masks off: unmount, remount, move, clone and re-root
 * the file view (threats 20, 26).
 *
 * There are no masks outside, so the control runs in a namespace of its own where
 * the secret is covered and the outside directory is read-only, with the rights to undo it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

/* <sys/mount.h> and <linux/mount.h> of this libc exclude each other. */
int mount(const char *source, const char *target, const char *type, unsigned long flags,
	  const void *data);
int umount2(const char *target, int flags);

#define DETACH 2 /* MNT_DETACH */

static int put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return -1;
	rc = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
	close(fd);
	return rc;
}

static const char *secret_dir(const struct cr_attack_env *env)
{
	return cr_attack_path("%.*s", (int)(strrchr(env->secret, '/') - env->secret), env->secret);
}

int cr_attack_mask(const struct cr_attack_env *env)
{
	const unsigned uid = getuid(), gid = getgid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return -1;
	(void)put_text("/proc/self/setgroups", "deny");
	if (put_text("/proc/self/uid_map", cr_attack_path("%u %u 1", uid, uid)) < 0 ||
	    put_text("/proc/self/gid_map", cr_attack_path("%u %u 1", gid, gid)) < 0)
		return -1;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", secret_dir(env), "tmpfs", 0, NULL) < 0 ||
	    mount(env->outside, env->outside, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, env->outside, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
		return -1;
	return 0;
}

static enum cr_attack_outcome secret_shows(const struct cr_attack_env *env, const char *path,
					   const char *how)
{
	return cr_attack_result(env, cr_attack_finds(path, env->marker), how);
}

static enum cr_attack_outcome by_umount(const struct cr_attack_env *env)
{
	/* The mask may lie on the directory or on the file. */
	if (umount2(secret_dir(env), DETACH) < 0 && umount2(env->secret, DETACH) < 0)
		return cr_attack_refused(env, "umount2");
	return secret_shows(env, env->secret, "unmount the mask");
}

static enum cr_attack_outcome writable_now(const struct cr_attack_env *env, const char *how)
{
	return cr_attack_result(
		env, cr_attack_put(cr_attack_path("%s/precious", env->outside), O_APPEND), how);
}

static enum cr_attack_outcome by_remount(const struct cr_attack_env *env)
{
	if (mount(NULL, env->outside, NULL, MS_BIND | MS_REMOUNT, NULL) < 0 &&
	    mount(NULL, "/", NULL, MS_BIND | MS_REMOUNT, NULL) < 0)
		return cr_attack_refused(env, "remount");
	return writable_now(env, "remount for writing");
}

static enum cr_attack_outcome by_setattr(const struct cr_attack_env *env)
{
	struct mount_attr attr = {.attr_clr = MOUNT_ATTR_RDONLY};

	if (syscall(SYS_mount_setattr, AT_FDCWD, env->outside, 0, &attr, sizeof(attr)) < 0 &&
	    syscall(SYS_mount_setattr, AT_FDCWD, "/", 0x8000 /* AT_RECURSIVE */, &attr,
		    sizeof(attr)) < 0)
		return cr_attack_refused(env, "mount_setattr");
	return writable_now(env, "clear read-only");
}

/* A clone of one mount without what is mounted on it shows what lies beneath the masks. */
static enum cr_attack_outcome by_open_tree(const struct cr_attack_env *env)
{
	long tree =
		syscall(SYS_open_tree, AT_FDCWD, env->home, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0)
		return cr_attack_refused(env, "open_tree");
	return secret_shows(
		env,
		cr_attack_path("/proc/self/fd/%ld/%s", tree, env->secret + strlen(env->home) + 1),
		"look beneath the mask");
}

static enum cr_attack_outcome by_bind(const struct cr_attack_env *env)
{
	const char *at = cr_attack_path("%s/scratch/bind", env->workspace);

	if (mkdir(at, 0755) < 0)
		return cr_attack_untestable(env, "mkdir: %s", strerror(errno));
	if (mount(env->home, at, NULL, MS_BIND, NULL) < 0)
		return cr_attack_refused(env, "bind mount");
	return secret_shows(env, cr_attack_path("%s/%s", at, env->secret + strlen(env->home) + 1),
			    "bind the directory beneath the mask");
}

static enum cr_attack_outcome by_move(const struct cr_attack_env *env)
{
	const char *at = cr_attack_path("%s/scratch/move", env->workspace);
	int mask = open(secret_dir(env), O_PATH | O_CLOEXEC);

	if (mkdir(at, 0755) < 0)
		return cr_attack_untestable(env, "mkdir: %s", strerror(errno));
	if (mask < 0 ||
	    syscall(SYS_move_mount, mask, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return cr_attack_refused(env, "move_mount");
	return secret_shows(env, env->secret, "move the mask away");
}

static enum cr_attack_outcome by_fsopen(const struct cr_attack_env *env)
{
	return cr_attack_result(env, syscall(SYS_fsopen, "tmpfs", 0), "fsopen");
}

static enum cr_attack_outcome by_fspick(const struct cr_attack_env *env)
{
	const char *at = secret_dir(env);

	return cr_attack_result(env, syscall(SYS_fspick, AT_FDCWD, at, 0), "fspick");
}

static enum cr_attack_outcome by_tmpfs(const struct cr_attack_env *env)
{
	return cr_attack_result(
		env, mount("none", cr_attack_path("%s/scratch", env->workspace), "tmpfs", 0, NULL),
		"mount tmpfs");
}

static enum cr_attack_outcome by_proc(const struct cr_attack_env *env)
{
	const char *at = cr_attack_path("%s/scratch/sys", env->workspace);

	if (mkdir(at, 0755) < 0)
		return cr_attack_untestable(env, "mkdir: %s", strerror(errno));
	/* sysfs belongs to the network namespace; tmpfs and proc to others: any will do */
	return cr_attack_result(env,
				mount("none", at, "mqueue", 0, NULL) == 0 ||
						mount("none", at, "proc", 0, NULL) == 0 ||
						mount("none", at, "ramfs", 0, NULL) == 0
					? 0
					: -1,
				"mount a fresh kernel file system");
}

static enum cr_attack_outcome by_pivot(const struct cr_attack_env *env)
{
	const char *root = cr_attack_path("%s/scratch", env->workspace);

	/* pivot_root wants a mount point; without the right to make one it says EPERM first */
	(void)mount(root, root, NULL, MS_BIND, NULL);
	if (chdir(root) < 0)
		return cr_attack_untestable(env, "chdir: %s", strerror(errno));
	return cr_attack_result(env, syscall(SYS_pivot_root, ".", "."), "pivot_root");
}

/* The old way out of a chroot: a descriptor of what is above, then up. */
static enum cr_attack_outcome by_chroot(const struct cr_attack_env *env)
{
	int here = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (here < 0 || chroot(cr_attack_path("%s/scratch", env->workspace)) < 0)
		return cr_attack_refused(env, "chroot");
	return cr_attack_result(env, fchdir(here), "leave a chroot");
}

static enum cr_attack_outcome by_overlay(const struct cr_attack_env *env)
{
	const char *base = cr_attack_path("%s/scratch", env->workspace);
	const char *at = cr_attack_path("%s/o", base);
	const char *options = cr_attack_path("lowerdir=%s,upperdir=%s/u,workdir=%s/w,userxattr",
					     env->home, base, base);

	if (mkdir(at, 0755) < 0 || mkdir(cr_attack_path("%s/u", base), 0755) < 0 ||
	    mkdir(cr_attack_path("%s/w", base), 0755) < 0)
		return cr_attack_untestable(env, "mkdir: %s", strerror(errno));
	if (mount("none", at, "overlay", 0, options) < 0)
		return cr_attack_refused(env, "mount overlay");
	return secret_shows(env, cr_attack_path("%s/%s", at, env->secret + strlen(env->home) + 1),
			    "read beneath the mask through an overlay");
}

#define ROW(NAME, TITLE, FN, TRAITS)                                             \
	{                                                                        \
		.name = NAME, .threats = "20 26", .title = TITLE, .fn = FN,      \
		.tiers = CR_HOLDS_BOTH, .traits = CR_TRAIT_CONTROL_NS | (TRAITS) \
	}

static const struct cr_attack rows[] = {
	ROW("mask-umount", "unmount the mask of a hidden file", by_umount, 0),
	ROW("remount-writable", "remount for writing", by_remount, CR_TRAIT_TRACE),
	ROW("setattr-writable", "clear read-only with mount_setattr", by_setattr, CR_TRAIT_TRACE),
	ROW("mask-open-tree", "clone the tree beneath the mask", by_open_tree, 0),
	ROW("mask-bind", "bind-mount what lies beneath the mask", by_bind, 0),
	ROW("mask-move", "move the mask away", by_move, 0),
	ROW("mask-overlay", "read beneath the mask through overlayfs", by_overlay,
	    CR_TRAIT_MAY_LACK),
	ROW("fsopen", "make a file system with fsopen", by_fsopen, 0),
	ROW("fspick", "reconfigure a file system with fspick", by_fspick, 0),
	ROW("mount-tmpfs", "mount tmpfs", by_tmpfs, 0),
	ROW("mount-kernel-fs", "mount a fresh kernel file system", by_proc, CR_TRAIT_MAY_LACK),
	ROW("pivot-root", "pivot_root", by_pivot, 0),
	ROW("chroot-escape", "leave through a chroot", by_chroot, 0),
};

CR_ATTACK_TABLE(cr_attacks_mounts, rows);
