/*
 * path.c - path algebra: making paths canonical, taking them apart, comparing them.
 *
 * Must never look at a file system, and never let two spellings of one Windows file through:
 * what cannot be spelt in one way only is refused, not repaired.
 */
#include <string.h>

#include "limits.h"
#include "path.h"
#include "text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SHOWN_MAX    200 /* bytes of a path repeated in a message */

static char separator(enum cr_os os)
{
	return os == CR_OS_WINDOWS ? '\\' : '/';
}

/* As written by people: Windows takes both. */
static bool is_separator(enum cr_os os, char c)
{
	return c == '/' || (os == CR_OS_WINDOWS && c == '\\');
}

/* Bytes of a canonical path before its first component. */
static size_t root_len(enum cr_os os)
{
	return os == CR_OS_WINDOWS ? 3 : 1;
}

static bool folds_case(enum cr_os os)
{
	return os != CR_OS_LINUX;
}

static bool is_drive(const char *path)
{
	const char c = path[0];

	return ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) && path[1] == ':';
}

bool cr_path_is_absolute(enum cr_os os, const char *path)
{
	if (os == CR_OS_WINDOWS)
		return is_drive(path) && is_separator(os, path[2]);
	return path[0] == '/';
}

/* As many bytes of `text` as a message repeats, never half a character. */
static int shown_len(const char *text, size_t len)
{
	if (len <= SHOWN_MAX)
		return (int)len;
	len = SHOWN_MAX;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return (int)len;
}

static int check_text(const char *text, size_t len, struct cr_err *err)
{
	uint32_t code;
	size_t used;

	for (size_t i = 0; i < len; i += used) {
		used = cr_utf8_decode(text + i, len - i, &code);
		if (!used)
			return cr_fail(err, CR_E_PATH, "a path is not valid UTF-8");
		if (cr_char_is_control(code))
			return cr_fail(err, CR_E_PATH, "a path has a control character");
	}
	return 0;
}

static bool has_byte_of(const char *name, size_t len, const char *set)
{
	for (size_t i = 0; i < len; i++)
		if (strchr(set, name[i]))
			return true;
	return false;
}

static bool is_stream(const char *name, size_t len, unsigned flags)
{
	(void)flags;
	return memchr(name, ':', len) != NULL;
}

static bool has_forbidden(const char *name, size_t len, unsigned flags)
{
	return has_byte_of(name, len, flags & CR_PATH_WILDCARDS ? "<>\"|" : "<>\"|*?");
}

/* Win32 removes them silently, so that "a. " would be another spelling of "a". */
static bool ends_in_dot_or_blank(const char *name, size_t len, unsigned flags)
{
	(void)flags;
	return name[len - 1] == '.' || name[len - 1] == ' ';
}

static bool same_ascii(const char *name, size_t len, const char *word)
{
	size_t i = 0;

	for (; i < len && word[i]; i++)
		if (cr_char_fold((unsigned char)name[i]) != (unsigned char)word[i])
			return false;
	return i == len && !word[i];
}

/* COM1 to COM9 and COM0; Win32 also takes the superscripts U+00B9, U+00B2 and U+00B3. */
static bool is_numbered_device(const char *name, size_t len)
{
	if (len < 4 || !(same_ascii(name, 3, "com") || same_ascii(name, 3, "lpt")))
		return false;
	if (len == 4)
		return name[3] >= '0' && name[3] <= '9';
	return len == 5 && name[3] == '\xc2' &&
	       (name[4] == '\xb9' || name[4] == '\xb2' || name[4] == '\xb3');
}

/* Naming Files, Paths, and Namespaces (Microsoft): also with any extension and blanks before it. */
static bool is_reserved(const char *name, size_t len, unsigned flags)
{
	static const char *const devices[] = {
		"con", "prn", "aux", "nul", "conin$", "conout$", "clock$",
	};
	const char *dot = memchr(name, '.', len);

	(void)flags;
	if (dot)
		len = (size_t)(dot - name);
	while (len > 0 && name[len - 1] == ' ')
		len--;
	for (size_t i = 0; i < COUNT(devices); i++)
		if (same_ascii(name, len, devices[i]))
			return true;
	return is_numbered_device(name, len);
}

