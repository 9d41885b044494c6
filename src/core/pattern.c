/*
 * pattern.c - path patterns and name globs, without recursion.
 *
 * `**` is to components what `*` is to characters, and for both the last star is the only one
 * worth going back to. So every match takes at most pattern x path steps. Must never allocate to
 * match: decide() runs this on every access it is asked about.
 */
#include <string.h>

#include "path.h"
#include "pattern.h"
#include "text.h"

/* How characters are compared, and which of them ends a component. */
struct mode {
	char sep;
	bool fold;
};

static struct mode mode_of(enum cr_os os)
{
	return (struct mode){
		.sep = os == CR_OS_WINDOWS ? '\\' : '/',
		.fold = os != CR_OS_LINUX,
	};
}

/* A piece of text. */
struct span {
	const char *at;
	const char *end;
};

/* The first component of a canonical path; empty for a root. */
static const char *first_component(struct mode mode, const char *path)
{
	return path + (mode.sep == '\\' ? 3 : 1);
}

static struct span component(struct mode mode, const char *at)
{
	const char *end = at;

	while (*end && *end != mode.sep)
		end++;
	return (struct span){.at = at, .end = end};
}

/* The start of the next component, or the end of the text. */
static const char *after(struct span part)
{
	return part.end + (*part.end != '\0');
}

static bool is_any_depth(struct span part)
{
	return part.end - part.at == 2 && part.at[0] == '*' && part.at[1] == '*';
}

/* Length of the character at `at`; a stray byte is one character. */
static size_t char_len(const char *at, const char *end)
{
	uint32_t code;

	if ((unsigned char)*at < 0x80)
		return 1;

	const size_t len = cr_utf8_decode(at, (size_t)(end - at), &code);

	return len ? len : 1;
}

/* Compares one character of each; on success moves both on. */
static bool same_char(bool fold, struct span *a, struct span *b)
{
	uint32_t one, two;

	if (!fold || ((unsigned char)*a->at < 0x80 && (unsigned char)*b->at < 0x80)) {
		const unsigned char x = (unsigned char)*a->at++, y = (unsigned char)*b->at++;

		return x == y || (fold && cr_char_fold(x) == cr_char_fold(y));
	}

	const size_t a_len = cr_utf8_decode(a->at, (size_t)(a->end - a->at), &one);
	const size_t b_len = cr_utf8_decode(b->at, (size_t)(b->end - b->at), &two);

	a->at += a_len ? a_len : 1;
	b->at += b_len ? b_len : 1;
	/* A stray byte equals only itself. */
	return !a_len == !b_len && (a_len ? cr_char_fold(one) == cr_char_fold(two) : one == two);
}

static bool glob(bool fold, struct span pattern, struct span text)
{
	const char *star = NULL, *retry = NULL;

	while (text.at < text.end) {
		if (pattern.at < pattern.end && *pattern.at == '*') {
			star = ++pattern.at;
			retry = text.at;
			continue;
		}
		if (pattern.at < pattern.end && *pattern.at == '?') {
			pattern.at++;
			text.at += char_len(text.at, text.end);
			continue;
		}
		if (pattern.at < pattern.end && same_char(fold, &pattern, &text))
			continue;
		if (!star)
			return false;
		/* By whole characters: `?` must never see the middle of one. */
		retry += char_len(retry, text.end);
		pattern.at = star;
		text.at = retry;
	}
	while (pattern.at < pattern.end && *pattern.at == '*')
		pattern.at++;
	return pattern.at == pattern.end;
}

/* A run of components between two `**`, or between `**` and an end of the pattern. */
struct run {
	const char *at;
	unsigned count;
	const char *next; /* after the `**` that ends it; NULL when it is the last */
};

static struct run take_run(struct mode mode, const char *at)
{
	struct run run = {.at = at};

	while (*at) {
		struct span part = component(mode, at);

		at = after(part);
		if (is_any_depth(part)) {
			run.next = at;
			return run;
		}
		run.count++;
	}
	return run;
}

