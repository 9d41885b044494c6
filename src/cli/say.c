/*
 * say.c - what carrel prints about itself: errors, hints, policy diagnostics.
 *
 * Everything that came from outside passes cr_text_safe_on here, once, so that no
 * file name can move the cursor or hide a line. It decides nothing.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "core/event.h"

const char *cr_cli_safe(struct cr_cli *cli, const char *text)
{
	const char *safe = cr_text_safe_on(cli->arena, cli->os, text);

	return safe ? safe : "(out of memory)";
}

const char *cr_cli_origin(struct cr_cli *cli, const struct cr_origin *origin)
{
	const char *file = origin->file ? cr_cli_safe(cli, origin->file) : "built in";
	const char *text;

	if (!origin->file || origin->line == 0)
		return file;
	text = cr_arena_printf(cli->arena, "%s:%u", file, origin->line);
	return text ? text : file;
}

static int exit_code_of(enum cr_errc code)
{
	if (code == CR_E_NOTFOUND)
		return CR_EXIT_NOT_FOUND;
	if (code == CR_E_EXEC)
		return CR_EXIT_NO_EXEC;
	return CR_EXIT_FAILED;
}

int cr_cli_fail(struct cr_cli *cli, const struct cr_err *err)
{
	fprintf(stderr, "carrel: %s\n", cr_cli_safe(cli, err->text));
	if (err->hint[0] != '\0')
		fprintf(stderr, "hint: %s\n", cr_cli_safe(cli, err->hint));
	return exit_code_of(err->code);
}

int cr_cli_usage(struct cr_cli *cli, const char *fmt, ...)
{
	char text[CR_ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "carrel: %s\nhint: see 'carrel %s --help'\n", cr_cli_safe(cli, text),
		cli->command->name);
	return CR_EXIT_FAILED;
}

int cr_cli_finish(struct cr_cli *cli, int exit_code)
{
	struct cr_err err;

	if (fflush(stdout) == 0 && !ferror(stdout))
		return exit_code;
	cr_fail(&err, CR_E_IO, "cannot write to standard output");
	return cr_cli_fail(cli, &err);
}

void cr_cli_diags(struct cr_cli *cli, const struct cr_diags *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		const struct cr_diag *diag = &diags->items[i];

		fprintf(stderr, "%s:%u:%u: %s", cr_cli_safe(cli, diag->file), diag->line,
			diag->column, cr_cli_safe(cli, diag->text));
		if (diag->hint[0] != '\0')
			fprintf(stderr, "; %s", cr_cli_safe(cli, diag->hint));
		fputc('\n', stderr);
	}
	if (diags->dropped > 0)
		fprintf(stderr, "and %zu more\n", diags->dropped);
}

static void print_help(const struct cr_cli *cli, const struct cr_option_group *groups, size_t count)
{
	const struct cr_command *command = cli->command;

	printf("usage: carrel %s%s%s%s\n\n%s\n", command->name, count > 0 ? " [OPTION ...]" : "",
	       command->operands[0] ? " " : "", command->operands, command->summary);
	if (command->text[0] != '\0')
		printf("\n%s", command->text);
	cr_options_print(stdout, groups, count);
}

int cr_cli_parse(struct cr_cli *cli, const struct cr_option_group *groups, size_t count,
		 int *exit_code)
{
	struct cr_err err;

	switch (cr_options_parse(&cli->words, groups, count, &err)) {
	case CR_OPTIONS_DONE:
		return 0;
	case CR_OPTIONS_HELP:
		print_help(cli, groups, count);
		*exit_code = cr_cli_finish(cli, CR_EXIT_OK);
		return -1;
	}
	*exit_code = cr_cli_fail(cli, &err);
	return -1;
}
