/*
 * test_path_windows.c - the spellings of Windows: refused by sight, in a policy and behind a link,
 * before anything is opened; and one file for all spellings of its letters.
 * Nothing here ran on Windows.
 */
#include "unit.h"

#include "../golden/fake_rules.h"
#include "core/path.h"

static int touched; /* questions the file system was asked about another file than ours */

static enum cr_fs_answer wary_stat(void *ctx, const char *path, struct cr_fstat *out)
{
	touched += !cr_path_within(CR_OS_WINDOWS, path, "C:\\home");
	return fake_stat(ctx, path, out);
}

static enum cr_fs_answer wary_readlink(void *ctx, const char *path, char *buf, size_t size)
{
	touched += !cr_path_within(CR_OS_WINDOWS, path, "C:\\home");
	return fake_readlink(ctx, path, buf, size);
}

/* Resolves `policy`; the first error with its hint in `said`, or "" when there is none. */
static void resolve(const char *fs, const char *policy, char *said, size_t size)
{
	struct fake fake = fake_new(CR_OS_WINDOWS, fs);
	const struct cr_policy_source source = {"test", CR_LAYER_USER, policy, strlen(policy)};
	struct cr_policy *parsed = NULL;
	struct cr_err err = {0};
	int status = cr_policy_parse(fake.arena, &source, &parsed, &fake.diags, &err);
	const struct cr_policy *policies[] = {parsed};
	const struct cr_rules_input input = {
		.ctx = {.os = CR_OS_WINDOWS,
			.tier = CR_TIER_UNELEVATED,
			.home = "C:\\home\\u",
			.workspace = "C:\\home\\u\\w"},
		.view = &fake.fs->view,
		.policies = policies,
		.n_policies = 1,
	};

	touched = 0;
	fake.fs->view.stat = wary_stat;
	fake.fs->view.readlink = wary_readlink;
	if (!status)
		status = cr_rules_resolve(fake.arena, &input, &fake.rules, &fake.diags, &err);
	said[0] = '\0';
	if (status < 0)
		snprintf(said, size, "%s; %s",
			 fake.diags.count ? fake.diags.items[0].text : err.text,
			 fake.diags.count ? fake.diags.items[0].hint : err.hint);
	fake_free(&fake);
}

static const struct {
	const char *object;
	const char *what, *hint;
} refused[] = {
	/* names of other machines: opening one may send the user's name and a hash */
	{"\\\\server\\share", "UNC or device path", "C:\\dir"},
	{"//server/share/x", "UNC or device path", "C:\\dir"},
	{"\\/server", "UNC or device path", "C:\\dir"},
	{"//127.0.0.1/C$/x", "UNC or device path", "C:\\dir"},
	{"//server@SSL@443/dav/x", "UNC or device path", "C:\\dir"},
	{"//", "UNC or device path", "C:\\dir"},
	/* devices and the object manager's names */
	{"//?/C:/x", "UNC or device path", "C:\\dir"},
	{"\\\\?\\UNC\\server\\x", "UNC or device path", "C:\\dir"},
	{"//?/GLOBALROOT/Device/HarddiskVolume1/x", "UNC or device path", "C:\\dir"},
	{"//?/Volume{01234567-0123-0123-0123-0123456789ab}/x", "UNC or device path", "C:\\dir"},
	{"//./pipe/x", "UNC or device path", "C:\\dir"},
	{"//./PhysicalDrive0", "UNC or device path", "C:\\dir"},
	{"\\?\?\\C:\\x", "UNC or device path", "C:\\dir"},
	{"/?\?/C:/x", "device path", "C:\\"},
	/* relative to what nobody sees */
	{"/x", "no drive", "drive letter"},
	{"\\Device\\Null", "no drive", "drive letter"},
	{"C:x", "relative to the directory of a drive", "backslash"},
	{"C:..\\x", "relative to the directory of a drive", "backslash"},
	{"C:", "relative to the directory of a drive", "backslash"},
	{"~other/x", "your own home", "absolute path"},
	{"../x", "leaves the workspace", "absolute path"},
	{"~/../../..", "leaves the home", "absolute path"},
	/* streams: parts of a file that have names of their own */
	{"ab:c", "stream", "whole files"},
	{"ab::$DATA", "stream", "whole files"},
	{".git::$INDEX_ALLOCATION/hooks", "stream", "whole files"},
	{"C:/a:$I30:$INDEX_ALLOCATION", "stream", "whole files"},
	{"~/C:x", "relative to the directory of a drive", "backslash"},
	{"*:x", "stream", "whole files"},
	/* other spellings of one name */
	{"\"a.\"", "dot or blank", "without"},
	{"\"a \"", "dot or blank", "without"},
	{"\"a. .\"", "dot or blank", "without"},
	{"\".git. /hooks\"", "dot or blank", "without"},
	{"\".. /x\"", "dot or blank", "without"},
	{".../x", "dot or blank", "without"},
	{"*.", "dot or blank", "without"},
	{"GIT~1", "8.3", "long name"},
	{"C:/PROGRA~1/x", "8.3", "long name"},
	{"c:/docum~12/x", "8.3", "long name"},
	{"GI7D29~1.TXT", "8.3", "long name"},
	{"PRO*~1", "8.3", "long name"},
	/* devices in every directory */
	{"nul", "device", "another name"},
	{"CON", "device", "another name"},
	{"prn.txt", "device", "another name"},
	{"aux.tar.gz", "device", "another name"},
	{"a/COM1/b", "device", "another name"},
	{"lpt9.", "dot or blank", "without"},
	{"COM0", "device", "another name"},
	{"com\xc2\xb9", "device", "another name"},
	{"lpt\xc2\xb2.log", "device", "another name"},
	{"Com\xc2\xb3", "device", "another name"},
	{"CONIN$", "device", "another name"},
	{"conout$.x", "device", "another name"},
	{"CLOCK$", "device", "another name"},
	{"\"nul .txt\"", "device", "another name"},
	/* half a character of UTF-16, which NTFS can hold and UTF-8 cannot */
	{"x\xed\xa0\x80", "UTF-8", ""},
	{"\xed\xb0\x80\xed\xa0\x80", "UTF-8", ""},
	/* what no name has */
	{"a<b", "no Windows name", "patterns"},
	{"a>b", "no Windows name", "patterns"},
	{"a|b", "no Windows name", "patterns"},
	{"\"a\\\"b\"", "no Windows name", "patterns"},
	/* letters that are one to some volumes and two to others: Georgian, Cherokee, titlecase Dz
	 */
	{"\xe1\xb2\x90", "fold differently", "'?'"},
	{"x\xea\xad\xb0", "fold differently", "'?'"},
	{"C:/\xc7\x85/x", "fold differently", "'?'"},
};

