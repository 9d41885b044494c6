/*
 * test_winaccess_tree.c - inheritance ([MS-DTYP] 2.5.3.4) and the rules of files that are more
 * than one access check, in tables. Nothing here ran on Windows.
 */
#include "unit.h"

#include "core/sddl.h"
#include "core/winaccess_tree.h"

#define USER  "S-1-5-21-9-9-9-1001"
#define LOGON "S-1-5-5-0-7"

static void add(struct cr_win_tree *tree, const char *path, bool is_dir, const char *sddl)
{
	struct cr_err err;

	ROW_ASSERT(cr_win_tree_add(tree, path, is_dir, sddl, &err) == 0, "%s: %s", path, err.text);
}

/* What a directory and a file in `parent` inherit, and a file in that directory. */
static const struct {
	const char *parent, *dir, *file, *below;
} inherited[] = {
	{"D:(A;OICI;0x1;;;BU)", "D:(A;OICIID;0x1;;;BU)", "D:(A;ID;0x1;;;BU)", "D:(A;ID;0x1;;;BU)"},
	{"D:(A;CI;0x1;;;BU)", "D:(A;CIID;0x1;;;BU)", "D:", "D:"},
	{"D:(A;OI;0x1;;;BU)", "D:(A;OIIOID;0x1;;;BU)", "D:(A;ID;0x1;;;BU)", "D:(A;ID;0x1;;;BU)"},
	{"D:(A;OICINP;0x1;;;BU)", "D:(A;ID;0x1;;;BU)", "D:(A;ID;0x1;;;BU)", "D:"},
	{"D:(A;OINP;0x1;;;BU)", "D:", "D:(A;ID;0x1;;;BU)", "D:"},
	{"D:(A;CINP;0x1;;;BU)", "D:(A;ID;0x1;;;BU)", "D:", "D:"},
	{"D:(A;OICIIO;0x1;;;BU)", "D:(A;OICIID;0x1;;;BU)", "D:(A;ID;0x1;;;BU)",
	 "D:(A;ID;0x1;;;BU)"},
	{"D:(A;OIIO;0x1;;;BU)", "D:(A;OIIOID;0x1;;;BU)", "D:(A;ID;0x1;;;BU)", "D:(A;ID;0x1;;;BU)"},
	{"D:(A;;0x1;;;BU)", "D:", "D:", "D:"},
	{"D:(D;OICI;0x2;;;BU)(A;OICI;0x1;;;WD)", "D:(D;OICIID;0x2;;;BU)(A;OICIID;0x1;;;WD)",
	 "D:(D;ID;0x2;;;BU)(A;ID;0x1;;;WD)", "D:(D;ID;0x2;;;BU)(A;ID;0x1;;;WD)"},
	{"D:(A;OICIIO;GA;;;CO)", "D:(A;ID;0x1f01ff;;;" USER ")(A;OICIIOID;0x10000000;;;CO)",
	 "D:(A;ID;0x1f01ff;;;" USER ")", "D:(A;ID;0x1f01ff;;;" USER ")"},
	{"D:(A;OICI;0x1;;;CG)", "D:(A;ID;0x1;;;BG)(A;OICIIOID;0x1;;;CG)", "D:(A;ID;0x1;;;BG)",
	 "D:(A;ID;0x1;;;BG)"},
	{"D:(A;OICIIO;GRGX;;;BU)", "D:(A;ID;0x1200a9;;;BU)(A;OICIIOID;0xa0000000;;;BU)",
	 "D:(A;ID;0x1200a9;;;BU)", "D:(A;ID;0x1200a9;;;BU)"},
	{"D:NO_ACCESS_CONTROL", "D:", "D:", "D:"},
	{"D:S:(ML;OICI;NW;;;LW)", "D:S:(ML;OICIID;NW;;;LW)", "D:S:(ML;ID;NW;;;LW)",
	 "D:S:(ML;ID;NW;;;LW)"},
	{"D:S:(ML;;NW;;;LW)", "D:", "D:", "D:"},
	{"D:S:(ML;CI;NW;;;LW)(AU;OISA;0x2;;;WD)", "D:S:(ML;CIID;NW;;;LW)(AU;OIIOIDSA;0x2;;;WD)",
	 "D:S:(AU;IDSA;0x2;;;WD)", "D:S:(AU;IDSA;0x2;;;WD)"},
};

