/*
 * test_plan_env.c - what a plan sets in the environment, and what the policy has to say to it.
 */
#include "unit.h"

#include "../golden/fake_rules.h"
#include "core/limits.h"

static const struct cr_plan *plan_of(struct fake *fake)
{
	struct cr_plan *plan = NULL;
	struct cr_err err = {0};

	if (cr_plan_make(fake->arena, fake->rules, &fake->facts, &plan, &err) < 0)
		fail_msg("%s", err.text);
	return plan;
}

/* The value of a variable, whose name is written as in the environment; NULL: not there. */
static const char *value(char *const *env, const char *name)
{
	const size_t len = strlen(name);
	const char *found = NULL;

	for (size_t i = 0; env[i]; i++) {
		if (strncmp(env[i], name, len) != 0 || env[i][len] != '=')
			continue;
		assert_null(found); /* never twice */
		found = env[i] + len + 1;
	}
	return found;
}

/* An environment of literals; main's own is not const either. */
static char **env_of(struct cr_arena *arena, const char *const *entries)
{
	size_t count = 0;
	char **env;

	while (entries[count])
		count++;
	env = cr_arena_alloc(arena, count + 1, sizeof(*env));
	for (size_t i = 0; i < count; i++)
		env[i] = cr_arena_strdup(arena, entries[i]);
	return env;
}

static struct cr_plan steps_of(enum cr_os os, const struct cr_step *steps, size_t count)
{
	return (struct cr_plan){.os = os, .steps = steps, .n_steps = count};
}

static void later_steps_win(void **state)
{
	const struct cr_origin system = {.layer = CR_LAYER_SYSTEM}, user = {.layer = CR_LAYER_USER};
	const struct cr_step steps[] = {
		{.kind = CR_STEP_ENV_SET, .detail = "HTTP_PROXY=dead", .origin = system},
		{.kind = CR_STEP_ENV_SET, .detail = "GOPROXY=off", .origin = system},
		{.kind = CR_STEP_ENV_PREPEND, .detail = "Path=C:\\stubs", .origin = system},
		{.kind = CR_STEP_ENV_PREPEND, .detail = "LIB=C:\\one", .origin = system},
		{.kind = CR_STEP_ENV_SET, .detail = "http_proxy=mine", .origin = user},
		{.kind = CR_STEP_ENV_SET, .detail = "temp=mine", .origin = user},
		{.kind = CR_STEP_ENV_DROP, .detail = "GOPROXY", .origin = user},
		{.kind = CR_STEP_ENV_SET, .detail = "TEMP=C:\\t", .origin = system},
	};
	const struct cr_plan plan = steps_of(CR_OS_WINDOWS, steps, COUNT(steps));
	static const char *const entries[] = {"PATH=C:\\bin",
					      "goproxy=direct",
					      "http_proxy=mine",
					      "temp=mine",
					      "LIB=",
					      "=C:=C:\\w",
					      NULL};
	struct cr_arena *arena = cr_arena_new();
	char **env = env_of(arena, entries);
	char **out = cr_plan_env(arena, &plan, NULL, env);

	(void)state;
	assert_string_equal(value(out, "http_proxy"), "mine");
	assert_null(value(out, "HTTP_PROXY"));
	assert_string_equal(value(out, "GOPROXY"), "off");
	assert_null(value(out, "goproxy"));
	assert_string_equal(value(out, "Path"), "C:\\stubs;C:\\bin");
	assert_null(value(out, "PATH"));
	assert_string_equal(value(out, "TEMP"), "C:\\t");
	assert_string_equal(value(out, "LIB"), "C:\\one");
	assert_string_equal(value(out, "=C:"), "C:\\w");
	assert_string_equal(env[0], "PATH=C:\\bin"); /* the caller's is untouched */
	cr_arena_free(arena);
}

static void names_have_case_elsewhere(void **state)
{
	const struct cr_step step = {.kind = CR_STEP_ENV_PREPEND, .detail = "PATH=/stubs"};
	const struct cr_plan plan = steps_of(CR_OS_LINUX, &step, 1);
	static const char *const entries[] = {"Path=x", "PATH=/bin", NULL};
	struct cr_arena *arena = cr_arena_new();
	char **env = env_of(arena, entries);
	char **out = cr_plan_env(arena, &plan, NULL, env);

	(void)state;
	assert_string_equal(value(out, "Path"), "x");
	assert_string_equal(value(out, "PATH"), "/stubs:/bin");
	cr_arena_free(arena);
}

