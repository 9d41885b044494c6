/*
 * carrel.c - the public library: carrel.h over the same flow as the command
 * line.
 *
 * Keeps no state outside the caller's object, prints nothing, never exits. What
 * the object remembers (policy texts, workspace, accepted gaps) lives in one
 * arena; what one call or one box needs lives in another that the next replaces.
 */
#include "carrel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "asked.h"
#include "core/event.h"
#include "core/gaps.h"
#include "core/netevent.h"
#include "core/plan_print.h"
#include "prepare.h"
#include "questions.h"
#include "sys.h"

#define EXIT_UNCOVERED 125 /* the box had to be ended */
#define EXIT_TIMEOUT   124
#define EXIT_SIGNAL    128 /* + signal number */

struct carrel {
	struct cr_arena *kept; /* as long as the object */
	struct cr_policy_text *texts;
	size_t n_texts, cap_texts;
	const char **accepted;
	size_t n_accepted, cap_accepted;
	struct cr_published published;
	const char *workspace;
	carrel_event_fn on_event; /* NULL: nobody is told */
	void *event_arg;
	struct cr_asked_calls asked_calls;
	unsigned ask_seconds;

	struct cr_arena *work; /* of the last call, or of the box */
	struct cr_request request;
	struct cr_prepared prepared;
	char *json; /* last result of carrel_plan_json */

	struct cr_child child;  /* until the next box, so that carrel_kill is safe at any time */
	struct cr_asked *asked; /* as long as `child`; NULL: nobody is asked */
	int is_running;         /* also while carrel_wait waits, and calls back */
	int is_waiting;
	char error[CR_ERR_TEXT_MAX + CR_ERR_HINT_MAX + 16];
};

const char *carrel_version(void)
{
	return CARREL_VERSION;
}

struct carrel *carrel_new(void)
{
	struct carrel *carrel = calloc(1, sizeof(*carrel));

	if (!carrel)
		return NULL;
	carrel->kept = cr_arena_new();
	if (!carrel->kept) {
		free(carrel);
		return NULL;
	}
	return carrel;
}

/* What answers it goes after it. */
static void end_box(struct carrel *carrel)
{
	cr_child_free(&carrel->child);
	cr_asked_free(carrel->asked);
	carrel->asked = NULL;
}

void carrel_free(struct carrel *carrel)
{
	if (!carrel)
		return;
	end_box(carrel);
	cr_arena_free(carrel->work);
	cr_arena_free(carrel->kept);
	free(carrel->json);
	free(carrel);
}

const char *carrel_error(const struct carrel *carrel)
{
	return carrel->error;
}

static int failed(struct carrel *carrel, const struct cr_err *err)
{
	snprintf(carrel->error, sizeof(carrel->error), "%s%s%s", err->text,
		 err->hint[0] != '\0' ? "\nhint: " : "", err->hint);
	return -1;
}

static int out_of_memory(struct carrel *carrel)
{
	struct cr_err err;

	cr_fail(&err, CR_E_NOMEM, "out of memory");
	return failed(carrel, &err);
}

/* A policy error is told by its first diagnostic. */
static int failed_policy(struct carrel *carrel, const struct cr_diags *diags, struct cr_err *err)
{
	const struct cr_diag *first = diags->items;
	const size_t others = diags->count + diags->dropped - 1;

	if (err->code != CR_E_SYNTAX || diags->count == 0)
		return failed(carrel, err);
	if (others > 0)
		cr_fail(err, CR_E_SYNTAX, "%.200s:%u:%u: %.400s (and %lu more)", first->file,
			first->line, first->column, first->text, (unsigned long)others);
	else
		cr_fail(err, CR_E_SYNTAX, "%.200s:%u:%u: %.400s", first->file, first->line,
			first->column, first->text);
	if (first->hint[0] != '\0')
		cr_hint(err, "%s", first->hint);
	return failed(carrel, err);
}