static void policies_refuse_by_sight(void **state)
{
	static const char *const lines[] = {"allow read", "allow write", "deny read", "deny write"};
	char policy[256], said[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		for (size_t k = 0; k < COUNT(lines); k++) {
			snprintf(policy, sizeof(policy), "%s %s\n", lines[k], refused[i].object);
			resolve("dir /home/u/w\n", policy, said, sizeof(said));
			ROW_ASSERT(strstr(said, refused[i].what), "%s: %s", policy, said);
			ROW_ASSERT(strstr(said, refused[i].hint), "%s: %s", policy, said);
			ROW_ASSERT(touched == 0, "%s: %d", policy, touched);
		}
	}
}

/* What a link says is the agent's: no place outside the drives, no other spelling. */
static void links_lead_to_no_other_spelling(void **state)
{
	static const char *const targets[] = {
		"\\\\server\\share",
		"\\\\?\\C:\\x",
		"\\??\\C:\\x",
		"\\\\.\\pipe\\x",
		"\\x",
		"C:x",
		"nul",
		"a:b",
		"PROGRA~1",
		"x\\com1.txt",
		"x.\\y",
		"C:\\a\\b ",
		"C:\\a\\con",
		"C:\\DOCUME~1\\x",
		"\\\\?\\Volume{0}\\",
	};
	char fs[256], said[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++) {
		snprintf(fs, sizeof(fs), "dir /home/u/w\nlink /home/u/w/l %s\n", targets[i]);
		resolve(fs, "allow read C:/\nallow write . l/x\n", said, sizeof(said));
		ROW_ASSERT(said[0], "%s", targets[i]);
		resolve(fs, "allow read C:/\nallow write .\ndeny write l\n", said, sizeof(said));
		ROW_ASSERT(said[0], "%s", targets[i]);
	}
}

static const struct {
	const char *name;
} taken[] = {
	{"a~b"},

	{"a~1x"},
	{"longer-than-8~1"},
	{"x.abcd~1"},
	{"com"},
	{"com10"},
	{"nul-x"},
	{"xnul"},
	{"console.txt"},
	{".x"},
	{"..x"},
	{"a..b"},
	{"%TEMP%"},
	{"a;b"},
	{"a'b"},
	{"a,b=c+d[e]"},
	{"\xc3\x9f"},
	{"\xe1\x83\x90"},
	{"\xc4\xb1\xc5\x9f\xc4\xb1k"},
	{"\xc2\xb5"},
	{"\xe4\xb8\x80"},
	{"com\xe2\x81\xb4"},
	{"\xf0\x9f\x98\x80"},
};

static void ordinary_names_are_taken(void **state)
{
	char policy[256], said[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(taken); i++) {
		snprintf(policy, sizeof(policy), "deny write \"%s\"\n", taken[i].name);
		resolve("dir /home/u/w\n", policy, said, sizeof(said));
		ROW_ASSERT(!said[0], "%s: %s", policy, said);
	}
}

