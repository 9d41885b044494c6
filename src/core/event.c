/*
 * event.c - what happened at the boundary, said in the words of the policy.
 *
 * A remedy is shown only after it has been tried on a copy of the rules: what
 * is printed as the line that would allow an access does allow it. Nothing
 * here changes the rules in effect.
 */
#include "event.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "json_text.h"
#include "limits.h"
#include "path.h"
#include "pattern.h"
#include "rules_impl.h"
#include "text.h"

static const struct {
	const char *name;
	enum cr_capability cap;
} ops[] = {
#define X(code, name, cap) [code] = {name, cap},
	CR_OPS(X)
#undef X
};

const char *cr_op_name(enum cr_op op)
{
	return ops[op].name;
}

/* An event being explained. */
struct explaining {
	struct cr_arena *arena;
	const struct cr_ruleset *rules;
	struct cr_access access;
	const char *flag; /* "--write" */
	const char
		*object; /* of the remedy, as a policy would have it; NULL: none can be written */
	struct cr_event *event;
	struct cr_err *err;
};

static int no_memory(const struct explaining *x)
{
	return cr_fail(x->err, CR_E_NOMEM, "event");
}

/* The groups of rules->rules[i], found again from the lists. */
static void recover_groups(const struct cr_ruleset *rules, enum cr_group *groups)
{
	for (int group = 0; group < CR_GROUP_COUNT; group++) {
		for (int cap = 0; cap < CR_CAP_COUNT; cap++) {
			const struct cr_rule_list *list = &rules->lists[group][cap];

			for (size_t i = 0; i < list->n_literal; i++)
				groups[list->literal[i] - rules->rules] = (enum cr_group)group;
			for (size_t i = 0; i < list->n_other; i++)
				groups[list->other[i] - rules->rules] = (enum cr_group)group;
		}
	}
}

/* What decide() would say with `rule` added on the command line; memory from `scratch`. */
static int try_in(struct cr_arena *scratch, const struct explaining *x, const struct cr_rule *rule,
		  struct cr_verdict *verdict)
{
	const size_t n_rules = x->rules->n_rules;
	struct cr_rule *all = cr_arena_alloc(scratch, n_rules + 1, sizeof(*all));
	enum cr_group *groups = cr_arena_alloc(scratch, n_rules + 1, sizeof(*groups));
	struct cr_ruleset copy = *x->rules;

	if (!all || !groups)
		return no_memory(x);
	if (n_rules > 0)
		memcpy(all, x->rules->rules, n_rules * sizeof(*all));
	all[n_rules] = *rule;
	recover_groups(x->rules, groups);
	groups[n_rules] = CR_GROUP_MAIN;
	copy.rules = all;
	copy.n_rules = n_rules + 1;
	memset(copy.lists, 0, sizeof(copy.lists));
	if (cr_rules_index(scratch, &copy, groups, x->err) < 0)
		return -1;
	*verdict = cr_decide(&copy, &x->access);
	if (verdict->rule)
		verdict->rule = verdict->rule == &all[n_rules]
					? NULL
					: &x->rules->rules[verdict->rule - all];
	return 0;
}

static int try_rule(const struct explaining *x, const struct cr_rule *rule,
		    struct cr_verdict *verdict)
{
	struct cr_arena *scratch = cr_arena_new();
	const int result = scratch ? try_in(scratch, x, rule, verdict) : no_memory(x);

	cr_arena_free(scratch);
	return result;
}

static bool is_showable(const char *text)
{
	const char *end = text + strlen(text);

	while (text < end) {
		uint32_t code;
		const size_t len = cr_utf8_decode(text, (size_t)(end - text), &code);

		if (len == 0 || cr_char_is_control(code) || cr_char_is_deceptive(code))
			return false;
		text += len;
	}
	return true;
}

/* `word` as one word of a policy line. In `arena`; NULL when memory is out. */
static const char *policy_word(struct cr_arena *arena, const char *word)
{
	char *quoted = cr_arena_alloc(arena, 2 * strlen(word) + 3, 1);
	char *to = quoted;

	if (*word && !strpbrk(word, " #\"\\") && quoted)
		return word;
	if (!quoted)
		return NULL;
	*to++ = '"';
	for (; *word; word++) {
		if (*word == '"' || *word == '\\')
			*to++ = '\\';
		*to++ = *word;
	}
	*to = '"';
	return quoted;
}

