/*
 * place.c - runs the probe, outside and in a box, with its list and its answers in files that
 * have no name. Judges nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/event.h"
#include "diff.h"
#include "linux/fd.h"

const char *const op_names[OP_COUNT] = {
#define X(code, name) [code] = name,
	DIFF_OPS(X)
#undef X
};

static int write_list(const struct accesses *accesses)
{
	CR_AUTO_FD int fd = memfd_create("accesses", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	for (size_t i = 0; i < accesses->count; i++) {
		const struct access *access = &accesses->items[i];

		if (dprintf(fd, "%s %s\n", op_names[access->op], access->path) < 0)
			return -1;
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return cr_steal_fd(&fd);
}

/* One line for each access, and nothing else. */
static int read_answers(struct cr_arena *arena, int fd, size_t count, struct answer *answers)
{
	int copy = dup(fd);
	FILE *file = copy < 0 ? NULL : fdopen(copy, "r");
	char line[8192];
	size_t read = 0;

	if (!file)
		return -1;
	rewind(file);
	while (fgets(line, sizeof(line), file) && read < count) {
		char *text;

		line[strcspn(line, "\n")] = '\0';
		answers[read].error = (int)strtol(line, &text, 10);
		answers[read++].text = cr_arena_strdup(arena, text);
	}
	fclose(file);
	return read == count ? 0 : -1;
}

static int run(const char *probe, int in, int out)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (dup2(in, 0) < 0 || dup2(out, 1) < 0)
			_exit(126);
		execl(probe, probe, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return status == 0 ? 0 : -1;
}

int place_outside(struct cr_arena *arena, const char *probe, const struct accesses *accesses,
		  struct answer *answers)
{
	CR_AUTO_FD int in = write_list(accesses);
	CR_AUTO_FD int out = memfd_create("answers", MFD_CLOEXEC);

	if (in < 0 || out < 0 || run(probe, in, out) < 0)
		return -1;
	return read_answers(arena, out, accesses->count, answers);
}

static void keep_report(void *arg, const struct cr_denial *denial)
{
	struct reports *reports = arg;
	struct cr_arena *arena = reports->model->arena;
	struct report *grown;

	if (!cr_denial_is_real(reports->model->rules, denial))
		return;
	grown = cr_arena_grow(arena, reports->items, reports->count, &reports->cap, sizeof(*grown));
	if (!grown)
		return;
	reports->items = grown;
	reports->items[reports->count++] = (struct report){
		.op = denial->op,
		.object = cr_arena_strdup(arena, denial->object),
	};
}

static int run_box(struct reports *reports, const char *probe, const int stdio[3], unsigned flags,
		   struct cr_err *err)
{
	char *argv[] = {(char *)(uintptr_t)probe, NULL};
	char *envp[] = {NULL};
	const struct cr_launch launch = {
		.argv = argv,
		.envp = envp,
		.cwd = "/",
		.stdio = {stdio[0], stdio[1], stdio[2]},
		.flags = flags,
		.on_denial = keep_report,
		.arg = reports,
	};
	struct cr_child child = {0};
	struct cr_result result;

	if (cr_enforce(reports->model->plan, &launch, &child, err) < 0)
		return -1;

	int waited = cr_wait(&child, &result, err);

	cr_child_free(&child);
	if (waited < 0)
		return -1;
	if (result.end != CR_END_EXITED || result.value != 0)
		return cr_fail(err, CR_E_INTERNAL, "the probe ended badly: %d, %d", result.end,
			       result.value);
	return 0;
}

int place_box(const char *probe, const struct accesses *accesses, struct answer *answers,
	      struct reports *reports, struct cr_err *err)
{
	CR_AUTO_FD int in = write_list(accesses);
	CR_AUTO_FD int out = memfd_create("answers", MFD_CLOEXEC);
	const int stdio[3] = {in, out, 2};

	if (in < 0 || out < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot make the lists");
	if (run_box(reports, probe, stdio, accesses->flags, err) < 0)
		return -1;
	if (read_answers(reports->model->arena, out, accesses->count, answers) < 0)
		return cr_fail(err, CR_E_INTERNAL, "the probe did not answer everything");
	return 0;
}
