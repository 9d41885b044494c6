/*
 * question.c - what somebody is asked about, and the connections that wait for the answer.
 *
 * One question serves all that go to the same place, and ends for all. It stays for a moment when
 * the last of them has left: a program in the box that connects and leaves in a loop has one open
 * question then, not a new one each time. After that it is withdrawn, and nothing can be granted by
 * it any more.
 */
#include <stdlib.h>

#include "broker/impl.h"

#define FORLORN_SECS 1

struct br_question {
	struct br_question *next, *prev;
	struct broker *broker;
	uint64_t id;
	struct br_target target;
	size_t n_waiting;
	struct event due;     /* nobody has answered in time */
	struct event forlorn; /* nobody has waited for a moment */
};

uint64_t br_question_id(const struct br_conn *conn)
{
	return conn->question ? conn->question->id : 0;
}

static void question_free(struct br_question *question)
{
	event_del(&question->due);
	event_del(&question->forlorn);
	if (question->prev)
		question->prev->next = question->next;
	else
		question->broker->questions = question->next;
	if (question->next)
		question->next->prev = question->prev;
	free(question);
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
	const struct br_question *question = arg;
	const struct cr_net_msg none = {.id = question->id, .end = CR_NET_UNANSWERED};

	(void)fd;
	(void)what;
	br_question_answer(question->broker, &none);
}

static void on_forlorn(evutil_socket_t fd, short what, void *arg)
{
	struct br_question *question = arg;
	const struct cr_net_msg withdrawn = {
		.kind = CR_NET_WITHDRAWN, .id = question->id, .addr = question->target.addr};

	(void)fd;
	(void)what;
	/* Should it not fit, the question ends there when its time is up. */
	br_channel_send(&question->broker->talk, &withdrawn);
	question_free(question);
}

static struct br_question *find_place(const struct broker *b, const struct br_target *target)
{
	for (struct br_question *question = b->questions; question; question = question->next)
		if (br_same_target(&question->target, target))
			return question;
	return NULL;
}

static struct br_question *find_id(const struct broker *b, uint64_t id)
{
	for (struct br_question *question = b->questions; question; question = question->next)
		if (question->id == id)
			return question;
	return NULL;
}

static struct br_question *question_new(struct broker *b, const struct br_target *target)
{
	const struct timeval limit = {.tv_sec = b->ask_seconds};
	struct br_question *question = calloc(1, sizeof(*question));

	if (!question)
		return NULL;
	question->broker = b;
	question->id = ++b->next_id;
	question->target = *target;
	question->next = b->questions;
	if (b->questions)
		b->questions->prev = question;
	b->questions = question;
	evtimer_assign(&question->due, b->base, on_due, question);
	evtimer_assign(&question->forlorn, b->base, on_forlorn, question);
	evtimer_add(&question->due, &limit);
	return question;
}

/* True: it has been sent. */
static bool put(const struct br_conn *conn)
{
	struct broker *b = conn->broker;
	struct cr_net_msg msg;

	br_conn_fill(conn, &msg);
	msg.kind = CR_NET_ASK;
	msg.seconds = b->ask_seconds;
	return br_channel_send(&b->talk, &msg) == 0;
}

void br_question_ask(struct br_conn *conn)
{
	struct br_question *known = find_place(conn->broker, &conn->target);

	conn->question = known ? known : question_new(conn->broker, &conn->target);
	if (conn->question && !known && !put(conn)) {
		question_free(conn->question);
		conn->question = NULL;
	}
	if (!conn->question) {
		br_conn_end(conn, CR_NET_LIMIT);
		return;
	}
	conn->question->n_waiting++;
	event_del(&conn->question->forlorn);
	br_leave_watch(conn);
}

void br_question_leave(struct br_conn *conn)
{
	const struct timeval moment = {.tv_sec = FORLORN_SECS};
	struct br_question *question = conn->question;

	conn->question = NULL;
	if (question && --question->n_waiting == 0)
		evtimer_add(&question->forlorn, &moment);
}

static enum cr_net_end end_of(const struct cr_net_msg *answer)
{
	enum cr_net_end end = (enum cr_net_end)answer->end;

	return cr_net_end_is_refusal(end) ? end : CR_NET_DENIED;
}

void br_question_answer(struct broker *b, const struct cr_net_msg *answer)
{
	struct br_question *question = find_id(b, answer->id);
	struct br_conn *next;

	if (!question)
		return; /* it has been withdrawn, or its time was up */
	if (answer->allowed)
		br_grant_add(b, &question->target, answer->seconds);
	for (struct br_conn *conn = b->conns; conn; conn = next) {
		next = conn->next;
		if (conn->question != question)
			continue;
		if (!answer->allowed) {
			br_conn_end(conn, end_of(answer));
			continue;
		}
		conn->question = NULL;
		br_dial(conn);
	}
	question_free(question);
}
