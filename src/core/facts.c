/*
 * facts.c - facts of typical hosts, for planning on another system.
 *
 * Must never be taken for this host's facts: cr_probe finds those.
 */
#include "facts.h"

#include <string.h>

static const struct cr_facts typical[] = {
	[CR_OS_LINUX] =
		{
			.os = CR_OS_LINUX,
			.release = "6.18 (typical)",
			.uid = 1000,
			.gid = 1000,
			.landlock_abi = 7,
			.user_namespaces = CR_YES,
			.new_mount_api = true,
			.seccomp_filter = true,
			.seccomp_notify = true,
			.pidfd = true,
			.tty = -1,
		},
	[CR_OS_WINDOWS] =
		{
			.os = CR_OS_WINDOWS,
			.release = "10.0.26100 (typical)",
			.tty = -1,
			.windows_build = 26100,
			.setup_done = true,
			.integrity_labels = true,
			.user_sid = "S-1-5-21-1000000001-1000000002-1000000003-1001",
			.logon_sid = "S-1-5-5-0-100001",
			.offline_sid = "S-1-5-21-1000000001-1000000002-1000000003-1101",
			.online_sid = "S-1-5-21-1000000001-1000000002-1000000003-1102",
			.sid_seed = {1111111111, 2222222222, 3333333333},
		},
	[CR_OS_MACOS] =
		{
			.os = CR_OS_MACOS,
			.release = "15.0 (typical)",
			.uid = 501,
			.gid = 20,
			.tty = -1,
		},
};

void cr_facts_typical(enum cr_os os, struct cr_facts *facts)
{
	*facts = typical[os];
}

void cr_facts_accept(struct cr_facts *facts, const char *const *accepted, size_t n_accepted)
{
	for (size_t i = 0; i < n_accepted; i++) {
		if (strcmp(accepted[i], "integrity") == 0)
			facts->integrity_labels = false;
	}
}