static int refuse_while_running(struct carrel *carrel)
{
	struct cr_err err;

	if (!carrel->is_running)
		return 0;
	cr_fail(&err, CR_E_USAGE, "a box of this object is running");
	return failed(carrel, &err);
}

/* An empty arena for the next call; what the last one returned is gone. */
static int renew_work(struct carrel *carrel)
{
	if (refuse_while_running(carrel) < 0)
		return -1;
	end_box(carrel);
	cr_arena_free(carrel->work);
	carrel->work = cr_arena_new();
	return carrel->work ? 0 : out_of_memory(carrel);
}

int carrel_set_workspace(struct carrel *carrel, const char *path)
{
	struct cr_err err;
	const char *real;

	if (refuse_while_running(carrel) < 0)
		return -1;
	real = cr_sys_real_dir(carrel->kept, path, &err);
	if (!real)
		return failed(carrel, &err);
	carrel->workspace = real;
	return 0;
}

static int check_text(struct carrel *carrel, const struct cr_policy_text *text)
{
	struct cr_diags diags = {0};
	struct cr_policy *policy;
	struct cr_err err;

	if (renew_work(carrel) < 0)
		return -1;
	if (cr_policy_parse(carrel->work,
			    &(const struct cr_policy_source){text->name, CR_LAYER_COMMAND,
							     text->text, text->len},
			    &policy, &diags, &err) == 0)
		return 0;
	return failed_policy(carrel, &diags, &err);
}

int carrel_add_policy(struct carrel *carrel, const char *name, const char *text)
{
	struct cr_policy_text added = {
		.name = cr_arena_strdup(carrel->kept, name),
		.text = cr_arena_strdup(carrel->kept, text),
		.len = strlen(text),
	};
	void *grown;

	if (!added.name || !added.text)
		return out_of_memory(carrel);
	if (check_text(carrel, &added) < 0)
		return -1;
	grown = cr_arena_grow(carrel->kept, carrel->texts, carrel->n_texts, &carrel->cap_texts,
			      sizeof(*carrel->texts));
	if (!grown)
		return out_of_memory(carrel);
	carrel->texts = grown;
	carrel->texts[carrel->n_texts++] = added;
	return 0;
}

int carrel_accept_gap(struct carrel *carrel, const char *gap)
{
	const char *copy;
	struct cr_err err;
	void *grown;

	if (refuse_while_running(carrel) < 0)
		return -1;
	if (cr_gap_check(gap, &err) < 0)
		return failed(carrel, &err);
	copy = cr_arena_strdup(carrel->kept, gap);
	grown = cr_arena_grow(carrel->kept, carrel->accepted, carrel->n_accepted,
			      &carrel->cap_accepted, sizeof(*carrel->accepted));
	if (!copy || !grown)
		return out_of_memory(carrel);
	carrel->accepted = grown;
	carrel->accepted[carrel->n_accepted++] = copy;
	return 0;
}

int carrel_publish(struct carrel *carrel, const char *port)
{
	struct cr_err err;

	if (refuse_while_running(carrel) < 0)
		return -1;
	if (cr_published_add(carrel->kept, &carrel->published, port, "carrel_publish", &err) < 0)
		return failed(carrel, &err);
	return 0;
}

int carrel_published_port(const struct carrel *carrel, unsigned index)
{
	return index < carrel->published.count ? carrel->published.items[index].at.port : -1;
}

int carrel_on_event(struct carrel *carrel, carrel_event_fn fn, void *arg)
{
	if (refuse_while_running(carrel) < 0)
		return -1;
	carrel->on_event = fn;
	carrel->event_arg = arg;
	return 0;
}

/* Takes the line; NULL when memory was out, and then nobody is told. */
static void tell_event(const struct carrel *carrel, char *json)
{
	if (json)
		carrel->on_event(carrel->event_arg, json);
	free(json);
}

static void on_denial(void *arg, const struct cr_denial *denial)
{
	const struct carrel *carrel = arg;

	if (cr_denial_is_real(carrel->prepared.rules, denial))
		tell_event(carrel, cr_denial_json(carrel->prepared.rules, denial));
}

