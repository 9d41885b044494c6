/*
 * racer.c - swaps pairs of names as fast as it can, until it is killed.
 *
 * Each pair is exchanged (renameat2 RENAME_EXCHANGE) in random order, with pauses of random length,
 * so that a start meets every name in both states and in between. On SIGTERM every pair is left the
 * way it was found.
 *
 * usage: racer SEED NAME OTHER [NAME OTHER...]
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile sig_atomic_t stopped;

static void on_term(int sig)
{
	stopped = sig;
}

struct name {
	int dir;
	const char *base;
};

struct pair {
	struct name one, other;
	int swapped;
};

static struct name open_name(char *path)
{
	char *slash = strrchr(path, '/');
	struct name name = {.dir = -1};

	if (slash) {
		*slash = '\0';
		name = (struct name){open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), slash + 1};
	}
	return name;
}

static int swap(struct pair *pair)
{
	const struct name *a = &pair->one, *b = &pair->other;

	if (renameat2(a->dir, a->base, b->dir, b->base, RENAME_EXCHANGE) < 0)
		return -1;
	pair->swapped = !pair->swapped;
	return 0;
}

/* Names lie in one another: some can be swapped back only after others. */
static void swap_back(struct pair *pairs, int count)
{
	for (int round = 0; round <= count; round++)
		for (int i = 0; i < count; i++)
			if (pairs[i].swapped)
				swap(&pairs[i]);
}

int main(int argc, char **argv)
{
	int count = (argc - 2) / 2;
	struct pair *pairs = calloc((size_t)count + 1, sizeof(*pairs));
	unsigned long swaps = 0;

	if (count < 1 || !pairs)
		return 2;
	for (int i = 0; i < count; i++)
		pairs[i] = (struct pair){open_name(argv[2 + 2 * i]), open_name(argv[3 + 2 * i]), 0};
	signal(SIGTERM, on_term);
	srandom((unsigned)strtoul(argv[1], NULL, 10));
	while (!stopped) {
		struct timespec pause = {.tv_nsec = random() % 400 * 1000};

		swaps += swap(&pairs[random() % count]) == 0;
		if (random() % 3 == 0)
			nanosleep(&pause, NULL);
	}
	swap_back(pairs, count);
	printf("%lu\n", swaps);
	free(pairs);
	return 0;
}
