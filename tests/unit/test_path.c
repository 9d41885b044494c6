/*
 * test_path.c - path algebra on all three systems: what is canonical, what is refused.
 */
#include "unit.h"

#include "core/limits.h"
#include "core/path.h"

#define L CR_OS_LINUX
#define W CR_OS_WINDOWS
#define M CR_OS_MACOS

static const struct {
	enum cr_os os;
	const char *path, *canonical;
} canonical[] = {
	{L, "/", "/"},
	{L, "//", "/"},
	{L, "/.", "/"},
	{L, "/a", "/a"},
	{L, "//a///b//", "/a/b"},
	{L, "/a/./b/.", "/a/b"},
	{L, "/a/b/..", "/a"},
	{L, "/a/../b", "/b"},
	{L, "/a/b/../../c", "/c"},
	{L, "/a/..", "/"},
	{L, "/...", "/..."},
	{L, "/..a/b..", "/..a/b.."},
	{L, "/a\\b", "/a\\b"},
	{L, "/a b/c:d", "/a b/c:d"},
	{L, "/nul/PROGRA~1/a.", "/nul/PROGRA~1/a."},
	{L, "/\xc3\xa9/\xf0\x9f\x98\x80", "/\xc3\xa9/\xf0\x9f\x98\x80"},
	{L, "/a*?", "/a*?"},
	{M, "/A//b/", "/A/b"},
	{M, "/a:b", "/a:b"},
	{W, "C:\\", "C:\\"},
	{W, "c:/", "C:\\"},
	{W, "c:\\a/b\\", "C:\\a\\b"},
	{W, "C:\\\\a\\\\.\\b\\..\\c", "C:\\a\\c"},
	{W, "C:\\a\\..", "C:\\"},
	{W, "z:/Program Files (x86)/x", "Z:\\Program Files (x86)\\x"},
	{W, "C:\\nullable\\com\\com10\\lpt\\auxiliary\\console",
	 "C:\\nullable\\com\\com10\\lpt\\auxiliary\\console"},
	{W, "C:\\a~b\\longname~1x\\abcdefgh~1\\~1x", "C:\\a~b\\longname~1x\\abcdefgh~1\\~1x"},
	{W, "C:\\.git\\.a.b", "C:\\.git\\.a.b"},
};

static void test_canonical(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(canonical); i++) {
		struct cr_err err = {.text = ""};
		const char *path =
			cr_path_canonical(arena, canonical[i].os, canonical[i].path, 0, &err);

		ROW_ASSERT(path, "%s: %s", canonical[i].path, err.text);
		ROW_ASSERT(strcmp(path, canonical[i].canonical) == 0, "%s: %s", canonical[i].path,
			   path);
		/* Once canonical, always canonical. */
		ROW_ASSERT(strcmp(cr_path_canonical(arena, canonical[i].os, path, 0, NULL), path) ==
				   0,
			   "%s", path);
	}
	cr_arena_free(arena);
}

