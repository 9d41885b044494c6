/*
 * test_winaccess.c - the model of the Windows access check, in tables.
 *
 * The rows "AC" are those that were compared with stock and enforcing Wine and whose answers on
 * Windows are documented by Microsoft; the others are one for each rule of the model. Nothing
 * here ran on Windows.
 */
#include "unit.h"

#include "core/sddl.h"
#include "core/winaccess.h"

#define USER  "S-1-5-21-9-9-9-1001"
#define SYNTH "S-1-5-21-1-2-3-4"
#define READ  CR_WIN_FILE_GENERIC_READ
#define WRITE CR_WIN_FILE_GENERIC_WRITE
#define ALL   CR_WIN_FILE_ALL_ACCESS
#define MAX   CR_WIN_MAXIMUM_ALLOWED

enum who {
	PLAIN,    /* the user, Users, Everyone */
	ADMIN,    /* and Administrators */
	FILTERED, /* Administrators deny-only */
	DISABLED, /* Administrators there, not enabled */
	RESTRICTED,
	WRITER,    /* write-restricted to SYNTH */
	WORLDLY,   /* write-restricted to SYNTH and Everyone */
	LOW,       /* PLAIN at Low */
	BOX,       /* WRITER between Low and Medium */
	HIGH,      /* PLAIN at High */
	NOBODY,    /* the user itself deny-only */
	TAKER,     /* PLAIN with SeTakeOwnershipPrivilege */
	AUDITOR,   /* PLAIN with SeSecurityPrivilege */
	RELABELER, /* LOW with SeRelabelPrivilege */
	BACKER,    /* PLAIN with SeBackupPrivilege and SeRestorePrivilege, not opened for them */
	RES_TAKER, /* RESTRICTED with SeTakeOwnershipPrivilege */
	NO_WRITER, /* write-restricted to nobody */
	WORLD_RES, /* RESTRICTED to SYNTH and Everyone */
	WHO_COUNT,
};

static const struct {
	uint32_t admins; /* attributes of Administrators; 0: not in it */
	unsigned n_restricting;
	bool write_restricted, user_deny_only;
	uint32_t privileges, level;
} people[WHO_COUNT] = {
	[PLAIN] = {.level = 0x2000},
	[ADMIN] = {.admins = CR_WIN_GROUP_ENABLED, .level = 0x2000},
	[FILTERED] = {.admins = CR_WIN_GROUP_DENY_ONLY, .level = 0x2000},
	[DISABLED] = {.admins = CR_WIN_GROUP_OWNER, .level = 0x2000},
	[RESTRICTED] = {.n_restricting = 1, .level = 0x2000},
	[WRITER] = {.n_restricting = 1, .write_restricted = true, .level = 0x2000},
	[WORLDLY] = {.n_restricting = 2, .write_restricted = true, .level = 0x2000},
	[LOW] = {.level = 0x1000},
	[BOX] = {.n_restricting = 1, .write_restricted = true, .level = 0x1800},
	[HIGH] = {.level = 0x3000},
	[NOBODY] = {.user_deny_only = true, .level = 0x2000},
	[TAKER] = {.privileges = CR_WIN_PRIV_TAKE_OWNERSHIP, .level = 0x2000},
	[AUDITOR] = {.privileges = CR_WIN_PRIV_SECURITY, .level = 0x2000},
	[RELABELER] = {.privileges = CR_WIN_PRIV_RELABEL, .level = 0x1000},
	[BACKER] = {.privileges = CR_WIN_PRIV_BACKUP | CR_WIN_PRIV_RESTORE, .level = 0x2000},
	[NO_WRITER] = {.write_restricted = true, .level = 0x2000},
	[WORLD_RES] = {.n_restricting = 2, .level = 0x2000},
	[RES_TAKER] = {.n_restricting = 1,
		       .privileges = CR_WIN_PRIV_TAKE_OWNERSHIP,
		       .level = 0x2000},
};

