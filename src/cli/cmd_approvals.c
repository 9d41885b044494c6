/*
 * cmd_approvals.c - `carrel approvals`, `approve` and `deny`: the other side of the approvals
 * interface (docs/approvals.md), for all running boxes of the user.
 *
 * Decides nothing and keeps nothing. What the boxes tell was chosen by strangers, and is made safe
 * before it is shown.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "approvals.h"
#include "cli.h"
#include "lib/questions.h"

#define MAX_BOXES      256
#define MAX_ANSWER     (64 * 1024) /* bytes of a line */
#define PATIENCE_MS    3000        /* for a launcher, which may be stopped */
#define LOOK_AGAIN_MS  1000        /* for boxes started meanwhile */
#define ID_CHARACTERS  "0123456789abcdef"
#define MAX_GRANT_SECS (366 * 86400)

/* A conversation with one launcher. */
struct box {
	int fd; /* -1: this place is empty */
	char name[CR_APPROVAL_NAME];
	size_t len;
	char text[MAX_ANSWER];
};

struct boxes {
	struct cr_cli *cli;
	const char *places[CR_APPROVALS_PLACES];
	int n_places;
	struct box *items[MAX_BOXES];
	size_t count;
	int json;
	size_t shown;   /* questions printed */
	size_t missing; /* boxes that did not answer */
};

static void close_box(struct box *box)
{
	if (box->fd >= 0)
		close(box->fd);
	free(box);
}

static void close_boxes(struct boxes *boxes)
{
	for (size_t i = 0; i < boxes->count; i++)
		close_box(boxes->items[i]);
	boxes->count = 0;
}

static struct box *box_new(int dir, const char *name)
{
	struct box *box = calloc(1, sizeof(*box));
	long long pid;

	if (!box)
		return NULL;
	memcpy(box->name, name, sizeof(box->name) - 1); /* checked: it is that long */
	box->fd = cr_approvals_connect(dir, name);
	if (box->fd >= 0 && cr_approvals_peer_is_ours(box->fd, &pid))
		return box;
	close_box(box);
	return NULL;
}

static int is_known(const struct boxes *boxes, const char *name)
{
	for (size_t i = 0; i < boxes->count; i++)
		if (strcmp(boxes->items[i]->name, name) == 0)
			return 1;
	return 0;
}

/* Connects to whoever is in `dir` and not known yet; the new ones are the last. */
static void find_in(struct boxes *boxes, int dir)
{
	const int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = again < 0 ? NULL : fdopendir(again);
	const struct dirent *entry;

	while (list && boxes->count < MAX_BOXES && (entry = readdir(list))) {
		struct box *box = NULL;

		if (cr_approvals_is_name(entry->d_name) && !is_known(boxes, entry->d_name))
			box = box_new(dir, entry->d_name);
		if (box)
			boxes->items[boxes->count++] = box;
	}
	if (list)
		closedir(list);
	else if (again >= 0)
		close(again);
}

static int find_boxes(struct boxes *boxes, struct cr_err *err)
{
	if (!boxes->n_places)
		boxes->n_places = cr_approvals_places(boxes->cli->arena, boxes->places, err);
	for (int i = 0; i < boxes->n_places; i++) {
		struct cr_err why;
		const int dir = cr_approvals_open(boxes->places[i], 0, &why);

		if (dir < 0 && why.code == CR_E_TRUST) {
			*err = why;
			return -1;
		}
		if (dir < 0)
			continue; /* no box has made it */
		cr_approvals_sweep(dir);
		find_in(boxes, dir);
		close(dir);
	}
	return boxes->n_places < 0 ? -1 : 0;
}

/* Takes the reference. */
static int send_request(const struct box *box, json_t *request)
{
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	const size_t len = text ? strlen(text) : 0;
	ssize_t sent = -1;

	json_decref(request);
	if (text) {
		text[len] = '\n'; /* in place of the NUL */
		sent = send(box->fd, text, len + 1, MSG_NOSIGNAL);
	}
	free(text);
	return sent == (ssize_t)len + 1 ? 0 : -1;
}