static const struct {
	enum cr_os os;
	const char *path;
	const char *text; /* part of the message */
} refused[] = {
	{L, "", "empty"},
	{L, "a", "not absolute"},
	{L, "~/a", "not absolute"},
	{L, "C:\\a", "not absolute"},
	{L, "/..", "above the root"},
	{L, "/a/../..", "above the root"},
	{L, "/a\n", "control character"},
	{L, "/a\x7f", "control character"},
	{L, "/a\xc2\x85", "control character"},
	{L, "/a\xe2\x80\xa8", "control character"},
	{L, "/a\xff", "UTF-8"},
	{L, "/a\xc0\xaf", "UTF-8"},
	{M, "/..", "above the root"},
	{W, "", "empty"},
	{W, "a", "not absolute"},
	{W, "/a", "no drive"},
	{W, "\\a", "no drive"},
	{W, "\\??\\C:\\a", "device path"},
	{W, "\\\\server\\share", "UNC"},
	{W, "//server/share", "UNC"},
	{W, "/\\server", "UNC"},
	{W, "\\\\?\\C:\\a", "device path"},
	{W, "\\\\.\\C:", "device path"},
	{W, "C:", "relative to the directory of a drive"},
	{W, "C:a", "relative to the directory of a drive"},
	{W, "1:\\a", "not absolute"},
	{W, "C:\\..", "above the root"},
	{W, "C:\\a:b", "stream"},
	{W, "C:\\a::$DATA", "stream"},
	{W, "C:\\C:\\a", "stream"},
	{W, "C:\\a*", "no Windows name"},
	{W, "C:\\a?", "no Windows name"},
	{W, "C:\\a<b", "no Windows name"},
	{W, "C:\\a>b", "no Windows name"},
	{W, "C:\\a|b", "no Windows name"},
	{W, "C:\\a\"b", "no Windows name"},
	{W, "C:\\a.", "dot or blank"},
	{W, "C:\\a ", "dot or blank"},
	{W, "C:\\a \\b", "dot or blank"},
	{W, "C:\\...", "dot or blank"},
	{W, "C:\\.. \\b", "dot or blank"},
	{W, "C:\\NUL", "device"},
	{W, "C:\\a\\nul.txt", "device"},
	{W, "C:\\Con", "device"},
	{W, "C:\\aux.tar.gz", "device"},
	{W, "C:\\com1", "device"},
	{W, "C:\\COM0.log", "device"},
	{W, "C:\\lpt9", "device"},
	{W, "C:\\com\xc2\xb9", "device"},
	{W, "C:\\lpt\xc2\xb3.x", "device"},
	{W, "C:\\conin$", "device"},
	{W, "C:\\prn .txt", "device"},
	{W, "C:\\PROGRA~1", "8.3"},
	{W, "C:\\a~1.txt", "8.3"},
	{W, "C:\\GIT~12\\x", "8.3"},
};

static void test_refused(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct cr_err err = {.text = ""};

		ROW_ASSERT(!cr_path_canonical(arena, refused[i].os, refused[i].path, 0, &err), "%s",
			   refused[i].path);
		ROW_ASSERT(err.code == CR_E_PATH, "%s", refused[i].path);
		ROW_ASSERT(strstr(err.text, refused[i].text), "%s: %s", refused[i].path, err.text);
	}
	cr_arena_free(arena);
}

static void test_wildcards(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_err err;

	(void)state;
	assert_string_equal(cr_path_canonical(arena, W, "c:/a/**/?*.x", CR_PATH_WILDCARDS, NULL),
			    "C:\\a\\**\\?*.x");
	assert_null(cr_path_canonical(arena, W, "c:/a<", CR_PATH_WILDCARDS, NULL));
	assert_string_equal(cr_path_canonical(arena, L, "/a/**/b", CR_PATH_WILDCARDS, NULL),
			    "/a/**/b");
	assert_null(cr_path_canonical(arena, L, "/a/*/../b", CR_PATH_WILDCARDS, &err));
	assert_non_null(strstr(err.text, "follows a wildcard"));
	assert_null(cr_path_canonical(arena, L, "/a/**/../b", CR_PATH_WILDCARDS, NULL));
	assert_string_equal(cr_path_canonical(arena, L, "/a/b/../*", CR_PATH_WILDCARDS, NULL),
			    "/a/*");
	/* Without the flag `*` is a name like any other. */
	assert_string_equal(cr_path_canonical(arena, L, "/a/*/../b", 0, NULL), "/a/b");
	cr_arena_free(arena);
}

/* A path of `count` components of `len` letters. */
static char *long_path(struct cr_arena *arena, size_t count, size_t len)
{
	char *path = cr_arena_alloc(arena, count * (len + 1) + 1, 1);

	for (size_t i = 0; i < count; i++) {
		path[i * (len + 1)] = '/';
		memset(path + i * (len + 1) + 1, 'a', len);
	}
	return path;
}

static void test_limits(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_err err;

	(void)state;
	assert_non_null(cr_path_canonical(arena, L, long_path(arena, 1, 255), 0, NULL));
	assert_null(cr_path_canonical(arena, L, long_path(arena, 1, 256), 0, &err));
	assert_int_equal(err.code, CR_E_LIMIT);
	assert_non_null(cr_path_canonical(arena, L, long_path(arena, 256, 1), 0, NULL));
	assert_null(cr_path_canonical(arena, L, long_path(arena, 257, 1), 0, &err));
	assert_int_equal(err.code, CR_E_LIMIT);
	assert_non_null(cr_path_canonical(arena, L, long_path(arena, 195, 20), 0, NULL));
	assert_null(cr_path_canonical(arena, L, long_path(arena, 196, 20), 0, &err));
	assert_int_equal(err.code, CR_E_LIMIT);
	/* Together too long, though neither is. */
	assert_null(cr_path_resolve(arena, L, long_path(arena, 100, 20),
				    long_path(arena, 96, 20) + 1, 0, &err));
	assert_int_equal(err.code, CR_E_LIMIT);
	assert_null(cr_path_resolve(arena, L, long_path(arena, 200, 1), long_path(arena, 57, 1) + 1,
				    0, &err));
	assert_int_equal(err.code, CR_E_LIMIT);
	cr_arena_free(arena);
}

