/*
 * break.c - Ctrl-Break for a command: unlike Ctrl-C it is no byte that could be typed into its
 * pseudo console, so this program is started on that console, in the box, and raises it there.
 */
#include <string.h>

#include "break.h"
#include "handles.h"

#define WORD "--carrel-break"

/* It comes to us too; the handler is what Ctrl-Break cannot do without. */
static BOOL WINAPI not_me(DWORD event)
{
	return event == CTRL_BREAK_EVENT;
}

bool cr_break_part(int argc, char *const *argv, int *exit_code)
{
	if (argc != 2 || strcmp(argv[1], WORD) != 0)
		return false;
	*exit_code = !SetConsoleCtrlHandler(not_me, TRUE) ||
		     !GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, 0);
	return true;
}

/* No program starts without knowing where Windows is. */
static char *system_root(struct cr_arena *arena)
{
	wchar_t valuew[MAX_PATH];
	const DWORD n = GetEnvironmentVariableW(L"SystemRoot", valuew, MAX_PATH);
	const char *value = n > 0 && n < MAX_PATH ? cr_utf8(arena, valuew, NULL) : NULL;

	return value ? cr_arena_printf(arena, "SystemRoot=%s", value) : NULL;
}

static int send_in(struct cr_arena *arena, const struct cr_console *console,
		   struct cr_process_start start, struct cr_err *err)
{
	char *const envp[] = {system_root(arena), NULL};
	char *const argv[] = {cr_arena_strdup(arena, start.program), cr_arena_strdup(arena, WORD),
			      NULL};
	struct cr_process process = {0};

	if (!argv[0] || !argv[1])
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	start.argv = argv;
	start.envp = envp;
	start.console = cr_console_pseudo(console);
	if (cr_process_start(&start, &process, err) < 0)
		return -1;
	cr_process_close(&process);
	return 0;
}

int cr_break_send(const struct cr_console *console, const struct cr_process_start *start,
		  struct cr_err *err)
{
	struct cr_arena *arena;
	int status;

	if (!start->program || !cr_console_pseudo(console))
		return cr_fail(err, CR_E_STEP, "the command's console cannot be reached");
	arena = cr_arena_new();
	if (!arena)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	status = send_in(arena, console, *start, err);
	cr_arena_free(arena);
	return status;
}
