/*
 * cmd_verify_none.c - `carrel verify` where there is no attack battery yet: says
 * so and fails, so that nobody takes silence for success.
 */
#include "cli.h"

int cr_cmd_verify(struct cr_cli *cli)
{
	struct cr_err err;
	int exit_code;

	if (cr_cli_parse(cli, NULL, 0, &exit_code) < 0)
		return exit_code;
	cr_fail(&err, CR_E_UNSUPPORTED, "there are no attacks for this system yet");
	return cr_cli_fail(cli, &err);
}
