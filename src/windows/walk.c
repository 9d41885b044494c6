/*
 * walk.c - walk.h. Opening by a name relative to a handle is only in the native
 * interface: NtCreateFile with RootDirectory (learn.microsoft.com).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "walk.h"

#include <winternl.h>

#include "handles.h"
#include "open.h"

#define BUFFER ((size_t)64 * 1024)

HANDLE cr_walk_open(const struct cr_walk_entry *entry, DWORD access)
{
	UNICODE_STRING name = {
		.Length = (USHORT)(entry->n_name * sizeof(wchar_t)),
		.MaximumLength = (USHORT)(entry->n_name * sizeof(wchar_t)),
		.Buffer = (wchar_t *)(uintptr_t)entry->namew,
	};
	OBJECT_ATTRIBUTES at = {
		.Length = sizeof(at),
		.RootDirectory = entry->dir,
		.ObjectName = &name,
		.Attributes = OBJ_CASE_INSENSITIVE,
	};
	IO_STATUS_BLOCK io;
	HANDLE handle = NULL;
	NTSTATUS status =
		NtCreateFile(&handle, access | SYNCHRONIZE, &at, &io, NULL, 0,
			     FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, FILE_OPEN,
			     FILE_OPEN_REPARSE_POINT | FILE_SYNCHRONOUS_IO_NONALERT |
				     FILE_OPEN_FOR_BACKUP_INTENT,
			     NULL, 0);

	if (status == 0)
		return handle;
	SetLastError(RtlNtStatusToDosError(status));
	return NULL;
}

/*
 * A directory whose files are fetched when they are opened (OneDrive) is a reparse point and a
 * directory all the same. EaSize is the tag of one: FileFullDirectoryInformation, [MS-FSCC].
 */
static bool is_dir(const FILE_FULL_DIR_INFO *info)
{
	if (!(info->FileAttributes & FILE_ATTRIBUTE_DIRECTORY))
		return false;
	return !(info->FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) ||
	       !CR_TAG_IS_LINK(info->EaSize);
}

static bool is_dots(const FILE_FULL_DIR_INFO *info)
{
	const size_t n = info->FileNameLength / sizeof(wchar_t);

	return (n == 1 || (n == 2 && info->FileName[1] == L'.')) && info->FileName[0] == L'.';
}

static int give(HANDLE dir, const uint8_t *at, cr_walk_fn fn, void *arg)
{
	for (;;) {
		const FILE_FULL_DIR_INFO *info = (const void *)at;
		const struct cr_walk_entry entry = {
			.dir = dir,
			.namew = info->FileName,
			.n_name = info->FileNameLength / sizeof(wchar_t),
			.is_dir = is_dir(info),
		};

		if (!is_dots(info) && fn(arg, &entry) < 0)
			return -1;
		if (info->NextEntryOffset == 0)
			return 0;
		at += info->NextEntryOffset;
	}
}

int cr_walk(HANDLE dir, cr_walk_fn fn, void *arg, struct cr_err *err)
{
	FILE_INFO_BY_HANDLE_CLASS class = FileFullDirectoryRestartInfo;
	uint8_t *buf = malloc(BUFFER);
	DWORD code = 0;

	if (!buf)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	while (GetFileInformationByHandleEx(dir, class, buf, BUFFER)) {
		class = FileFullDirectoryInfo;
		if (give(dir, buf, fn, arg) < 0) {
			free(buf);
			return -1; /* fn has said why */
		}
	}
	code = GetLastError();
	free(buf);
	if (code == ERROR_NO_MORE_FILES)
		return 0;
	return cr_fail_win(err, CR_E_STEP, code, "cannot list a directory");
}
