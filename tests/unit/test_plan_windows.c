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
#include "core/sddl.h"

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
	assert_null(step(plan, CR_STEP_WIN_DENY, "C:\\home\\u\\w", 0));
	assert_non_null(step(plan, CR_STEP_PIN, "C:\\home\\u\\w\\.git", 0));
	assert_non_null(step(plan, CR_STEP_PIN, "C:\\home\\u\\w\\note", 0));
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
	assert_int_equal(strncmp(other, "S-1-5-21-1111111111-2222222222-", 31), 0);
	assert_true(strtoul(strrchr(other, '-') + 1, NULL, 10) >= 1000);
	fake_free(&one);
	fake_free(&two);
}

/* A directory moved away keeps its entries: what is made under its old name gets another SID. */
static void a_sid_is_of_the_file_and_of_the_name(void **state)
{
	static const char *const trees[] = {"dir /home/u/w\n", "dir /z\ndir /home/u/w\n"};
	char first[2][200];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct fake fake = fake_rules(CR_OS_WINDOWS, CR_TIER_UNELEVATED, trees[i],
					      "allow read C:/\nallow write .\n");

		snprintf(first[i], sizeof(first[i]), "%s",
			 step(plan_of(&fake), CR_STEP_WIN_SID, "C:\\home\\u\\w", 0)->detail);
		fake_free(&fake);
	}
	assert_string_not_equal(first[0], first[1]);
}

/* Another installation, other SIDs, down to the hashed part. */
static void sids_are_the_installations(void **state)
{
	struct fake fake = windows(CR_TIER_UNELEVATED, "allow read C:/\nallow write .\n");
	const char *one = step(plan_of(&fake), CR_STEP_WIN_SID, "C:\\home\\u\\w", 0)->detail;
	const char *two;

	(void)state;
	fake.facts.sid_seed[2]++;
	two = step(plan_of(&fake), CR_STEP_WIN_SID, "C:\\home\\u\\w", 0)->detail;
	assert_int_equal(strncmp(one, two, 31), 0);
	assert_string_not_equal(one, two);
	fake_free(&fake);
}