struct cast {
	struct cr_win_sid restricting[2];
	struct cr_win_group groups[3];
	struct cr_win_token token;
};

static struct cr_win_sid sid(const char *text)
{
	struct cr_win_sid out;

	assert_int_equal(cr_sddl_parse_sid(text, &out, NULL), 0);
	return out;
}

static void make(enum who who, struct cast *cast)
{
	*cast = (struct cast){
		.restricting = {sid(SYNTH), sid("WD")},
		.groups = {{sid("BU"), CR_WIN_GROUP_ENABLED},
			   {sid("WD"), CR_WIN_GROUP_ENABLED},
			   {sid("BA"), people[who].admins}},
	};
	cast->token = (struct cr_win_token){
		.user = sid(USER),
		.user_deny_only = people[who].user_deny_only,
		.groups = cast->groups,
		.n_groups = people[who].admins ? 3 : 2,
		.restricting = cast->restricting,
		.n_restricting = people[who].n_restricting,
		.write_restricted = people[who].write_restricted,
		.privileges = people[who].privileges,
		.level = people[who].level,
	};
}

struct row {
	const char *name;
	enum who who;
	const char *sddl;
	uint32_t mask;
	uint32_t granted; /* 0: denied */
	enum cr_win_lock lock;
};

#define ID     CR_WIN_LOCK_IDENTITY
#define PLACE  CR_WIN_LOCK_PLACE
#define HEIGHT CR_WIN_LOCK_HEIGHT
#define OK     CR_WIN_LOCK_NONE
#define OWNED  "O:" USER "G:BU"

