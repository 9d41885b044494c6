/*
 * asked.c - see asked.h.
 *
 * An answer is one small record: a pipe takes and gives it whole (pipe(7), PIPE_BUF), so threads
 * need no lock. Both ends are close-on-exec and stay open together, so nobody gets a SIGPIPE.
 */
#include "asked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "questions.h"

struct cr_asked {
	struct cr_asked_box box;
	struct cr_questions questions;
	int ends[2];
};

/* What goes through the pipe. */
struct record {
	char id[CR_QUESTION_ID];
	bool allowed;
	uint32_t seconds;
};

struct cr_asked *cr_asked_new(const struct cr_asked_box *box, struct cr_err *err)
{
	struct cr_asked *asked = calloc(1, sizeof(*asked));

	if (!asked) {
		cr_fail(err, CR_E_NOMEM, "out of memory");
		return NULL;
	}
	if (pipe2(asked->ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		cr_fail_os(err, CR_E_IO, errno, "cannot make a pipe for answers");
		free(asked);
		return NULL;
	}
	asked->box = *box;
	cr_questions_begin(&asked->questions, box->prepared);
	return asked;
}

int cr_asked_watched(const struct cr_asked *asked)
{
	return asked->ends[0];
}

/* Takes the reference. */
static char *text_of(json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	json_decref(json);
	return text;
}

static void end(struct cr_asked *asked, struct cr_question *question, const struct cr_reply *answer)
{
	const struct cr_asked_calls *calls = &asked->box.calls;
	char *json = text_of(cr_answer_json(question, answer));

	if (calls->answered)
		calls->answered(calls->arg, question->id, json ? json : "{}");
	free(json);
	cr_question_end(question);
}

static void settle(struct cr_asked *asked, struct cr_question *question,
		   const struct cr_reply *answer)
{
	const struct cr_reply settled = cr_questions_settle(&asked->questions, question, answer);

	cr_child_answer(asked->box.child, question->msg.id, settled.allowed, settled.seconds, NULL);
	end(asked, question, &settled);
}

static void withdraw(struct cr_asked *asked, uint64_t number)
{
	struct cr_question *question = cr_questions_find_number(&asked->questions, number);

	if (!question)
		return;

	const struct cr_reply left = cr_questions_withdraw(&asked->questions, question);

	end(asked, question, &left);
}

/* A question that nobody can be shown is answered with no. */
static void begin(struct cr_asked *asked, const struct cr_net_msg *msg)
{
	const struct cr_asked_calls *calls = &asked->box.calls;
	struct cr_question *question = cr_questions_add(&asked->questions, msg);
	char *json = question ? text_of(cr_question_json(question)) : NULL;

	if (json) {
		calls->asked(calls->arg, question->id, question->object, json);
	} else {
		cr_child_answer(asked->box.child, msg->id, false, 0, NULL);
		if (question)
			cr_question_end(question);
	}
	free(json);
}

void cr_asked_question(struct cr_asked *asked, const struct cr_net_msg *msg)
{
	if (msg->kind == CR_NET_WITHDRAWN)
		withdraw(asked, msg->id);
	else
		begin(asked, msg);
}

static const struct cr_reply nobody = {.by = "time"};

void cr_asked_is_over(struct cr_asked *asked, uint64_t number)
{
	struct cr_question *question = cr_questions_find_number(&asked->questions, number);

	if (!question)
		return;
	cr_questions_settle(&asked->questions, question, &nobody);
	end(asked, question, &nobody);
}

void cr_asked_serve(struct cr_asked *asked)
{
	struct cr_question *question;
	struct record record;

	if (read(asked->ends[0], &record, sizeof(record)) != (ssize_t)sizeof(record))
		return;
	question = cr_questions_find(&asked->questions, record.id);
	if (question)
		settle(asked, question,
		       &(const struct cr_reply){
			       .allowed = record.allowed,
			       .seconds = record.seconds,
			       .by = "program",
		       });
}

int cr_asked_answer(const struct cr_asked *asked, const char *id, bool allowed, uint32_t seconds)
{
	struct record record;

	if (strlen(id) != CR_QUESTION_ID - 1)
		return -1;
	memset(&record, 0, sizeof(record)); /* what lies between the members, too */
	memcpy(record.id, id, CR_QUESTION_ID);
	record.allowed = allowed;
	record.seconds = seconds;
	return write(asked->ends[1], &record, sizeof(record)) == (ssize_t)sizeof(record) ? 0 : -1;
}

void cr_asked_end(struct cr_asked *asked)
{
	for (size_t i = 0; i < CR_QUESTIONS; i++)
		if (asked->questions.pending[i].id[0])
			end(asked, &asked->questions.pending[i], &nobody);
}

void cr_asked_free(struct cr_asked *asked)
{
	if (!asked)
		return;
	close(asked->ends[0]);
	close(asked->ends[1]);
	free(asked);
}
