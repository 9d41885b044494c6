/*
 * attack.c - the battery as one list, the environment file, and the running
 * of one attack: plain, from a grandchild, or as a control.
 *
 * Judges nothing: whether an outcome is good news is for the caller to say.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

static const struct cr_attack_table *const tables[] = {
	&cr_attacks_protected, &cr_attacks_outside, &cr_attacks_attributes, &cr_attacks_secret,
	&cr_attacks_process,   &cr_attacks_init,    &cr_attacks_kernel,     &cr_attacks_mounts,
	&cr_attacks_net,       &cr_attacks_sockets, &cr_attacks_ipc,        &cr_attacks_devices,
	&cr_attacks_inherit,
};
#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

size_t cr_attack_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < N_TABLES; i++)
		count += tables[i]->count;
	return count;
}

const struct cr_attack *cr_attack_at(size_t index)
{
	for (size_t i = 0; i < N_TABLES; i++) {
		if (index < tables[i]->count)
			return &tables[i]->rows[index];
		index -= tables[i]->count;
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

struct shared {
	int done;
	enum cr_attack_outcome outcome;
	struct cr_attack_note note;
};

/* A child that dies without an answer was stopped by the kernel: that is a refusal too. */
static enum cr_attack_outcome answer_of(const struct shared *shared, int status,
					struct cr_attack_note *note)
{
	if (shared->done) {
		*note = shared->note;
		return shared->outcome;
	}
	note->os_code = EPERM;
	if (WIFSIGNALED(status))
		snprintf(note->text, sizeof(note->text), "killed by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(note->text, sizeof(note->text), "the attacker ended without an answer");
	return CR_ATTACK_REFUSED;
}

static void child_attacks(const struct cr_attack_env *env, cr_attack_fn fn, struct shared *shared)
{
	struct cr_attack_env mine = *env;

	mine.note = &shared->note;
	shared->outcome = fn(&mine);
	shared->done = 1;
	_exit(0);
}

enum cr_attack_outcome cr_attack_in_child(const struct cr_attack_env *env, cr_attack_fn fn)
{
	enum cr_attack_outcome outcome;
	struct shared *shared;
	int status = 0;
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return cr_attack_untestable(env, "mmap: %s", strerror(errno));
	pid = fork();
	if (pid == 0)
		child_attacks(env, fn, shared);
	if (pid < 0)
		return cr_attack_untestable(env, "fork: %s", strerror(errno));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	outcome = answer_of(shared, status, env->note);
	munmap(shared, sizeof(*shared));
	return outcome;
}

/* The middle process ends at once, so that the attacker is an orphan in a session of its own. */
static void orphan_attacks(const struct cr_attack_env *env, cr_attack_fn fn, struct shared *shared,
			   int done)
{
	pid_t pid;

	setsid();
	pid = fork();
	if (pid == 0)
		child_attacks(env, fn, shared);
	close(done);
	_exit(pid < 0);
}

/* The pipe's end of file says that the orphan is gone, though it is not ours to wait for. */
static enum cr_attack_outcome in_grandchild(const struct cr_attack_env *env, cr_attack_fn fn)
{
	struct shared *shared;
	int ends[2], status = 0;
	char byte;
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED || pipe(ends) < 0)
		return cr_attack_untestable(env, "mmap or pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		orphan_attacks(env, fn, shared, ends[1]);
	}
	close(ends[1]);
	if (pid < 0)
		return cr_attack_untestable(env, "fork: %s", strerror(errno));
	waitpid(pid, &status, 0);
	while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
		;
	close(ends[0]);
	return answer_of(shared, status, env->note);
}

enum cr_attack_outcome cr_attack_run(const struct cr_attack *attack,
				     const struct cr_attack_env *env, enum cr_attack_how how,
				     struct cr_attack_note *note)
{
	struct cr_attack_env mine = *env;

	memset(note, 0, sizeof(*note));
	mine.note = note;
	mine.arg = attack->arg;
	switch (how) {
	case CR_HOW_PLAIN:
		return attack->fn(&mine);
	case CR_HOW_GRANDCHILD:
		return in_grandchild(&mine, attack->fn);
	case CR_HOW_CONTROL:
		mine.init_pid = env->victim_pid; /* see init.c */
		if ((attack->traits & CR_TRAIT_CONTROL_NS) && cr_attack_mask(&mine) < 0)
			return cr_attack_untestable(&mine, "no namespace for the control: %s",
						    strerror(errno));
		return attack->fn(&mine);
	}
	return cr_attack_untestable(&mine, "unknown way to run");
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
	FILE *out = fopen(file, "we");

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
	FILE *in = fopen(file, "re");
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

	if (parse_options(&options, argc, argv, &err) < 0) {
		fprintf(out, "wrong use: %s\n", err.text);
		return 2;
	}
	outcome = cr_attack_run(options.attack, &options.env, options.how, &note);
	fprintf(out, "%s: %s\n", outcome_name(outcome), note.text);
	fflush(out);
	return (int)outcome;
}
