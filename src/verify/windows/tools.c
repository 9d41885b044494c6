/*
 * tools.c - tools.h: one attempt each, and what came of it.
 */
#include <stdio.h>
#include <string.h>

#include "tools.h"

#include <aclapi.h>
#include <sddl.h>

#define SHARE_ALL   (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define PATIENCE_MS 60000
#define N_BUFFERS   16

static wchar_t *next_buffer(void)
{
	static wchar_t buffers[N_BUFFERS][CR_WIN_BIG];
	static unsigned next;
	wchar_t *buffer = buffers[next++ % N_BUFFERS];

	buffer[0] = L'\0';
	return buffer;
}

const wchar_t *cr_win_wide(const char *text)
{
	wchar_t *buffer = next_buffer();

	if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, buffer, CR_WIN_BIG) <= 0)
		buffer[0] = L'\0';
	return buffer;
}

const wchar_t *cr_win_verbatim(const char *path)
{
	char text[CR_WIN_BIG];

	snprintf(text, sizeof(text), "\\\\?\\%s", path);
	return cr_win_wide(text);
}

bool cr_win_utf8(const wchar_t *textw, char *text, size_t size)
{
	return WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, textw, -1, text, (int)size, NULL,
				   NULL) > 0;
}

const wchar_t *cr_win_path(const struct cr_attack_env *env, const char *name)
{
	const struct {
		const char *prefix, *text;
		bool ends; /* the rest is a name beneath it; else it only goes before */
	} parts[] = {
		{"verbatim:", "\\\\?\\", false}, {"device:", "\\\\.\\", false},
		{"out:", env->outside, true},    {"ws:", env->workspace, true},
		{"home:", env->home, true},      {"state:", env->state_dir, true},
		{"tmp:", env->tmp_dir, true},    {"carrel:", env->carrel, true},
	};
	char path[CR_WIN_BIG] = "";

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const size_t len = strlen(parts[i].prefix), used = strlen(path);

		if (strncmp(name, parts[i].prefix, len) != 0)
			continue;
		name += len;
		snprintf(path + used, sizeof(path) - used, "%s%s%s", parts[i].text,
			 parts[i].ends && *name ? "\\" : "", parts[i].ends ? name : "");
		if (parts[i].ends)
			break;
	}
	return cr_win_wide(path);
}

const wchar_t *cr_win_object(const struct cr_attack_env *env, const wchar_t *what)
{
	wchar_t *buffer = next_buffer();

	_snwprintf(buffer, CR_WIN_BIG - 1, L"%ls-%ls", cr_win_wide(env->object_name), what);
	buffer[CR_WIN_BIG - 1] = L'\0';
	return buffer;
}

FILE *cr_attack_fopen(const char *path, const char *mode)
{
	return _wfopen(cr_win_wide(path), mode[0] == 'w' ? L"wbN" : L"rbN");
}

int cr_attack_last_error(char *text, size_t size)
{
	const DWORD code = GetLastError();
	wchar_t textw[256] = L"";
	size_t used;

	FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
			       FORMAT_MESSAGE_MAX_WIDTH_MASK,
		       NULL, code, 0, textw, 256, NULL);
	if (!cr_win_utf8(textw, text, size))
		text[0] = '\0';
	used = strlen(text);
	while (used > 0 && (text[used - 1] == ' ' || text[used - 1] == '.'))
		text[--used] = '\0';
	snprintf(text + used, size - used, " (error %lu)", code);
	return (int)code;
}

enum cr_attack_outcome cr_win_answer(const struct cr_attack_env *env, int worked, const char *what)
{
	return cr_attack_result(env, worked ? 0 : -1, what);
}

HANDLE cr_win_open(const wchar_t *path, DWORD access, DWORD disposition, DWORD flags)
{
	HANDLE handle = CreateFileW(path, access, SHARE_ALL, NULL, disposition,
				    flags | FILE_FLAG_BACKUP_SEMANTICS, NULL);

	return handle == INVALID_HANDLE_VALUE ? NULL : handle;
}

int cr_win_done(HANDLE handle)
{
	if (handle)
		CloseHandle(handle);
	return handle != NULL;
}

int cr_win_done_file(HANDLE file)
{
	return cr_win_done(file == INVALID_HANDLE_VALUE ? NULL : file);
}

int cr_win_may(const wchar_t *path, DWORD access)
{
	return cr_win_done(cr_win_open(path, access, OPEN_EXISTING, 0));
}

int cr_win_put(const wchar_t *path, DWORD access, DWORD disposition)
{
	HANDLE file = cr_win_open(path, access, disposition, 0);
	DWORD n = 0;
	int good = file && WriteFile(file, "owned", 5, &n, NULL) && n == 5;

	cr_win_done(file);
	return good;
}

