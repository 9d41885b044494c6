/*
 * policy_check.c - what the words of a policy line may say.
 *
 * Only what can be told without knowing the system, the home or the workspace; rules.c checks the
 * rest. Must never guess: a spelling that some system reads differently is refused on all.
 */
#include <string.h>

#include "host.h"
#include "limits.h"
#include "policy_parts.h"

#define COUNT(array)     (sizeof(array) / sizeof((array)[0]))
#define MEGABYTE         (UINT64_C(1) << 20)
#define PETABYTE         (UINT64_C(1) << 50)
#define DAY_MS           (UINT64_C(24) * 3600 * 1000)
#define LONGEST_MS       (3650 * DAY_MS)
#define MOST_PROCESSES   4194304    /* Linux: PID_MAX_LIMIT */
#define MOST_FILES       1073741816 /* Linux: the ceiling of fs.nr_open */
#define PROFILE_NAME_MAX 64

/* Digits at `*text`; moves it behind them. 0, or -1 when there are none or too many. */
static int take_number(const char **text, uint64_t *value)
{
	const char *at = *text;
	uint64_t sum = 0;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (sum > (UINT64_MAX - 9) / 10)
			return -1;
		sum = sum * 10 + (uint64_t)(*at - '0');
	}
	if (at == *text)
		return -1;
	*text = at;
	*value = sum;
	return 0;
}

struct unit {
	const char *name;
	uint64_t factor;
};

static int parse_with_unit(const char *text, const struct unit *units, size_t n_units,
			   uint64_t *out)
{
	uint64_t value;

	if (take_number(&text, &value) < 0)
		return -1;
	for (size_t i = 0; i < n_units; i++) {
		if (strcmp(text, units[i].name) != 0)
			continue;
		if (value > UINT64_MAX / units[i].factor)
			return -1;
		*out = value * units[i].factor;
		return 0;
	}
	return -1;
}

int cr_parse_duration(const char *text, uint64_t *ms)
{
	static const struct unit units[] = {
		{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}, {"d", DAY_MS},
	};

	return parse_with_unit(text, units, COUNT(units), ms);
}

int cr_parse_size(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {
		{"", 1},
		{"k", UINT64_C(1) << 10},
		{"K", UINT64_C(1) << 10},
		{"M", UINT64_C(1) << 20},
		{"G", UINT64_C(1) << 30},
		{"T", UINT64_C(1) << 40},
	};

	return parse_with_unit(text, units, COUNT(units), bytes);
}

static int parse_count(const char *text, uint64_t *count)
{
	static const struct unit units[] = {{"", 1}};

	return parse_with_unit(text, units, COUNT(units), count);
}

struct limit_kind {
	int (*parse)(const char *text, uint64_t *value);
	uint64_t least, most;
	const char *hint;
};

/* The least memory is there for `limit memory 4`, which wants to say 4G. */
static const struct limit_kind limit_kinds[CR_LIMIT_COUNT] = {
	[CR_LIMIT_MEMORY] = {cr_parse_size, MEGABYTE, PETABYTE,
			     "write a size from 1M, such as 512M or 4G"},
	[CR_LIMIT_PROCESSES] = {parse_count, 1, MOST_PROCESSES, "write a number from 1 to 4194304"},
	[CR_LIMIT_TIME] = {cr_parse_duration, 1, LONGEST_MS,
			   "write a number and a unit (ms, s, m, h, d), such as 30m"},
	[CR_LIMIT_FILES] = {parse_count, 1, MOST_FILES, "write a number such as 1024"},
	[CR_LIMIT_DISK] = {cr_parse_size, 1, PETABYTE, "write a size such as 512M or 4G"},
};

int cr_parser_limit(struct cr_parser *parser, enum cr_limit_name name, const struct cr_lexeme *word,
		    uint64_t *value)
{
	const struct limit_kind *kind = &limit_kinds[name];

	if (kind->parse(word->text, value) == 0 && *value >= kind->least && *value <= kind->most)
		return 0;
	cr_parser_fail(parser, word->column, kind->hint, "bad value '%s' for limit %s",
		       cr_parser_show(parser, word->text), cr_limit_name_text(name));
	return -1;
}

