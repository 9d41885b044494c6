/*
 * cmd_verify.c - `carrel verify`: attacks a box on this machine and says which
 * protections held.
 *
 * An attack that does not work outside proves nothing and is said to be not
 * testable. A protection that this tier's plan does not promise is told apart
 * from one that failed.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "core/backend.h"
#include "core/gaps.h"
#include "core/json_text.h"
#include "core/pattern.h"
#include "lib/prepare.h"
#include "trial.h"

struct verify_options {
	const char *dir;
	const char *only;
	const char *tier;
	const char *accept;
	int no_control;
	int json;
};

static const struct cr_option own_options[] = {
	{"only", "PATTERN", "only attacks whose name matches (* and ?)", NULL,
	 offsetof(struct verify_options, only)},
	{"tier", "NAME", "of this tier: full, landlock, unelevated\n(default: the best)", NULL,
	 offsetof(struct verify_options, tier)},
	{"accept-gap", "NAME", "of boxes that are run although this is not enforced", NULL,
	 offsetof(struct verify_options, accept)},
	{"no-control", NULL, "do not try each attack outside first:\nquicker, proves less", NULL,
	 offsetof(struct verify_options, no_control)},
	{"json", NULL, "print JSON, when all have been tried", NULL,
	 offsetof(struct verify_options, json)},
	{"dir", "DIR", "make the targets there\n(default: your cache directory)", NULL,
	 offsetof(struct verify_options, dir)},
};

enum verdict {
	HELD,
	NOT_HELD,
	ADMITTED, /* not promised: the plan names a gap, or the documents say so */
	NOT_TESTABLE,
};
#define N_VERDICTS 4

static const struct {
	const char *text, *key;
} verdict_names[N_VERDICTS] = {
	[HELD] = {"held", "held"},
	[NOT_HELD] = {"NOT HELD", "not_held"},
	[ADMITTED] = {"not enforced here", "not_enforced"},
	[NOT_TESTABLE] = {"not testable here", "not_testable"},
};

struct verifying {
	struct cr_cli *cli;
	const struct verify_options *options;
	struct cr_trials trials;
	unsigned counts[N_VERDICTS];
	json_t *findings; /* with --json; NULL: memory was out */
};

/* What came of one attack. */
struct finding {
	const struct cr_attack *attack;
	enum verdict verdict;
	const char *gap; /* of the plan, that it goes through; or NULL */
	const char *text;
};

