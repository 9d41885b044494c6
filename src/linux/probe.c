/*
 * probe.c - what can this host enforce?
 *
 * The quick probe runs before every box and asks what is cheap; whether namespaces may be made
 * shows when the box is built, as CR_E_TIER. The thorough one reads settings, tries, and says why
 * not. Must not change anything on the host.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/backend.h"
#include "core/linux_abi.h"
#include "linux/box.h"
#include "linux/calls.h"
#include "linux/fd.h"

/* The first number in a small file; `missing` when it cannot be read. */
static long read_number(const char *path, long missing)
{
	char text[32] = "";
	CR_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return missing;
	return strtol(text, NULL, 10);
}

static const struct {
	const char *path;
	long forbids; /* the value at which user namespaces are not to be had */
	int root_too;
} namespace_settings[] = {
	{"/proc/sys/user/max_user_namespaces", 0, 1},
	{"/proc/sys/kernel/unprivileged_userns_clone", 0, 0},
	{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1, 0},
};

static void probe_namespaces(struct cr_facts *facts)
{
	facts->user_namespaces = CR_YES;
	for (size_t i = 0; i < sizeof(namespace_settings) / sizeof(namespace_settings[0]); i++) {
		long value = read_number(namespace_settings[i].path, -1);

		if (value != namespace_settings[i].forbids)
			continue;
		if (facts->uid == 0 && !namespace_settings[i].root_too)
			continue;
		facts->user_namespaces = CR_NO;
		snprintf(facts->user_namespaces_why, sizeof(facts->user_namespaces_why), "%s = %ld",
			 namespace_settings[i].path + strlen("/proc/sys/"), value);
		return;
	}
}

static bool has_seccomp_action(uint32_t action)
{
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int cr_probe(struct cr_facts *facts, struct cr_err *err)
{
	struct utsname uts;

	*facts =
		(struct cr_facts){.os = CR_OS_LINUX, .uid = geteuid(), .gid = getegid(), .tty = -1};
	if (uname(&uts) < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot ask for the kernel's version");
	snprintf(facts->release, sizeof(facts->release), "%s", uts.release);

	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CR_LL_CREATE_RULESET_VERSION);

	facts->landlock_abi = abi > 0 ? (int)abi : 0;
	facts->seccomp_filter = has_seccomp_action(SECCOMP_RET_ERRNO);
	facts->seccomp_notify = has_seccomp_action(SECCOMP_RET_USER_NOTIF);

	/* All of it came with Linux 5.12; with wrong arguments it does nothing but say so. */
	facts->new_mount_api = mount_setattr(-1, "", 0, NULL, 0) < 0 && errno != ENOSYS;
	facts->pidfd = pidfd_open(-1, 0) < 0 && errno != ENOSYS;
	facts->user_namespaces = facts->new_mount_api ? CR_UNKNOWN : CR_NO;
	for (int fd = 0; fd < 3 && facts->tty < 0; fd++)
		facts->tty = isatty(fd) ? fd : -1;
	/* One without a name is as good as one that has none in the box. */
	if (facts->tty < 0 || ttyname_r(facts->tty, facts->tty_path, sizeof(facts->tty_path)) != 0)
		facts->tty_path[0] = '\0';
	return 0;
}

/* In a child of its own: a filter cannot be taken off again. */
void cr_probe_notify(struct cr_facts *facts)
{
	int status, listener;
	struct cr_err err;
	pid_t pid;

	/* Who is under no filter is under no listener either, which saves the process. */
	if (!facts->seccomp_notify || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_DISABLED)
		return;
	pid = fork();
	if (pid == 0)
		_exit(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		      cr_seccomp_install_watched("landlock-proxy-connect", &listener, &err) < 0);
	facts->seccomp_notify = pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
				WEXITSTATUS(status) == 0;
}

/* In a child of its own: a namespace cannot be left again. Returns an errno, or 0. */
static int try_namespaces(void)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return errno;
	if (pid == 0) {
		int flags =
			CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

		if (unshare(flags) < 0)
			_exit(errno & 0xff);

		struct mount_attr attr = {.propagation = MS_PRIVATE};

		if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)) < 0)
			_exit(errno & 0xff);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) < 0)
		return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

int cr_probe_thoroughly(struct cr_facts *facts, struct cr_err *err)
{
	if (cr_probe(facts, err) < 0)
		return -1;
	probe_namespaces(facts);
	cr_probe_limits(facts);

	int code = try_namespaces();

	if (code == 0 && facts->new_mount_api) {
		facts->user_namespaces = CR_YES;
		return 0;
	}
	if (facts->user_namespaces != CR_NO)
		snprintf(facts->user_namespaces_why, sizeof(facts->user_namespaces_why),
			 "the kernel answers: %.80s", strerror(code));
	facts->user_namespaces = CR_NO;
	return 0;
}
