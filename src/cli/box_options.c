/*
 * box_options.c - from options to policy lines.
 *
 * A value is quoted whole and may not hold a control character: nobody can
 * smuggle a second line in. What a value means is left to the policy parser;
 * the only thing done here is to make relative paths start at the directory
 * the user is in, as every command line does.
 */
#include "box_options.h"

#include <stdio.h>
#include <string.h>

#include "core/gaps.h"
#include "core/limits.h"
#include "core/path.h"
#include "lib/sys.h"

static int take_given(void *target, const struct cr_option *option, const char *value,
		      struct cr_err *err)
{
	struct cr_given_list *list = target;
	void *grown = cr_arena_grow(list->arena, list->items, list->count, &list->cap,
				    sizeof(*list->items));

	if (!grown)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	list->items = grown;
	list->items[list->count++] = (struct cr_given){option, value};
	return 0;
}

static int take_accepted(void *target, const struct cr_option *option, const char *value,
			 struct cr_err *err)
{
	struct cr_box_options *options = target;

	if (cr_gap_check(value, err) < 0)
		return cr_wrap(err, "--accept-gap");
	return take_given(&options->accepted, option, value, err);
}

enum kind { /* of a rule option's value */
	    KIND_PATH,
	    KIND_TEXT,
	    KIND_HOST, /* maybe with " notls" behind it */
	    KIND_DURATION,
	    KIND_LIMIT, /* NAME=VALUE */
	    KIND_FILE,  /* a policy file: not a line */
};

static const struct cr_option rule_options[] = {
	{"read", "PATH", "let it read PATH (repeatable, as all of these)", take_given, 0},
	{"write", "PATH", "let it write PATH and everything beneath", take_given, 0},
	{"hide", "PATH", "hide PATH: it cannot be opened", take_given, 0},
	{"protect", "PATH", "keep PATH readable but never writable", take_given, 0},
	{"connect", "HOST:PORT",
	 "let it connect there; 'HOST:PORT notls':\n"
	 "whatever it says there",
	 take_given, 0},
	{"unix", "PATH", "let it connect to this AF_UNIX socket of the host", take_given, 0},
	{"env", "NAME=VALUE", "set a variable", take_given, 0},
	{"keep-env", "NAME", "keep a variable that the policy drops", take_given, 0},
	{"limit", "NAME=VALUE", "memory, processes, time, files or disk", take_given, 0},
	{"timeout", "DURATION", "end the box after 90s, 30m, 8h ...", take_given, 0},
	{"policy", "FILE", "add a policy file", take_given, 0},
};

/* What the option says in the policy language; same order. */
static const struct {
	const char *line;
	enum kind kind;
} rule_lines[CR_COUNT_OF(rule_options)] = {
	{"allow read", KIND_PATH},
	{"allow write", KIND_PATH},
	{"deny read", KIND_PATH},
	{"deny write", KIND_PATH},
	{"allow connect", KIND_HOST},
	{"allow unix", KIND_PATH},
	{"set env", KIND_TEXT},
	{"keep env", KIND_TEXT},
	{"limit", KIND_LIMIT},
	{"limit time", KIND_DURATION},
	{"", KIND_FILE},
};

static const struct cr_option publish_options[] = {
	{"publish", "[ADDR:]PORT[:PORT]",
	 "let the host connect to a server in the box:\n"
	 "address and port of the host, port of the box\n"
	 "(repeatable)",
	 take_given, 0},
};

static const struct cr_option place_options[] = {
	{"workspace", "DIR", "the directory to work in (default: the current one)", NULL,
	 offsetof(struct cr_box_options, workspace)},
	{"tier", "NAME", "insist on a tier: full, landlock", NULL,
	 offsetof(struct cr_box_options, tier)},
	{"accept-gap", "NAME", "run although this is not enforced (repeatable)", take_accepted, 0},
};

