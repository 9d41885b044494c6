/*
 * program.c - finds the program a name means, before anything is started.
 *
 * CreateProcess given a bare name looks into carrel's own directory and the
 * current one first, which is the agent's. So a name is always made an absolute
 * path here, of a file that is there, and that path alone is passed on.
 */
#include <string.h>

#include "core/wincmd.h"
#include "handles.h"
#include "process.h"

/* Value of a variable, whose name has no case; NULL when unset. */
static const char *get(char *const *envp, const char *name)
{
	const size_t len = strlen(name);

	for (; envp && *envp; envp++) {
		if (_strnicmp(*envp, name, len) == 0 && (*envp)[len] == '=')
			return *envp + len + 1;
	}
	return NULL;
}

static bool is_file(const wchar_t *pathw)
{
	const DWORD attributes = GetFileAttributesW(pathw);

	return attributes != INVALID_FILE_ATTRIBUTES && !(attributes & FILE_ATTRIBUTE_DIRECTORY);
}

/*
 * The file's one real name, so that "x.bat." or a link to a batch file is known for what it is.
 * A Store application's alias cannot be opened, only started; it is refused, for a restricted
 * token cannot start it either.
 */
static const char *real_name(struct cr_arena *arena, const wchar_t *pathw, const char *shown,
			     struct cr_err *err)
{
	CR_AUTO_HANDLE HANDLE file =
		CreateFileW(pathw, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
			    OPEN_EXISTING, 0, NULL);
	const DWORD code = GetLastError();

	if (cr_handle_is_valid(file))
		return cr_handle_path(arena, file, err);
	cr_fail_win(err, CR_E_EXEC, code, "cannot execute '%.500s'", shown);
	if (code == ERROR_CANT_ACCESS_FILE)
		cr_hint(err, "it is an application of the Microsoft Store, which no restricted "
			     "token can start; install it another way");
	return NULL;
}

const char *cr_program_find(struct cr_arena *arena, const char *name, char *const *envp,
			    const char *cwd, struct cr_err *err)
{
	const struct cr_wincmd_search search = {
		.name = name,
		.path = get(envp, "PATH"),
		.pathext = get(envp, "PATHEXT"),
		.cwd = cwd,
	};
	const char *const *candidates = cr_wincmd_candidates(arena, &search, err);

	for (; candidates && *candidates; candidates++) {
		const wchar_t *pathw = cr_wide(arena, *candidates, err);

		if (!pathw)
			return NULL;
		if (is_file(pathw))
			return real_name(arena, pathw, *candidates, err);
	}
	if (candidates)
		cr_fail(err, CR_E_NOTFOUND, "'%.500s' was not found", name);
	return NULL;
}
