/*
 * cmd_policy.c - `carrel policy show|check`: the policy in effect, each rule
 * with its origin; and all errors of policy files at once.
 *
 * Both run the same flow as `run` up to the rules: what they accept, `run` accepts.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "box_options.h"
#include "cli.h"

static void print_origin(struct cr_cli *cli, const struct cr_origin *origin)
{
	printf("  # %s (%s)\n", cr_cli_origin(cli, origin), cr_layer_name(origin->layer));
}

/* A word as the policy would have it. */
static void print_word(struct cr_cli *cli, const char *text)
{
	if (text[strcspn(text, " #\"\t")] == '\0')
		printf(" %s", cr_cli_safe(cli, text));
	else
		printf(" \"%s\"", cr_cli_safe(cli, text));
}

static void print_rule(struct cr_cli *cli, const struct cr_rule *rule)
{
	printf("%-5s %-8s", cr_decision_name(rule->decision), cr_capability_name(rule->cap));
	print_word(cli, rule->text);
	fputs(cr_rule_ending(rule), stdout);
	if (rule->path && strcmp(rule->path, rule->text) != 0)
		printf("  [%s]", cr_cli_safe(cli, rule->path));
	print_origin(cli, &rule->origin);
}

static void print_env(struct cr_cli *cli, const struct cr_item *item)
{
	static const char *const verbs[] = {
		[CR_ENV_KEEP] = "keep",
		[CR_ENV_DROP] = "drop",
		[CR_ENV_SET] = "set",
	};

	printf("%-5s %-8s", verbs[item->env_op], "env");
	for (size_t i = 0; i < item->n_words; i++)
		print_word(cli, item->words[i].text);
	print_origin(cli, &item->origin);
}

static void print_limits(struct cr_cli *cli, const struct cr_ruleset *rules)
{
	for (int i = 0; i < CR_LIMIT_COUNT; i++) {
		const struct cr_limit *limit = &rules->limits[i];

		if (!limit->set)
			continue;
		printf("limit %-8s %" PRIu64 "%s", cr_limit_name_text((enum cr_limit_name)i),
		       limit->value, i == CR_LIMIT_TIME ? "ms" : "");
		print_origin(cli, &limit->origin);
	}
	if (rules->expire.set) {
		printf("expire %" PRIu64 "ms", rules->expire.value);
		print_origin(cli, &rules->expire.origin);
	}
}

static int show(struct cr_cli *cli, const struct cr_prepared *prepared)
{
	const struct cr_ruleset *rules = prepared->rules;

	printf("# workspace %s\n", cr_cli_safe(cli, prepared->ctx.workspace));
	for (size_t i = 0; i < rules->n_rules; i++)
		print_rule(cli, &rules->rules[i]);
	for (size_t i = 0; i < rules->n_env; i++)
		print_env(cli, rules->env[i]);
	print_limits(cli, rules);
	if (rules->n_proposals > 0)
		puts("\n# proposed by the project and not in effect; 'carrel trust' accepts:");
	for (size_t i = 0; i < rules->n_proposals; i++) {
		fputs("# ", stdout);
		print_rule(cli, &rules->proposals[i]);
	}
	return cr_cli_finish(cli, CR_EXIT_OK);
}

/* The operands of `check`, as if each had been given with --policy. */
static int add_files(struct cr_cli *cli, struct cr_box_options *box, struct cr_err *err)
{
	const struct cr_option_group group = cr_box_rule_options(box);
	const struct cr_option *policy = &group.options[group.count - 1];

	for (int i = 1; i < cli->words.argc; i++) {
		if (policy->take(group.target, policy, cli->words.argv[i], err) < 0)
			return -1;
	}
	return 0;
}

static int show_or_check(struct cr_cli *cli, struct cr_box_options *box, int is_show)
{
	struct cr_request request;
	struct cr_prepared prepared;
	struct cr_err err;

	if (add_files(cli, box, &err) < 0 || cr_box_options_request(box, &request, &err) < 0)
		return cr_cli_fail(cli, &err);
	if (cr_prepare_rules(cli->arena, &request, &prepared, &err) == 0) {
		if (is_show)
			return show(cli, &prepared);
		return cr_cli_finish(cli, CR_EXIT_OK);
	}
	cr_cli_diags(cli, &prepared.diags);
	cr_cli_fail(cli, &err);
	return err.code == CR_E_SYNTAX && !is_show ? CR_EXIT_NO : CR_EXIT_FAILED;
}

int cr_cmd_policy(struct cr_cli *cli)
{
	struct cr_box_options box;
	int exit_code;
	const struct cr_option_group groups[] = {
		cr_box_rule_options(&box),
		cr_box_place_options(&box),
		cr_box_system_options(&box),
	};

	cr_box_options_init(&box, cli->arena);
	if (cr_cli_parse(cli, groups, CR_COUNT_OF(groups), &exit_code) < 0)
		return exit_code;
	if (cli->words.argc == 1 && strcmp(cli->words.argv[0], "show") == 0)
		return show_or_check(cli, &box, 1);
	if (cli->words.argc >= 1 && strcmp(cli->words.argv[0], "check") == 0)
		return show_or_check(cli, &box, 0);
	if (cli->words.argc > 1 && strcmp(cli->words.argv[0], "show") == 0)
		return cr_cli_usage(cli, "'show' is the last word: options come before it");
	return cr_cli_usage(cli, "needs 'show' or 'check'");
}