/* PROGRA~1, FOO~12.TXT: at most 8.3, with "~" and digits before the extension. */
static bool is_short_name(const char *name, size_t len, unsigned flags)
{
	const char *dot = memchr(name, '.', len);
	size_t stem = dot ? (size_t)(dot - name) : len;
	size_t digits = 0;

	(void)flags;
	if (stem > 8 || len - stem > 4)
		return false;
	while (digits < stem && name[stem - 1 - digits] >= '0' && name[stem - 1 - digits] <= '9')
		digits++;
	return digits > 0 && digits < stem && name[stem - 1 - digits] == '~';
}

/* Two rules would speak of one file, or of two, and nobody could say which. */
static bool has_doubtful_case(const char *name, size_t len, unsigned flags)
{
	uint32_t code;
	size_t used;

	(void)flags;
	for (size_t i = 0; i < len; i += used) {
		used = cr_utf8_decode(name + i, len - i, &code);
		if (!used || cr_char_has_doubtful_case(code))
			return true;
	}
	return false;
}

struct name_check {
	bool (*refuses)(const char *name, size_t len, unsigned flags);
	const char *what;
	const char *hint;
};

static const struct name_check windows_checks[] = {
	{is_stream, "names a stream", "a policy speaks of whole files"},
	{has_forbidden, "has a character that no Windows name can have",
	 "only '*' and '?' have a meaning, in patterns"},
	{ends_in_dot_or_blank, "ends in a dot or blank",
	 "Windows drops it: write the name without"},
	{is_reserved, "is the name of a device", "in every directory: use another name"},
	{is_short_name, "looks like an 8.3 name", "write the long name"},
	{has_doubtful_case, "has a letter that Windows versions fold differently",
	 "write '?' in its place"},
};

static int check_windows_name(const char *name, size_t len, unsigned flags, struct cr_err *err)
{
	for (size_t i = 0; i < COUNT(windows_checks); i++) {
		if (windows_checks[i].refuses(name, len, flags)) {
			cr_fail(err, CR_E_PATH, "'%.*s' %s", shown_len(name, len), name,
				windows_checks[i].what);
			return cr_hint(err, "%s", windows_checks[i].hint);
		}
	}
	return 0;
}

/* NTFS counts UTF-16 units, of which a character beyond the first plane has two. */
static size_t name_len(enum cr_os os, const char *name, size_t len)
{
	size_t units = 0;

	if (os != CR_OS_WINDOWS)
		return len;
	for (size_t i = 0; i < len; i++)
		units += ((unsigned char)name[i] & 0xc0) != 0x80;
	for (size_t i = 0; i < len; i++)
		units += (unsigned char)name[i] >= 0xf0;
	return units;
}

/* The text has been checked. */
static int check_name(enum cr_os os, const char *name, size_t len, unsigned flags,
		      struct cr_err *err)
{
	if (name_len(os, name, len) > CR_MAX_COMPONENT)
		return cr_fail(err, CR_E_LIMIT, "'%.*s...' is longer than %d %s",
			       shown_len(name, len), name, CR_MAX_COMPONENT,
			       os == CR_OS_WINDOWS ? "characters" : "bytes");
	return os == CR_OS_WINDOWS ? check_windows_name(name, len, flags, err) : 0;
}

int cr_path_check_component(enum cr_os os, const char *name, size_t len, unsigned flags,
			    struct cr_err *err)
{
	if (check_text(name, len, err) < 0)
		return -1;
	return check_name(os, name, len, flags, err);
}

/* A canonical path under construction. */
struct builder {
	enum cr_os os;
	unsigned flags;
	unsigned depth;
	size_t len;
	char text[CR_MAX_PATH];
};

