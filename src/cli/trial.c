/*
 * trial.c - trial.h: targets, plans, boxes and their answers, the same on every
 * system; trial_host.h is what differs.
 *
 * Judges nothing. Everything it starts it waits for, and everything it makes
 * lies beneath one directory that goes away at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/plan_read.h"
#include "lib/sys.h"
#include "platform.h"
#include "trial_host.h"
#include "verify/attack.h"

/* Limits set for the rows that need them; small, so that reaching them is quick. */
#define LIMIT_PROCESSES 40
#define LIMIT_MEMORY    (64L << 20)
#define LIMIT_DISK      (16L << 20)
#define LIMIT_FILES     256

static int no_memory(struct cr_err *err)
{
	return cr_fail(err, CR_E_NOMEM, "out of memory");
}

void cr_trial_add_word(struct cr_trial_command *command, const char *word)
{
	if (command->count + 1 < CR_TRIAL_WORDS)
		command->words[command->count++] = word;
}

const char *cr_trial_beneath(struct cr_arena *arena, const char *dir, const char *name)
{
	return cr_arena_printf(arena, "%s%c%s", dir, cr_sys_os == CR_OS_WINDOWS ? '\\' : '/', name);
}

/* The first line of a small file, without the newline; "" when there is none. */
static void first_line(const char *path, char *line, size_t size)
{
	FILE *file = cr_attack_fopen(path, "r");

	if (!file || !fgets(line, (int)size, file))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (file)
		fclose(file);
}

struct targets {
	const char *dir;
	struct cr_attack_fixture *fixture;
	const char *env_file, *policy_file, *out_file, *err_file, *runtime_dir;
	const char **gaps; /* of the plan of a box for them */
	size_t n_gaps;
};

/* The row's own limit only, so that another cannot help. */
static void set_limit(struct cr_attack_env *env, const struct cr_attack *attack)
{
	if (!(attack->needs & CR_NEEDS_LIMITS))
		return;
	if (strstr(attack->name, "processes"))
		env->limit_processes = LIMIT_PROCESSES;
	else if (strstr(attack->name, "memory"))
		env->limit_memory = LIMIT_MEMORY;
	else if (strstr(attack->name, "disk"))
		env->limit_disk = LIMIT_DISK;
	else if (strstr(attack->name, "files"))
		env->limit_files = LIMIT_FILES;
}

static int write_files(const struct targets *targets, struct cr_err *err)
{
	char *policy = cr_attack_fixture_policy(targets->fixture);
	int failed;

	if (!policy)
		return no_memory(err);
	failed = cr_platform_create(targets->policy_file, policy, err);
	free(policy);
	if (failed)
		return -1;
	return cr_attack_env_write(cr_attack_fixture_env(targets->fixture), targets->env_file, err);
}

static int make_targets(struct cr_trials *trials, const struct cr_attack *attack,
			struct targets *targets, struct cr_err *err)
{
	struct cr_arena *arena = trials->arena;
	struct cr_attack_env *env;

	*targets = (struct targets){
		.dir = cr_trial_beneath(arena, trials->base,
					cr_arena_printf(arena, "%u", trials->count++))};
	targets->env_file = cr_trial_beneath(arena, targets->dir, "env");
	targets->policy_file = cr_trial_beneath(arena, targets->dir, "policy");
	targets->out_file = cr_trial_beneath(arena, targets->dir, "out");
	targets->err_file = cr_trial_beneath(arena, targets->dir, "err");
	targets->runtime_dir = cr_trial_beneath(arena, targets->dir, "run");
	if (!targets->dir || !targets->env_file || !targets->policy_file || !targets->out_file ||
	    !targets->err_file || !targets->runtime_dir)
		return no_memory(err);
	if (cr_trial_make_dir(targets->dir, err) < 0)
		return -1;
	if (cr_attack_fixture_make(targets->dir, &targets->fixture, err) < 0)
		return -1;
	env = cr_attack_fixture_env(targets->fixture);
	snprintf(env->self, sizeof(env->self), "%s", trials->self);
	snprintf(env->carrel, sizeof(env->carrel), "%s", trials->copy);
	if (attack)
		set_limit(env, attack);
	env->rule = attack && attack->needs & CR_NEEDS_RULE;
	return write_files(targets, err);
}