/* The same answer in the first two readings, and in the third but for DELETE and the like. */
static const struct row rows[] = {
	{"AC allow user FA", PLAIN, "O:SYD:(A;;FA;;;" USER ")", WRITE, WRITE, OK},
	{"AC deny user write first", PLAIN, "O:SYD:(D;;0x2;;;" USER ")(A;;FA;;;" USER ")", WRITE, 0,
	 ID},
	{"AC allow before deny", PLAIN, "O:SYD:(A;;FA;;;" USER ")(D;;0x2;;;" USER ")", WRITE, WRITE,
	 OK},
	{"AC empty DACL", PLAIN, "O:SYD:", READ, 0, ID},
	{"AC NULL DACL", PLAIN, "O:SY", READ, READ, OK},
	{"AC owner gets WRITE_DAC", PLAIN, OWNED "D:", CR_WIN_WRITE_DAC, CR_WIN_WRITE_DAC, OK},
	{"AC OWNER RIGHTS limits owner", PLAIN, OWNED "D:(A;;RC;;;OW)", CR_WIN_WRITE_DAC, 0, ID},
	{"AC inherit-only ACE ignored", PLAIN, "O:SYD:(A;OICIIO;FA;;;" USER ")", READ, 0, ID},
	{"AC MAXIMUM_ALLOWED", PLAIN, "O:SYD:(A;;FR;;;" USER ")", MAX, READ, OK},
	{"AC restricted: only user", RESTRICTED, "O:SYD:(A;;FR;;;" USER ")", READ, 0, PLACE},
	{"AC restricted: only synth", RESTRICTED, "O:SYD:(A;;FR;;;" SYNTH ")", READ, 0, ID},
	{"AC restricted: both", RESTRICTED, "O:SYD:(A;;FW;;;" USER ")(A;;FW;;;" SYNTH ")", WRITE,
	 WRITE, OK},
	{"AC restricted: owner WRITE_DAC", RESTRICTED, OWNED "D:", CR_WIN_WRITE_DAC, 0, PLACE},
	{"AC write-restricted: read via user", WRITER, "O:SYD:(A;;FA;;;" USER ")", READ, READ, OK},
	{"AC write-restricted: write via user", WRITER, "O:SYD:(A;;FA;;;" USER ")", WRITE, 0,
	 PLACE},
	{"AC write-restricted: write data", WRITER, "O:SYD:(A;;FA;;;" USER ")", 2, 0, PLACE},
	{"AC write-restricted: both", WRITER, "O:SYD:(A;;FA;;;" USER ")(A;;FW;;;" SYNTH ")", WRITE,
	 WRITE, OK},
	{"AC write-restricted: deny synth wins", WRITER,
	 "O:SYD:(D;;0x116;;;" SYNTH ")(A;;FA;;;" USER ")(A;;FA;;;" SYNTH ")", WRITE, 0, PLACE},
	{"AC write-restricted: deny synth, read", WRITER,
	 "O:SYD:(D;;0x116;;;" SYNTH ")(A;;FA;;;" USER ")", 1, 1, OK},
	{"AC deny-only: allow BA", FILTERED, "O:SYD:(A;;FA;;;BA)", READ, 0, ID},
	{"AC deny-only: deny BA counts", FILTERED, "O:SYD:(D;;FR;;;BA)(A;;FA;;;" USER ")", READ, 0,
	 ID},

	{"a group allows", ADMIN, "O:SYD:(A;;FA;;;BA)", ALL, ALL, OK},
	{"a disabled group does not", DISABLED, "O:SYD:(A;;FA;;;BA)", READ, 0, ID},
	{"a disabled group denies nothing", DISABLED, "O:SYD:(D;;FA;;;BA)(A;;FA;;;BU)", READ, READ,
	 OK},
	{"rights from several entries", PLAIN, "O:SYD:(A;;0x1;;;BU)(A;;0x2;;;WD)", 3, 3, OK},
	{"one right missing", PLAIN, "O:SYD:(A;;0x1;;;BU)(A;;0x2;;;BA)", 3, 0, ID},
	{"a denial of what is not asked", PLAIN, "O:SYD:(D;;0x2;;;WD)(A;;FA;;;BU)", 1, 1, OK},
	{"an inherit-only denial", PLAIN, "O:SYD:(D;OIIO;FA;;;WD)(A;;FA;;;BU)", ALL, ALL, OK},
	{"no rights asked", PLAIN, "O:SYD:", 0, 0, OK},
	{"generic read is mapped", PLAIN, "O:SYD:(A;;FR;;;BU)", CR_WIN_GENERIC_READ, READ, OK},
	{"generic all is mapped", PLAIN, "O:SYD:(A;;FR;;;BU)", CR_WIN_GENERIC_ALL, 0, ID},
	{"generic rights in an entry are none", PLAIN, "O:SYD:(A;;GA;;;BU)", 1, 0, ID},
	{"MAXIMUM_ALLOWED of a NULL DACL", PLAIN, "O:SY", MAX, ALL, OK},
	{"MAXIMUM_ALLOWED of nothing", PLAIN, "O:SYD:", MAX, 0, ID},
	{"MAXIMUM_ALLOWED and what is denied", PLAIN, "O:SYD:(A;;0x1;;;BU)", MAX | 2, 0, ID},
	{"MAXIMUM_ALLOWED and a denial", PLAIN, "O:SYD:(D;;0x2;;;WD)(A;;0x7;;;BU)", MAX, 5, OK},

	{"the owner reads the descriptor", PLAIN, OWNED "D:", CR_WIN_READ_CONTROL,
	 CR_WIN_READ_CONTROL, OK},
	{"the owner may not take ownership", PLAIN, OWNED "D:", CR_WIN_WRITE_OWNER, 0, ID},
	{"the owner's rights before a denial", PLAIN, OWNED "D:(D;;FA;;;WD)", CR_WIN_WRITE_DAC,
	 CR_WIN_WRITE_DAC, OK},
	{"an inherit-only OWNER RIGHTS entry", PLAIN, OWNED "D:(A;OIIO;RC;;;OW)", CR_WIN_WRITE_DAC,
	 CR_WIN_WRITE_DAC, OK},
	{"OWNER RIGHTS grants to the owner", PLAIN, OWNED "D:(A;;FW;;;OW)", WRITE, WRITE, OK},
	{"and to nobody else", PLAIN, "O:SYD:(A;;FW;;;OW)", WRITE, 0, ID},
	{"a denial for OWNER RIGHTS", PLAIN, OWNED "D:(D;;WDRC;;;OW)(A;;FA;;;WD)", CR_WIN_WRITE_DAC,
	 0, ID},
	{"a group as owner", ADMIN, "O:BAD:", CR_WIN_WRITE_DAC, CR_WIN_WRITE_DAC, OK},
	{"a deny-only group owns nothing", FILTERED, "O:BAD:", CR_WIN_WRITE_DAC, 0, ID},
	{"a deny-only user is allowed nothing", NOBODY, OWNED "D:(A;;FA;;;" USER ")", READ, 0, ID},
	{"a deny-only user is denied", NOBODY, "O:SYD:(D;;0x1;;;" USER ")(A;;FA;;;BU)", 1, 0, ID},

	{"SeTakeOwnershipPrivilege", TAKER, "O:SYD:", CR_WIN_WRITE_OWNER, CR_WIN_WRITE_OWNER, OK},
	{"is for nothing else", TAKER, "O:SYD:", CR_WIN_WRITE_DAC, 0, ID},
	{"SeSecurityPrivilege", AUDITOR, "O:SYD:", CR_WIN_ACCESS_SYSTEM_SECURITY,
	 CR_WIN_ACCESS_SYSTEM_SECURITY, OK},
	{"the SACL needs the privilege", PLAIN, "O:SYD:(A;;0x11f01ff;;;BU)",
	 CR_WIN_ACCESS_SYSTEM_SECURITY, 0, ID},
	{"also under a NULL DACL", PLAIN, "O:SY", CR_WIN_ACCESS_SYSTEM_SECURITY, 0, ID},
	{"backup privileges alone do nothing", BACKER, "O:SYD:", READ, 0, ID},
	{"a privilege passes the second walk", RES_TAKER, "O:SYD:", CR_WIN_WRITE_OWNER,
	 CR_WIN_WRITE_OWNER, OK},

	{"restricted: NULL DACL", RESTRICTED, "O:SY", ALL, ALL, OK},
	{"restricted: maximum is what both have", RESTRICTED,
	 "O:SYD:(A;;0x7;;;" USER ")(A;;0x5;;;" SYNTH ")", MAX, 5, OK},
	{"restricted: a denial of the user's", RESTRICTED,
	 "O:SYD:(D;;0x1;;;BU)(A;;FA;;;" USER ")(A;;FA;;;" SYNTH ")", 1, 0, ID},
	{"restricted: owned by the restricting SID", RESTRICTED, "O:" SYNTH "D:(A;;FA;;;" USER ")",
	 CR_WIN_WRITE_DAC, CR_WIN_WRITE_DAC, OK},
	{"write-restricted: read attributes", WRITER, "O:SYD:(A;;FA;;;BU)", 0x80, 0x80, OK},
	{"write-restricted: each write bit", WRITER, "O:SYD:(A;;FA;;;BU)", 0x4, 0, PLACE},
	{"write-restricted: each write bit", WRITER, "O:SYD:(A;;FA;;;BU)", 0x10, 0, PLACE},
	{"write-restricted: each write bit", WRITER, "O:SYD:(A;;FA;;;BU)", 0x100, 0, PLACE},
	{"write-restricted: generic write", WRITER, "O:SYD:(A;;FA;;;BU)", CR_WIN_GENERIC_WRITE, 0,
	 PLACE},
	/* the hole that the third lock closes */
	{"write-restricted: DELETE is not a write", WRITER, "O:SYD:(A;;FA;;;BU)", CR_WIN_DELETE,
	 CR_WIN_DELETE, OK},
	{"write-restricted: nor FILE_DELETE_CHILD", WRITER, "O:SYD:(A;;FA;;;BU)",
	 CR_WIN_FILE_DELETE_CHILD, CR_WIN_FILE_DELETE_CHILD, OK},
	{"write-restricted: nor the owner's WRITE_DAC", WRITER, OWNED "D:", CR_WIN_WRITE_DAC,
	 CR_WIN_WRITE_DAC, OK},
	{"world-writable passes with Everyone", WORLDLY, "O:SYD:(A;;FA;;;WD)", WRITE, WRITE, OK},
	{"and not without", WRITER, "O:SYD:(A;;FA;;;WD)", WRITE, 0, PLACE},

	{"no label is Medium", LOW, "O:SYD:(A;;FA;;;BU)", 2, 0, HEIGHT},
	{"reading up is allowed", LOW, "O:SYD:(A;;FA;;;BU)", READ, READ, OK},
	{"executing up is allowed", LOW, "O:SYD:(A;;FA;;;BU)", CR_WIN_FILE_GENERIC_EXECUTE,
	 CR_WIN_FILE_GENERIC_EXECUTE, OK},
	{"a label of one's own level", LOW, "O:SYD:(A;;FA;;;BU)S:(ML;;NW;;;LW)", ALL, ALL, OK},
	{"NO_READ_UP", LOW, "O:SYD:(A;;FA;;;BU)S:(ML;;NWNR;;;ME)", 1, 0, HEIGHT},
	{"NO_EXECUTE_UP", LOW, "O:SYD:(A;;FA;;;BU)S:(ML;;NX;;;ME)", 0x20, 0, HEIGHT},
	{"an inherit-only label is none", HIGH, "O:SYD:(A;;FA;;;BU)S:(ML;OIIO;NW;;;SI)", ALL, ALL,
	 OK},
	{"the first label counts", LOW, "O:SYD:(A;;FA;;;BU)S:(ML;;NW;;;LW)(ML;;NW;;;HI)", ALL, ALL,
	 OK},
	{"the label comes before the list", LOW, "O:SYD:", 2, 0, HEIGHT},
	{"and before the owner", LOW, OWNED "D:", CR_WIN_WRITE_DAC, 0, HEIGHT},
	{"and under a NULL DACL", LOW, "O:SY", 2, 0, HEIGHT},
	{"maximum under a label", LOW, "O:SYD:(A;;FA;;;BU)", MAX, 0x1200a9, OK},
	{"High over Medium", HIGH, "O:SYD:(A;;FA;;;BU)", ALL, ALL, OK},
	{"SeRelabelPrivilege leaves WRITE_OWNER", RELABELER, "O:SYD:(A;;FA;;;BU)",
	 CR_WIN_WRITE_OWNER, CR_WIN_WRITE_OWNER, OK},
	{"and nothing else", RELABELER, "O:SYD:(A;;FA;;;BU)", CR_WIN_WRITE_DAC, 0, HEIGHT},
	{"the box may not delete above", BOX, OWNED "D:(A;;FA;;;WD)", CR_WIN_DELETE, 0, HEIGHT},
	{"nor through the parent", BOX, OWNED "D:(A;;FA;;;WD)", CR_WIN_FILE_DELETE_CHILD, 0,
	 HEIGHT},
	{"nor write what the place allows", BOX, OWNED "D:(A;;FA;;;WD)(A;;FA;;;" SYNTH ")", 2, 0,
	 HEIGHT},
	{"at its level the place counts", BOX, OWNED "D:(A;;FA;;;BU)S:(ML;;NW;;;S-1-16-6144)", 2, 0,
	 PLACE},
	{"all three locks open", BOX,
	 OWNED "D:(A;;FA;;;BU)(A;;0x1301bf;;;" SYNTH ")S:(ML;;NW;;;S-1-16-6144)", 0x1301bf,
	 0x1301bf, OK},
	{"below the box", LOW, "O:SYD:(A;;FA;;;BU)S:(ML;;NW;;;S-1-16-6144)", 2, 0, HEIGHT},
};

