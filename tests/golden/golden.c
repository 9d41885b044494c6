/*
 * golden.c - the plans of a set of policies, for every system and tier, compared
 * with the ones that were read and accepted before.
 *
 * usage: golden DIR [--update]    (or CARREL_UPDATE_GOLDEN=1)
 *
 * DIR/cases/NAME.policy, with DIR/cases/NAME.fs beside it, gives
 * DIR/expected/NAME.SYSTEM-TIER.txt. In a policy, a line "#@ layer NAME" begins the text of
 * another layer (before the first: the user's; an empty text is no layer), "#@ trusted" says that
 * the project file has been accepted, and "@/" stands for the root of the first drive. In a .fs
 * file, "home PATH", "workspace PATH" and "only SYSTEM-TIER ..." set the context, "fact NAME ..."
 * a fact of Windows (below), "publish TEXT" a --publish; the other lines are fake_fs.h's. base.fs
 * comes first in every case. TAP on standard output.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/event.h"
#include "core/plan.h"
#include "core/plan_print.h"
#include "core/plan_read.h"
#include "fake_fs.h"

#define MAX_LAYERS 8
#define MAX_CASES  256

struct target {
	const char *name;
	enum cr_os os;
	enum cr_tier tier;
};

static const struct target targets[] = {
	{"linux-full", CR_OS_LINUX, CR_TIER_FULL},
	{"linux-landlock", CR_OS_LINUX, CR_TIER_LANDLOCK},
	{"windows-unelevated", CR_OS_WINDOWS, CR_TIER_UNELEVATED},
	{"windows-elevated", CR_OS_WINDOWS, CR_TIER_ELEVATED},
	{"macos-full", CR_OS_MACOS, CR_TIER_FULL},
};

/* One case for one target. */
struct run {
	const char *dir, *name;
	const struct target *target;
	struct cr_arena *arena;
	struct fake_fs *fs;
	struct cr_rules_input input;
	const struct cr_policy *policies[MAX_LAYERS];
	struct cr_diags diags;
	struct cr_facts facts;
	bool skipped; /* by `only` */
};

static void die(const char *what, const char *path)
{
	printf("Bail out! %s '%s'\n", what, path);
	exit(1);
}

/* The whole file in the arena; NULL when there is none. */
static char *read_file(struct cr_arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text;
	size_t len;

	if (!file)
		return NULL;
	text = cr_arena_alloc(arena, 1024 * 1024, 1);
	len = text ? fread(text, 1, 1024 * 1024 - 1, file) : 0;
	fclose(file);
	if (!text || len == 1024 * 1024 - 1)
		die("too large", path);
	return text;
}

static const char *native(struct run *run, const char *path)
{
	char *made = fake_path(run->target->os, path);
	const char *copy = cr_arena_strdup(run->arena, made);

	free(made);
	return copy;
}

static void set_only(struct run *run, char *names)
{
	char *save = NULL;

	run->skipped = true;
	for (char *name = strtok_r(names, " ", &save); name; name = strtok_r(NULL, " ", &save))
		run->skipped &= strcmp(name, run->target->name) != 0;
}

/* "no-labels", "open-drives DE", "no-logon" or "inside-job". */
static void set_fact(struct run *run, const char *fact)
{
	if (strcmp(fact, "no-labels") == 0)
		run->facts.integrity_labels = false;
	else if (strcmp(fact, "inside-job") == 0)
		run->facts.inside_job = true;
	else if (strcmp(fact, "no-logon") == 0)
		run->facts.logon_sid[0] = '\0';
	else if (strncmp(fact, "open-drives ", 12) == 0)
		for (const char *drive = fact + 12; *drive; drive++)
			run->facts.open_drives |= 1u << (*drive - 'A');
	else
		die("unknown fact", fact);
}

static void fs_line(struct run *run, char *line)
{
	struct cr_context *ctx = &run->input.ctx;

	if (strncmp(line, "home ", 5) == 0)
		ctx->home = native(run, line + 5);
	else if (strncmp(line, "workspace ", 10) == 0)
		ctx->workspace = native(run, line + 10);
	else if (strncmp(line, "only ", 5) == 0)
		set_only(run, line + 5);
	else if (strncmp(line, "fact ", 5) == 0)
		set_fact(run, line + 5);
	else if (strncmp(line, "publish ", 8) == 0 &&
		 cr_published_add(run->arena, &ctx->published, line + 8, "--publish", NULL) < 0)
		die("bad port", line);
	else if (strncmp(line, "publish ", 8) == 0)
		return;
	else if (line[0] != '#' && fake_line(run->fs, line) < 0)
		die("bad line of a .fs file", line);
}

