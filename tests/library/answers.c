/*
 * answers.c - a program that answers from within the callback, in the way that MODE says.
 *
 *   answers MODE POLICY COMMAND [ARGUMENT ...]
 *
 * Prints a line for each call; ends with the exit code of the command, 99 when the library took
 * what it must refuse.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <carrel.h>

static struct carrel *box;
static int is_wrong;

static void must_fail(int result)
{
	if (result != -1)
		is_wrong = 1;
}

static void allow(const char *id)
{
	if (carrel_answer(box, id, CARREL_ALLOW, CARREL_BOX) < 0)
		is_wrong = 1;
}

static void deny(const char *id)
{
	if (carrel_answer(box, id, CARREL_DENY, CARREL_BOX) < 0)
		is_wrong = 1;
}

static void deny_then_allow(const char *id)
{
	deny(id);
	allow(id);
}

/* The command makes the file once it has been refused: it is not the answer that it waits for. */
static void allow_late(const char *id)
{
	while (access("refused", F_OK) < 0)
		usleep(10000);
	allow(id);
}

static void answer_badly(const char *id)
{
	char longer[100];

	snprintf(longer, sizeof(longer), "%s0", id);
	must_fail(carrel_answer(box, "", CARREL_ALLOW, CARREL_BOX));
	must_fail(carrel_answer(box, longer, CARREL_ALLOW, CARREL_BOX));
	must_fail(carrel_answer(box, id, CARREL_ASK, CARREL_BOX));
	must_fail(carrel_answer(box, id, (enum carrel_decision)7, CARREL_BOX));
	must_fail(carrel_answer(box, id, CARREL_ALLOW, 31622401));
	must_fail(carrel_on_ask(box, 1, NULL, NULL, NULL));
	must_fail(carrel_add_policy(box, "late", "allow connect *:*"));
	allow("000000000000"); /* it looks like an id, and nobody has it */
}

static void nothing(const char *id)
{
	(void)id;
}

static struct mode {
	const char *name;
	void (*asked)(const char *id);
	void (*answered)(const char *id);
} modes[] = {
	{"allow", allow, nothing},           {"deny", deny, nothing},
	{"twice", deny_then_allow, nothing}, {"late", allow_late, nothing},
	{"badly", answer_badly, nothing},    {"afterwards", nothing, allow},
	{"nobody", NULL, nothing},
};

static void asked(void *arg, const char *id, const char *object, const char *json)
{
	const struct mode *mode = arg;

	printf("ASKED %s %d\n", object, strstr(json, id) != NULL);
	mode->asked(id);
}

static void answered(void *arg, const char *id, const char *json)
{
	const struct mode *mode = arg;

	printf("ANSWERED %s\n", json);
	mode->answered(id);
}

int main(int argc, char **argv)
{
	struct mode *mode = modes;
	int code = 125;

	box = carrel_new();
	if (argc < 4 || !box)
		return 125;
	while (strcmp(mode->name, argv[1]) != 0)
		if (++mode == modes + sizeof(modes) / sizeof(modes[0]))
			return 125;
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	must_fail(carrel_answer(box, "000000000000", CARREL_ALLOW, CARREL_BOX));
	must_fail(carrel_on_ask(box, 86401, asked, answered, NULL));
	if (carrel_add_policy(box, "answers", argv[2]) < 0 ||
	    carrel_on_ask(box, 2, mode->asked ? asked : NULL, answered, mode) < 0 ||
	    carrel_run(box, argv + 3) < 0 || carrel_wait(box, &code) < 0)
		fprintf(stderr, "answers: %s\n", carrel_error(box));
	carrel_free(box);
	return is_wrong ? 99 : code;
}
