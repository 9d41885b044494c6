/*
 * test_plan_build.c - the points of the tree, and the builder's limits. The tree is a table; the
 * views are those of decide(), so what is tested is which points there are and how they nest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../golden/fake_rules.h"
#include "core/plan_build.h"

static struct cr_builder builder_of(struct fake *fake, struct cr_err *err)
{
	return (struct cr_builder){
		.arena = fake->arena,
		.rules = fake->rules,
		.facts = &fake->facts,
		.err = err,
	};
}

struct points {
	struct fake fake;
	struct cr_point *items;
	size_t count;
};

static struct points make(const char *fs, const char *policy)
{
	struct points points = {.fake = fake_rules(CR_OS_LINUX, CR_TIER_FULL, fs, policy)};
	struct cr_err err = {0};
	struct cr_builder builder = builder_of(&points.fake, &err);

	if (cr_build_points(&builder, &points.items, &points.count) < 0)
		fail_msg("%s", err.text);
	return points;
}

static const struct cr_point *find(const struct points *points, const char *path)
{
	for (size_t i = 0; i < points->count; i++) {
		if (strcmp(points->items[i].path, path) == 0)
			return &points->items[i];
	}
	return NULL;
}

static void points_nest(void **state)
{
	static const struct {
		const char *path;
		enum cr_view view, around;
		const char *parent;
	} rows[] = {
		{"/", CR_VIEW_READ_ONLY, CR_VIEW_HIDDEN, NULL},
		{"/home/u/w", CR_VIEW_WRITABLE, CR_VIEW_READ_ONLY, "/"},
		{"/home/u/w/a", CR_VIEW_READ_ONLY, CR_VIEW_WRITABLE, "/home/u/w"},
		{"/home/u/w/a/b", CR_VIEW_WRITABLE, CR_VIEW_READ_ONLY, "/home/u/w/a"},
		{"/home/u/w/a/b/c", CR_VIEW_HIDDEN, CR_VIEW_WRITABLE, "/home/u/w/a/b"},
		{"/home/u/w/ab", CR_VIEW_READ_ONLY, CR_VIEW_WRITABLE, "/home/u/w"},
	};
	struct points points = make(
		"dir /home/u/w/a/b/c\ndir /home/u/w/ab\n",
		"allow read /\nallow write .\ndeny write a ab\nallow write a/b\ndeny read a/b/c\n");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct cr_point *point = find(&points, rows[i].path);

		assert_non_null(point);
		assert_int_equal(point->view, rows[i].view);
		assert_int_equal(point->around, rows[i].around);
		assert_int_equal(point->life, CR_LIFE_LIVE);
		if (rows[i].parent)
			assert_string_equal(points.items[point->parent].path, rows[i].parent);
		else
			assert_int_equal(point->parent, -1);
	}
	fake_free(&points.fake);
}

static void points_are_sorted_and_unique(void **state)
{
	struct points points =
		make("dir /home/u/w/a\n",
		     "allow read /\nallow write .\nallow write . a\ndeny write a\ndeny read a\n");

	(void)state;
	for (size_t i = 1; i < points.count; i++) {
		assert_true(cr_path_cmp(CR_OS_LINUX, points.items[i - 1].path,
					points.items[i].path) < 0);
		assert_true(points.items[i].parent < (int)i);
	}
	fake_free(&points.fake);
}

static void patterns_are_snapshots(void **state)
{
	struct points points = make("file /home/u/w/.env\nfile /home/u/w/x/y/.env\n"
				    "link /home/u/w/loop /home/u/w\nunlistable /home/u/w/shut\n"
				    "file /home/u/w/x/plain\nlink /home/u/w/z/.env /home/u/w/x\n",
				    "allow read /\nallow write .\ndeny read **/.env\n");
	const struct cr_point *match = find(&points, "/home/u/w/x/y/.env");
	const struct cr_point *link = find(&points, "/home/u/w/z/.env");

	(void)state;
	assert_non_null(match);
	assert_int_equal(match->view, CR_VIEW_HIDDEN);
	assert_int_equal(match->life, CR_LIFE_SNAPSHOT);
	assert_true(match->from_pattern);
	assert_int_equal(match->type, CR_FT_FILE);
	assert_true(match->id.file != 0);
	assert_non_null(find(&points, "/home/u/w/.env"));
	assert_null(find(&points, "/home/u/w/x/plain"));
	assert_null(find(&points, "/home/u/w/loop/.env"));
	assert_non_null(link);
	assert_true(link->is_link);
	assert_int_equal(link->view, CR_VIEW_READ_ONLY);
	fake_free(&points.fake);
}

