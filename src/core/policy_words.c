/*
 * policy_words.c - a line of policy into words.
 *
 * Must never let a byte through that people would not see on a screen: a policy says what it
 * looks like. Nothing is repaired.
 */
#include <string.h>

#include "limits.h"
#include "policy_parts.h"
#include "text.h"

#define SHOWN_MAX     80 /* bytes of a word repeated in a message */
#define SUGGEST_MAX   24 /* longer words are no misspelt keywords */
#define SUGGEST_EDITS 2

const char *cr_parser_show(struct cr_parser *parser, const char *text)
{
	const size_t len = strlen(text);
	size_t cut = SHOWN_MAX;

	if (len <= SHOWN_MAX || parser->diags->count == CR_MAX_DIAGS)
		return text;
	while (cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80)
		cut--;

	const char *shown = cr_arena_printf(parser->arena, "%.*s...", (int)cut, text);

	return shown ? shown : "";
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap neighbours) from `a` to `b`; both are short. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][SUGGEST_MAX + 2];
	const size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > SUGGEST_MAX || b_len > SUGGEST_MAX)
		return SUGGEST_MAX;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *older = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			const bool same = (a[i - 1] | 0x20) == (b[j - 1] | 0x20);

			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + !same);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], older[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

/* What people write who know other tools. */
static const char *const synonyms[][2] = {
	{"block", "deny"},         {"forbid", "deny"},        {"hide", "deny read"},
	{"protect", "deny write"}, {"permit", "allow"},       {"prompt", "ask"},
	{"network", "connect"},    {"net", "connect"},        {"socket", "unix"},
	{"unset", "drop"},         {"include", "use"},        {"timeout", "limit time"},
	{"ttl", "expire"},         {"ram", "memory"},         {"pids", "processes"},
	{"nofile", "files"},       {"readonly", "read-only"},
};

static const char *find_synonym(const char *word)
{
	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++)
		if (strcmp(word, synonyms[i][0]) == 0)
			return synonyms[i][1];
	return NULL;
}

static const char *nearest(const char *word, const char *const *known)
{
	/* Half of a short word changed is another word. */
	size_t best = least(SUGGEST_EDITS, strlen(word) / 2) + 1;
	const char *found = NULL;

	for (; *known; known++) {
		const size_t edits = distance(word, *known);

		if (edits < best) {
			best = edits;
			found = *known;
		}
	}
	return found;
}

const char *cr_parser_suggest(struct cr_parser *parser, const char *word, const char *const *known,
			      const char *intro)
{
	const char *better, *hint;

	if (parser->diags->count == CR_MAX_DIAGS)
		return "";
	better = nearest(word, known);
	if (!better)
		better = find_synonym(word);
	if (better) {
		hint = cr_arena_printf(parser->arena, "did you mean '%s'?", better);
		return hint ? hint : "";
	}
	hint = intro;
	for (size_t i = 0; known[i] && hint; i++)
		hint = cr_arena_printf(parser->arena, "%s%s%s", hint,
				       i == 0         ? " "
				       : known[i + 1] ? ", "
						      : " or ",
				       known[i]);
	return hint ? hint : "";
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void report_control(struct cr_parser *parser, unsigned column, uint32_t code)
{
	if (code == 0)
		cr_parser_fail(parser, column, "a policy is plain text", "NUL byte");
	else if (code == '\r')
		cr_parser_fail(parser, column, "end lines with LF only, not CR LF",
			       "carriage return");
	else
		cr_parser_fail(parser, column, "remove it", "control character U+%04X",
			       (unsigned)code);
}

/* One error a line: after the first, columns and words mean nothing. */
static int check_characters(struct cr_parser *parser, const char *text, size_t len)
{
	for (size_t i = 0, used; i < len; i += used) {
		const unsigned char byte = (unsigned char)text[i];
		uint32_t code;

		used = 1;
		if ((byte >= ' ' && byte < 0x7f) || byte == '\t')
			continue;
		used = cr_utf8_decode(text + i, len - i, &code);
		if (!used)
			cr_parser_fail(parser, (unsigned)i + 1, "save the file as UTF-8",
				       "invalid UTF-8 (byte 0x%02x)", (unsigned)code);
		else if (cr_char_is_control(code))
			report_control(parser, (unsigned)i + 1, code);
		else if (cr_char_is_deceptive(code))
			cr_parser_fail(parser, (unsigned)i + 1,
				       "remove it: it makes the line look like another",
				       "invisible or bidirectional control character U+%04X",
				       (unsigned)code);
		else
			continue;
		return -1;
	}
	return 0;
}

static int add_word(struct cr_parser *parser, const struct cr_lexeme *word)
{
	struct cr_lexeme *grown = cr_arena_grow(parser->arena, parser->words, parser->n_words,
						&parser->cap_words, sizeof(*grown));

	if (!grown) {
		parser->no_memory = true;
		return -1;
	}
	parser->words = grown;
	parser->words[parser->n_words++] = *word;
	return 0;
}

/* Unescapes in place. Returns the end of the quoted text (after the '"'), or NULL. */
static char *read_quoted(struct cr_parser *parser, char *quote, unsigned column)
{
	char *out = quote + 1, *at = quote + 1;

	for (; *at != '"'; at++) {
		if (*at == '\\') {
			at++;
			if (*at != '"' && *at != '\\') {
				cr_parser_fail(
					parser, column + (unsigned)(at - 1 - quote),
					"in quotes write \\\\ for a backslash, \\\" for a quote",
					"bad escape");
				return NULL;
			}
		}
		if (!*at) {
			cr_parser_fail(parser, column, "end it with '\"'", "unterminated quote");
			return NULL;
		}
		*out++ = *at;
	}
	*out = '\0';
	return at + 1;
}

/* Returns the end of the bare word, or NULL. */
static char *read_bare(struct cr_parser *parser, char *at, unsigned column)
{
	char *end = at;

	for (; *end && !is_blank(*end); end++) {
		if (*end == '"') {
			cr_parser_fail(parser, column + (unsigned)(end - at),
				       "put the whole word in quotes", "quote inside a word");
			return NULL;
		}
	}
	return end;
}

static char *read_word(struct cr_parser *parser, char *at, struct cr_lexeme *word)
{
	word->quoted = *at == '"';
	word->text = at + word->quoted;

	char *end = word->quoted ? read_quoted(parser, at, word->column)
				 : read_bare(parser, at, word->column);

	if (end && *end && !is_blank(*end)) {
		cr_parser_fail(parser, word->column + (unsigned)(end - at),
			       "put a blank between words", "text directly after a quote");
		return NULL;
	}
	return end;
}

int cr_parser_split(struct cr_parser *parser, char *text, size_t len)
{
	char *at = text;

	parser->n_words = 0;
	if (len > CR_MAX_LINE_BYTES) {
		cr_parser_fail(parser, CR_MAX_LINE_BYTES + 1, "write several shorter rules",
			       "line of more than %d bytes", CR_MAX_LINE_BYTES);
		return -1;
	}
	if (check_characters(parser, text, len) < 0)
		return -1;
	text[len] = '\0';
	for (;;) {
		while (is_blank(*at))
			at++;
		if (!*at || *at == '#')
			return 0;

		struct cr_lexeme word = {.column = (unsigned)(at - text) + 1};
		char *end = read_word(parser, at, &word);

		if (!end || add_word(parser, &word) < 0)
			return -1;
		at = end + (*end != '\0');
		*end = '\0';
	}
}