/* `word` as one word of a POSIX shell's command line. */
static const char *shell_word(struct cr_arena *arena, const char *word)
{
	char *quoted = cr_arena_alloc(arena, 4 * strlen(word) + 3, 1);
	char *to = quoted;
	const char *c;

	for (c = word; isalnum((unsigned char)*c) || (*c && strchr("/._-:,+@%=", *c)); c++)
		;
	if (!*c || !quoted)
		return quoted ? word : NULL;
	*to++ = '\'';
	for (; *word; word++) {
		if (*word == '\'') {
			memcpy(to, "'\\''", 4);
			to += 4;
		} else {
			*to++ = *word;
		}
	}
	*to = '\'';
	return quoted;
}

/* Relative to the workspace when inside, as people write it; "~x" would mean another's home. */
static const char *short_path(const struct explaining *x, const char *path)
{
	const struct cr_context *ctx = &x->rules->ctx;
	size_t skip;

	if (!ctx->workspace || !cr_path_within(ctx->os, path, ctx->workspace))
		return path;
	if (cr_path_cmp(ctx->os, path, ctx->workspace) == 0)
		return ".";
	skip = strlen(ctx->workspace);
	skip += cr_path_depth(ctx->os, ctx->workspace) > 0;
	return path[skip] == '~' ? path : path + skip;
}

/*
 * A name is made and removed in its directory, so where that is not writable it is the directory
 * a rule must open - but for a home, a root, or what the workspace lies in, which nobody should.
 */
static const char *path_to_open(const struct explaining *x, const struct cr_denial *denial)
{
	const struct cr_context *ctx = &x->rules->ctx;
	const bool in_directory = denial->op == CR_OP_CREATE || denial->op == CR_OP_DELETE ||
				  denial->op == CR_OP_RENAME;
	const char *parent;

	if (!in_directory)
		return denial->object;
	parent = cr_path_parent(x->arena, ctx->os, denial->object);
	if (!parent || cr_path_depth(ctx->os, parent) < 2 ||
	    (ctx->home && cr_path_within(ctx->os, ctx->home, parent)) ||
	    (ctx->workspace && cr_path_within(ctx->os, ctx->workspace, parent)) ||
	    cr_decide_view(x->rules, parent, NULL) == CR_VIEW_WRITABLE)
		return denial->object;
	return parent;
}

static void why_not(struct explaining *x, const char *text)
{
	x->event->remedy_why_not = text;
}

/* A literal rule on a path, and its object. */
static void path_remedy(struct explaining *x, const struct cr_denial *denial, struct cr_rule *rule)
{
	const enum cr_os os = x->rules->ctx.os;
	const bool has_path = cr_path_is_absolute(os, denial->object);
	const char *path = denial->object;
	struct cr_resolved at;

	if (has_path && denial->op != CR_OP_UNIX)
		path = path_to_open(x, denial);
	/* A rule holds for what is there when the box starts. */
	if (denial->op == CR_OP_CREATE && path == denial->object)
		x->event->remedy_needs = "create it first";
	rule->path = path;
	rule->literal = true;
	if (!has_path)
		why_not(x, "it has no path that a rule could name");
	else if (!is_showable(path) || cr_pattern_has_wildcard(path))
		why_not(x, "its name cannot be written in a policy");
	else if (cr_resolve(x->rules->resolver, path, &at, NULL) < 0 ||
		 cr_path_cmp(os, at.path, path) != 0)
		why_not(x, "it is a link, and a rule holds for what it leads to");
	else
		x->object = short_path(x, path);
}

static void host_remedy(struct explaining *x, struct cr_rule *rule)
{
	const struct cr_host *host = &x->access.host;

	rule->host = *host;
	x->object = cr_arena_printf(x->arena, host->kind == CR_HOST_ADDR6 ? "[%s]:%u" : "%s:%u",
				    host->name, (unsigned)host->port_lo);
}

