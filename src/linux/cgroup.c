/*
 * cgroup.c - limits of the whole box, where a version 2 cgroup has been delegated to us.
 *
 * The launcher makes a group for the box and puts init in it before init has done anything: all it
 * starts is born there. It is the launcher that does so because a process in a cgroup namespace of
 * its own may not be moved from inside (nsdelegate). Must never move a process that is not ours.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/backend.h"
#include "linux/box.h"
#include "linux/calls.h"
#include "linux/cgroup.h"
#include "linux/fd.h"

#define LAUNCHER "carrel-launcher"
#define PREFIX   "carrel-"
#define DEEP     8  /* generations between us and what we have started */
#define PASSES   16 /* over processes that start others meanwhile */

static ssize_t read_at(int dir, const char *file, char *text, size_t size)
{
	CR_AUTO_FD int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);

	text[got < 0 ? 0 : got] = '\0';
	return got;
}

static int write_at(int dir, const char *file, const char *text)
{
	CR_AUTO_FD int fd = openat(dir, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return -1;
	return 0;
}

static int write_number(int dir, const char *file, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return write_at(dir, file, text);
}

/* 0 when it has none, or is gone. */
static pid_t parent_of(pid_t pid)
{
	char path[64], text[256];
	const char *name_end;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (read_at(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return 0;
	name_end = strrchr(text, ')');
	return name_end && strlen(name_end) > 4 ? (pid_t)strtol(name_end + 4, NULL, 10) : 0;
}

static bool is_or_is_below(pid_t pid, pid_t above)
{
	for (int i = 0; i < DEEP && pid > 0 && pid != above; i++)
		pid = parent_of(pid);
	return pid == above;
}

/* Moves those processes of `dir` that `above` has started, and itself, into `group` (-1: moves
 * none). Returns how many there are of them, or of all others with `others`; -1. */
static int sort_processes(int dir, pid_t above, int group, bool others)
{
	CR_AUTO_FD int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	FILE *list = fd < 0 ? NULL : fdopen(fd, "re");
	char line[32];
	int count = 0;

	if (!list)
		return -1;
	cr_steal_fd(&fd);
	while (fgets(line, sizeof(line), list)) {
		bool ours = is_or_is_below((pid_t)strtol(line, NULL, 10), above);

		count += ours != others;
		if (ours && group >= 0 && write_at(group, "cgroup.procs", line) < 0 &&
		    errno != ESRCH)
			count = -1;
		if (count < 0)
			break;
	}
	fclose(list);
	return count;
}

/* Root may write everywhere; there only systemd's own word counts (systemd.exec(5), Delegate=). */
static bool is_delegated(const char *path)
{
	char word[2] = "";

	return geteuid() != 0 ||
	       (getxattr(path, "user.delegate", word, sizeof(word)) == 1 && word[0] == '1');
}

/* What a child group of `dir` could be given a limit of: what is handed down already, or what can
 * be, since nobody but us is in the way. */
static void find_controllers(int dir, const char *path, char *names, size_t size)
{
	names[0] = '\0';
	if (faccessat(dir, "cgroup.subtree_control", W_OK, AT_EACCESS) < 0)
		return;
	if (read_at(dir, "cgroup.subtree_control", names, size) > 1)
		return;
	names[0] = '\0';
	if (is_delegated(path) && faccessat(dir, "cgroup.procs", W_OK, AT_EACCESS) == 0 &&
	    sort_processes(dir, getpid(), -1, true) == 0)
		read_at(dir, "cgroup.controllers", names, size);
}

void cr_probe_limits(struct cr_facts *facts)
{
	char line[512], path[sizeof(facts->cgroup_path)], controllers[256];
	FILE *groups = fopen("/proc/self/cgroup", "re");

	if (!groups)
		return;
	line[0] = '\0';
	while (fgets(line, sizeof(line), groups) && strncmp(line, "0::", 3) != 0)
		line[0] = '\0';
	fclose(groups);
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "0::/", 4) != 0 || strstr(line, "/../"))
		return;
	snprintf(path, sizeof(path), "/sys/fs/cgroup%.490s", line + 3);

	CR_AUTO_FD int dir = cr_open_plain(path, O_RDONLY | O_DIRECTORY);

	if (dir < 0)
		return;
	find_controllers(dir, path, controllers, sizeof(controllers));
	facts->cgroup_memory = strstr(controllers, "memory") != NULL;
	facts->cgroup_pids = strstr(controllers, "pids") != NULL;
	facts->cgroup_delegated = facts->cgroup_memory || facts->cgroup_pids;
	memcpy(facts->cgroup_path, path, sizeof(path));
}

/* Groups of boxes whose launcher was killed. */
static void remove_old(int dir)
{
	CR_AUTO_FD int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!stream)
		return;
	cr_steal_fd(&fd);
	while ((entry = readdir(stream))) {
		long init = strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0
				    ? strtol(entry->d_name + strlen(PREFIX), NULL, 10)
				    : 0;

		if (init > 0 && kill((pid_t)init, 0) < 0 && errno == ESRCH)
			unlinkat(dir, entry->d_name, AT_REMOVEDIR);
	}
	closedir(stream);
}