/* Matches a run at the component `path`; returns where the path goes on, or NULL. */
static const char *match_run(struct mode mode, const struct run *run, const char *path)
{
	const char *pattern = run->at;

	for (unsigned i = 0; i < run->count; i++) {
		if (!*path)
			return NULL;

		struct span want = component(mode, pattern), have = component(mode, path);

		if (!glob(mode.fold, want, have))
			return NULL;
		pattern = after(want);
		path = after(have);
	}
	return path;
}

/* The first place from `path` on where the run matches; returns where it ends, or NULL. */
static const char *find_run(struct mode mode, const struct run *run, const char *path)
{
	for (;;) {
		const char *end = match_run(mode, run, path);

		if (end || !*path)
			return end;
		path = after(component(mode, path));
	}
}

/* The start of the component before `at`, which is not the first. */
static const char *back_one(struct mode mode, const char *at, const char *first)
{
	at -= *at != '\0';
	while (at > first && at[-1] != mode.sep)
		at--;
	return at;
}

/* The last place, not before `path`, where the run matches; returns where it ends, or NULL. */
static const char *find_run_backwards(struct mode mode, const struct run *run, const char *path)
{
	const char *at = path + strlen(path);

	for (unsigned i = 0; at > path;) {
		at = back_one(mode, at, path);
		if (++i < run->count)
			continue;

		const char *end = match_run(mode, run, at);

		if (end)
			return end;
	}
	return NULL;
}

static bool same_root(struct mode mode, const char *a, const char *b)
{
	return mode.sep == '/' || a[0] == b[0];
}

/*
 * Where the longest matching prefix of `path` ends (the start of the next component, or the end
 * of the path), or NULL. Everything before the last `**` matches as early as it can, which
 * leaves most room; what follows it, as late as it can.
 */
static const char *longest_prefix(struct mode mode, const char *pattern, const char *path)
{
	if (!same_root(mode, pattern, path))
		return NULL;
	path = first_component(mode, path);

	struct run run = take_run(mode, first_component(mode, pattern));
	const char *end = match_run(mode, &run, path);

	while (end && run.next) {
		run = take_run(mode, run.next);
		if (run.next)
			end = find_run(mode, &run, end);
		else if (run.count == 0)
			end += strlen(end);
		else
			end = find_run_backwards(mode, &run, end);
	}
	return end;
}

bool cr_pattern_has_wildcard(const char *pattern)
{
	return strpbrk(pattern, "*?") != NULL;
}

/*
 * The longest prefix is the whole path whenever the whole path matches, because what follows the
 * last `**` is tried at the end of the path first.
 */
bool cr_pattern_match(enum cr_os os, const char *pattern, const char *path)
{
	const char *end = longest_prefix(mode_of(os), pattern, path);

	return end && !*end;
}

int cr_pattern_covers(enum cr_os os, const char *pattern, const char *path)
{
	const struct mode mode = mode_of(os);
	const char *end = longest_prefix(mode, pattern, path);
	int depth = 0;

	if (!end)
		return -1;
	for (const char *at = first_component(mode, path); at < end; depth++)
		at = after(component(mode, at));
	return depth;
}

const char *cr_pattern_base(struct cr_arena *arena, enum cr_os os, const char *pattern)
{
	const size_t literal = strcspn(pattern, "*?");
	unsigned depth = 0;
	const char *cursor = NULL;
	size_t len;

	while (cr_path_next(os, pattern, &cursor, &len) && cursor <= pattern + literal)
		depth++;
	return cr_path_prefix(arena, os, pattern, depth);
}

bool cr_pattern_may_match_beneath(enum cr_os os, const char *pattern, const char *dir)
{
	const struct mode mode = mode_of(os);
	const char *want = first_component(mode, pattern), *have = first_component(mode, dir);

	if (!same_root(mode, pattern, dir))
		return false;
	while (*want && *have) {
		struct span wanted = component(mode, want), part = component(mode, have);

		if (is_any_depth(wanted))
			return true;
		if (!glob(mode.fold, wanted, part))
			return false;
		want = after(wanted);
		have = after(part);
	}
	return *want != '\0';
}

bool cr_glob_match(const char *text_glob, const char *name, bool fold_case)
{
	return glob(fold_case, (struct span){text_glob, text_glob + strlen(text_glob)},
		    (struct span){name, name + strlen(name)});
}