/* "name:port", "1.2.3.4:port", "[::1]:port", and "::1:port" as some kernels' text has it. */
static int parse_host(struct explaining *x, const char *object)
{
	const char *colon = strrchr(object, ':');
	const char *text = object;

	if (colon && object[0] != '[' && strchr(object, ':') != colon) {
		text = cr_arena_printf(x->arena, "[%.*s]%s", (int)(colon - object), object, colon);
		if (!text)
			return -1;
	}
	if (cr_host_parse(x->arena, text, &x->access.host, NULL) < 0)
		return -1;
	return x->access.host.kind == CR_HOST_ANY || x->access.host.kind == CR_HOST_SUFFIX ||
			       x->access.host.port_lo != x->access.host.port_hi
		       ? -1
		       : 0;
}

static const char *origin_text(struct cr_arena *arena, const struct cr_origin *origin)
{
	const char *file = origin->file ? origin->file : cr_layer_name(origin->layer);

	return origin->line ? cr_arena_printf(arena, "%s:%u", file, origin->line) : file;
}

static const char *rule_text(const struct explaining *x, const struct cr_rule *rule)
{
	if (!rule)
		return "no rule allows it";
	return cr_arena_printf(x->arena, "%s %s %s%s", cr_decision_name(rule->decision),
			       cr_capability_name(rule->cap), rule->text, cr_rule_ending(rule));
}

/* The tried remedy did not help: because of `verdict`. */
static int explain_refusal(struct explaining *x, const struct cr_verdict *verdict)
{
	const struct cr_rule *rule = verdict->rule;
	const char *text;

	if (!rule || rule->origin.layer == CR_LAYER_MANAGED) {
		why_not(x, "managed policy");
	} else if (rule->origin.layer == CR_LAYER_SYSTEM) {
		why_not(x, "carrel's own files stay out of reach");
	} else {
		text = cr_arena_printf(x->arena, "'%s' (%s) would have to go first",
				       rule_text(x, rule), origin_text(x->arena, &rule->origin));
		if (!text)
			return no_memory(x);
		why_not(x, text);
	}
	return 0;
}

static int write_remedy(struct explaining *x)
{
	const char *cap = cr_capability_name(x->access.cap);
	const char *in_policy = policy_word(x->arena, x->object);
	const char *in_shell = shell_word(x->arena, x->object);

	if (!in_policy || !in_shell)
		return no_memory(x);
	x->event->remedy_rule = cr_arena_printf(x->arena, "allow %s %s", cap, in_policy);
	x->event->remedy_flag = cr_arena_printf(x->arena, "--%s %s", cap, in_shell);
	return x->event->remedy_rule && x->event->remedy_flag ? 0 : no_memory(x);
}

static int find_remedy(struct explaining *x, const struct cr_denial *denial)
{
	struct cr_rule rule = {
		.decision = CR_ALLOW,
		.cap = x->access.cap,
		.origin = {.layer = CR_LAYER_COMMAND, .file = "command line"},
	};
	struct cr_verdict verdict = {0};

	if (x->access.cap == CR_CAP_CONNECT)
		host_remedy(x, &rule);
	else
		path_remedy(x, denial, &rule);
	if (!x->object)
		return x->event->remedy_why_not[0] ? 0 : no_memory(x);
	rule.text = x->object;
	if (try_rule(x, &rule, &verdict) < 0)
		return -1;
	return verdict.decision == CR_ALLOW ? write_remedy(x) : explain_refusal(x, &verdict);
}

static int copy_denial(struct explaining *x, const struct cr_denial *denial)
{
	struct cr_denial *copy = &x->event->denial;

	*copy = *denial;
	copy->object = cr_arena_strdup(x->arena, denial->object);
	copy->program = cr_arena_strdup(x->arena, denial->program ? denial->program : "");
	return copy->object && copy->program ? 0 : no_memory(x);
}

/* Landlock cannot deny inside what it allows: nothing is refused there, a gap of the plan. */
static bool lies_in_writable(const struct cr_ruleset *rules, const char *path)
{
	char above[CR_MAX_PATH];
	size_t len = strlen(path);

	if (len >= sizeof(above))
		return false;
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(above, path, i);
		above[i] = '\0';
		if (cr_decide_view(rules, above, NULL) == CR_VIEW_WRITABLE)
			return true;
	}
	return false;
}

bool cr_denial_is_real(const struct cr_ruleset *rules, const struct cr_denial *denial)
{
	if (!denial->by_rules)
		return true;
	return denial->op != CR_OP_CHANGE && !lies_in_writable(rules, denial->object);
}