static int has_word(const char *words, const char *word)
{
	const size_t len = strlen(word);

	for (const char *at = strstr(words, word); at; at = strstr(at + 1, word)) {
		if ((at == words || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
			return 1;
	}
	return 0;
}

/* The gap of this box's plan that the attack goes through; NULL: there is none. */
static const char *open_gap(const struct cr_attack *attack, const struct cr_trial *trial)
{
	for (size_t i = 0; attack->gap && i < trial->n_gaps; i++) {
		if (has_word(attack->gap, trial->gaps[i]))
			return trial->gaps[i];
	}
	return NULL;
}

static int is_promised(const struct verifying *v, const struct cr_attack *attack)
{
	static const struct {
		const char *name;
		unsigned bit;
	} tiers[] = {
		{"full", CR_HOLDS_FULL},
		{"landlock", CR_HOLDS_LANDLOCK},
		{"unelevated", CR_HOLDS_UNELEVATED},
		{"elevated", CR_HOLDS_ELEVATED},
	};

	for (size_t i = 0; i < CR_COUNT_OF(tiers); i++) {
		if (strcmp(v->trials.tier, tiers[i].name) == 0)
			return (attack->tiers & tiers[i].bit) != 0;
	}
	return 1;
}

static int broke(const struct cr_attack *attack, const struct cr_trial *trial)
{
	if (trial->n_changes > 0)
		return 1;
	return trial->outcome == CR_ATTACK_SUCCEEDED && !(attack->traits & CR_TRAIT_BY_TRACE);
}

/* What is not promised is not said to hold, though it may have been refused this time. */
static enum verdict judge(const struct verifying *v, const struct cr_attack *attack,
			  const struct cr_trial *trial)
{
	if (!broke(attack, trial) && trial->outcome == CR_ATTACK_NOT_TESTABLE)
		return NOT_TESTABLE;
	if (open_gap(attack, trial) || !is_promised(v, attack))
		return ADMITTED;
	return broke(attack, trial) ? NOT_HELD : HELD;
}

static void print_finding(struct verifying *v, const struct finding *found)
{
	const struct cr_attack *attack = found->attack;
	const char *why = found->text;

	printf("%-18s %s: %s", verdict_names[found->verdict].text, attack->name, attack->title);
	if (found->gap)
		why = cr_arena_printf(v->cli->arena, "gap %s; %s", found->gap, found->text);
	else if (found->verdict == ADMITTED)
		why = cr_arena_printf(v->cli->arena, "no lock of this tier; %s", found->text);
	if (!why)
		why = found->text;
	if (found->verdict != HELD && why[0] != '\0')
		printf(" (%s)", cr_cli_safe(v->cli, why));
	putchar('\n');
	fflush(stdout);
}

static void keep_finding(struct verifying *v, const struct finding *found)
{
	json_t *one = json_pack("{s:s, s:s, s:s, s:s?, s:o}", "name", found->attack->name, "title",
				found->attack->title, "verdict", verdict_names[found->verdict].key,
				"gap", found->gap, "text", cr_json_text(found->text));

	if (json_array_append_new(v->findings, one) == 0)
		return;
	json_decref(v->findings);
	v->findings = NULL;
}

static void tell(struct verifying *v, const struct finding *found)
{
	v->counts[found->verdict]++;
	if (v->options->json)
		keep_finding(v, found);
	else
		print_finding(v, found);
}

static void tell_not_testable(struct verifying *v, const struct cr_attack *attack, const char *why)
{
	const struct finding found = {attack, NOT_TESTABLE, NULL, why};

	tell(v, &found);
}

/* 1 when the attack works outside, 0 when it was told that it does not, -1. */
static int works_outside(struct verifying *v, const struct cr_attack *attack, struct cr_err *err)
{
	struct cr_trial trial;

	if (v->options->no_control)
		return 1;
	if (cr_trial_run(&v->trials, attack, CR_TRIAL_OUTSIDE, &trial, err) < 0)
		return -1;
	if (broke(attack, &trial) || trial.outcome == CR_ATTACK_SUCCEEDED)
		return 1;
	tell_not_testable(v, attack, trial.text);
	return 0;
}

static const char *obstacle_of(const struct verifying *v, const struct cr_attack *attack)
{
	if ((attack->needs & CR_NEEDS_PROXY) && strcmp(v->trials.tier, "landlock") != 0)
		return "a box of this tier has no proxy";
	return cr_trial_obstacle(attack);
}

static int verify_one(struct verifying *v, const struct cr_attack *attack, struct cr_err *err)
{
	const char *obstacle = obstacle_of(v, attack);
	struct finding found = {.attack = attack};
	struct cr_trial trial;
	int works;

	if (obstacle) {
		tell_not_testable(v, attack, obstacle);
		return 0;
	}
	works = works_outside(v, attack, err);
	if (works <= 0)
		return works;
	if (cr_trial_run(&v->trials, attack, CR_TRIAL_IN_BOX, &trial, err) < 0)
		return -1;
	found.verdict = judge(v, attack, &trial);
	found.gap = open_gap(attack, &trial);
	found.text = trial.text;
	tell(v, &found);
	return 0;
}

static int verify_all(struct verifying *v, struct cr_err *err)
{
	const char *only = v->options->only;

	for (size_t i = 0; i < cr_attack_count(); i++) {
		const struct cr_attack *attack = cr_attack_at(i);

		if (only && !cr_glob_match(only, attack->name, false))
			continue;
		if (verify_one(v, attack, err) < 0)
			return cr_wrap(err, "attack '%s'", attack->name);
	}
	return 0;
}

static const char *best_tier(struct cr_err *err)
{
	struct cr_facts facts;
	enum cr_tier tier;

	if (cr_probe_thoroughly(&facts, err) < 0 || cr_tier_best(&facts, &tier, err) < 0)
		return NULL;
	return cr_tier_name(tier);
}

static void print_summary(const struct verifying *v)
{
	printf("\ntier %s: %u held, %u not held, %u not testable here", v->trials.tier,
	       v->counts[HELD], v->counts[NOT_HELD], v->counts[NOT_TESTABLE]);
	if (v->counts[ADMITTED] > 0)
		printf(", %u not promised by this tier ('carrel plan --tier %s' names the gaps)",
		       v->counts[ADMITTED], v->trials.tier);
	putchar('\n');
}

static int print_json(const struct verifying *v, struct cr_err *err)
{
	json_t *root = json_pack("{s:i, s:s, s:s, s:O}", "schema", 1, "carrel", CARREL_VERSION,
				 "tier", v->trials.tier, "attacks", v->findings);
	char *text;

	for (int i = 0; i < N_VERDICTS && root; i++)
		json_object_set_new(root, verdict_names[i].key,
				    json_integer((json_int_t)v->counts[i]));
	text = root ? json_dumps(root, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;
	json_decref(root);
	if (!text)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	puts(text);
	free(text);
	return 0;
}

static int summary(struct verifying *v)
{
	struct cr_err err;
	unsigned total = 0;

	for (int i = 0; i < N_VERDICTS; i++)
		total += v->counts[i];
	if (total == 0) {
		cr_fail(&err, CR_E_USAGE, "no attack matches '%.100s'", v->options->only);
		cr_hint(&err, "'carrel verify' prints the name of each");
		return cr_cli_fail(v->cli, &err);
	}
	if (!v->options->json)
		print_summary(v);
	else if (print_json(v, &err) < 0)
		return cr_cli_fail(v->cli, &err);
	return cr_cli_finish(v->cli, v->counts[NOT_HELD] > 0 ? CR_EXIT_NO : CR_EXIT_OK);
}

static int verify(struct cr_cli *cli, const struct verify_options *options)
{
	struct verifying v = {.cli = cli,
			      .options = options,
			      .trials.arena = cli->arena,
			      .trials.accept = options->accept};
	struct cr_err err;
	int failed, code;

	if (options->accept && cr_gap_check(options->accept, &err) < 0)
		return cr_cli_fail(cli, &err);
	v.trials.tier = options->tier ? options->tier : best_tier(&err);
	if (!v.trials.tier)
		return cr_cli_fail(cli, &err);
	if (cr_trials_begin(&v.trials, options->dir, &err) < 0)
		return cr_cli_fail(cli, &err);
	if (options->json)
		v.findings = json_array();
	failed = verify_all(&v, &err);
	cr_trials_end(&v.trials);
	code = failed ? cr_cli_fail(cli, &err) : summary(&v);
	json_decref(v.findings);
	return code;
}

int cr_cmd_verify(struct cr_cli *cli)
{
	struct verify_options options = {0};
	int exit_code;
	const struct cr_option_group groups[] = {
		{"Options", own_options, CR_COUNT_OF(own_options), &options},
	};

	if (cr_cli_parse(cli, groups, CR_COUNT_OF(groups), &exit_code) < 0)
		return exit_code;
	if (cli->words.argc > 0 && strcmp(cli->words.argv[0], "attack") == 0)
		return cr_attack_main(cli->words.argc - 1, cli->words.argv + 1, stdout);
	if (cli->words.argc > 0)
		return cr_cli_usage(cli, "unexpected word '%.200s'", cli->words.argv[0]);
	return verify(cli, &options);
}
