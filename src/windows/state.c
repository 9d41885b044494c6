/*
 * state.c - state.h.
 *
 * Must choose the same directory as lib/sys_windows.c does, because that is the one the rules
 * hide and protect: a state that the box could write would be an undo of the box.
 */
#include "state.h"

#include <stdio.h>
#include <string.h>

#include <bcrypt.h>

#include "core/path.h"
#include "handles.h"
#include "open.h"

#define SEED_NAME "sid-seed"

static const char *variable(struct cr_arena *arena, const wchar_t *namew)
{
	wchar_t valuew[CR_MAX_PATH];
	const DWORD n = GetEnvironmentVariableW(namew, valuew, CR_MAX_PATH);
	const char *value = n > 0 && n < CR_MAX_PATH ? cr_utf8(arena, valuew, NULL) : NULL;

	return value && cr_path_is_absolute(CR_OS_WINDOWS, value) ? value : NULL;
}

const char *cr_state_path(struct cr_arena *arena, struct cr_err *err)
{
	const char *base = variable(arena, L"LOCALAPPDATA");
	const char *home = base ? NULL : variable(arena, L"USERPROFILE");
	const char *path = NULL;

	if (base)
		path = cr_arena_printf(arena, "%s\\carrel", base);
	else if (home)
		path = cr_arena_printf(arena, "%s\\AppData\\Local\\carrel", home);
	if (!path) {
		cr_fail(err, CR_E_STATE, "no directory for carrel's state is known");
		cr_hint(err, "set LOCALAPPDATA or USERPROFILE");
		return NULL;
	}
	return cr_path_canonical(arena, CR_OS_WINDOWS, path, 0, err);
}

/* Those above it that are missing are made with it, and are the user's alone too. */
static int make_dirs(struct cr_arena *arena, const char *path, SECURITY_ATTRIBUTES *security,
		     struct cr_err *err)
{
	const unsigned depth = cr_path_depth(CR_OS_WINDOWS, path);
	wchar_t partw[CR_WIDE_PATH];
	DWORD code = 0;

	for (unsigned d = 1; d <= depth; d++) {
		const char *part = cr_path_prefix(arena, CR_OS_WINDOWS, path, d);

		if (!part || cr_wide_path(part, partw) < 0)
			return cr_fail(err, CR_E_NOMEM, "carrel's state");
		code = CreateDirectoryW(partw, security) ? ERROR_ALREADY_EXISTS : GetLastError();
	}
	if (code == ERROR_ALREADY_EXISTS)
		return 0;
	return cr_fail_win(err, CR_E_STATE, code, "cannot make '%.500s'", path);
}

const char *cr_state_make(struct cr_arena *arena, struct cr_err *err)
{
	SECURITY_ATTRIBUTES security = {.nLength = sizeof(security)};
	const char *path = cr_state_path(arena, err);
	int status;

	if (!path)
		return NULL;
	security.lpSecurityDescriptor = cr_private_security();
	if (!security.lpSecurityDescriptor) {
		cr_fail_win(err, CR_E_STATE, GetLastError(), "cannot make '%.500s'", path);
		return NULL;
	}
	status = make_dirs(arena, path, &security, err);
	LocalFree(security.lpSecurityDescriptor);
	return status < 0 ? NULL : path;
}

static HANDLE open_in_state(struct cr_arena *arena, const char *name, DWORD access,
			    DWORD disposition, struct cr_err *err)
{
	const char *dir = cr_state_make(arena, err);
	const char *path = dir ? cr_path_join(arena, CR_OS_WINDOWS, dir, name) : NULL;
	wchar_t pathw[CR_WIDE_PATH];
	HANDLE file;

	if (!path || cr_wide_path(path, pathw) < 0)
		return NULL;
	file = CreateFileW(pathw, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
			   NULL, disposition, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
	if (file == INVALID_HANDLE_VALUE) {
		cr_fail_win(err, CR_E_STATE, GetLastError(), "cannot open '%.500s'", path);
		return NULL;
	}
	return file;
}

HANDLE cr_state_open(const char *name, DWORD access, DWORD disposition, struct cr_err *err)
{
	struct cr_arena *arena = cr_arena_new();
	HANDLE file = arena ? open_in_state(arena, name, access, disposition, err) : NULL;

	if (!arena)
		cr_fail(err, CR_E_NOMEM, "out of memory");
	cr_arena_free(arena);
	return file;
}

/* "1 2 3\n", and nothing else. */
static int parse_seed(const char *text, uint32_t seed[3])
{
	char again[64];

	if (sscanf(text, "%u %u %u", &seed[0], &seed[1], &seed[2]) != 3)
		return -1;
	snprintf(again, sizeof(again), "%u %u %u\n", seed[0], seed[1], seed[2]);
	return strcmp(text, again) == 0 ? 0 : -1;
}

static int make_seed(HANDLE file, uint32_t seed[3], struct cr_err *err)
{
	char text[64];
	DWORD done = 0;
	int len;

	if (BCryptGenRandom(NULL, (PUCHAR)seed, 12, BCRYPT_USE_SYSTEM_PREFERRED_RNG) != 0)
		return cr_fail(err, CR_E_STATE, "cannot get random bytes");
	len = snprintf(text, sizeof(text), "%u %u %u\n", seed[0], seed[1], seed[2]);
	if (SetFilePointer(file, 0, NULL, FILE_BEGIN) != 0 || !SetEndOfFile(file) ||
	    !WriteFile(file, text, (DWORD)len, &done, NULL) || done != (DWORD)len ||
	    !FlushFileBuffers(file))
		return cr_fail_win(err, CR_E_STATE, GetLastError(), "cannot write carrel's state");
	return 0;
}

int cr_state_seed(uint32_t seed[3], struct cr_err *err)
{
	CR_AUTO_HANDLE HANDLE file =
		cr_state_open(SEED_NAME, GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS, err);
	OVERLAPPED whole = {0};
	char text[64] = "";
	DWORD got = 0;

	if (!file)
		return -1;
	/* two first starts at one time must agree; released when the file is closed */
	if (!LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &whole) ||
	    !ReadFile(file, text, sizeof(text) - 1, &got, NULL))
		return cr_fail_win(err, CR_E_STATE, GetLastError(), "cannot read carrel's state");
	return parse_seed(text, seed) == 0 ? 0 : make_seed(file, seed, err);
}
