/*
 * fixture_check.c - what has changed in a fixture: a fingerprint of every file
 * an attack could be after, taken when it is made and again afterwards.
 *
 * Looks from outside and trusts nothing that ran in the box. The workspace is free to change
 * but for its protected names; everything else must be exactly as it was, times of change
 * included (chmod, chown, utimes, xattr and links show there).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"
#include "fixture_parts.h"

#define MAX_FILES 1024

/* Names in the workspace that must stay as they are, absent ones absent. */
static const char *const protected_names[] = {
	".git",      ".gitmodules-none", "sub/.git", "nested/.git", ".claude",  ".codex",
	".agents",   ".cursor",          ".gemini",  ".vscode",     ".idea",    ".devcontainer",
	".mcp.json", ".envrc",           ".carrel",  "a/b/.vscode", "dev.sock", ".env",
};

static uint64_t mix(uint64_t sum, const void *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum = (sum ^ ((const unsigned char *)data)[i]) * 1099511628211u;
	return sum;
}

static uint64_t content_sum(const char *path, const struct stat *st, uint64_t sum)
{
	char block[8192];
	ssize_t got;
	int fd;

	if (S_ISLNK(st->st_mode)) {
		got = readlink(path, block, sizeof(block));
		return got > 0 ? mix(sum, block, (size_t)got) : sum;
	}
	if (!S_ISREG(st->st_mode))
		return sum;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOATIME);
	if (fd < 0)
		return mix(sum, "unreadable", 10);
	while ((got = read(fd, block, sizeof(block))) > 0)
		sum = mix(sum, block, (size_t)got);
	close(fd);
	return sum;
}

/* Times of a directory only count where nobody has a reason to make a file. */
static uint64_t sum_of(const struct cr_attack_fixture *fixture, const char *path,
		       const struct stat *st)
{
	const bool strict = !S_ISDIR(st->st_mode) ||
			    strncmp(path, fixture->env.outside, strlen(fixture->env.outside)) == 0;
	const uint64_t numbers[] = {st->st_mode, st->st_uid, st->st_gid, st->st_ino,
				    S_ISDIR(st->st_mode) ? 0 : st->st_nlink};
	uint64_t sum = mix(14695981039346656037u, numbers, sizeof(numbers));
	char names[1024];
	ssize_t len = llistxattr(path, names, sizeof(names));

	if (len > 0)
		sum = mix(sum, names, (size_t)len);
	if (strict) {
		sum = mix(sum, &st->st_mtim, sizeof(st->st_mtim));
		sum = mix(sum, &st->st_ctim, sizeof(st->st_ctim));
	}
	return content_sum(path, st, sum);
}

struct walk {
	struct cr_attack_fixture *fixture;
	int (*visit)(struct walk *walk, const char *path, const struct stat *st);
	char *text; /* of changes */
	size_t size, used;
	int changes;
};

static void report(void *arg, const char *what)
{
	struct walk *walk = arg;

	walk->changes++;
	if (walk->used < walk->size)
		walk->used += (size_t)snprintf(walk->text + walk->used, walk->size - walk->used,
					       "%s\n", what);
}

/* The workspace is walked by its protected names; in its state directory carrel may write. */
static bool skipped(const struct cr_attack_fixture *fixture, const char *path)
{
	const char *state = fixture->env.state_dir;
	size_t len = strlen(state);

	if (strcmp(path, fixture->env.workspace) == 0)
		return true;
	return strncmp(path, state, len) == 0 && path[len] == '/' &&
	       strncmp(path + len, "/attack-", 8) != 0;
}

static int walk_tree(struct walk *walk, const char *path)
{
	struct dirent **names = NULL;
	struct stat st;
	int count, rc;

	if (lstat(path, &st) < 0)
		return 0;
	rc = walk->visit(walk, path, &st);
	if (rc < 0 || !S_ISDIR(st.st_mode))
		return rc;
	count = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		const char *name = names[i]->d_name;
		char child[4096];

		snprintf(child, sizeof(child), "%s/%s", path, name);
		if (rc == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		    !skipped(walk->fixture, child))
			rc = walk_tree(walk, child);
		free(names[i]);
	}
	free(names);
	return rc;
}

static int walk_all(struct walk *walk)
{
	struct cr_attack_fixture *fixture = walk->fixture;

	if (walk_tree(walk, fixture->env.home) < 0 || walk_tree(walk, fixture->run_dir) < 0 ||
	    walk_tree(walk, fixture->env.tmp_dir) < 0)
		return -1;
	if (fixture->sys_dir[0] && walk_tree(walk, fixture->sys_dir) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(protected_names) / sizeof(protected_names[0]); i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", fixture->env.workspace, protected_names[i]);
		if (walk_tree(walk, path) < 0)
			return -1;
	}
	return 0;
}