/* The lists of an object, without owner and group. */
static const char *lists_of(struct cr_win_tree *tree, const char *path)
{
	struct cr_win_sd sd = cr_win_tree_find(tree, path)->sd;

	sd.owner.n_subs = sd.group.n_subs = 0;
	sd.has_sacl = sd.sacl.count > 0;
	return cr_sddl_print(tree->arena, &sd);
}

static void entries_go_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(inherited); i++) {
		struct cr_win_tree tree;
		struct cr_arena *arena = cr_arena_new();
		char sddl[512];

		cr_win_tree_init(&tree, arena);
		snprintf(sddl, sizeof(sddl), "O:SYG:BG%s", inherited[i].parent);
		add(&tree, "C:\\", true, sddl);
		add(&tree, "C:\\dir", true, "O:" USER);
		add(&tree, "C:\\dir\\file", false, NULL);
		add(&tree, "C:\\file", false, "O:" USER);
		assert_int_equal(cr_win_tree_settle(&tree, NULL), 0);
		ROW_ASSERT(strcmp(lists_of(&tree, "C:\\dir"), inherited[i].dir) == 0, "%s: dir %s",
			   inherited[i].parent, lists_of(&tree, "C:\\dir"));
		ROW_ASSERT(strcmp(lists_of(&tree, "C:\\file"), inherited[i].file) == 0,
			   "%s: file %s", inherited[i].parent, lists_of(&tree, "C:\\file"));
		ROW_ASSERT(strcmp(lists_of(&tree, "C:\\dir\\file"), inherited[i].below) == 0,
			   "%s: below %s", inherited[i].parent, lists_of(&tree, "C:\\dir\\file"));
		cr_arena_free(arena);
	}
}

/* Own entries come first; a protected list takes nothing; generic rights are mapped. */
static const struct {
	const char *own, *both;
} merged[] = {
	{NULL, "D:(A;ID;0x1;;;BU)S:(ML;ID;NW;;;HI)"},
	{"O:SY", "D:(A;ID;0x1;;;BU)S:(ML;ID;NW;;;HI)"},
	{"D:(D;;0x2;;;WD)", "D:(D;;0x2;;;WD)(A;ID;0x1;;;BU)S:(ML;ID;NW;;;HI)"},
	{"D:P(A;;GR;;;WD)", "D:P(A;;0x120089;;;WD)S:(ML;ID;NW;;;HI)"},
	{"D:P", "D:PS:(ML;ID;NW;;;HI)"},
	{"D:NO_ACCESS_CONTROL", "D:NO_ACCESS_CONTROLS:(ML;ID;NW;;;HI)"},
	{"S:(ML;;NW;;;LW)", "D:(A;ID;0x1;;;BU)S:(ML;;NW;;;LW)(ML;ID;NW;;;HI)"},
	{"S:P(ML;;NW;;;LW)", "D:(A;ID;0x1;;;BU)S:P(ML;;NW;;;LW)"},
	{"S:P", "D:(A;ID;0x1;;;BU)"},
};

static void own_entries_come_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(merged); i++) {
		struct cr_win_tree tree;
		struct cr_arena *arena = cr_arena_new();

		cr_win_tree_init(&tree, arena);
		add(&tree, "C:\\", true, "O:SYG:SYD:(A;OICI;0x1;;;BU)S:(ML;OICI;NW;;;HI)");
		add(&tree, "C:\\f", false, merged[i].own);
		assert_int_equal(cr_win_tree_settle(&tree, NULL), 0);
		ROW_ASSERT(strcmp(lists_of(&tree, "C:\\f"), merged[i].both) == 0, "%s: %s",
			   merged[i].own ? merged[i].own : "-", lists_of(&tree, "C:\\f"));
		cr_arena_free(arena);
	}
}

#define FULL "D:P(A;;FA;;;" USER ")"
#define NONE "D:P"
#define MINE "O:" USER