int cr_win_write(const wchar_t *path)
{
	return cr_win_put(path, GENERIC_WRITE, OPEN_EXISTING);
}

int cr_win_create(const wchar_t *path)
{
	return cr_win_put(path, GENERIC_WRITE, CREATE_NEW);
}

int cr_win_read(const wchar_t *path)
{
	HANDLE file = cr_win_open(path, GENERIC_READ, OPEN_EXISTING, 0);
	char c;
	DWORD n = 0;
	int good = file && ReadFile(file, &c, 1, &n, NULL) && n == 1;

	cr_win_done(file);
	return good;
}

int cr_win_set_times(const wchar_t *path)
{
	HANDLE file = cr_win_open(path, FILE_WRITE_ATTRIBUTES, OPEN_EXISTING, 0);
	FILETIME time = {1, 0x01d00000};
	int good = file && SetFileTime(file, NULL, NULL, &time);

	cr_win_done(file);
	return good;
}

int cr_win_map(const wchar_t *path)
{
	HANDLE file = cr_win_open(path, GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING, 0);
	HANDLE map = file ? CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL) : NULL;
	char *view = map ? MapViewOfFile(map, FILE_MAP_WRITE, 0, 0, 0) : NULL;

	if (view) {
		view[0] = 'X';
		UnmapViewOfFile(view);
	}
	cr_win_done(map);
	cr_win_done(file);
	return view != NULL;
}

int cr_win_set_sd(const wchar_t *path, const wchar_t *sddl, SECURITY_INFORMATION what)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	const DWORD access = what == LABEL_SECURITY_INFORMATION ? WRITE_OWNER : WRITE_DAC;
	HANDLE file = cr_win_open(path, access, OPEN_EXISTING, 0);
	int good = file &&
		   ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, &sd,
									NULL) &&
		   SetKernelObjectSecurity(file, what, sd);

	LocalFree(sd);
	cr_win_done(file);
	return good;
}

int cr_win_start_self(const wchar_t *words, DWORD flags, DWORD *code)
{
	STARTUPINFOW startup = {.cb = sizeof(startup)};
	wchar_t program[CR_WIN_BIG], line[CR_WIN_BIG * 8];
	PROCESS_INFORMATION info;

	GetModuleFileNameW(NULL, program, CR_WIN_BIG);
	_snwprintf(line, CR_WIN_BIG * 8 - 1, L"\"%ls\" %ls", program, words);
	line[CR_WIN_BIG * 8 - 1] = L'\0';
	if (!CreateProcessW(program, line, NULL, NULL, TRUE, flags, NULL, NULL, &startup, &info))
		return 0;
	if (WaitForSingleObject(info.hProcess, PATIENCE_MS) != WAIT_OBJECT_0 ||
	    !GetExitCodeProcess(info.hProcess, code))
		*code = 98;
	CloseHandle(info.hThread);
	CloseHandle(info.hProcess);
	return 1;
}

static HANDLE make_pipe(const struct cr_attack_env *env)
{
	wchar_t name[CR_WIN_BIG];
	HANDLE pipe;

	_snwprintf(name, CR_WIN_BIG - 1, L"\\\\.\\pipe\\%ls", cr_win_object(env, L"pipe"));
	pipe = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX, 0, PIPE_UNLIMITED_INSTANCES, 64, 64, 0,
				NULL);
	return pipe == INVALID_HANDLE_VALUE ? NULL : pipe;
}

int cr_win_objects_make(const struct cr_attack_env *env, struct cr_win_objects *out)
{
	*out = (struct cr_win_objects){
		.event = CreateEventW(NULL, TRUE, FALSE, cr_win_object(env, L"event")),
		.mutex = CreateMutexW(NULL, FALSE, cr_win_object(env, L"mutex")),
		.section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096,
					      cr_win_object(env, L"section")),
		.pipe = make_pipe(env),
	};
	if (out->event && out->mutex && out->section && out->pipe)
		return 0;
	cr_win_objects_close(out);
	return -1;
}

int cr_win_objects_renew(const struct cr_attack_env *env, struct cr_win_objects *objects)
{
	cr_win_done(objects->pipe);
	objects->pipe = make_pipe(env);
	return objects->pipe ? 0 : -1;
}

void cr_win_objects_close(struct cr_win_objects *objects)
{
	cr_win_done(objects->event);
	cr_win_done(objects->mutex);
	cr_win_done(objects->section);
	cr_win_done(objects->pipe);
	*objects = (struct cr_win_objects){0};
}
