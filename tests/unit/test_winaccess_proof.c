/*
 * test_winaccess_proof.c - the Windows plan does what decide() says, on machines like real ones.
 *
 * The starting descriptors are those that Windows 10 and 11 give these directories, as published;
 * the model stands for Windows. Nothing here ran on Windows.
 */
#include "winaccess_world.h"

#define TRUSTED "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
#define OTHER   "S-1-5-21-1000000001-1000000002-1000000003-1002"

static const struct world_file machine[] = {
	{"/", true,
	 "O:" TRUSTED "G:" TRUSTED "D:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICI;0x1200a9;;;BU)"
	 "(A;OICIIO;SDGXGWGR;;;AU)(A;;LC;;;AU)"},
	{"/Users", true,
	 "O:SYG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;;0x1200a9;;;BU)(A;OICIIO;GRGX;;;BU)"
	 "(A;;0x1200a9;;;WD)(A;OICIIO;GRGX;;;WD)"},
	{"/Users/me", true,
	 "O:" WORLD_USER "G:BUD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;" WORLD_USER ")"},
	{"/Users/me/.ssh", true, NULL},
	{"/Users/me/.ssh/id", false, "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;" WORLD_USER ")"},
	{"/Users/me/.bashrc", false, NULL},
	{"/Users/me/AppData", true, NULL},
	{"/Users/me/AppData/Local", true, NULL},
	{"/Users/me/AppData/Local/Temp", true, NULL},
	{"/Users/me/AppData/Local/carrel", true, NULL},
	{"/Users/me/AppData/Local/carrel/key", false, NULL},
	{"/Users/me/AppData/Roaming", true, NULL},
	{"/Users/me/AppData/Roaming/carrel", true, NULL},
	{"/Users/me/AppData/LocalLow", true, "S:AI(ML;OICI;NW;;;LW)"},
	{"/Users/me/AppData/LocalLow/cache", false, NULL},
	{"/Users/me/w", true, NULL},
	{"/Users/me/w/a", true, NULL},
	{"/Users/me/w/a/b", true, NULL},
	{"/Users/me/w/a/b/deep", false, NULL},
	{"/Users/me/w/.git", true, NULL},
	{"/Users/me/w/.git/config", false, NULL},
	{"/Users/me/w/.git/hooks", true, NULL},
	{"/Users/me/w/.git/hooks/pre-commit", false, NULL},
	{"/Users/me/w/.git/objects", true, NULL},
	{"/Users/me/w/.vscode", true, NULL},
	{"/Users/me/w/note", false, NULL},
	{"/Users/me/w/read-only", false, "D:P(A;;FR;;;WD)(A;;FA;;;SY)"},
	{"/Users/me/w/shared", true, "D:(A;OICI;FA;;;WD)"},
	{"/Users/me/w/shared/file", false, NULL},
	{"/Users/me/cache", true, NULL},
	{"/Users/me/other-w", true, /* the workspace of another box */
	 "D:(A;OICI;0x1301bf;;;S-1-5-21-1-2-3-4000)S:(ML;OICI;NW;;;S-1-16-6144)"},
	{"/Users/me/other-w/file", false, NULL},
	{"/Users/Public", true,
	 "O:SYG:SYD:PAI(A;OICIIO;FA;;;CO)(A;;0x1301bf;;;IU)(A;OICIIO;SDGXGWGR;;;IU)"
	 "(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"},
	{"/Users/Public/file", false, NULL},
	{"/Users/other", true,
	 "O:" OTHER "G:BUD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;" OTHER ")"},
	{"/Users/other/file", false, NULL},
	{"/ProgramData", true,
	 "O:SYG:SYD:PAI(A;OICIIO;GA;;;CO)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)"
	 "(A;CI;DCLCRPCR;;;BU)"},
	{"/ProgramData/tool", true, NULL},
	{"/ProgramData/tool/mine", false, "O:" WORLD_USER},
	{"/Windows", true,
	 "O:" TRUSTED "G:" TRUSTED "D:PAI(A;OICI;FA;;;" TRUSTED ")(A;OICI;0x1301bf;;;SY)"
	 "(A;OICI;0x1301bf;;;BA)(A;OICI;0x1200a9;;;BU)"},
	{"/Windows/system.ini", false, NULL},
	{"/Windows/Temp", true,
	 "O:SYG:SYD:P(A;CI;0x100026;;;BU)(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICIIO;FA;;;CO)"},
	{"/src", true, "O:" WORLD_USER}, /* made by the user: Authenticated Users may modify */
	{"/src/project", true, NULL},
	{"/src/project/main.c", false, NULL},
	{"/src/project/.git", true, NULL},
	{"/src/project/.git/config", false, NULL},
	{"/admins", true, "O:BA"}, /* made by an administrator */
	{"/admins/repo", true, NULL},
	{"/admins/repo/file", false, NULL},
	{"/admins/repo/.git", true, NULL},
	{"/admins/closed", true, "O:BAD:P(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)"},
	{"/admins/closed/file", false, NULL},
	{"/open", true, "O:BAD:(A;OICI;FA;;;WD)"}, /* world-writable */
	{"/open/file", false, NULL},
	{"/open/null", true, "O:BAD:NO_ACCESS_CONTROL"},
	{"/open/null/file", false, "O:" WORLD_USER},
};