static struct cr_win_answer ask(struct cr_arena *arena, const struct row *row,
				enum cr_win_reading reading)
{
	struct cr_win_request request = {.mask = row->mask, .reading = reading};
	struct cr_win_sd sd;
	struct cast cast;
	struct cr_err err;

	make(row->who, &cast);
	ROW_ASSERT(cr_sddl_parse(arena, row->sddl, &sd, &err) == 0, "%s: %s", row->name, err.text);
	request.token = &cast.token;
	request.sd = &sd;
	return cr_win_access(&request);
}

static void check(struct cr_arena *arena, const struct row *row, enum cr_win_reading reading)
{
	const struct cr_win_answer answer = ask(arena, row, reading);

	ROW_ASSERT(answer.lock == row->lock, "%s: lock %s", row->name,
		   cr_win_lock_name(answer.lock));
	ROW_ASSERT(answer.granted == (row->lock == OK), "%s", row->name);
	ROW_ASSERT(answer.mask == row->granted || !answer.granted, "%s: granted %x", row->name,
		   answer.mask);
	ROW_ASSERT(answer.granted ? answer.locks == 0
				  : row->mask == MAX || answer.locks >> answer.lock & 1u,
		   "%s: locks %x", row->name, answer.locks);
	ROW_ASSERT(answer.granted || answer.refused || row->mask == MAX, "%s: nothing refused",
		   row->name);
}

