/*
 * policy.c - the policy language, line by line.
 *
 * Text in, lines out. Must never open, resolve or repair anything, and never stop at the first
 * error: people want to see them all.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "attr.h"
#include "limits.h"
#include "policy.h"
#include "policy_parts.h"

static const char *const layer_names[CR_LAYER_COUNT] = {
	[CR_LAYER_SYSTEM] = "system",   [CR_LAYER_DEFAULT] = "built-in",
	[CR_LAYER_USER] = "user",       [CR_LAYER_COMMAND] = "command line",
	[CR_LAYER_GRANT] = "grant",     [CR_LAYER_PROJECT] = "project",
	[CR_LAYER_MANAGED] = "managed",
};

static const char *const decision_names[] = {
	[CR_DENY] = "deny",
	[CR_ASK] = "ask",
	[CR_ALLOW] = "allow",
};

/* The two tables below end in NULL: they are searched, and listed in hints. */
static const char *const capability_names[CR_CAP_COUNT + 1] = {
	[CR_CAP_READ] = "read", [CR_CAP_WRITE] = "write", [CR_CAP_CONNECT] = "connect",
	[CR_CAP_GIT] = "git",   [CR_CAP_UNIX] = "unix",
};

static const char *const limit_names[CR_LIMIT_COUNT + 1] = {
	[CR_LIMIT_MEMORY] = "memory", [CR_LIMIT_PROCESSES] = "processes", [CR_LIMIT_TIME] = "time",
	[CR_LIMIT_FILES] = "files",   [CR_LIMIT_DISK] = "disk",
};

/* What to write, when nothing was. */
static const char *const object_hints[CR_CAP_COUNT] = {
	[CR_CAP_READ] = "write one or more paths; '.' is the workspace",
	[CR_CAP_WRITE] = "write one or more paths; '.' is the workspace",
	[CR_CAP_CONNECT] =
		"write one or more 'name:port'; without any connect rule a box is offline",
	[CR_CAP_GIT] = "write read-only, overlay or destructive",
	[CR_CAP_UNIX] = "write one or more paths of sockets",
};

const char *cr_layer_name(enum cr_layer layer)
{
	return (size_t)layer < CR_LAYER_COUNT ? layer_names[layer] : "unknown";
}

const char *cr_decision_name(enum cr_decision decision)
{
	return (size_t)decision <= CR_ALLOW ? decision_names[decision] : "unknown";
}

const char *cr_capability_name(enum cr_capability cap)
{
	return (size_t)cap < CR_CAP_COUNT ? capability_names[cap] : "unknown";
}

const char *cr_limit_name_text(enum cr_limit_name name)
{
	return (size_t)name < CR_LIMIT_COUNT ? limit_names[name] : "unknown";
}

/* The index of `name` in a table that ends in NULL; the index of the NULL when it is not there. */
static size_t find_name(const char *const *names, const char *name)
{
	size_t i = 0;

	while (names[i] && strcmp(names[i], name) != 0)
		i++;
	return i;
}

int cr_capability_parse(const char *name, enum cr_capability *out)
{
	const size_t i = find_name(capability_names, name);

	if (i == CR_CAP_COUNT)
		return -1;
	*out = (enum cr_capability)i;
	return 0;
}

CR_PRINTF(2, 0)
static const char *format_in(struct cr_arena *arena, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	const int len = vsnprintf(NULL, 0, fmt, again);

	va_end(again);

	char *text = len < 0 ? NULL : cr_arena_alloc(arena, (size_t)len + 1, 1);

	if (text)
		vsnprintf(text, (size_t)len + 1, fmt, ap);
	return text;
}

static void add_diag(struct cr_arena *arena, struct cr_diags *diags, const struct cr_diag *diag)
{
	struct cr_diag *grown = NULL;

	if (diag->text && diag->hint)
		grown = cr_arena_grow(arena, diags->items, diags->count, &diags->cap,
				      sizeof(*grown));
	if (!grown) {
		diags->dropped++;
		return;
	}
	diags->items = grown;
	diags->items[diags->count++] = *diag;
}

static void add_formatted(struct cr_arena *arena, struct cr_diags *diags,
			  const struct cr_origin *at, const char *hint, const char *text)
{
	add_diag(arena, diags,
		 &(struct cr_diag){
			 .file = at->file,
			 .line = at->line,
			 .column = at->column,
			 .text = text,
			 .hint = hint && *hint ? cr_arena_strdup(arena, hint) : "",
		 });
}

/* Counts an error that will not be kept, so that a file of nothing else costs no memory. */
static bool is_dropped(struct cr_diags *diags)
{
	if (diags->count < CR_MAX_DIAGS)
		return false;
	diags->dropped++;
	return true;
}

void cr_diag_add(struct cr_diags *diags, const struct cr_origin *at, const char *hint,
		 const char *fmt, ...)
{
	va_list ap;

	if (is_dropped(diags))
		return;
	va_start(ap, fmt);
	add_formatted(diags->arena, diags, at, hint, format_in(diags->arena, fmt, ap));
	va_end(ap);
}