/* Also where the directory made for the box lies in a writable one, which other boxes may write. */
static void a_box_has_a_sid_of_its_own(void **state)
{
	struct fake fake = fake_new(CR_OS_WINDOWS, fs);
	const struct cr_policy *policies[] = {
		fake_policy(&fake, CR_LAYER_USER, "allow read C:/\nallow write . C:/tmp\n")};
	const struct cr_plan *plan;
	const char *own;

	(void)state;
	fake_add(fake.fs, CR_FT_DIR, "/tmp", NULL);
	fake_resolve_in(&fake, "/tmp/box", CR_TIER_UNELEVATED, policies, 1);
	plan = plan_of(&fake);
	own = step(plan, CR_STEP_WIN_SID, "C:\\tmp\\box", 0)->detail;
	assert_non_null(step(plan, CR_STEP_WIN_SID, "C:\\tmp", 0));
	assert_non_null(strstr(step(plan, CR_STEP_TEMP_DIR, NULL, 0)->detail, own));
	assert_non_null(strstr(step(plan, CR_STEP_WIN_DEFAULT_DACL, NULL, 0)->detail, own));
	assert_null(step(plan, CR_STEP_WIN_ALLOW, "C:\\tmp\\box", 0)); /* it brings its own */
	fake_free(&fake);
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
		{CR_TIER_UNELEVATED, true, "", "delete-low", true},
		{CR_TIER_UNELEVATED, false, "", "delete-low", false},
		{CR_TIER_ELEVATED, true, "", "delete-low", true},
		{CR_TIER_UNELEVATED, true, "", "open-volumes", false},
		{CR_TIER_UNELEVATED, true, "ask write ~/other\n", "ask-files", true},
		{CR_TIER_UNELEVATED, true, "allow unix ~/sock\n", "unix-sockets", true},
		{CR_TIER_UNELEVATED, true, "limit files 10\n", "limit-files", true},
		{CR_TIER_UNELEVATED, true, "limit memory 1G\n", "limit-memory", false},
		{CR_TIER_UNELEVATED, true, "", "delete-outside", false},
		{CR_TIER_UNELEVATED, false, "", "delete-outside", true},
		{CR_TIER_UNELEVATED, true, "", "integrity", false},
		{CR_TIER_UNELEVATED, false, "", "integrity", true},
		{CR_TIER_UNELEVATED, false, "", "rename-protected", true},
		{CR_TIER_UNELEVATED, false, "", "change-entries", true},
		{CR_TIER_UNELEVATED, true, "", "change-entries", false},
		{CR_TIER_ELEVATED, false, "", "change-entries", true},
		{CR_TIER_UNELEVATED, false, "", "world-writable", true},
		{CR_TIER_UNELEVATED, false, "", "same-user-processes", true},
		{CR_TIER_ELEVATED, false, "", "delete-outside", true},
		{CR_TIER_ELEVATED, false, "", "rename-protected", true},
		{CR_TIER_ELEVATED, false, "", "world-writable", true},
		{CR_TIER_ELEVATED, false, "", "same-user-processes", true},
		{CR_TIER_ELEVATED, true, "", "same-user-processes", false},
		{CR_TIER_ELEVATED, true, "limit disk 1G\n", "limit-disk", true},
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

static void volumes_without_access_control_are_a_gap(void **state)
{
	struct fake fake = windows(CR_TIER_UNELEVATED,
				   "allow read C:/\nallow write . D:/x\ndeny write D:/x/y\n");
	const struct cr_plan *plan;

	(void)state;
	fake.facts.open_drives = 1u << ('D' - 'A') | 1u << ('Z' - 'A');
	plan = plan_of(&fake);
	assert_true(has_gap(plan, "open-volumes"));
	for (size_t i = 0; i < plan->n_gaps; i++) {
		if (strcmp(plan->gaps[i].name, "open-volumes") == 0)
			assert_non_null(strstr(plan->gaps[i].text, "on D:, Z: no access"));
	}
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct cr_step *at = &plan->steps[i];

		if (at->path && at->path[0] == 'D')
			assert_true(at->kind == CR_STEP_PIN || at->kind == CR_STEP_WIN_AUDIT);
	}
	fake_free(&fake);
}

/* An absent protected name is taken; of a missing path, its topmost missing directory. */
static void absent_names_are_reserved(void **state)
{
	struct fake fake = windows(CR_TIER_UNELEVATED,
				   "allow read C:/\nallow write .\n"
				   "deny write .vscode a/b/.idea new/deep/.envrc note/x\n");
	const struct cr_plan *plan = plan_of(&fake);
	const struct cr_step *top = step(plan, CR_STEP_RESERVE, "C:\\home\\u\\w\\.vscode", 0);
	const struct cr_step *deep = step(plan, CR_STEP_RESERVE, "C:\\home\\u\\w\\new", 0);

	(void)state;
	assert_non_null(strstr(top->detail, "S:(ML;OICI;NW;;;S-1-16-8192)"));
	assert_int_equal(strncmp(top->detail, "D:P(A;OICI;FA;;;S-1-5-18)", 25), 0);
	assert_null(strstr(top->detail, step(plan, CR_STEP_WIN_SID, NULL, 0)->detail));
	assert_int_equal(top->id.file, step(plan, CR_STEP_WIN_SID, NULL, 0)->id.file);
	assert_non_null(deep);
	assert_non_null(step(plan, CR_STEP_RESERVE, "C:\\home\\u\\w\\a\\b\\.idea", 0));
	assert_non_null(step(plan, CR_STEP_PIN, "C:\\home\\u\\w\\a", 0));
	assert_non_null(step(plan, CR_STEP_PIN, "C:\\home\\u\\w\\a\\b", 0));
	assert_null(step(plan, CR_STEP_PIN, "C:\\home\\u\\w\\a", 1)); /* once */
	/* a file where a directory would have to be */
	assert_non_null(step(plan, CR_STEP_PIN, "C:\\home\\u\\w\\note", 0));
	assert_null(step(plan, CR_STEP_RESERVE, "C:\\home\\u\\w\\note\\x", 0));
	fake_free(&fake);
}

