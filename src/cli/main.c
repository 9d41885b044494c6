/*
 * main.c - finds the subcommand and hands over; the only place that owns the
 * exit of the process.
 *
 * The table below is the list of commands: help, hints and the completion test
 * read it. Nothing here knows what a command does.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "lib/sys.h"
#include "platform.h"

const struct cr_command cr_commands[] = {
	{
		.name = "run",
		.operands = "[--] COMMAND [ARGUMENT ...]",
		.summary = "Run a command in a box.",
		.text = "Without a policy the command may read everything but credentials, write\n"
			"only the workspace, and reach no network. When it fails, what was "
			"refused\n"
			"is said on standard error, with the rule that would allow it.\n"
			"\n"
			"Exit code: the command's own; 124 it ran out of time; 125 carrel failed\n"
			"and nothing ran, or it says why it ended the box; 126 it cannot be\n"
			"executed; 127 it was not found; 128+N it was killed by signal N.\n",
		.run = cr_cmd_run,
	},
	{
		.name = "plan",
		.operands = "[--] [COMMAND [ARGUMENT ...]]",
		.summary = "Print what 'run' would do, step by step, and what it could not do.",
		.text = "Starts nothing. With --os of another system the plan is for a typical "
			"host\nof that system.\n",
		.run = cr_cmd_plan,
	},
	{
		.name = "explain",
		.operands = "read|write|connect|unix|git OBJECT",
		.summary = "Say whether something would be allowed, and which rule decides.",
		.text = "Exit code: 0 allowed, 1 denied, 3 somebody would be asked, 125 failed.\n",
		.run = cr_cmd_explain,
	},
	{
		.name = "doctor",
		.operands = "",
		.summary = "Say what this machine can enforce, and how to enable the rest.",
		.text = "Exit code: 0 the full tier works, 1 only a lesser one, 125 none.\n",
		.run = cr_cmd_doctor,
	},
	{
		.name = "verify",
		.operands = "",
		.summary = "Attack a box on this machine and say which protections held.",
		.text = "Every attack works on files, sockets and processes made for it. Each "
			"runs\n"
			"once without a box, to see that it can work, and once inside.\n"
			"Exit code: 0 all held, 1 some did not, 125 failed.\n",
		.run = cr_cmd_verify,
	},
	{
		.name = "init",
		.operands = "",
		.summary = "Write a commented starter policy; never overwrites one.",
		.text = "",
		.run = cr_cmd_init,
	},
	{
		.name = "policy",
		.operands = "show | check [FILE ...]",
		.summary = "Print the policy in effect with its origins, or check policy files.",
		.text = "Exit code: 0 all is well, 1 a file has errors, 125 failed.\n",
		.run = cr_cmd_policy,
	},
	{
		.name = "trust",
		.operands = "[DIRECTORY]",
		.summary = "Accept what a project's .carrel/policy asks for.",
		.text = "A project's policy can only narrow. What it would widen takes effect "
			"when\n"
			"you accept exactly this content; any change to the file ends that.\n"
			"Exit code: 0 trusted, 1 you said no, 125 failed.\n",
		.run = cr_cmd_trust,
	},
	{
		.name = "approvals",
		.operands = "",
		.summary = "List what running boxes ask for.",
		.text = "What a policy asks for ('ask connect') waits for an answer, on the "
			"terminal\n"
			"of its box or by 'carrel approve' and 'carrel deny'. The first one "
			"counts.\n"
			"Exit code: 0 listed, 1 a box did not answer, 125 failed.\n",
		.run = cr_cmd_approvals,
	},
	{
		.name = "approve",
		.operands = "ID",
		.summary = "Allow what a box asks for: this host and port, and nothing else.",
		.text = "It ends with the box, or when the policy says grants expire, at the "
			"latest.\n"
			"Exit code: 0 done, 1 nobody asks that (any more), 125 failed.\n",
		.run = cr_cmd_approve,
	},
	{
		.name = "deny",
		.operands = "ID",
		.summary = "Refuse what a box asks for.",
		.text = "Exit code: 0 done, 1 nobody asks that (any more), 125 failed.\n",
		.run = cr_cmd_deny,
	},
	{
		.name = "uninstall",
		.operands = "",
		.summary = "Take back what boxes have left on this machine's files.",
		.text = "On Windows: the access control entries and labels of every workspace, "
			"exactly\n"
			"and from any point it was interrupted at. Elsewhere nothing outlives a "
			"box.\n"
			"Refuses while a box runs. Exit code: 0 all is taken back, 125 failed.\n",
		.run = cr_cmd_uninstall,
	},
};

const size_t cr_n_commands = CR_COUNT_OF(cr_commands);

static void print_usage(FILE *out)
{
	fputs("usage: carrel COMMAND [OPTION ...] [ARGUMENT ...]\n\n"
	      "carrel runs a command in a box: it reads broadly, writes narrowly, and stays\n"
	      "offline unless told otherwise; every child process stays in the box.\n\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < cr_n_commands; i++)
		fprintf(out, "  %-10s%s\n", cr_commands[i].name, cr_commands[i].summary);
	fputs("\nOptions:\n"
	      "  --help    this text; 'carrel COMMAND --help' has each command's own\n"
	      "  --version the version\n\n"
	      "First steps: 'carrel doctor', then 'carrel run -- make test'.\n",
	      out);
}

static const struct cr_command *find_command(const char *name)
{
	for (size_t i = 0; i < cr_n_commands; i++) {
		if (strcmp(cr_commands[i].name, name) == 0)
			return &cr_commands[i];
	}
	return NULL;
}

static const char *nearest_command(const char *typed)
{
	for (size_t i = 0; i < cr_n_commands; i++) {
		if (cr_is_near(typed, cr_commands[i].name))
			return cr_commands[i].name;
	}
	return NULL;
}

static int unknown_command(struct cr_cli *cli, const char *name)
{
	const char *near = nearest_command(name);
	struct cr_err err;

	cr_fail(&err, CR_E_USAGE, "unknown %s '%.200s'", name[0] == '-' ? "option" : "command",
		name);
	if (near)
		cr_hint(&err, "did you mean 'carrel %s'?", near);
	else if (name[0] == '-')
		cr_hint(&err, "see 'carrel --help'");
	else
		cr_hint(&err, "see 'carrel --help'; to run a program: 'carrel run -- %.200s'",
			name);
	return cr_cli_fail(cli, &err);
}

static int dispatch(struct cr_cli *cli, int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	if (!name) {
		print_usage(stderr);
		return CR_EXIT_FAILED;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		print_usage(stdout);
		return cr_cli_finish(cli, CR_EXIT_OK);
	}
	if (strcmp(name, "--version") == 0) {
		puts("carrel " CARREL_VERSION);
		return cr_cli_finish(cli, CR_EXIT_OK);
	}
	cli->command = find_command(name);
	if (!cli->command)
		return unknown_command(cli, name);
	cli->words = (struct cr_words){argc - 2, argv + 2};
	return cli->command->run(cli);
}

int main(int argc, char **argv)
{
	struct cr_cli cli = {0};
	int exit_code = CR_EXIT_FAILED;

	if (cr_platform_start(&argc, &argv) < 0)
		return CR_EXIT_FAILED;
	cli.os = cr_sys_os;
	cli.arena = cr_arena_new();
	if (cli.arena)
		exit_code = dispatch(&cli, argc, argv);
	else
		fputs("carrel: out of memory\n", stderr);
	cr_arena_free(cli.arena);
	return exit_code;
}
