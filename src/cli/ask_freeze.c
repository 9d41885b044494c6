/*
 * ask_freeze.c - stops what the box runs while something is asked on the terminal.
 *
 * A process that waits in read(2) already is not held back by the foreground changing: it would
 * take the keys meant for us; and one in a session of its own may have kept the terminal open. So
 * all are stopped, whatever they do with signals and wherever they read, and continued afterwards;
 * those that were stopped before stay so. Parents are stopped before their children and continued
 * after them: a shell in the box sees nothing.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asker_impl.h"
#include "lib/sys.h"

#define MAX_TRIES 100  /* half milliseconds a generation may take to stop */
#define LIMIT_MS  3000 /* for all of them, and for those that are started meanwhile */

/* Another thread than the first may run while that one has ended, or is looked at by a debugger. */
static bool is_still(const struct ask_process *process)
{
	return process->state == 'T' || (strchr("tZX", process->state) && process->threads <= 1);
}

/* About to do something of its own. Who sleeps uninterruptibly (vfork(2), a call that we hold)
 * stops before it does. */
static bool is_active(const struct ask_process *process)
{
	return process->state == 'R' || process->state == 'S';
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

/* Adds those that run and stops again who was continued. True: there were none. */
static bool find(struct ask_frozen *frozen, const struct ask_family *family)
{
	bool none = true;

	for (size_t i = 0; i < family->count; i++) {
		const struct ask_process *process = &family->items[i];

		/* Our own children are no processes of the box: its first one, the broker. */
		if (process->depth <= 1 || is_still(process))
			continue;
		if (is_listed(frozen, process->pid)) {
			if (is_active(process)) {
				kill(process->pid, SIGSTOP);
				none = false;
			}
			continue;
		}
		none = false;
		if (frozen->count < ASK_MAX_STOPPED)
			frozen->items[frozen->count++] =
				(struct ask_stopped){process->pid, process->depth};
	}
	return none;
}

static bool is_stopped(pid_t pid)
{
	struct ask_process process;

	return !ask_look(pid, &process) || !is_active(&process);
}

/* Those from `first` on, generation by generation. A shell that is about to stop and sees a child
 * stopped takes it for suspended (wait4(2) looks before it minds the signal), so each generation
 * has stopped before the next is told to. */
static void stop_from(const struct ask_frozen *frozen, size_t first, uint64_t due)
{
	while (first < frozen->count) {
		const int depth = frozen->items[first].depth;
		size_t last = first;

		for (; last < frozen->count && frozen->items[last].depth == depth; last++)
			kill(frozen->items[last].pid, SIGSTOP);
		for (int tries = 0; first < last && tries < MAX_TRIES && cr_sys_tick_ms() < due;) {
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

bool ask_freeze(struct ask_frozen *frozen)
{
	const uint64_t due = cr_sys_tick_ms() + LIMIT_MS;
	struct ask_family family = {0};
	bool done = false;

	frozen->count = 0;
	while (!done && frozen->count < ASK_MAX_STOPPED && cr_sys_tick_ms() < due) {
		const size_t before = frozen->count;
		const bool complete = ask_family_look(&family);

		done = find(frozen, &family) && complete;
		qsort(frozen->items + before, frozen->count - before, sizeof(frozen->items[0]),
		      by_depth);
		stop_from(frozen, before, due);
	}
	free(family.items);
	return done;
}

void ask_thaw(struct ask_frozen *frozen)
{
	qsort(frozen->items, frozen->count, sizeof(frozen->items[0]), by_depth);
	while (frozen->count > 0)
		kill(frozen->items[--frozen->count].pid, SIGCONT);
}