static const struct {
	enum cr_os os;
	const char *base, *path, *resolved; /* NULL: refused */
} resolved[] = {
	{L, "/w", "a", "/w/a"},
	{L, "/w", ".", "/w"},
	{L, "/w", "../a", "/a"},
	{L, "/w", "../..", NULL},
	{L, "/w", "/a", "/a"},
	{L, "/w", "", NULL},
	{L, "/", "a", "/a"},
	{L, "/", "..", NULL},
	{L, "/w", "C:\\a", "/w/C:\\a"},
	{W, "C:\\w", "a/b", "C:\\w\\a\\b"},
	{W, "C:\\w", "..\\x", "C:\\x"},
	{W, "C:\\w", "d:\\x", "D:\\x"},
	{W, "C:\\", "a", "C:\\a"},
	{W, "C:\\w", "\\x", NULL},
	{W, "C:\\w", "/x", NULL},
	{W, "C:\\w", "C:x", NULL},
	{W, "C:\\w", "\\\\s\\x", NULL},
	{W, "C:\\w", "a:b", NULL},
};

static void test_resolve(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(resolved); i++) {
		const char *path = cr_path_resolve(arena, resolved[i].os, resolved[i].base,
						   resolved[i].path, 0, NULL);

		ROW_ASSERT(!path == !resolved[i].resolved, "%s", resolved[i].path);
		ROW_ASSERT(!path || strcmp(path, resolved[i].resolved) == 0, "%s: %s",
			   resolved[i].path, path);
	}
	cr_arena_free(arena);
}

static const struct {
	enum cr_os os;
	const char *path, *root;
	bool within;
} within[] = {
	{L, "/a", "/", true},
	{L, "/", "/", true},
	{L, "/", "/a", false},
	{L, "/a", "/a", true},
	{L, "/a/b", "/a", true},
	{L, "/ab", "/a", false},
	{L, "/a", "/a/b", false},
	{L, "/A/b", "/a", false},
	{M, "/A/b", "/a", true},
	{M, "/Ab", "/a", false},
	{M, "/\xc3\x89/b", "/\xc3\xa9", true},
	{M, "/a", "/", true},
	{W, "C:\\Users\\Me", "C:\\users", true},
	{W, "C:\\Users", "C:\\", true},
	{W, "D:\\Users", "C:\\", false},
	{W, "C:\\", "C:\\a", false},
	{W, "C:\\ab", "C:\\a", false},
};

static void test_within(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(within); i++)
		ROW_ASSERT(cr_path_within(within[i].os, within[i].path, within[i].root) ==
				   within[i].within,
			   "%s in %s", within[i].path, within[i].root);
}

/* Each comes before the next. */
static const char *const linux_order[] = {
	"/",   "/A",   "/a",   "/a/a", "/a/a/x", "/a/b",      "/a b",
	"/a!", "/a-b", "/a.b", "/ab",  "/b",     "/\xc3\xa9",
};
static const char *const windows_order[] = {
	"C:\\", "C:\\a", "C:\\A\\x", "C:\\a!", "C:\\AB", "C:\\b", "C:\\\xc3\x89", "D:\\", "D:\\a",
};

static void check_order(enum cr_os os, const char *const *paths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			const int order = cr_path_cmp(os, paths[i], paths[j]);

			ROW_ASSERT((order > 0) - (order < 0) == (i > j) - (i < j), "%s, %s",
				   paths[i], paths[j]);
		}
}