static const struct cr_option system_options[] = {
	{"os", "NAME", "linux, windows or macos (default: this one)", NULL,
	 offsetof(struct cr_box_options, os)},
	{"home", "DIR", "the home directory to assume", NULL,
	 offsetof(struct cr_box_options, home)},
};

void cr_box_options_init(struct cr_box_options *options, struct cr_arena *arena)
{
	*options = (struct cr_box_options){
		.rules.arena = arena, .accepted.arena = arena, .ports.arena = arena};
}

struct cr_option_group cr_box_rule_options(struct cr_box_options *options)
{
	return (struct cr_option_group){"What the box may do", rule_options,
					CR_COUNT_OF(rule_options), &options->rules};
}

struct cr_option_group cr_box_publish_options(struct cr_box_options *options)
{
	return (struct cr_option_group){"What the host may reach in the box", publish_options,
					CR_COUNT_OF(publish_options), &options->ports};
}

struct cr_option_group cr_box_place_options(struct cr_box_options *options)
{
	return (struct cr_option_group){"Where and how", place_options, CR_COUNT_OF(place_options),
					options};
}

struct cr_option_group cr_box_system_options(struct cr_box_options *options)
{
	return (struct cr_option_group){"For another system", system_options,
					CR_COUNT_OF(system_options), options};
}

/* Policy text being put together. */
struct text {
	char *start;
	size_t len, size;
};

static void add(struct text *text, const char *what, size_t len)
{
	memcpy(text->start + text->len, what, len);
	text->len += len;
}

/* Adds `<line> "<value>"` and a newline; room has been made for every byte escaped. */
static void add_line(struct text *text, const char *line, const char *value)
{
	add(text, line, strlen(line));
	add(text, " \"", 2);
	for (const char *p = value; *p; p++) {
		if (*p == '"' || *p == '\\')
			add(text, "\\", 1);
		add(text, p, 1);
	}
	add(text, "\"\n", 2);
}

/* The value is one word but for its end, which stays out of the quotes. */
static void add_host_line(struct text *text, struct cr_arena *arena, const char *line,
			  const char *value)
{
	static const char end[] = " notls";
	size_t len = strlen(value);
	size_t host = len > strlen(end) ? len - strlen(end) : len;
	const char *name;

	if (strcmp(value + host, end) != 0)
		host = len;
	name = cr_arena_strndup(arena, value, host);
	add_line(text, line, name ? name : "");
	text->len--; /* the newline */
	add(text, value + host, len - host);
	add(text, "\n", 1);
}

static int check_value(const struct cr_given *given, struct cr_err *err)
{
	if (given->value[0] == '\0')
		return cr_fail(err, CR_E_USAGE, "option '--%s' is empty", given->option->name);
	for (const char *p = given->value; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			return cr_fail(err, CR_E_USAGE, "option '--%s' holds a control character",
				       given->option->name);
		}
	}
	return 0;
}

/* "memory=4G" as "memory 4G"; a word of letters and digits needs no quotes. */
static const char *limit_words(struct cr_arena *arena, const struct cr_given *given, enum kind kind,
			       struct cr_err *err)
{
	static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz";
	static const char value_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789.";
	const char *value = given->value;
	size_t name_len = 0;
	const char *words;

	if (kind == KIND_LIMIT) {
		name_len = strspn(value, name_bytes);
		value += value[name_len] == '=' ? name_len + 1 : strlen(value);
	}
	if (value[0] == '\0' || value[strspn(value, value_bytes)] != '\0') {
		cr_fail(err, CR_E_USAGE, "option '--%s' cannot be '%.200s'", given->option->name,
			given->value);
		cr_hint(err, kind == KIND_LIMIT ? "write it as '--limit memory=4G'"
						: "write it as '--timeout 30m'");
		return NULL;
	}
	words = cr_arena_printf(arena, "%.*s%s%s", (int)name_len, given->value,
				name_len > 0 ? " " : "", value);
	if (!words)
		cr_fail(err, CR_E_NOMEM, "out of memory");
	return words;
}