/* A host that the rules allow, refused for what was said to it or where it led. */
static int explain_broker(struct explaining *x)
{
	const struct cr_host *host = &x->access.host;

	x->event->rule_text = "the policy allows the host";
	if (!cr_net_end_is_about_content(x->event->denial.net)) {
		why_not(x, x->event->denial.net == CR_NET_SPECIAL
				   ? "only by a rule that names the address itself"
				   : "the policy allows the host already");
		return 0;
	}
	x->event->remedy_needs = "which lets anything be said there";
	x->event->remedy_flag = cr_arena_printf(x->arena, "--connect '%s:%u notls'", host->name,
						(unsigned)host->port_lo);
	x->event->remedy_rule = cr_arena_printf(x->arena, "allow connect %s:%u notls", host->name,
						(unsigned)host->port_lo);
	return x->event->remedy_rule && x->event->remedy_flag ? 0 : no_memory(x);
}

/* What was looked up, as a host; which port it was for nobody knows. */
static const char *host_object(struct explaining *x, const struct cr_denial *denial)
{
	if (denial->op != CR_OP_LOOKUP)
		return denial->object;
	x->event->remedy_needs = "or the port it is for";
	return cr_arena_printf(x->arena, "%s:443", denial->object);
}

int cr_event_explain(struct cr_arena *arena, const struct cr_ruleset *rules,
		     const struct cr_denial *denial, struct cr_event *event, struct cr_err *err)
{
	struct explaining x = {
		.arena = arena,
		.rules = rules,
		.access = {.cap = ops[denial->op].cap, .path = denial->object},
		.event = event,
		.err = err,
	};
	struct cr_verdict verdict = {.decision = CR_DENY};

	*event = (struct cr_event){.remedy_rule = "",
				   .remedy_flag = "",
				   .remedy_needs = "",
				   .remedy_why_not = "",
				   .count = 1};
	if (copy_denial(&x, denial) < 0)
		return -1;
	const char *host = host_object(&x, &event->denial);

	if (!host)
		return no_memory(&x);
	if (x.access.cap == CR_CAP_CONNECT && parse_host(&x, host) < 0) {
		event->rule_text = rule_text(&x, NULL);
		why_not(&x, "it has no address that a rule could name");
		return 0;
	}
	if (x.access.cap == CR_CAP_CONNECT ||
	    cr_path_is_absolute(rules->ctx.os, event->denial.object))
		verdict = cr_decide(rules, &x.access);
	if (verdict.decision != CR_DENY && denial->net != CR_NET_DONE &&
	    !cr_net_end_is_about_asking(denial->net))
		return explain_broker(&x);
	if (verdict.decision == CR_ALLOW) {
		event->rule_text = "the policy allows it";
		why_not(&x, "the policy allows it already; this host does not");
		return 0;
	}
	event->rule = verdict.rule;
	event->rule_text = rule_text(&x, verdict.rule);
	return event->rule_text ? find_remedy(&x, &event->denial) : no_memory(&x);
}

char *cr_event_json(const struct cr_event *event)
{
	const struct cr_denial *denial = &event->denial;
	json_t *json = json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "op",
		cr_op_name(denial->op), "object", cr_json_text(denial->object), "boundary",
		cr_json_text(denial->boundary), "program", cr_json_text(denial->program), "pid",
		json_integer(denial->pid), "os_code", denial->os_code, "time_ms",
		cr_json_number(denial->time_ms), "rule", cr_json_text(event->rule_text), "origin",
		event->rule ? cr_json_origin(&event->rule->origin) : json_null(), "remedy_rule",
		cr_json_text(event->remedy_rule), "remedy_flag", cr_json_text(event->remedy_flag),
		"remedy_needs", event->remedy_needs, "remedy_why_not",
		cr_json_text(event->remedy_why_not), "count", cr_json_number(event->count));
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	json_decref(json);
	return text;
}

char *cr_denial_json(const struct cr_ruleset *rules, const struct cr_denial *denial)
{
	struct cr_arena *scratch = cr_arena_new();
	struct cr_event event = {.count = 0};
	char *text = NULL;

	if (scratch && cr_event_explain(scratch, rules, denial, &event, NULL) == 0)
		text = cr_event_json(&event);
	cr_arena_free(scratch);
	return text;
}
