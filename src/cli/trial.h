/*
 * trial.h - one attack of the battery, tried outside or in a box, against
 * targets made for it alone.
 *
 * Outside and inside are this very program started anew ("carrel verify attack
 * NAME"), so that what is judged is what users run.
 */
#ifndef CR_CLI_TRIAL_H
#define CR_CLI_TRIAL_H

#include "core/arena.h"
#include "core/err.h"
#include "verify/verify.h"

struct cr_trials {
	struct cr_arena *arena;
	const char *base; /* directory for targets; ours, not beneath /tmp */
	const char *self; /* copy of this program that every box can see */
	const char *copy; /* another one, that nobody runs: a target */
	const char *tier;
	const char *accept; /* a gap that boxes are to have; NULL: none but those of the tier */
	unsigned count;     /* targets made so far */
	const char **gaps;  /* of the plan of a box without limits */
	size_t n_gaps;
};

/* What a trial came to. */
struct cr_trial {
	enum cr_attack_outcome outcome;
	int n_changes;     /* of the targets, seen from outside */
	char text[1024];   /* the attacker's word, or what has changed; one line */
	const char **gaps; /* of the plan of this box */
	size_t n_gaps;
};

/*
 * Makes the directory for targets beneath `dir` (NULL: the user's cache directory) and the copy;
 * makes sure that the tier has a plan. 0, or -1 with nothing left behind.
 */
int cr_trials_begin(struct cr_trials *trials, const char *dir, struct cr_err *err);

/* Removes what cr_trials_begin made. */
void cr_trials_end(struct cr_trials *trials);

enum cr_trial_where {
	CR_TRIAL_OUTSIDE,
	CR_TRIAL_IN_BOX,
};

/* Why this account or machine cannot try `attack`; NULL when it can. */
const char *cr_trial_obstacle(const struct cr_attack *attack);

/* Tries it. 0, or -1: the trial itself failed. */
int cr_trial_run(struct cr_trials *trials, const struct cr_attack *attack,
		 enum cr_trial_where where, struct cr_trial *out, struct cr_err *err);

#endif
