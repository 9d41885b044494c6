/*
 * escape_work.c - what must work in a box: a box in which nothing can be done holds everything.
 */
#include "escape_work.h"

static int w_write(const struct cr_attack_env *env)
{
	return cr_win_write(cr_win_path(env, "ws:f"));
}

static int w_append(const struct cr_attack_env *env)
{
	return cr_win_put(cr_win_path(env, "ws:f"), FILE_APPEND_DATA, OPEN_EXISTING);
}

static int w_create(const struct cr_attack_env *env)
{
	return cr_win_create(cr_win_path(env, "ws:made")) &&
	       DeleteFileW(cr_win_path(env, "ws:made"));
}

static int w_deep(const struct cr_attack_env *env)
{
	return cr_win_write(cr_win_path(env, "ws:d\\deep\\f"));
}

static int w_read_outside(const struct cr_attack_env *env)
{
	return cr_win_read(cr_win_path(env, "out:f"));
}

static int lists(const wchar_t *pattern)
{
	WIN32_FIND_DATAW found;
	HANDLE find = FindFirstFileW(pattern, &found);

	if (find == INVALID_HANDLE_VALUE)
		return 0;
	FindClose(find);
	return 1;
}

static int w_list_outside(const struct cr_attack_env *env)
{
	return lists(cr_win_path(env, "out:*"));
}

static int w_read_protected(const struct cr_attack_env *env)
{
	return cr_win_read(cr_win_path(env, "ws:.git\\config"));
}

static int w_attributes(const struct cr_attack_env *env)
{
	return SetFileAttributesW(cr_win_path(env, "ws:f"), FILE_ATTRIBUTE_NORMAL) != 0;
}

static int w_times(const struct cr_attack_env *env)
{
	return cr_win_set_times(cr_win_path(env, "ws:f"));
}

static int w_map(const struct cr_attack_env *env)
{
	return cr_win_map(cr_win_path(env, "ws:f"));
}

static int w_nul(const struct cr_attack_env *env)
{
	(void)env;
	return cr_win_put(L"NUL", GENERIC_WRITE, OPEN_EXISTING);
}

static int w_rename(const struct cr_attack_env *env)
{
	return cr_win_create(cr_win_path(env, "ws:r1")) &&
	       MoveFileW(cr_win_path(env, "ws:r1"), cr_win_path(env, "ws:r2")) &&
	       MoveFileExW(cr_win_path(env, "ws:r2"), cr_win_path(env, "ws:r3"),
			   MOVEFILE_REPLACE_EXISTING) &&
	       DeleteFileW(cr_win_path(env, "ws:r3"));
}

static int w_directories(const struct cr_attack_env *env)
{
	return CreateDirectoryW(cr_win_path(env, "ws:n"), NULL) &&
	       cr_win_create(cr_win_path(env, "ws:n\\f")) &&
	       MoveFileW(cr_win_path(env, "ws:n"), cr_win_path(env, "ws:n2")) &&
	       DeleteFileW(cr_win_path(env, "ws:n2\\f")) &&
	       RemoveDirectoryW(cr_win_path(env, "ws:n2"));
}

static int w_link(const struct cr_attack_env *env)
{
	return cr_win_create(cr_win_path(env, "ws:l1")) &&
	       CreateHardLinkW(cr_win_path(env, "ws:l2"), cr_win_path(env, "ws:l1"), NULL) &&
	       DeleteFileW(cr_win_path(env, "ws:l1")) && DeleteFileW(cr_win_path(env, "ws:l2"));
}

static int w_copy_in(const struct cr_attack_env *env)
{
	return CopyFileW(cr_win_path(env, "out:f"), cr_win_path(env, "ws:copied"), TRUE) &&
	       cr_win_write(cr_win_path(env, "ws:copied")) &&
	       DeleteFileW(cr_win_path(env, "ws:copied"));
}

static int w_temp(const struct cr_attack_env *env)
{
	wchar_t dir[CR_WIN_BIG], name[MAX_PATH];

	(void)env;
	return GetTempPathW(CR_WIN_BIG, dir) && GetTempFileNameW(dir, L"prb", 0, name) &&
	       cr_win_write(name) && DeleteFileW(name);
}

static int w_pipe(const struct cr_attack_env *env)
{
	HANDLE read = NULL, write = NULL;
	char buf[2];
	DWORD n = 0;
	int good = CreatePipe(&read, &write, NULL, 0) && WriteFile(write, "x", 1, &n, NULL) &&
		   ReadFile(read, buf, 1, &n, NULL) && n == 1;

	(void)env;
	cr_win_done(read);
	cr_win_done(write);
	return good;
}

static int w_named_pipe(const struct cr_attack_env *env)
{
	const wchar_t *name = L"\\\\.\\pipe\\carrel-probe-own";
	HANDLE server = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX, 0, 1, 64, 64, 0, NULL);
	HANDLE client;

	(void)env;
	if (server == INVALID_HANDLE_VALUE)
		return 0;
	client = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
	cr_win_done(server);
	return cr_win_done_file(client);
}

static int w_event(const struct cr_attack_env *env)
{
	HANDLE event = CreateEventW(NULL, TRUE, FALSE, L"carrel-probe-event");
	HANDLE again = event ? OpenEventW(EVENT_MODIFY_STATE, FALSE, L"carrel-probe-event") : NULL;
	int good = again && SetEvent(again);

	(void)env;
	cr_win_done(again);
	cr_win_done(event);
	return good;
}

static int w_process(const struct cr_attack_env *env)
{
	DWORD code = 1;

	(void)env;
	return cr_win_start_self(L"list", CREATE_NO_WINDOW, &code) && code == 0;
}

static int w_own_process(const struct cr_attack_env *env)
{
	(void)env;
	return cr_win_done(
		OpenProcess(PROCESS_VM_WRITE | PROCESS_DUP_HANDLE, FALSE, GetCurrentProcessId()));
}

const struct escape_work escape_work[] = {
	{"work-write", w_write},
	{"work-append", w_append},
	{"work-create", w_create},
	{"work-deep", w_deep},
	{"work-rename", w_rename},
	{"work-directories", w_directories},
	{"work-link", w_link},
	{"work-copy-in", w_copy_in},
	{"work-read-outside", w_read_outside},
	{"work-list-outside", w_list_outside},
	{"work-read-protected", w_read_protected},
	{"work-attributes", w_attributes},
	{"work-times", w_times},
	{"work-map", w_map},
	{"work-temp", w_temp},
	{"work-nul", w_nul},
	{"work-pipe", w_pipe},
	{"work-named-pipe", w_named_pipe},
	{"work-event", w_event},
	{"work-process", w_process},
	{"work-own-process", w_own_process},
};

const size_t escape_n_work = sizeof(escape_work) / sizeof(escape_work[0]);