static void literal_beats_pattern_on_one_path(void **state)
{
	struct points points = make("file /home/u/w/.env\n",
				    "allow read /\nallow write .\ndeny read **/.env .env\n");
	const struct cr_point *point = find(&points, "/home/u/w/.env");

	(void)state;
	assert_non_null(point);
	assert_int_equal(point->life, CR_LIFE_LIVE);
	assert_false(point->from_pattern);
	fake_free(&points.fake);
}

static void a_protected_link_is_a_point(void **state)
{
	struct points points = make("link /home/u/w/.idea /home/u/w/real\ndir /home/u/w/real\n",
				    "allow read /\nallow write .\ndeny write .idea\n");
	const struct cr_point *link = find(&points, "/home/u/w/.idea");
	const struct cr_point *target = find(&points, "/home/u/w/real");

	(void)state;
	assert_non_null(link);
	assert_true(link->is_link);
	assert_int_equal(link->type, CR_FT_SYMLINK);
	assert_int_equal(link->view, CR_VIEW_READ_ONLY);
	assert_int_equal(link->around, CR_VIEW_WRITABLE);
	assert_non_null(target);
	assert_false(target->is_link);
	assert_int_equal(target->view, CR_VIEW_READ_ONLY);
	fake_free(&points.fake);
}

