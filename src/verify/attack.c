/*
 * attack.c - the battery as one list, notes, the environment file, and the words
 * of `carrel verify attack`; the same on every system.
 *
 * Judges nothing: whether an outcome is good news is for the caller to say.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "attack.h"

size_t cr_attack_count(void)
{
	size_t count = 0;

	for (size_t i = 0; cr_attack_tables[i]; i++)
		count += cr_attack_tables[i]->count;
	return count;
}

const struct cr_attack *cr_attack_at(size_t index)
{
	for (size_t i = 0; cr_attack_tables[i]; i++) {
		if (index < cr_attack_tables[i]->count)
			return &cr_attack_tables[i]->rows[index];
		index -= cr_attack_tables[i]->count;
	}
	return NULL;
}

const struct cr_attack *cr_attack_find(const char *name)
{
	const struct cr_attack *attack;

	for (size_t i = 0; (attack = cr_attack_at(i)); i++)
		if (strcmp(attack->name, name) == 0)
			return attack;
	return NULL;
}

enum cr_attack_outcome cr_attack_run(const struct cr_attack *attack,
				     const struct cr_attack_env *env, enum cr_attack_how how,
				     struct cr_attack_note *note)
{
	struct cr_attack_env mine = *env;

	memset(note, 0, sizeof(*note));
	mine.note = note;
	mine.arg = attack->arg;
	return cr_attack_run_here(attack, &mine, how);
}

static void note_text(const struct cr_attack_env *env, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void note_text(const struct cr_attack_env *env, const char *fmt, va_list ap)
{
	vsnprintf(env->note->text, sizeof(env->note->text), fmt, ap);
}

enum cr_attack_outcome cr_attack_refused(const struct cr_attack_env *env, const char *fmt, ...)
{
	char why[256];
	const int code = cr_attack_last_error(why, sizeof(why));
	size_t used;
	va_list ap;

	va_start(ap, fmt);
	note_text(env, fmt, ap);
	va_end(ap);
	used = strlen(env->note->text);
	env->note->os_code = code;
	snprintf(env->note->text + used, sizeof(env->note->text) - used, ": %s", why);
	return CR_ATTACK_REFUSED;
}

enum cr_attack_outcome cr_attack_succeeded(const struct cr_attack_env *env, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_text(env, fmt, ap);
	va_end(ap);
	env->note->os_code = 0;
	return CR_ATTACK_SUCCEEDED;
}

enum cr_attack_outcome cr_attack_untestable(const struct cr_attack_env *env, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_text(env, fmt, ap);
	va_end(ap);
	env->note->os_code = 0;
	return CR_ATTACK_NOT_TESTABLE;
}

enum cr_attack_outcome cr_attack_result(const struct cr_attack_env *env, long rc, const char *what)
{
	if (rc < 0)
		return cr_attack_refused(env, "%s", what);
	return cr_attack_succeeded(env, "%s", what);
}

int cr_attack_env_set(struct cr_attack_env *env, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	size_t key;

	if (!equals || strlen(equals + 1) >= CR_ATTACK_TEXT)
		return -1;
	key = (size_t)(equals - assignment);
#define MATCHES(field) (key == sizeof(#field) - 1 && memcmp(assignment, #field, key) == 0)
#define S(field)                                                            \
	if (MATCHES(field)) {                                               \
		snprintf(env->field, sizeof(env->field), "%s", equals + 1); \
		return 0;                                                   \
	}
#define N(field)                                           \
	if (MATCHES(field)) {                              \
		env->field = strtol(equals + 1, NULL, 10); \
		return 0;                                  \
	}
	CR_ATTACK_ENV_FIELDS(S, N)
#undef S
#undef N
	if (MATCHES(victim_page)) {
		env->victim_page = strtoul(equals + 1, NULL, 10);
		return 0;
	}
	return -1;
}

int cr_attack_env_write(const struct cr_attack_env *env, const char *file, struct cr_err *err)
{
	FILE *out = cr_attack_fopen(file, "w");

	if (!out)
		return cr_fail_os(err, CR_E_IO, errno, "write '%s'", file);
#define S(field) fprintf(out, "%s=%s\n", #field, env->field);
#define N(field) fprintf(out, "%s=%ld\n", #field, env->field);
	CR_ATTACK_ENV_FIELDS(S, N)
#undef S
#undef N
	fprintf(out, "victim_page=%lu\n", env->victim_page);
	if (fclose(out) != 0)
		return cr_fail_os(err, CR_E_IO, errno, "write '%s'", file);
	return 0;
}

int cr_attack_env_read(struct cr_attack_env *env, const char *file, struct cr_err *err)
{
	char line[CR_ATTACK_TEXT + 64];
	FILE *in = cr_attack_fopen(file, "r");
	int rc = 0;

	if (!in)
		return cr_fail_os(err, CR_E_IO, errno, "read '%s'", file);
	memset(env, 0, sizeof(*env));
	while (rc == 0 && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (cr_attack_env_set(env, line) < 0)
			rc = cr_fail(err, CR_E_SYNTAX, "'%s': bad line '%s'", file, line);
	}
	fclose(in);
	return rc;
}

static const char *outcome_name(enum cr_attack_outcome outcome)
{
	switch (outcome) {
	case CR_ATTACK_SUCCEEDED:
		return "succeeded";
	case CR_ATTACK_REFUSED:
		return "refused";
	case CR_ATTACK_NOT_TESTABLE:
		return "not testable";
	}
	return "?";
}

struct options {
	const struct cr_attack *attack;
	enum cr_attack_how how;
	struct cr_attack_env env;
};

static int parse_options(struct options *options, int argc, char *const *argv, struct cr_err *err)
{
	if (argc < 3 || strcmp(argv[1], "--env-file") != 0)
		return cr_fail(err, CR_E_USAGE,
			       "NAME --env-file FILE [--control | --grandchild] "
			       "[--set KEY=VALUE]...");
	options->attack = cr_attack_find(argv[0]);
	if (!options->attack)
		return cr_fail(err, CR_E_USAGE, "no attack is called '%s'", argv[0]);
	if (cr_attack_env_read(&options->env, argv[2], err) < 0)
		return -1;
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "--control") == 0)
			options->how = CR_HOW_CONTROL;
		else if (strcmp(argv[i], "--grandchild") == 0)
			options->how = CR_HOW_GRANDCHILD;
		else if (strcmp(argv[i], "--set") != 0 || i + 1 >= argc ||
			 cr_attack_env_set(&options->env, argv[++i]) < 0)
			return cr_fail(err, CR_E_USAGE, "bad option '%s'", argv[i]);
	}
	return 0;
}

int cr_attack_main(int argc, char *const *argv, FILE *out)
{
	struct options options = {.how = CR_HOW_PLAIN};
	struct cr_attack_note note;
	enum cr_attack_outcome outcome;
	struct cr_err err = {0};
	int exit_code;

	if (cr_attack_part(argc, argv, &exit_code))
		return exit_code;
	if (parse_options(&options, argc, argv, &err) < 0) {
		fprintf(out, "wrong use: %s\n", err.text);
		return 2;
	}
	outcome = cr_attack_run(options.attack, &options.env, options.how, &note);
	fprintf(out, "%s: %s\n", outcome_name(outcome), note.text);
	fflush(out);
	return (int)outcome;
}
