/*
 * test_pattern.c - path patterns against tables, and against a slow matcher that is plainly right.
 */
#include "unit.h"

#include <time.h>

#include "core/path.h"
#include "core/pattern.h"

#define L CR_OS_LINUX
#define W CR_OS_WINDOWS
#define M CR_OS_MACOS

static const struct {
	enum cr_os os;
	const char *pattern, *path;
	bool matches;
	int covers;
} table[] = {
	{L, "/", "/", true, 0},
	{L, "/", "/a/b", false, 0},
	{L, "/a", "/a", true, 1},
	{L, "/a", "/a/b", false, 1},
	{L, "/a", "/ab", false, -1},
	{L, "/a/b", "/a", false, -1},
	{L, "/*", "/", false, -1},
	{L, "/*", "/abc", true, 1},
	{L, "/*", "/abc/d", false, 1},
	{L, "/a*c", "/abbc/x", false, 1},
	{L, "/a*c", "/ac", true, 1},
	{L, "/a?c", "/abc", true, 1},
	{L, "/a?c", "/ac", false, -1},
	{L, "/a?c",
	 "/a\xc3\xa9"
	 "c",
	 true, 1},
	{L, "/?", "/\xf0\x9f\x98\x80", true, 1},
	{L, "/*??", "/\xe2\x82\xac", false, -1},
	{L, "/*?", "/\xe2\x82\xac", true, 1},
	{L, "/a*b*c", "/axxbxxbc", true, 1},
	{L, "/*.env", "/.env", true, 1},
	{L, "/**", "/", true, 0},
	{L, "/**", "/a/b/c", true, 3},
	{L, "/w/**", "/w", true, 1},
	{L, "/w/**", "/w/a/b", true, 3},
	{L, "/w/**", "/x/a", false, -1},
	{L, "/**/.env", "/.env", true, 1},
	{L, "/**/.env", "/a/b/.env", true, 3},
	{L, "/**/.env", "/a/.env/b", false, 2},
	{L, "/**/.env", "/a/.env/b/.env/c", false, 4},
	{L, "/**/.env", "/a/env", false, -1},
	{L, "/w/**/a/**/b", "/w/a/b", true, 3},
	{L, "/w/**/a/**/b", "/w/b/a/x/b/y", false, 5},
	{L, "/w/**/a/**/b", "/w/b/a", false, -1},
	{L, "/**/a/b", "/a/a/b", true, 3},
	{L, "/**/a/b", "/a/b/a/b/c", false, 4},
	{L, "/**/**/a", "/a", true, 1},
	{L, "/a/**/**", "/a", true, 1},
	{L, "/**/a/**", "/x/a", true, 2},
	{L, "/**/a/**", "/x/a/y/z", true, 4},
	{L, "/**/a/**", "/x/b", false, -1},
	{L, "/a**b", "/aXb", true, 1},
	{L, "/A", "/a", false, -1},
	{L, "/a\\*", "/a\\b", true, 1},
	{M, "/A/*.TXT", "/a/x.txt", true, 2},
	{M, "/\xc3\x89*",
	 "/\xc3\xa9"
	 "x",
	 true, 1},
	{M, "/\xd0\x96?", "/\xd0\xb6\xd0\xb6", true, 1},
	{W, "C:\\", "C:\\x", false, 0},
	{W, "C:\\Users\\*\\.SSH", "C:\\users\\me\\.ssh\\id", false, 3},
	{W, "C:\\**\\*.PEM", "C:\\a\\b\\k.pem", true, 3},
	{W, "C:\\**", "D:\\a", false, -1},
	{W, "C:\\a", "D:\\a", false, -1},
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const bool matches = cr_pattern_match(table[i].os, table[i].pattern, table[i].path);
		const int covers = cr_pattern_covers(table[i].os, table[i].pattern, table[i].path);

		ROW_ASSERT(matches == table[i].matches, "%s, %s", table[i].pattern, table[i].path);
		ROW_ASSERT(covers == table[i].covers, "%s, %s: %d", table[i].pattern, table[i].path,
			   covers);
	}
}