int cr_parser_expire(struct cr_parser *parser, const struct cr_lexeme *word, uint64_t *value)
{
	if (strcmp(word->text, "session") == 0) {
		*value = 0;
		return 0;
	}
	if (cr_parse_duration(word->text, value) == 0 && *value > 0 && *value <= LONGEST_MS)
		return 0;
	cr_parser_fail(parser, word->column,
		       "write a number and a unit (ms, s, m, h, d), such as 8h, or 'session'",
		       "bad duration '%s'", cr_parser_show(parser, word->text));
	return -1;
}

int cr_parser_profile(struct cr_parser *parser, const struct cr_lexeme *word)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";
	const size_t len = strlen(word->text);

	if (len > 0 && len <= PROFILE_NAME_MAX && word->text[0] != '.' &&
	    strspn(word->text, allowed) == len)
		return 0;
	cr_parser_fail(parser, word->column,
		       "write the name alone: letters, digits, '-', '_' and '.'",
		       "bad profile name '%s'", cr_parser_show(parser, word->text));
	return -1;
}

static bool is_slash(char c)
{
	return c == '/';
}

/* Windows reads a backslash as a separator: what leaves by either reading, leaves. */
static bool is_any_slash(char c)
{
	return c == '/' || c == '\\';
}

static bool has_drive(const char *path)
{
	const char letter = (char)(path[0] | 0x20);

	return letter >= 'a' && letter <= 'z' && path[1] == ':' && is_any_slash(path[2]);
}

static bool climbs_out(const char *path, bool (*is_separator)(char c))
{
	int depth = 0;

	while (*path && depth >= 0) {
		size_t len = 0;

		while (path[len] && !is_separator(path[len]))
			len++;
		if (len == 2 && path[0] == '.' && path[1] == '.')
			depth--;
		else if (len > 0 && !(len == 1 && path[0] == '.'))
			depth++;
		path += len + (path[len] != '\0');
	}
	return depth < 0;
}

static bool leaves(const char *path)
{
	return climbs_out(path, is_slash) || climbs_out(path, is_any_slash);
}

static bool leaves_root(const char *path)
{
	return (path[0] == '/' && leaves(path + 1)) || (has_drive(path) && leaves(path + 3));
}

static bool leaves_home(const char *path)
{
	return path[0] == '~' && path[1] && leaves(path + 2);
}

static bool leaves_workspace(const char *path)
{
	return path[0] != '/' && path[0] != '~' && !has_drive(path) && leaves(path);
}

static bool is_empty(const char *path)
{
	return !*path;
}

static bool is_device(const char *path)
{
	return (is_any_slash(path[0]) && is_any_slash(path[1])) || strncmp(path, "\\??\\", 4) == 0;
}

static bool names_other_home(const char *path)
{
	return path[0] == '~' && path[1] && !is_any_slash(path[1]);
}

/* "a**", "**.env": reads as if it crossed components, and would not. */
static bool has_glued_stars(const char *path)
{
	const char *stars = strstr(path, "**");

	while (stars) {
		const bool begins = stars == path || is_any_slash(stars[-1]);
		const bool ends = !stars[2] || is_any_slash(stars[2]);

		if (!begins || !ends)
			return true;
		stars = strstr(stars + 2, "**");
	}
	return false;
}

static bool climbs_after_wildcard(const char *path)
{
	const char *wildcard = strpbrk(path, "*?");

	for (const char *dots = wildcard; dots && (dots = strstr(dots, "..")) != NULL; dots++)
		if (is_any_slash(dots[-1]) && (!dots[2] || is_any_slash(dots[2])))
			return true;
	return false;
}

struct path_check {
	bool (*refuses)(const char *path);
	const char *what;
	const char *hint;
};

static const struct path_check path_checks[] = {
	{is_empty, "empty path", "write '.' for the workspace"},
	{is_device, "UNC or device path", "write one separator: /dir, or C:\\dir"},
	{names_other_home, "only your own home can be written with '~', not",
	 "write an absolute path; a file called '~x' is './~x'"},
	{leaves_home, "path that leaves the home directory", "write an absolute path"},
	{leaves_workspace, "path that leaves the workspace", "write an absolute path"},
	{leaves_root, "path that climbs above the root", "write it without '..'"},
	{has_glued_stars, "'**' inside a name", "make '**' a component of its own: '**/*.env'"},
	{climbs_after_wildcard, "'..' after a wildcard", "write the pattern without '..'"},
};

static void check_path(struct cr_parser *parser, const struct cr_lexeme *word)
{
	for (size_t i = 0; i < COUNT(path_checks); i++) {
		if (path_checks[i].refuses(word->text)) {
			cr_parser_fail(parser, word->column, path_checks[i].hint, "%s '%s'",
				       path_checks[i].what, cr_parser_show(parser, word->text));
			return;
		}
	}
}

