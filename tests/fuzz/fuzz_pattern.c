/*
 * fuzz_pattern.c - patterns against a second matcher, written as a table of all pairs.
 * Input: a letter for the system, a pattern, a newline, a path.
 */
#include <stdbool.h>
#include <string.h>

#include "core/path.h"
#include "core/pattern.h"
#include "core/text.h"
#include "fuzz.h"

#define MAX_PARTS 64
#define MAX_CHARS 256

struct parts {
	const char *at[MAX_PARTS];
	size_t len[MAX_PARTS];
	size_t count;
};

static bool split(enum cr_os os, const char *path, struct parts *parts)
{
	const char *cursor = NULL, *part;
	size_t len;

	parts->count = 0;
	while ((part = cr_path_next(os, path, &cursor, &len)) != NULL) {
		if (parts->count == MAX_PARTS)
			return false;
		parts->at[parts->count] = part;
		parts->len[parts->count++] = len;
	}
	return true;
}

static size_t characters(enum cr_os os, const char *text, size_t len, uint32_t *out)
{
	size_t count = 0, used;

	for (size_t i = 0; i < len; i += used) {
		uint32_t code;

		used = cr_utf8_decode(text + i, len - i, &code);
		MUST(used && count < MAX_CHARS);
		out[count++] = os == CR_OS_LINUX ? code : cr_char_fold(code);
	}
	return count;
}

/* ends[j]: the pattern so far matches the first j characters. */
static bool name_matches(const uint32_t *pattern, size_t p_len, const uint32_t *name, size_t n_len)
{
	bool ends[MAX_CHARS + 1] = {true};

	for (size_t i = 0; i < p_len; i++) {
		bool next[MAX_CHARS + 1] = {false};

		for (size_t j = 0; j <= n_len; j++) {
			if (pattern[i] == '*')
				next[j] = ends[j] || (j > 0 && next[j - 1]);
			else if (j > 0)
				next[j] = ends[j - 1] &&
					  (pattern[i] == '?' || pattern[i] == name[j - 1]);
		}
		memcpy(ends, next, sizeof(ends));
	}
	return ends[n_len];
}

/* matched[j]: the whole pattern matches the first j components. */
static void match_prefixes(enum cr_os os, const struct parts *pattern, const struct parts *path,
			   bool matched[MAX_PARTS + 1])
{
	memset(matched, 0, (MAX_PARTS + 1) * sizeof(*matched));
	matched[0] = true;
	for (size_t i = 0; i < pattern->count; i++) {
		const bool any = pattern->len[i] == 2 && memcmp(pattern->at[i], "**", 2) == 0;
		uint32_t want[MAX_CHARS], have[MAX_CHARS];
		const size_t p_len = characters(os, pattern->at[i], pattern->len[i], want);
		bool next[MAX_PARTS + 1] = {false};

		for (size_t j = 0; j <= path->count; j++) {
			if (any) {
				next[j] = matched[j] || (j > 0 && next[j - 1]);
			} else if (j > 0 && matched[j - 1]) {
				const size_t n_len =
					characters(os, path->at[j - 1], path->len[j - 1], have);

				next[j] = name_matches(want, p_len, have, n_len);
			}
		}
		memcpy(matched, next, sizeof(next));
	}
}

static void check(struct cr_arena *arena, enum cr_os os, const char *pattern, const char *path)
{
	struct parts wanted, parts;
	bool matched[MAX_PARTS + 1];
	const bool same_root = os != CR_OS_WINDOWS || pattern[0] == path[0];
	const char *base = cr_pattern_base(arena, os, pattern);
	int covers = -1;

	if (!split(os, pattern, &wanted) || !split(os, path, &parts))
		return;
	match_prefixes(os, &wanted, &parts, matched);
	for (size_t j = 0; j <= parts.count; j++)
		if (matched[j] && same_root)
			covers = (int)j;
	MUST(cr_pattern_covers(os, pattern, path) == covers);
	MUST(cr_pattern_match(os, pattern, path) == (matched[parts.count] && same_root));
	/* Whatever matches lies beneath the base, and every directory above it may have matches. */
	MUST(!cr_pattern_has_wildcard(base));
	MUST(covers < 0 || cr_path_within(os, path, base));
	for (int depth = 0; depth < covers; depth++) {
		const char *above = cr_path_prefix(arena, os, path, (unsigned)depth);

		MUST(cr_pattern_may_match_beneath(os, pattern, above));
	}
	MUST(cr_pattern_has_wildcard(pattern) || strcmp(base, pattern) == 0);
}

static void check_glob(char *pattern, char *name)
{
	uint32_t want[MAX_CHARS], have[MAX_CHARS], code;

	if (strlen(pattern) >= MAX_CHARS || strlen(name) >= MAX_CHARS)
		return;
	for (char *at = pattern; *at; at += cr_utf8_decode(at, strlen(at), &code))
		if (!cr_utf8_decode(at, strlen(at), &code))
			return;
	for (char *at = name; *at; at += cr_utf8_decode(at, strlen(at), &code))
		if (!cr_utf8_decode(at, strlen(at), &code))
			return;
	for (int fold = 0; fold < 2; fold++) {
		const enum cr_os os = fold ? CR_OS_MACOS : CR_OS_LINUX;
		const size_t p_len = characters(os, pattern, strlen(pattern), want);
		const size_t n_len = characters(os, name, strlen(name), have);

		MUST(cr_glob_match(pattern, name, fold) == name_matches(want, p_len, have, n_len));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cr_arena *arena = cr_arena_new();
	char *text = arena && size > 1 ? cr_arena_strndup(arena, (const char *)data, size) : NULL;
	char *newline = text ? strchr(text + 1, '\n') : NULL;

	if (newline) {
		const enum cr_os os = fuzz_os(data[0]);

		*newline = '\0';
		check_glob(text + 1, newline + 1);

		const char *pattern =
			cr_path_canonical(arena, os, text + 1, CR_PATH_WILDCARDS, NULL);
		const char *path = cr_path_canonical(arena, os, newline + 1, 0, NULL);

		if (pattern && path)
			check(arena, os, pattern, path);
	}
	cr_arena_free(arena);
	return 0;
}