/* The definition, written down: exponential and obviously right. */
static bool slow_name(const char *pattern, size_t p_len, const char *name, size_t n_len)
{
	if (p_len == 0)
		return n_len == 0;
	if (*pattern == '*')
		return slow_name(pattern + 1, p_len - 1, name, n_len) ||
		       (n_len > 0 && slow_name(pattern, p_len, name + 1, n_len - 1));
	return n_len > 0 && (*pattern == '?' || *pattern == *name) &&
	       slow_name(pattern + 1, p_len - 1, name + 1, n_len - 1);
}

/* Of "/a/b": what follows the first component. */
static const char *rest_of(const char *path, size_t *len)
{
	*len = strcspn(path + 1, "/");
	return path + 1 + *len;
}

static bool slow_path(const char *pattern, const char *path)
{
	size_t p_len, len;

	if (!*pattern)
		return !*path;

	const char *p_rest = rest_of(pattern, &p_len);
	const char *rest = *path ? rest_of(path, &len) : NULL;

	if (p_len == 2 && memcmp(pattern + 1, "**", 2) == 0)
		return slow_path(p_rest, path) || (rest && slow_path(pattern, rest));
	return rest && slow_name(pattern + 1, p_len, path + 1, len) && slow_path(p_rest, rest);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Up to five components of up to four characters; "" is the root. */
static void random_path(uint32_t *seed, const char *alphabet, char out[40])
{
	const unsigned count = next_random(seed) % 6;
	size_t at = 0;

	for (unsigned i = 0; i < count; i++) {
		const unsigned len = 1 + next_random(seed) % 4;

		out[at++] = '/';
		if (strchr(alphabet, '*') && next_random(seed) % 3 == 0) {
			memcpy(out + at, "**", 2);
			at += 2;
			continue;
		}
		for (unsigned j = 0; j < len; j++)
			out[at++] = alphabet[next_random(seed) % strlen(alphabet)];
	}
	out[at] = '\0';
}

static int slow_covers(const char *pattern, const char *path)
{
	char prefix[40];
	int best = slow_path(pattern, "") ? 0 : -1, depth = 0;

	for (size_t i = 1; *path && i <= strlen(path); i++) {
		if (path[i] && path[i] != '/')
			continue;
		memcpy(prefix, path, i);
		prefix[i] = '\0';
		depth++;
		if (slow_path(pattern, prefix))
			best = depth;
	}
	return best;
}

static const char *or_root(const char *path)
{
	return *path ? path : "/";
}

static bool slow_beneath(const char *pattern, const char *dir)
{
	/* With one letter left out of the random alphabet, every name is a sample of its kind. */
	static const char *const names[] = {"a",  "b",    "aa",   "ab",  "ba",
					    "bb", "abab", "baab", "aaaa"};
	char path[80];

	for (size_t i = 0; i < COUNT(names); i++) {
		for (size_t j = 0; j <= COUNT(names); j++) {
			snprintf(path, sizeof(path), "%s/%s%s%s", dir, names[i],
				 j < COUNT(names) ? "/" : "", j < COUNT(names) ? names[j] : "");
			if (slow_path(pattern, path))
				return true;
		}
	}
	return false;
}

static void test_against_definition(void **state)
{
	uint32_t seed = 20240607;
	unsigned matches = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		char pattern[40], path[40];

		random_path(&seed, "ab*?", pattern);
		random_path(&seed, "ab", path);

		const bool expected = slow_path(pattern, path);
		const char *p = or_root(pattern), *t = or_root(path);

		matches += expected;
		ROW_ASSERT(cr_pattern_match(L, p, t) == expected, "%s, %s", p, t);
		ROW_ASSERT(cr_pattern_covers(L, p, t) == slow_covers(pattern, path), "%s, %s", p,
			   t);
		if (i % 10 == 0 && slow_beneath(pattern, path))
			ROW_ASSERT(cr_pattern_may_match_beneath(L, p, t), "%s, %s", p, t);
	}
	/* Or it compared nothing. */
	assert_true(matches > 2000);
}

static const struct {
	const char *pattern, *dir;
	bool may;
} beneath[] = {
	{"/a/b", "/", true},       {"/a/b", "/a", true},      {"/a/b", "/a/b", false},
	{"/a/b", "/a/b/c", false}, {"/a/b", "/x", false},     {"/a/*/c", "/a/x", true},
	{"/a/*/c", "/b", false},   {"/a/*", "/a/x", false},   {"/**/.env", "/x/y/z", true},
	{"/a/**", "/a", true},     {"/a/**", "/a/b/c", true}, {"/a/**", "/b", false},
	{"/", "/", false},         {"/a/**/b", "/", true},    {"/a?/x", "/ab", true},
};

