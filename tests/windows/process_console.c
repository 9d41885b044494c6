/*
 * process_console.c - a launcher that is only its console: runs the command given
 * with its own standard handles, as `carrel run` does without a box.
 *
 * usage: process_console [--break|--write-only] PROGRAM [WORD...]; ends as the command does, 125
 * when it cannot be started. Writes "whole", "parts" or "none" to the file mode.txt, "held" when
 * the command is given our output itself. --break: as if the user pressed Ctrl-Break, when there is
 * a go.txt. --write-only: our output is the console, opened for nothing but writing.
 */
#include <stdio.h>
#include <string.h>

#include "process_fixture.h"
#include "windows/break.h"
#include "windows/console.h"
#include "windows/job.h"

static int fail(const struct cr_err *err)
{
	write_file("mode.txt", err->text);
	return 125;
}

#define LOOK_MS 20

static bool plays_user; /* Wine cannot raise Ctrl-Break on the console of a terminal */

/* As wait.c does; this program plays the part itself. */
static void pass_break(const struct cr_console *console, HANDLE job)
{
	char program[MAX_PATH];
	const struct cr_process_start start = {.program = program, .job = job};
	struct cr_err err = {0};

	GetModuleFileNameA(NULL, program, sizeof(program));
	write_file("broken.txt", cr_break_send(console, &start, &err) == 0 ? "sent" : err.text);
}

static int serve(struct cr_console *console, const struct cr_process *process, HANDLE job)
{
	const HANDLE waits[] = {process->process, cr_console_end_event(console),
				cr_console_break_event(console)};
	DWORD code = 125, what;

	while ((what = WaitForMultipleObjects(3, waits, FALSE, LOOK_MS)) > WAIT_OBJECT_0 + 1) {
		if (what == WAIT_OBJECT_0 + 2)
			pass_break(console, job);
		else if (plays_user && DeleteFileA(in_dir("go.txt")))
			SetEvent(waits[2]);
	}
	if (what == WAIT_OBJECT_0 + 1) {
		cr_console_hang_up(console);
		WaitForSingleObject(process->process, 2000);
		cr_job_end(job, CR_EXIT_CONTROL_C, NULL);
	}
	cr_process_wait(process, INFINITE, &code, NULL);
	cr_job_end(job, CR_EXIT_CONTROL_C, NULL);
	cr_job_wait_empty(job, INFINITE, NULL);
	return (int)code;
}

static const char *mode_of(const struct cr_console *console, const struct cr_process_start *start,
			   HANDLE out)
{
	if (cr_console_is_whole(console))
		return "whole";
	if (start->flags & CR_START_NO_CONSOLE)
		return "none";
	return start->stdio[1] == out ? "held" : "parts";
}

int main(int argc, char **argv)
{
	HANDLE stdio[] = {GetStdHandle(STD_INPUT_HANDLE), GetStdHandle(STD_OUTPUT_HANDLE),
			  GetStdHandle(STD_ERROR_HANDLE)};
	const struct cr_job_limits limits = {0};
	struct cr_process_start start = {.program = argc > 1 ? argv[1] : NULL, .argv = argv + 1};
	struct cr_process process = {0};
	struct cr_console *console = NULL;
	struct cr_err err = {0};
	int code = 125;

	/* Wine has no Ctrl-Break; what goes to the same processes stands for it */
	if (cr_break_part(argc, argv, &code))
		return code ? !GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0) : 0;
	fixture_init();
	plays_user = argc > 2 && strcmp(argv[1], "--break") == 0;
	start.argv += plays_user;
	if (argc > 2 && strcmp(argv[1], "--write-only") == 0) {
		start.argv++;
		stdio[1] =
			CreateFileW(L"CONOUT$", GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
				    NULL, OPEN_EXISTING, 0, NULL);
	}
	start.program = start.argv[0];
	if (cr_console_open(stdio, &console, &err) < 0 ||
	    cr_job_create(&limits, &start.job, &err) < 0)
		return fail(&err);
	cr_console_prepare(console, &start);
	if (cr_process_start(&start, &process, &err) < 0 || cr_console_begin(console, &err) < 0)
		return fail(&err);
	write_file("mode.txt", mode_of(console, &start, stdio[1]));
	code = serve(console, &process, start.job);
	cr_process_close(&process);
	cr_console_close(console);
	CloseHandle(start.job);
	return code;
}
