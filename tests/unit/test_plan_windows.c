/*
 * test_plan_windows.c - the Windows plan: SIDs, masks and entries, and which gaps each tier has.
 * Nothing here runs on Windows; the whole plans are in tests/golden.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../golden/fake_rules.h"

static const char fs[] = "dir /home/u/w/.git\ndir /home/u/w/a/b\nfile /home/u/w/note\n"
			 "dir /home/u/.ssh\ndir /home/u/other\n";

static const struct cr_plan *plan_of(struct fake *fake)
{
	struct cr_plan *plan = NULL;
	struct cr_err err = {0};

	if (cr_plan_make(fake->arena, fake->rules, &fake->facts, &plan, &err) < 0)
		fail_msg("%s", err.text);
	return plan;
}

static struct fake windows(enum cr_tier tier, const char *policy)
{
	return fake_rules(CR_OS_WINDOWS, tier, fs, policy);
}

/* The n-th step of a kind on a path (NULL: any). */
static const struct cr_step *step(const struct cr_plan *plan, enum cr_step_kind kind,
				  const char *path, unsigned n)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct cr_step *at = &plan->steps[i];

		if (at->kind == kind && (!path || (at->path && strcmp(at->path, path) == 0)) &&
		    n-- == 0)
			return at;
	}
	return NULL;
}

static bool has_gap(const struct cr_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->n_gaps; i++) {
		if (strcmp(plan->gaps[i].name, name) == 0)
			return true;
	}
	return false;
}

static void the_token_is_write_restricted(void **state)
{
	struct fake fake = windows(CR_TIER_UNELEVATED, "allow read C:/\nallow write .\n");
	const struct cr_plan *plan = plan_of(&fake);

	(void)state;
	assert_int_equal(step(plan, CR_STEP_WIN_TOKEN, NULL, 0)->value, 0xd);
	assert_string_equal(step(plan, CR_STEP_WIN_LEVEL, NULL, 0)->detail, "S-1-16-6144");
	assert_string_equal(step(plan, CR_STEP_WIN_SID, NULL, 0)->path, "C:\\home\\u\\w");
	assert_string_equal(step(plan, CR_STEP_WIN_SID, NULL, 1)->detail, fake.facts.logon_sid);
	assert_string_equal(step(plan, CR_STEP_WIN_SID, NULL, 2)->detail, "S-1-1-0");
	assert_null(step(plan, CR_STEP_WIN_SID, NULL, 3));
	fake_free(&fake);
}

static void entries_of_root_and_protected(void **state)
{
	struct fake fake = windows(CR_TIER_UNELEVATED,
				   "allow read C:/\nallow write .\ndeny write .git note\n");
	const struct cr_plan *plan = plan_of(&fake);
	const char *sid = step(plan, CR_STEP_WIN_SID, NULL, 0)->detail;
	const struct cr_step *allow = step(plan, CR_STEP_WIN_ALLOW, "C:\\home\\u\\w", 0);
	const struct cr_step *deny = step(plan, CR_STEP_WIN_DENY, "C:\\home\\u\\w\\.git", 0);
	const struct cr_step *file = step(plan, CR_STEP_WIN_DENY, "C:\\home\\u\\w\\note", 0);
	char expected[256];

	(void)state;
	assert_int_equal(allow->value, 0x1301bf);
	assert_int_equal(allow->value & 0x40, 0); /* never FILE_DELETE_CHILD */
	snprintf(expected, sizeof(expected), "(A;OICI;0x1301bf;;;%s)", sid);
	assert_string_equal(allow->detail, expected);
	assert_int_equal(deny->value, 0xd0156);
	assert_int_equal(deny->value & 0x120089, 0); /* nothing of reading */
	snprintf(expected, sizeof(expected), "(D;OICI;0xd0156;;;%s)", sid);
	assert_string_equal(deny->detail, expected);
	snprintf(expected, sizeof(expected), "(D;;0xd0156;;;%s)", sid);
	assert_string_equal(file->detail, expected);
	assert_string_equal(step(plan, CR_STEP_WIN_LABEL, "C:\\home\\u\\w", 0)->detail,
			    "(ML;OICI;NW;;;S-1-16-6144)");
	assert_string_equal(step(plan, CR_STEP_WIN_LABEL, "C:\\home\\u\\w\\.git", 0)->detail,
			    "(ML;OICI;NW;;;S-1-16-8192)");
	assert_string_equal(step(plan, CR_STEP_WIN_LABEL, "C:\\home\\u\\w\\note", 0)->detail,
			    "(ML;;NW;;;S-1-16-8192)");
	fake_free(&fake);
}