static int append(struct builder *path, const char *name, size_t len, struct cr_err *err)
{
	const size_t slash = path->depth > 0;

	if (check_name(path->os, name, len, path->flags, err) < 0)
		return -1;
	if (path->depth == CR_MAX_DEPTH)
		return cr_fail(err, CR_E_LIMIT, "a path has more than %d components", CR_MAX_DEPTH);
	if (path->len + slash + len >= sizeof(path->text))
		return cr_fail(err, CR_E_LIMIT, "a path is longer than %d bytes", CR_MAX_PATH - 1);
	if (slash)
		path->text[path->len++] = separator(path->os);
	memcpy(path->text + path->len, name, len);
	path->len += len;
	path->depth++;
	return 0;
}

static int climb(struct builder *path, struct cr_err *err)
{
	const size_t root = root_len(path->os);
	size_t end = path->len;

	if (path->depth == 0)
		return cr_fail(err, CR_E_PATH, "'..' climbs above the root");
	while (end > root && path->text[end - 1] != separator(path->os))
		end--;
	/* "*" + ".." would say one thing and match another. */
	if (has_byte_of(path->text + end, path->len - end, "*?") &&
	    path->flags & CR_PATH_WILDCARDS) {
		cr_fail(err, CR_E_PATH, "'..' follows a wildcard");
		return cr_hint(err, "write the pattern without '..'");
	}
	path->len = end > root ? end - 1 : root;
	path->depth--;
	return 0;
}

static int append_all(struct builder *path, const char *rest, struct cr_err *err)
{
	while (*rest) {
		size_t len = 0;

		while (rest[len] && !is_separator(path->os, rest[len]))
			len++;

		const bool dots = len <= 2 && memcmp(rest, "..", len) == 0;

		if (dots && len == 2 && climb(path, err) < 0)
			return -1;
		if (!dots && append(path, rest, len, err) < 0)
			return -1;
		rest += len;
		rest += *rest != '\0';
	}
	return 0;
}

static int check_whole(const char *path, struct cr_err *err)
{
	const size_t len = strlen(path);

	if (len == 0)
		return cr_fail(err, CR_E_PATH, "a path is empty");
	if (len >= CR_MAX_PATH)
		return cr_fail(err, CR_E_LIMIT, "a path is longer than %d bytes", CR_MAX_PATH - 1);
	return check_text(path, len, err);
}

static int refuse(const char *path, const char *what, const char *hint, struct cr_err *err)
{
	cr_fail(err, CR_E_PATH, "'%.*s' %s", shown_len(path, strlen(path)), path, what);
	return cr_hint(err, "%s", hint);
}

/*
 * Spellings whose start means something else than a drive or a relative name; '/' stands for
 * either separator. Refused by sight: to open one may already send the user's name and a
 * password's hash to whoever was named.
 */
static const struct {
	const char *start, *what, *hint;
} windows_starts[] = {
	{"//?/", "is a device path", "write it as C:\\..."},
	{"//./", "is a device path", "write a drive letter: C:\\..."},
	{"/?\?/", "is a device path", "write it as C:\\..."},
	{"//", "is a UNC path", "a policy speaks of this machine's drives: C:\\..."},
	{"/", "names no drive", "write a drive letter: C:\\..."},
};

static bool starts_with(const char *path, const char *start)
{
	for (; *start; start++, path++) {
		if (*start == '/' ? !is_separator(CR_OS_WINDOWS, *path) : *path != *start)
			return false;
	}
	return true;
}

static int check_windows_start(const char *path, struct cr_err *err)
{
	for (size_t i = 0; i < COUNT(windows_starts); i++) {
		if (starts_with(path, windows_starts[i].start))
			return refuse(path, windows_starts[i].what, windows_starts[i].hint, err);
	}
	if (is_drive(path) && !is_separator(CR_OS_WINDOWS, path[2]))
		return refuse(path, "is relative to the directory of a drive",
			      "write a backslash after the colon", err);
	return 0;
}

