/*
 * questions.c - see questions.h.
 *
 * Keeps a fixed number of questions and refusals, whatever a box does. It never answers the broker:
 * that is the caller's, once somebody has been found to decide.
 */
#include "questions.h"

#include <stdio.h>
#include <string.h>

#include "core/json_text.h"
#include "core/netevent.h"
#include "sys.h"

void cr_questions_begin(struct cr_questions *questions, const struct cr_prepared *prepared)
{
	questions->prepared = prepared;
	questions->started_ms = cr_sys_tick_ms();
}

static bool same_place(const struct cr_net_msg *a, const struct cr_net_msg *b)
{
	return strcmp(a->name, b->name) == 0 && a->addr.port == b->addr.port &&
	       (a->name[0] || (a->addr.family == b->addr.family &&
			       memcmp(a->addr.bytes, b->addr.bytes, sizeof(a->addr.bytes)) == 0));
}

static bool was_refused(const struct cr_questions *questions, const struct cr_net_msg *msg)
{
	const uint64_t now = cr_sys_tick_ms();

	for (size_t i = 0; i < CR_REFUSALS; i++)
		if (questions->refused[i].until_ms > now &&
		    same_place(&questions->refused[i].msg, msg))
			return true;
	return false;
}

static void remember_refused(struct cr_questions *questions, const struct cr_net_msg *msg)
{
	const size_t i = questions->next_refused++ % CR_REFUSALS;

	questions->refused[i].msg = *msg;
	questions->refused[i].until_ms = cr_sys_tick_ms() + CR_MOMENT_SECS * 1000;
}

static uint32_t seconds_left(const struct cr_questions *questions, uint32_t wanted)
{
	const struct cr_limit *expire = &questions->prepared->rules->expire;
	const uint64_t passed = cr_sys_tick_ms() - questions->started_ms;
	uint64_t left;

	if (!expire->set || !expire->value)
		return wanted;
	left = expire->value > passed ? (expire->value - passed) / 1000 : 0;
	return left < wanted ? (uint32_t)left : wanted;
}

struct cr_reply cr_questions_settle(struct cr_questions *questions,
				    const struct cr_question *question,
				    const struct cr_reply *answer)
{
	struct cr_reply settled = *answer;

	if (settled.allowed)
		settled.seconds = seconds_left(questions, settled.seconds);
	else
		remember_refused(questions, &question->msg);
	return settled;
}

static void fill(const struct cr_questions *questions, struct cr_question *question,
		 const struct cr_net_msg *msg, const char *random)
{
	*question = (struct cr_question){
		.msg = *msg,
		.rule = cr_net_decide(questions->prepared->rules, msg->name, &msg->addr).rule,
		.due_ms = cr_sys_tick_ms() + msg->seconds * UINT64_C(1000),
	};
	memcpy(question->id, random, CR_QUESTION_ID - 1);
	cr_net_object(msg->name, &msg->addr, question->object, sizeof(question->object));
	cr_question_who(question);
}

static struct cr_question *free_place(struct cr_questions *questions)
{
	for (size_t i = 0; i < CR_QUESTIONS; i++)
		if (!questions->pending[i].id[0])
			return &questions->pending[i];
	return NULL;
}

struct cr_question *cr_questions_add(struct cr_questions *questions, const struct cr_net_msg *msg)
{
	struct cr_question *question = free_place(questions);
	char random[CR_RANDOM_TEXT];

	if (!question || was_refused(questions, msg) || cr_sys_random(random, NULL) < 0)
		return NULL;
	fill(questions, question, msg, random);
	return question;
}

struct cr_question *cr_questions_find(struct cr_questions *questions, const char *id)
{
	for (size_t i = 0; i < CR_QUESTIONS; i++)
		if (id[0] && strcmp(questions->pending[i].id, id) == 0)
			return &questions->pending[i];
	return NULL;
}

struct cr_question *cr_questions_find_number(struct cr_questions *questions, uint64_t number)
{
	for (size_t i = 0; number && i < CR_QUESTIONS; i++)
		if (questions->pending[i].id[0] && questions->pending[i].msg.id == number)
			return &questions->pending[i];
	return NULL;
}

void cr_question_end(struct cr_question *question)
{
	question->id[0] = '\0';
}

struct cr_reply cr_questions_withdraw(struct cr_questions *questions,
				      const struct cr_question *question)
{
	const size_t i = questions->next_withdrawn++ % CR_QUESTIONS;

	memcpy(questions->withdrawn[i], question->id, CR_QUESTION_ID);
	return (struct cr_reply){.by = "left"};
}

bool cr_questions_was_withdrawn(const struct cr_questions *questions, const char *id)
{
	for (size_t i = 0; i < CR_QUESTIONS; i++)
		if (id[0] && strcmp(questions->withdrawn[i], id) == 0)
			return true;
	return false;
}

json_t *cr_question_json(const struct cr_question *question)
{
	const struct cr_rule *rule = question->rule;
	const struct cr_net_msg *msg = &question->msg;
	const uint64_t now = cr_sys_tick_ms();
	const uint64_t left = question->due_ms > now ? question->due_ms - now : 0;
	char rule_text[CR_MAX_LINE_BYTES + 64];

	return json_pack(
		"{s:s, s:s, s:s, s:s, s:o, s:i, s:o, s:i, s:o, s:o, s:o, s:o, s:i}", "event",
		"question", "id", question->id, "capability", "connect", "object", question->object,
		"name", msg->name[0] ? cr_json_text(msg->name) : json_null(), "port",
		(int)msg->addr.port, "program", cr_json_text(msg->program), "pid", (int)msg->pid,
		"argv", cr_question_words_json(question), "cwd", cr_json_text(question->cwd),
		"rule", cr_json_text(cr_net_rule_text(rule, rule_text, sizeof(rule_text))),
		"origin", rule ? cr_json_origin(&rule->origin) : json_null(), "seconds",
		(int)(left / 1000));
}

json_t *cr_answer_json(const struct cr_question *question, const struct cr_reply *answer)
{
	return json_pack("{s:s, s:s, s:b, s:o, s:s, s:I}", "event", "answered", "id", question->id,
			 "allowed", answer->allowed, "seconds",
			 answer->allowed && answer->seconds != CR_FOR_THE_BOX
				 ? cr_json_number(answer->seconds)
				 : json_null(),
			 "by", answer->by, "pid", (json_int_t)answer->pid);
}
