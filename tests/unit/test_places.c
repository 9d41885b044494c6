/*
 * test_places.c - the rules every box has, for each system and tier.
 */
#include "core/places.h"
#include "rules_fixture.h"

#define LINUX_DIRS                                                                                \
	.home = "/home/u", .workspace = "/home/u/ws", .state_dir = "/home/u/.local/state/carrel", \
	.config_dir = "/home/u/.config/carrel"

static const struct cr_context full = {
	.os = CR_OS_LINUX, LINUX_DIRS, .runtime_dir = "/run/user/1000"};
static const struct cr_context odd = {
	.os = CR_OS_LINUX, LINUX_DIRS, .runtime_dir = "/home/u/run", .temp_dir = "/unused"};
static const struct cr_context landlock = {.os = CR_OS_LINUX,
					   .tier = CR_TIER_LANDLOCK,
					   LINUX_DIRS,
					   .runtime_dir = "/home/u/run",
					   .temp_dir = "/tmp/carrel-1"};
static const struct cr_context bare = {.os = CR_OS_LINUX, .tier = CR_TIER_LANDLOCK};
static const struct cr_context windows = {.os = CR_OS_WINDOWS,
					  .tier = CR_TIER_UNELEVATED,
					  .home = "C:\\Users\\u",
					  .workspace = "C:\\ws",
					  .state_dir = "C:\\Users\\u\\s",
					  .config_dir = "C:\\Users\\u\\c",
					  .temp_dir = "C:\\Users\\u\\t"};

static const struct {
	const struct cr_context *ctx;
	const char *path;
	enum cr_view view; /* under `allow read /` and the default's other lines */
	enum cr_place place;
} cases[] = {
	{&full, "/tmp", CR_VIEW_WRITABLE, CR_PLACE_PRIVATE},
	{&full, "/var/tmp/x", CR_VIEW_WRITABLE, CR_PLACE_PRIVATE},
	{&full, "/dev/null", CR_VIEW_WRITABLE, CR_PLACE_DEV},
	{&full, "/dev/shm/x", CR_VIEW_WRITABLE, CR_PLACE_PRIVATE},
	{&full, "/proc/self", CR_VIEW_WRITABLE, CR_PLACE_PROC},
	{&full, "/run/user/1000/bus", CR_VIEW_READ_ONLY, CR_PLACE_EMPTY},
	{&full, "/home/u/.local/state/carrel/x", CR_VIEW_HIDDEN, CR_PLACE_HOST},
	{&full, "/home/u/.config/carrel", CR_VIEW_READ_ONLY, CR_PLACE_HOST},
	{&odd, "/home/u/run", CR_VIEW_READ_ONLY, CR_PLACE_EMPTY},
	{&odd, "/unused", CR_VIEW_READ_ONLY, CR_PLACE_HOST},
	{&landlock, "/tmp", CR_VIEW_READ_ONLY, CR_PLACE_HOST},
	{&landlock, "/tmp/carrel-1/x", CR_VIEW_WRITABLE, CR_PLACE_PRIVATE},
	{&landlock, "/run/docker.sock", CR_VIEW_HIDDEN, CR_PLACE_HOST},
	{&landlock, "/home/u/run/bus", CR_VIEW_HIDDEN, CR_PLACE_HOST},
	{&landlock, "/dev/null", CR_VIEW_WRITABLE, CR_PLACE_HOST},
	{&landlock, "/dev/pts/3", CR_VIEW_HIDDEN, CR_PLACE_HOST},
	{&landlock, "/dev/shm/x", CR_VIEW_HIDDEN, CR_PLACE_HOST},
	{&landlock, "/dev/sda", CR_VIEW_READ_ONLY, CR_PLACE_HOST},
	{&landlock, "/proc/sys/kernel/core_pattern", CR_VIEW_READ_ONLY, CR_PLACE_HOST},
	{&landlock, "/home/u/.local/state/carrel", CR_VIEW_HIDDEN, CR_PLACE_HOST},
	{&windows, "C:\\Users\\u\\t\\x", CR_VIEW_WRITABLE, CR_PLACE_PRIVATE},
	{&windows, "C:\\Users\\u\\s\\x", CR_VIEW_HIDDEN, CR_PLACE_HOST},
	{&windows, "C:\\Users\\u\\c\\x", CR_VIEW_READ_ONLY, CR_PLACE_HOST},
};