static void test_cmp(void **state)
{
	(void)state;
	check_order(L, linux_order, COUNT(linux_order));
	check_order(W, windows_order, COUNT(windows_order));
	assert_int_equal(cr_path_cmp(W, "C:\\A\\\xd0\x96", "C:\\a\\\xd0\xb6"), 0);
	assert_int_equal(cr_path_cmp(M, "/A\xce\xa3", "/a\xcf\x82"), 0);
	assert_true(cr_path_cmp(L, "/A", "/a") < 0);
	/* A stray byte is not the character of the same number. */
	assert_true(cr_path_component_cmp(M, "\xe9", 1, "\xc3\xa9", 2) != 0);
	assert_true(cr_path_component_cmp(M, "a", 1, "ab", 2) < 0);
	assert_true(cr_path_component_cmp(L, "ab", 2, "a", 1) > 0);
}

static const struct {
	enum cr_os os;
	const char *path, *parent, *base;
	unsigned depth;
} parts[] = {
	{L, "/", "/", "", 0},
	{L, "/a", "/", "a", 1},
	{L, "/a/b", "/a", "b", 2},
	{L, "/a/b\\c", "/a", "b\\c", 2},
	{W, "C:\\", "C:\\", "", 0},
	{W, "C:\\a", "C:\\", "a", 1},
	{W, "C:\\a\\bc", "C:\\a", "bc", 2},
	{M, "/a/bc/d", "/a/bc", "d", 3},
};

static void test_parts(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(parts); i++) {
		const enum cr_os os = parts[i].os;
		const char *path = parts[i].path, *cursor = NULL, *part, *built;
		unsigned depth = 0;
		size_t len;

		assert_string_equal(cr_path_parent(arena, os, path), parts[i].parent);
		assert_string_equal(cr_path_base(os, path), parts[i].base);
		assert_int_equal(cr_path_depth(os, path), parts[i].depth);
		assert_string_equal(cr_path_prefix(arena, os, path, parts[i].depth), path);
		assert_string_equal(cr_path_prefix(arena, os, path, 99), path);
		built = cr_path_prefix(arena, os, path, 0);
		while ((part = cr_path_next(os, path, &cursor, &len)) != NULL) {
			depth++;
			built = cr_path_join(arena, os, built, cr_arena_strndup(arena, part, len));
			assert_string_equal(built, cr_path_prefix(arena, os, path, depth));
		}
		assert_string_equal(built, path);
		assert_int_equal(depth, parts[i].depth);
		assert_null(cr_path_next(os, path, &cursor, &len));
	}
	assert_string_equal(cr_path_prefix(arena, L, "/a/b/c", 2), "/a/b");
	assert_string_equal(cr_path_prefix(arena, W, "C:\\a\\b", 1), "C:\\a");
	cr_arena_free(arena);
}

static void test_absolute(void **state)
{
	(void)state;
	assert_true(cr_path_is_absolute(L, "/"));
	assert_false(cr_path_is_absolute(L, ""));
	assert_false(cr_path_is_absolute(L, "C:\\"));
	assert_false(cr_path_is_absolute(M, "a/"));
	assert_true(cr_path_is_absolute(W, "C:\\"));
	assert_true(cr_path_is_absolute(W, "c:/x"));
	assert_false(cr_path_is_absolute(W, "/x"));
	assert_false(cr_path_is_absolute(W, "C:"));
	assert_false(cr_path_is_absolute(W, "C:x"));
	assert_false(cr_path_is_absolute(W, "\\\\s\\x"));
	assert_false(cr_path_is_absolute(W, ""));
	assert_false(cr_path_is_absolute(W, "@:\\"));
	assert_false(cr_path_is_absolute(W, "[:\\"));
}

/* A message repeats a path in part, and never half a character. */
static void test_long_message(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_err err;
	char path[1000];

	(void)state;
	path[0] = 'x';
	for (size_t i = 1; i + 2 < sizeof(path); i += 2)
		memcpy(path + i, "\xc3\xa9", 3);
	assert_null(cr_path_canonical(arena, L, path, 0, &err));
	assert_string_equal(strrchr(err.text, '\''), "' is not absolute");
	assert_int_equal((unsigned char)strrchr(err.text, '\'')[-1], 0xa9);
	assert_true(strlen(err.text) < 300);
	cr_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_wildcards), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_resolve),   cmocka_unit_test(test_within),
		cmocka_unit_test(test_cmp),       cmocka_unit_test(test_parts),
		cmocka_unit_test(test_absolute),  cmocka_unit_test(test_long_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
