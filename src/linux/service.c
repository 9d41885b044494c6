/*
 * service.c - a process of carrel's own that reads what strangers send: how it is confined, and
 * ended.
 *
 * Should a parser be taken over, what is left is sockets: no file can be opened (Landlock), no
 * program started, no memory made executable, no other process signalled or traced (seccomp).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/linux_abi.h"
#include "linux/box.h"
#include "linux/child.h"
#include "linux/fd.h"

#define FAREWELL_MS 1000 /* for closing what is open, before it is killed */

/* A ruleset without rules: nothing of what it handles is allowed. */
static int forbid_files(struct cr_err *err)
{
	struct cr_ll_ruleset_attr attr = {0};
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, CR_LL_CREATE_RULESET_VERSION);

	if (abi < 1)
		return 0; /* seccomp knows no call that opens one either */
	attr.handled_access_fs = CR_LL_EXECUTE | CR_LL_READ_FILE | CR_LL_READ_DIR |
				 CR_LL_WRITE_FILE | CR_LL_REMOVE_DIR | CR_LL_REMOVE_FILE |
				 CR_LL_MAKE_CHAR | CR_LL_MAKE_DIR | CR_LL_MAKE_REG |
				 CR_LL_MAKE_SOCK | CR_LL_MAKE_FIFO | CR_LL_MAKE_BLOCK |
				 CR_LL_MAKE_SYM;
	if (abi >= 6)
		attr.scoped = CR_LL_SCOPE_ABSTRACT_UNIX | CR_LL_SCOPE_SIGNAL;

	size_t size = attr.scoped ? sizeof(attr) : sizeof(attr.handled_access_fs);
	CR_AUTO_FD int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);

	if (ruleset < 0 || syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot confine the broker");
	return 0;
}

int cr_broker_confine(struct cr_err *err)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot confine the broker");
	if (cr_drop_capabilities(err) < 0 || forbid_files(err) < 0)
		return -1;
	return cr_seccomp_install("broker", err);
}

/* Until the other end is closed, or the time is up. What it says meanwhile nobody needs. */
static void await_end(int talk)
{
	struct pollfd polled = {.fd = talk, .events = POLLIN};
	struct cr_net_msg msg;
	CR_AUTO_FD int fd = -1;

	uint64_t end = cr_now_ms() + FAREWELL_MS;

	while (cr_now_ms() < end && poll(&polled, 1, FAREWELL_MS) > 0 &&
	       cr_net_receive(talk, &msg, &fd) > 0)
		cr_close_fd(&fd);
}

void cr_broker_end(struct cr_broker *broker)
{
	pid_t pid = (pid_t)broker->pid;

	if (!pid)
		return;
	cr_close_fd(&broker->capture);
	if (broker->talk >= 0 && shutdown(broker->talk, SHUT_WR) == 0)
		await_end(broker->talk);
	cr_close_fd(&broker->talk);
	kill(pid, SIGKILL); /* not reaped: the number is its own */
	cr_reap(&pid);
	broker->pid = 0;
}