static void test_beneath(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(beneath); i++)
		ROW_ASSERT(cr_pattern_may_match_beneath(L, beneath[i].pattern, beneath[i].dir) ==
				   beneath[i].may,
			   "%s, %s", beneath[i].pattern, beneath[i].dir);
	assert_true(cr_pattern_may_match_beneath(W, "C:\\Users\\**", "C:\\USERS\\x"));
	assert_false(cr_pattern_may_match_beneath(W, "C:\\Users\\**", "D:\\Users"));
}

static const char *const bases[][2] = {
	{"/w/**/.env", "/w"}, {"/w/a*/b", "/w"},        {"/*", "/"}, {"/**", "/"}, {"/a/b", "/a/b"},
	{"/a/b?", "/a"},      {"/a/b/c/*/d", "/a/b/c"}, {"/", "/"},
};

static void test_base(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(bases); i++)
		assert_string_equal(cr_pattern_base(arena, L, bases[i][0]), bases[i][1]);
	assert_string_equal(cr_pattern_base(arena, W, "C:\\a\\*"), "C:\\a");
	assert_string_equal(cr_pattern_base(arena, W, "C:\\*"), "C:\\");
	assert_true(cr_pattern_has_wildcard("/a/*"));
	assert_true(cr_pattern_has_wildcard("/a?"));
	assert_false(cr_pattern_has_wildcard("/a[b]{c}"));
	cr_arena_free(arena);
}

static const struct {
	const char *glob, *name;
	bool fold, matches;
} globs[] = {
	{"", "", false, true},
	{"", "A", false, false},
	{"*", "", false, true},
	{"*_TOKEN", "GITHUB_TOKEN", false, true},
	{"*_TOKEN", "_TOKEN", false, true},
	{"*_TOKEN", "GITHUB_TOKENS", false, false},
	{"*_TOKEN", "github_token", false, false},
	{"*_TOKEN", "github_token", true, true},
	{"AWS_*", "AWS_", false, true},
	{"A?C", "ABC", false, true},
	{"A?C", "AC", false, false},
	{"*a*b*", "xxaxxbxx", false, true},
	{"*a*b*", "xxbxxaxx", false, false},
	{"?", "\xc3\xa9", false, true},
	{"??", "\xc3\xa9", false, false},
	{"*/x", "a/b/x", false, true},
	{"\xff", "\xff", true, true},
	{"\xff", "\xc3\xbf", true, false},
};

static void test_glob(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(globs); i++)
		ROW_ASSERT(cr_glob_match(globs[i].glob, globs[i].name, globs[i].fold) ==
				   globs[i].matches,
			   "%s, %s", globs[i].glob, globs[i].name);
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* What is exponential in a naive matcher: a test program that hangs is a failed test. */
static void test_hostile_is_quick(void **state)
{
	char pattern[2100], path[4000];
	struct timespec start;
	size_t at = 0;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &start);
	pattern[at++] = '/';
	while (at < 240)
		at += (size_t)snprintf(pattern + at, sizeof(pattern) - at, "*a");
	memcpy(pattern + at, "b", 2);
	path[0] = '/';
	memset(path + 1, 'a', 255);
	path[256] = '\0';
	assert_false(cr_pattern_match(L, pattern, path));
	assert_false(cr_pattern_match(M, pattern, path));

	at = 0;
	for (int i = 0; i < 60; i++)
		at += (size_t)snprintf(pattern + at, sizeof(pattern) - at, "/**/a*a*a*b");
	at = 0;
	for (int i = 0; i < 250; i++)
		at += (size_t)snprintf(path + at, sizeof(path) - at, "/aaaaaaaaaaaa");
	assert_int_equal(cr_pattern_covers(L, pattern, path), -1);
	assert_true(seconds_since(&start) < 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),   cmocka_unit_test(test_against_definition),
		cmocka_unit_test(test_beneath), cmocka_unit_test(test_base),
		cmocka_unit_test(test_glob),    cmocka_unit_test(test_hostile_is_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
