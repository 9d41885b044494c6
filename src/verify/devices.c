/*
 * devices.c - the machine behind the files: devices, global settings in
 * /proc and /sys, control groups (threat 32).
 *
 * A setting is opened for writing and, where that works, given the value it has
 * already. Nothing is written to a disk, a log or a trigger.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "attack.h"

static enum cr_attack_outcome open_rw(const struct cr_attack_env *env)
{
	return cr_attack_result(env, open(env->arg, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
				"open");
}

static enum cr_attack_outcome open_read(const struct cr_attack_env *env)
{
	char block[16];
	int fd = open(env->arg, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return cr_attack_refused(env, "open");
	return cr_attack_result(env, read(fd, block, sizeof(block)), "read");
}

static enum cr_attack_outcome open_write(const struct cr_attack_env *env)
{
	return cr_attack_result(env, open(env->arg, O_WRONLY | O_CLOEXEC), "open for writing");
}

/* Writes back what it reads: a change by nobody's measure, but a proof. */
static enum cr_attack_outcome rewrite(const struct cr_attack_env *env)
{
	char value[4096];
	int in = open(env->arg, O_RDONLY | O_CLOEXEC), out;
	ssize_t got;

	if (in < 0)
		return cr_attack_refused(env, "read");
	got = read(in, value, sizeof(value));
	close(in);
	if (got < 0)
		return cr_attack_refused(env, "read");
	out = open(env->arg, O_WRONLY | O_CLOEXEC);
	if (out < 0)
		return cr_attack_refused(env, "open for writing");
	return cr_attack_result(env, write(out, value, (size_t)got), "write");
}

static const char *writable_below;

static int try_writable(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	int fd;

	(void)ftw;
	if (type != FTW_F || !(st->st_mode & 0222))
		return 0;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return 0;
	close(fd);
	writable_below = cr_attack_path("%s", path);
	return 1;
}

/* Any file below the row's directory that opens for writing is one too many. */
static enum cr_attack_outcome any_writable(const struct cr_attack_env *env)
{
	if (access(env->arg, F_OK) < 0)
		return cr_attack_refused(env, "%s", env->arg);
	writable_below = NULL;
	nftw(env->arg, try_writable, 32, FTW_PHYS);
	if (writable_below)
		return cr_attack_succeeded(env, "%s opens for writing", writable_below);
	errno = EACCES;
	return cr_attack_refused(env, "nothing below %s opens for writing", env->arg);
}

static enum cr_attack_outcome make_cgroup(const struct cr_attack_env *env)
{
	static const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified",
					    "/sys/fs/cgroup/memory", "/sys/fs/cgroup/systemd"};

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		const char *dir = cr_attack_path("%s/carrel-attack", roots[i]);

		/* A tmpfs of directories for the controllers is no control group itself. */
		if (access(cr_attack_path("%s/cgroup.procs", roots[i]), F_OK) < 0)
			continue;
		if (mkdir(dir, 0755) == 0) {
			rmdir(dir);
			return cr_attack_succeeded(env, "mkdir in %s", roots[i]);
		}
	}
	return cr_attack_refused(env, "mkdir");
}

/* The disk under the workspace, by a node of our own: whoever reads it reads every file. */
static enum cr_attack_outcome make_disk(const struct cr_attack_env *env)
{
	const char *node = cr_attack_path("%s/scratch/disk", env->workspace);
	struct stat st;
	char block[16];
	int fd;

	if (stat("/", &st) < 0)
		return cr_attack_untestable(env, "stat /: %s", strerror(errno));
	if (mknod(node, S_IFBLK | 0600, st.st_dev) < 0)
		return cr_attack_refused(env, "mknod");
	fd = open(node, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return cr_attack_refused(env, "open the node");
	return cr_attack_result(env, read(fd, block, sizeof(block)), "read the disk");
}

static enum cr_attack_outcome open_disk(const struct cr_attack_env *env)
{
	DIR *dev = opendir("/dev");
	const char *found = NULL;
	struct dirent *entry;
	char block[16];
	int tried = 0;

