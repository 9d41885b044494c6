/*
 * cmd_init.c - `carrel init`: a starter policy, every line of it a comment or
 * what is in effect without it.
 *
 * Never overwrites and never follows a link the project may have planted.
 */
#include <errno.h>
#include <stdio.h>

#include "cli.h"
#include "core/path.h"
#include "lib/sys.h"
#include "platform.h"

struct init_options {
	int project;
	int user;
};

static const struct cr_option own_options[] = {
	{"user", NULL, "your own policy, for every project (default)", NULL,
	 offsetof(struct init_options, user)},
	{"project", NULL, "a policy of this directory: it can only narrow", NULL,
	 offsetof(struct init_options, project)},
};

static const char user_policy[] =
	"# carrel policy: one rule a line. The language is in carrel-policy(5).\n"
	"# 'carrel policy show' prints what is in effect; 'carrel policy check' reads this file.\n"
	"\n"
	"# The built-in default: read everything but credentials, write only the workspace,\n"
	"# protect git's internals and agent settings, no network. Without this line you start\n"
	"# from nothing: not even /usr could be read.\n"
	"use default\n"
	"\n"
	"# Caches that package managers may fill (the profile lists them):\n"
	"# use caches\n"
	"\n"
	"# More to hide or to protect:\n"
	"# deny  read     ~/private\n"
	"# deny  write    Makefile\n"
	"\n"
	"# More to write:\n"
	"# allow write    ~/.cache/my-tool\n"
	"\n"
	"# Variables whose names look like secrets are dropped; keep one, set one:\n"
	"# keep  env      MY_HARMLESS_KEY\n"
	"# set   env      CI=1\n"
	"\n"
	"# Limits of every run:\n"
	"# limit time     30m\n"
	"# limit memory   4G\n"
	"# limit processes 512\n";

static const char project_policy[] =
	"# carrel policy of this project: one rule a line, see carrel-policy(5).\n"
	"# It can only take away. A line that would allow more is a proposal: it takes effect\n"
	"# for a person who has read it and accepted it with 'carrel trust'.\n"
	"\n"
	"# Files in this project that nobody's agent should read or change:\n"
	"# deny  read     secrets.env\n"
	"# deny  write    migrations\n"
	"\n"
	"# Limits of every run here:\n"
	"# limit time     10m\n";

/* The directory the policy goes to; made when it is not there. */
static const char *policy_dir(struct cr_cli *cli, const struct init_options *options,
			      struct cr_err *err)
{
	const char *dir = NULL;

	if (options->project) {
		const char *cwd = cr_sys_cwd(cli->arena, err);

		if (cwd)
			dir = cr_path_join(cli->arena, cr_sys_os, cwd, ".carrel");
	} else {
		const char *home = cr_sys_home(cli->arena, err);

		if (home)
			dir = cr_sys_config_dir(cli->arena, home);
	}
	if (!dir || cr_platform_make_dirs(dir, err) < 0)
		return NULL;
	return dir;
}

static int init(struct cr_cli *cli, const struct init_options *options)
{
	struct cr_err err = {0};
	const char *dir = policy_dir(cli, options, &err);
	const char *path = dir ? cr_path_join(cli->arena, cr_sys_os, dir, "policy") : NULL;

	if (!path) {
		if (err.code == CR_E_NONE)
			cr_fail(&err, CR_E_NOMEM, "out of memory");
		return cr_cli_fail(cli, &err);
	}
	if (cr_platform_create(path, options->project ? project_policy : user_policy, &err) < 0) {
		if (err.os_code == EEXIST)
			cr_hint(&err, "it is left as it is; 'carrel policy check' reads it");
		return cr_cli_fail(cli, &err);
	}
	printf("%s\n", cr_cli_safe(cli, path));
	return cr_cli_finish(cli, CR_EXIT_OK);
}

int cr_cmd_init(struct cr_cli *cli)
{
	struct init_options options = {0};
	int exit_code;
	const struct cr_option_group groups[] = {
		{"Which policy", own_options, CR_COUNT_OF(own_options), &options},
	};

	if (cr_cli_parse(cli, groups, CR_COUNT_OF(groups), &exit_code) < 0)
		return exit_code;
	if (cli->words.argc > 0)
		return cr_cli_usage(cli, "unexpected word '%.200s'", cli->words.argv[0]);
	if (options.user && options.project)
		return cr_cli_usage(cli, "one of '--user' and '--project'");
	return init(cli, &options);
}
