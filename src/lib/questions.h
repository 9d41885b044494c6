/*
 * questions.h - what one box asks and nobody has answered yet, for whoever brings the questions to
 * somebody: the command line's asker, and asked.h for programs that use the library.
 *
 * It knows what an answer means (docs/approvals.md): how long a grant may last, that a no holds for
 * a moment. Who is asked, and how, is the caller's. One thread.
 */
#ifndef CR_LIB_QUESTIONS_H
#define CR_LIB_QUESTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/limits.h"
#include "prepare.h"

#define CR_QUESTIONS      64 /* open at once; more are answered with no */
#define CR_REFUSALS       64 /* places whose no is remembered */
#define CR_QUESTION_ID    13 /* 12 hexadecimal digits and NUL */
#define CR_MOMENT_SECS    10 /* "this time", and how long a no holds without being asked again */
#define CR_MAX_GRANT_SECS (366 * 86400)
#define CR_MAX_ASK_SECS   86400      /* that somebody has to answer */
#define CR_FOR_THE_BOX    UINT32_MAX /* seconds: as long as the box and its policy last */

struct cr_question {
	struct cr_net_msg msg;
	char id[CR_QUESTION_ID]; /* for people and the interface; "": this place is empty */
	char object[CR_MAX_HOST + 64];
	char words[1024]; /* of the program's command line, each ended by NUL; as it says itself */
	size_t words_len;
	char cwd[512];
	const struct cr_rule *rule; /* that asks */
	uint64_t due_ms;            /* cr_sys_tick_ms */
	bool tried;                 /* the terminal has no answer to it */
};

/* How a question was answered. */
struct cr_reply {
	bool allowed;
	uint32_t seconds; /* or CR_FOR_THE_BOX */
	const char *by;   /* "terminal", "client", "program", "time", "left" */
	int64_t pid;      /* of the client; 0 */
};

struct cr_questions {
	const struct cr_prepared *prepared; /* borrowed */
	uint64_t started_ms;
	struct cr_question pending[CR_QUESTIONS];
	struct {
		struct cr_net_msg msg; /* name, addr */
		uint64_t until_ms;
	} refused[CR_REFUSALS];
	size_t next_refused;
	char withdrawn[CR_QUESTIONS][CR_QUESTION_ID]; /* the last ones */
	size_t next_withdrawn;
};

/* The box starts about now. *questions is zeroed. */
void cr_questions_begin(struct cr_questions *questions, const struct cr_prepared *prepared);

/* One that has come; lives in *questions until cr_question_end. NULL: the answer is no, at once:
 * there are too many, it was a no a moment ago, or there is no randomness for an id. */
struct cr_question *cr_questions_add(struct cr_questions *questions, const struct cr_net_msg *msg);

/* By its id, and by the broker's number; NULL: nobody asks that (any more). */
struct cr_question *cr_questions_find(struct cr_questions *questions, const char *id);
struct cr_question *cr_questions_find_number(struct cr_questions *questions, uint64_t number);

/* No grant outlives what the policy says of grants; a no is remembered. What holds then. */
struct cr_reply cr_questions_settle(struct cr_questions *questions,
				    const struct cr_question *question,
				    const struct cr_reply *answer);

void cr_question_end(struct cr_question *question);

/* Whoever waited for the answer has left: nothing holds and nothing is refused by that, and
 * cr_question_end is due all the same. Its reply; and was that the end of this one? */
struct cr_reply cr_questions_withdraw(struct cr_questions *questions,
				      const struct cr_question *question);
bool cr_questions_was_withdrawn(const struct cr_questions *questions, const char *id);

/* docs/approvals.md, "question" and "answered". New references; NULL when memory is out. */
json_t *cr_question_json(const struct cr_question *question);
json_t *cr_answer_json(const struct cr_question *question, const struct cr_reply *answer);

/* question_who.c: fills words and cwd from /proc; the process may say what it likes. */
void cr_question_who(struct cr_question *question);
/* As one line; in `arena`, safe to show; NULL when memory is out. */
const char *cr_question_words(struct cr_arena *arena, const struct cr_question *question);
json_t *cr_question_words_json(const struct cr_question *question);

#endif
