/*
 * cmd_approvals_none.c - `carrel approvals`, `approve`, `deny` where no box ever asks: says so and
 * fails.
 */
#include "cli.h"

static int fail(struct cr_cli *cli)
{
	struct cr_err err;
	int exit_code;

	if (cr_cli_parse(cli, NULL, 0, &exit_code) < 0)
		return exit_code;
	cr_fail(&err, CR_E_UNSUPPORTED, "on this system no box asks for anything");
	return cr_cli_fail(cli, &err);
}

int cr_cmd_approvals(struct cr_cli *cli)
{
	return fail(cli);
}

int cr_cmd_approve(struct cr_cli *cli)
{
	return fail(cli);
}

int cr_cmd_deny(struct cr_cli *cli)
{
	return fail(cli);
}
