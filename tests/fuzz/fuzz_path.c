/*
 * fuzz_path.c - path algebra on any bytes: what is canonical stays so, and its parts make it up
 * again. Input: a letter for the system, a base path, a newline, a path.
 */
#include <string.h>

#include "core/limits.h"
#include "core/path.h"
#include "fuzz.h"

static void check_canonical(struct cr_arena *arena, enum cr_os os, const char *path, unsigned flags)
{
	const char *again = cr_path_canonical(arena, os, path, flags, NULL);
	const char *cursor = NULL, *part, *built = cr_path_prefix(arena, os, path, 0);
	const char *parent = cr_path_parent(arena, os, path);
	unsigned depth = 0;
	size_t len;

	MUST(again && strcmp(again, path) == 0);
	MUST(strlen(path) < CR_MAX_PATH && cr_path_depth(os, path) <= CR_MAX_DEPTH);
	while ((part = cr_path_next(os, path, &cursor, &len)) != NULL) {
		const char *name = cr_arena_strndup(arena, part, len);

		MUST(len <= (os == CR_OS_WINDOWS ? 3 : 1) * CR_MAX_COMPONENT &&
		     strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
		MUST(cr_path_check_component(os, name, len, flags, NULL) == 0);
		MUST(cr_path_within(os, path, built));
		built = cr_path_join(arena, os, built, name);
		MUST(strcmp(built, cr_path_prefix(arena, os, path, ++depth)) == 0);
	}
	MUST(strcmp(built, path) == 0 && depth == cr_path_depth(os, path));
	MUST(cr_path_cmp(os, path, path) == 0 && cr_path_within(os, path, path));
	MUST(cr_path_cmp(os, parent, path) <= 0 && cr_path_within(os, path, parent));
	if (depth > 0)
		MUST(strcmp(cr_path_join(arena, os, parent, cr_path_base(os, path)), path) == 0);
}

static void check_pair(enum cr_os os, const char *a, const char *b)
{
	const int order = cr_path_cmp(os, a, b), back = cr_path_cmp(os, b, a);

	MUST((order > 0) - (order < 0) == (back < 0) - (back > 0));
	MUST(!cr_path_within(os, a, b) || order >= 0);
	MUST((cr_path_within(os, a, b) && cr_path_within(os, b, a)) == (order == 0));
}

static void check(struct cr_arena *arena, enum cr_os os, unsigned flags, const char *texts[2])
{
	struct cr_err err = {.code = CR_E_NONE};
	const char *base = cr_path_canonical(arena, os, texts[0], flags, &err);

	MUST(base || err.code == CR_E_PATH || err.code == CR_E_LIMIT);
	MUST(base || err.text[0]);
	if (!base)
		return;
	check_canonical(arena, os, base, flags);

	const char *path = cr_path_resolve(arena, os, base, texts[1], flags, &err);

	MUST(path || err.code == CR_E_PATH || err.code == CR_E_LIMIT);
	if (!path)
		return;
	check_canonical(arena, os, path, flags);
	check_pair(os, base, path);
	if (!cr_path_is_absolute(os, texts[1]) && !strstr(texts[1], ".."))
		MUST(cr_path_within(os, path, base));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cr_arena *arena = cr_arena_new();
	char *text = arena && size > 1 ? cr_arena_strndup(arena, (const char *)data, size) : NULL;
	char *newline = text ? strchr(text, '\n') : NULL;

	if (text) {
		const char *texts[2] = {text + 1, ""};

		if (newline) {
			*newline = '\0';
			texts[1] = newline + 1;
		}
		if (newline != text)
			check(arena, fuzz_os(data[0]), 0, texts);
		if (newline != text)
			check(arena, fuzz_os(data[0]), CR_PATH_WILDCARDS, texts);
	}
	cr_arena_free(arena);
	return 0;
}
