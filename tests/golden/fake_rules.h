/*
 * fake_rules.h - rules of a policy text over a fake file system, for unit tests.
 *
 * Home /home/u, workspace /home/u/w, state and configuration in their usual places. The policy
 * is the user's, so that the built-in default stays away. Any error ends the test program.
 */
#ifndef FAKE_RULES_H
#define FAKE_RULES_H

#include "core/plan.h"
#include "core/rules.h"
#include "fake_fs.h"

struct fake {
	struct cr_arena *arena;
	struct fake_fs *fs;
	struct cr_facts facts;
	struct cr_diags diags;
	struct cr_ruleset *rules;
};

static inline const char *fake_native(struct fake *fake, const char *path)
{
	char *made = fake_path(fake->fs->os, path);
	const char *copy = cr_arena_strdup(fake->arena, made);

	free(made);
	return copy;
}

/* One layer more, or the first; resolve with fake_resolve. */
static inline const struct cr_policy *fake_policy(struct fake *fake, enum cr_layer layer,
						  const char *text)
{
	struct cr_policy *policy = NULL;
	struct cr_err err = {0};

	if (cr_policy_parse(
		    fake->arena,
		    &(const struct cr_policy_source){"test.policy", layer, text, strlen(text)},
		    &policy, &fake->diags, &err) < 0) {
		fprintf(stderr, "%s: %s\n", text, err.text);
		abort();
	}
	return policy;
}

/* `temp_dir`: the directory made for the box, NULL for none. */
static inline void fake_resolve_in(struct fake *fake, const char *temp_dir, enum cr_tier tier,
				   const struct cr_policy *const *policies, size_t n_policies)
{
	const struct cr_rules_input input = {
		.ctx =
			{
				.os = fake->fs->os,
				.tier = tier,
				.home = fake_native(fake, "/home/u"),
				.workspace = fake_native(fake, "/home/u/w"),
				.state_dir = fake_native(fake, "/home/u/.local/state/carrel"),
				.config_dir = fake_native(fake, "/home/u/.config/carrel"),
				.temp_dir = temp_dir ? fake_native(fake, temp_dir) : NULL,
			},
		.view = &fake->fs->view,
		.policies = policies,
		.n_policies = n_policies,
	};
	struct cr_err err = {0};

	if (cr_rules_resolve(fake->arena, &input, &fake->rules, &fake->diags, &err) < 0) {
		fprintf(stderr, "%s: %s\n", err.text,
			fake->diags.count ? fake->diags.items[0].text : "");
		abort();
	}
}

static inline void fake_resolve(struct fake *fake, enum cr_tier tier,
				const struct cr_policy *const *policies, size_t n_policies)
{
	fake_resolve_in(fake, NULL, tier, policies, n_policies);
}

static inline struct fake fake_new(enum cr_os os, const char *fs)
{
	struct fake fake = {.arena = cr_arena_new(), .fs = fake_fs_parse(os, fs)};

	if (!fake.arena)
		abort();
	cr_facts_typical(os, &fake.facts);
	return fake;
}

/* All at once, with one policy of the user's. */
static inline struct fake fake_rules(enum cr_os os, enum cr_tier tier, const char *fs,
				     const char *policy)
{
	struct fake fake = fake_new(os, fs);
	const struct cr_policy *policies[] = {fake_policy(&fake, CR_LAYER_USER, policy)};

	fake_resolve(&fake, tier, policies, 1);
	return fake;
}

static inline void fake_free(struct fake *fake)
{
	cr_arena_free(fake->arena);
	fake_fs_free(fake->fs);
}

#endif