static const char *const policies[] = {
	"allow read C:/\nallow write .\n",
	"allow read C:/\nallow write .\ndeny write .git .vscode note\n",
	"allow read C:/\nallow write .\ndeny write .git/hooks .git/config\n",
	"allow read C:/\nallow write .\ndeny write a\nallow write a/b\n",
	"allow read C:/\nallow write .\ndeny write a\nallow write a/b\ndeny write a/b/deep\n",
	"allow read C:/\nallow write .\ndeny write .claude .envrc a/.claude x/y/z\n",
	"allow read C:/\nallow write .\ndeny read ~/.ssh ~/.bashrc\n",
	"allow read C:/\nallow write .\ndeny read .git/config a/b\n",
	"allow read C:/\nallow write . ~/cache C:/src C:/admins/repo\n"
	"deny write C:/src/project/.git C:/admins/repo/.git\n",
	"allow read C:/\nallow write C:/src/project C:/open C:/ProgramData/tool\n",
	"allow read C:/\nallow write C:/open\ndeny write C:/open/null C:/open/file\n",
	"allow read C:/\nallow write C:/Users/Public C:/Windows/Temp C:/admins/closed\n",
	"allow read C:/\nallow write .\ndeny write shared shared/file read-only\n",
	"allow read C:/\nallow write . C:/src\ndeny write C:/src/project\n"
	"allow write C:/src/project/main.c\n",
	"allow read C:/Windows .\nallow write .\n",
	"allow read C:/\nask write .\n",
	"allow read C:/\n",
	"allow read C:/\nallow write ~/AppData/LocalLow\n",
};

/* What was seen in all worlds of one kind. */
struct sum {
	size_t checks, granted, differences;
	size_t excused[WORLD_GAPS];
};

static void prove(const struct world_spec *spec, struct sum *sum)
{
	struct world w;

	ROW_ASSERT(world_make(&w, spec) == 0, "%s: %s %s", spec->policy, w.err.text,
		   w.diags.count ? w.diags.items[0].text : "");
	if (world_check(&w) > 0)
		print_error("^ %s%s%s: %zu differences in %zu checks\n\n", cr_tier_name(spec->tier),
			    spec->no_labels ? ", lock 3 off" : "",
			    spec->is_admin ? ", administrator" : "", w.n_differences, w.n_checks);
	sum->checks += w.n_checks;
	sum->granted += w.n_granted;
	sum->differences += w.n_differences;
	for (size_t i = 0; i < WORLD_GAPS; i++)
		sum->excused[i] += w.n_excused[i];
	world_free(&w);
}

/* The gaps in `open` must be seen to be open, and no other. */
static void prove_all(const struct world_spec *like, unsigned open)
{
	struct sum sum = {0};

	for (size_t i = 0; i < COUNT(policies); i++) {
		struct world_spec spec = *like;

		spec.files = machine;
		spec.n_files = COUNT(machine);
		spec.policy = policies[i];
		prove(&spec, &sum);
	}
	assert_int_equal(sum.differences, 0);
	assert_true(sum.granted > 1000 && sum.checks > 8 * COUNT(machine) * COUNT(policies));
	for (size_t i = 0; i < WORLD_GAPS; i++) {
		ROW_ASSERT((sum.excused[i] > 0) == (open >> i & 1u), "gap '%s' was seen %zu times",
			   world_gaps[i], sum.excused[i]);
	}
}