void cr_parser_fail(struct cr_parser *parser, unsigned column, const char *hint, const char *fmt,
		    ...)
{
	struct cr_origin at = parser->at;
	va_list ap;

	if (is_dropped(parser->diags))
		return;
	at.column = column;
	va_start(ap, fmt);
	add_formatted(parser->arena, parser->diags, &at, hint, format_in(parser->arena, fmt, ap));
	va_end(ap);
}

/* Takes the words from `first` on. */
static void add_item(struct cr_parser *parser, const struct cr_item *item, size_t first)
{
	const size_t count = parser->n_words - first;
	struct cr_word *words = cr_arena_alloc(parser->arena, count, sizeof(*words));
	struct cr_item *grown = cr_arena_grow(parser->arena, parser->items, parser->n_items,
					      &parser->cap_items, sizeof(*grown));

	if (!words || !grown) {
		parser->no_memory = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		words[i] = (struct cr_word){
			.text = parser->words[first + i].text,
			.column = parser->words[first + i].column,
		};
	parser->items = grown;
	grown[parser->n_items] = *item;
	grown[parser->n_items].origin = parser->at;
	grown[parser->n_items].words = words;
	grown[parser->n_items].n_words = count;
	parser->n_items++;
}

/* True when the line has its word number `index`; reports what is missing. */
static bool has_word(struct cr_parser *parser, size_t index, const char *what, const char *hint)
{
	const struct cr_lexeme *last = &parser->words[parser->n_words - 1];

	if (index < parser->n_words)
		return true;
	cr_parser_fail(parser, last->column, hint, "missing %s after '%s'", what,
		       cr_parser_show(parser, last->text));
	return false;
}

/* True when the line has `count` words and no more. */
static bool ends_at(struct cr_parser *parser, size_t count)
{
	if (parser->n_words == count)
		return true;
	cr_parser_fail(parser, parser->words[count].column, "begin a new line", "unexpected '%s'",
		       cr_parser_show(parser, parser->words[count].text));
	return false;
}

/* The index of a bare keyword in `names`, or -1 when an error has been reported. */
static int read_keyword(struct cr_parser *parser, const struct cr_lexeme *word,
			const char *const *names, const char *what, const char *intro)
{
	const size_t i = find_name(names, word->text);
	const char *const shown = cr_parser_show(parser, word->text);

	if (word->quoted) {
		cr_parser_fail(parser, word->column, "only objects are quoted", "%s '%s' in quotes",
			       what, shown);
		return -1;
	}
	if (names[i])
		return (int)i;
	cr_parser_fail(parser, word->column, cr_parser_suggest(parser, word->text, names, intro),
		       "unknown %s '%s'", what, shown);
	return -1;
}

/* "notls" behind the hosts of a line is about all of them, and none itself. */
static bool take_notls(struct cr_parser *parser, enum cr_capability cap)
{
	const struct cr_lexeme *last = &parser->words[parser->n_words - 1];

	if (cap != CR_CAP_CONNECT || parser->n_words < 4 || last->quoted ||
	    strcmp(last->text, "notls") != 0)
		return false;
	parser->n_words--;
	return true;
}

static void read_rule(struct cr_parser *parser, int decision)
{
	struct cr_item item = {.kind = CR_ITEM_RULE, .decision = (enum cr_decision)decision};

	if (!has_word(parser, 1, "capability", "write read, write, connect, git or unix"))
		return;

	const int cap = read_keyword(parser, &parser->words[1], capability_names, "capability",
				     "capabilities are");

	if (cap < 0 || !has_word(parser, 2, "object", object_hints[cap]))
		return;
	item.cap = (enum cr_capability)cap;
	item.notls = take_notls(parser, item.cap);
	for (size_t i = 2; i < parser->n_words; i++)
		cr_parser_check_object(parser, &item, &parser->words[i]);
	add_item(parser, &item, 2);
}

static void read_env(struct cr_parser *parser, int op)
{
	static const char *const names[] = {"env", NULL};
	const struct cr_item item = {.kind = CR_ITEM_ENV, .env_op = (enum cr_env_op)op};

	if (!has_word(parser, 1, "'env'", "write 'env' and names of variables"))
		return;
	if (read_keyword(parser, &parser->words[1], names, "setting", "what follows is") < 0)
		return;
	if (!has_word(parser, 2, "name", "write names of variables"))
		return;
	for (size_t i = 2; i < parser->n_words; i++)
		cr_parser_check_env(parser, item.env_op, &parser->words[i]);
	add_item(parser, &item, 2);
}

static void read_limit(struct cr_parser *parser, int unused)
{
	struct cr_item item = {.kind = CR_ITEM_LIMIT};

	(void)unused;
	if (!has_word(parser, 1, "name", "write memory, processes, time, files or disk"))
		return;

	const int limit =
		read_keyword(parser, &parser->words[1], limit_names, "limit", "limits are");

	if (limit < 0 || !has_word(parser, 2, "value", "write a number, a size or a duration"))
		return;
	item.limit = (enum cr_limit_name)limit;
	if (cr_parser_limit(parser, item.limit, &parser->words[2], &item.value) < 0 ||
	    !ends_at(parser, 3))
		return;
	if (parser->limit_seen[limit]) {
		cr_parser_fail(parser, parser->words[1].column, "remove one of them",
			       "limit '%s' a second time", limit_names[limit]);
		return;
	}
	parser->limit_seen[limit] = true;
	add_item(parser, &item, 3);
}

static void read_expire(struct cr_parser *parser, int unused)
{
	struct cr_item item = {.kind = CR_ITEM_EXPIRE};

	(void)unused;
	if (!has_word(parser, 1, "duration", "write a duration such as 8h, or 'session'"))
		return;
	if (cr_parser_expire(parser, &parser->words[1], &item.value) < 0 || !ends_at(parser, 2))
		return;
	if (parser->expire_seen) {
		cr_parser_fail(parser, parser->words[0].column, "remove one of them",
			       "'expire' a second time");
		return;
	}
	parser->expire_seen = true;
	add_item(parser, &item, 2);
}

static void read_use(struct cr_parser *parser, int unused)
{
	const struct cr_item item = {.kind = CR_ITEM_USE};

	(void)unused;
	if (!has_word(parser, 1, "profile name", "write the name of a profile"))
		return;
	if (cr_parser_profile(parser, &parser->words[1]) < 0 || !ends_at(parser, 2))
		return;
	add_item(parser, &item, 1);
}

struct statement {
	void (*read)(struct cr_parser *parser, int value);
	int value;
};

static const char *const statement_names[] = {
	"allow", "ask", "deny", "keep", "drop", "set", "limit", "expire", "use", NULL,
};

/* In the order of statement_names. */
static const struct statement statements[] = {
	{read_rule, CR_ALLOW},   {read_rule, CR_ASK},     {read_rule, CR_DENY},
	{read_env, CR_ENV_KEEP}, {read_env, CR_ENV_DROP}, {read_env, CR_ENV_SET},
	{read_limit, 0},         {read_expire, 0},        {read_use, 0},
};

static void read_line(struct cr_parser *parser, char *line, size_t len)
{
	if (cr_parser_split(parser, line, len) < 0 || parser->n_words == 0)
		return;

	const struct cr_lexeme *first = &parser->words[0];
	const int i =
		read_keyword(parser, first, statement_names, "first word", "a line begins with");

	parser->at.column = first->column;
	if (i >= 0)
		statements[i].read(parser, statements[i].value);
}

/* text[len] is a spare byte. */
static void read_lines(struct cr_parser *parser, char *text, size_t len)
{
	char *at = text, *const end = text + len;

	parser->at.line = 1;
	if (len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) {
		cr_parser_fail(parser, 1, "save the file as UTF-8 without it", "byte order mark");
		memset(at, ' ', 3);
	}
	for (; at < end && !parser->no_memory; parser->at.line++) {
		char *newline = memchr(at, '\n', (size_t)(end - at));
		char *line_end = newline ? newline : end;

		read_line(parser, at, (size_t)(line_end - at));
		at = line_end + 1;
	}
}

static size_t errors_in(const struct cr_diags *diags)
{
	return diags->count + diags->dropped;
}

static int read_text(struct cr_parser *parser, const char *text, size_t len)
{
	if (len > CR_MAX_POLICY_BYTES) {
		cr_parser_fail(parser, 0, "split it, or use fewer, wider rules",
			       "policy of more than %d bytes", CR_MAX_POLICY_BYTES);
		return 0;
	}

	char *copy = cr_arena_strndup(parser->arena, len ? text : "", len);

	if (!copy)
		return -1;
	read_lines(parser, copy, len);
	return parser->no_memory ? -1 : 0;
}

int cr_policy_parse(struct cr_arena *arena, const struct cr_policy_source *source,
		    struct cr_policy **out, struct cr_diags *diags, struct cr_err *err)
{
	struct cr_parser parser = {.arena = arena, .diags = diags};
	const size_t errors_before = errors_in(diags);
	struct cr_policy *policy = cr_arena_alloc(arena, 1, sizeof(*policy));

	if (!diags->arena)
		diags->arena = arena;
	parser.at.layer = source->layer;
	parser.at.file = cr_arena_strdup(arena, source->name);
	if (!policy || !parser.at.file || read_text(&parser, source->text, source->len) < 0)
		return cr_fail(err, CR_E_NOMEM, "no memory for policy '%s'", source->name);

	const size_t errors = errors_in(diags) - errors_before;

	if (errors)
		return cr_fail(err, CR_E_SYNTAX, "policy '%s' has %u error%s", source->name,
			       (unsigned)errors, errors == 1 ? "" : "s");
	policy->name = parser.at.file;
	policy->layer = source->layer;
	policy->items = parser.items;
	policy->n_items = parser.n_items;
	*out = policy;
	return 0;
}