/* The next whole line that has come, as JSON; NULL: there is none yet, or it is none. */
static json_t *take_line(struct box *box)
{
	char *end = memchr(box->text, '\n', box->len);
	const size_t used = end ? (size_t)(end - box->text) + 1 : 0;
	json_t *line;

	if (!end)
		return NULL;
	line = json_loadb(box->text, used - 1, JSON_REJECT_DUPLICATES, NULL);
	box->len -= used;
	memmove(box->text, end + 1, box->len);
	return line ? line : json_null();
}

/* Takes what has come. 0: it is gone, or says too much. */
static int receive(struct box *box)
{
	const ssize_t got = recv(box->fd, box->text + box->len, sizeof(box->text) - box->len, 0);

	if (got > 0)
		box->len += (size_t)got;
	return got > 0 || (got < 0 && errno == EINTR);
}

/* Waits for a line; NULL when none comes in time. */
static json_t *await_line(struct box *box)
{
	struct pollfd polled = {.fd = box->fd, .events = POLLIN};
	json_t *line;

	while (!(line = take_line(box)))
		if (poll(&polled, 1, PATIENCE_MS) <= 0 || !receive(box))
			return NULL;
	return line;
}

static const char *event_of(const json_t *line)
{
	const char *event = json_string_value(json_object_get(line, "event"));

	return event ? event : "";
}

static const char *text_of(struct cr_cli *cli, const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));

	return cr_cli_safe(cli, text ? text : "?");
}

static void print_words(struct cr_cli *cli, const json_t *line)
{
	const json_t *words = json_object_get(line, "argv");

	for (size_t i = 0; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i));

		printf(" %s", cr_cli_safe(cli, word ? word : "?"));
	}
	putchar('\n');
}

static void print_origin(struct cr_cli *cli, const json_t *origin)
{
	if (json_object_get(origin, "file"))
		printf(" (%s:%" JSON_INTEGER_FORMAT ")", text_of(cli, origin, "file"),
		       json_integer_value(json_object_get(origin, "line")));
	putchar('\n');
}

static void print_program(struct cr_cli *cli, const json_t *line)
{
	const json_int_t pid = json_integer_value(json_object_get(line, "pid"));

	if (pid == 0) {
		puts("        by a program that carrel cannot tell");
		return;
	}
	printf("        by '%s' (pid %" JSON_INTEGER_FORMAT "):", text_of(cli, line, "program"),
	       pid);
	print_words(cli, line);
	printf("        in %s\n", text_of(cli, line, "cwd"));
}

static void print_question(struct cr_cli *cli, const json_t *line)
{
	printf("%s  connect to %s; no in %" JSON_INTEGER_FORMAT " s\n", text_of(cli, line, "id"),
	       text_of(cli, line, "object"), json_integer_value(json_object_get(line, "seconds")));
	print_program(cli, line);
	printf("        rule: %s", text_of(cli, line, "rule"));
	print_origin(cli, json_object_get(line, "origin"));
}

/* Nobody has answered, and nobody need: whoever waited for it has gone. */
static int is_withdrawn(const json_t *line)
{
	const char *by = json_string_value(json_object_get(line, "by"));

	return by && strcmp(by, "left") == 0;
}

static void print_answer(struct cr_cli *cli, const json_t *line)
{
	if (is_withdrawn(line)) {
		printf("%s  not asked any more: the program has left\n", text_of(cli, line, "id"));
		return;
	}
	printf("%s  %s, says %s\n", text_of(cli, line, "id"),
	       json_is_true(json_object_get(line, "allowed")) ? "allowed" : "refused",
	       text_of(cli, line, "by"));
}

static void print_json(const struct box *box, json_t *line)
{
	char *text;

	json_object_set_new(line, "box", json_stringn(box->name, 32));
	text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (text)
		puts(text);
	free(text);
}

/* What people want to know of a line. Its memory is its own: somebody may watch for days. */
static void print_line(struct boxes *boxes, const struct box *box, json_t *line)
{
	const int is_question = strcmp(event_of(line), "question") == 0;
	struct cr_cli scratch = *boxes->cli;

	if (!is_question && strcmp(event_of(line), "answered") != 0)
		return;
	boxes->shown += (size_t)is_question;
	scratch.arena = cr_arena_new();
	if (boxes->json)
		print_json(box, line);
	else if (scratch.arena && is_question)
		print_question(&scratch, line);
	else if (scratch.arena)
		print_answer(&scratch, line);
	cr_arena_free(scratch.arena);
}