static void clean_targets(struct targets *targets)
{
	cr_attack_fixture_clean(targets->fixture);
	if (targets->dir)
		cr_trial_remove_tree(targets->dir);
}

static int start(struct cr_arena *arena, const struct cr_trial_command *command, int *exit_code,
		 struct cr_err *err)
{
	if (cr_trial_start(arena, command, exit_code, err) < 0)
		return -1;
	return cr_trial_is_told_to_end() ? cr_fail(err, CR_E_INTERNAL, "told to end") : 0;
}

static struct cr_trial_command plain_command(const struct targets *targets)
{
	const struct cr_attack_env *env = cr_attack_fixture_env(targets->fixture);

	return (struct cr_trial_command){
		.cwd = env->workspace,
		.out_path = targets->out_file,
		.err_path = targets->err_file,
		.home = env->home,
		.runtime_dir = targets->runtime_dir,
		.tmp_dir = env->tmp_dir,
	};
}

/* What the plan of the box does not promise, asked of the program that will be boxed with. */
static int ask_gaps(struct cr_trials *trials, struct targets *targets, struct cr_err *err)
{
	const struct cr_attack_env *env = cr_attack_fixture_env(targets->fixture);
	const char *const words[] = {trials->self,         "plan",         "--json",
				     "--workspace",        env->workspace, "--policy",
				     targets->policy_file, "--tier",       trials->tier};
	struct cr_trial_command command = plain_command(targets);
	struct cr_plan *plan;
	char *text;
	size_t len;
	int exit_code;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		cr_trial_add_word(&command, words[i]);
	if (trials->accept) {
		cr_trial_add_word(&command, "--accept-gap");
		cr_trial_add_word(&command, trials->accept);
	}
	if (start(trials->arena, &command, &exit_code, err) < 0)
		return -1;
	if (exit_code != 0) {
		char said[512];

		first_line(targets->err_file, said, sizeof(said));
		return cr_fail(err, CR_E_TIER, "no plan for tier '%.50s': %s", trials->tier, said);
	}
	text = cr_sys_read_file(trials->arena, targets->out_file, CR_MAX_PLAN_JSON, &len, err);
	if (!text || cr_plan_read(trials->arena, text, len, &plan, err) < 0)
		return cr_wrap(err, "the plan of the box");
	targets->gaps = cr_arena_alloc(trials->arena, plan->n_gaps + 1, sizeof(*targets->gaps));
	if (!targets->gaps)
		return no_memory(err);
	for (size_t i = 0; i < plan->n_gaps; i++)
		targets->gaps[targets->n_gaps++] = plan->gaps[i].name;
	return 0;
}

static void add_box_words(struct cr_trials *trials, const struct cr_attack_env *env,
			  const struct targets *targets, struct cr_trial_command *command)
{
	cr_trial_add_word(command, trials->self);
	cr_trial_add_word(command, "run");
	cr_trial_add_word(command, "--quiet");
	cr_trial_add_word(command, "--workspace");
	cr_trial_add_word(command, env->workspace);
	cr_trial_add_word(command, "--policy");
	cr_trial_add_word(command, targets->policy_file);
	cr_trial_add_word(command, "--tier");
	cr_trial_add_word(command, trials->tier);
	for (size_t i = 0; i < targets->n_gaps; i++) {
		cr_trial_add_word(command, "--accept-gap");
		cr_trial_add_word(command, targets->gaps[i]);
	}
	cr_trial_add_word(command, "--");
}

static void add_attack_words(struct cr_trials *trials, const struct cr_attack *attack,
			     const struct targets *targets, enum cr_trial_where where,
			     struct cr_trial_command *command)
{
	cr_trial_add_word(command, trials->self);
	cr_trial_add_word(command, "verify");
	cr_trial_add_word(command, "attack");
	cr_trial_add_word(command, attack->name);
	cr_trial_add_word(command, "--env-file");
	cr_trial_add_word(command, targets->env_file);
	if (where == CR_TRIAL_OUTSIDE) {
		cr_trial_add_word(command, "--control");
		return;
	}
	cr_trial_add_word(command, "--set");
	cr_trial_add_word(command,
			  strcmp(trials->tier, "full") == 0 ? "init_pid=1" : "init_pid=-1");
}

/* A limit is a gap of its own, and so may a rule be; all other boxes here have one policy, and so
 * one plan. */
