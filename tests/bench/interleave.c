/*
 * interleave.c - times whole processes, taking turns, so that a busy moment of the machine hits
 * every competitor alike.
 *
 * usage: interleave ROUNDS [@FD=PATH] COMMAND... [--next [@FD=PATH] COMMAND...]...
 *
 * Prints "INDEX MICROSECONDS" a run: from before vfork to after wait. @FD=PATH opens a file for
 * the child under that number, freshly each time (bwrap reads its filter from a descriptor). A
 * command that does not exit with 0 ends the measurement: a failed start must not look quick.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COMMANDS 16

struct command {
	char **argv;
	int fd;           /* to open `path` as */
	const char *path; /* NULL: none */
};

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Cuts argv at "--next" into commands; returns how many. */
static int split(char **argv, struct command *commands)
{
	int count = 0;

	while (*argv && count < MAX_COMMANDS) {
		struct command *command = &commands[count++];

		*command = (struct command){0};
		if (argv[0][0] == '@') {
			char *end;

			command->fd = (int)strtol(argv[0] + 1, &end, 10);
			command->path = end + 1; /* behind the '=' */
			argv++;
		}
		command->argv = argv;
		while (*argv && strcmp(*argv, "--next") != 0)
			argv++;
		if (*argv)
			*argv++ = NULL;
	}
	return count;
}

/* Runs once; microseconds, or -1 when it failed. */
static double run_once(const struct command *command)
{
	posix_spawn_file_actions_t actions;
	double start;
	int status = 1;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	if (command->path)
		posix_spawn_file_actions_addopen(&actions, command->fd, command->path, O_RDONLY, 0);
	start = now_us();
	if (!command->argv[0])
		status = 127 << 8;
	else if (posix_spawnp(&pid, command->argv[0], &actions, NULL, command->argv, environ) != 0)
		status = 127 << 8;
	else if (waitpid(pid, &status, 0) != pid)
		status = 1;
	posix_spawn_file_actions_destroy(&actions);
	return status == 0 ? now_us() - start : -1;
}

int main(int argc, char **argv)
{
	struct command commands[MAX_COMMANDS];
	long rounds = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	int count;

	if (rounds <= 0) {
		fprintf(stderr, "usage: interleave ROUNDS [@FD=PATH] COMMAND... [--next ...]\n");
		return 2;
	}
	count = split(argv + 2, commands);
	for (long round = 0; round < rounds; round++) {
		for (int i = 0; i < count; i++) {
			/* a different one begins each round */
			int index = (int)((round + i) % count);
			double us = run_once(&commands[index]);

			if (us < 0) {
				fprintf(stderr, "interleave: '%s' failed\n",
					commands[index].argv[0]);
				return 1;
			}
			printf("%d %.1f\n", index, us);
		}
	}
	return 0;
}
