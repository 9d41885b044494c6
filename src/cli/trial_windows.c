/*
 * trial_windows.c - trial_host.h for Windows.
 *
 * Programs started here get a home, a Temp and so a state of carrel of their own, in the targets'
 * directory: what boxes leave on files goes away with those files, and the user's journal does not
 * hear of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "core/backend_windows.h"
#include "core/limits.h"
#include "lib/sys.h"
#include "lib/sys_windows.h"
#include "platform.h"
#include "trial_host.h"
#include "verify/windows/tools.h"

#define PATIENCE_MS 30000 /* of one attack; what hangs has shown nothing */

/* Variables of the programs started here; all others are ours. */
#define MAX_OWN 8

const char *cr_trial_obstacle(const struct cr_attack *attack)
{
	(void)attack;
	return NULL;
}

/* True when `variable`, "NAME=value", has one of the names of `own`. Case does not count. */
static bool is_among(const char *variable, char *const *own)
{
	const size_t len = strcspn(variable, "=");

	for (size_t i = 0; own[i]; i++) {
		if (strcspn(own[i], "=") == len && _strnicmp(own[i], variable, len) == 0)
			return true;
	}
	return false;
}

static volatile LONG told_to_end;

/* Ctrl-C goes to all processes of the console: what runs for us ends by itself. When the window is
 * closed, Windows ends us as soon as this returns, or five seconds later. */
static BOOL WINAPI note_control(DWORD control)
{
	told_to_end = 1;
	if (control != CTRL_C_EVENT && control != CTRL_BREAK_EVENT)
		Sleep(INFINITE);
	return TRUE;
}

bool cr_trial_is_told_to_end(void)
{
	return told_to_end != 0;
}

void cr_trial_end_as_told(void)
{
	if (told_to_end)
		ExitProcess((UINT)STATUS_CONTROL_C_EXIT);
}

static int add_own(struct cr_arena *arena, const struct cr_trial_command *command, char **own)
{
	size_t n = 0;

	own[n++] = cr_arena_printf(arena, "USERPROFILE=%s", command->home);
	own[n++] = cr_arena_printf(arena, "LOCALAPPDATA=%s\\AppData\\Local", command->home);
	own[n++] = cr_arena_printf(arena, "APPDATA=%s\\AppData\\Roaming", command->home);
	own[n++] = cr_arena_printf(arena, "TEMP=%s", command->tmp_dir);
	own[n++] = cr_arena_printf(arena, "TMP=%s", command->tmp_dir);
	if (command->token)
		own[n++] = cr_arena_printf(arena, "CARREL_TEST_TOKEN=%s", command->token);
	own[n] = NULL;
	for (size_t i = 0; i < n; i++) {
		if (!own[i])
			return -1;
	}
	return 0;
}

static char **environment(struct cr_arena *arena, const struct cr_trial_command *command)
{
	char *own[MAX_OWN], **all = cr_sys_environ(arena), **env;
	size_t count = 0, used = 0;

	if (!all || add_own(arena, command, own) < 0)
		return NULL;
	while (all[count])
		count++;
	env = cr_arena_alloc(arena, count + MAX_OWN, sizeof(*env));
	for (size_t i = 0; env && own[i]; i++)
		env[used++] = own[i];
	for (size_t i = 0; env && i < count; i++) {
		if (!is_among(all[i], own))
			env[used++] = all[i];
	}
	return env;
}

int cr_trial_start(struct cr_arena *arena, const struct cr_trial_command *command, int *exit_code,
		   struct cr_err *err)
{
	char **env = environment(arena, command);
	char **words = cr_arena_alloc(arena, command->count + 1, sizeof(*words));
	void *handles[CR_TRIAL_OPEN];
	struct cr_windows_run run = {.argv = words,
				     .envp = env,
				     .cwd = command->cwd,
				     .out_path = command->out_path,
				     .err_path = command->err_path,
				     .handles = handles,
				     .n_handles = command->n_open,
				     .timeout_ms = PATIENCE_MS};
	unsigned code = 0;
	int ended;

