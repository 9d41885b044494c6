/*
 * trial_host.h - what a trial needs of the system it runs on: directories, its own program
 * started anew, things to inherit. One file per system. Internal to trial.c and those.
 */
#ifndef CR_CLI_TRIAL_HOST_H
#define CR_CLI_TRIAL_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "trial.h"

#define CR_TRIAL_WORDS 64
#define CR_TRIAL_OPEN  4

/* The command line of one process, and what it is to have. All borrowed but `open`. */
struct cr_trial_command {
	const char *words[CR_TRIAL_WORDS];
	size_t count;
	const char *cwd, *out_path, *err_path;
	const char *stdin_path;                   /* NULL: nothing to read */
	const char *home, *runtime_dir, *tmp_dir; /* its environment */
	const char *token;                        /* NULL: no secret in it */
	intptr_t open[CR_TRIAL_OPEN];             /* descriptors or handles for it, owned */
	size_t n_open;
	int new_session;
	intptr_t group; /* process group to start in; 0: ours */
};

/* Adds a word at the end. */
void cr_trial_add_word(struct cr_trial_command *command, const char *word);

/* A path in a directory; NULL when memory is out. */
const char *cr_trial_beneath(struct cr_arena *arena, const char *dir, const char *name);

/* Makes trials->base, a new directory that others may look into. 0 or -1. */
int cr_trial_make_base(struct cr_trials *trials, const char *dir, struct cr_err *err);

/* Copies the running program to trials->self and copy, in the base: a box may not see the original,
 * and it may be replaced meanwhile. 0 or -1. */
int cr_trial_copy_self(struct cr_trials *trials, struct cr_err *err);

/* Makes a directory that others may look into. 0 or -1. */
int cr_trial_make_dir(const char *path, struct cr_err *err);

/* Removes it and all beneath it, through no link. */
void cr_trial_remove_tree(const char *dir);

/* Opens what the attack is to inherit, and says so in its words. */
void cr_trial_equip(struct cr_arena *arena, const struct cr_attack *attack,
		    const struct cr_attack_env *env, struct cr_trial_command *command);

/* Closes what cr_trial_equip has opened. */
void cr_trial_unequip(struct cr_trial_command *command);

/* Before a control: leaves what a box would leave that attacks are on. 0 or -1. */
int cr_trial_play_box(const struct cr_attack_env *env, struct cr_err *err);

/* Runs it to its end. 0 and its exit code, or -1. */
int cr_trial_start(struct cr_arena *arena, const struct cr_trial_command *command, int *exit_code,
		   struct cr_err *err);

/* True for the exit code of an attacker that the system has ended. */
bool cr_trial_was_killed(int exit_code);

/* True once a signal or Ctrl-C has asked this process to end, which waits until all that was made
 * here is gone. Caught from cr_trial_make_base on. */
bool cr_trial_is_told_to_end(void);

/* Ends this process in that case, as if nobody had caught it. */
void cr_trial_end_as_told(void);

#endif
