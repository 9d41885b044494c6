/*
 * process_console.c - a launcher that is only its console: runs the command given
 * with its own standard handles, as `carrel run` does without a box.
 *
 * usage: process_console PROGRAM [WORD...]; ends as the command does, 125
 * when it cannot be started. Prints "whole", "parts" or "none" to the file mode.txt.
 */
#include <stdio.h>
#include <string.h>

#include "process_fixture.h"
#include "windows/console.h"
#include "windows/job.h"

static int fail(const struct cr_err *err)
{
	write_file("mode.txt", err->text);
	return 125;
}

static int serve(struct cr_console *console, const struct cr_process *process, HANDLE job)
{
	const HANDLE waits[] = {process->process, cr_console_end_event(console)};
	DWORD code = 125;

	if (WaitForMultipleObjects(2, waits, FALSE, INFINITE) == WAIT_OBJECT_0 + 1) {
		cr_console_hang_up(console);
		WaitForSingleObject(process->process, 2000);
		cr_job_end(job, CR_EXIT_CONTROL_C, NULL);
	}
	cr_process_wait(process, INFINITE, &code, NULL);
	cr_job_end(job, CR_EXIT_CONTROL_C, NULL);
	cr_job_wait_empty(job, INFINITE, NULL);
	return (int)code;
}

int main(int argc, char **argv)
{
	const HANDLE stdio[] = {GetStdHandle(STD_INPUT_HANDLE), GetStdHandle(STD_OUTPUT_HANDLE),
				GetStdHandle(STD_ERROR_HANDLE)};
	const struct cr_job_limits limits = {0};
	struct cr_process_start start = {.program = argc > 1 ? argv[1] : NULL, .argv = argv + 1};
	struct cr_process process = {0};
	struct cr_console *console = NULL;
	struct cr_err err = {0};
	int code = 125;

	fixture_init();
	if (cr_console_open(stdio, &console, &err) < 0 ||
	    cr_job_create(&limits, &start.job, &err) < 0)
		return fail(&err);
	cr_console_prepare(console, &start);
	if (cr_process_start(&start, &process, &err) < 0 || cr_console_begin(console, &err) < 0)
		return fail(&err);
	write_file("mode.txt", cr_console_is_whole(console)
				       ? "whole"
				       : (start.flags & CR_START_NO_CONSOLE ? "none" : "parts"));
	code = serve(console, &process, start.job);
	cr_process_close(&process);
	cr_console_close(console);
	CloseHandle(start.job);
	return code;
}