static int remember(struct walk *walk, const char *path, const struct stat *st)
{
	struct cr_attack_fixture *fixture = walk->fixture;
	struct cr_fixture_file *file = &fixture->files[fixture->n_files];

	if (fixture->n_files >= MAX_FILES || !(file->path = strdup(path)))
		return -1;
	file->sum = sum_of(fixture, path, st);
	fixture->n_files++;
	return 0;
}

int cr_fixture_remember(struct cr_attack_fixture *fixture, struct cr_err *err)
{
	struct walk walk = {.fixture = fixture, .visit = remember};

	fixture->files = calloc(MAX_FILES, sizeof(*fixture->files));
	if (!fixture->files || walk_all(&walk) < 0)
		return cr_fail(err, CR_E_LIMIT, "the fixture has more files than it should");
	return 0;
}

void cr_fixture_forget(struct cr_attack_fixture *fixture)
{
	for (size_t i = 0; i < fixture->n_files; i++)
		free(fixture->files[i].path);
	free(fixture->files);
	fixture->files = NULL;
	fixture->n_files = 0;
}

static int look_for_new(struct walk *walk, const char *path, const struct stat *st)
{
	char line[4200];

	(void)st;
	for (size_t i = 0; i < walk->fixture->n_files; i++)
		if (strcmp(walk->fixture->files[i].path, path) == 0)
			return 0;
	snprintf(line, sizeof(line), "new: %s", path);
	report(walk, line);
	return 0;
}

static void check_files(struct walk *walk)
{
	for (size_t i = 0; i < walk->fixture->n_files; i++) {
		const struct cr_fixture_file *file = &walk->fixture->files[i];
		char line[4200];
		struct stat st;

		if (lstat(file->path, &st) < 0)
			snprintf(line, sizeof(line), "gone: %s", file->path);
		else if (sum_of(walk->fixture, file->path, &st) != file->sum)
			snprintf(line, sizeof(line), "changed: %s", file->path);
		else
			continue;
		report(walk, line);
	}
	walk_all(walk);
}

/* Everything that had arrived before this call has been counted when it returns. */
static void wait_for_server(struct cr_fixture_shared *shared)
{
	unsigned ping = __atomic_add_fetch(&shared->ping, 1, __ATOMIC_ACQ_REL);

	for (int i = 0; i < 1000; i++) {
		if (__atomic_load_n(&shared->pong, __ATOMIC_ACQUIRE) == ping)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
}

/* A look that began before this call may have missed something; the one after it cannot. */
static void wait_for_victim(const struct walk *walk)
{
	struct cr_fixture_shared *shared = walk->fixture->shared;
	unsigned before = __atomic_load_n(&shared->looks, __ATOMIC_ACQUIRE);

	/* Or the victim is dead, which is a change of its own. */
	for (int i = 0; i < 1000 && cr_fixture_victim_sum(walk->fixture) != 0; i++) {
		if (__atomic_load_n(&shared->looks, __ATOMIC_ACQUIRE) - before >= 2)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
}

static void check_processes(struct walk *walk)
{
	static const char *const served[] = {
#define X(code, name) [code] = name,
		CR_SERVED(X)
#undef X
	};
	const struct cr_fixture_shared *shared = walk->fixture->shared;
	uint64_t sum = cr_fixture_victim_sum(walk->fixture);
	char line[128];

	for (size_t i = 0; i < CR_SERVED_COUNT; i++) {
		if (!shared->arrived[i] || i == CR_SERVED_OPEN)
			continue;
		snprintf(line, sizeof(line), "reached: %s", served[i]);
		report(walk, line);
	}
	if (shared->inbound)
		report(walk, "reached: a server of the box, from the host");
	if (shared->signals)
		report(walk, "the victim got a signal");
	if (shared->written)
		report(walk, "the victim's memory was written");
	if (sum == 0)
		report(walk, "the victim is dead");
	else if (sum != walk->fixture->victim_sum)
		report(walk, "the victim's limits, priority or settings were changed");
}

int cr_attack_fixture_changes(struct cr_attack_fixture *fixture, char *text, size_t size)
{
	struct walk walk = {.fixture = fixture, .visit = look_for_new, .text = text, .size = size};

	if (size)
		text[0] = '\0';
	wait_for_server(fixture->shared);
	wait_for_victim(&walk);
	check_files(&walk);
	check_processes(&walk);
	cr_fixture_ipc_check(fixture, report, &walk);
	return walk.changes;
}
