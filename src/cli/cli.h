/*
 * cli.h - what the subcommands share: one invocation, its words, its exit code.
 *
 * A subcommand is a function of one cr_cli that returns an exit code. It parses
 * its options with cr_cli_parse, does its work through the library's flow
 * (lib/prepare.h) and ends by `return` - never by exit().
 */
#ifndef CR_CLI_H
#define CR_CLI_H

#include "core/arena.h"
#include "core/err.h"
#include "core/os.h"
#include "core/policy.h"

#include "options.h"

/* Exit codes of carrel itself; `carrel run` otherwise ends with the command's own. */
#define CR_EXIT_OK        0
#define CR_EXIT_NO        1 /* the answer is "no" */
#define CR_EXIT_ASK       3 /* explain: somebody would be asked */
#define CR_EXIT_TIMEOUT   124
#define CR_EXIT_FAILED    125 /* carrel failed and nothing ran, or it ended the box */
#define CR_EXIT_NO_EXEC   126
#define CR_EXIT_NOT_FOUND 127
#define CR_EXIT_SIGNAL    128 /* + signal number */

struct cr_cli;

struct cr_command {
	const char *name;
	const char *operands; /* "[--] COMMAND [ARGUMENT ...]" */
	const char *summary;  /* one line, for the list of commands */
	const char *text;     /* further lines of --help, each ended by a newline; "" */
	int (*run)(struct cr_cli *cli);
};

/* Every subcommand, in the order of `carrel --help`. */
extern const struct cr_command cr_commands[];
extern const size_t cr_n_commands;

struct cr_cli {
	const struct cr_command *command;
	struct cr_arena *arena; /* owned by main; holds all that lives as long as the call */
	struct cr_words words;  /* after cr_cli_parse: the operands */
	enum cr_os os;          /* that the paths shown are of: this one, or --os */
};

/*
 * Parses the options. 0: go on; -1: stop with *exit_code (help was printed, or an error was).
 */
int cr_cli_parse(struct cr_cli *cli, const struct cr_option_group *groups, size_t count,
		 int *exit_code);

/* Prints "carrel: text" and its hint; returns the exit code that goes with the error. */
int cr_cli_fail(struct cr_cli *cli, const struct cr_err *err);

/* Prints a usage error with where to find help; returns CR_EXIT_FAILED. */
int cr_cli_usage(struct cr_cli *cli, const char *fmt, ...) CR_PRINTF(2, 3);

/* Flushes standard output; a full disk or a closed pipe is a failure, not a success. */
int cr_cli_finish(struct cr_cli *cli, int exit_code);

/* Prints every policy error, `file:line:column: what; hint`. */
void cr_cli_diags(struct cr_cli *cli, const struct cr_diags *diags);

/* `text` made safe to show; never NULL. */
const char *cr_cli_safe(struct cr_cli *cli, const char *text);

/* "file:line", "file" or "built in", made safe; never NULL. */
const char *cr_cli_origin(struct cr_cli *cli, const struct cr_origin *origin);

#define CR_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

int cr_cmd_run(struct cr_cli *cli);
int cr_cmd_plan(struct cr_cli *cli);
int cr_cmd_explain(struct cr_cli *cli);
int cr_cmd_doctor(struct cr_cli *cli);
int cr_cmd_verify(struct cr_cli *cli);
int cr_cmd_init(struct cr_cli *cli);
int cr_cmd_policy(struct cr_cli *cli);
int cr_cmd_trust(struct cr_cli *cli);
int cr_cmd_uninstall(struct cr_cli *cli);
int cr_cmd_approvals(struct cr_cli *cli);
int cr_cmd_approve(struct cr_cli *cli);
int cr_cmd_deny(struct cr_cli *cli);

/* Takes back what outlives a box, and says so (cmd_uninstall.c). An exit code. */
int cr_cli_undo(struct cr_cli *cli);

#endif