/* A relative path on the command line starts at the current directory. */
static const char *path_words(struct cr_arena *arena, enum cr_os os, const char *value,
			      struct cr_err *err)
{
	const char *cwd;

	if (value[0] == '~' || os != cr_sys_os || cr_path_is_absolute(os, value))
		return value;
	cwd = cr_sys_cwd(arena, err);
	if (!cwd)
		return NULL;
	return cr_path_resolve(arena, os, cwd, value, CR_PATH_WILDCARDS, err);
}

/* The values of option number `index`, ready to be put into lines; their total room in *room. */
static int option_values(struct cr_box_options *options, size_t index, enum cr_os os, size_t *room,
			 struct cr_err *err)
{
	struct cr_given_list *list = &options->rules;
	const enum kind kind = rule_lines[index].kind;

	*room = 0;
	for (size_t i = 0; i < list->count; i++) {
		struct cr_given *given = &list->items[i];

		if (given->option != &rule_options[index])
			continue;
		if (check_value(given, err) < 0)
			return -1;
		if (kind == KIND_PATH)
			given->value = path_words(list->arena, os, given->value, err);
		else if (kind == KIND_LIMIT || kind == KIND_DURATION)
			given->value = limit_words(list->arena, given, kind, err);
		if (!given->value)
			return cr_wrap(err, "option '--%s'", given->option->name);
		*room += strlen(rule_lines[index].line) + 2 * strlen(given->value) + 8;
	}
	return 0;
}

/* One policy out of all uses of option number `index`: line n is the n-th use. */
static int option_policy(struct cr_box_options *options, size_t index, enum cr_os os,
			 struct cr_policy_text *out, struct cr_err *err)
{
	struct cr_given_list *list = &options->rules;
	const enum kind kind = rule_lines[index].kind;
	struct text text = {0};

	if (option_values(options, index, os, &text.size, err) < 0)
		return -1;
	*out = (struct cr_policy_text){0};
	if (text.size == 0)
		return 0;
	text.start = cr_arena_alloc(list->arena, text.size + 1, 1);
	if (!text.start)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	for (size_t i = 0; i < list->count; i++) {
		const struct cr_given *given = &list->items[i];
		const char *line = rule_lines[index].line;

		if (given->option != &rule_options[index])
			continue;
		if (kind == KIND_PATH || kind == KIND_TEXT) {
			add_line(&text, line, given->value);
			continue;
		}
		if (kind == KIND_HOST) {
			add_host_line(&text, list->arena, line, given->value);
			continue;
		}
		add(&text, line, strlen(line));
		add(&text, " ", 1);
		add(&text, given->value, strlen(given->value));
		add(&text, "\n", 1);
	}
	*out = (struct cr_policy_text){
		cr_arena_printf(list->arena, "--%s", rule_options[index].name), text.start,
		text.len};
	return out->name ? 0 : cr_fail(err, CR_E_NOMEM, "out of memory");
}

static int policy_files(struct cr_box_options *options, struct cr_request *request,
			struct cr_policy_text *texts, struct cr_err *err)
{
	struct cr_given_list *list = &options->rules;

	for (size_t i = 0; i < list->count; i++) {
		const struct cr_given *given = &list->items[i];
		struct cr_policy_text *text = &texts[request->n_texts];

		if (rule_lines[given->option - rule_options].kind != KIND_FILE)
			continue;
		text->name = given->value;
		text->text = cr_sys_read_file(list->arena, given->value, CR_MAX_POLICY_BYTES,
					      &text->len, err);
		if (!text->text)
			return cr_wrap(err, "policy");
		request->n_texts++;
	}
	return 0;
}

static int request_texts(struct cr_box_options *options, struct cr_request *request,
			 struct cr_err *err)
{
	struct cr_given_list *list = &options->rules;
	struct cr_policy_text *texts;

