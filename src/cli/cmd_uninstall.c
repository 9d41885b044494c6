/*
 * cmd_uninstall.c - `carrel uninstall`: takes back what outlives a box.
 *
 * Only what carrel itself put there and has a record of; the program and its
 * settings are for whoever installed them.
 */
#include <stdio.h>

#include "cli.h"
#include "platform.h"

int cr_cli_undo(struct cr_cli *cli)
{
	struct cr_undone undone;
	struct cr_err err;

	if (cr_platform_undo(&undone, &err) < 0)
		return cr_cli_fail(cli, &err);
	if (undone.objects + undone.beneath + undone.gone + undone.damaged == 0) {
		puts("nothing to take back");
		return CR_EXIT_OK;
	}
	printf("taken back: %lu entries made for boxes, and what was inherited from them by %lu "
	       "files\n",
	       (unsigned long)undone.objects, (unsigned long)undone.beneath);
	if (undone.gone)
		printf("no longer there: %lu directories\n", (unsigned long)undone.gone);
	if (undone.damaged)
		printf("the record was damaged: %lu bytes could not be read\n",
		       (unsigned long)undone.damaged);
	return CR_EXIT_OK;
}

int cr_cmd_uninstall(struct cr_cli *cli)
{
	int exit_code;

	if (cr_cli_parse(cli, NULL, 0, &exit_code) < 0)
		return exit_code;
	if (cli->words.argc > 0)
		return cr_cli_usage(cli, "unexpected word '%.200s'", cli->words.argv[0]);
	exit_code = cr_cli_undo(cli);
	return exit_code ? exit_code : cr_cli_finish(cli, CR_EXIT_OK);
}