	if (!dev)
		return cr_attack_refused(env, "open /dev");
	while (!found && (entry = readdir(dev))) {
		const char *path = cr_attack_path("/dev/%s", entry->d_name);
		struct stat st;
		int fd;

		if (lstat(path, &st) < 0 || !S_ISBLK(st.st_mode) || major(st.st_rdev) == 7)
			continue;
		tried++;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && read(fd, block, sizeof(block)) > 0)
			found = path;
	}
	closedir(dev);
	if (found)
		return cr_attack_succeeded(env, "read %s", found);
	errno = ENOENT;
	return cr_attack_refused(env, "%d block devices", tried);
}

static enum cr_attack_outcome write_pty(const struct cr_attack_env *env)
{
	int fd;

	if (!env->pty[0])
		return cr_attack_untestable(env, "the fixture has no terminal");
	fd = open(env->pty, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return cr_attack_refused(env, "open the terminal");
	return cr_attack_result(env, write(fd, "pwned\n", 6), "write to the terminal");
}

/* A name that the host's own devices have: a fresh /dev must not lead to them. */
static enum cr_attack_outcome all_ptys(const struct cr_attack_env *env)
{
	DIR *dir = opendir("/dev/pts");
	const char *opened = NULL;
	struct dirent *entry;
	char name[CR_ATTACK_TEXT] = "";

	if (!dir)
		return cr_attack_refused(env, "open /dev/pts");
	if (ttyname_r(0, name, sizeof(name)) != 0)
		name[0] = '\0';
	while (!opened && (entry = readdir(dir))) {
		const char *path = cr_attack_path("/dev/pts/%s", entry->d_name);

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || strcmp(path, name) == 0)
			continue;
		if (open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK) >= 0)
			opened = path;
	}
	closedir(dir);
	if (opened)
		return cr_attack_succeeded(env, "opened %s", opened);
	errno = ENOENT;
	return cr_attack_refused(env, "no other terminal");
}

#define ROW(NAME, TITLE, FN, ARG, NEEDS, TRAITS)                                     \
	{                                                                            \
		.name = NAME, .threats = "32", .title = TITLE, .fn = FN, .arg = ARG, \
		.tiers = CR_HOLDS_BOTH, .needs = NEEDS, .traits = TRAITS             \
	}
#define DEV(NAME, PATH) ROW("dev-" NAME, "open " PATH, open_rw, PATH, 0, CR_TRAIT_MAY_LACK)
#define SYSCTL(NAME, PATH) \
	ROW("sysctl-" NAME, "write " PATH, rewrite, PATH, CR_NEEDS_ROOT, CR_TRAIT_MAY_LACK)
#define TRIGGER(NAME, PATH) \
	ROW(NAME, "open " PATH " for writing", open_write, PATH, CR_NEEDS_ROOT, CR_TRAIT_MAY_LACK)
#define PEEK(NAME, PATH) ROW(NAME, "read " PATH, open_read, PATH, CR_NEEDS_ROOT, CR_TRAIT_MAY_LACK)

