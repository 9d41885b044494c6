/*
 * with_env.c - runs a program with variables that Wine would set by itself, in
 * a directory, as a user's shell does.
 *
 * usage: with_env DIRECTORY NAME=VALUE... -- PROGRAM [WORD...]; ends as PROGRAM does, whose exit
 * code is left in code.txt besides: no Unix process has 32 bits of it. Once there is a file go.txt,
 * Ctrl-C is pressed on the console of both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>
#include <shellapi.h>

#include "core/arena.h"
#include "windows/handles.h"
#include "windows/process.h"

#define MAX_VARIABLES 256
#define LOOK_MS       50

static char **utf8_words(struct cr_arena *arena, int *argc)
{
	wchar_t **wordsw = CommandLineToArgvW(GetCommandLineW(), argc);
	char **words = cr_arena_alloc(arena, (size_t)*argc + 1, sizeof(*words));

	for (int i = 0; words && wordsw && i < *argc; i++)
		words[i] = cr_utf8(arena, wordsw[i], NULL);
	LocalFree(wordsw);
	return words;
}

/* Ours behind those given: of two of one name the first counts. */
static void add_own(struct cr_arena *arena, char **envp, size_t count)
{
	wchar_t *block = GetEnvironmentStringsW();

	for (const wchar_t *p = block; *p && count < MAX_VARIABLES; p += wcslen(p) + 1) {
		char *variable = cr_utf8(arena, p, NULL);

		if (variable && variable[0] != '=')
			envp[count++] = variable;
	}
	FreeEnvironmentStringsW(block);
}

/* In the directory with_env itself is started in. */
static void leave_code(DWORD code)
{
	FILE *file = fopen("code.txt", "wb");

	if (file) {
		fprintf(file, "%lu", code);
		fclose(file);
	}
}

static BOOL WINAPI not_me(DWORD event)
{
	return event == CTRL_C_EVENT;
}

static int wait_for(struct cr_process *process, DWORD *code, struct cr_err *err)
{
	while (WaitForSingleObject(process->process, LOOK_MS) == WAIT_TIMEOUT) {
		if (DeleteFileA("go.txt") && !GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0))
			fprintf(stderr, "with_env: no Ctrl-C: %lu\n", GetLastError());
	}
	return cr_process_wait(process, INFINITE, code, err);
}

int main(int argc, char **argv)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_process_start start = {0};
	struct cr_process process = {0};
	char *envp[MAX_VARIABLES + 1] = {NULL};
	struct cr_err err = {0};
	DWORD code = 125;
	int i = 2;

	argv = utf8_words(arena, &argc);
	for (; i < argc && i < MAX_VARIABLES && strcmp(argv[i], "--") != 0; i++)
		envp[i - 2] = argv[i];
	add_own(arena, envp, (size_t)i - 2);
	start.cwd = argv[1];
	start.program = argv[i + 1];
	start.argv = argv + i + 1;
	start.envp = envp;
	for (unsigned fd = 0; fd < 3; fd++)
		start.stdio[fd] = GetStdHandle(STD_INPUT_HANDLE - fd);
	SetConsoleCtrlHandler(not_me, TRUE);
	if (cr_process_start(&start, &process, &err) < 0 || wait_for(&process, &code, &err) < 0)
		fprintf(stderr, "with_env: %s\n", err.text);
	leave_code(code);
	return (int)code;
}
