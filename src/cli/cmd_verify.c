/*
 * cmd_verify.c - `carrel verify`: attacks a box on this machine and says which
 * protections held.
 */
#include "cli.h"

int cr_cmd_verify(struct cr_cli *cli)
{
	struct cr_err err;
	int exit_code;

	if (cr_cli_parse(cli, NULL, 0, &exit_code) < 0)
		return exit_code;
	cr_fail(&err, CR_E_UNSUPPORTED, "the attack battery is not built in");
	return cr_cli_fail(cli, &err);
}