static void load_fs(struct run *run, const char *name)
{
	char *text = read_file(run->arena,
			       cr_arena_printf(run->arena, "%s/cases/%s.fs", run->dir, name));
	char *save = NULL;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		fs_line(run, line);
}

static enum cr_layer parse_layer(const char *name)
{
	for (int i = 0; i < CR_LAYER_COUNT; i++) {
		if (strcmp(cr_layer_name((enum cr_layer)i), name) == 0)
			return (enum cr_layer)i;
	}
	die("unknown layer", name);
	return CR_LAYER_SYSTEM;
}

/* "@/" becomes "C:/" or "/". */
static char *expand_roots(struct run *run, const char *text)
{
	char *out = cr_arena_alloc(run->arena, 2 * strlen(text) + 1, 1);
	size_t len = 0;

	for (; out && *text; text++) {
		if (text[0] != '@' || text[1] != '/') {
			out[len++] = *text;
		} else if (run->target->os == CR_OS_WINDOWS) {
			out[len++] = 'C';
			out[len++] = ':';
		}
	}
	return out;
}

static bool says_something(const char *text)
{
	while (*text) {
		const size_t len = strcspn(text, "\n");

		if (len > 0 && *text != '#')
			return true;
		text += len + (text[len] == '\n');
	}
	return false;
}

/* 0, or -1 with diags filled. */
static int add_layer(struct run *run, enum cr_layer layer, const char *text, struct cr_err *err)
{
	const char *file = cr_arena_printf(run->arena, "%s.policy", run->name);
	struct cr_policy *policy;

	if (!says_something(text))
		return 0;
	if (layer != CR_LAYER_USER)
		file = cr_arena_printf(run->arena, "%s.policy(%s)", run->name,
				       cr_layer_name(layer));
	if (cr_policy_parse(run->arena,
			    &(const struct cr_policy_source){file, layer, text, strlen(text)},
			    &policy, &run->diags, err) < 0)
		return -1;
	if (run->input.n_policies == MAX_LAYERS)
		die("too many layers", run->name);
	run->policies[run->input.n_policies++] = policy;
	return 0;
}

static int load_policy(struct run *run, struct cr_err *err)
{
	const char *path = cr_arena_printf(run->arena, "%s/cases/%s.policy", run->dir, run->name);
	const char *raw = read_file(run->arena, path);
	enum cr_layer layer = CR_LAYER_USER;
	char *text, *mark;

	if (!raw)
		die("cannot read", path);
	text = expand_roots(run, raw);
	run->input.project_trusted = strstr(text, "#@ trusted\n") != NULL;
	while ((mark = strstr(text, "#@ layer "))) {
		char *end = mark + strcspn(mark, "\n");

		*mark = '\0';
		if (add_layer(run, layer, text, err) < 0)
			return -1;
		if (*end)
			*end++ = '\0';
		layer = parse_layer(mark + strlen("#@ layer "));
		text = end;
	}
	return add_layer(run, layer, text, err);
}

/* The plan as text, from malloc; NULL with *err. Also checks that its JSON reads back. */
static char *make_plan(struct run *run, struct cr_err *err)
{
	struct cr_ruleset *rules;
	struct cr_plan *plan, *again;
	char *json, *json_again, *text;

	if (load_policy(run, err) < 0 ||
	    cr_rules_resolve(run->arena, &run->input, &rules, &run->diags, err) < 0 ||
	    cr_plan_make(run->arena, rules, &run->facts, &plan, err) < 0)
		return NULL;
	json = cr_plan_json(plan);
	if (!json || cr_plan_read(run->arena, json, strlen(json), &again, err) < 0) {
		printf("# %s\n", err->text);
		die("cannot read back the JSON of", run->name);
	}
	json_again = cr_plan_json(again);
	if (!json_again || strcmp(json, json_again) != 0)
		die("the JSON is another when read back, of", run->name);
	text = cr_plan_text(plan);
	free(json);
	free(json_again);
	return text;
}