/* All it has; 0, or -1 when it does not say. */
static int list_box(struct boxes *boxes, struct box *box)
{
	int listed = 0;

	if (send_request(box, json_pack("{s:s}", "op", "list")) < 0)
		return -1;
	while (!listed) {
		json_t *line = await_line(box);

		if (!line)
			return -1;
		listed = strcmp(event_of(line), "listed") == 0;
		print_line(boxes, box, line);
		json_decref(line);
	}
	return 0;
}

static int list(struct boxes *boxes)
{
	for (size_t i = 0; i < boxes->count; i++)
		if (list_box(boxes, boxes->items[i]) < 0)
			boxes->missing++;
	if (boxes->missing > 0)
		fprintf(stderr, "carrel: %zu box%s did not answer; %s stopped?\n", boxes->missing,
			boxes->missing == 1 ? "" : "es",
			boxes->missing == 1 ? "is it" : "are they");
	if (boxes->shown == 0 && !boxes->json)
		puts("nothing is asked");
	return cr_cli_finish(boxes->cli, boxes->missing ? CR_EXIT_NO : CR_EXIT_OK);
}

static void drop_box(struct boxes *boxes, size_t i)
{
	close_box(boxes->items[i]);
	boxes->items[i] = boxes->items[--boxes->count];
}

static void print_all(struct boxes *boxes, struct box *box)
{
	json_t *line;

	while ((line = take_line(box))) {
		print_line(boxes, box, line);
		json_decref(line);
	}
}

/* What comes within a moment, of all of them. */
static void hear(struct boxes *boxes)
{
	struct pollfd polled[MAX_BOXES];

	for (size_t i = 0; i < boxes->count; i++)
		polled[i] = (struct pollfd){.fd = boxes->items[i]->fd, .events = POLLIN};
	if (poll(polled, boxes->count, LOOK_AGAIN_MS) <= 0)
		return;
	for (size_t i = boxes->count; i-- > 0;) {
		if (!polled[i].revents)
			continue;
		if (receive(boxes->items[i]))
			print_all(boxes, boxes->items[i]);
		else
			drop_box(boxes, i);
	}
}

static int watch(struct boxes *boxes)
{
	size_t watched = 0;
	struct cr_err err;

	for (;;) {
		for (; watched < boxes->count; watched++)
			send_request(boxes->items[watched], json_pack("{s:s}", "op", "watch"));
		if (fflush(stdout) != 0)
			return cr_cli_finish(boxes->cli, CR_EXIT_OK);
		hear(boxes);
		watched = boxes->count;
		if (find_boxes(boxes, &err) < 0)
			return cr_cli_fail(boxes->cli, &err);
	}
}

struct approvals_options {
	int json;
	int watch;
};

static const struct cr_option approvals_options[] = {
	{"json", NULL, "print JSON lines", NULL, offsetof(struct approvals_options, json)},
	{"watch", NULL, "go on, and print what is asked and answered", NULL,
	 offsetof(struct approvals_options, watch)},
};

int cr_cmd_approvals(struct cr_cli *cli)
{
	struct approvals_options options = {0};
	struct boxes boxes = {.cli = cli};
	struct cr_err err;
	int exit_code;
	const struct cr_option_group groups[] = {
		{"Options", approvals_options, CR_COUNT_OF(approvals_options), &options},
	};

	if (cr_cli_parse(cli, groups, CR_COUNT_OF(groups), &exit_code) < 0)
		return exit_code;
	if (cli->words.argc > 0)
		return cr_cli_usage(cli, "'%.100s' is one word too many", cli->words.argv[0]);
	boxes.json = options.json;
	if (find_boxes(&boxes, &err) < 0)
		return cr_cli_fail(cli, &err);
	exit_code = options.watch ? watch(&boxes) : list(&boxes);
	close_boxes(&boxes);
	return exit_code;
}

static json_t *answer_json(const char *id, int allow, uint64_t seconds)
{
	json_t *request = json_pack("{s:s, s:s, s:b}", "op", "answer", "id", id, "allow", allow);

	if (request && seconds > 0)
		json_object_set_new(request, "seconds", json_integer((json_int_t)seconds));
	return request;
}

