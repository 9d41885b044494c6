/*
 * explain_windows.c - `carrel explain` of a Windows plan: the locks that hold, by the model.
 *
 * The plan is carried out on files as Windows sets them up, in memory; no file of this machine is
 * looked at. Must never print an answer without saying so.
 */
#include "explain_windows.h"

#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "core/winaccess_tree.h"

/* What writing a path means to somebody who wants to change it. */
static const enum cr_win_op reading[] = {CR_WIN_OP_READ};
static const enum cr_win_op writing[] = {CR_WIN_OP_WRITE, CR_WIN_OP_DELETE, CR_WIN_OP_RENAME,
					 CR_WIN_OP_SET_DACL};

static const enum cr_win_lock order[] = {CR_WIN_LOCK_PIN, CR_WIN_LOCK_HEIGHT, CR_WIN_LOCK_IDENTITY,
					 CR_WIN_LOCK_PLACE};

static void print_answer(enum cr_win_op op, const struct cr_win_answer *answer)
{
	const char *before = " by ";

	printf("    %s: ", cr_win_op_name(op));
	if (answer->granted) {
		puts("granted");
		return;
	}
	printf("refused");
	for (size_t i = 0; i < CR_COUNT_OF(order); i++) {
		if (answer->locks >> order[i] & 1u) {
			printf("%s%s", before, cr_win_lock_name(order[i]));
			before = ", ";
		}
	}
	putchar('\n');
}

/* The launcher's token: the user's, or in the elevated tier the account's. */
static int make_tokens(const struct cr_prepared *prepared, struct cr_win_token *launcher,
		       struct cr_win_token *box, struct cr_err *err)
{
	const struct cr_facts *facts = &prepared->facts;
	struct cr_win_person person = {.user = facts->user_sid, .logon = facts->logon_sid};

	for (size_t i = 0; i < prepared->plan->n_steps; i++) {
		const struct cr_step *step = &prepared->plan->steps[i];

		if (step->kind == CR_STEP_WIN_OFFLINE || step->kind == CR_STEP_WIN_ONLINE)
			person.user = step->detail;
	}
	if (cr_win_token_person(prepared->arena, &person, launcher, err) < 0)
		return -1;
	return cr_win_token_plan(prepared->arena, prepared->plan, launcher, box, err);
}

int cr_explain_windows(const struct cr_prepared *prepared, const struct cr_access *access,
		       struct cr_err *err)
{
	const bool reads = access->cap == CR_CAP_READ;
	const enum cr_win_op *ops = reads ? reading : writing;
	const size_t n_ops = reads ? CR_COUNT_OF(reading) : CR_COUNT_OF(writing);
	struct cr_win_token launcher, box;
	const struct cr_win_setting setting = {
		.home = prepared->ctx.home,
		.user_sid = prepared->facts.user_sid,
		.launcher = &launcher,
	};
	/* Where sources disagree: the reading that refuses least. */
	struct cr_win_attempt attempt = {.token = &box, .reading = CR_WIN_WRITE_BITS};
	struct cr_win_tree tree;

	cr_win_tree_init(&tree, prepared->arena);
	if (make_tokens(prepared, &launcher, &box, err) < 0 ||
	    cr_win_tree_typical(&tree, &setting, prepared->plan, access->path, err) < 0)
		return -1;
	attempt.node = cr_win_tree_find(&tree, access->path);
	puts("  locks, by a model and with the entries Windows sets files up with:");
	for (size_t i = 0; i < n_ops; i++) {
		struct cr_win_answer answer;

		attempt.op = ops[i];
		answer = cr_win_tree_access(&tree, &attempt);
		print_answer(ops[i], &answer);
	}
	return 0;
}