/* What is wrong with the policy, as the plan that cannot be made. */
static char *describe_error(struct run *run, const struct cr_err *err)
{
	const char *text =
		cr_arena_printf(run->arena, "error: %s\nhint: %s\n", err->text, err->hint);
	char *copy;

	for (size_t i = 0; i < run->diags.count; i++) {
		const struct cr_diag *diag = &run->diags.items[i];

		text = cr_arena_printf(run->arena, "%s%s:%u:%u: %s; %s\n", text, diag->file,
				       diag->line, diag->column, diag->text, diag->hint);
	}
	copy = malloc(strlen(text) + 1);
	if (copy)
		memcpy(copy, text, strlen(text) + 1);
	return copy;
}

static void show_difference(const char *expected, const char *got)
{
	unsigned line = 1;

	for (; *expected && *expected == *got; expected++, got++)
		line += *got == '\n';
	printf("# the first difference is in line %u\n# expected: %.*s\n# got:      %.*s\n", line,
	       (int)strcspn(expected, "\n"), expected, (int)strcspn(got, "\n"), got);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "wb");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		die("cannot write", path);
}

static bool compare(struct run *run, const char *got, bool update)
{
	const char *path = cr_arena_printf(run->arena, "%s/expected/%s.%s.txt", run->dir, run->name,
					   run->target->name);
	const char *expected = read_file(run->arena, path);

	if (expected && strcmp(expected, got) == 0)
		return true;
	if (update) {
		write_file(path, got);
		return true;
	}
	if (expected)
		show_difference(expected, got);
	else
		printf("# no '%s'; make golden writes it\n", path);
	return false;
}

static void set_context(struct run *run)
{
	struct cr_context *ctx = &run->input.ctx;
	const bool fresh_tmp = run->target->os == CR_OS_LINUX && run->target->tier == CR_TIER_FULL;

	*ctx = (struct cr_context){
		.os = run->target->os,
		.tier = run->target->tier,
		.home = native(run, "/home/u"),
		.workspace = native(run, "/home/u/w"),
		.runtime_dir = run->target->os == CR_OS_LINUX ? "/run/user/1000" : NULL,
		.state_dir = native(run, "/home/u/.local/state/carrel"),
		.config_dir = native(run, "/home/u/.config/carrel"),
		.temp_dir = fresh_tmp ? NULL : native(run, "/tmp/carrel-box"),
	};
	run->input.policies = run->policies;
	run->input.view = &run->fs->view;
}

/* 1 passed, 0 failed, -1 the case is not for this target. */
static int run_one(const char *dir, const char *name, const struct target *target, bool update)
{
	struct run run = {.dir = dir, .name = name, .target = target, .arena = cr_arena_new()};
	struct cr_err err = {0};
	char *got;
	int result = -1;

	if (!run.arena)
		die("out of memory", name);
	cr_facts_typical(target->os, &run.facts);
	run.fs = fake_fs_new(target->os);
	set_context(&run);
	load_fs(&run, "base");
	load_fs(&run, name);
	if (!run.skipped) {
		got = make_plan(&run, &err);
		if (!got)
			got = describe_error(&run, &err);
		result = got && compare(&run, got, update);
		free(got);
	}
	fake_fs_free(run.fs);
	cr_arena_free(run.arena);
	return result;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list_cases(const char *dir, char **names)
{
	char path[4096];
	const struct dirent *entry;
	size_t count = 0;
	DIR *cases;

	snprintf(path, sizeof(path), "%s/cases", dir);
	cases = opendir(path);
	if (!cases)
		die("cannot list", path);
	while ((entry = readdir(cases)) && count < MAX_CASES) {
		const char *dot = strrchr(entry->d_name, '.');

		if (dot && strcmp(dot, ".policy") == 0)
			names[count++] = strndup(entry->d_name, (size_t)(dot - entry->d_name));
	}
	closedir(cases);
	qsort(names, count, sizeof(*names), by_name);
	return count;
}

int main(int argc, char **argv)
{
	const bool update = argc == 3 || getenv("CARREL_UPDATE_GOLDEN");
	char *names[MAX_CASES];
	unsigned done = 0, failed = 0;
	size_t count;

	if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "--update") != 0)) {
		fputs("usage: golden DIR [--update]\n", stderr);
		return 2;
	}
	count = list_cases(argv[1], names);
	for (size_t i = 0; i < count; i++) {
		for (size_t t = 0; t < sizeof(targets) / sizeof(targets[0]); t++) {
			const int result = run_one(argv[1], names[i], &targets[t], update);

			if (result < 0)
				continue;
			printf("%sok %u - %s %s\n", result ? "" : "not ", ++done, names[i],
			       targets[t].name);
			failed += !result;
		}
		free(names[i]);
	}
	printf("1..%u\n", done);
	return failed || !done;
}
