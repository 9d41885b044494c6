/*
 * env.c - the environment of the command.
 *
 * Must never pass a variable on that a managed or project line drops, whoever
 * keeps or sets it. Values are looked at for one thing only: do they name a socket that the rules
 * let the box reach.
 */
#include <string.h>

#include "decide.h"
#include "limits.h"
#include "path.h"
#include "pattern.h"

#define BIT(layer) (1u << (layer))
#define WEAK       (BIT(CR_LAYER_SYSTEM) | BIT(CR_LAYER_DEFAULT))
#define EXPLICIT   (BIT(CR_LAYER_USER) | BIT(CR_LAYER_COMMAND) | BIT(CR_LAYER_GRANT))
#define PROJECT    BIT(CR_LAYER_PROJECT)
#define MANAGED    BIT(CR_LAYER_MANAGED)

/* The first line of `layers` with `op` and a glob that matches the name; NULL when none does. */
static const struct cr_item *find_line(const struct cr_ruleset *rules, unsigned layers,
				       enum cr_env_op op, const char *name)
{
	bool fold = rules->ctx.os == CR_OS_WINDOWS;

	for (size_t i = 0; i < rules->n_env; i++) {
		const struct cr_item *line = rules->env[i];

		if (line->env_op != op || !(layers & BIT(line->origin.layer)))
			continue;
		for (size_t k = 0; k < line->n_words; k++)
			if (cr_glob_match(line->words[k].text, name, fold))
				return line;
	}
	return NULL;
}

/*
 * Asked in this order, the first line that matches decides. A `keep` of a project is there only
 * when the file has been accepted (rules.c).
 */
static const struct {
	unsigned layers;
	enum cr_env_op op;
} passes[] = {
	{EXPLICIT | PROJECT, CR_ENV_KEEP},
	{EXPLICIT | PROJECT, CR_ENV_DROP},
	{WEAK, CR_ENV_KEEP},
	{WEAK, CR_ENV_DROP},
};

/* The managed or project line that drops the variable whatever the user says; NULL for none. */
static const struct cr_item *dropped_for_good(const struct cr_ruleset *rules, const char *name)
{
	static const unsigned groups[] = {PROJECT, MANAGED};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		const struct cr_item *line = find_line(rules, groups[i], CR_ENV_DROP, name);

		if (line && !find_line(rules, groups[i], CR_ENV_KEEP, name))
			return line;
	}
	return NULL;
}

bool cr_decide_env(const struct cr_ruleset *rules, const char *name, const struct cr_item **line)
{
	const struct cr_item *found = dropped_for_good(rules, name);
	bool kept = !found;

	for (size_t i = 0; !found && i < sizeof(passes) / sizeof(passes[0]); i++) {
		found = find_line(rules, passes[i].layers, passes[i].op, name);
		kept = !found || passes[i].op == CR_ENV_KEEP;
	}
	if (line)
		*line = found;
	return kept;
}

struct builder {
	struct cr_arena *arena;
	const struct cr_ruleset *rules;
	char **out;
	size_t count;
};

/* NAME of NAME=VALUE, copied; NULL when there is none (*failed: when memory is out). */
static const char *name_of(struct cr_arena *arena, const char *entry, bool *failed)
{
	/* Windows has names that begin with '=' ("=C:"). */
	const char *end = entry[0] ? strchr(entry + 1, '=') : NULL;
	const char *name = end ? cr_arena_strndup(arena, entry, (size_t)(end - entry)) : NULL;

	if (end && !name)
		*failed = true;
	return name;
}

static bool same_name(const struct cr_ruleset *rules, const char *a, const char *b)
{
	size_t len = strcspn(a + 1, "=") + 1;

	if (rules->ctx.os != CR_OS_WINDOWS)
		return strncmp(a, b, len + 1) == 0;
	for (size_t i = 0; i <= len; i++) {
		int one = a[i] >= 'a' && a[i] <= 'z' ? a[i] - 32 : a[i];
		int two = b[i] >= 'a' && b[i] <= 'z' ? b[i] - 32 : b[i];

		if (one != two)
			return false;
	}
	return true;
}

/* Takes one out of the environment: a `set` line replaces what was there. */
static void remove_name(struct builder *builder, const char *entry)
{
	size_t kept = 0;

	for (size_t i = 0; i < builder->count; i++)
		if (!same_name(builder->rules, entry, builder->out[i]))
			builder->out[kept++] = builder->out[i];
	builder->count = kept;
}

/*
 * A built-in line drops SSH_AUTH_SOCK and the like because they lead out. Who has allowed that very
 * socket wants the variable too, and its value tells no more than the rule.
 */
static bool names_allowed_socket(struct cr_arena *arena, const struct cr_ruleset *rules,
				 const struct cr_item *line, const char *value)
{
	const struct cr_context *ctx = &rules->ctx;
	const char *path;
	struct cr_access access = {.cap = CR_CAP_UNIX};
	struct cr_resolved at;

	if (ctx->os != CR_OS_LINUX || ctx->tier != CR_TIER_FULL ||
	    !(WEAK & BIT(line->origin.layer)))
		return false;
	if (strncmp(value, "unix://", 7) == 0) /* as DOCKER_HOST has it */
		value += 7;
	path = cr_path_canonical(arena, ctx->os, value, 0, NULL);
	if (!path || strcmp(path, value) != 0 || cr_resolve(rules->resolver, path, &at, NULL) < 0)
		return false;
	access.path = at.path;
	return at.stat.type == CR_FT_SOCKET && cr_decide(rules, &access).decision == CR_ALLOW;
}

static int add_kept(struct builder *builder, char *const *env)
{
	bool failed = false;

	for (size_t i = 0; env[i] && !failed; i++) {
		const char *name = name_of(builder->arena, env[i], &failed);
		const struct cr_item *line = NULL;

		if (name && (cr_decide_env(builder->rules, name, &line) ||
			     names_allowed_socket(builder->arena, builder->rules, line,
						  env[i] + strlen(name) + 1)))
			builder->out[builder->count++] = env[i];
	}
	return failed ? -1 : 0;
}

static int add_set(struct builder *builder, const struct cr_item *line)
{
	bool failed = false;

	for (size_t i = 0; i < line->n_words && !failed; i++) {
		char *entry = cr_arena_strdup(builder->arena, line->words[i].text);
		const char *name = entry ? name_of(builder->arena, entry, &failed) : NULL;
		const struct cr_item *drop = name ? dropped_for_good(builder->rules, name) : NULL;

		if (!entry)
			return -1;
		if (!name || (drop && drop->origin.layer != line->origin.layer))
			continue;
		remove_name(builder, entry);
		builder->out[builder->count++] = entry;
	}
	return failed ? -1 : 0;
}

char **cr_env_apply(struct cr_arena *arena, const struct cr_ruleset *rules, char *const *env)
{
	size_t room = 0;

	while (env[room])
		room++;
	for (size_t i = 0; i < rules->n_env; i++)
		if (rules->env[i]->env_op == CR_ENV_SET)
			room += rules->env[i]->n_words;
	if (room > CR_MAX_ENV)
		return NULL;

	struct builder builder = {.arena = arena, .rules = rules};

	builder.out = cr_arena_alloc(arena, room + 1, sizeof(*builder.out));
	if (!builder.out || add_kept(&builder, env) < 0)
		return NULL;
	for (size_t i = 0; i < rules->n_env; i++)
		if (rules->env[i]->env_op == CR_ENV_SET && add_set(&builder, rules->env[i]) < 0)
			return NULL;
	builder.out[builder.count] = NULL; /* replaced ones may lie behind */
	return builder.out;
}
