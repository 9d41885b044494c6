/*
 * asking.c - a program with a user interface that answers what its box asks.
 *
 *   cc asking.c $(pkg-config --cflags --libs carrel) -pthread -o asking
 *   ./asking SECONDS POLICY COMMAND [ARGUMENT ...]
 *
 * The interface is whoever is at standard input and output: it is told of questions, their ends,
 * refusals and connections as JSON lines, and answers `allow ID SECONDS` or `deny ID`; SECONDS 0 is
 * this moment. The command gets neither end of that: it reads nothing, and writes to standard
 * error.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <carrel.h>

struct interface {
	FILE *in, *out;
	struct carrel *box;
};

/* Called from carrel_wait; whoever draws windows would pass it on to that thread. */
static void asked(void *arg, const char *id, const char *object, const char *json)
{
	const struct interface *ui = arg;

	(void)id; /* the line has both */
	(void)object;
	fprintf(ui->out, "%s\n", json);
}

static void answered(void *arg, const char *id, const char *json)
{
	const struct interface *ui = arg;

	(void)id;
	fprintf(ui->out, "%s\n", json);
}

static void happened(void *arg, const char *json)
{
	const struct interface *ui = arg;

	fprintf(ui->out, "%s\n", json);
}

/* A thread of its own, since the other one waits for the box. */
static void *listen_to_user(void *arg)
{
	const struct interface *ui = arg;
	char line[100], id[20];
	unsigned seconds;

	while (fgets(line, sizeof(line), ui->in)) {
		int failed = 0;

		if (sscanf(line, "allow %19s %u", id, &seconds) == 2)
			failed = carrel_answer(ui->box, id, CARREL_ALLOW, seconds);
		else if (sscanf(line, "deny %19s", id) == 1)
			failed = carrel_answer(ui->box, id, CARREL_DENY, CARREL_MOMENT);
		if (failed)
			fputs("{\"event\":\"unknown\"}\n", ui->out);
	}
	return NULL;
}

/* Keeps standard input and output for the interface, closed on exec, and gives the command others.
 */
static int take_standard(struct interface *ui)
{
	const int in = fcntl(0, F_DUPFD_CLOEXEC, 3), out = fcntl(1, F_DUPFD_CLOEXEC, 3);
	const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (in < 0 || out < 0 || nothing < 0 || dup2(nothing, 0) < 0 || dup2(2, 1) < 0)
		return -1;
	ui->in = fdopen(in, "r");
	ui->out = fdopen(out, "w");
	return ui->in && ui->out && setvbuf(ui->out, NULL, _IOLBF, BUFSIZ) == 0 ? 0 : -1;
}

static int run(struct interface *ui, char *const argv[])
{
	pthread_t user;
	int exit_code;

	if (carrel_run(ui->box, argv) < 0)
		return -1;
	if (pthread_create(&user, NULL, listen_to_user, ui) != 0)
		return -1;
	if (carrel_wait(ui->box, &exit_code) < 0)
		exit_code = -1;
	pthread_cancel(user); /* it must not use the box when that is freed */
	pthread_join(user, NULL);
	return exit_code;
}

int main(int argc, char **argv)
{
	struct interface ui = {.box = carrel_new()};
	int exit_code = -1;

	if (argc < 4 || !ui.box || take_standard(&ui) < 0) {
		fprintf(stderr, "usage: asking SECONDS POLICY COMMAND [ARGUMENT ...]\n");
		return 125;
	}
	if (carrel_add_policy(ui.box, "asking", argv[2]) == 0 &&
	    carrel_on_event(ui.box, happened, &ui) == 0 &&
	    carrel_on_ask(ui.box, (unsigned)strtoul(argv[1], NULL, 10), asked, answered, &ui) == 0)
		exit_code = run(&ui, argv + 3);
	if (exit_code < 0)
		fprintf(stderr, "asking: %s\n", carrel_error(ui.box));
	carrel_free(ui.box);
	return exit_code < 0 ? 125 : exit_code;
}
