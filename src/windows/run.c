/*
 * run.c - one program of ours from its start to its end: what `carrel verify` does with itself.
 * No box is made here.
 */
#include "core/backend_windows.h"
#include "handles.h"
#include "open.h"
#include "process.h"

#define EXIT_LATE 1 /* of a program whose time is up */

static HANDLE make_file(const char *path, struct cr_err *err)
{
	wchar_t pathw[CR_WIDE_PATH];
	HANDLE file = INVALID_HANDLE_VALUE;
	DWORD code = ERROR_INVALID_NAME;

	if (cr_wide_path(path, pathw) == 0) {
		file = CreateFileW(pathw, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS,
				   FILE_ATTRIBUTE_NORMAL, NULL);
		code = GetLastError();
	}
	if (file != INVALID_HANDLE_VALUE)
		return file;
	cr_fail_win(err, CR_E_IO, code, "cannot write '%.500s'", path);
	return NULL;
}

static int await(const struct cr_process *process, const struct cr_windows_run *run,
		 unsigned *exit_code, struct cr_err *err)
{
	DWORD code = 0;
	const int ended = cr_process_wait(process, run->timeout_ms, &code, err);

	if (ended == 0) {
		cr_process_end(process, EXIT_LATE, NULL);
		cr_process_wait(process, INFINITE, &code, NULL);
	}
	*exit_code = code;
	return ended;
}

int cr_windows_run(const struct cr_windows_run *run, unsigned *exit_code, struct cr_err *err)
{
	CR_AUTO_HANDLE HANDLE out = make_file(run->out_path, err);
	CR_AUTO_HANDLE HANDLE said = out ? make_file(run->err_path, err) : NULL;
	const struct cr_process_start start = {
		.program = run->argv[0],
		.argv = run->argv,
		.envp = run->envp,
		.cwd = run->cwd,
		.stdio = {NULL, out, said},
		.handles = (const HANDLE *)run->handles,
		.n_handles = run->n_handles,
	};
	struct cr_process process = {0};
	int status;

	if (!said || cr_process_start(&start, &process, err) < 0)
		return -1;
	status = await(&process, run, exit_code, err);
	cr_process_close(&process);
	return status;
}
