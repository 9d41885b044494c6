/*
 * childenv.c - childenv.h: what a command is told of its box by variables.
 *
 * Only for programs that would fail for no reason of the policy's. Must never change what the
 * user has set, unless it cannot work in the box, and never decide what may be done.
 */
#include "childenv.h"

#include <string.h>

#include "core/path.h"
#include "sys.h"

#define MAX_ADDED 4 /* variables */

static int is_variable(const char *entry, const char *name)
{
	const size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

/* The value, or NULL. */
static const char *get(char *const *env, const char *name)
{
	for (size_t i = 0; env[i]; i++)
		if (is_variable(env[i], name))
			return env[i] + strlen(name) + 1;
	return NULL;
}

/* Puts NAME=value into `env`, which has room, in place of what it says about NAME. */
static int put(struct cr_arena *arena, char **env, const char *name, const char *value)
{
	char *entry = value ? cr_arena_printf(arena, "%s=%s", name, value) : NULL;
	size_t i = 0;

	if (!entry)
		return -1;
	while (env[i] && !is_variable(env[i], name))
		i++;
	if (!env[i])
		env[i + 1] = NULL;
	env[i] = entry;
	return 0;
}

static bool is_writable(const struct cr_prepared *prepared, const char *path)
{
	return cr_decide_view(prepared->rules, path, NULL) == CR_VIEW_WRITABLE;
}

/* Where temporary files go: the directory made for the box; else, when the one the user has set
 * cannot be written in the box, the box's own /tmp. NULL: nothing is to be said. */
static const char *temp_dir(const struct cr_prepared *prepared, char *const *env)
{
	const struct cr_context *ctx = &prepared->ctx;
	const char *set = get(env, "TMPDIR");

	if (ctx->temp_dir || ctx->os != CR_OS_LINUX)
		return ctx->temp_dir;
	return set && (set[0] != '/' || !is_writable(prepared, set)) ? "/tmp" : NULL;
}

static int put_temp(struct cr_prepared *prepared, char **env)
{
	const char *temp = temp_dir(prepared, env);

	return temp ? put(prepared->arena, env, "TMPDIR", temp) : 0;
}

static bool exists(const struct cr_prepared *prepared, const char *path)
{
	struct cr_resolved at;

	return cr_resolve(prepared->rules->resolver, path, &at, NULL) == 0 &&
	       at.stat.type != CR_FT_NONE;
}

/* Where Go keeps its build cache when nobody says otherwise; NULL when it cannot. */
static const char *go_cache(const struct cr_prepared *prepared, char *const *env)
{
	struct cr_arena *arena = prepared->arena;
	const char *cache = get(env, "XDG_CACHE_HOME"), *home = get(env, "HOME");

	if ((!cache || !*cache) && home)
		cache = cr_arena_printf(arena, "%s/.cache", home);
	if (!cache || cache[0] != '/')
		return NULL;
	return cr_path_canonical(arena, CR_OS_LINUX, cr_arena_printf(arena, "%s/go-build", cache),
				 0, NULL);
}

/* Without a cache that can be written Go builds nothing. */
static int put_go_cache(struct cr_prepared *prepared, char **env)
{
	const struct cr_context *ctx = &prepared->ctx;
	const char *path = go_cache(prepared, env);
	const char *temp = ctx->temp_dir ? ctx->temp_dir : "/tmp";

	if (get(env, "GOCACHE") || !path)
		return 0;
	if (is_writable(prepared, path) &&
	    (exists(prepared, path) ||
	     is_writable(prepared, cr_path_parent(prepared->arena, CR_OS_LINUX, path))))
		return 0;
	return put(prepared->arena, env, "GOCACHE",
		   cr_arena_printf(prepared->arena, "%s/go-build", temp));
}

/*
 * A `.git` that is not there is reserved: in the box it is an empty directory. Git does not mind;
 * Go takes it for a repository, asks Git, and gives up.
 */
static int put_go_flags(struct cr_prepared *prepared, char **env)
{
	const struct cr_context *ctx = &prepared->ctx;
	const char *git = cr_path_join(prepared->arena, ctx->os, ctx->workspace, ".git");

	if (!git)
		return -1;
	if (ctx->tier == CR_TIER_LANDLOCK || get(env, "GOFLAGS") || exists(prepared, git) ||
	    is_writable(prepared, git))
		return 0;
	return put(prepared->arena, env, "GOFLAGS", "-buildvcs=false");
}

/* What a system that is not Windows needs; there the plan says all but this one thing. */
static int put_own(struct cr_prepared *prepared, char **env)
{
	if (put_temp(prepared, env) < 0)
		return -1;
	return prepared->ctx.os == CR_OS_LINUX ? put_go_cache(prepared, env) : 0;
}

static char **plan_env(struct cr_prepared *prepared, const struct cr_broker *broker, char **env)
{
	const char *proxy = NULL;

	if (broker->proxy)
		proxy = cr_arena_printf(prepared->arena, CR_PROXY_USER ":%s@127.0.0.1:%u",
					broker->secret, broker->proxy);
	return cr_plan_env(prepared->arena, prepared->plan, proxy, env);
}

char **cr_child_environment(struct cr_prepared *prepared, const struct cr_broker *broker)
{
	const enum cr_os os = prepared->ctx.os;
	char **from = cr_sys_environ(prepared->arena);
	char **env = from ? cr_env_apply(prepared->arena, prepared->rules, from) : NULL;
	char **roomy;
	size_t count = 0;

	if (env && (os == CR_OS_WINDOWS || broker->proxy))
		env = plan_env(prepared, broker, env);
	while (env && env[count])
		count++;
	roomy = env ? cr_arena_alloc(prepared->arena, count + MAX_ADDED + 1, sizeof(*roomy)) : NULL;
	if (!roomy)
		return NULL;
	memcpy(roomy, env, count * sizeof(*roomy));
	if (os != CR_OS_WINDOWS && put_own(prepared, roomy) < 0)
		return NULL;
	return os == CR_OS_MACOS || put_go_flags(prepared, roomy) == 0 ? roomy : NULL;
}