static int know_gaps(struct cr_trials *trials, const struct cr_attack *attack,
		     struct targets *targets, struct cr_err *err)
{
	if (attack->needs & (CR_NEEDS_LIMITS | CR_NEEDS_RULE))
		return ask_gaps(trials, targets, err);
	targets->gaps = trials->gaps;
	targets->n_gaps = trials->n_gaps;
	return 0;
}

/*
 * What the attacker's end says. One killed in the middle of it was refused, in the plainest way;
 * but a refusal that nobody has put into words may be a program that never came to try.
 */
static int outcome_of(const struct targets *targets, int exit_code, struct cr_trial *out,
		      struct cr_err *err)
{
	static const char refused[] = "refused:";
	char said[512];

	out->outcome = CR_ATTACK_REFUSED;
	if (cr_trial_was_killed(exit_code))
		return 0;
	out->outcome = (enum cr_attack_outcome)exit_code;
	if (exit_code == CR_ATTACK_SUCCEEDED || exit_code == CR_ATTACK_NOT_TESTABLE ||
	    (exit_code == CR_ATTACK_REFUSED &&
	     strncmp(out->text, refused, sizeof(refused) - 1) == 0))
		return 0;
	first_line(targets->err_file, said, sizeof(said));
	return cr_fail(err, CR_E_INTERNAL, "exit code %d: %s", exit_code, said);
}

static int try_on(struct cr_trials *trials, const struct cr_attack *attack,
		  const struct targets *targets, enum cr_trial_where where, int *exit_code,
		  struct cr_err *err)
{
	const struct cr_attack_env *env = cr_attack_fixture_env(targets->fixture);
	struct cr_trial_command command = plain_command(targets);
	int failed;

	command.token = attack->needs & CR_NEEDS_SECRETS ? env->marker : NULL;
	if (where == CR_TRIAL_IN_BOX)
		add_box_words(trials, env, targets, &command);
	add_attack_words(trials, attack, targets, where, &command);
	cr_trial_equip(trials->arena, attack, env, &command);
	failed = where == CR_TRIAL_OUTSIDE && cr_trial_play_box(env, err) < 0;
	if (!failed)
		failed = start(trials->arena, &command, exit_code, err);
	cr_trial_unequip(&command);
	return failed ? -1 : 0;
}

int cr_trial_run(struct cr_trials *trials, const struct cr_attack *attack,
		 enum cr_trial_where where, struct cr_trial *out, struct cr_err *err)
{
	struct targets targets = {0};
	char changes[sizeof(out->text)];
	int failed = make_targets(trials, attack, &targets, err);
	int exit_code = 0;

	*out = (struct cr_trial){.outcome = CR_ATTACK_NOT_TESTABLE};
	if (!failed && where == CR_TRIAL_IN_BOX)
		failed = know_gaps(trials, attack, &targets, err);
	if (!failed)
		failed = try_on(trials, attack, &targets, where, &exit_code, err);
	if (!failed) {
		first_line(targets.out_file, out->text, sizeof(out->text));
		failed = outcome_of(&targets, exit_code, out, err);
	}
	if (!failed) {
		out->n_changes =
			cr_attack_fixture_changes(targets.fixture, changes, sizeof(changes));
		if (out->n_changes > 0) {
			changes[strcspn(changes, "\n")] = '\0';
			memcpy(out->text, changes, strlen(changes) + 1);
		}
	}
	out->gaps = targets.gaps;
	out->n_gaps = targets.n_gaps;
	clean_targets(&targets);
	return failed;
}

static int check_tier(struct cr_trials *trials, struct cr_err *err)
{
	struct targets targets = {0};
	int failed = make_targets(trials, NULL, &targets, err);

	if (!failed)
		failed = ask_gaps(trials, &targets, err);
	trials->gaps = targets.gaps;
	trials->n_gaps = targets.n_gaps;
	clean_targets(&targets);
	return failed;
}

int cr_trials_begin(struct cr_trials *trials, const char *dir, struct cr_err *err)
{
	if (cr_trial_make_base(trials, dir, err) == 0 && cr_trial_copy_self(trials, err) == 0 &&
	    check_tier(trials, err) == 0)
		return 0;
	cr_trials_end(trials);
	return -1;
}

void cr_trials_end(struct cr_trials *trials)
{
	if (trials->base)
		cr_trial_remove_tree(trials->base);
	trials->base = NULL;
	cr_trial_end_as_told();
}
