/*
 * cmdline.c - cmdline.h: a program's command line and environment as UTF-16.
 *
 * Must never leave it to CreateProcess to find out that a program is a batch
 * file: it would start cmd.exe with quoting for another kind of program.
 */
#include <stdlib.h>
#include <string.h>

#include "cmdline.h"
#include "core/limits.h"
#include "core/wincmd.h"
#include "handles.h"

/* cmd.exe of the system, not of COMSPEC or PATH, which the command's owner may have set. */
static const char *system_cmd(struct cr_arena *arena, struct cr_err *err)
{
	wchar_t dirw[MAX_PATH];
	const UINT len = GetSystemDirectoryW(dirw, MAX_PATH);
	const char *dir = len > 0 && len < MAX_PATH ? cr_utf8(arena, dirw, err) : NULL;
	const char *path = dir ? cr_arena_printf(arena, "%s\\cmd.exe", dir) : NULL;

	if (!path)
		cr_fail_win(err, CR_E_EXEC, GetLastError(), "cannot find the system's cmd.exe");
	return path;
}

int cr_cmdline_make(struct cr_arena *arena, const char *program, char *const *argv,
		    struct cr_cmdline *out, struct cr_err *err)
{
	const char *const *words = (const char *const *)argv;
	const char *line;

	if (cr_wincmd_is_batch(program)) {
		const char *cmd = system_cmd(arena, err);

		if (!cmd)
			return -1;
		line = cr_wincmd_batch_line(arena, cmd, program, words, err);
		program = cmd;
	} else {
		line = cr_wincmd_line(arena, words, err);
	}
	if (!line)
		return -1;
	out->programw = cr_wide(arena, program, err);
	out->linew = out->programw ? cr_wide(arena, line, err) : NULL;
	return out->linew ? 0 : -1;
}

/* Compares names, up to '=', as the system does: by code unit, without case. A name may begin
 * with '=' ("=C:", a drive's directory). */
static int compare(const void *a, const void *b)
{
	const wchar_t *const *first = a, *const *second = b;
	const wchar_t *first_end = wcschr(*first + 1, L'='),
		      *second_end = wcschr(*second + 1, L'=');

	return CompareStringOrdinal(*first, (int)(first_end - *first), *second,
				    (int)(second_end - *second), TRUE) -
	       CSTR_EQUAL;
}

/* All variables as UTF-16. A variable without a name or '=' cannot be passed. */
static wchar_t **widen(struct cr_arena *arena, char *const *envp, size_t count, struct cr_err *err)
{
	wchar_t **variables = cr_arena_alloc(arena, count + 1, sizeof(*variables));

	if (!variables) {
		cr_fail(err, CR_E_NOMEM, "environment");
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		if (envp[i][0] == '\0' || !strchr(envp[i] + 1, '=')) {
			cr_fail(err, CR_E_EXEC, "'%.100s' is no environment variable", envp[i]);
			return NULL;
		}
		variables[i] = cr_wide(arena, envp[i], err);
		if (!variables[i])
			return NULL;
	}
	return variables;
}

/* A block of variables, sorted; what follows one of the same name is left out. */
static wchar_t *join(struct cr_arena *arena, wchar_t *const *variables, size_t count,
		     struct cr_err *err)
{
	size_t size = 2, len = 0;
	wchar_t *block;

	for (size_t i = 0; i < count; i++)
		size += wcslen(variables[i]) + 1;
	block = cr_arena_alloc(arena, size, sizeof(*block)); /* zeroed: ends with two */
	if (!block) {
		cr_fail(err, CR_E_NOMEM, "environment");
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		const size_t n = wcslen(variables[i]) + 1;

		if (i > 0 && compare(&variables[i - 1], &variables[i]) == 0)
			continue;
		memcpy(block + len, variables[i], n * sizeof(*block));
		len += n;
	}
	return block;
}

/* Insertion sort: stable, so that the first of one name stays first; environments come sorted. */
static void sort(wchar_t **variables, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		wchar_t *variable = variables[i];
		size_t at = i;

		for (; at > 0 && compare(&variables[at - 1], &variable) > 0; at--)
			variables[at] = variables[at - 1];
		variables[at] = variable;
	}
}

wchar_t *cr_cmdline_environment(struct cr_arena *arena, char *const *envp, struct cr_err *err)
{
	size_t count = 0;
	wchar_t **variables;

	while (envp && envp[count])
		count++;
	if (count > CR_MAX_ENV) {
		cr_fail(err, CR_E_LIMIT, "more than %d environment variables", CR_MAX_ENV);
		return NULL;
	}
	variables = widen(arena, envp, count, err);
	if (!variables)
		return NULL;
	sort(variables, count);
	return join(arena, variables, count, err);
}
