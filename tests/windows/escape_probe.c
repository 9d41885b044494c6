/*
 * escape_probe.c - what a program in a box may try, one operation a row: the attacks of `carrel
 * verify` that need no more than directories and a victim, and what must work.
 *
 *   escape_probe list                  "name<TAB>refused|works<TAB>threats<TAB>gap" for each
 *   escape_probe try NAME...           "name yes|no" for each: did it work?
 *   escape_probe child NAME...         the same, tried by a child of this process
 *   escape_probe open PATH...          everybody may do everything there
 *   escape_probe victim                a process outside: objects to reach, "ready PID", until
 *                                      standard input ends
 *
 * Where things are is in the environment: T_OUT (files outside), T_WS (the workspace), T_STATE
 * (carrel's state), T_CARREL (carrel.exe), T_PID (the victim). An operation says yes only when
 * what an attacker wants has happened; it never judges.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape_work.h"

#define VICTIM "carrel-victim"

/* Of the tier that there is; "none" where no gap of its plan opens it. */
static void show(const struct cr_attack *attack)
{
	printf("%s\t%s\t%s\t%s\n", attack->name,
	       attack->tiers & CR_HOLDS_UNELEVATED ? "refused" : "works", attack->threats,
	       attack->gap ? attack->gap : "none");
}

static int list(void)
{
	const struct cr_attack *attack;

	for (size_t i = 0; (attack = cr_attack_at(i)); i++) {
		if (!(attack->needs & CR_NEEDS_FIXTURE))
			show(attack);
	}
	for (size_t i = 0; i < escape_n_work; i++)
		printf("%s\tworks\t\tnone\n", escape_work[i].name);
	return 0;
}

/* A variable; a forgotten one must not look like a refusal. */
static void take(char field[CR_ATTACK_TEXT], const wchar_t *name)
{
	const wchar_t *value = _wgetenv(name);

	if (value && cr_win_utf8(value, field, CR_ATTACK_TEXT))
		return;
	fprintf(stderr, "escape_probe: %ls is not set\n", name);
	exit(99);
}

static void take_all(struct cr_attack_env *env)
{
	char pid[CR_ATTACK_TEXT];

	take(env->outside, L"T_OUT");
	take(env->workspace, L"T_WS");
	take(env->state_dir, L"T_STATE");
	take(env->carrel, L"T_CARREL");
	take(pid, L"T_PID");
	env->victim_pid = strtol(pid, NULL, 10);
}

static int answer(const char *name, int worked)
{
	printf("%s %s\n", name, worked ? "yes" : "no");
	fflush(stdout);
	return 0;
}

static int try_one(const struct cr_attack_env *env, const wchar_t *wanted)
{
	const struct cr_attack *attack;
	struct cr_attack_note note;
	char name[64] = "";

	cr_win_utf8(wanted, name, sizeof(name));
	attack = cr_attack_find(name);
	if (attack)
		return answer(name, cr_attack_run(attack, env, CR_HOW_PLAIN, &note) ==
					    CR_ATTACK_SUCCEEDED);
	for (size_t i = 0; i < escape_n_work; i++) {
		if (strcmp(escape_work[i].name, name) == 0)
			return answer(name, escape_work[i].fn(env));
	}
	fprintf(stderr, "escape_probe: no operation '%s'\n", name);
	return 97;
}

static int try_all(int argc, wchar_t **argv)
{
	struct cr_attack_env env = {.object_name = VICTIM};
	int result = 0;

	take_all(&env);
	for (int i = 0; i < argc && result == 0; i++)
		result = try_one(&env, argv[i]);
	return result;
}

static int try_in_child(int argc, wchar_t **argv)
{
	wchar_t words[CR_WIN_BIG * 4] = L"try";
	DWORD code = 96;

	for (int i = 0; i < argc; i++)
		_snwprintf(words + wcslen(words), CR_WIN_BIG * 4 - 1 - wcslen(words), L" %ls",
			   argv[i]);
	return cr_win_start_self(words, 0, &code) ? (int)code : 95;
}

static int play_victim(void)
{
	const struct cr_attack_env env = {.object_name = VICTIM};
	struct cr_win_objects objects;

	if (cr_win_objects_make(&env, &objects) < 0)
		return 94;
	printf("ready %lu\n", GetCurrentProcessId());
	fflush(stdout);
	/* a line: somebody has connected to the pipe */
	while (getchar() != EOF)
		cr_win_objects_renew(&env, &objects);
	cr_win_objects_close(&objects);
	return 0;
}

static int open_to_everyone(int argc, wchar_t **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!cr_win_set_sd(argv[i], L"D:(A;OICI;FA;;;WD)", DACL_SECURITY_INFORMATION))
			return 92;
	}
	return 0;
}

int wmain(int argc, wchar_t **argv); /* no header declares it */

int wmain(int argc, wchar_t **argv)
{
	if (argc > 1 && (wcscmp(argv[1], L"list") == 0 || wcscmp(argv[1], L"--version") == 0))
		return list();
	if (argc > 1 && wcscmp(argv[1], L"victim") == 0)
		return play_victim();
	if (argc > 2 && wcscmp(argv[1], L"open") == 0)
		return open_to_everyone(argc - 2, argv + 2);
	if (argc > 2 && wcscmp(argv[1], L"child") == 0)
		return try_in_child(argc - 2, argv + 2);
	if (argc > 2 && wcscmp(argv[1], L"try") == 0)
		return try_all(argc - 2, argv + 2);
	return 93;
}
