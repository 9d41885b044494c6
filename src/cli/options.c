/*
 * options.c - parsing and printing option tables.
 *
 * Understands "--name", "--name=value" and "--name value", and nothing else:
 * no abbreviations (a new option would change what an old script means) and
 * no options after operands. It never prints errors itself.
 */
#include "options.h"

#include <string.h>

#define EDIT_MAX 64 /* longest name compared, NUL included */

unsigned cr_edit_distance(const char *a, const char *b)
{
	const size_t a_len = strlen(a), b_len = strlen(b);
	unsigned rows[3][EDIT_MAX];

	if (a_len >= EDIT_MAX || b_len >= EDIT_MAX)
		return EDIT_MAX;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *row = rows[i % 3], *up = rows[(i + 2) % 3], *upup = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    upup[j - 2] + 1 < best)
				best = upup[j - 2] + 1;
			row[j] = best;
		}
	}
	return rows[a_len % 3][b_len];
}

int cr_is_near(const char *typed, const char *candidate)
{
	const size_t len = strlen(candidate);

	return cr_edit_distance(typed, candidate) <= (len < 5 ? 1u : 2u);
}

/* An option and the group that owns it. */
struct match {
	const struct cr_option *option;
	const struct cr_option_group *group;
};

static int find_option(const char *name, size_t len, const struct cr_option_group *groups,
		       size_t count, struct match *match)
{
	for (size_t g = 0; g < count; g++) {
		for (size_t i = 0; i < groups[g].count; i++) {
			const struct cr_option *option = &groups[g].options[i];

			if (strlen(option->name) == len && memcmp(option->name, name, len) == 0) {
				*match = (struct match){option, &groups[g]};
				return 0;
			}
		}
	}
	return -1;
}

static const char *nearest_option(const char *typed, const struct cr_option_group *groups,
				  size_t count)
{
	const char *nearest = NULL;
	unsigned best = EDIT_MAX;

	for (size_t g = 0; g < count; g++) {
		for (size_t i = 0; i < groups[g].count; i++) {
			const char *name = groups[g].options[i].name;
			const unsigned distance = cr_edit_distance(typed, name);

			if (cr_is_near(typed, name) && distance < best) {
				best = distance;
				nearest = name;
			}
		}
	}
	return nearest;
}

static int unknown_option(const char *word, const struct cr_option_group *groups, size_t count,
			  struct cr_err *err)
{
	char typed[EDIT_MAX];
	const char *start = word + strspn(word, "-");
	size_t len = strcspn(start, "=");
	const char *near;

	if (len >= sizeof(typed))
		len = sizeof(typed) - 1;
	memcpy(typed, start, len);
	typed[len] = '\0';
	cr_fail(err, CR_E_USAGE, "unknown option '%.200s'", word);
	near = nearest_option(typed, groups, count);
	if (near)
		return cr_hint(err, "did you mean '--%s'?", near);
	return cr_hint(err, "'--help' lists the options; '--' ends them");
}

static int take(const struct match *match, const char *value, struct cr_err *err)
{
	const struct cr_option *option = match->option;
	char *target = match->group->target;

	if (option->take)
		return option->take(target, option, value, err);
	if (option->arg)
		memcpy(target + option->offset, &value, sizeof(value));
	else
		memcpy(target + option->offset, &(int){1}, sizeof(int));
	return 0;
}

/* Takes the option at the front of *words, which begins with "--". */
static int take_one(struct cr_words *words, const struct cr_option_group *groups, size_t count,
		    struct cr_err *err)
{
	const char *word = words->argv[0];
	const char *name = word + 2;
	const size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	struct match match;

	if (find_option(name, len, groups, count, &match) < 0)
		return unknown_option(word, groups, count, err);
	words->argv++;
	words->argc--;
	if (!match.option->arg && value) {
		return cr_fail(err, CR_E_USAGE, "option '--%s' takes no value", match.option->name);
	}
	if (match.option->arg && !value) {
		if (words->argc == 0) {
			return cr_fail(err, CR_E_USAGE, "option '--%s' needs %s",
				       match.option->name, match.option->arg);
		}
		value = words->argv[0];
		words->argv++;
		words->argc--;
	}
	return take(&match, value, err);
}

int cr_options_parse(struct cr_words *words, const struct cr_option_group *groups, size_t count,
		     struct cr_err *err)
{
	while (words->argc > 0) {
		const char *word = words->argv[0];

		if (word[0] != '-' || word[1] == '\0')
			return CR_OPTIONS_DONE;
		if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
			return CR_OPTIONS_HELP;
		if (word[1] != '-')
			return unknown_option(word, groups, count, err);
		if (word[2] == '\0') {
			words->argv++;
			words->argc--;
			return CR_OPTIONS_DONE;
		}
		if (take_one(words, groups, count, err) < 0)
			return -1;
	}
	return CR_OPTIONS_DONE;
}

#define HELP_COLUMN 28

static void print_option(FILE *out, const char *name, const char *arg, const char *help)
{
	int used = fprintf(out, "  --%s%s%s", name, arg ? " " : "", arg ? arg : "");

	if (used >= HELP_COLUMN) {
		fputc('\n', out);
		used = 0;
	}
	for (const char *line = help; line;) {
		const size_t len = strcspn(line, "\n");

		fprintf(out, "%*s%.*s\n", HELP_COLUMN - used, "", (int)len, line);
		line = line[len] ? line + len + 1 : NULL;
		used = 0;
	}
}

void cr_options_print(FILE *out, const struct cr_option_group *groups, size_t count)
{
	for (size_t g = 0; g < count; g++) {
		fprintf(out, "\n%s:\n", groups[g].title);
		for (size_t i = 0; i < groups[g].count; i++) {
			const struct cr_option *option = &groups[g].options[i];

			print_option(out, option->name, option->arg, option->help);
		}
	}
	fprintf(out, "\nOther:\n");
	print_option(out, "help", NULL, "this text");
}
