/*
 * cmd_explain.c - `carrel explain`: what decide() says about one access, which
 * rule says so, and which steps of the plan make it true here.
 *
 * It asks the same model the planners ask; it never tries the access.
 */
#include <stdio.h>
#include <string.h>

#include "box_options.h"
#include "cli.h"
#include "core/decide.h"
#include "core/path.h"
#include "explain_windows.h"
#include "lib/ask.h"

struct question {
	struct cr_access access;
	const char *as_given;
};

/* Steps that carry the part of the boundary which is not about paths. */
static int enforces_network(enum cr_step_kind kind)
{
	return kind == CR_STEP_NAMESPACES || kind == CR_STEP_CAPTURE || kind == CR_STEP_LANDLOCK ||
	       kind == CR_STEP_SECCOMP || kind == CR_STEP_MAC_PROFILE ||
	       kind == CR_STEP_CANARY_CONNECT;
}

/* Steps with a path that try or report something and change nothing. */
static int only_looks(enum cr_step_kind kind)
{
	return kind == CR_STEP_CANARY_WRITE || kind == CR_STEP_CANARY_READ ||
	       kind == CR_STEP_CANARY_WORK || kind == CR_STEP_CANARY_DELETE ||
	       kind == CR_STEP_CANARY_RENAME || kind == CR_STEP_WIN_AUDIT || kind == CR_STEP_CGROUP;
}

static int shapes_view(const struct cr_step *step, const struct question *question,
		       const struct cr_plan *plan)
{
	if (step->kind == CR_STEP_MAC_PROFILE)
		return 1;
	return step->path && !only_looks(step->kind) &&
	       cr_path_within(plan->os, question->access.path, step->path);
}

static void print_step(struct cr_cli *cli, const struct cr_step *step)
{
	printf("  enforced by: %s", cr_step_kind_name(step->kind));
	if (step->path)
		printf(" %s", cr_cli_safe(cli, step->path));
	else if (step->detail && step->kind != CR_STEP_MAC_PROFILE)
		printf(" %s", cr_cli_safe(cli, step->detail));
	putchar('\n');
}

/* The steps nearest to the path; several when more than one layer holds it. */
static void print_path_steps(struct cr_cli *cli, const struct cr_plan *plan,
			     const struct question *question)
{
	size_t longest = 0;

	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct cr_step *step = &plan->steps[i];

		if (shapes_view(step, question, plan) && step->path && strlen(step->path) > longest)
			longest = strlen(step->path);
	}
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct cr_step *step = &plan->steps[i];

		if (shapes_view(step, question, plan) &&
		    (!step->path || strlen(step->path) == longest))
			print_step(cli, step);
	}
}

static int same_line(const struct cr_origin *a, const struct cr_origin *b)
{
	return a->line == b->line && a->layer == b->layer && a->file && b->file &&
	       strcmp(a->file, b->file) == 0;
}

static void print_boundary(struct cr_cli *cli, const struct cr_plan *plan,
			   const struct question *question, const struct cr_rule *rule)
{
	const enum cr_capability cap = question->access.cap;

	if (cap == CR_CAP_READ || cap == CR_CAP_WRITE)
		print_path_steps(cli, plan, question);
	for (size_t i = 0; cap == CR_CAP_CONNECT && i < plan->n_steps; i++) {
		if (enforces_network(plan->steps[i].kind))
			print_step(cli, &plan->steps[i]);
	}
	for (size_t i = 0; rule && i < plan->n_gaps; i++) {
		if (same_line(&plan->gaps[i].origin, &rule->origin))
			printf("  not enforced here: %s: %s\n", plan->gaps[i].name,
			       cr_cli_safe(cli, plan->gaps[i].text));
	}
}

static void print_verdict(struct cr_cli *cli, const struct question *question,
			  const struct cr_verdict *verdict)
{
	const struct cr_rule *rule = verdict->rule;
	const struct cr_access *access = &question->access;

	printf("%s: %s '%s'\n", cr_decision_name(verdict->decision),
	       cr_capability_name(access->cap), cr_cli_safe(cli, question->as_given));
	if (access->path && strcmp(access->path, question->as_given) != 0)
		printf("  object: %s\n", cr_cli_safe(cli, access->path));
	if (!rule) {
		puts("  rule: none covers it, and what no rule allows is denied");
		return;
	}
	printf("  rule: %s %s %s%s\n", cr_decision_name(rule->decision),
	       cr_capability_name(rule->cap), cr_cli_safe(cli, rule->text), cr_rule_ending(rule));
	printf("  from: %s (%s)\n", cr_cli_origin(cli, &rule->origin),
	       cr_layer_name(rule->origin.layer));
}

static int explain(struct cr_cli *cli, const struct cr_request *request, struct question *question)
{
	static const int exit_codes[] = {
		[CR_DENY] = CR_EXIT_NO,
		[CR_ASK] = CR_EXIT_ASK,
		[CR_ALLOW] = CR_EXIT_OK,
	};
	struct cr_prepared prepared;
	struct cr_verdict verdict;
	struct cr_err err;
	int exit_code;

	if (cr_box_options_prepare(cli, request, &prepared, &exit_code) < 0)
		return exit_code;
	if (cr_ask(&prepared, question->as_given, &question->access, &err) < 0 ||
	    cr_prepare_plan(&prepared, &err) < 0)
		return cr_cli_fail(cli, &err);
	verdict = cr_decide(prepared.rules, &question->access);
	print_verdict(cli, question, &verdict);
	print_boundary(cli, prepared.plan, question, verdict.rule);
	if (prepared.plan->os == CR_OS_WINDOWS && question->access.path &&
	    question->access.cap != CR_CAP_UNIX &&
	    cr_explain_windows(&prepared, &question->access, &err) < 0)
		return cr_cli_fail(cli, &err);
	return cr_cli_finish(cli, exit_codes[verdict.decision]);
}

int cr_cmd_explain(struct cr_cli *cli)
{
	struct cr_box_options box;
	struct cr_request request;
	struct question question = {0};
	struct cr_err err;
	int exit_code;
	const struct cr_option_group groups[] = {
		cr_box_rule_options(&box),
		cr_box_place_options(&box),
		cr_box_system_options(&box),
	};

	cr_box_options_init(&box, cli->arena);
	if (cr_cli_parse(cli, groups, CR_COUNT_OF(groups), &exit_code) < 0)
		return exit_code;
	if (cli->words.argc != 2)
		return cr_cli_usage(cli, "needs a capability and one object");
	if (cr_capability_parse(cli->words.argv[0], &question.access.cap) < 0)
		return cr_cli_usage(cli, "unknown capability '%.100s'", cli->words.argv[0]);
	question.as_given = cli->words.argv[1];
	if (question.as_given[0] == '\0')
		return cr_cli_usage(cli, "the object is empty");
	if (cr_box_options_request(&box, &request, &err) < 0)
		return cr_cli_fail(cli, &err);
	return explain(cli, &request, &question);
}