static void on_connection(void *arg, const struct cr_net_msg *event)
{
	const struct carrel *carrel = arg;

	if (carrel->asked)
		cr_asked_is_over(carrel->asked, event->id);
	/* A name that was looked up in vain is a refusal, and told as one. */
	if (carrel->on_event && event->end != CR_NET_LOOKUP)
		tell_event(carrel,
			   cr_net_event_json(carrel->prepared.rules, event, cr_sys_time_ms()));
}

int carrel_on_ask(struct carrel *carrel, unsigned seconds, carrel_asked_fn asked,
		  carrel_answered_fn answered, void *arg)
{
	struct cr_err err;

	if (refuse_while_running(carrel) < 0)
		return -1;
	if (seconds > CR_MAX_ASK_SECS) {
		cr_fail(&err, CR_E_USAGE, "a question cannot wait for %u seconds", seconds);
		cr_hint(&err, "a day at most, %d", CR_MAX_ASK_SECS);
		return failed(carrel, &err);
	}
	carrel->ask_seconds = seconds;
	carrel->asked_calls = (struct cr_asked_calls){asked, answered, arg};
	return 0;
}

/* As in struct cr_reply; 0: for so long it cannot be granted. */
static uint32_t grant_of(unsigned seconds)
{
	if (seconds == CARREL_MOMENT)
		return CR_MOMENT_SECS;
	if (seconds == CARREL_BOX)
		return CR_FOR_THE_BOX;
	return seconds <= CR_MAX_GRANT_SECS ? seconds : 0;
}

int carrel_answer(struct carrel *carrel, const char *id, enum carrel_decision decision,
		  unsigned seconds)
{
	const uint32_t grant = grant_of(seconds);

	if (!carrel->asked || !grant || (decision != CARREL_ALLOW && decision != CARREL_DENY))
		return -1;
	return cr_asked_answer(carrel->asked, id, decision == CARREL_ALLOW, grant);
}

static void on_ask(void *arg, const struct cr_net_msg *question)
{
	const struct carrel *carrel = arg;

	cr_asked_question(carrel->asked, question);
}

static void on_watch(void *arg)
{
	const struct carrel *carrel = arg;

	cr_asked_serve(carrel->asked);
}

/* Rules and plan of what the object has been told so far. */
static int prepare(struct carrel *carrel)
{
	struct cr_err err;

	if (renew_work(carrel) < 0)
		return -1;
	carrel->request = (struct cr_request){
		.os = cr_sys_os,
		.workspace = carrel->workspace,
		.texts = carrel->texts,
		.n_texts = carrel->n_texts,
		.accepted = carrel->accepted,
		.n_accepted = carrel->n_accepted,
		.published = carrel->published,
	};
	if (cr_prepare_rules(carrel->work, &carrel->request, &carrel->prepared, &err) < 0)
		return failed_policy(carrel, &carrel->prepared.diags, &err);
	cr_facts_accept(&carrel->prepared.facts, carrel->request.accepted,
			carrel->request.n_accepted);
	if (cr_prepare_plan(&carrel->prepared, &err) < 0)
		return failed(carrel, &err);
	return 0;
}

const char *carrel_plan_json(struct carrel *carrel)
{
	if (prepare(carrel) < 0)
		return NULL;
	free(carrel->json);
	carrel->json = cr_plan_json(carrel->prepared.plan);
	if (!carrel->json)
		out_of_memory(carrel);
	return carrel->json;
}

static const char *rule_line(struct cr_arena *arena, const struct cr_rule *rule)
{
	if (!rule)
		return "";
	return cr_arena_printf(arena, "%s %s %s%s (%s:%u, %s)", cr_decision_name(rule->decision),
			       cr_capability_name(rule->cap), rule->text, cr_rule_ending(rule),
			       rule->origin.file ? rule->origin.file : "system", rule->origin.line,
			       cr_layer_name(rule->origin.layer));
}

