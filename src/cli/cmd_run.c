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

#include "asker.h"
#include "box_options.h"
#include "cli.h"
#include "lib/questions.h"
#include "lib/sys.h"
#include "platform.h"
#include "report.h"

struct run_options {
	const char *chdir;
	const char *events;
	int no_explain;
	int quiet;
	int no_ask;
	const char *ask_timeout;
};

/* One run: what is told of it, and who is asked (NULL: nobody). The argument of all callbacks. */
struct running {
	struct cr_report report;
	struct cr_asker *asker;
};

static const struct cr_option own_options[] = {
	{"chdir", "DIR",
	 "start in DIR (default: the current directory, or the\n"
	 "workspace when that is elsewhere)",
	 NULL, offsetof(struct run_options, chdir)},
	{"events", "FILE|FD", "write refusals and connections as JSON lines", NULL,
	 offsetof(struct run_options, events)},
	{"ask-timeout", "DURATION",
	 "how long somebody has to answer what the policy asks\n"
	 "(default: 120s); then the answer is no",
	 NULL, offsetof(struct run_options, ask_timeout)},
	{"no-ask", NULL, "ask nobody: what the policy asks for is refused", NULL,
	 offsetof(struct run_options, no_ask)},
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

static void on_denial(void *arg, const struct cr_denial *denial)
{
	struct running *running = arg;

	cr_report_denial(&running->report, denial);
}

static void on_connection(void *arg, const struct cr_net_msg *event)
{
	struct running *running = arg;

	cr_asker_is_over(running->asker, event->id);
	cr_report_connection(&running->report, event);
}

static void on_ask(void *arg, const struct cr_net_msg *question)
{
	struct running *running = arg;

	cr_asker_question(running->asker, question);
}

static void on_watch(void *arg)
{
	struct running *running = arg;

	cr_asker_serve(running->asker);
}

/* --ask-timeout in seconds, rounded up. */
static int ask_seconds(const char *text, uint32_t *seconds, struct cr_err *err)
{
	uint64_t ms;

	*seconds = 0;
	if (!text)
		return 0;
	if (cr_parse_duration(text, &ms) < 0 || ms == 0 || ms > CR_MAX_ASK_SECS * UINT64_C(1000)) {
		cr_fail(err, CR_E_USAGE, "option '--ask-timeout' cannot be '%.100s'", text);
		return cr_hint(err, "write it as '--ask-timeout 5m'; a day at most");
	}
	*seconds = (uint32_t)((ms + 999) / 1000);
	return 0;
}

static int wait_and_report(struct cr_cli *cli, const struct run_options *options,
			   struct cr_child *child, struct running *running)
{
	struct cr_report *report = &running->report;
	struct cr_result result;
	struct cr_err err;
	int exit_code;

	int waited;

	cr_platform_ignore_pipe();
	waited = cr_wait(child, &result, &err);
	cr_asker_free(running->asker);
	cr_child_free(child);
	if (waited < 0)
		return cr_cli_fail(cli, &err);
	cr_report_end(report);
	exit_code = exit_code_of(cli, options, &result);

	/* A command that succeeded did not fail because of the box; --events has it all the same.
	 */
	if (!options->quiet && exit_code != 0)
		cr_report_print(report);
	return exit_code;
}

/* A run being put together. */
struct preparing {
	const struct run_options *options;
	const struct cr_request *request;
	struct cr_prepared prepared;
	struct cr_child child;
	struct running *running;
	struct cr_start *start;
};

static int plan_once(struct preparing *p, int *exit_code)
{
	struct cr_cli *cli = p->running->report.cli;
	struct cr_err err;

	if (cr_box_options_prepare(cli, p->request, &p->prepared, exit_code) < 0)
		return -1;
	if (cr_prepare_plan(&p->prepared, &err) == 0)
		return 0;
	*exit_code = cr_cli_fail(cli, &err);
	return -1;
}

/* Only where a rule asks. 1: there is something new that the box must not see. */
static int begin_asking(struct preparing *p)
{
	struct cr_start *start = p->start;
	const struct cr_asking asking = {p->running->report.cli, &p->prepared, &p->child};

	if (p->options->no_ask || !cr_asker_is_needed(p->prepared.rules))
		return 0;
	p->running->asker = cr_asker_new(&asking);
	if (!p->running->asker)
		return 0;
	start->on_ask = on_ask;
	start->on_watch = on_watch;
	start->watch = cr_asker_watched(p->running->asker);
	return cr_asker_has_made_place(p->running->asker);
}

/* All that comes before the box; -1 with the exit code. */
static int plan(struct preparing *p, int *exit_code)
{
	struct cr_report *report = &p->running->report;
	const char *events = p->options->events;
	struct cr_err err;

	if (plan_once(p, exit_code) < 0)
		return -1;
	if (events && (report->events_fd = open_events(events, &err)) < 0) {
		*exit_code = cr_cli_fail(report->cli, &err);
		return -1;
	}
	return begin_asking(p) ? plan_once(p, exit_code) : 0;
}

/* An empty record must not be read as one of a box in which nothing was refused. */
static void tell_of_events(const struct run_options *options)
{
	if (cr_sys_os == CR_OS_WINDOWS && options->events && !options->quiet)
		fputs("carrel: Windows tells nobody what it refuses: '--events' gets no refusals\n",
		      stderr);
}

/* Those that the user cannot know. */
static void tell_ports(const struct cr_published *published)
{
	char object[64];

	for (size_t i = 0; i < published->count; i++) {
		const struct cr_publish *one = &published->items[i];

		if (one->is_chosen)
			fprintf(stderr, "carrel: port %u of the box is %s\n", one->box_port,
				cr_net_object("", &one->at, object, sizeof(object)));
	}
}

static int run(struct cr_cli *cli, const struct run_options *options,
	       const struct cr_request *request)
{
	struct running running = {
		.report = {.cli = cli, .events_fd = -1, .no_flags = request->workspace != NULL}};
	struct cr_err err;
	int exit_code;
	struct cr_start start = {
		.argv = cli->words.argv,
		.cwd = options->chdir,
		.flags = CR_LAUNCH_TERMINAL | (options->no_explain ? 0 : CR_LAUNCH_EXPLAIN),
		.on_denial = on_denial,
		.on_connection = on_connection,
		.arg = &running,
	};
	struct preparing p = {
		.options = options, .request = request, .running = &running, .start = &start};

	if (ask_seconds(options->ask_timeout, &start.ask_seconds, &err) < 0)
		return cr_cli_fail(cli, &err);

	/* The kernel makes its namespaces while we plan. */
	if (!request->tier)
		start.blank = cr_blank_begin();
	if (plan(&p, &exit_code) < 0) {
		cr_asker_free(running.asker);
		cr_blank_discard(start.blank);
		return exit_code;
	}
	tell_of_events(options);
	if (cr_prepare_start(&p.prepared, &start, &p.child, &err) < 0) {
		cr_asker_free(running.asker);
		cr_cli_diags(cli, &p.prepared.diags);
		return cr_cli_fail(cli, &err);
	}
	running.report.rules = p.prepared.rules;
	tell_ports(&request->published);
	return wait_and_report(cli, options, &p.child, &running);
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
		cr_box_publish_options(&box),
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
