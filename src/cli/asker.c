/*
 * asker.c - the questions of one box that wait for an answer; see asker.h.
 *
 * Whoever answers first, the rest is done here: the broker is told, and so are all who were asked.
 */
#include "asker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "asker_impl.h"
#include "core/event.h"
#include "core/netevent.h"
#include "lib/sys.h"

#define LATE_MS     5000 /* the broker ends a question by itself; should it not say so */
#define PROMPT_NAME 24   /* bytes of a name that fits beside the keys */

bool cr_asker_is_needed(const struct cr_ruleset *rules)
{
	for (size_t i = 0; i < rules->n_rules; i++)
		if (rules->rules[i].cap == CR_CAP_CONNECT && rules->rules[i].decision == CR_ASK)
			return true;
	return false;
}

int ask_add(struct cr_asker *asker, struct ask_source *source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

	return epoll_ctl(asker->epoll, EPOLL_CTL_ADD, source->fd, &event);
}

/* What is known of it; the broker does not hear who connects to a service of the host's loopback.
 */
static const char *who_of(const struct cr_question *question, struct cr_arena *arena)
{
	const char *program = cr_text_safe(arena, question->msg.program);
	const char *words = cr_question_words(arena, question);
	const char *cwd = cr_text_safe(arena, question->cwd);

	if (question->msg.pid <= 0)
		return "by a program that carrel cannot tell\n        ";
	return cr_arena_printf(arena, "by '%s' (pid %d): %s\n        in %s; ",
			       program ? program : "", (int)question->msg.pid,
			       words && words[0] ? words : "?", cwd && cwd[0] ? cwd : "?");
}

/* Always one line, though the parts come from the box. */
static const char *text_of(const struct cr_asker *asker, const struct cr_question *question,
			   struct cr_arena *arena)
{
	const struct cr_rule *rule = question->rule;
	const char *who = who_of(question, arena);
	const char *object = cr_text_safe(arena, question->object);
	char rule_text[512];

	cr_net_rule_text(rule, rule_text, sizeof(rule_text));
	return cr_arena_printf(arena,
			       "carrel: the command asks to connect to %s\n"
			       "        %srule: %s (%s)\n"
			       "        or answer elsewhere: carrel approve %s\n",
			       object ? object : "", who ? who : "", cr_text_safe(arena, rule_text),
			       rule ? cr_cli_origin(asker->asking.cli, &rule->origin) : "?",
			       question->id);
}

static bool show(struct cr_asker *asker, struct cr_question *question)
{
	const uint64_t now = cr_sys_tick_ms();
	struct cr_arena *arena = cr_arena_new();
	struct ask_tty_text text = {.prompt = "carrel:"};
	bool asked = false;

	if (arena)
		text.question = text_of(asker, question, arena);
	if (arena && strlen(question->object) <= PROMPT_NAME)
		text.prompt = cr_arena_printf(arena, "carrel: %s?", question->object);
	text.seconds =
		question->due_ms > now ? (uint32_t)((question->due_ms - now + 999) / 1000) : 0;
	if (text.question && text.prompt && text.seconds > 0)
		asked = ask_tty_begin(&asker->tty, &text);
	cr_arena_free(arena);
	return asked;
}

/* The next question on the terminal, when it is free and ours. */
static void show_next(struct cr_asker *asker)
{
	struct cr_question *oldest = NULL;

	if (asker->on_tty)
		return;
	for (size_t i = 0; i < CR_QUESTIONS; i++) {
		struct cr_question *question = &asker->questions.pending[i];

		if (question->id[0] && !question->tried &&
		    (!oldest || question->msg.id < oldest->msg.id))
			oldest = question;
	}
	if (!oldest || !show(asker, oldest))
		return;
	asker->on_tty = oldest;
	cr_child_lose_terminal(asker->asking.child);
	if (ask_add(asker, &asker->tty.source) < 0)
		oldest->tried = true; /* the next tick takes it from the screen */
}

static enum ask_tty_answer hide(struct cr_asker *asker)
{
	enum ask_tty_answer answer;

	epoll_ctl(asker->epoll, EPOLL_CTL_DEL, asker->tty.source.fd, NULL);
	answer = ask_tty_end(&asker->tty);
	asker->on_tty = NULL;
	if (asker->asking.child->impl)
		cr_child_regain_terminal(asker->asking.child);
	return answer;
}

static void drop(struct cr_asker *asker, struct cr_question *question,
		 const struct cr_reply *answer)
{
	if (asker->on_tty == question)
		hide(asker);
	ask_server_tell_answer(asker, question, answer);
	cr_question_end(question);
}

void ask_answer(struct cr_asker *asker, struct cr_question *question, const struct cr_reply *answer)
{
	const struct cr_reply final = cr_questions_settle(&asker->questions, question, answer);

	cr_child_answer(asker->asking.child, question->msg.id, final.allowed, final.seconds, NULL);
	drop(asker, question, &final);
}