static void too_many_are_refused(void **state)
{
	static const char *entries[CR_MAX_ENV + 1];
	const struct cr_step step = {.kind = CR_STEP_ENV_SET, .detail = "A=b"};
	const struct cr_plan plan = steps_of(CR_OS_WINDOWS, &step, 1);
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < CR_MAX_ENV; i++)
		entries[i] = "X=y";
	assert_null(cr_plan_env(arena, &plan, NULL, env_of(arena, entries)));
	cr_arena_free(arena);
}

/* A plan of Windows sends what would be written outside into the box's own directory. */
static void caches_go_where_they_can_be_written(void **state)
{
	static const char policy[] = "allow read C:/\nallow write . ~/AppData/Local/go-build\n"
				     "allow write ~/AppData/Local/uv\n"
				     "set env CCACHE_DIR=D:/c\n";
	struct fake fake =
		fake_new(CR_OS_WINDOWS, "dir /home/u/w\ndir /home/u/AppData/Local/go-build\n");
	const struct cr_policy *policies[] = {fake_policy(&fake, CR_LAYER_USER, policy)};
	static const char *const entries[] = {"TEMP=C:\\old", "GOCACHE=C:\\go", NULL};
	char **out;

	(void)state;
	fake_resolve(&fake, CR_TIER_UNELEVATED, policies, 1);
	fake.rules->ctx.temp_dir = "C:\\t";
	out = cr_plan_env(fake.arena, plan_of(&fake), NULL, env_of(fake.arena, entries));
	assert_string_equal(value(out, "TEMP"), "C:\\t");
	assert_string_equal(value(out, "TMP"), "C:\\t");
	assert_string_equal(value(out, "GOCACHE"), "C:\\go"); /* the usual one may be written */
	assert_string_equal(value(out, "PIP_CACHE_DIR"), "C:\\t\\cache\\pip");
	assert_string_equal(value(out, "UV_CACHE_DIR"), "C:\\t\\cache\\uv"); /* not there */
	assert_null(value(out, "CCACHE_DIR")); /* the policy's: cr_env_apply's part */
	assert_string_equal(value(out, "HTTPS_PROXY"), "http://127.0.0.1:9");
	fake_free(&fake);
}

static void a_proxy_is_filled_in(void **state)
{
	const struct cr_origin system = {.layer = CR_LAYER_SYSTEM}, user = {.layer = CR_LAYER_USER};
	const struct cr_step steps[] = {
		{.kind = CR_STEP_ENV_PROXY, .detail = "A=http://" CR_PROXY_AT, .origin = system},
		{.kind = CR_STEP_ENV_PROXY, .detail = "B=x://" CR_PROXY_AT "/", .origin = system},
		{.kind = CR_STEP_ENV_PROXY, .detail = "C=http://" CR_PROXY_AT, .origin = system},
		{.kind = CR_STEP_ENV_SET, .detail = "D=", .origin = system},
		{.kind = CR_STEP_ENV_SET, .detail = "C=mine", .origin = user},
	};
	const struct cr_plan plan = steps_of(CR_OS_LINUX, steps, COUNT(steps));
	static const char *const entries[] = {"A=old", "C=mine", "D=old", NULL};
	struct cr_arena *arena = cr_arena_new();
	char **out = cr_plan_env(arena, &plan, "u:%s@h:1", env_of(arena, entries));

	(void)state;
	assert_string_equal(value(out, "A"), "http://u:%s@h:1");
	assert_string_equal(value(out, "B"), "x://u:%s@h:1/");
	assert_string_equal(value(out, "C"), "mine");
	assert_string_equal(value(out, "D"), "");
	/* a plan that promises a proxy, and none is there */
	assert_null(cr_plan_env(arena, &plan, NULL, env_of(arena, entries)));
	cr_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_steps_win),
		cmocka_unit_test(a_proxy_is_filled_in),
		cmocka_unit_test(names_have_case_elsewhere),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(caches_go_where_they_can_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
