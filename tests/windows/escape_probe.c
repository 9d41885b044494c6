/*
 * escape_probe.c - what a program in a box may try, one operation a row.
 *
 *   escape_probe list                  "name<TAB>refused|works<TAB>threats" for each
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
#include <string.h>
#include <wchar.h>

#include <windows.h>

#include "escape_tools.h"

static int list(void)
{
	for (size_t i = 0; i < escape_n_rows; i++)
		printf("%s\t%s\t%s\n", escape_rows[i].name, escape_rows[i].wanted,
		       escape_rows[i].threats);
	return 0;
}

static int try_one(const wchar_t *wanted)
{
	char name[64];

	snprintf(name, sizeof(name), "%ls", wanted);
	for (size_t i = 0; i < escape_n_rows; i++) {
		if (strcmp(escape_rows[i].name, name) != 0)
			continue;
		printf("%s %s\n", name, escape_rows[i].fn() ? "yes" : "no");
		fflush(stdout);
		return 0;
	}
	fprintf(stderr, "escape_probe: no operation '%s'\n", name);
	return 97;
}

static int try_in_child(int argc, wchar_t **argv)
{
	wchar_t words[BIG * 4] = L"try";
	DWORD code = 96;

	for (int i = 0; i < argc; i++)
		_snwprintf(words + wcslen(words), BIG * 4 - 1 - wcslen(words), L" %ls", argv[i]);
	return start(words, 0, &code) ? (int)code : 95;
}

static int play_victim(void)
{
	HANDLE event = CreateEventW(NULL, TRUE, FALSE, L"carrel-victim-event");
	HANDLE mutex = CreateMutexW(NULL, FALSE, L"carrel-victim-mutex");
	HANDLE map = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096,
					L"carrel-victim-map");
	HANDLE pipe = CreateNamedPipeW(L"\\\\.\\pipe\\carrel-victim", PIPE_ACCESS_DUPLEX, 0,
				       PIPE_UNLIMITED_INSTANCES, 64, 64, 0, NULL);

	if (!event || !mutex || !map || pipe == INVALID_HANDLE_VALUE)
		return 94;
	printf("ready %lu\n", GetCurrentProcessId());
	fflush(stdout);
	while (getchar() != EOF) {
		/* a line: somebody has connected; the next one gets an instance of its own */
		CloseHandle(pipe);
		pipe = CreateNamedPipeW(L"\\\\.\\pipe\\carrel-victim", PIPE_ACCESS_DUPLEX, 0,
					PIPE_UNLIMITED_INSTANCES, 64, 64, 0, NULL);
	}
	return 0;
}

static int open_to_everyone(int argc, wchar_t **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!set_sd(argv[i], L"D:(A;OICI;FA;;;WD)", DACL_SECURITY_INFORMATION))
			return 92;
	}
	return 0;
}

int wmain(int argc, wchar_t **argv); /* no header declares it */

int wmain(int argc, wchar_t **argv)
{
	int result = 0;

	GetModuleFileNameW(NULL, escape_program, BIG);
	if (argc > 1 && wcscmp(argv[1], L"list") == 0)
		return list();
	if (argc > 1 && wcscmp(argv[1], L"victim") == 0)
		return play_victim();
	if (argc > 2 && wcscmp(argv[1], L"open") == 0)
		return open_to_everyone(argc - 2, argv + 2);
	if (argc > 2 && wcscmp(argv[1], L"child") == 0)
		return try_in_child(argc - 2, argv + 2);
	if (argc < 3 || wcscmp(argv[1], L"try") != 0)
		return 93;
	for (int i = 2; i < argc && result == 0; i++)
		result = try_one(argv[i]);
	return result;
}
