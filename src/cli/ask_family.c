/*
 * ask_family.c - which processes of this machine descend from us, as /proc tells.
 *
 * A process that appears while we look may be missing, one whose parent has just gone may belong to
 * nobody: then the picture is incomplete, and whoever relies on it looks again.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asker_impl.h"

#define MAX_ANCESTORS 64
#define MAX_PROCESSES (1 << 18) /* of the whole machine */
#define OUTSIDE       (-1)
#define UNKNOWN       (-2)

bool ask_look(pid_t pid, struct ask_process *out)
{
	char path[64], text[512];
	const char *end;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	end = strrchr(text, ')'); /* the name in front of it may hold anything */
	*out = (struct ask_process){.pid = pid, .depth = UNKNOWN};
	return end &&
	       sscanf(end + 1,
		      " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d",
		      &out->state, &out->parent, &out->threads) == 3;
}

int ask_depth(pid_t pid)
{
	struct ask_process process;

	for (int depth = 0; depth < MAX_ANCESTORS && pid > 1; depth++) {
		if (pid == getpid())
			return depth;
		if (!ask_look(pid, &process))
			return -1;
		pid = process.parent;
	}
	return -1;
}

static bool add(struct ask_family *family, const struct ask_process *process)
{
	if (family->count == family->space) {
		const size_t space = family->space ? 2 * family->space : 1024;
		struct ask_process *items =
			space > MAX_PROCESSES
				? NULL
				: realloc(family->items, space * sizeof(family->items[0]));

		if (!items)
			return false;
		family->items = items;
		family->space = space;
	}
	family->items[family->count++] = *process;
	return true;
}

static bool read_all(struct ask_family *family)
{
	DIR *list = opendir("/proc");
	const struct dirent *entry;
	bool done = list != NULL;

	family->count = 0;
	while (done && (entry = readdir(list))) {
		struct ask_process process;

		if (isdigit((unsigned char)entry->d_name[0]) &&
		    ask_look((pid_t)strtol(entry->d_name, NULL, 10), &process))
			done = add(family, &process);
	}
	if (list)
		closedir(list);
	return done;
}

static int by_pid(const void *a, const void *b)
{
	const struct ask_process *first = a, *second = b;

	return first->pid - second->pid;
}

/* What can be said by now. Who cannot be seen and is not ours to signal (hidepid=) is another
 * user's; a parent who is not there at all has gone meanwhile. */
static int depth_of(const struct ask_family *family, const struct ask_process *process)
{
	const struct ask_process wanted = {.pid = process->parent};
	const struct ask_process *parent;

	if (process->pid == getpid())
		return 0;
	if (process->parent <= 0)
		return OUTSIDE;
	parent = bsearch(&wanted, family->items, family->count, sizeof(wanted), by_pid);
	if (!parent)
		return kill(process->parent, 0) < 0 && errno == EPERM ? OUTSIDE : UNKNOWN;
	return parent->depth < 0 ? parent->depth : parent->depth + 1;
}

/* How many are still unknown. Parents mostly have lower numbers, so once is mostly enough. */
static size_t resolve(struct ask_family *family)
{
	size_t unknown = family->count, before;

	do {
		before = unknown;
		unknown = 0;
		for (size_t i = 0; i < family->count; i++) {
			if (family->items[i].depth == UNKNOWN)
				family->items[i].depth = depth_of(family, &family->items[i]);
			unknown += family->items[i].depth == UNKNOWN;
		}
	} while (unknown > 0 && unknown < before);
	return unknown;
}

bool ask_family_look(struct ask_family *family)
{
	const bool complete = read_all(family);

	if (family->count > 0)
		qsort(family->items, family->count, sizeof(family->items[0]), by_pid);
	return resolve(family) == 0 && complete;
}
