/*
 * wincmd.c - quoting for programs that split their command line themselves.
 *
 * A word is left bare only when every character of it is known to mean itself
 * everywhere; all else goes into quotes, so that no program expands wildcards.
 * Must never write two quotes side by side inside a word: there the C runtime of
 * 2008 and CommandLineToArgvW part.
 */
#include <stdint.h>
#include <string.h>

#include "text.h"
#include "wincmd.h"

/* Text that only grows, in an arena that says when it is full. */
struct line {
	struct cr_arena *arena;
	struct cr_err *err;
	char *text;
	size_t len, cap;
	size_t units; /* length in UTF-16 */
	size_t max_units;
	bool failed;
};

static void fail_once(struct line *line, enum cr_errc code, const char *what)
{
	if (!line->failed)
		cr_fail(line->err, code, "%s", what);
	line->failed = true;
}

static void put_bytes(struct line *line, const char *bytes, size_t len)
{
	while (!line->failed && line->len + len + 1 > line->cap) {
		const size_t cap = line->cap ? line->cap * 2 : 256;
		char *text = cr_arena_alloc(line->arena, cap, 1);

		if (!text) {
			fail_once(line, CR_E_NOMEM, "command line");
			return;
		}
		memcpy(text, line->text ? line->text : "", line->len);
		line->text = text;
		line->cap = cap;
	}
	if (line->failed)
		return;
	memcpy(line->text + line->len, bytes, len);
	line->len += len;
}

static void put_char(struct line *line, const char *bytes, size_t len)
{
	line->units += len == 4 ? 2 : 1; /* four bytes of UTF-8 are a surrogate pair */
	if (line->units <= line->max_units) {
		put_bytes(line, bytes, len);
		return;
	}
	if (!line->failed)
		cr_fail(line->err, CR_E_LIMIT,
			"the command line is longer than the %zu characters Windows passes",
			line->max_units);
	line->failed = true;
}

static void put_ascii(struct line *line, const char *text)
{
	for (; *text; text++)
		put_char(line, text, 1);
}

static void put_repeated(struct line *line, char c, size_t count)
{
	while (count-- > 0 && !line->failed)
		put_char(line, &c, 1);
}

/* All of `text` as it is; refuses what is not UTF-8. */
static void put_text(struct line *line, const char *text)
{
	size_t left = strlen(text);

	while (left > 0 && !line->failed) {
		uint32_t code;
		const size_t len = cr_utf8_decode(text, left, &code);

		if (len == 0) {
			fail_once(line, CR_E_EXEC, "a word of the command is not UTF-8");
			return;
		}
		put_char(line, text, len);
		text += len;
		left -= len;
	}
}

static char *finish(struct line *line)
{
	put_bytes(line, "", 1);
	return line->failed ? NULL : line->text;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_bare(const char *word, const char *also)
{
	const char *p = word;

	while (is_alnum(*p) || (*p && strchr(also, *p)))
		p++;
	return *p == '\0' && p != word;
}

/* Backslashes mean themselves but before a quote, where each pair means one. */
static void put_quoted(struct line *line, const char *word)
{
	put_ascii(line, "\"");
	while (*word && !line->failed) {
		const size_t slashes = strspn(word, "\\");
		const size_t plain = strcspn(word + slashes, "\\\"");
		const char next = word[slashes];
		char *copy;

		put_repeated(line, '\\', next == '"' || next == '\0' ? 2 * slashes : slashes);
		word += slashes;
		if (next == '"') {
			put_ascii(line, "\\\"");
			word++;
			continue;
		}
		copy = cr_arena_strndup(line->arena, word, plain);
		if (copy)
			put_text(line, copy);
		else
			fail_once(line, CR_E_NOMEM, "command line");
		word += plain;
	}
	put_ascii(line, "\"");
}

/*
 * The first word is split by another rule: a quote ends it whatever stands before, and a
 * backslash is always itself.
 */
static void put_program(struct line *line, const char *word)
{
	if (strchr(word, '"')) {
		fail_once(line, CR_E_EXEC,
			  "the name of the program has a quote in it, which Windows cannot pass");
		return;
	}
	put_ascii(line, "\"");
	put_text(line, word);
	put_ascii(line, "\"");
}

char *cr_wincmd_line(struct cr_arena *arena, const char *const *argv, struct cr_err *err)
{
	struct line line = {.arena = arena, .err = err, .max_units = CR_WINCMD_MAX};

	if (!argv[0]) {
		cr_fail(err, CR_E_EXEC, "no command given");
		return NULL;
	}
	put_program(&line, argv[0]);
	for (size_t i = 1; argv[i] && !line.failed; i++) {
		put_ascii(&line, " ");
		if (is_bare(argv[i], "-_./:\\=+,"))
			put_text(&line, argv[i]);
		else
			put_quoted(&line, argv[i]);
	}
	return finish(&line);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_folded(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (lower(a[i]) != lower(b[i]))
			return false;
	}
	return true;
}

bool cr_wincmd_is_batch(const char *path)
{
	size_t len = strlen(path);

	while (len > 0 && (path[len - 1] == '.' || path[len - 1] == ' '))
		len--;
	return len >= 4 &&
	       (same_folded(path + len - 4, ".bat", 4) || same_folded(path + len - 4, ".cmd", 4));
}

/* Characters cmd.exe acts on inside quotes too, and why the word is refused. */
static const char *batch_objection(const char *word)
{
	for (const char *p = word; *p; p++) {
		if (*p == '"')
			return "a quote, which ends its quoting";
		if (*p == '%')
			return "a percent sign, which it expands even inside quotes";
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return "a control character, which can end the line";
	}
	return NULL;
}

static int check_batch_word(const char *word, const char *what, struct cr_err *err)
{
	const char *objection = batch_objection(word);

	if (!objection)
		return 0;
	cr_fail(err, CR_E_EXEC, "%s cannot be passed to a batch file: cmd.exe would see %s", what,
		objection);
	return cr_hint(err, "start the program that the batch file starts, or put the word into a "
			    "file");
}

/* The program a batch file starts splits its words again: a last backslash must not take the quote
 * along. */
static void put_batch_word(struct line *line, const char *word)
{
	size_t slashes = 0;

	for (const char *p = word; *p; p++)
		slashes = *p == '\\' ? slashes + 1 : 0;
	put_ascii(line, "\"");
	put_text(line, word);
	put_repeated(line, '\\', slashes);
	put_ascii(line, "\"");
}

/*
 * /d: no AutoRun commands from the registry; /e:on and /v:off: "!" means nothing; /s: exactly the
 * outer quotes are taken off, whatever stands between (cmd /?).
 */
char *cr_wincmd_batch_line(struct cr_arena *arena, const char *cmd_exe, const char *script,
			   const char *const *argv, struct cr_err *err)
{
	struct line line = {.arena = arena, .err = err, .max_units = CR_WINCMD_BATCH_MAX};

	if (check_batch_word(script, "its own path", err) < 0)
		return NULL;
	put_program(&line, cmd_exe);
	put_ascii(&line, " /e:on /v:off /d /s /c \"\"");
	put_text(&line, script);
	put_ascii(&line, "\"");
	for (size_t i = 1; argv[0] && argv[i] && !line.failed; i++) {
		if (check_batch_word(argv[i], "a word of the command", err) < 0)
			return NULL;
		put_ascii(&line, " ");
		if (is_bare(argv[i], "-_./:+"))
			put_text(&line, argv[i]);
		else
			put_batch_word(&line, argv[i]);
	}
	put_ascii(&line, "\"");
	return finish(&line);
}