/* One directory, one SID: in every run, however it is spelled; another directory, another. */
static void sids_are_stable_and_distinct(void **state)
{
	struct fake one = windows(CR_TIER_UNELEVATED, "allow read C:/\nallow write . ~/other\n");
	struct fake two = windows(CR_TIER_UNELEVATED, "allow write ~/OTHER\nallow read C:/\n");
	const struct cr_plan *a = plan_of(&one), *b = plan_of(&two);
	const char *other = step(a, CR_STEP_WIN_SID, "C:\\home\\u\\other", 0)->detail;

	(void)state;
	assert_string_equal(other, step(b, CR_STEP_WIN_SID, NULL, 0)->detail);
	assert_string_not_equal(other, step(a, CR_STEP_WIN_SID, "C:\\home\\u\\w", 0)->detail);
	assert_int_equal(strncmp(other, "S-1-5-21-1111111111-2222222222-3333333333-", 42), 0);
	assert_true(strtoul(strrchr(other, '-') + 1, NULL, 10) >= 1000);
	fake_free(&one);
	fake_free(&two);
}

static void a_root_inside_protected_has_its_own_sid(void **state)
{
	struct fake fake =
		windows(CR_TIER_UNELEVATED,
			"allow read C:/\nallow write .\ndeny write a\nallow write a/b\n");
	const struct cr_plan *plan = plan_of(&fake);
	const char *outer = step(plan, CR_STEP_WIN_SID, "C:\\home\\u\\w", 0)->detail;
	const char *inner = step(plan, CR_STEP_WIN_SID, "C:\\home\\u\\w\\a\\b", 0)->detail;

	(void)state;
	assert_string_not_equal(outer, inner);
	assert_non_null(
		strstr(step(plan, CR_STEP_WIN_DENY, "C:\\home\\u\\w\\a", 0)->detail, outer));
	assert_non_null(
		strstr(step(plan, CR_STEP_WIN_ALLOW, "C:\\home\\u\\w\\a\\b", 0)->detail, inner));
	fake_free(&fake);
}

