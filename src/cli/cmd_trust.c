/*
 * cmd_trust.c - `carrel trust`: a person reads a project's policy and accepts
 * exactly that text.
 *
 * What is accepted is the very bytes that were shown, never the file read a
 * second time: the project may change it while somebody reads.
 */
#include <stdio.h>
#include <string.h>

#include "box_options.h"
#include "cli.h"
#include "lib/sys.h"
#include "lib/where.h"
#include "platform.h"
#include "session/trust.h"

struct trust_options {
	int yes;
	int revoke;
};

static const struct cr_option own_options[] = {
	{"yes", NULL, "do not ask", NULL, offsetof(struct trust_options, yes)},
	{"revoke", NULL, "trust it no longer", NULL, offsetof(struct trust_options, revoke)},
};

/* The text line by line, so that no control character of it reaches the terminal. */
static void print_text(struct cr_cli *cli, const struct cr_file *file)
{
	const char *end = file->text + file->len;
	unsigned number = 1;

	for (const char *line = file->text; line < end; number++) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		const size_t len = (size_t)((stop ? stop : end) - line);
		const char *copy = cr_arena_strndup(cli->arena, line, len);

		printf("%4u  %s\n", number, copy ? cr_cli_safe(cli, copy) : "(out of memory)");
		line += len + 1;
	}
}

static void print_proposals(struct cr_cli *cli, const struct cr_ruleset *rules)
{
	if (rules->n_proposals == 0) {
		puts("\nIt only narrows.");
		return;
	}
	puts("\nIt would allow more than you do now:");
	for (size_t i = 0; i < rules->n_proposals; i++) {
		const struct cr_rule *rule = &rules->proposals[i];

		printf("  line %u: %s %s %s%s\n", rule->origin.line,
		       cr_decision_name(rule->decision), cr_capability_name(rule->cap),
		       cr_cli_safe(cli, rule->text), cr_rule_ending(rule));
	}
}

/* 1 yes, 0 no, -1 there is nobody to ask. */
static int ask(const struct trust_options *options)
{
	if (options->yes)
		return 1;
	if (!cr_platform_is_interactive())
		return -1;
	fputs("\nAccept exactly this text? Type 'yes': ", stderr);
	fflush(stderr);
	return cr_platform_confirm();
}

static int accept(struct cr_cli *cli, const struct trust_options *options,
		  const struct cr_prepared *prepared)
{
	const struct cr_file *file = &prepared->layers.project;
	struct cr_err err;
	int answer;

	printf("%s:\n", cr_cli_safe(cli, file->path));
	print_text(cli, file);
	print_proposals(cli, prepared->rules);
	fflush(stdout);
	answer = ask(options);
	if (answer < 0) {
		cr_fail(&err, CR_E_USAGE, "there is no terminal to ask on");
		cr_hint(&err, "--yes accepts without asking; read the text above first");
		return cr_cli_fail(cli, &err);
	}
	if (answer == 0) {
		fputs("carrel: not accepted\n", stderr);
		return CR_EXIT_NO;
	}
	if (cr_trust_accept(prepared->ctx.state_dir, prepared->ctx.workspace, file->text, file->len,
			    &err) < 0)
		return cr_cli_fail(cli, &err);
	puts("trusted");
	return cr_cli_finish(cli, CR_EXIT_OK);
}

static int revoke(struct cr_cli *cli, const struct cr_prepared *prepared)
{
	struct cr_err err;

	if (cr_trust_revoke(prepared->ctx.state_dir, prepared->ctx.workspace, &err) < 0)
		return cr_cli_fail(cli, &err);
	puts("no longer trusted");
	return cr_cli_finish(cli, CR_EXIT_OK);
}

static int trust(struct cr_cli *cli, const struct trust_options *options)
{
	const struct cr_request request = {
		.os = cr_sys_os,
		.workspace = cli->words.argc > 0 ? cli->words.argv[0] : NULL,
	};
	struct cr_prepared prepared;
	struct cr_err err;
	int exit_code;

	if (options->revoke) {
		if (cr_where_find(cli->arena, &request, &prepared.ctx, &err) < 0)
			return cr_cli_fail(cli, &err);
		return revoke(cli, &prepared);
	}
	if (cr_box_options_prepare(cli, &request, &prepared, &exit_code) < 0)
		return exit_code;
	if (!prepared.layers.project.text) {
		cr_fail(&err, CR_E_USAGE, "'%.500s' has no .carrel/policy", prepared.ctx.workspace);
		cr_hint(&err, "'carrel init --project' writes one");
		return cr_cli_fail(cli, &err);
	}
	if (prepared.layers.project_trusted) {
		puts("trusted already");
		return cr_cli_finish(cli, CR_EXIT_OK);
	}
	return accept(cli, options, &prepared);
}

int cr_cmd_trust(struct cr_cli *cli)
{
	struct trust_options options = {0};
	int exit_code;
	const struct cr_option_group groups[] = {
		{"Options", own_options, CR_COUNT_OF(own_options), &options},
	};

	if (cr_cli_parse(cli, groups, CR_COUNT_OF(groups), &exit_code) < 0)
		return exit_code;
	if (cli->words.argc > 1)
		return cr_cli_usage(cli, "unexpected word '%.200s'", cli->words.argv[1]);
	return trust(cli, &options);
}
