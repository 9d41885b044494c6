/*
 * confine.c - what a process gives up for good: capabilities, system calls, resources.
 *
 * Every call is checked; there is no "as far as possible" here.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/calls.h"
#include "linux/seccomp_filters.h"

static int set_capabilities(uint32_t low, struct cr_err *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{.effective = low, .permitted = low}};

	if (syscall(SYS_capset, &header, data) < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot drop capabilities");
	return 0;
}

/* EPERM is expected of an ordinary user in the landlock tier, who has nothing to drop. With
 * CAP_SETPCAP in hand it is a refusal. */
static bool is_expected(int cause)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (cause != EPERM || syscall(SYS_capget, &header, data) < 0)
		return false;
	return !(data[0].effective & 1U << CAP_SETPCAP);
}

/* Until the kernel knows no further one. */
static int drop_bounding_set(struct cr_err *err)
{
	int cap = 0;

	while (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
		cap++;
	if (errno != EINVAL && !is_expected(errno))
		return cr_fail_os(err, CR_E_STEP, errno, "cannot drop capability %d", cap);
	return 0;
}

int cr_drop_for_good(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	struct cr_err *err = box->err;
	unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
			     SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
			     SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

	(void)step;
	(void)grab;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot set no_new_privs");

	if (drop_bounding_set(err) < 0)
		return -1;
	if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0 && !is_expected(errno))
		return cr_fail_os(err, CR_E_STEP, errno, "cannot set securebits");
	return 0;
}

int cr_drop_capabilities(struct cr_err *err)
{
	return set_capabilities(0, err);
}

int cr_drop_to_clean_up(const struct cr_box *box, struct cr_err *err)
{
	uint32_t kept = box->birth.tier != CR_TIER_FULL ? 0 : 1U << CAP_SYS_ADMIN;

	if (cr_captures(box))
		kept |= 1U << CAP_NET_BIND_SERVICE;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot set no_new_privs");
	return set_capabilities(kept, err);
}

static int install(const char *name, unsigned flags, struct cr_err *err)
{
	const struct cr_seccomp_filter *filter = cr_seccomp_find(name);

	if (!filter)
		return cr_fail(err, CR_E_INTERNAL, "no seccomp filter '%s'", name);

	/* The kernel only reads through this pointer; its type predates const. */
	struct sock_fprog program = {
		.len = filter->len,
		.filter = (struct sock_filter *)(uintptr_t)filter->code,
	};
	int result = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);

	if (result < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot install the seccomp filter '%s'",
				  name);
	return result;
}

int cr_seccomp_install(const char *name, struct cr_err *err)
{
	return install(name, 0, err) < 0 ? -1 : 0;
}

/*
 * Programs that get signals all the time (Go's preemption, timers) would have their calls restarted
 * while we judge them: a connect that the broker has made already would be made again and fail
 * with EISCONN. So only a fatal signal interrupts a call that we have received. Linux before 5.19
 * has no such flag; until 6.17 an answer at the very moment of a signal can still be lost.
 */
int cr_seccomp_install_watched(const char *name, int *listener, struct cr_err *err)
{
	const unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;

	*listener = install(name, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, NULL);
	if (*listener < 0)
		*listener = install(name, flags, err);
	return *listener < 0 ? -1 : 0;
}

static const struct {
	const char *name;
	int resource;
} rlimits[] = {
	{"address-space", RLIMIT_AS}, {"data", RLIMIT_DATA},       {"processes", RLIMIT_NPROC},
	{"files", RLIMIT_NOFILE},     {"file-size", RLIMIT_FSIZE}, {"core", RLIMIT_CORE},
};

int cr_rlimit_step(const struct cr_step *step, struct cr_err *err)
{
	for (size_t i = 0; i < sizeof(rlimits) / sizeof(rlimits[0]); i++) {
		if (strcmp(rlimits[i].name, step->detail))
			continue;

		struct rlimit now;

		if (getrlimit(rlimits[i].resource, &now) < 0)
			return cr_fail_os(err, CR_E_STEP, errno, "cannot read a resource limit");
		/* Never wider than what we were given ourselves. */
		rlim_t want = step->value < now.rlim_max ? (rlim_t)step->value : now.rlim_max;
		struct rlimit limit = {.rlim_cur = want, .rlim_max = want};

		if (setrlimit(rlimits[i].resource, &limit) < 0)
			return cr_fail_os(err, CR_E_STEP, errno, "cannot set a resource limit");
		return 0;
	}
	return cr_fail(err, CR_E_INTERNAL, "unknown resource '%s'", step->detail);
}