int carrel_explain(struct carrel *carrel, const char *capability, const char *object,
		   const char **rule)
{
	static const int decisions[] = {
		[CR_DENY] = CARREL_DENY,
		[CR_ASK] = CARREL_ASK,
		[CR_ALLOW] = CARREL_ALLOW,
	};
	struct cr_access access = {0};
	struct cr_verdict verdict;
	struct cr_err err;
	const char *line;

	if (cr_capability_parse(capability, &access.cap) < 0) {
		cr_fail(&err, CR_E_USAGE, "unknown capability '%.100s'", capability);
		return failed(carrel, &err);
	}
	if (prepare(carrel) < 0)
		return -1;
	if (cr_ask(&carrel->prepared, object, &access, &err) < 0)
		return failed(carrel, &err);
	verdict = cr_decide(carrel->prepared.rules, &access);
	line = rule_line(carrel->work, verdict.rule);
	if (!line)
		return out_of_memory(carrel);
	if (rule)
		*rule = line;
	return decisions[verdict.decision];
}

static void tell_events(const struct carrel *carrel, struct cr_start *start)
{
	if (!carrel->on_event)
		return;
	start->flags |= CR_LAUNCH_EXPLAIN;
	start->on_denial = on_denial;
	start->on_connection = on_connection;
}

static int begin_asking(struct carrel *carrel, struct cr_start *start, struct cr_err *err)
{
	const struct cr_asked_box box = {&carrel->prepared, &carrel->child, carrel->asked_calls};

	if (!box.calls.asked)
		return 0;
	carrel->asked = cr_asked_new(&box, err);
	if (!carrel->asked)
		return -1;
	start->on_connection = on_connection;
	start->on_ask = on_ask;
	start->on_watch = on_watch;
	start->watch = cr_asked_watched(carrel->asked);
	start->ask_seconds = carrel->ask_seconds;
	return 0;
}

int carrel_run(struct carrel *carrel, char *const argv[])
{
	struct cr_start start = {.argv = argv, .arg = carrel};
	struct cr_err err;

	if (!argv || !argv[0]) {
		cr_fail(&err, CR_E_USAGE, "no command given");
		return failed(carrel, &err);
	}
	if (prepare(carrel) < 0)
		return -1;
	tell_events(carrel, &start);
	if (begin_asking(carrel, &start, &err) < 0)
		return failed(carrel, &err);
	if (cr_prepare_start(&carrel->prepared, &start, &carrel->child, &err) < 0)
		return failed_policy(carrel, &carrel->prepared.diags, &err);
	carrel->is_running = 1;
	return 0;
}

static int exit_code_of(const struct cr_result *result)
{
	switch (result->end) {
	case CR_END_EXITED:
		return result->value;
	case CR_END_SIGNALED:
		return EXIT_SIGNAL + result->value;
	case CR_END_TIMEOUT:
		return EXIT_TIMEOUT;
	case CR_END_UNCOVERED:
		return EXIT_UNCOVERED;
	}
	return -1;
}

int carrel_wait(struct carrel *carrel, int *exit_code)
{
	struct cr_result result;
	struct cr_err err;

	int waited;

	if (!carrel->is_running || carrel->is_waiting) {
		cr_fail(&err, CR_E_USAGE,
			carrel->is_running ? "this object is waited for already"
					   : "no box of this object is running");
		return failed(carrel, &err);
	}
	carrel->is_waiting = 1;
	waited = cr_wait(&carrel->child, &result, &err);
	if (carrel->asked)
		cr_asked_end(carrel->asked);
	carrel->is_running = carrel->is_waiting = 0;
	if (waited < 0)
		return failed(carrel, &err);
	if (exit_code)
		*exit_code = exit_code_of(&result);
	return 0;
}

int carrel_kill(struct carrel *carrel, int sig)
{
	struct cr_err ignored;

	return cr_child_signal(&carrel->child, sig, &ignored);
}
