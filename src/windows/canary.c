/*
 * canary.c - the last look before the command runs: does the boundary hold?
 *
 * carrel starts itself in the box, with its token, job, desktop and directory, and tries there what
 * must fail and what must work, with the system's own answer as the only judge. Nothing is
 * left behind even when an attempt succeeds: a right is asked for, never used.
 * A system that takes every call and enforces nothing (Wine as it is shipped) is found out here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "box.h"
#include "break.h"
#include "core/backend_windows.h"
#include "handles.h"
#include "open.h"

#define WORD          "--carrel-canary"
#define MAX_CANARIES  100   /* of one box */
#define EXIT_FIRST    1     /* + index of the one that is wrong */
#define EXIT_NUL      120   /* all is well, but the null device cannot be written */
#define EXIT_CONFUSED 121   /* called wrongly, or nothing could be tried */
#define MAX_MS        30000 /* a canary that takes longer does not sing */

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

static unsigned refusals; /* opens that the access check has refused, and nothing else */

/* True when an open with this right succeeds. A network drive is not asked. */
static bool may(const char *path, DWORD right)
{
	CR_AUTO_HANDLE HANDLE handle = cr_open_plain(path, right);

	refusals += handle == INVALID_HANDLE_VALUE && GetLastError() == ERROR_ACCESS_DENIED;
	return cr_handle_is_valid(handle);
}

static bool may_write(const char *path)
{
	return may(path, FILE_WRITE_DATA) || may(path, FILE_APPEND_DATA) || may(path, WRITE_DAC) ||
	       may(path, WRITE_OWNER);
}

static bool may_delete_in(const char *path)
{
	return may(path, FILE_DELETE_CHILD) || may(path, DELETE);
}

static bool may_rename(const char *path)
{
	return may(path, DELETE);
}

static bool may_read(const char *path)
{
	return may(path, FILE_READ_DATA);
}

static bool may_work(const char *path)
{
	return may(path, FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_READ_DATA);
}

/* Each right alone: one of them is enough to get out. */
static bool may_take_over(const char *pid)
{
	static const DWORD rights[] = {PROCESS_VM_WRITE, PROCESS_CREATE_THREAD, PROCESS_DUP_HANDLE,
				       PROCESS_SET_INFORMATION, WRITE_DAC};

	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		CR_AUTO_HANDLE HANDLE process =
			OpenProcess(rights[i], FALSE, strtoul(pid, NULL, 10));

		if (process)
			return true;
	}
	return false;
}

static const struct {
	enum cr_step_kind kind;
	char letter; /* before the path, in the child's words */
	bool wanted; /* what `try` has to answer */
	bool (*try)(const char *arg);
	const char *what; /* with the path behind it */
} canaries[] = {
	{CR_STEP_CANARY_WRITE, 'w', false, may_write, "writing in"},
	{CR_STEP_CANARY_DELETE, 'd', false, may_delete_in, "deleting in"},
	{CR_STEP_CANARY_RENAME, 'm', false, may_rename, "renaming"},
	{CR_STEP_CANARY_PROCESS, 'p', false, may_take_over, "writing to the process of"},
	{CR_STEP_CANARY_READ, 'r', false, may_read, "reading"},
	{CR_STEP_CANARY_WORK, 'k', true, may_work, ""},
};

#define N_CANARIES (sizeof(canaries) / sizeof(canaries[0]))

static bool may_write_nul(void)
{
	CR_AUTO_HANDLE HANDLE nul =
		CreateFileW(L"\\\\.\\NUL", GENERIC_WRITE, SHARE_ALL, NULL, OPEN_EXISTING, 0, NULL);

	return cr_handle_is_valid(nul);
}

static int sing(int argc, char *const *argv)
{
	for (int i = 0; i < argc; i++) {
		size_t kind = 0;

		while (kind < N_CANARIES && canaries[kind].letter != argv[i][0])
			kind++;
		if (kind == N_CANARIES || argv[i][1] != '=')
			return EXIT_CONFUSED;
		if (canaries[kind].try(argv[i] + 2) != canaries[kind].wanted)
			return EXIT_FIRST + i;
	}
	/* what is not there, or on a network drive, is not written either: that proves nothing */
	if (refusals == 0)
		return EXIT_CONFUSED;
	return may_write_nul() ? 0 : EXIT_NUL;
}

static bool plays_parts; /* this program's main asks cr_windows_part, so it can be started again */

bool cr_windows_part(int argc, char *const *argv, int *exit_code)
{
	plays_parts = true;
	if (cr_break_part(argc, argv, exit_code))
		return true;
	if (argc < 2 || strcmp(argv[1], WORD) != 0)
		return false;
	*exit_code = sing(argc - 2, argv + 2);
	return true;
}

