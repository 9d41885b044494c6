/*
 * options.h - command-line options as tables.
 *
 * A command describes its options once; parsing, --help, "did you mean" and
 * the completion tests all read the same table, so that they cannot disagree.
 * Options come first: "--" or the first word that is no option ends them, and
 * nothing after it is looked at, because it may be somebody else's command.
 */
#ifndef CR_CLI_OPTIONS_H
#define CR_CLI_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

#include "core/err.h"

struct cr_option;

/* Takes one option; `value` is NULL when it has none. 0, or -1 with *err filled. */
typedef int (*cr_option_fn)(void *target, const struct cr_option *option, const char *value,
			    struct cr_err *err);

struct cr_option {
	const char *name; /* without the dashes */
	const char *arg;  /* what the value is called in help; NULL: takes none */
	const char *help;
	cr_option_fn take; /* NULL: store at `offset` */
	size_t offset;     /* in the target: const char * with an arg, int without (set to 1) */
};

/* A table and where its values go. */
struct cr_option_group {
	const char *title;
	const struct cr_option *options;
	size_t count;
	void *target;
};

/* The words of one command. Borrowed. */
struct cr_words {
	int argc;
	char **argv;
};

#define CR_OPTIONS_DONE 0
#define CR_OPTIONS_HELP 1 /* --help was among them */

/*
 * Takes every option at the front of *words and leaves the operands in it.
 * CR_OPTIONS_DONE, CR_OPTIONS_HELP, or -1 with CR_E_USAGE.
 */
int cr_options_parse(struct cr_words *words, const struct cr_option_group *groups, size_t count,
		     struct cr_err *err);

/* Prints the options of all groups. */
void cr_options_print(FILE *out, const struct cr_option_group *groups, size_t count);

/*
 * How many single-byte edits (insert, delete, replace, swap of neighbours) lead from `a` to
 * `b`; a large number when either is longer than 63 bytes.
 */
unsigned cr_edit_distance(const char *a, const char *b);

/* True when `candidate` is near enough to what was typed to be worth suggesting. */
int cr_is_near(const char *typed, const char *candidate);

#endif
