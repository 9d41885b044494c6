/*
 * attributes.c - changes of an outside file that open() never sees and Landlock
 * does not mediate: mode, owner, times, extended attributes, flags
 * (threat 19).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attack.h"

static enum cr_attack_outcome by_chmod(const struct cr_attack_env *env)
{
	return cr_attack_result(env, chmod(cr_attack_target(env), 0777), "chmod");
}

static enum cr_attack_outcome by_fchmod(const struct cr_attack_env *env)
{
	int fd = open(cr_attack_target(env), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return cr_attack_untestable(env, "open for reading: %s", strerror(errno));
	return cr_attack_result(env, fchmod(fd, 0777), "fchmod of a read-only descriptor");
}

static enum cr_attack_outcome by_fchmodat2(const struct cr_attack_env *env)
{
	return cr_attack_result(
		env, syscall(452 /* fchmodat2 */, AT_FDCWD, cr_attack_target(env), 0777, 0),
		"fchmodat2");
}

/* To oneself: allowed to everybody, and it takes setuid bits and capabilities away. */
static enum cr_attack_outcome by_chown(const struct cr_attack_env *env)
{
	return cr_attack_result(env, chown(cr_attack_target(env), getuid(), getgid()), "chown");
}

static enum cr_attack_outcome by_fchownat(const struct cr_attack_env *env)
{
	int fd = open(cr_attack_target(env), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return cr_attack_untestable(env, "open for reading: %s", strerror(errno));
	return cr_attack_result(env, fchownat(fd, "", getuid(), getgid(), AT_EMPTY_PATH),
				"fchownat of a read-only descriptor");
}

static enum cr_attack_outcome by_utimens(const struct cr_attack_env *env)
{
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	return cr_attack_result(env, utimensat(AT_FDCWD, cr_attack_target(env), times, 0),
				"utimensat");
}

static enum cr_attack_outcome by_futimens(const struct cr_attack_env *env)
{
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	int fd = open(cr_attack_target(env), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return cr_attack_untestable(env, "open for reading: %s", strerror(errno));
	return cr_attack_result(env, futimens(fd, times), "futimens of a read-only descriptor");
}

static enum cr_attack_outcome by_setxattr(const struct cr_attack_env *env)
{
	return cr_attack_result(env, setxattr(cr_attack_target(env), "user.pwned", "1", 1, 0),
				"setxattr");
}

static enum cr_attack_outcome by_fsetxattr(const struct cr_attack_env *env)
{
	int fd = open(cr_attack_target(env), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return cr_attack_untestable(env, "open for reading: %s", strerror(errno));
	return cr_attack_result(env, fsetxattr(fd, "user.pwned", "1", 1, 0),
				"fsetxattr of a read-only descriptor");
}

static enum cr_attack_outcome by_setflags(const struct cr_attack_env *env)
{
	int fd = open(cr_attack_target(env), O_RDONLY | O_CLOEXEC);
	int flags = 0;

	if (fd < 0)
		return cr_attack_untestable(env, "open for reading: %s", strerror(errno));
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return cr_attack_refused(env, "FS_IOC_GETFLAGS");
	flags |= FS_NODUMP_FL;
	return cr_attack_result(env, ioctl(fd, FS_IOC_SETFLAGS, &flags), "FS_IOC_SETFLAGS");
}

/* A lock that another program waits for. Nothing is changed, so nobody can see it but the victim.
 */
static enum cr_attack_outcome by_flock(const struct cr_attack_env *env)
{
	int fd = open(cr_attack_target(env), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return cr_attack_untestable(env, "open for reading: %s", strerror(errno));
	return cr_attack_result(env, flock(fd, LOCK_EX | LOCK_NB), "flock");
}

#define ROW(NAME, TITLE, FN, ARG)                                                    \
	{                                                                            \
		.name = NAME, .threats = "19", .title = TITLE, .fn = FN, .arg = ARG, \
		.tiers = CR_HOLDS_FULL, .traits = CR_TRAIT_TRACE, .gap = "metadata"  \
	}

static const struct cr_attack rows[] = {
	ROW("chmod-outside", "chmod a file outside", by_chmod, "out:precious"),
	ROW("fchmod-outside", "fchmod a file outside", by_fchmod, "out:precious"),
	ROW("fchmodat2-outside", "fchmodat2 a file outside", by_fchmodat2, "out:precious"),
	ROW("chmod-protected", "chmod a git hook", by_chmod, "ws:.git/hooks/post-checkout"),
	ROW("chown-outside", "chown a file outside", by_chown, "out:precious"),
	ROW("fchownat-outside", "fchownat a file outside", by_fchownat, "out:precious"),
	ROW("utimens-outside", "set the times of a file outside", by_utimens, "out:precious"),
	ROW("futimens-outside", "set the times of a file outside by descriptor", by_futimens,
	    "out:precious"),
	{
		.name = "setxattr-outside",
		.threats = "19",
		.title = "set an extended attribute of a file outside",
		.fn = by_setxattr,
		.arg = "out:precious",
		.tiers = CR_HOLDS_FULL,
		.traits = CR_TRAIT_TRACE | CR_TRAIT_MAY_LACK, /* not every file system has them */
		.gap = "metadata",
	},
	{
		.name = "fsetxattr-outside",
		.threats = "19",
		.title = "set an extended attribute of a file outside by descriptor",
		.fn = by_fsetxattr,
		.arg = "out:precious",
		.tiers = CR_HOLDS_FULL,
		.traits = CR_TRAIT_TRACE | CR_TRAIT_MAY_LACK,
		.gap = "metadata",
	},
	{
		.name = "setflags-outside",
		.threats = "19",
		.title = "set inode flags of a file outside (FS_IOC_SETFLAGS)",
		.fn = by_setflags,
		.arg = "out:precious",
		.tiers = CR_HOLDS_FULL,
		.traits = CR_TRAIT_TRACE | CR_TRAIT_MAY_LACK,
		.gap = "metadata",
	},
	{
		.name = "flock-outside",
		.threats = "19",
		.title = "lock a file outside against its owner",
		.fn = by_flock,
		.arg = "out:precious",
		.tiers = 0, /* any reader may: not protected, see docs/threat-model.md */
		.gap = NULL,
	},
};

CR_ATTACK_TABLE(cr_attacks_attributes, rows);
