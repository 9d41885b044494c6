/*
 * cmd_run.c - `carrel run`: prepare, start, wait, report.
 *
 * The launcher is small and waits most of its life. It prints nothing when
 * all is well and nothing was refused, and it never looks into what the command prints.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box_options.h"
#include "cli.h"
#include "lib/sys.h"
#include "platform.h"
#include "report.h"

struct run_options {
	const char *chdir;
	const char *events;
	int no_explain;
	int quiet;
};

static const struct cr_option own_options[] = {
	{"chdir", "DIR",
	 "start in DIR (default: the current directory, or the\n"
	 "workspace when that is elsewhere)",
	 NULL, offsetof(struct run_options, chdir)},
	{"events", "FILE|FD", "write what is refused as JSON lines", NULL,
	 offsetof(struct run_options, events)},
	{"no-explain", NULL, "do not watch for refusals: nothing to report", NULL,
	 offsetof(struct run_options, no_explain)},
	{"quiet", NULL, "do not print what was refused", NULL, offsetof(struct run_options, quiet)},
};

/* --events takes a descriptor that is open already, as digits, or a file. */
static int open_events(const char *events, struct cr_err *err)
{
	char *end;
	long fd;

	if (events[0] == '\0')
		return cr_fail(err, CR_E_USAGE, "option '--events' is empty");
	if (events[strspn(events, "0123456789")] != '\0')
		return cr_platform_open_append(events, err);
	errno = 0;
	fd = strtol(events, &end, 10);
	if (errno != 0 || fd > 1 << 20 || !cr_platform_is_open((int)fd))
		return cr_fail(err, CR_E_USAGE, "descriptor %.20s is not open", events);
	return (int)fd;
}

static int exit_code_of(struct cr_cli *cli, const struct run_options *options,
			const struct cr_result *result)
{
	switch (result->end) {
	case CR_END_EXITED:
		return result->value;
	case CR_END_SIGNALED:
		return CR_EXIT_SIGNAL + result->value;
	case CR_END_UNCOVERED:
		return cr_cli_fail(cli, &result->why);
	case CR_END_TIMEOUT:
		if (!options->quiet)
			fputs("carrel: the time limit ended the box\n", stderr);
		return CR_EXIT_TIMEOUT;
	}
	return CR_EXIT_FAILED;
}

static int wait_and_report(struct cr_cli *cli, const struct run_options *options,
			   struct cr_child *child, struct cr_report *report)
{
	struct cr_result result;
	struct cr_err err;
	int exit_code;

	cr_platform_ignore_pipe();
	if (cr_wait(child, &result, &err) < 0) {
		cr_child_free(child);
		return cr_cli_fail(cli, &err);
	}
	cr_child_free(child);
	cr_report_end(report);
	exit_code = exit_code_of(cli, options, &result);

	/* A command that succeeded did not fail because of the box; --events has it all the same.
	 */
	if (!options->quiet && exit_code != 0)
		cr_report_print(report);
	return exit_code;
}

/* All that comes before the box; -1 with the exit code. */
static int plan(const struct run_options *options, const struct cr_request *request,
		struct cr_prepared *prepared, struct cr_report *report, int *exit_code)
{
	struct cr_err err;

	if (cr_box_options_prepare(report->cli, request, prepared, exit_code) < 0)
		return -1;
	if (cr_prepare_plan(prepared, &err) == 0 &&
	    (!options->events || (report->events_fd = open_events(options->events, &err)) >= 0))
		return 0;
	*exit_code = cr_cli_fail(report->cli, &err);
	return -1;
}

/* An empty record must not be read as one of a box in which nothing was refused. */
static void tell_of_events(const struct run_options *options)
{
	if (cr_sys_os == CR_OS_WINDOWS && options->events && !options->quiet)
		fputs("carrel: Windows tells nobody what it refuses: '--events' gets no refusals\n",
		      stderr);
}

static int run(struct cr_cli *cli, const struct run_options *options,
	       const struct cr_request *request)
{
	struct cr_prepared prepared;
	struct cr_report report = {
		.cli = cli, .events_fd = -1, .no_flags = request->workspace != NULL};
	struct cr_child child = {0};
	struct cr_err err;
	int exit_code;
	struct cr_start start = {
		.argv = cli->words.argv,
		.cwd = options->chdir,
		.flags = CR_LAUNCH_TERMINAL | (options->no_explain ? 0 : CR_LAUNCH_EXPLAIN),
		.on_denial = cr_report_denial,
		.arg = &report,
	};

	/* The kernel makes its namespaces while we plan. */
	if (!request->tier)
		start.blank = cr_blank_begin();
	if (plan(options, request, &prepared, &report, &exit_code) < 0) {
		cr_blank_discard(start.blank);
		return exit_code;
	}
	tell_of_events(options);
	if (cr_prepare_start(&prepared, &start, &child, &err) < 0) {
		cr_cli_diags(cli, &prepared.diags);
		return cr_cli_fail(cli, &err);
	}
	report.rules = prepared.rules;
	return wait_and_report(cli, options, &child, &report);
}

int cr_cmd_run(struct cr_cli *cli)
{
	struct cr_box_options box;
	struct run_options options = {0};
	struct cr_request request;
	struct cr_err err;
	int exit_code;
	const struct cr_option_group groups[] = {
		cr_box_rule_options(&box),
		cr_box_place_options(&box),
		{"What it tells", own_options, CR_COUNT_OF(own_options), &options},
	};

	cr_box_options_init(&box, cli->arena);
	if (cr_cli_parse(cli, groups, CR_COUNT_OF(groups), &exit_code) < 0)
		return exit_code;
	if (cli->words.argc == 0)
		return cr_cli_usage(cli, "no command given");
	if (cr_box_options_request(&box, &request, &err) < 0)
		return cr_cli_fail(cli, &err);
	return run(cli, &options, &request);
}
