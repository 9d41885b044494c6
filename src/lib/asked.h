/*
 * asked.h - brings the questions of one box to the program that uses the library, and its answers,
 * which any thread may give, back to the thread that waits.
 *
 * Answers go through a pipe that no command has: whoever can write to it is this program.
 */
#ifndef CR_LIB_ASKED_H
#define CR_LIB_ASKED_H

#include <stdbool.h>
#include <stdint.h>

#include "carrel.h"
#include "core/backend.h"
#include "prepare.h"

struct cr_asked;

/* Whom to ask. `asked` NULL: nobody. */
struct cr_asked_calls {
	carrel_asked_fn asked;
	carrel_answered_fn answered; /* may be NULL */
	void *arg;
};

/* What it works with. All borrowed, and it lives shorter. */
struct cr_asked_box {
	const struct cr_prepared *prepared;
	struct cr_child *child; /* filled before the first question comes */
	struct cr_asked_calls calls;
};

/* Owned; NULL with CR_E_NOMEM or CR_E_IO. */
struct cr_asked *cr_asked_new(const struct cr_asked_box *box, struct cr_err *err);

/* The descriptor to be watched for cr_asked_serve; borrowed. */
int cr_asked_watched(const struct cr_asked *asked);

/* A cr_ask_fn's work; a question that ended without us; an answer that has come. */
void cr_asked_question(struct cr_asked *asked, const struct cr_net_msg *msg);
void cr_asked_is_over(struct cr_asked *asked, uint64_t number);
void cr_asked_serve(struct cr_asked *asked);

/*
 * Hands over an answer, from any thread, until cr_asked_free; `seconds` as in struct cr_reply. 0,
 * or -1: this is no id, or nobody reads them.
 */
int cr_asked_answer(const struct cr_asked *asked, const char *id, bool allowed, uint32_t seconds);

/* The box has ended: tells of every question that is still open that it is over. */
void cr_asked_end(struct cr_asked *asked);

/* NULL is a no-op. */
void cr_asked_free(struct cr_asked *asked);

#endif