static void places_yield_to_an_explicit_allow_only(void **state)
{
	static const struct {
		const char *policy;
		enum cr_place place;
	} rows[] = {
		{"allow read /\n", CR_PLACE_PRIVATE},
		{"allow read /\nallow write /tmp\n", CR_PLACE_HOST},
		{"allow read / /tmp\n", CR_PLACE_HOST},
		{"allow read /\ndeny write /tmp\n", CR_PLACE_PRIVATE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct points points = make("dir /tmp\n", rows[i].policy);

		assert_non_null(find(&points, "/tmp"));
		assert_int_equal(find(&points, "/tmp")->place, rows[i].place);
		fake_free(&points.fake);
	}
}

/* What is explicitly shown of the host's /tmp is shown as the rule says, and nothing else is. */
static void the_host_stays_out_of_fresh_places(void **state)
{
	static const struct {
		const char *policy;
		enum cr_view view;
		enum cr_place place;
		enum cr_ftype type;
	} rows[] = {
		{"allow read / /tmp/x\n", CR_VIEW_READ_ONLY, CR_PLACE_HOST, CR_FT_FILE},
		{"allow read / /tmp/*\n", CR_VIEW_READ_ONLY, CR_PLACE_HOST, CR_FT_FILE},
		{"allow read /\nallow write /tmp/x\n", CR_VIEW_WRITABLE, CR_PLACE_HOST, CR_FT_FILE},
		{"allow read /\ndeny write /tmp/x\n", CR_VIEW_READ_ONLY, CR_PLACE_EMPTY,
		 CR_FT_NONE},
		{"allow read /\ndeny read /tmp/x\n", CR_VIEW_HIDDEN, CR_PLACE_HOST, CR_FT_NONE},
		{"allow read /\ndeny read /tmp/*\n", CR_VIEW_HIDDEN, CR_PLACE_HOST, CR_FT_NONE},
		{"allow read / /tmp\nask write /tmp/x\n", CR_VIEW_READ_ONLY, CR_PLACE_HOST,
		 CR_FT_FILE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct points points = make("file /tmp/x\n", rows[i].policy);
		const struct cr_point *point = find(&points, "/tmp/x");

		assert_non_null(point);
		assert_int_equal(point->view, rows[i].view);
		assert_int_equal(point->place, rows[i].place);
		assert_int_equal(point->type, rows[i].type);
		fake_free(&points.fake);
	}
}

static void absent_paths_are_points(void **state)
{
	struct points points =
		make("dir /home/u/w\n", "allow read /\nallow write .\ndeny write x\n");
	const struct cr_point *point = find(&points, "/home/u/w/x");

	(void)state;
	assert_non_null(point);
	assert_int_equal(point->type, CR_FT_NONE);
	fake_free(&points.fake);
}

static void drives_are_the_roots_on_windows(void **state)
{
	struct fake fake = fake_rules(CR_OS_WINDOWS, CR_TIER_UNELEVATED, "dir /home/u/w\n",
				      "allow read C:/\nallow write . D:/x\n");
	struct cr_err err = {0};
	struct cr_builder builder = builder_of(&fake, &err);
	struct cr_point *points;
	size_t count;

	(void)state;
	assert_int_equal(cr_build_points(&builder, &points, &count), 0);
	assert_string_equal(points[0].path, "C:\\");
	for (size_t i = 0; i < count; i++) {
		if (strcmp(points[i].path, "D:\\x") == 0) {
			assert_true(points[i].parent > 0);
			assert_string_equal(points[points[i].parent].path, "D:\\");
		}
	}
	fake_free(&fake);
}

/* More matches than one pattern may have: no plan, and the message names the pattern. */
static void matches_are_bounded(void **state)
{
	struct cr_err err = {0};
	struct fake fake = fake_new(CR_OS_LINUX, "dir /home/u/w\n");
	const struct cr_policy *policies[] = {
		fake_policy(&fake, CR_LAYER_USER, "allow write .\ndeny read **/*.key\n")};
	struct cr_builder builder;
	struct cr_point *points;
	size_t count;

	(void)state;
	fake_resolve(&fake, CR_TIER_FULL, policies, 1);
	builder = builder_of(&fake, &err);
	fake.fs->endless = true;
	assert_int_equal(cr_build_points(&builder, &points, &count), -1);
	assert_int_equal(err.code, CR_E_LIMIT);
	assert_non_null(strstr(err.text, "**/*.key"));
	assert_true(err.hint[0] != '\0');
	fake_free(&fake);
}

static void a_failed_builder_stays_failed(void **state)
{
	struct fake fake =
		fake_rules(CR_OS_LINUX, CR_TIER_FULL, "dir /home/u/w\n", "allow read /\n");
	struct cr_err err = {0};
	struct cr_builder builder = builder_of(&fake, &err);
	struct cr_plan *plan;

	(void)state;
	for (int i = 0; i <= CR_MAX_STEPS; i++)
		cr_build_step(&builder, &(struct cr_step){.kind = CR_STEP_LOOPBACK});
	assert_true(builder.failed);
	assert_int_equal(err.code, CR_E_LIMIT);
	cr_build_note(&builder, &cr_origin_system, "more");
	assert_int_equal(cr_build_finish(&builder, &plan), -1);
	fake_free(&fake);
}

static void gaps_are_named_once_and_checked(void **state)
{
	static const char *const accepted[] = {"b", "a"};
	struct fake fake =
		fake_rules(CR_OS_LINUX, CR_TIER_FULL, "dir /home/u/w\n", "allow read /\n");
	struct cr_err err = {0};
	struct cr_builder builder = builder_of(&fake, &err);
	struct cr_plan *plan;

	(void)state;
	cr_build_gap(&builder, "a", &cr_origin_system, "first %d", 1);
	cr_build_gap(&builder, "b", &cr_origin_system, "second");
	cr_build_gap(&builder, "a", &cr_origin_system, "again");
	assert_int_equal(cr_build_finish(&builder, &plan), 0);
	assert_int_equal(plan->n_gaps, 2);
	assert_string_equal(plan->gaps[0].text, "first 1");
	assert_int_equal(cr_plan_check_gaps(plan, accepted, 2, &err), 0);
	assert_int_equal(cr_plan_check_gaps(plan, accepted, 1, &err), -1);
	assert_int_equal(err.code, CR_E_GAP);
	assert_non_null(strstr(err.text, "'a'"));
	assert_null(strstr(err.text, "'b'"));
	assert_non_null(strstr(err.hint, "--accept-gap=a"));
	fake_free(&fake);
}

static void step_kinds_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < CR_STEP_KIND_COUNT; i++) {
		enum cr_step_kind kind;

		assert_int_equal(cr_step_kind_parse(cr_step_kind_name((enum cr_step_kind)i), &kind),
				 0);
		assert_int_equal(kind, i);
	}
}

