/*
 * facts.h - what one host can enforce, as data: filled by cr_probe, or by a
 * test, or from `--os` defaults. The planners read it and nothing else about
 * the host.
 */
#ifndef CR_FACTS_H
#define CR_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os.h"

enum cr_answer { /* of a probe that may not be able to tell */
		 CR_UNKNOWN,
		 CR_NO,
		 CR_YES,
};

struct cr_facts {
	enum cr_os os;
	char release[128]; /* kernel or build, for people */
	uint32_t uid, gid; /* Linux, macOS */

	/* Linux */
	int landlock_abi;               /* 0: none */
	enum cr_answer user_namespaces; /* may an ordinary process make one? */
	char user_namespaces_why[128];  /* the setting that forbids it, "" when allowed */
	bool new_mount_api;             /* open_tree, mount_setattr, move_mount, fsopen */
	bool seccomp_filter;
	bool seccomp_notify;
	bool pidfd;
	bool cgroup_delegated; /* a v2 cgroup of ours with the controllers below */
	bool cgroup_memory, cgroup_pids;
	char cgroup_path[512];           /* the delegated directory */
	bool inside_box;                 /* we run inside a carrel box */
	int tty;                         /* a descriptor that is a terminal, or -1 */
	char tty_path[64];               /* its name, "" for none */
	const char *const *unix_sockets; /* paths of live AF_UNIX sockets; see cr_probe_sockets */
	size_t n_unix_sockets;

	/* Windows */
	uint32_t windows_build;
	bool setup_done;       /* accounts and firewall rules of carrel-setup are there */
	bool inside_job;       /* we run in a job: a job made for a box there has no UI limits */
	bool integrity_labels; /* the workspace's volume keeps mandatory labels */
	uint32_t open_drives;  /* bit 0 is A: volumes without access control (FAT, exFAT) */
	char user_sid[184];
	char logon_sid[184];
	char offline_sid[184]; /* the sandbox accounts, elevated tier */
	char online_sid[184];
	uint32_t sid_seed[3]; /* sub-authorities of this installation's sandbox-write SIDs */
};

/* Facts of a typical up-to-date host of `os`, for planning on another one. */
void cr_facts_typical(enum cr_os os, struct cr_facts *facts);

/* What --accept-gap=NAME changes before there is a plan: "integrity" gives up labels (Windows),
 * and the plan then has the gaps that follow. */
void cr_facts_accept(struct cr_facts *facts, const char *const *accepted, size_t n_accepted);

#endif
