/*
 * ask_freeze.c - stops what the box runs on a terminal while something is asked there.
 *
 * A process that waits in read(2) already is not held back by the foreground changing: it would
 * take the key meant for us. So all that have this terminal are stopped, whatever they do with
 * signals about it, and continued afterwards; those that were stopped before stay so. Parents are
 * stopped before their children and continued after them: a shell in the box sees nothing.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asker_impl.h"

#define MAX_ANCESTORS 64
#define MAX_TRIES     100 /* half milliseconds a generation may take to stop */
#define MAX_ROUNDS    8   /* for those that were started while we looked */

struct ask_process {
	char state;
	int parent, terminal;
};

/* False when it has gone. The name in front of the numbers may hold anything. */
static bool look_at(pid_t pid, struct ask_process *out)
{
	char path[64], text[512];
	const char *end;
	int group, session;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	end = strrchr(text, ')');
	return end && sscanf(end + 1, " %c %d %d %d %d", &out->state, &out->parent, &group,
			     &session, &out->terminal) == 5;
}

int ask_depth(pid_t pid)
{
	struct ask_process process;

	for (int depth = 0; depth < MAX_ANCESTORS && pid > 1; depth++) {
		if (pid == getpid())
			return depth;
		if (!look_at(pid, &process))
			return -1;
		pid = process.parent;
	}
	return -1;
}

/* Our own children are no processes of the box: its first one, the broker, who asks. */
static bool is_to_stop(pid_t pid, int terminal, int *depth)
{
	struct ask_process process;

	if (!look_at(pid, &process) || process.terminal != terminal ||
	    strchr("TtZX", process.state))
		return false;
	*depth = ask_depth(pid);
	return *depth > 1;
}

static bool is_listed(const struct ask_frozen *frozen, pid_t pid)
{
	for (size_t i = 0; i < frozen->count; i++)
		if (frozen->items[i].pid == pid)
			return true;
	return false;
}

static int by_depth(const void *a, const void *b)
{
	const struct ask_stopped *first = a, *second = b;

	return first->depth - second->depth;
}

/* Adds those that run; how many. */
static size_t find(struct ask_frozen *frozen, int terminal)
{
	const size_t before = frozen->count;
	const struct dirent *entry;
	DIR *list = opendir("/proc");

	while (list && frozen->count < ASK_MAX_STOPPED && (entry = readdir(list))) {
		const pid_t pid = isdigit((unsigned char)entry->d_name[0])
					  ? (pid_t)strtol(entry->d_name, NULL, 10)
					  : 0;
		int depth;

		if (pid && !is_listed(frozen, pid) && is_to_stop(pid, terminal, &depth))
			frozen->items[frozen->count++] = (struct ask_stopped){pid, depth};
	}
	if (list)
		closedir(list);
	return frozen->count - before;
}

static bool is_stopped(pid_t pid)
{
	struct ask_process process;

	return !look_at(pid, &process) || strchr("TtZX", process.state);
}

/* Those from `first` on, generation by generation. A shell that is about to stop and sees a child
 * stopped takes it for suspended (wait4(2) looks before it minds the signal), so each generation
 * has stopped before the next is told to. */
static void stop_from(const struct ask_frozen *frozen, size_t first)
{
	while (first < frozen->count) {
		const int depth = frozen->items[first].depth;
		size_t last = first;

		for (; last < frozen->count && frozen->items[last].depth == depth; last++)
			kill(frozen->items[last].pid, SIGSTOP);
		for (int tries = 0; first < last && tries < MAX_TRIES;) {
			if (is_stopped(frozen->items[first].pid)) {
				first++;
				continue;
			}
			tries++;
			usleep(500);
		}
		first = last;
	}
}

void ask_freeze(struct ask_frozen *frozen)
{
	struct ask_process self;

	frozen->count = 0;
	if (!look_at(getpid(), &self) || !self.terminal)
		return;
	for (int round = 0; round < MAX_ROUNDS; round++) {
		const size_t before = frozen->count;

		if (find(frozen, self.terminal) == 0)
			return;
		qsort(frozen->items + before, frozen->count - before, sizeof(frozen->items[0]),
		      by_depth);
		stop_from(frozen, before);
	}
}

void ask_thaw(struct ask_frozen *frozen)
{
	qsort(frozen->items, frozen->count, sizeof(frozen->items[0]), by_depth);
	while (frozen->count > 0)
		kill(frozen->items[--frozen->count].pid, SIGCONT);
}