/* One directory C:\d and one file in it; who asks is an ordinary user. */
static const struct {
	const char *dir, *file;
	enum cr_win_op op;
	bool on_dir; /* asked of the directory */
	bool pinned; /* the file is */
	bool granted;
} files[] = {
	{FULL, FULL, CR_WIN_OP_READ, false, false, true},
	{FULL, NONE, CR_WIN_OP_READ, false, false, false},
	{NONE, FULL, CR_WIN_OP_READ, false, false, true}, /* traversing is never asked about */
	{FULL, FULL, CR_WIN_OP_WRITE, false, false, true},
	{FULL, "D:P(A;;FR;;;BU)", CR_WIN_OP_WRITE, false, false, false},
	{FULL, NONE, CR_WIN_OP_DELETE, false, false, true}, /* through the parent */
	{FULL, NONE, CR_WIN_OP_DELETE_BY_PARENT, false, false, true},
	{"D:P(A;;0x40;;;BU)", NONE, CR_WIN_OP_DELETE, false, false, true},
	{NONE, FULL, CR_WIN_OP_DELETE, false, false, true},
	{NONE, FULL, CR_WIN_OP_DELETE_BY_PARENT, false, false, false},
	{NONE, "D:P(A;;SD;;;BU)", CR_WIN_OP_DELETE, false, false, true},
	{NONE, NONE, CR_WIN_OP_DELETE, false, false, false},
	{FULL, "D:P(D;;SD;;;WD)(A;;FA;;;BU)", CR_WIN_OP_DELETE, false, false, true},
	{"D:P(D;;0x40;;;WD)(A;;FA;;;BU)", "D:P(D;;SD;;;WD)(A;;FA;;;BU)", CR_WIN_OP_DELETE, false,
	 false, false},
	{FULL, FULL, CR_WIN_OP_DELETE, false, true, false}, /* held open */
	{FULL, FULL, CR_WIN_OP_RENAME, false, true, false},
	{"D:P(A;;SD;;;BU)", FULL, CR_WIN_OP_RENAME, true, true, true}, /* not relied on */
	{FULL, FULL, CR_WIN_OP_WRITE, false, true, true},
	{FULL, FULL, CR_WIN_OP_RENAME, false, false, true},
	{"D:P(A;;0x2;;;BU)", "D:P(A;;SD;;;BU)", CR_WIN_OP_RENAME, false, false, true},
	{"D:P(A;;0x4;;;BU)", "D:P(A;;SD;;;BU)", CR_WIN_OP_RENAME, false, false, false},
	{"D:P(A;;0x2;;;BU)", NONE, CR_WIN_OP_RENAME, false, false, false},
	{"D:P(A;;0x42;;;BU)", NONE, CR_WIN_OP_RENAME, false, false, true},
	{"D:P(A;;0x6;;;BU)", NONE, CR_WIN_OP_CREATE, true, false, true},
	{"D:P(A;;0x2;;;BU)", NONE, CR_WIN_OP_CREATE, true, false, false}, /* no directories */
	{FULL, NONE, CR_WIN_OP_SET_DACL, false, false, false},
	{FULL, MINE NONE, CR_WIN_OP_SET_DACL, false, false, true},
	{FULL, MINE "D:P(A;;RC;;;OW)", CR_WIN_OP_SET_DACL, false, false, false},
	{FULL, MINE NONE, CR_WIN_OP_SET_OWNER, false, false, false},
	{FULL, "D:P(A;;WO;;;BU)", CR_WIN_OP_SET_OWNER, false, false, true},
	{FULL, "D:P(A;;WO;;;BU)", CR_WIN_OP_SET_LABEL, false, false, true},
	{FULL, "D:P(A;;WO;;;BU)S:(ML;;NW;;;HI)", CR_WIN_OP_SET_LABEL, false, false, false},
	/* the directory's label stands for what FILE_DELETE_CHILD reaches, the file's does not */
	{FULL, FULL "S:(ML;;NW;;;HI)", CR_WIN_OP_DELETE, false, false, true},
	{FULL "S:(ML;;NW;;;HI)", NONE, CR_WIN_OP_DELETE, false, false, false},
};

