/*
 * verbs.c - verbs.h: attacks on files by what is done to them.
 */
#include <stdio.h>
#include <string.h>

#include "verbs.h"

#define WORKED(call) ((call) != 0)

static int try_write(const wchar_t *path)
{
	return cr_win_write(path);
}

static int try_append(const wchar_t *path)
{
	return cr_win_put(path, FILE_APPEND_DATA, OPEN_EXISTING);
}

static int try_truncate(const wchar_t *path)
{
	return cr_win_done(cr_win_open(path, GENERIC_WRITE, TRUNCATE_EXISTING, 0));
}

static int try_overwrite(const wchar_t *path)
{
	return cr_win_put(path, GENERIC_WRITE, CREATE_ALWAYS);
}

static int try_open_always(const wchar_t *path)
{
	return cr_win_put(path, GENERIC_WRITE, OPEN_ALWAYS);
}

static int try_create(const wchar_t *path)
{
	return cr_win_create(path);
}

static int try_mkdir(const wchar_t *path)
{
	return WORKED(CreateDirectoryW(path, NULL));
}

static int try_mkdir_and_create(const wchar_t *path)
{
	wchar_t file[CR_WIN_BIG];

	_snwprintf(file, CR_WIN_BIG - 1, L"%ls\\x", path);
	file[CR_WIN_BIG - 1] = L'\0';
	return try_mkdir(path) && cr_win_create(file);
}

static int try_delete(const wchar_t *path)
{
	return WORKED(DeleteFileW(path));
}

static int try_delete_by_handle(const wchar_t *path)
{
	HANDLE file = cr_win_open(path, DELETE, OPEN_EXISTING, 0);
	FILE_DISPOSITION_INFO gone = {.DeleteFile = TRUE};
	int good =
		file && SetFileInformationByHandle(file, FileDispositionInfo, &gone, sizeof(gone));

	cr_win_done(file);
	return good;
}

static int try_delete_on_close(const wchar_t *path)
{
	return cr_win_done(cr_win_open(path, DELETE, OPEN_EXISTING, FILE_FLAG_DELETE_ON_CLOSE));
}

static int try_rmdir(const wchar_t *path)
{
	return WORKED(RemoveDirectoryW(path));
}

static int try_attributes(const wchar_t *path)
{
	HANDLE file = cr_win_open(path, FILE_WRITE_ATTRIBUTES, OPEN_EXISTING, 0);
	FILE_BASIC_INFO info = {.FileAttributes = FILE_ATTRIBUTE_READONLY};
	int good = file && SetFileInformationByHandle(file, FileBasicInfo, &info, sizeof(info));

	cr_win_done(file);
	return good;
}

static int try_times(const wchar_t *path)
{
	return cr_win_set_times(path);
}

static int try_map(const wchar_t *path)
{
	return cr_win_map(path);
}

static int try_write_ea(const wchar_t *path)
{
	return cr_win_may(path, FILE_WRITE_EA);
}

static int try_open_data(const wchar_t *path)
{
	return cr_win_may(path, FILE_WRITE_DATA);
}

static int try_open_owner(const wchar_t *path)
{
	return cr_win_may(path, WRITE_OWNER);
}

static int try_open_delete(const wchar_t *path)
{
	return cr_win_may(path, DELETE);
}

static int try_open_child(const wchar_t *path)
{
	return cr_win_may(path, FILE_DELETE_CHILD);
}

static int try_open_add(const wchar_t *path)
{
	return cr_win_may(path, FILE_ADD_FILE);
}

static int try_open_dacl(const wchar_t *path)
{
	return cr_win_set_sd(path, L"D:(A;;FA;;;WD)", DACL_SECURITY_INFORMATION);
}

static int try_label_low(const wchar_t *path)
{
	return cr_win_set_sd(path, L"S:(ML;;NW;;;LW)", LABEL_SECURITY_INFORMATION);
}

/* The height of a box. */
static int try_label_box(const wchar_t *path)
{
	return cr_win_set_sd(path, L"S:(ML;OICI;NW;;;S-1-16-6144)", LABEL_SECURITY_INFORMATION);
}

/* By the 8.3 names of all its parts. */
static int try_write_short(const wchar_t *path)
{
	wchar_t name[CR_WIN_BIG];
	const DWORD n = GetShortPathNameW(path, name, CR_WIN_BIG);

	if (n == 0 || n >= CR_WIN_BIG)
		return 0;
	if (_wcsicmp(name, path) == 0) {
		SetLastError(ERROR_NOT_SUPPORTED);
		return 0;
	}
	return cr_win_write(name);
}

static int try_move(const wchar_t *from, const wchar_t *to)
{
	return WORKED(MoveFileW(from, to));
}

static int try_replace(const wchar_t *from, const wchar_t *to)
{
	return WORKED(MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING));
}

static int try_copy(const wchar_t *from, const wchar_t *to)
{
	return WORKED(CopyFileW(from, to, TRUE));
}

static int try_copy_over(const wchar_t *from, const wchar_t *to)
{
	return WORKED(CopyFileW(from, to, FALSE));
}

static int try_link(const wchar_t *from, const wchar_t *to)
{
	return WORKED(CreateHardLinkW(to, from, NULL));
}

/* A second name for the same file, and then a word through it. */
static int try_link_and_write(const wchar_t *from, const wchar_t *to)
{
	return try_link(from, to) && cr_win_write(to);
}

static int with_two(const struct cr_attack_env *env,
		    int (*try)(const wchar_t *from, const wchar_t *to))
{
	const char *mark = strchr(env->arg, '>');
	char from[CR_ATTACK_TEXT];

	if (!mark)
		return 0;
	snprintf(from, sizeof(from), "%.*s", (int)(mark - env->arg), env->arg);
	return try(cr_win_path(env, from), cr_win_path(env, mark + 1));
}

#define X(verb)                                                                           \
	enum cr_attack_outcome cr_win_try_##verb(const struct cr_attack_env *env)         \
	{                                                                                 \
		return cr_win_answer(env, try_##verb(cr_win_path(env, env->arg)), #verb); \
	}
CR_WIN_VERBS(X)
#undef X

#define X(verb)                                                                   \
	enum cr_attack_outcome cr_win_try_##verb(const struct cr_attack_env *env) \
	{                                                                         \
		return cr_win_answer(env, with_two(env, try_##verb), #verb);      \
	}
CR_WIN_VERBS_OF_TWO(X)
#undef X