static const char *finish(struct cr_arena *arena, const struct builder *path, struct cr_err *err)
{
	const char *copy = cr_arena_strndup(arena, path->text, path->len);

	if (!copy)
		cr_fail(err, CR_E_NOMEM, "no memory for a path");
	return copy;
}

static void start(struct builder *path, const char *absolute)
{
	path->depth = 0;
	path->len = root_len(path->os);
	memcpy(path->text, absolute, path->len);
	if (path->os == CR_OS_WINDOWS) {
		if (path->text[0] >= 'a')
			path->text[0] = (char)(path->text[0] - 32);
		path->text[2] = '\\';
	}
}

const char *cr_path_canonical(struct cr_arena *arena, enum cr_os os, const char *path,
			      unsigned flags, struct cr_err *err)
{
	struct builder built;

	if (check_whole(path, err) < 0)
		return NULL;
	if (os == CR_OS_WINDOWS && check_windows_start(path, err) < 0)
		return NULL;
	if (!cr_path_is_absolute(os, path)) {
		cr_fail(err, CR_E_PATH, "'%.*s' is not absolute", shown_len(path, strlen(path)),
			path);
		return NULL;
	}
	built.os = os;
	built.flags = flags;
	start(&built, path);
	if (append_all(&built, path + built.len, err) < 0)
		return NULL;
	return finish(arena, &built, err);
}

const char *cr_path_resolve(struct cr_arena *arena, enum cr_os os, const char *base,
			    const char *path, unsigned flags, struct cr_err *err)
{
	struct builder built;

	if (cr_path_is_absolute(os, path))
		return cr_path_canonical(arena, os, path, flags, err);
	if (check_whole(path, err) < 0)
		return NULL;
	if (os == CR_OS_WINDOWS && check_windows_start(path, err) < 0)
		return NULL;
	built.os = os;
	built.flags = flags;
	built.len = strlen(base);
	if (built.len >= sizeof(built.text)) {
		cr_fail(err, CR_E_LIMIT, "a path is longer than %d bytes", CR_MAX_PATH - 1);
		return NULL;
	}
	memcpy(built.text, base, built.len + 1);
	built.depth = cr_path_depth(os, base);
	if (append_all(&built, path, err) < 0)
		return NULL;
	return finish(arena, &built, err);
}

const char *cr_path_join(struct cr_arena *arena, enum cr_os os, const char *base, const char *name)
{
	const size_t base_len = strlen(base), name_len = strlen(name);
	const size_t slash = base_len > root_len(os);
	char *path = cr_arena_alloc(arena, base_len + slash + name_len + 1, 1);

	if (!path)
		return NULL;
	memcpy(path, base, base_len);
	if (slash)
		path[base_len] = separator(os);
	memcpy(path + base_len + slash, name, name_len);
	return path;
}

const char *cr_path_next(enum cr_os os, const char *path, const char **cursor, size_t *len)
{
	const char sep = separator(os);
	const char *at = *cursor ? *cursor : path + root_len(os);
	const char *end = at;

	if (*at == sep)
		at = ++end;
	while (*end && *end != sep)
		end++;
	*cursor = end;
	*len = (size_t)(end - at);
	return *len ? at : NULL;
}

unsigned cr_path_depth(enum cr_os os, const char *path)
{
	const char sep = separator(os);
	const char *at = path + root_len(os);
	unsigned depth = *at != '\0';

	for (; *at; at++)
		depth += *at == sep;
	return depth;
}

const char *cr_path_prefix(struct cr_arena *arena, enum cr_os os, const char *path, unsigned depth)
{
	const char *cursor = NULL;
	size_t len;

	for (unsigned i = 0; i < depth; i++)
		if (!cr_path_next(os, path, &cursor, &len))
			break;
	return cr_arena_strndup(arena, path, cursor ? (size_t)(cursor - path) : root_len(os));
}