/* carrel.exe: this program itself, or, for users of the library, the one that came with it. */
const char *cr_box_program(struct cr_box *box, struct cr_err *err)
{
	wchar_t pathw[CR_MAX_PATH];
	HMODULE module = NULL;
	const char *path;
	char *slash;
	DWORD n;

	if (!plays_parts)
		GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
					   GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
				   (const wchar_t *)(uintptr_t)cr_box_program, &module);
	n = GetModuleFileNameW(module, pathw, CR_MAX_PATH);
	path = n > 0 && n < CR_MAX_PATH ? cr_utf8(box->arena, pathw, err) : NULL;
	if (!path || plays_parts)
		return path;
	slash = strrchr(path, '\\');
	return slash ? cr_arena_printf(box->arena, "%.*s\\carrel.exe", (int)(slash - path), path)
		     : NULL;
}

static size_t canary_of(const struct cr_step *step)
{
	size_t i = 0;

	while (i < N_CANARIES && canaries[i].kind != step->kind)
		i++;
	return i;
}

static const char *word_of(struct cr_box *box, const struct cr_step *step)
{
	const char letter = canaries[canary_of(step)].letter;

	if (step->kind == CR_STEP_CANARY_PROCESS)
		return cr_arena_printf(box->arena, "%c=%lu", letter, GetCurrentProcessId());
	return cr_arena_printf(box->arena, "%c=%s", letter, step->path);
}

/* The child's words, and the steps they stand for. */
static int gather(struct cr_box *box, char **argv, const struct cr_step **steps, struct cr_err *err)
{
	int n = 0;

	for (size_t i = 0; i < box->plan->n_steps; i++) {
		const struct cr_step *step = &box->plan->steps[i];
		const char *word;

		if (canary_of(step) == N_CANARIES)
			continue;
		word = word_of(box, step);
		if (!word)
			return cr_fail(err, CR_E_NOMEM, "out of memory");
		if (n == MAX_CANARIES)
			return cr_fail(err, CR_E_LIMIT, "more than %d canaries", MAX_CANARIES);
		steps[n] = step;
		argv[n + 2] = (char *)(uintptr_t)word;
		n++;
	}
	return n;
}

static int broken(const struct cr_step *step, struct cr_err *err)
{
	const char *path = step->path ? step->path : "carrel";

	if (step->kind == CR_STEP_CANARY_WORK)
		return cr_fail(err, CR_E_CANARY, "'%.500s' is not writable in the box", path);
	cr_fail(err, CR_E_CANARY, "the boundary does not hold: %s '%.500s' worked",
		canaries[canary_of(step)].what, path);
	return cr_hint(err, "this system does not enforce what it was told; nothing ran");
}

static int judge(const struct cr_step *const *steps, int n, DWORD code, struct cr_err *err)
{
	if (code == 0)
		return 0;
	if (code == EXIT_NUL) {
		fputs("carrel: programs in this box cannot write to NUL: the device does not let "
		      "them\n",
		      stderr);
		return 0;
	}
	if (code >= EXIT_FIRST && code < EXIT_FIRST + (DWORD)n)
		return broken(steps[code - EXIT_FIRST], err);
	return cr_fail(err, CR_E_CANARY, "the trial in the box ended with code 0x%lx", code);
}

static int run(struct cr_box *box, char **argv, DWORD *code, struct cr_err *err)
{
	struct cr_process_start start = {
		.token = box->token,
		.program = cr_box_program(box, err),
		.argv = argv,
		.envp = box->launch->envp,
		.job = box->job,
		.desktop = box->desktop.handle ? box->desktop.name : NULL,
		.flags = CR_START_DETACHED,
	};
	struct cr_process process = {0};
	int ended = -1;

	if (!start.program)
		return cr_fail(err, CR_E_STEP, "carrel does not know where its own program is");
	argv[0] = (char *)(uintptr_t)start.program;
	if (cr_process_start(&start, &process, err) < 0)
		return cr_wrap(err, "the trial in the box");
	ended = cr_process_wait(&process, MAX_MS, code, err);
	if (ended == 0)
		cr_process_end(&process, EXIT_CONFUSED, NULL);
	cr_process_close(&process);
	if (ended == 0)
		return cr_fail(err, CR_E_CANARY, "the trial in the box does not end");
	return ended < 0 ? -1 : 0;
}

int cr_canaries_run(struct cr_box *box, struct cr_err *err)
{
	char *argv[MAX_CANARIES + 3] = {NULL, (char *)(uintptr_t)WORD};
	const struct cr_step *steps[MAX_CANARIES];
	const int n = gather(box, argv, steps, err);
	DWORD code = EXIT_CONFUSED;

	if (n < 0)
		return -1;
	if (n == 0)
		return cr_fail(err, CR_E_INTERNAL, "a plan without canaries");
	if (run(box, argv, &code, err) < 0)
		return -1;
	return judge(steps, n, code, err);
}