/* What a box makes may be opened by this box alone, not by another of the same session. */
static void objects_of_the_box_are_its_own(void **state)
{
	struct fake fake = windows(CR_TIER_UNELEVATED, "allow read C:/\nallow write .\n");
	const struct cr_plan *plan = plan_of(&fake);
	const char *dacl = step(plan, CR_STEP_WIN_DEFAULT_DACL, NULL, 0)->detail;

	(void)state;
	assert_non_null(strstr(dacl, fake.facts.user_sid));
	assert_null(strstr(dacl, fake.facts.logon_sid));
	assert_null(strstr(dacl, "S-1-1-0"));
	assert_null(strstr(dacl, "WD"));
	assert_int_equal(
		strncmp(step(plan, CR_STEP_WIN_DESKTOP, NULL, 0)->detail, dacl, strlen(dacl)), 0);
	assert_int_equal(step(plan, CR_STEP_WIN_JOB, NULL, 0)->value, 0x2400);
	assert_int_equal(step(plan, CR_STEP_WIN_JOB_UI, NULL, 0)->value, 0xff);
	fake_free(&fake);
}

static void canaries_of_what_holds(void **state)
{
	static const struct {
		enum cr_tier tier;
		bool labels;
		const char *connect;
		bool height, connects;
	} rows[] = {
		{CR_TIER_UNELEVATED, true, "", true, false},
		{CR_TIER_UNELEVATED, false, "", false, false},
		{CR_TIER_ELEVATED, true, "", true, true},
		{CR_TIER_ELEVATED, false, "", true, true},
		{CR_TIER_ELEVATED, true, "allow connect *:443\n", true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct cr_plan *plan;
		struct fake fake;
		char policy[256];

		snprintf(policy, sizeof(policy),
			 "allow read C:/\nallow write .\ndeny write .git\n%s", rows[i].connect);
		fake = windows(rows[i].tier, policy);
		fake.facts.integrity_labels = rows[i].labels;
		plan = plan_of(&fake);
		assert_non_null(step(plan, CR_STEP_CANARY_WRITE, "C:\\home\\u", 0));
		assert_non_null(step(plan, CR_STEP_CANARY_WORK, "C:\\home\\u\\w", 0));
		assert_int_equal(!!step(plan, CR_STEP_CANARY_DELETE, NULL, 0), rows[i].height);
		assert_int_equal(!!step(plan, CR_STEP_CANARY_RENAME, "C:\\home\\u\\w\\.git", 0),
				 rows[i].height);
		assert_int_equal(!!step(plan, CR_STEP_CANARY_PROCESS, NULL, 0), rows[i].height);
		assert_int_equal(!!step(plan, CR_STEP_CANARY_CONNECT, NULL, 0), rows[i].connects);
		fake_free(&fake);
	}
}

/* In a job already: no user interface limits, and a gap; not so for another account's process. */
static void a_job_in_a_job_has_a_gap(void **state)
{
	static const struct {
		enum cr_tier tier;
		bool inside, gap;
	} rows[] = {
		{CR_TIER_UNELEVATED, false, false},
		{CR_TIER_UNELEVATED, true, true},
		{CR_TIER_ELEVATED, true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake fake = windows(rows[i].tier, "allow read C:/\nallow write .\n");
		const struct cr_plan *plan;

		fake.facts.inside_job = rows[i].inside;
		plan = plan_of(&fake);
		assert_int_equal(has_gap(plan, "job-ui"), rows[i].gap);
		assert_int_equal(!!step(plan, CR_STEP_WIN_JOB_UI, NULL, 0), !rows[i].gap);
		fake_free(&fake);
	}
}

/* Programs in a labelled home would start at the box's level when the user logs in. */
static void a_home_is_not_labelled(void **state)
{
	struct fake fake = windows(CR_TIER_UNELEVATED, "allow read C:/\nallow write ~\n");
	static const char *const accepted[] = {"network", "integrity"};
	struct cr_plan *plan;
	struct cr_err err = {0};

	(void)state;
	assert_int_equal(cr_plan_make(fake.arena, fake.rules, &fake.facts, &plan, &err), -1);
	assert_non_null(strstr(err.hint, "--accept-gap=integrity"));
	cr_facts_accept(&fake.facts, accepted, 1);
	assert_true(fake.facts.integrity_labels);
	cr_facts_accept(&fake.facts, accepted, 2);
	assert_non_null(step(plan_of(&fake), CR_STEP_WIN_ALLOW, "C:\\home\\u", 0));
	assert_true(has_gap(plan_of(&fake), "delete-outside"));
	fake_free(&fake);
}

static bool is_entry(enum cr_step_kind kind)
{
	return kind == CR_STEP_WIN_ALLOW || kind == CR_STEP_WIN_DENY || kind == CR_STEP_WIN_HIDE ||
	       kind == CR_STEP_WIN_READ || kind == CR_STEP_WIN_LABEL;
}

static bool is_descriptor(enum cr_step_kind kind)
{
	return kind == CR_STEP_WIN_DEFAULT_DACL || kind == CR_STEP_WIN_DESKTOP ||
	       kind == CR_STEP_WIN_NUL || kind == CR_STEP_TEMP_DIR || kind == CR_STEP_RESERVE;
}

/* What the enforcer will parse parses, and an entry's mask is the step's value. */
static void check_texts(struct fake *fake)
{
	const struct cr_plan *plan = plan_of(fake);
	unsigned entries = 0, descriptors = 0;

	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct cr_step *at = &plan->steps[i];
		struct cr_win_ace ace;
		struct cr_win_sd sd;
		struct cr_err err = {0};

		if (is_entry(at->kind)) {
			entries++;
			if (cr_sddl_parse_ace(at->detail, &ace, &err) < 0 ||
			    (at->kind != CR_STEP_WIN_LABEL && ace.mask != at->value) ||
			    (ace.type == CR_WIN_ACE_ALLOW && ace.mask & 0x40))
				fail_msg("%s: %s", at->detail, err.text);
		}
		if (is_descriptor(at->kind)) {
			descriptors++;
			if (cr_sddl_parse(fake->arena, at->detail, &sd, &err) < 0 || !sd.has_dacl)
				fail_msg("%s: %s", at->detail, err.text);
		}
	}
	assert_true(entries >= 4 && descriptors >= 5);
}

static void every_access_list_can_be_read(void **state)
{
	static const enum cr_tier tiers[] = {CR_TIER_UNELEVATED, CR_TIER_ELEVATED};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fake fake = fake_new(CR_OS_WINDOWS, fs);
		const struct cr_policy *policies[] = {
			fake_policy(&fake, CR_LAYER_USER,
				    "allow read C:/\nallow write . note2 a/b\n"
				    "deny write .git a .vscode\ndeny read ~/.ssh b\n")};

		fake_resolve_in(&fake, "/tmp/box", tiers[i], policies, 1);
		check_texts(&fake);
		fake.facts.integrity_labels = false;
		check_texts(&fake);
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
	assert_string_equal(step(plan, CR_STEP_WIN_ALLOW, "C:\\home\\u\\w", 0)->detail, expected);
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
		cmocka_unit_test(a_sid_is_of_the_file_and_of_the_name),
		cmocka_unit_test(sids_are_the_installations),
		cmocka_unit_test(volumes_without_access_control_are_a_gap),
		cmocka_unit_test(absent_names_are_reserved),
		cmocka_unit_test(objects_of_the_box_are_its_own),
		cmocka_unit_test(canaries_of_what_holds),
		cmocka_unit_test(a_home_is_not_labelled),
		cmocka_unit_test(a_job_in_a_job_has_a_gap),
		cmocka_unit_test(a_box_has_a_sid_of_its_own),
		cmocka_unit_test(a_root_inside_protected_has_its_own_sid),
		cmocka_unit_test(gaps_of_each_tier),
		cmocka_unit_test(every_access_list_can_be_read),
		cmocka_unit_test(hidden_is_denied_to_the_account),
		cmocka_unit_test(what_no_token_can_hold_is_refused),
		cmocka_unit_test(elevated_needs_its_accounts),
		cmocka_unit_test(a_blind_plan_takes_all_to_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
