/*
 * landlock.c - the second fence: in the full tier behind the mount view, in
 * the landlock tier the only one for files.
 *
 * Runs in the command, on itself. Source of numbers and meanings:
 * Documentation/userspace-api/landlock.rst of Linux 6.18. Must never skip a
 * rule: an allow that cannot be added ends the start, since a narrower box than
 * planned is as wrong as a wider one.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/linux_abi.h"
#include "linux/box.h"
#include "linux/fd.h"

int cr_landlock_create(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	struct cr_ll_ruleset_attr attr = {.handled_access_fs = step->value};

	if (step->detail && strstr(step->detail, "abstract-unix"))
		attr.scoped |= CR_LL_SCOPE_ABSTRACT_UNIX;
	if (step->detail && strstr(step->detail, "signal"))
		attr.scoped |= CR_LL_SCOPE_SIGNAL;
	/* Handled, and no rule allows a port: only sockets that others connect lead anywhere. */
	if (step->detail && strstr(step->detail, "tcp"))
		attr.handled_access_net = CR_LL_NET_BIND_TCP | CR_LL_NET_CONNECT_TCP;

	/* Kernels refuse a longer structure than they know unless the rest is zero. */
	size_t size = attr.scoped || attr.handled_access_net ? sizeof(attr)
							     : sizeof(attr.handled_access_fs);

	(void)grab;
	box->landlock = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (box->landlock < 0)
		return cr_step_fail(box, "create a Landlock ruleset");
	return 0;
}

int cr_landlock_allow(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	struct stat st;

	(void)grab;

	/* A neighbour of something hidden, listed and since removed: without a rule it is hidden.
	 */
	if (step->life == CR_LIFE_SNAPSHOT && lstat(step->path, &st) < 0 && errno == ENOENT)
		return 0;

	CR_AUTO_FD int fd = cr_open_target(box, step, &st);

	/* The same name for something else now: likewise. */
	if (fd < 0 && step->life == CR_LIFE_SNAPSHOT && box->err->code == CR_E_RACE) {
		box->err->code = CR_E_NONE;
		return 0;
	}
	if (fd < 0)
		return -1;

	struct cr_ll_path_beneath_attr rule = {.allowed_access = step->value, .parent_fd = fd};

	if (syscall(SYS_landlock_add_rule, box->landlock, CR_LL_RULE_PATH_BENEATH, &rule, 0) < 0)
		return cr_step_fail(box, "add a Landlock rule");
	return 0;
}

static uint64_t rights_of_mode(int flags)
{
	uint64_t read = CR_LL_READ_FILE;
	uint64_t write = CR_LL_WRITE_FILE | CR_LL_TRUNCATE | CR_LL_IOCTL_DEV;

	switch (flags & O_ACCMODE) {
	case O_RDONLY:
		return read;
	case O_WRONLY:
		return write;
	}
	return read | write;
}

/*
 * What 0, 1 and 2 are was given to the command on purpose. It may open them again the way
 * they are open (`> /dev/stderr` does): the terminal, or the file of a redirection.
 */
int cr_landlock_stdio(struct cr_box *box, const struct cr_step *step)
{
	struct cr_ll_path_beneath_attr rule;
	struct stat st;

	for (int fd = 0; fd < 3; fd++) {
		int flags = fcntl(fd, F_GETFL);

		if (flags < 0 || fstat(fd, &st) < 0)
			continue;
		if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
			continue;
		rule.parent_fd = fd;
		rule.allowed_access = step->value & rights_of_mode(flags);
		if (!rule.allowed_access)
			continue;
		if (syscall(SYS_landlock_add_rule, box->landlock, CR_LL_RULE_PATH_BENEATH, &rule,
			    0) < 0 &&
		    errno != EBADFD)
			return cr_step_fail(box, "add a Landlock rule");
	}
	return 0;
}

int cr_landlock_seal(struct cr_box *box)
{
	if (box->landlock < 0)
		return 0;
	if (syscall(SYS_landlock_restrict_self, box->landlock, 0) < 0)
		return cr_step_fail(box, "enter the Landlock domain");
	return 0;
}