static void rules_are_kept_in_both_readings(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check(arena, &rows[i], CR_WIN_WRITE_BITS);
		check(arena, &rows[i], CR_WIN_WHOLE_WRITE);
	}
	cr_arena_free(arena);
}

/*
 * What people report of real Windows, as far as it is one access check. The paths are github.com's.
 * openai/codex/issues/32915: a write-restricted process deletes outside its roots, and a protected
 *   .git inside, where the user has FILE_DELETE_CHILD on the directory (windows-2025).
 * openai/codex/pull/31138: it cannot delete an existing file while the restricting SID lacks
 * DELETE, and can with an entry that grants it. Gitlawb/zero/pull/865: with Everyone among the
 * restricting SIDs, what Everyone may write is open; C:\Users\Public\Documents is not, it names
 * BATCH and INTERACTIVE. Gitlawb/zero/pull/658 and pull/1005: without WRITE_RESTRICTED no program
 * of C:\Windows can be read, because its entries name Users; with it they can.
 * googleprojectzero/sandbox-attacksurface-analysis-tools/pull/20: write-restricted to nobody.
 */
static const struct {
	struct row row;
	enum cr_win_reading reading;
} reported[] = {
	{{"32915 outside", WORLDLY, "O:SYD:AI(A;OICIID;FA;;;" USER ")(A;OICIID;FA;;;SY)",
	  CR_WIN_FILE_DELETE_CHILD, CR_WIN_FILE_DELETE_CHILD, OK},
	 CR_WIN_STANDARD_WRITE},
	{{"32915 inside", WORLDLY, "O:SYD:AI(A;OICI;0x1301bf;;;" SYNTH ")(A;OICIID;FA;;;" USER ")",
	  CR_WIN_FILE_DELETE_CHILD, CR_WIN_FILE_DELETE_CHILD, OK},
	 CR_WIN_STANDARD_WRITE},
	{{"31138 before", WORLDLY, "O:SYD:(A;OICI;0x1201bf;;;" SYNTH ")(A;;FA;;;" USER ")",
	  CR_WIN_DELETE, 0, PLACE},
	 CR_WIN_STANDARD_WRITE},
	{{"31138 after", WORLDLY, "O:SYD:(A;OICI;0x1301bf;;;" SYNTH ")(A;;FA;;;" USER ")",
	  CR_WIN_DELETE, CR_WIN_DELETE, OK},
	 CR_WIN_STANDARD_WRITE},
	{{"865 share", WORLDLY, "O:BAD:(A;OICI;FA;;;WD)", WRITE, WRITE, OK}, CR_WIN_WHOLE_WRITE},
	{{"865 public", WORLDLY, "O:BAD:(A;OICI;FA;;;SY)(A;;0x1301bf;;;IU)(A;;0x1301bf;;;BU)",
	  WRITE, 0, PLACE},
	 CR_WIN_WRITE_BITS},
	{{"658 restricted", WORLD_RES, "O:SYD:PAI(A;;0x1200a9;;;BU)(A;;FA;;;SY)", READ, 0, PLACE},
	 CR_WIN_WRITE_BITS},
	{{"1005 write-restricted", WORLDLY, "O:SYD:PAI(A;;0x1200a9;;;BU)(A;;FA;;;SY)", 0x1200a9,
	  0x1200a9, OK},
	 CR_WIN_WHOLE_WRITE},
	{{"20 writes", NO_WRITER, "O:SYD:(A;;FA;;;BU)", WRITE, 0, PLACE}, CR_WIN_WRITE_BITS},
	{{"20 reads", NO_WRITER, "O:SYD:(A;;FA;;;BU)", READ, READ, OK}, CR_WIN_WHOLE_WRITE},
};