/* Facts of one system, rules of another; a tier the system does not have. */
static void plans_are_of_one_system(void **state)
{
	struct fake fake =
		fake_rules(CR_OS_LINUX, CR_TIER_FULL, "dir /home/u/w\n", "allow read /\n");
	struct cr_err err = {0};
	struct cr_plan *plan;

	(void)state;
	fake.facts.os = CR_OS_MACOS;
	assert_int_equal(cr_plan_make(fake.arena, fake.rules, &fake.facts, &plan, &err), -1);
	assert_int_equal(err.code, CR_E_USAGE);
	fake.facts.os = CR_OS_LINUX;
	fake.rules->ctx.tier = CR_TIER_ELEVATED;
	assert_int_equal(cr_plan_make(fake.arena, fake.rules, &fake.facts, &plan, &err), -1);
	assert_int_equal(err.code, CR_E_USAGE);
	fake_free(&fake);
}

/* What the user may not read anyway shows nothing when it cannot be opened. */
static void the_hidden_file_that_is_tried_is_the_users(void **state)
{
	static const struct {
		const char *fs, *tried;
	} rows[] = {
		{"dir /home/u/w\ndir /home/u/.ssh\nfile /etc/gshadow x\n", "/home/u/.ssh"},
		{"dir /home/u/w\nfile /etc/gshadow x\n", "/etc/gshadow"},
		{"dir /home/u/w\ndir /etc\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake fake = fake_rules(CR_OS_LINUX, CR_TIER_FULL, rows[i].fs,
					      "allow read /\nallow write .\n"
					      "deny read /etc/gshadow ~/.ssh\n");
		struct cr_err err = {0};
		const char *tried = "";
		struct cr_plan *plan;

		assert_int_equal(cr_plan_make(fake.arena, fake.rules, &fake.facts, &plan, &err), 0);
		for (size_t k = 0; k < plan->n_steps; k++)
			if (plan->steps[k].kind == CR_STEP_CANARY_READ)
				tried = plan->steps[k].path;
		assert_string_equal(tried, rows[i].tried);
		fake_free(&fake);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_nest),
		cmocka_unit_test(points_are_sorted_and_unique),
		cmocka_unit_test(patterns_are_snapshots),
		cmocka_unit_test(literal_beats_pattern_on_one_path),
		cmocka_unit_test(a_protected_link_is_a_point),
		cmocka_unit_test(places_yield_to_an_explicit_allow_only),
		cmocka_unit_test(the_host_stays_out_of_fresh_places),
		cmocka_unit_test(absent_paths_are_points),
		cmocka_unit_test(drives_are_the_roots_on_windows),
		cmocka_unit_test(matches_are_bounded),
		cmocka_unit_test(a_failed_builder_stays_failed),
		cmocka_unit_test(gaps_are_named_once_and_checked),
		cmocka_unit_test(step_kinds_have_names),
		cmocka_unit_test(plans_are_of_one_system),
		cmocka_unit_test(the_hidden_file_that_is_tried_is_the_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