	if (!env || !words)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	for (size_t i = 0; i < command->count; i++) {
		words[i] = cr_arena_strdup(arena, command->words[i]);
		if (!words[i])
			return cr_fail(err, CR_E_NOMEM, "out of memory");
	}
	for (size_t i = 0; i < command->n_open; i++)
		handles[i] = (void *)command->open[i];
	ended = cr_windows_run(&run, &code, err);
	*exit_code = ended ? (int)code : CR_ATTACK_NOT_TESTABLE;
	return ended < 0 ? -1 : 0;
}

/*
 * Never: a program that a box does not let start ends with a code of the system's too, and has
 * tried nothing.
 */
bool cr_trial_was_killed(int exit_code)
{
	(void)exit_code;
	return false;
}

int cr_trial_make_dir(const char *path, struct cr_err *err)
{
	if (CreateDirectoryW(cr_win_wide(path), NULL))
		return 0;
	return cr_sys_fail(err, CR_E_IO, GetLastError(), "cannot make '%.300s'", path);
}

void cr_trial_remove_tree(const char *dir)
{
	cr_win_remove_tree(cr_win_verbatim(dir), true);
}

/* A handle for writing outside, that a careless program would hand down to all its children. */
void cr_trial_equip(struct cr_arena *arena, const struct cr_attack *attack,
		    const struct cr_attack_env *env, struct cr_trial_command *command)
{
	HANDLE file;
	const char *set;

	if (!(attack->needs & CR_NEEDS_FDS))
		return;
	file = cr_win_open(cr_win_path(env, "out:f"), GENERIC_WRITE, OPEN_EXISTING, 0);
	if (!file)
		return;
	command->open[command->n_open++] = (intptr_t)file;
	set = cr_arena_printf(arena, "file_fd=%lld", (long long)(intptr_t)file);
	cr_trial_add_word(command, "--set");
	cr_trial_add_word(command, set ? set : "");
}

void cr_trial_unequip(struct cr_trial_command *command)
{
	for (size_t i = 0; i < command->n_open; i++)
		CloseHandle((HANDLE)command->open[i]);
	command->n_open = 0;
}

/* A state of carrel's, for the attacks on it. */
int cr_trial_play_box(const struct cr_attack_env *env, struct cr_err *err)
{
	static const char *const names[] = {"state:sid-seed", "state:acl-journal"};

	if (cr_platform_make_dirs(env->state_dir, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!cr_win_put(cr_win_path(env, names[i]), GENERIC_WRITE, CREATE_ALWAYS))
			return cr_fail(err, CR_E_IO, "cannot write in '%.300s'", env->state_dir);
	}
	return 0;
}

int cr_trial_copy_self(struct cr_trials *trials, struct cr_err *err)
{
	wchar_t own[CR_MAX_PATH];
	const DWORD n = GetModuleFileNameW(NULL, own, CR_MAX_PATH);

	trials->self = cr_trial_beneath(trials->arena, trials->base, "carrel.exe");
	/* what runs is not written by anybody */
	trials->copy = cr_trial_beneath(trials->arena, trials->base, "copy.exe");
	if (!trials->self || !trials->copy)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	if (n > 0 && n < CR_MAX_PATH && CopyFileW(own, cr_win_wide(trials->self), TRUE) &&
	    CopyFileW(own, cr_win_wide(trials->copy), TRUE))
		return 0;
	return cr_sys_fail(err, CR_E_IO, GetLastError(), "cannot write '%.300s'", trials->self);
}

int cr_trial_make_base(struct cr_trials *trials, const char *dir, struct cr_err *err)
{
	char name[CR_RANDOM_TEXT];
	const char *base, *real;

	if (!dir) {
		dir = cr_sys_env(trials->arena, "LOCALAPPDATA");
		if (!dir)
			dir = cr_sys_home(trials->arena, err);
	}
	real = dir ? cr_sys_real_dir(trials->arena, dir, err) : NULL;
	if (!real || cr_sys_random(name, err) < 0)
		return -1;
	base = cr_arena_printf(trials->arena, "%s\\carrel-%.6s", real, name);
	if (!base)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	if (cr_trial_make_dir(base, err) < 0)
		return -1;
	trials->base = base;
	SetConsoleCtrlHandler(note_control, TRUE);
	return 0;
}