static void files_have_rules_of_their_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct cr_arena *arena = cr_arena_new();
		struct cr_win_attempt attempt = {.op = files[i].op};
		struct cr_win_token token;
		struct cr_win_tree tree;

		cr_win_tree_init(&tree, arena);
		add(&tree, "C:\\", true, "O:SYG:SYD:P(A;;0x6;;;BU)");
		add(&tree, "C:\\d", true, files[i].dir);
		add(&tree, "C:\\d\\f", false, files[i].file);
		assert_int_equal(cr_win_tree_settle(&tree, NULL), 0);
		assert_int_equal(cr_win_token_person(
					 arena, &(const struct cr_win_person){USER, LOGON, false},
					 &token, NULL),
				 0);
		tree.nodes[2].pinned = files[i].pinned;
		attempt.token = &token;
		attempt.node = &tree.nodes[files[i].on_dir ? 1 : 2];
		ROW_ASSERT(cr_win_tree_access(&tree, &attempt).granted == files[i].granted,
			   "row %zu: %s", i, cr_win_op_name(files[i].op));
		cr_arena_free(arena);
	}
}

static void a_tree_has_no_orphans(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_err err = {0};
	struct cr_win_tree tree;

	(void)state;
	cr_win_tree_init(&tree, arena);
	assert_int_equal(cr_win_tree_add(&tree, "C:\\a", true, NULL, &err), -1);
	assert_int_equal(err.code, CR_E_PATH);
	add(&tree, "C:\\", true, NULL);
	assert_int_equal(cr_win_tree_add(&tree, "C:\\a", true, "D:(nonsense)", &err), -1);
	assert_int_equal(err.code, CR_E_SYNTAX);
	assert_null(cr_win_tree_find(&tree, "C:\\a"));
	assert_non_null(cr_win_tree_find(&tree, "C:\\"));
	cr_arena_free(arena);
}

/* The token that the flags, SIDs and level of a plan make of an administrator's. */
static void a_token_is_made_from_the_plan(void **state)
{
	static const struct cr_step steps[] = {
		{.kind = CR_STEP_WIN_TOKEN, .value = 0xd},
		{.kind = CR_STEP_WIN_SID, .detail = "S-1-5-21-1-2-3-4"},
		{.kind = CR_STEP_WIN_SID, .detail = "S-1-5-5-X-Y"},
		{.kind = CR_STEP_WIN_LEVEL, .detail = "S-1-16-6144"},
	};
	const struct cr_plan plan = {.steps = steps, .n_steps = COUNT(steps)};
	const struct cr_step wrong = {.kind = CR_STEP_WIN_SID, .detail = "S-1-5-21-X"};
	const struct cr_plan bad = {.steps = &wrong, .n_steps = 1};
	struct cr_arena *arena = cr_arena_new();
	struct cr_win_token base, token;

	(void)state;
	assert_int_equal(cr_win_token_person(arena,
					     &(const struct cr_win_person){USER, LOGON, true},
					     &base, NULL),
			 0);
	assert_int_equal(base.level, CR_WIN_IL_HIGH);
	assert_int_equal(cr_win_token_plan(arena, &plan, &base, &token, NULL), 0);
	assert_true(token.write_restricted);
	assert_int_equal(token.n_restricting, 2);
	assert_int_equal(token.restricting[1].subs[2], 7);
	assert_int_equal(token.level, 6144);
	assert_int_equal(token.privileges, CR_WIN_PRIV_CHANGE_NOTIFY);
	assert_int_equal(token.groups[base.n_groups - 1].attributes, CR_WIN_GROUP_DENY_ONLY);
	assert_int_equal(base.groups[base.n_groups - 1].attributes, CR_WIN_GROUP_ENABLED);
	assert_int_equal(cr_win_token_plan(arena, &bad, &base, &token, NULL), -1);
	cr_arena_free(arena);
}

