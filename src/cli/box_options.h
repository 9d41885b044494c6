/*
 * box_options.h - the options that say what a box may do, shared by run, plan,
 * explain and policy.
 *
 * Each becomes policy lines and goes through the same parser as a file, so that
 * an option can never mean what a policy could not say.
 */
#ifndef CR_CLI_BOX_OPTIONS_H
#define CR_CLI_BOX_OPTIONS_H

#include "cli.h"
#include "lib/prepare.h"

struct cr_given { /* one use of an option */
	const struct cr_option *option;
	const char *value;
};

struct cr_given_list {
	struct cr_arena *arena;
	struct cr_given *items;
	size_t count, cap;
};

/* Targets of the two option tables. */
struct cr_box_options {
	struct cr_given_list rules;    /* --read ... --timeout, --policy */
	struct cr_given_list accepted; /* --accept-gap */
	struct cr_given_list ports;    /* run, plan: --publish */
	const char *workspace;
	const char *tier;
	const char *os;   /* plan, explain, policy */
	const char *home; /* likewise */
};

void cr_box_options_init(struct cr_box_options *options, struct cr_arena *arena);

/* Fill *group with a table: what the box may do; where and how; for which system. */
struct cr_option_group cr_box_rule_options(struct cr_box_options *options);
struct cr_option_group cr_box_publish_options(struct cr_box_options *options);
struct cr_option_group cr_box_place_options(struct cr_box_options *options);
struct cr_option_group cr_box_system_options(struct cr_box_options *options);

/*
 * The request these options make, in the arena. Reads the --policy files. 0, or -1: CR_E_USAGE,
 * CR_E_IO, CR_E_PATH, CR_E_NOMEM.
 */
int cr_box_options_request(struct cr_box_options *options, struct cr_request *out,
			   struct cr_err *err);

/* Prepares the rules and prints what is wrong with them. 0, or -1 with *exit_code. */
int cr_box_options_prepare(struct cr_cli *cli, const struct cr_request *request,
			   struct cr_prepared *prepared, int *exit_code);

#endif