	if (list->count == 0)
		return 0;
	texts = cr_arena_alloc(list->arena, list->count + CR_COUNT_OF(rule_options),
			       sizeof(*texts));
	if (!texts)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	for (size_t i = 0; i < CR_COUNT_OF(rule_options); i++) {
		if (rule_lines[i].kind == KIND_FILE)
			continue;
		if (option_policy(options, i, request->os, &texts[request->n_texts], err) < 0)
			return -1;
		if (texts[request->n_texts].name)
			request->n_texts++;
	}
	request->texts = texts;
	return policy_files(options, request, texts, err);
}

static int request_accepted(struct cr_box_options *options, struct cr_request *request,
			    struct cr_err *err)
{
	const struct cr_given_list *list = &options->accepted;
	const char **names;

	if (list->count == 0)
		return 0;
	names = cr_arena_alloc(list->arena, list->count, sizeof(*names));
	if (!names)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	for (size_t i = 0; i < list->count; i++)
		names[i] = list->items[i].value;
	request->accepted = names;
	request->n_accepted = list->count;
	return 0;
}

static int request_ports(struct cr_box_options *options, struct cr_request *request,
			 struct cr_err *err)
{
	struct cr_given_list *list = &options->ports;

	for (size_t i = 0; i < list->count; i++) {
		const struct cr_given *given = &list->items[i];

		if (check_value(given, err) < 0 ||
		    cr_published_add(list->arena, &request->published, given->value, "--publish",
				     err) < 0)
			return -1;
	}
	return 0;
}

int cr_box_options_request(struct cr_box_options *options, struct cr_request *out,
			   struct cr_err *err)
{
	*out = (struct cr_request){
		.os = cr_sys_os,
		.workspace = options->workspace,
		.home = options->home,
		.tier = options->tier,
	};
	if (options->os && cr_os_parse(options->os, &out->os) < 0) {
		cr_fail(err, CR_E_USAGE, "unknown system '%.100s'", options->os);
		return cr_hint(err, "one of linux, windows, macos");
	}
	if (request_texts(options, out, err) < 0 || request_ports(options, out, err) < 0)
		return -1;
	return request_accepted(options, out, err);
}

static bool is_written_anew(const struct cr_prepared *prepared, const struct cr_rule *rule)
{
	const struct cr_ruleset *rules = prepared->rules;
	const char *parent = cr_path_parent(prepared->arena, rules->ctx.os, rule->path);

	return parent && cr_decide_view(rules, parent, NULL) == CR_VIEW_WRITABLE;
}

/*
 * A policy may name what is not on every machine. Who names it on the command line means it, and
 * would look in vain for what the command wrote there, or for the service.
 */
static int check_named(const struct cr_prepared *prepared, struct cr_err *err)
{
	const struct cr_ruleset *rules = prepared->rules;

	for (size_t i = 0; i < rules->n_rules; i++) {
		const struct cr_rule *rule = &rules->rules[i];
		const bool is_write = strcmp(rule->origin.file, "--write") == 0;
		const bool is_unix = strcmp(rule->origin.file, "--unix") == 0;

		if ((!is_write && !is_unix) || !rule->literal || rule->type != CR_FT_NONE)
			continue;
		if (is_write && is_written_anew(prepared, rule))
			continue;
		cr_fail(err, CR_E_PATH, "%s: '%s' does not exist", rule->origin.file, rule->path);
		return cr_hint(err, "%s first; a box is given what is there when it starts",
			       is_write ? "create it" : "start the service");
	}
	return 0;
}

int cr_box_options_prepare(struct cr_cli *cli, const struct cr_request *request,
			   struct cr_prepared *prepared, int *exit_code)
{
	struct cr_err err;

	cli->os = request->os;
	if (cr_prepare_rules(cli->arena, request, prepared, &err) == 0 &&
	    (request->os != cr_sys_os || check_named(prepared, &err) == 0)) {
		cr_facts_accept(&prepared->facts, request->accepted, request->n_accepted);
		return 0;
	}
	cr_cli_diags(cli, &prepared->diags);
	*exit_code = cr_cli_fail(cli, &err);
	return -1;
}