static void test_views(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture fx;
		const struct cr_rule *rule;
		enum cr_view view;

		fx_init(&fx, NULL, 0);
		fx.input.ctx = *cases[i].ctx;
		fx_policy(&fx, CR_LAYER_USER,
			  fx.input.ctx.os == CR_OS_WINDOWS ? "allow read C:\\\n"
							   : "allow read /\n");
		fx_resolve(&fx);
		view = cr_decide_view(fx.set, cases[i].path, &rule);
		assert_non_null(rule);
		if (view != cases[i].view || rule->place != cases[i].place)
			fail_msg("row %zu: %s: view %d, place %d", i, cases[i].path, view,
				 rule->place);
		fx_free(&fx);
	}
}

/* An explicit rule on the same path, or deeper, beats them; carrel's own are beaten by none. */
static void test_beaten(void **state)
{
	struct fixture fx;

	(void)state;
	fx_init(&fx, NULL, 0);
	fx.input.ctx = full;
	fx_policy(&fx, CR_LAYER_USER,
		  "allow read /\ndeny write /tmp\nallow write /run/x\ndeny read /proc\n"
		  "allow write ~/.config/carrel ~/.local/state/carrel/x\n");
	fx_resolve(&fx);
	assert_int_equal(cr_decide_view(fx.set, "/tmp", NULL), CR_VIEW_READ_ONLY);
	assert_int_equal(cr_decide_view(fx.set, "/run/x", NULL), CR_VIEW_WRITABLE);
	assert_int_equal(cr_decide_view(fx.set, "/proc/1", NULL), CR_VIEW_HIDDEN);
	assert_int_equal(cr_decide_view(fx.set, "/home/u/.config/carrel", NULL), CR_VIEW_READ_ONLY);
	assert_int_equal(cr_decide_view(fx.set, "/home/u/.local/state/carrel/x", NULL),
			 CR_VIEW_HIDDEN);
	fx_free(&fx);
}

static void test_workspace_in_tmp(void **state)
{
	struct fixture fx;
	const struct cr_rule *rule;

	(void)state;
	fx_init(&fx, NULL, 0);
	fx.input.ctx = full;
	fx.input.ctx.workspace = "/tmp";
	fx_resolve(&fx);
	assert_int_equal(cr_decide_view(fx.set, "/tmp/x", &rule), CR_VIEW_WRITABLE);
	assert_string_equal(rule->text, "."); /* the host's own, not a private one */
	assert_int_equal(rule->place, CR_PLACE_HOST);
	fx_free(&fx);
}

static void test_none_missing(void **state)
{
	struct cr_place_rule out[CR_MAX_PLACES];

	(void)state;
	for (size_t i = cr_places(&bare, out); i > 0; i--)
		assert_non_null(out[i - 1].path);
	/* below /run already */
	for (size_t i = cr_places(&full, out); i > 0; i--)
		assert_string_not_equal(out[i - 1].path, "/run/user/1000");
}

static void test_tier_names(void **state)
{
	enum cr_tier tier;

	(void)state;
	for (int i = 0; i < CR_TIER_COUNT; i++) {
		assert_int_equal(cr_tier_parse(cr_tier_name((enum cr_tier)i), &tier), 0);
		assert_int_equal(tier, i);
	}
	assert_int_equal(cr_tier_parse("", &tier), -1);
	assert_int_equal(cr_tier_parse("ful", &tier), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_beaten),
		cmocka_unit_test(test_workspace_in_tmp),
		cmocka_unit_test(test_none_missing),
		cmocka_unit_test(test_tier_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
