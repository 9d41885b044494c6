/*
 * cmd_plan.c - `carrel plan`: what `run` would do, printed; starts nothing.
 *
 * The printed plan is the one that would be enforced, not a description of it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "box_options.h"
#include "cli.h"
#include "core/plan_print.h"

struct plan_options {
	int json;
};

static const struct cr_option own_options[] = {
	{"json", NULL, "print JSON", NULL, offsetof(struct plan_options, json)},
};

static int print_plan(struct cr_cli *cli, const struct cr_plan *plan, int json)
{
	char *text = json ? cr_plan_json(plan) : cr_plan_text(plan);
	struct cr_err err;

	if (!text) {
		cr_fail(&err, CR_E_NOMEM, "out of memory");
		return cr_cli_fail(cli, &err);
	}
	fputs(text, stdout);
	free(text);
	return cr_cli_finish(cli, CR_EXIT_OK);
}

int cr_cmd_plan(struct cr_cli *cli)
{
	struct cr_box_options box;
	struct plan_options options = {0};
	struct cr_request request;
	struct cr_prepared prepared;
	struct cr_err err;
	int exit_code;
	const struct cr_option_group groups[] = {
		cr_box_rule_options(&box),
		cr_box_publish_options(&box),
		cr_box_place_options(&box),
		cr_box_system_options(&box),
		{"Output", own_options, CR_COUNT_OF(own_options), &options},
	};

	cr_box_options_init(&box, cli->arena);
	if (cr_cli_parse(cli, groups, CR_COUNT_OF(groups), &exit_code) < 0)
		return exit_code;
	if (cr_box_options_request(&box, &request, &err) < 0)
		return cr_cli_fail(cli, &err);
	if (cr_box_options_prepare(cli, &request, &prepared, &exit_code) < 0)
		return exit_code;
	if (cr_prepare_plan(&prepared, &err) < 0)
		return cr_cli_fail(cli, &err);
	return print_plan(cli, prepared.plan, options.json);
}