static void reports_from_real_windows_hold(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(reported); i++)
		check(arena, &reported[i].row, reported[i].reading);
	cr_arena_free(arena);
}

/* Where sources disagree: READ and WRITE in one request, the place grants only writing. */
static void readings_part_where_sources_do(void **state)
{
	static const char sd[] = "O:SYD:(A;;FA;;;BU)(A;;0x116;;;" SYNTH ")";
	static const struct {
		struct row row;
		enum cr_win_reading reading;
	} parted[] = {
		{{"bits", WRITER, sd, READ | 2, READ | 2, OK}, CR_WIN_WRITE_BITS},
		{{"whole", WRITER, sd, READ | 2, 0, PLACE}, CR_WIN_WHOLE_WRITE},
		{{"standard", WRITER, sd, READ | 2, READ | 2, OK}, CR_WIN_STANDARD_WRITE},
		{{"standard: delete", WRITER, sd, CR_WIN_DELETE, 0, PLACE}, CR_WIN_STANDARD_WRITE},
		{{"standard: DACL", WRITER, sd, CR_WIN_WRITE_DAC, 0, PLACE}, CR_WIN_STANDARD_WRITE},
		{{"standard: owner", WRITER, sd, CR_WIN_WRITE_OWNER, 0, PLACE},
		 CR_WIN_STANDARD_WRITE},
		{{"standard: delete child", WRITER, sd, CR_WIN_FILE_DELETE_CHILD,
		  CR_WIN_FILE_DELETE_CHILD, OK},
		 CR_WIN_STANDARD_WRITE},
		{{"standard: maximum", WRITER, sd, MAX, 0x1301ff & ~CR_WIN_DELETE, OK},
		 CR_WIN_STANDARD_WRITE},
		{{"bits: delete", WRITER, sd, CR_WIN_DELETE | 2, CR_WIN_DELETE | 2, OK},
		 CR_WIN_WRITE_BITS},
		{{"whole: delete", WRITER, sd, CR_WIN_DELETE | 2, 0, PLACE}, CR_WIN_WHOLE_WRITE},
		{{"bits: maximum", WRITER, sd, MAX, ALL, OK}, CR_WIN_WRITE_BITS},
		{{"whole: maximum", WRITER, sd, MAX, 0x116, OK}, CR_WIN_WHOLE_WRITE},
	};
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(parted); i++)
		check(arena, &parted[i].row, parted[i].reading);
	cr_arena_free(arena);
}