static void gaps_of_each_tier(void **state)
{
	static const struct {
		enum cr_tier tier;
		bool labels;
		const char *policy;
		const char *gap;
		bool expected;
	} rows[] = {
		{CR_TIER_UNELEVATED, true, "", "network", true},
		{CR_TIER_ELEVATED, true, "", "network", false},
		{CR_TIER_UNELEVATED, true, "allow connect a.example:443\n", "network", false},
		{CR_TIER_UNELEVATED, true, "allow connect a.example:443\n", "connect-names", true},
		{CR_TIER_ELEVATED, true, "ask connect *:443\n", "connect-names", true},
		{CR_TIER_UNELEVATED, true, "deny connect *:25\n", "connect-names", false},
		{CR_TIER_UNELEVATED, true, "deny read ~/.ssh\n", "hidden-files", true},
		{CR_TIER_ELEVATED, true, "", "hidden-files", false},
		{CR_TIER_UNELEVATED, true, "deny write .vscode\n", "absent-protected", true},
		{CR_TIER_UNELEVATED, true, "deny write .git\n", "absent-protected", false},
		{CR_TIER_UNELEVATED, true, "ask write ~/other\n", "ask-files", true},
		{CR_TIER_UNELEVATED, true, "allow unix ~/sock\n", "unix-sockets", true},
		{CR_TIER_UNELEVATED, true, "limit files 10\n", "limit-files", true},
		{CR_TIER_UNELEVATED, true, "limit memory 1G\n", "limit-memory", false},
		{CR_TIER_UNELEVATED, true, "", "delete-outside", false},
		{CR_TIER_UNELEVATED, false, "", "delete-outside", true},
		{CR_TIER_UNELEVATED, false, "", "rename-protected", true},
		{CR_TIER_UNELEVATED, false, "", "world-writable", true},
		{CR_TIER_UNELEVATED, false, "", "same-user-processes", true},
		{CR_TIER_ELEVATED, false, "", "delete-outside", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char policy[256];
		struct fake fake;

		snprintf(policy, sizeof(policy), "allow read C:/\nallow write .\n%s",
			 rows[i].policy);
		fake = windows(rows[i].tier, policy);
		fake.facts.integrity_labels = rows[i].labels;
		if (has_gap(plan_of(&fake), rows[i].gap) != rows[i].expected)
			fail_msg("row %zu: gap '%s'", i, rows[i].gap);
		assert_true(rows[i].labels || !step(plan_of(&fake), CR_STEP_WIN_LABEL, NULL, 0));
		fake_free(&fake);
	}
}

static void hidden_is_denied_to_the_account(void **state)
{
	struct fake fake =
		windows(CR_TIER_ELEVATED, "allow read C:/\nallow write .\ndeny read ~/.ssh\n");
	const struct cr_plan *plan = plan_of(&fake);
	char expected[256];

	(void)state;
	snprintf(expected, sizeof(expected), "(D;OICI;0x1f01ff;;;%s)", fake.facts.offline_sid);
	assert_string_equal(step(plan, CR_STEP_WIN_HIDE, "C:\\home\\u\\.ssh", 0)->detail, expected);
	snprintf(expected, sizeof(expected), "(A;OICI;0x1301bf;;;%s)", fake.facts.offline_sid);
	assert_string_equal(step(plan, CR_STEP_WIN_ALLOW, "C:\\home\\u\\w", 1)->detail, expected);
	assert_string_equal(step(plan, CR_STEP_CANARY_READ, NULL, 0)->path, "C:\\home\\u\\.ssh");
	fake_free(&fake);
}

static void what_no_token_can_hold_is_refused(void **state)
{
	static const char *const hostile[] = {"allow write C:/\n", NULL};
	char many[4096] = "allow read C:/\n";
	struct fake fake;
	struct cr_plan *plan;
	struct cr_err err = {0};

	(void)state;
	fake = windows(CR_TIER_UNELEVATED, hostile[0]);
	assert_int_equal(cr_plan_make(fake.arena, fake.rules, &fake.facts, &plan, &err), -1);
	assert_int_equal(err.code, CR_E_USAGE);
	fake_free(&fake);
	for (int i = 0; i < 70; i++) {
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "allow write C:/r%d\n",
			 i);
	}
	fake = fake_rules(CR_OS_WINDOWS, CR_TIER_UNELEVATED, "", many);
	assert_int_equal(cr_plan_make(fake.arena, fake.rules, &fake.facts, &plan, &err), -1);
	assert_int_equal(err.code, CR_E_LIMIT);
	fake_free(&fake);
}

static void elevated_needs_its_accounts(void **state)
{
	struct fake fake = windows(CR_TIER_ELEVATED, "allow read C:/\nallow write .\n");
	struct cr_plan *plan;
	struct cr_err err = {0};

	(void)state;
	fake.facts.offline_sid[0] = '\0';
	assert_int_equal(cr_plan_make(fake.arena, fake.rules, &fake.facts, &plan, &err), -1);
	assert_non_null(strstr(err.hint, "carrel-setup"));
	fake_free(&fake);
}

/* On another machine nothing can be looked at: the plan shows what it would be. */
static void a_blind_plan_takes_all_to_exist(void **state)
{
	struct fake fake = fake_rules(CR_OS_WINDOWS, CR_TIER_UNELEVATED, "",
				      "allow read C:/\nallow write .\ndeny write .git\n");
	const struct cr_plan *plan = plan_of(&fake);

	(void)state;
	assert_non_null(step(plan, CR_STEP_WIN_ALLOW, "C:\\home\\u\\w", 0));
	assert_non_null(step(plan, CR_STEP_WIN_DENY, "C:\\home\\u\\w\\.git", 0));
	assert_true(plan->n_notes > 0);
	fake_free(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_token_is_write_restricted),
		cmocka_unit_test(entries_of_root_and_protected),
		cmocka_unit_test(sids_are_stable_and_distinct),
		cmocka_unit_test(a_root_inside_protected_has_its_own_sid),
		cmocka_unit_test(gaps_of_each_tier),
		cmocka_unit_test(hidden_is_denied_to_the_account),
		cmocka_unit_test(what_no_token_can_hold_is_refused),
		cmocka_unit_test(elevated_needs_its_accounts),
		cmocka_unit_test(a_blind_plan_takes_all_to_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