static void three_locks_make_the_plan_true(void **state)
{
	(void)state;
	prove_all(&(const struct world_spec){.tier = CR_TIER_UNELEVATED},
		  1u << WORLD_HIDDEN | 1u << WORLD_LOW);
}

/* What an earlier run left on the files changes nothing. */
static void also_the_second_time(void **state)
{
	(void)state;
	prove_all(&(const struct world_spec){.tier = CR_TIER_UNELEVATED, .again = true},
		  1u << WORLD_HIDDEN | 1u << WORLD_LOW);
	prove_all(&(const struct world_spec){.tier = CR_TIER_ELEVATED, .again = true},
		  1u << WORLD_HIDDEN);
}

static void also_for_an_administrator(void **state)
{
	(void)state;
	prove_all(&(const struct world_spec){.tier = CR_TIER_UNELEVATED, .is_admin = true},
		  1u << WORLD_HIDDEN | 1u << WORLD_LOW);
}

static void also_for_the_account_of_the_elevated_tier(void **state)
{
	(void)state;
	prove_all(&(const struct world_spec){.tier = CR_TIER_ELEVATED}, 1u << WORLD_HIDDEN);
}

static void with_lock_three_off_the_gaps_say_what_is_open(void **state)
{
	(void)state;
	prove_all(&(const struct world_spec){.tier = CR_TIER_UNELEVATED, .no_labels = true},
		  1u << WORLD_HIDDEN | 1u << WORLD_OUTSIDE | 1u << WORLD_RENAME | 1u << WORLD_OPEN |
			  1u << WORLD_ENTRIES);
	prove_all(&(const struct world_spec){.tier = CR_TIER_ELEVATED, .no_labels = true},
		  1u << WORLD_HIDDEN | 1u << WORLD_OUTSIDE | 1u << WORLD_OPEN |
			  1u << WORLD_ENTRIES);
}

/*
 * What stands at or below the height of the box is held by the place alone, and in one reading the
 * place is not asked about deleting or about the list: so a box can delete in the workspace of
 * another one, and give itself what it lacks there. The gap for it is delete-low.
 */
static void what_stands_low_is_known(void **state)
{
	static const struct {
		const char *path;
		enum cr_win_op op;
		bool granted[CR_WIN_READING_COUNT];
	} rows[] = {
		{"C:\\Users\\me\\other-w\\file", CR_WIN_OP_READ, {true, true, true}},
		{"C:\\Users\\me\\other-w\\file", CR_WIN_OP_WRITE, {false, false, false}},
		{"C:\\Users\\me\\other-w", CR_WIN_OP_CREATE, {false, false, false}},
		{"C:\\Users\\me\\other-w\\file", CR_WIN_OP_RENAME, {false, false, false}},
		{"C:\\Users\\me\\other-w\\file", CR_WIN_OP_DELETE, {true, true, true}},
		{"C:\\Users\\me\\other-w\\file", CR_WIN_OP_SET_DACL, {true, true, false}},
		{"C:\\Users\\me\\AppData\\LocalLow\\cache", CR_WIN_OP_DELETE, {true, true, true}},
		{"C:\\Users\\me\\AppData\\LocalLow\\cache", CR_WIN_OP_WRITE, {false, false, false}},
	};
	const struct world_spec spec = {
		.tier = CR_TIER_UNELEVATED,
		.files = machine,
		.n_files = COUNT(machine),
		.policy = "allow read C:/\nallow write .\n",
	};
	struct world w;

	(void)state;
	assert_int_equal(world_make(&w, &spec), 0);
	assert_true(world_has_gap(&w, "delete-low"));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world_try t = {.tree = &w.after,
				      .node = cr_win_tree_find(&w.after, rows[i].path),
				      .op = rows[i].op};

		for (int reading = 0; reading < CR_WIN_READING_COUNT; reading++) {
			t.reading = (enum cr_win_reading)reading;
			ROW_ASSERT(world_granted(&w, &w.box, &t) == rows[i].granted[reading],
				   "row %zu: %s '%s', reading %d", i, cr_win_op_name(t.op),
				   rows[i].path, reading);
		}
	}
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_locks_make_the_plan_true),
		cmocka_unit_test(also_the_second_time),
		cmocka_unit_test(also_for_an_administrator),
		cmocka_unit_test(also_for_the_account_of_the_elevated_tier),
		cmocka_unit_test(what_stands_low_is_known),
		cmocka_unit_test(with_lock_three_off_the_gaps_say_what_is_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