/* The answer names the entry that denies; NULL when no entry grants. */
static void the_entry_that_denies_is_named(void **state)
{
	static const struct {
		struct row row;
		const char *entry; /* NULL: none */
	} named[] = {
		{{"own", PLAIN, "O:SYD:(A;;0x1;;;BU)(D;;0x2;;;WD)(A;;FA;;;BU)", 3, 0, ID},
		 "(D;;0x2;;;WD)"},
		{{"nobody grants", PLAIN, "O:SYD:(A;;0x1;;;BU)", 3, 0, ID}, NULL},
		{{"place", WRITER, "O:SYD:(D;;0x100;;;" SYNTH ")(A;;FA;;;BU)", 0x100, 0, PLACE},
		 "(D;;0x100;;;" SYNTH ")"},
		{{"place, none", WRITER, "O:SYD:(A;;FA;;;BU)", 0x100, 0, PLACE}, NULL},
		{{"label", LOW, "O:SYD:(A;;FA;;;BU)S:(ML;;NW;;;HI)", 2, 0, HEIGHT},
		 "(ML;;NW;;;HI)"},
		{{"no label", LOW, "O:SYD:(A;;FA;;;BU)", 2, 0, HEIGHT}, NULL},
	};
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(named); i++) {
		const struct cr_win_answer answer = ask(arena, &named[i].row, CR_WIN_WRITE_BITS);
		const char *entry = answer.ace ? cr_sddl_print_ace(arena, answer.ace) : "none";

		ROW_ASSERT(strcmp(entry, named[i].entry ? named[i].entry : "none") == 0, "%s: %s",
			   named[i].row.name, entry);
	}
	cr_arena_free(arena);
}