static void check_host(struct cr_parser *parser, const struct cr_lexeme *word)
{
	struct cr_host host;
	struct cr_err err = {.code = CR_E_NONE};

	if (cr_host_parse(parser->arena, word->text, &host, &err) == 0)
		return;
	if (err.code == CR_E_NOMEM)
		parser->no_memory = true;
	else
		cr_parser_fail(parser, word->column, err.hint, "%s: '%s'", err.text,
			       cr_parser_show(parser, word->text));
}

static void check_git(struct cr_parser *parser, enum cr_decision decision,
		      const struct cr_lexeme *word)
{
	static const char *const modes[] = {"read-only", "overlay", "destructive", NULL};
	size_t mode = 0;

	while (modes[mode] && strcmp(modes[mode], word->text) != 0)
		mode++;
	if (!modes[mode])
		cr_parser_fail(parser, word->column,
			       cr_parser_suggest(parser, word->text, modes, "git has"),
			       "unknown git mode '%s'", cr_parser_show(parser, word->text));
	else if (mode == 0 && decision != CR_ALLOW)
		cr_parser_fail(parser, word->column,
			       "write 'allow git read-only', or 'deny read .git' to hide it",
			       "'%s git read-only' says nothing: less than reading there is not",
			       cr_decision_name(decision));
}

void cr_parser_check_object(struct cr_parser *parser, const struct cr_item *item,
			    const struct cr_lexeme *word)
{
	switch (item->cap) {
	case CR_CAP_READ:
	case CR_CAP_WRITE:
	case CR_CAP_UNIX:
		check_path(parser, word);
		return;
	case CR_CAP_CONNECT:
		check_host(parser, word);
		return;
	case CR_CAP_GIT:
		check_git(parser, item->decision, word);
		return;
	}
}

static bool is_seen(const struct cr_parser *parser, const struct cr_env_seen *key)
{
	for (size_t i = 0; i < parser->n_env_seen; i++) {
		const struct cr_env_seen *seen = &parser->env_seen[i];

		if (seen->len == key->len && seen->op == key->op &&
		    memcmp(seen->text, key->text, key->len) == 0)
			return true;
	}
	return false;
}

/* The search is linear, and so the number of words is bounded. */
static void remember_env(struct cr_parser *parser, const struct cr_env_seen *key, unsigned column)
{
	struct cr_env_seen *grown;

	if (is_seen(parser, key)) {
		cr_parser_fail(parser, column, "remove one of them", "'%.*s' a second time",
			       key->len > 80 ? 80 : (int)key->len, key->text);
		return;
	}
	if (parser->n_env_seen == CR_MAX_ENV) {
		cr_parser_fail(parser, column, "use globs", "more than %d variables in one policy",
			       CR_MAX_ENV);
		return;
	}
	grown = cr_arena_grow(parser->arena, parser->env_seen, parser->n_env_seen,
			      &parser->cap_env_seen, sizeof(*grown));
	if (!grown) {
		parser->no_memory = true;
		return;
	}
	parser->env_seen = grown;
	grown[parser->n_env_seen++] = *key;
}

/* What is wrong with an env word, or NULL. */
static const char *env_problem(enum cr_env_op op, const char *text, const char **hint)
{
	const size_t name = strcspn(text, "=");

	*hint = op == CR_ENV_SET ? "write NAME=VALUE" : "write names or globs, such as *_TOKEN";
	if (name == 0)
		return "variable without a name";
	if (op != CR_ENV_SET)
		return text[name] ? "'=' in the name of a variable" : NULL;
	if (!text[name])
		return "variable without a value";
	if (strcspn(text, "*?") < name)
		return "wildcard in the name of a variable that is set";
	return NULL;
}

void cr_parser_check_env(struct cr_parser *parser, enum cr_env_op op, const struct cr_lexeme *word)
{
	const char *hint;
	const char *problem = env_problem(op, word->text, &hint);

	if (problem) {
		cr_parser_fail(parser, word->column, hint, "%s: '%s'", problem,
			       cr_parser_show(parser, word->text));
		return;
	}

	const struct cr_env_seen key = {
		.text = word->text,
		.len = op == CR_ENV_SET ? strcspn(word->text, "=") : strlen(word->text),
		.op = op,
	};

	remember_env(parser, &key, word->column);
}