/* The child that asks has ended. */
static void on_tty(struct cr_asker *asker, struct ask_source *source)
{
	struct cr_question *question = asker->on_tty;
	const enum ask_tty_answer answer = hide(asker);

	(void)source;
	question->tried = answer == ASK_TTY_NONE;
	if (answer == ASK_TTY_NO || answer == ASK_TTY_MOMENT || answer == ASK_TTY_BOX)
		ask_answer(
			asker, question,
			&(const struct cr_reply){
				.allowed = answer != ASK_TTY_NO,
				.seconds = answer == ASK_TTY_BOX ? CR_FOR_THE_BOX : CR_MOMENT_SECS,
				.by = "terminal",
			});
	if (answer != ASK_TTY_GONE)
		show_next(asker); /* otherwise when the terminal is ours again */
}

static const struct cr_reply nobody = {.by = "time"};

/* Every second: is something too old, may the terminal be used by now? */
static void on_timer(struct cr_asker *asker, struct ask_source *source)
{
	uint64_t ticks;

	(void)!read(source->fd, &ticks, sizeof(ticks));
	for (size_t i = 0; i < CR_QUESTIONS; i++)
		if (asker->questions.pending[i].id[0] &&
		    asker->questions.pending[i].due_ms + LATE_MS < cr_sys_tick_ms())
			drop(asker, &asker->questions.pending[i], &nobody);
	show_next(asker);
}

void cr_asker_is_over(struct cr_asker *asker, uint64_t id)
{
	struct cr_question *question;

	if (!asker || !id)
		return;
	question = cr_questions_find_number(&asker->questions, id);
	if (question) {
		cr_questions_settle(&asker->questions, question, &nobody);
		drop(asker, question, &nobody);
	}
	show_next(asker);
}

static void withdraw(struct cr_asker *asker, uint64_t number)
{
	struct cr_question *question = cr_questions_find_number(&asker->questions, number);

	if (!question)
		return;

	const struct cr_reply left = cr_questions_withdraw(&asker->questions, question);

	if (asker->on_tty == question)
		asker->tty.why = ": the program has left";
	drop(asker, question, &left);
	show_next(asker);
}

static void begin(struct cr_asker *asker, const struct cr_net_msg *msg)
{
	const struct cr_question *question = cr_questions_add(&asker->questions, msg);

	if (!question) {
		cr_child_answer(asker->asking.child, msg->id, false, 0, NULL);
		return;
	}
	ask_server_tell_new(asker, question);
	show_next(asker);
}

void cr_asker_question(struct cr_asker *asker, const struct cr_net_msg *msg)
{
	if (msg->kind == CR_NET_WITHDRAWN)
		withdraw(asker, msg->id);
	else
		begin(asker, msg);
}

void cr_asker_serve(struct cr_asker *asker)
{
	/* One at a time: what is ready may close another that is. */
	struct epoll_event ready;
	struct ask_source *source;

	if (epoll_wait(asker->epoll, &ready, 1, 0) != 1)
		return;
	source = ready.data.ptr;
	source->ready(asker, source);
}

bool cr_asker_has_made_place(const struct cr_asker *asker)
{
	return asker->has_made_place;
}

int cr_asker_watched(const struct cr_asker *asker)
{
	return asker->epoll;
}

static bool has_terminal(void)
{
	const int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (tty >= 0)
		close(tty);
	return tty >= 0;
}

static int start_timer(struct cr_asker *asker)
{
	const struct itimerspec second = {.it_interval.tv_sec = 1, .it_value.tv_sec = 1};

	asker->timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return asker->timer.fd < 0 || timerfd_settime(asker->timer.fd, 0, &second, NULL) < 0 ||
			       ask_add(asker, &asker->timer) < 0
		       ? -1
		       : 0;
}

struct cr_asker *cr_asker_new(const struct cr_asking *asking)
{
	struct cr_asker *asker = calloc(1, sizeof(*asker));

	if (!asker)
		return NULL;
	asker->asking = *asking;
	cr_questions_begin(&asker->questions, asking->prepared);
	asker->timer = (struct ask_source){-1, on_timer};
	asker->tty.source = (struct ask_source){-1, on_tty};
	asker->server.dir = asker->server.source.fd = -1;
	asker->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (asker->epoll >= 0 && start_timer(asker) == 0 &&
	    (ask_server_open(asker) == 0 || has_terminal()))
		return asker;
	cr_asker_free(asker);
	return NULL;
}

void cr_asker_free(struct cr_asker *asker)
{
	if (!asker)
		return;
	if (asker->on_tty)
		hide(asker);
	ask_server_close(asker);
	if (asker->timer.fd >= 0)
		close(asker->timer.fd);
	if (asker->epoll >= 0)
		close(asker->epoll);
	free(asker);
}