/* All that `above` has started, and itself. */
static int move_all(int dir, pid_t above, int group)
{
	int moved = 1;

	for (int i = 0; i < PASSES && moved > 0; i++)
		moved = sort_processes(dir, above, group, false);
	return moved == 0 ? 0 : -1;
}

/* Processes and limits of others do not go together in one group: we make room. */
static int make_room(int dir)
{
	if (mkdirat(dir, LAUNCHER, 0755) < 0 && errno != EEXIST)
		return -1;

	CR_AUTO_FD int leaf =
		openat(dir, LAUNCHER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return leaf < 0 ? -1 : move_all(dir, getpid(), leaf);
}

/* "memory.max" is the memory controller's. */
static int hand_down(int dir, const struct cr_plan *plan)
{
	char enabled[256], wanted[32];

	if (read_at(dir, "cgroup.subtree_control", enabled, sizeof(enabled)) <= 1 &&
	    make_room(dir) < 0)
		return -1;
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct cr_step *step = &plan->steps[i];

		if (step->kind != CR_STEP_CGROUP)
			continue;
		snprintf(wanted, sizeof(wanted), "+%.*s", (int)strcspn(step->detail, "."),
			 step->detail);
		if (!strstr(enabled, wanted + 1) &&
		    write_at(dir, "cgroup.subtree_control", wanted) < 0)
			return -1;
	}
	return 0;
}

static int set_limits(int group, const struct cr_plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct cr_step *step = &plan->steps[i];
		/* init is in the group as well, and no process of the command's */
		uint64_t own = step->detail && strcmp(step->detail, "pids.max") == 0;

		if (step->kind == CR_STEP_CGROUP &&
		    write_number(group, step->detail, step->value + own) < 0)
			return -1;
	}
	return 0;
}

static const struct cr_step *first_step(const struct cr_plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].kind == CR_STEP_CGROUP)
			return &plan->steps[i];
	return NULL;
}

static int fill_group(int dir, int own, const struct cr_plan *plan, pid_t init)
{
	if (own < 0 || move_all(dir, init, own) < 0 || hand_down(dir, plan) < 0)
		return -1;
	return set_limits(own, plan);
}

int cr_cgroup_enter(const struct cr_plan *plan, pid_t init, struct cr_cgroup *group,
		    struct cr_err *err)
{
	const struct cr_step *step = first_step(plan);

	if (!step)
		return 0;

	CR_AUTO_FD int dir = cr_open_plain(step->path, O_RDONLY | O_DIRECTORY);

	if (dir < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot open the cgroup '%s'", step->path);
	remove_old(dir);
	snprintf(group->name, sizeof(group->name), PREFIX "%d", (int)init);
	if (mkdirat(dir, group->name, 0755) < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot make a cgroup in '%s'",
				  step->path);

	CR_AUTO_FD int own =
		openat(dir, group->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int filled = fill_group(dir, own, plan, init);

	group->parent = cr_steal_fd(&dir);
	if (filled == 0)
		return 0;
	return cr_fail_os(err, CR_E_STEP, errno, "cannot limit the cgroup '%s/%s'", step->path,
			  group->name);
}

void cr_cgroup_leave(struct cr_cgroup *group)
{
	if (group->parent >= 0)
		unlinkat(group->parent, group->name, AT_REMOVEDIR);
	cr_close_fd(&group->parent);
}
