/*
 * cmd_doctor.c - `carrel doctor`: what this machine can enforce, found out by
 * trying, and the exact command for what is missing.
 *
 * It changes nothing (but with --repair it takes back what boxes left); the commands
 * it prints are for the administrator to read and to decide about.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "core/backend.h"
#include "lib/prepare.h"

/* One line of the table, and what to do when the answer is no. */
struct finding {
	const char *what;
	int is_there;
	const char *why_it_matters; /* said when it is missing */
	const char *enable;         /* a command, or where to look; "" */
};

/* By the name of the setting in user_namespaces_why. */
static const struct {
	const char *setting;
	const char *enable;
} namespace_remedies[] = {
	{"apparmor_restrict_unprivileged_userns",
	 "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
	{"unprivileged_userns_clone", "sudo sysctl -w kernel.unprivileged_userns_clone=1"},
	{"max_user_namespaces", "sudo sysctl -w user.max_user_namespaces=15000"},
	{"", "outside a container nothing should forbid it; in one: docker run --security-opt "
	     "seccomp=unconfined --security-opt apparmor=unconfined ..."},
};

static const char *namespace_remedy(const struct cr_facts *facts)
{
	size_t i = 0;

	while (!strstr(facts->user_namespaces_why, namespace_remedies[i].setting))
		i++;
	return namespace_remedies[i].enable;
}

static void print_finding(const struct finding *finding)
{
	printf("  %-8s %s\n", finding->is_there ? "ok" : "missing", finding->what);
	if (finding->is_there)
		return;
	printf("           without it: %s\n", finding->why_it_matters);
	if (finding->enable[0] != '\0')
		printf("           to enable: %s\n", finding->enable);
}

static void print_linux(struct cr_cli *cli, const struct cr_facts *facts)
{
	const struct finding findings[] = {
		{"user namespaces", facts->user_namespaces == CR_YES,
		 "only the landlock tier, whose plan has gaps", namespace_remedy(facts)},
		{"mount API of Linux 5.12", facts->new_mount_api, "only the landlock tier",
		 "a newer kernel"},
		{"Landlock", facts->landlock_abi > 0,
		 "no second layer in the full tier, and no landlock tier",
		 "boot with lsm=landlock,... : sudo grubby --update-kernel=ALL "
		 "--args=\"lsm=landlock,"
		 "$(cat /sys/kernel/security/lsm)\", or the same in GRUB_CMDLINE_LINUX of "
		 "/etc/default/grub, then sudo update-grub"},
		{"Landlock for network and signals (ABI 6)", facts->landlock_abi >= 6,
		 "the landlock tier lets signals and abstract sockets through",
		 "Linux 6.12 or newer"},
		{"seccomp filters", facts->seccomp_filter, "no box at all",
		 "a kernel with CONFIG_SECCOMP_FILTER"},
		{"seccomp notification", facts->seccomp_notify, "refusals are not explained",
		 "Linux 5.5 or newer; inside another box it is taken"},
		{"process descriptors", facts->pidfd, "no box at all", "Linux 5.3 or newer"},
		{"memory limit by cgroup", facts->cgroup_memory,
		 "'limit memory' counts each process for itself",
		 "systemd-run --user --scope -p Delegate=yes carrel run ..."},
		{"process limit by cgroup", facts->cgroup_pids,
		 "'limit processes' is a gap for root and in the landlock tier",
		 "systemd-run --user --scope -p Delegate=yes carrel run ..."},
	};

	for (size_t i = 0; i < CR_COUNT_OF(findings); i++)
		print_finding(&findings[i]);
	if (facts->user_namespaces == CR_NO && facts->user_namespaces_why[0] != '\0')
		printf("\n  user namespaces are forbidden by: %s\n",
		       cr_cli_safe(cli, facts->user_namespaces_why));
	if (facts->inside_box)
		puts("\n  this runs inside a carrel box: what is inside it can only be narrower");
}

static void print_windows(const struct cr_facts *facts)
{
	const struct finding findings[] = {
		{"sandbox accounts and firewall rules", facts->setup_done,
		 "only the unelevated tier, which cannot stop the network", "carrel-setup"},
		{"mandatory labels on this volume", facts->integrity_labels,
		 "a box could delete outside its roots", "a volume with NTFS"},
	};

	for (size_t i = 0; i < CR_COUNT_OF(findings); i++)
		print_finding(&findings[i]);
}

static void print_facts(struct cr_cli *cli, const struct cr_facts *facts)
{
	printf("carrel " CARREL_VERSION " on %s %s\n\n", cr_os_name(facts->os),
	       cr_cli_safe(cli, facts->release));
	switch (facts->os) {
	case CR_OS_LINUX:
		print_linux(cli, facts);
		break;
	case CR_OS_WINDOWS:
		print_windows(facts);
		break;
	case CR_OS_MACOS:
		break;
	}
}

static int exit_code_of(enum cr_tier tier)
{
	return tier == CR_TIER_FULL || tier == CR_TIER_ELEVATED ? CR_EXIT_OK : CR_EXIT_NO;
}

static int diagnose(struct cr_cli *cli)
{
	struct cr_facts facts;
	enum cr_tier tier;
	struct cr_err err;

	if (cr_probe_thoroughly(&facts, &err) < 0)
		return cr_cli_fail(cli, &err);
	print_facts(cli, &facts);
	if (cr_tier_best(&facts, &tier, &err) < 0) {
		printf("\ntier: none\n");
		fflush(stdout);
		return cr_cli_fail(cli, &err);
	}
	printf("\ntier: %s\n", cr_tier_name(tier));
	return cr_cli_finish(cli, exit_code_of(tier));
}

struct doctor_options {
	int repair;
};

static const struct cr_option own_options[] = {
	{"repair", NULL, "first take back what boxes have left on files,\nas 'carrel uninstall'",
	 NULL, offsetof(struct doctor_options, repair)},
};

int cr_cmd_doctor(struct cr_cli *cli)
{
	struct doctor_options options = {0};
	int exit_code;
	const struct cr_option_group groups[] = {
		{"What to do", own_options, CR_COUNT_OF(own_options), &options},
	};

	if (cr_cli_parse(cli, groups, CR_COUNT_OF(groups), &exit_code) < 0)
		return exit_code;
	if (cli->words.argc > 0)
		return cr_cli_usage(cli, "unexpected word '%.200s'", cli->words.argv[0]);
	exit_code = options.repair ? cr_cli_undo(cli) : CR_EXIT_OK;
	return exit_code ? exit_code : diagnose(cli);
}
