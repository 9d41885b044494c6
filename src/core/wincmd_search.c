/*
 * wincmd_search.c - which files the name of a program may mean on Windows.
 *
 * Must never name the current directory for a name without a directory part,
 * though CreateProcess and cmd.exe look there first: it is the agent's to write.
 * Nor another machine: looking there would send it the user's password hash.
 */
#include <stdint.h>
#include <string.h>

#include "limits.h"
#include "text.h"
#include "wincmd.h"

#define FRESH_PATHEXT ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC"

struct list {
	struct cr_arena *arena;
	const char **items;
	size_t count, cap;
};

static int add(struct list *list, const char *item)
{
	const char **items = cr_arena_grow(list->arena, list->items, list->count, &list->cap,
					   sizeof(*list->items));

	if (!items || !item)
		return -1;
	list->items = items;
	list->items[list->count++] = item;
	return 0;
}

static bool is_separator(char c)
{
	return c == '\\' || c == '/';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_drive_path(const char *path)
{
	return is_letter(path[0]) && path[1] == ':' && is_separator(path[2]);
}

/* Characters no file name has; a colon would be a stream or a drive. */
static bool is_plain(const char *text)
{
	const char *end = text + strlen(text);

	for (const char *p = text; p < end;) {
		uint32_t code;
		const size_t len = cr_utf8_decode(p, (size_t)(end - p), &code);

		if (len == 0 || cr_char_is_control(code) || (code < 0x80 && strchr("<>\"|?*:", *p)))
			return false;
		p += len;
	}
	return true;
}

/* The next part up to ';', quotes left out, which may enclose one. NULL at the end. */
static char *next_part(struct cr_arena *arena, const char **cursor)
{
	const char *p = *cursor;
	char *part = *p ? cr_arena_alloc(arena, strlen(p) + 1, 1) : NULL;
	size_t len = 0;
	bool quoted = false;

	if (!part)
		return NULL;
	for (; *p && (*p != ';' || quoted); p++) {
		if (*p == '"')
			quoted = !quoted;
		else
			part[len++] = *p;
	}
	*cursor = *p ? p + 1 : p;
	return part;
}

/* All parts of `text` that `wanted` says are to be used. */
static int split(struct list *list, const char *text, bool (*wanted)(const char *),
		 struct cr_err *err)
{
	const char *cursor = text ? text : "";

	while (*cursor) {
		const char *part = next_part(list->arena, &cursor);

		if (!part || (wanted(part) && add(list, part) < 0))
			return cr_fail(err, CR_E_NOMEM, "searching a program");
		if (list->count > CR_MAX_PATH_DIRS)
			return cr_fail(err, CR_E_LIMIT, "PATH or PATHEXT has more than %d entries",
				       CR_MAX_PATH_DIRS);
	}
	return 0;
}

static bool is_usable_dir(const char *part)
{
	return is_drive_path(part) && is_plain(part + 2);
}

static bool is_extension(const char *part)
{
	return part[0] == '.' && part[1] && is_plain(part);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool ends_with(const char *name, const char *extension)
{
	const size_t len = strlen(name), n = strlen(extension);

	if (len <= n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (lower(name[len - n + i]) != lower(extension[i]))
			return false;
	}
	return true;
}

/* `base` with the name's own extension first, then with each of the others. */
static int add_spellings(struct list *found, const char *base, const struct list *extensions,
			 bool as_it_is)
{
	bool own = false;

	for (size_t i = 0; i < extensions->count && !own; i++)
		own = ends_with(base, extensions->items[i]);
	if (own && add(found, base) < 0)
		return -1;
	for (size_t i = 0; i < extensions->count; i++) {
		if (add(found, cr_arena_printf(found->arena, "%s%s", base, extensions->items[i])) <
		    0)
			return -1;
	}
	return as_it_is && !own ? add(found, base) : 0;
}

/* A name with a directory part, absolute; NULL when it is none that may be asked for. */
static const char *place(struct cr_arena *arena, const struct cr_wincmd_search *search)
{
	const char *name = search->name;

	if (is_drive_path(name))
		return is_plain(name + 2) ? name : NULL;
	if (!is_plain(name) || (is_separator(name[0]) && is_separator(name[1])))
		return NULL;
	if (!search->cwd || !is_drive_path(search->cwd))
		return NULL;
	if (is_separator(name[0]))
		return cr_arena_printf(arena, "%.2s%s", search->cwd, name);
	return cr_arena_printf(arena, "%s\\%s", search->cwd, name);
}

static int add_in_path(struct list *found, const struct cr_wincmd_search *search,
		       const struct list *extensions, struct cr_err *err)
{
	struct list dirs = {.arena = found->arena};

	if (split(&dirs, search->path, is_usable_dir, err) < 0)
		return -1;
	for (size_t i = 0; i < dirs.count; i++) {
		const char *base =
			cr_arena_printf(found->arena, "%s\\%s", dirs.items[i], search->name);

		if (!base || add_spellings(found, base, extensions, false) < 0)
			return cr_fail(err, CR_E_NOMEM, "searching a program");
	}
	return 0;
}

static int gather(struct list *found, const struct cr_wincmd_search *search,
		  const struct list *extensions, struct cr_err *err)
{
	const bool has_place = strpbrk(search->name, "\\/:") != NULL;
	const char *base = has_place ? place(found->arena, search) : search->name;

	if (!base || search->name[0] == '\0' || (!has_place && !is_plain(base)))
		return cr_fail(err, CR_E_EXEC, "'%.500s' is no name of a program on this machine",
			       search->name);
	if (!has_place)
		return add_in_path(found, search, extensions, err);
	if (add_spellings(found, base, extensions, true) < 0)
		return cr_fail(err, CR_E_NOMEM, "searching a program");
	return 0;
}

const char *const *cr_wincmd_candidates(struct cr_arena *arena,
					const struct cr_wincmd_search *search, struct cr_err *err)
{
	struct list extensions = {.arena = arena}, found = {.arena = arena};
	const char *pathext = search->pathext ? search->pathext : FRESH_PATHEXT;

	if (split(&extensions, pathext, is_extension, err) < 0 ||
	    gather(&found, search, &extensions, err) < 0)
		return NULL;
	const char **items = cr_arena_alloc(arena, found.count + 1, sizeof(*items));

	if (!items) {
		cr_fail(err, CR_E_NOMEM, "searching a program");
		return NULL;
	}
	if (found.count > 0)
		memcpy(items, found.items, found.count * sizeof(*items));
	return items;
}
