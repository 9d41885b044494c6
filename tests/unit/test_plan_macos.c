/*
 * test_plan_macos.c - the Seatbelt profile: order of its rules, quoting, and that a file name
 * cannot add a rule. The profile has not run on macOS; whole plans are in tests/golden.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../golden/fake_rules.h"

static const struct cr_plan *plan_of(struct fake *fake)
{
	struct cr_plan *plan = NULL;
	struct cr_err err = {0};

	if (cr_plan_make(fake->arena, fake->rules, &fake->facts, &plan, &err) < 0)
		fail_msg("%s", err.text);
	return plan;
}

static const struct cr_step *find(const struct cr_plan *plan, enum cr_step_kind kind,
				  const char *path)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct cr_step *step = &plan->steps[i];

		if (step->kind == kind && (!path || (step->path && strcmp(step->path, path) == 0)))
			return step;
	}
	return NULL;
}

static const char *profile_of(struct fake *fake)
{
	return find(plan_of(fake), CR_STEP_MAC_PROFILE, NULL)->detail;
}

/* The last rule that matches decides: what is deeper must come later. */
static void rules_come_parents_first(void **state)
{
	static const char *const in_order[] = {
		"(version 1)\n(deny default)\n",
		"(allow file-read* (literal \"/\") (subpath \"/\"))\n",
		("(deny file-read* file-write* (literal \"/home/u/.ssh\") "
		 "(subpath \"/home/u/.ssh\"))\n"),
		"(allow file-read* file-write* (literal \"/home/u/w\") (subpath \"/home/u/w\"))\n",
		"(deny file-write-unlink (literal \"/home/u/w\"))\n",
		"(deny file-write-unlink (literal \"/home/u/w/a\"))\n",
		"(deny file-write* (literal \"/home/u/w/a/b\") (subpath \"/home/u/w/a/b\"))\n",
		"(deny network*)\n",
	};
	struct fake fake =
		fake_rules(CR_OS_MACOS, CR_TIER_FULL, "dir /home/u/w/a/b\ndir /home/u/.ssh\n",
			   "allow read /\nallow write .\ndeny write a/b\ndeny read ~/.ssh\n");
	const char *at = profile_of(&fake);

	(void)state;
	for (size_t i = 0; i < sizeof(in_order) / sizeof(in_order[0]); i++) {
		at = strstr(at, in_order[i]);
		if (!at)
			fail_msg("missing, or too early: %s", in_order[i]);
		at += strlen(in_order[i]);
	}
	fake_free(&fake);
}

static void names_are_quoted(void **state)
{
	struct fake fake =
		fake_rules(CR_OS_MACOS, CR_TIER_FULL, "dir /home/u/w/a\")(allow%20default)(\"\n",
			   "allow read /\nallow write .\n"
			   "deny write \"a\\\")(allow default)(\\\"\"\n");
	const char *profile = profile_of(&fake);

	(void)state;
	assert_non_null(strstr(profile, "\"/home/u/w/a\\\")(allow default)(\\\"\""));
	assert_null(strstr(profile, "a\")(allow"));
	fake_free(&fake);
}

/* A protected name that does not exist cannot be made in another case either. */
static void absent_names_are_denied_in_any_case(void **state)
{
	struct fake fake = fake_rules(CR_OS_MACOS, CR_TIER_FULL, "dir /home/u/w/é.x\n",
				      "allow read /\nallow write .\ndeny write .git é.x/y\\ñ\n");
	const struct cr_plan *plan = plan_of(&fake);
	const char *profile = find(plan, CR_STEP_MAC_PROFILE, NULL)->detail;

	(void)state;
	assert_non_null(
		strstr(profile, "(deny file-write* (regex #\"^/home/u/w/.[gG][iI][tT](/|$)\"))\n"));
	assert_non_null(find(plan, CR_STEP_RESERVE, "/home/u/w/.git"));
	assert_int_equal(plan->n_gaps, 1); /* the name with a letter we cannot fold */
	assert_string_equal(plan->gaps[0].name, "absent-protected");
	fake_free(&fake);
}

/* Made elsewhere and renamed into place, a directory would bring the protected name with it. */
static void the_topmost_missing_directory_is_kept_absent(void **state)
{
	struct fake fake = fake_rules(CR_OS_MACOS, CR_TIER_FULL, "dir /home/u/w/é\n",
				      "allow read /\nallow write .\ndeny write é/b/c/d\n");
	const struct cr_plan *plan = plan_of(&fake);
	const char *profile = find(plan, CR_STEP_MAC_PROFILE, NULL)->detail;

	(void)state;
	assert_non_null(find(plan, CR_STEP_PIN, "/home/u/w/é"));
	assert_non_null(find(plan, CR_STEP_RESERVE, "/home/u/w/é/b"));
	assert_non_null(strstr(profile, "(regex #\"^/home/u/w/[^/]+/[bB](/|$)\")"));
	fake_free(&fake);
}

static void what_is_shown_inside_the_hidden_can_be_reached(void **state)
{
	struct fake fake = fake_rules(CR_OS_MACOS, CR_TIER_FULL, "dir /home/u/v/pub\n",
				      "allow read /\nallow write .\ndeny read ~/v\n"
				      "allow read ~/v/pub\n");
	const char *profile = profile_of(&fake);
	const char *hidden =
		strstr(profile, "(deny file-read* file-write* (literal \"/home/u/v\")");
	const char *way = strstr(profile, "(allow file-read-metadata (literal \"/home/u/v\"))");
	const char *shown = strstr(profile, "(allow file-read* (literal \"/home/u/v/pub\")");

	(void)state;
	assert_non_null(hidden);
	assert_true(way > hidden);
	assert_true(shown > way);
	fake_free(&fake);
}

static void gaps(void **state)
{
	static const struct {
		const char *policy, *gap;
	} rows[] = {
		{"ask write ~/x\n", "ask-files"},
		{"allow connect a.example:443\n", "connect-names"},
		{"allow unix ~/sock\n", "unix-sockets"},
		{"limit memory 1G\n", "limit-memory"},
		{"limit processes 10\n", "limit-processes"},
		{"limit disk 1G\n", "limit-disk"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char policy[256];
		struct fake fake;
		const struct cr_plan *plan;

		snprintf(policy, sizeof(policy), "allow read /\nallow write .\n%s", rows[i].policy);
		fake = fake_rules(CR_OS_MACOS, CR_TIER_FULL, "dir /home/u/w\n", policy);
		plan = plan_of(&fake);
		assert_int_equal(plan->n_gaps, 1);
		assert_string_equal(plan->gaps[0].name, rows[i].gap);
		fake_free(&fake);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_come_parents_first),
		cmocka_unit_test(names_are_quoted),
		cmocka_unit_test(absent_names_are_denied_in_any_case),
		cmocka_unit_test(the_topmost_missing_directory_is_kept_absent),
		cmocka_unit_test(what_is_shown_inside_the_hidden_can_be_reached),
		cmocka_unit_test(gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
