/*
 * embed.c - a program that boxes a command with the carrel library.
 *
 *   cc embed.c $(pkg-config --cflags --libs carrel) -o embed
 *   ./embed DIRECTORY COMMAND [ARGUMENT ...]
 *
 * The command may write DIRECTORY and nothing else, is ended after a minute, and
 * this program ends with its exit code.
 */
#include <stdio.h>
#include <stdlib.h>

#include <carrel.h>

static const char policy[] = "limit time 60s\n"
			     "deny  write notes.txt   # ours, not the command's\n";

static int fail(struct carrel *box)
{
	fprintf(stderr, "embed: %s\n", carrel_error(box));
	carrel_free(box);
	return 125;
}

static void print_decision(struct carrel *box, const char *capability, const char *object)
{
	static const char *const names[] = {"deny", "ask", "allow"};
	const char *rule;
	const int decision = carrel_explain(box, capability, object, &rule);

	if (decision < 0)
		printf("%s %s: %s\n", capability, object, carrel_error(box));
	else
		printf("%s %s: %s: %s\n", capability, object, names[decision], rule);
}

int main(int argc, char **argv)
{
	struct carrel *box;
	int exit_code;

	if (argc < 3) {
		fprintf(stderr, "usage: embed DIRECTORY COMMAND [ARGUMENT ...]\n");
		return 125;
	}
	box = carrel_new();
	if (!box)
		return 125;
	if (carrel_set_workspace(box, argv[1]) < 0 || carrel_add_policy(box, "embed", policy) < 0)
		return fail(box);
	printf("carrel %s\n", carrel_version());
	print_decision(box, "read", "/usr/bin");
	print_decision(box, "write", "/etc/passwd");
	print_decision(box, "connect", "example.com:443");
	fflush(stdout); /* the command writes to the same place */
	if (carrel_run(box, argv + 2) < 0 || carrel_wait(box, &exit_code) < 0)
		return fail(box);
	carrel_free(box);
	return exit_code;
}
