/* asker_impl.h - what the files of the asker share; see asker.h. */
#ifndef CR_CLI_ASKER_IMPL_H
#define CR_CLI_ASKER_IMPL_H

#include <jansson.h>
#include <sys/types.h>
#include <termios.h>

#include "approvals.h"
#include "asker.h"
#include "core/limits.h"
#include "lib/questions.h"

#define ASK_MAX_CLIENTS 16
#define ASK_MAX_STOPPED 8192 /* processes of the box; with more it is not asked on the terminal */
#define ASK_WORD        4    /* three letters and NUL */

/* Something of ours that can be read. */
struct ask_source {
	int fd;
	void (*ready)(struct cr_asker *asker, struct ask_source *source);
};

struct ask_stopped {
	pid_t pid;
	int depth;
};

/* What has been stopped. */
struct ask_frozen {
	size_t count;
	struct ask_stopped items[ASK_MAX_STOPPED];
};

/* ask_freeze.c: stops every process of the box that runs; continues those. False: some may still
 * run, so nothing may be asked; ask_thaw is due all the same. */
bool ask_freeze(struct ask_frozen *frozen);
void ask_thaw(struct ask_frozen *frozen);

struct ask_process {
	pid_t pid, parent;
	int depth; /* generations below us, 0 for ourselves; negative: no descendant, or unknown */
	int threads;
	char state; /* as in proc_pid_stat(5) */
};

/* All that run; `items` is the caller's to free. */
struct ask_family {
	size_t count, space;
	struct ask_process *items;
};

/* ask_family.c: without its depth; false: it has gone. */
bool ask_look(pid_t pid, struct ask_process *out);
/* Fills it anew. False: it is incomplete, look again. */
bool ask_family_look(struct ask_family *family);
/* How many generations `pid` is below us, 0 for ourselves; -1: it is no descendant. */
int ask_depth(pid_t pid);

/* The word that means yes to one question, and what has been typed so far. */
struct ask_line {
	char word[ASK_WORD];
	char typed[ASK_WORD + 1]; /* safe to show; full: it is nothing that means yes */
};

/* ask_word.c: a new word, nothing typed. False: no randomness. */
bool ask_word_make(struct ask_line *line);
/*
 * What was read from the terminal at once, `len` > 0 bytes: an enum ask_tty_answer, or 0 for not
 * yet. `guarded`: too early for a yes, and nothing of it is kept.
 */
int ask_word_type(struct ask_line *line, const char *keys, size_t len, bool guarded);

/* A terminal on which something is asked. */
struct ask_tty {
	struct ask_source source; /* the answer of `child`; fd -1: nothing is asked */
	int tty;
	pid_t child;
	pid_t group;     /* that had the terminal */
	const char *why; /* it is not asked any more, as the end of a sentence; "" */
	struct termios saved;
	struct ask_frozen frozen;
};

/* What is said there; safe to show. */
struct ask_tty_text {
	const char *question; /* lines, each ended by a newline */
	const char *prompt;   /* in front of the words */
	uint32_t seconds;
};

enum ask_tty_answer {
	ASK_TTY_NO = 'n',
	ASK_TTY_MOMENT = 'y',
	ASK_TTY_BOX = 'a',
	ASK_TTY_NONE = 't', /* the time is up */
	ASK_TTY_GONE = '-', /* somebody took the terminal */
};

/*
 * Asks there, when it is the box's in the foreground. True: asked; the source can be read once
 * there is an answer, and then ask_tty_end says which.
 */
bool ask_tty_begin(struct ask_tty *tty, const struct ask_tty_text *text);
/* Gives the terminal back as it was, and continues who had it. */
enum ask_tty_answer ask_tty_end(struct ask_tty *tty);

struct ask_client {
	struct ask_source source;
	int64_t pid;
	bool watches;
	size_t len;
	char line[CR_APPROVAL_LINE];
};

struct ask_server {
	struct ask_source source;
	int dir;                     /* -1: there is no interface */
	char name[CR_APPROVAL_NAME]; /* of the socket in it */
	struct ask_client *clients[ASK_MAX_CLIENTS];
};

struct cr_asker {
	struct cr_asking asking;
	int epoll;
	bool has_made_place;
	struct ask_source timer;
	struct cr_questions questions;
	struct ask_tty tty;
	struct cr_question *on_tty; /* NULL: none */
	struct ask_server server;
};

int ask_add(struct cr_asker *asker, struct ask_source *source);
/* The question is answered, and over. */
void ask_answer(struct cr_asker *asker, struct cr_question *question,
		const struct cr_reply *answer);

/* ask_server.c. Open: 0 or -1, nothing is said. */
int ask_server_open(struct cr_asker *asker);
void ask_server_close(struct cr_asker *asker);
void ask_server_tell_new(struct cr_asker *asker, const struct cr_question *question);
void ask_server_tell_answer(struct cr_asker *asker, const struct cr_question *question,
			    const struct cr_reply *answer);

#endif