/* Each lock is looked at by itself: one that refuses does not hide another. */
static void all_locks_that_refuse_are_named(void **state)
{
	static const struct {
		struct row row;
		unsigned locks;
	} several[] = {
		{{"all three", BOX, "O:SYD:", 2, 0, HEIGHT}, 1u << HEIGHT | 1u << ID | 1u << PLACE},
		{{"two", BOX, "O:SYD:(A;;FA;;;BU)", 2, 0, HEIGHT}, 1u << HEIGHT | 1u << PLACE},
		{{"one", BOX, "O:SYD:(A;;FA;;;BU)", CR_WIN_DELETE, 0, HEIGHT}, 1u << HEIGHT},
		{{"none", BOX, "O:SYD:(A;;FA;;;BU)", 1, 1, OK}, 0},
	};
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(several); i++)
		assert_int_equal(ask(arena, &several[i].row, CR_WIN_WHOLE_WRITE).locks,
				 several[i].locks);
	cr_arena_free(arena);
}

/* Every restriction only takes away: nobody gets by one what the token had not without it. */
static void restrictions_only_take_away(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct row row = rows[i];

		row.mask = MAX;
		row.who = PLAIN;
		const uint32_t plain = ask(arena, &row, CR_WIN_WRITE_BITS).mask;
		row.who = WRITER;
		const uint32_t bits = ask(arena, &row, CR_WIN_WRITE_BITS).mask;
		const uint32_t whole = ask(arena, &row, CR_WIN_WHOLE_WRITE).mask;
		const uint32_t standard = ask(arena, &row, CR_WIN_STANDARD_WRITE).mask;
		row.who = RESTRICTED;
		const uint32_t full = ask(arena, &row, CR_WIN_WRITE_BITS).mask;

		ROW_ASSERT(!(bits & ~plain) && !(whole & ~bits) && !(full & ~whole) &&
				   !(standard & ~bits) && !(full & ~standard),
			   "%s", row.name);
	}
	cr_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_kept_in_both_readings),
		cmocka_unit_test(readings_part_where_sources_do),
		cmocka_unit_test(reports_from_real_windows_hold),
		cmocka_unit_test(the_entry_that_denies_is_named),
		cmocka_unit_test(all_locks_that_refuse_are_named),
		cmocka_unit_test(restrictions_only_take_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