/* What a box says to an answer. */
enum taken { NOT_ASKED, WITHDRAWN, TAKEN };

static enum taken answer_box(struct box *box, json_t *request)
{
	json_t *line;

	if (send_request(box, request) < 0)
		return NOT_ASKED;
	while ((line = await_line(box))) {
		const int done = strcmp(event_of(line), "done") == 0;
		const int other = strcmp(event_of(line), "unknown") == 0 ||
				  strcmp(event_of(line), "error") == 0;
		const int withdrawn = other && is_withdrawn(line);

		json_decref(line);
		if (done || other)
			return done ? TAKEN : withdrawn ? WITHDRAWN : NOT_ASKED;
	}
	return NOT_ASKED;
}

static int answer(struct cr_cli *cli, const char *id, int allow, uint64_t seconds)
{
	struct boxes boxes = {.cli = cli};
	struct cr_err err;
	enum taken taken = NOT_ASKED;

	if (strspn(id, ID_CHARACTERS) != CR_QUESTION_ID - 1 || id[CR_QUESTION_ID - 1])
		return cr_cli_usage(cli, "'%.100s' is no question: 'carrel approvals' lists them",
				    id);
	if (find_boxes(&boxes, &err) < 0)
		return cr_cli_fail(cli, &err);
	for (size_t i = 0; i < boxes.count && taken == NOT_ASKED; i++)
		taken = answer_box(boxes.items[i], answer_json(id, allow, seconds));
	close_boxes(&boxes);
	if (taken == NOT_ASKED)
		fprintf(stderr, "carrel: no box asks '%s' (any more)\n", id);
	if (taken == WITHDRAWN)
		fprintf(stderr,
			"carrel: nobody waits for '%s' any more: the program has left; it will be "
			"asked again when it tries again\n",
			id);
	return taken == TAKEN ? CR_EXIT_OK : CR_EXIT_NO;
}

struct approve_options {
	const char *duration;
};

static const struct cr_option approve_options[] = {
	{"for", "DURATION", "only for 90s, 10m, 8h ... (default: for this box)", NULL,
	 offsetof(struct approve_options, duration)},
};

/* One question, and options in front of it and behind it. 0, or -1 with *exit_code. */
static int parse_answer(struct cr_cli *cli, const struct cr_option_group *groups, size_t count,
			const char **id, int *exit_code)
{
	*id = NULL;
	if (cr_cli_parse(cli, groups, count, exit_code) < 0)
		return -1;
	if (cli->words.argc > 0) {
		*id = cli->words.argv[0];
		cli->words = (struct cr_words){cli->words.argc - 1, cli->words.argv + 1};
		if (cr_cli_parse(cli, groups, count, exit_code) < 0)
			return -1;
	}
	if (*id && cli->words.argc == 0)
		return 0;
	*exit_code = cr_cli_usage(cli, "name one question");
	return -1;
}

int cr_cmd_approve(struct cr_cli *cli)
{
	struct approve_options options = {0};
	struct cr_err err;
	const char *id;
	uint64_t ms = 0;
	int exit_code;
	const struct cr_option_group groups[] = {
		{"Options", approve_options, CR_COUNT_OF(approve_options), &options},
	};

	if (parse_answer(cli, groups, CR_COUNT_OF(groups), &id, &exit_code) < 0)
		return exit_code;
	if (options.duration && (cr_parse_duration(options.duration, &ms) < 0 || ms == 0 ||
				 ms > MAX_GRANT_SECS * UINT64_C(1000))) {
		cr_fail(&err, CR_E_USAGE, "option '--for' cannot be '%.100s'", options.duration);
		cr_hint(&err, "write it as '--for 10m'; a year at most");
		return cr_cli_fail(cli, &err);
	}
	return answer(cli, id, 1, (ms + 999) / 1000);
}

int cr_cmd_deny(struct cr_cli *cli)
{
	const char *id;
	int exit_code;

	if (parse_answer(cli, NULL, 0, &id, &exit_code) < 0)
		return exit_code;
	return answer(cli, id, 0, 0);
}