/* Two spellings of one file; a rule written in one must hold for the other. */
static const struct {
	const char *one, *two;
	bool same;
} spellings[] = {
	{"c:/W/A.txt", "C:\\w\\a.TXT", true},
	{"C:/\xc3\x84", "C:/\xc3\xa4", true},                  /* Latin-1 */
	{"C:/\xe1\xba\xae", "C:/\xe1\xba\xaf", true},          /* Vietnamese */
	{"C:/\xd4\xb1", "C:/\xd5\xa1", true},                  /* Armenian */
	{"C:/\xe1\xbc\x88", "C:/\xe1\xbc\x80", true},          /* Greek, extended */
	{"C:/\xd0\xaf", "C:/\xd1\x8f", true},                  /* Cyrillic */
	{"C:/\xef\xbc\xa1", "C:/\xef\xbd\x81", true},          /* full width */
	{"C:/\xe2\x85\xa0", "C:/\xe2\x85\xb0", true},          /* Roman numerals */
	{"C:/I", "C:/\xc4\xb1", false},                        /* dotless i is not I */
	{"C:/\xc4\xb0", "C:/i", false},                        /* nor dotted I i */
	{"C:/K", "C:/\xe2\x84\xaa", false},                    /* nor the Kelvin sign K */
	{"C:/s", "C:/\xc5\xbf", false},                        /* nor long s s */
	{"C:/\xc3\x9f", "C:/ss", false},                       /* nor sharp s ss */
	{"C:/\xc3\xa9", "C:/e\xcc\x81", false},                /* NTFS composes nothing */
	{"C:/\xf0\x90\x90\x80", "C:/\xf0\x90\x90\xa8", false}, /* higher planes have no case */
	{"C:/a", "D:/a", false},
};

static void letters_have_one_spelling(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(spellings); i++) {
		const char *one =
			cr_path_canonical(arena, CR_OS_WINDOWS, spellings[i].one, 0, NULL);
		const char *two =
			cr_path_canonical(arena, CR_OS_WINDOWS, spellings[i].two, 0, NULL);

		ROW_ASSERT(one && two, "row %zu", i);
		ROW_ASSERT((cr_path_cmp(CR_OS_WINDOWS, one, two) == 0) == spellings[i].same,
			   "row %zu: %s, %s", i, one, two);
		ROW_ASSERT(cr_path_within(CR_OS_WINDOWS, one, two) == spellings[i].same,
			   "row %zu: %s, %s", i, one, two);
	}
	cr_arena_free(arena);
}

/* The rules of one policy meet in whatever letters they are written. */
static void rules_meet_in_every_spelling(void **state)
{
	struct fake fake = fake_rules(
		CR_OS_WINDOWS, CR_TIER_UNELEVATED, "dir /w/\xe1\xba\xaf/.git\ndir /home/u/w\n",
		"allow read c:/\nallow write C:/W/\xe1\xba\xae\n"
		"deny write C:/w/\xe1\xba\xaf/.GIT\ndeny read C:/w/**/*.KEY\n");

	(void)state;
	assert_int_equal(cr_decide_view(fake.rules, "C:\\w\\\xe1\xba\xae\\a", NULL),
			 CR_VIEW_WRITABLE);
	assert_int_equal(cr_decide_view(fake.rules, "C:\\W\\\xe1\xba\xae\\.Git\\x", NULL),
			 CR_VIEW_READ_ONLY);
	assert_int_equal(cr_decide_view(fake.rules, "C:\\w\\\xe1\xba\xaf\\A.kEy", NULL),
			 CR_VIEW_HIDDEN);
	fake_free(&fake);
}

static void add(char *text, size_t size, const char *more)
{
	const size_t len = strlen(text);

	snprintf(text + len, size - len, "%s", more);
}

/* 255 units of UTF-16, however many bytes: three for a Chinese character, two units for a smiley.
 */
static void long_names_are_counted_as_ntfs_does(void **state)
{
	static const struct {
		const char *character;
		size_t units;
	} rows[] = {{"x", 1}, {"\xc3\xa9", 1}, {"\xe4\xb8\x80", 1}, {"\xf0\x9f\x98\x80", 2}};
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char path[2048] = "C:\\";
		struct cr_err err = {0};

		for (size_t n = 0; n < 255 / rows[i].units; n++)
			add(path, sizeof(path), rows[i].character);
		ROW_ASSERT(cr_path_canonical(arena, CR_OS_WINDOWS, path, 0, &err), "row %zu: %s", i,
			   err.text);
		add(path, sizeof(path), rows[i].character);
		ROW_ASSERT(!cr_path_canonical(arena, CR_OS_WINDOWS, path, 0, &err), "row %zu", i);
		ROW_ASSERT(err.code == CR_E_LIMIT && strstr(err.text, "255 characters"),
			   "row %zu: %s", i, err.text);
	}
	cr_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_refuse_by_sight),
		cmocka_unit_test(links_lead_to_no_other_spelling),
		cmocka_unit_test(ordinary_names_are_taken),
		cmocka_unit_test(letters_have_one_spelling),
		cmocka_unit_test(rules_meet_in_every_spelling),
		cmocka_unit_test(long_names_are_counted_as_ntfs_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