/* What an ordinary user may do on a Windows as it is set up, with no plan at all. */
static void a_typical_tree_is_like_windows(void **state)
{
	static const struct {
		const char *path;
		enum cr_win_op op;
		bool granted;
	} rows[] = {
		{"C:\\", CR_WIN_OP_WRITE, false},
		{"C:\\new\\file", CR_WIN_OP_WRITE, true}, /* Authenticated Users may modify */
		{"C:\\Windows\\win.ini", CR_WIN_OP_READ, true},
		{"C:\\Windows\\win.ini", CR_WIN_OP_WRITE, false},
		{"C:\\windows\\win.ini", CR_WIN_OP_DELETE, false},
		{"C:\\Windows\\Temp", CR_WIN_OP_CREATE, true},
		{"C:\\Windows\\Temp", CR_WIN_OP_READ, false},
		{"C:\\Program Files\\a\\b.exe", CR_WIN_OP_WRITE, false},
		{"C:\\ProgramData\\a", CR_WIN_OP_CREATE, true},
		{"C:\\ProgramData\\a", CR_WIN_OP_DELETE, false},
		{"C:\\Users\\me\\file", CR_WIN_OP_WRITE, true},
		{"C:\\Users\\me\\file", CR_WIN_OP_SET_OWNER, true},
		{"C:\\Users\\other\\file", CR_WIN_OP_READ, false},
		{"C:\\Users\\Public\\file", CR_WIN_OP_WRITE, true},
		{"C:\\Users\\Default\\file", CR_WIN_OP_READ, true},
		{"C:\\Users\\Default\\file", CR_WIN_OP_WRITE, false},
	};
	const struct cr_plan nothing = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cr_arena *arena = cr_arena_new();
		struct cr_win_token token;
		const struct cr_win_setting setting = {"C:\\Users\\me", USER, &token};
		struct cr_win_attempt attempt = {.token = &token, .op = rows[i].op};
		struct cr_win_tree tree;

		cr_win_tree_init(&tree, arena);
		assert_int_equal(cr_win_token_person(
					 arena, &(const struct cr_win_person){USER, LOGON, false},
					 &token, NULL),
				 0);
		assert_int_equal(cr_win_tree_typical(&tree, &setting, &nothing, rows[i].path, NULL),
				 0);
		attempt.node = cr_win_tree_find(&tree, rows[i].path);
		ROW_ASSERT(cr_win_tree_access(&tree, &attempt).granted == rows[i].granted,
			   "%s '%s'", cr_win_op_name(rows[i].op), rows[i].path);
		cr_arena_free(arena);
	}
}

/* Home and LocalLow, without a home, and on another drive. */
static void a_typical_label_is_low(void **state)
{
	static const struct {
		const char *home, *path;
		uint32_t level;
	} rows[] = {
		{"C:\\Users\\me", "C:\\Users\\me\\AppData\\LocalLow\\x", CR_WIN_IL_LOW},
		{"C:\\Users\\me", "C:\\Users\\me\\AppData\\Local\\x", CR_WIN_IL_MEDIUM},
		{"D:\\me", "D:\\me\\AppData\\LocalLow", CR_WIN_IL_LOW},
		{NULL, "C:\\Users\\me\\AppData\\LocalLow", CR_WIN_IL_MEDIUM},
	};
	const struct cr_plan nothing = {0};
	const struct cr_win_token nobody = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cr_arena *arena = cr_arena_new();
		const struct cr_win_setting setting = {rows[i].home, USER, &nobody};
		struct cr_win_tree tree;

		cr_win_tree_init(&tree, arena);
		assert_int_equal(cr_win_tree_typical(&tree, &setting, &nothing, rows[i].path, NULL),
				 0);
		assert_int_equal(cr_win_label_level(&cr_win_tree_find(&tree, rows[i].path)->sd),
				 rows[i].level);
		cr_arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_go_down),
		cmocka_unit_test(own_entries_come_first),
		cmocka_unit_test(files_have_rules_of_their_own),
		cmocka_unit_test(a_tree_has_no_orphans),
		cmocka_unit_test(a_token_is_made_from_the_plan),
		cmocka_unit_test(a_typical_tree_is_like_windows),
		cmocka_unit_test(a_typical_label_is_low),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