const char *cr_path_base(enum cr_os os, const char *path)
{
	const char *last = strrchr(path, separator(os));

	return last ? last + 1 : path;
}

const char *cr_path_parent(struct cr_arena *arena, enum cr_os os, const char *path)
{
	size_t len = (size_t)(cr_path_base(os, path) - path);

	return cr_arena_strndup(arena, path, len > root_len(os) ? len - 1 : root_len(os));
}

/* The folded character at text[*i]; a stray byte counts as itself, after all characters. */
static uint32_t folded(const char *text, size_t len, size_t *i)
{
	uint32_t code;
	const size_t used = cr_utf8_decode(text + *i, len - *i, &code);

	*i += used ? used : 1;
	return used ? cr_char_fold(code) : 0x110000 + code;
}

static int folded_cmp(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t i = 0, j = 0;

	while (i < a_len && j < b_len) {
		const uint32_t one = folded(a, a_len, &i), two = folded(b, b_len, &j);

		if (one != two)
			return one < two ? -1 : 1;
	}
	return (i < a_len) - (j < b_len);
}

int cr_path_component_cmp(enum cr_os os, const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (folds_case(os))
		return folded_cmp(a, a_len, b, b_len);

	const int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (order)
		return order;
	return (a_len > b_len) - (a_len < b_len);
}

/* The drive; nothing elsewhere. */
static int root_cmp(enum cr_os os, const char *a, const char *b)
{
	return os == CR_OS_WINDOWS ? a[0] - b[0] : 0;
}

/* The end of a path before a separator, a separator before everything else. */
static int weight(char c)
{
	if (c == '\0')
		return 0;
	return c == '/' ? 1 : 2 + (unsigned char)c;
}

/* Where case counts, the first difference decides, whatever component it lies in: plans sort
 * thousands of paths. */
static int cmp_exactly(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return weight(*a) - weight(*b);
}

/* How many bytes lie before the first component that differs in any way: 0, or up to a separator.
 * What is the same byte for byte needs no folding, and most of two paths is. */
static size_t same_above(enum cr_os os, const char *a, const char *b)
{
	const char sep = separator(os);
	size_t above = 0;

	for (size_t i = 0; a[i] && a[i] == b[i]; i++) {
		if (a[i] == sep && i >= root_len(os))
			above = i;
	}
	return above;
}

int cr_path_cmp(enum cr_os os, const char *a, const char *b)
{
	if (os == CR_OS_LINUX)
		return cmp_exactly(a, b);

	const size_t above = same_above(os, a, b);
	const char *a_cursor = above ? a + above : NULL, *b_cursor = above ? b + above : NULL;
	int order = root_cmp(os, a, b);

	while (!order) {
		size_t a_len, b_len;
		const char *one = cr_path_next(os, a, &a_cursor, &a_len);
		const char *two = cr_path_next(os, b, &b_cursor, &b_len);

		if (!one || !two)
			return (one != NULL) - (two != NULL);
		order = cr_path_component_cmp(os, one, a_len, two, b_len);
	}
	return order;
}

static bool within_exactly(const char *path, const char *root)
{
	const size_t len = strlen(root);

	if (strncmp(path, root, len) != 0)
		return false;
	return len == 1 || path[len] == '/' || path[len] == '\0';
}

bool cr_path_within(enum cr_os os, const char *path, const char *root)
{
	if (os == CR_OS_LINUX)
		return within_exactly(path, root);
	if (root_cmp(os, path, root) != 0)
		return false;

	const size_t same = same_above(os, path, root);
	const char *cursor = same ? path + same : NULL;
	const char *root_cursor = same ? root + same : NULL;

	for (;;) {
		size_t len, root_part;
		const char *above = cr_path_next(os, root, &root_cursor, &root_part);

		if (!above)
			return true;

		const char *part = cr_path_next(os, path, &cursor, &len);

		if (!part || cr_path_component_cmp(os, part, len, above, root_part) != 0)
			return false;
	}
}