static const struct cr_attack rows[] = {
	SYSCTL("core-pattern", "/proc/sys/kernel/core_pattern"),
	SYSCTL("modprobe", "/proc/sys/kernel/modprobe"),
	SYSCTL("hotplug", "/proc/sys/kernel/hotplug"),
	SYSCTL("poweroff-cmd", "/proc/sys/kernel/poweroff_cmd"),
	SYSCTL("randomize", "/proc/sys/kernel/randomize_va_space"),
	SYSCTL("ptrace-scope", "/proc/sys/kernel/yama/ptrace_scope"),
	SYSCTL("suid-dumpable", "/proc/sys/fs/suid_dumpable"),
	SYSCTL("swappiness", "/proc/sys/vm/swappiness"),
	SYSCTL("userns", "/proc/sys/user/max_user_namespaces"),
	SYSCTL("ip-forward", "/proc/sys/net/ipv4/ip_forward"),
	SYSCTL("hostname", "/proc/sys/kernel/hostname"),
	SYSCTL("sysrq", "/proc/sys/kernel/sysrq"),
	TRIGGER("sysrq-trigger", "/proc/sysrq-trigger"),
	TRIGGER("binfmt-register", "/proc/sys/fs/binfmt_misc/register"),
	TRIGGER("proc-irq", "/proc/irq/default_smp_affinity"),
	TRIGGER("sys-uevent-helper", "/sys/kernel/uevent_helper"),
	TRIGGER("sys-power-state", "/sys/power/state"),
	TRIGGER("sys-uevent", "/sys/class/mem/null/uevent"),
	TRIGGER("cgroup-release-agent", "/sys/fs/cgroup/cpu/release_agent"),
	TRIGGER("cgroup-procs", "/sys/fs/cgroup/cpu/cgroup.procs"),
	TRIGGER("cgroup2-procs", "/sys/fs/cgroup/unified/cgroup.procs"),
	PEEK("proc-kcore", "/proc/kcore"),
	PEEK("proc-kmsg", "/proc/kmsg"),
	PEEK("debugfs", "/sys/kernel/debug/sleep_time"),
	{
		.name = "cgroup-mkdir",
		.threats = "32",
		.title = "make a control group",
		.fn = make_cgroup,
		.tiers = CR_HOLDS_BOTH,
		.needs = CR_NEEDS_ROOT,
		.traits = CR_TRAIT_MAY_LACK,
	},
	ROW("proc-sys-any", "write any file below /proc/sys", any_writable, "/proc/sys",
	    CR_NEEDS_ROOT, 0),
	ROW("sys-any", "write any file below /sys", any_writable, "/sys/kernel", CR_NEEDS_ROOT, 0),
	ROW("cgroup-any", "write any file of a control group", any_writable, "/sys/fs/cgroup",
	    CR_NEEDS_ROOT, CR_TRAIT_MAY_LACK),
	DEV("kvm", "/dev/kvm"),
	DEV("mem", "/dev/mem"),
	DEV("port", "/dev/port"),
	DEV("kmsg", "/dev/kmsg"),
	DEV("fuse", "/dev/fuse"),
	DEV("tun", "/dev/net/tun"),
	DEV("loop-control", "/dev/loop-control"),
	DEV("btrfs-control", "/dev/btrfs-control"),
	DEV("uinput", "/dev/uinput"),
	DEV("input", "/dev/input/event0"),
	DEV("mice", "/dev/input/mice"),
	DEV("dri", "/dev/dri/card0"),
	DEV("render", "/dev/dri/renderD128"),
	DEV("snd", "/dev/snd/controlC0"),
	DEV("video", "/dev/video0"),
	DEV("vhost", "/dev/vhost-net"),
	DEV("vsock", "/dev/vsock"),
	DEV("userfaultfd", "/dev/userfaultfd"),
	DEV("autofs", "/dev/autofs"),
	DEV("watchdog", "/dev/watchdog0"),
	DEV("hidraw", "/dev/hidraw0"),
	DEV("tty0", "/dev/tty0"),
	DEV("tty1", "/dev/tty1"),
	DEV("ttyS0", "/dev/ttyS0"),
	DEV("vcs", "/dev/vcs1"),
	DEV("cpu-dma-latency", "/dev/cpu_dma_latency"),
	DEV("hwrng", "/dev/hwrng"),
	{
		.name = "disk-mknod",
		.threats = "13 32",
		.title = "make a node for the disk and read it",
		.fn = make_disk,
		.tiers = CR_HOLDS_BOTH,
		.needs = CR_NEEDS_ROOT,
		.traits = CR_TRAIT_MAY_LACK,
	},
	ROW("disk-open", "read a disk", open_disk, NULL, CR_NEEDS_ROOT, CR_TRAIT_MAY_LACK),
	{
		.name = "terminal-write",
		.threats = "29 32",
		.title = "write to another terminal of the user",
		.fn = write_pty,
		.tiers = CR_HOLDS_BOTH,
		.traits = CR_TRAIT_TRACE,
	},
	{
		.name = "terminal-any",
		.threats = "29 32",
		.title = "open any other terminal",
		.fn = all_ptys,
		.tiers = CR_HOLDS_BOTH,
	},
};

CR_ATTACK_TABLE(cr_attacks_devices, rows);
