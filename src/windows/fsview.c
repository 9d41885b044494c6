/*
 * fsview.c - the real file system, as the core may see it (core/fsview.h).
 *
 * Reads only, never follows the last component, never asks a network drive: a
 * server that is gone would hold every start for a minute.
 */
#include <stdlib.h>
#include <string.h>

#include <windows.h>
#include <winioctl.h>

#include "core/backend.h"
#include "handles.h"
#include "open.h"

#define LIST_BUFFER      65536
#define MAX_DRIVE_TARGET 4096  /* characters */
#define MAX_REPARSE      16384 /* MAXIMUM_REPARSE_DATA_BUFFER_SIZE, [MS-FSCC] 2.1.2 */

/* Reparse tags whose text is known: [MS-FSCC] 2.1.2.4 and 2.1.2.5. */
#define TAG_MOUNT_POINT 0xA0000003u
#define TAG_SYMLINK     0xA000000Cu

static enum cr_fs_answer answer(DWORD code)
{
	switch (code) {
	case ERROR_FILE_NOT_FOUND:
	case ERROR_PATH_NOT_FOUND:
	case ERROR_DIRECTORY:
	case ERROR_NOT_READY:   /* an empty drive */
	case ERROR_BAD_NETPATH: /* not looked at */
	case ERROR_INVALID_NAME:
		return CR_FS_ABSENT;
	case ERROR_ACCESS_DENIED:
	case ERROR_SHARING_VIOLATION:
		return CR_FS_DENIED;
	}
	return CR_FS_FAILED;
}

/*
 * A drive that stands for a directory ("\??\C:\dir", as `subst` makes it) is a link to that; others
 * name a device. Returns the number of characters, 0 for a drive proper and for what is no root.
 */
static DWORD drive_target(const char *path, wchar_t *textw, DWORD size)
{
	const wchar_t drivew[] = {(wchar_t)path[0], L':', 0};

	if (strlen(path) != 3 || QueryDosDeviceW(drivew, textw, size) == 0 ||
	    wcsncmp(textw, L"\\??\\", 4) != 0)
		return 0;
	return (DWORD)wcslen(textw);
}

static enum cr_fs_answer host_stat(void *ctx, const char *path, struct cr_fstat *out)
{
	CR_AUTO_HANDLE HANDLE handle = INVALID_HANDLE_VALUE;
	wchar_t targetw[MAX_DRIVE_TARGET];

	(void)ctx;
	*out = (struct cr_fstat){0};
	if (drive_target(path, targetw, MAX_DRIVE_TARGET) > 0) {
		out->type = CR_FT_SYMLINK;
		return CR_FS_OK;
	}
	handle = cr_open_plain(path, FILE_READ_ATTRIBUTES);
	if (handle == INVALID_HANDLE_VALUE)
		return answer(GetLastError());
	out->type = cr_handle_type(handle);
	out->id = cr_handle_id(handle);
	return CR_FS_OK;
}

/* The layout of both kinds up to the names, [MS-FSCC] 2.1.2.4. */
struct reparse {
	uint32_t tag;
	uint16_t len, reserved;
	uint16_t substitute_at, substitute_len, print_at, print_len; /* bytes, from the names */
};

/* The text after "\??\"; what is no drive path (a volume, a server) cannot be read as one. */
static enum cr_fs_answer link_text(const uint8_t *names, size_t len, char *buf, size_t size)
{
	wchar_t textw[MAX_REPARSE / sizeof(wchar_t)];
	const wchar_t *fromw = textw;
	const size_t count = len / sizeof(wchar_t);
	int n;

	if (count == 0 || count >= MAX_REPARSE / sizeof(wchar_t))
		return CR_FS_FAILED;
	memcpy(textw, names, count * sizeof(wchar_t));
	textw[count] = L'\0';
	if (wcsncmp(fromw, L"\\??\\", 4) == 0) {
		fromw += 4;
		if (fromw[0] == L'\0' || fromw[1] != L':' || fromw[2] != L'\\')
			return CR_FS_FAILED;
	}
	n = WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, fromw, -1, buf, (int)size, NULL,
				NULL);
	return n > 0 ? CR_FS_OK : CR_FS_FAILED;
}

static enum cr_fs_answer host_readlink(void *ctx, const char *path, char *buf, size_t size)
{
	CR_AUTO_HANDLE HANDLE handle = cr_open_plain(path, FILE_READ_ATTRIBUTES);
	wchar_t targetw[MAX_DRIVE_TARGET];
	const DWORD target_len = drive_target(path, targetw, MAX_DRIVE_TARGET);
	uint8_t data[MAX_REPARSE];
	struct reparse head;
	size_t names;
	DWORD got = 0;

	(void)ctx;
	if (target_len > 0)
		return link_text((const uint8_t *)targetw, target_len * sizeof(*targetw), buf,
				 size);
	if (handle == INVALID_HANDLE_VALUE)
		return answer(GetLastError());
	if (!DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, data, sizeof(data), &got,
			     NULL) ||
	    got < sizeof(head))
		return CR_FS_FAILED;
	memcpy(&head, data, sizeof(head));
	if (head.tag != TAG_MOUNT_POINT && head.tag != TAG_SYMLINK)
		return CR_FS_FAILED;
	names = sizeof(head) + (head.tag == TAG_SYMLINK ? sizeof(uint32_t) : 0);
	if (names + head.substitute_at + head.substitute_len > got)
		return CR_FS_FAILED;
	return link_text(data + names + head.substitute_at, head.substitute_len, buf, size);
}

static enum cr_ftype entry_type(const FILE_ID_BOTH_DIR_INFO *entry)
{
	/* EaSize is the reparse tag of a reparse point: [MS-FSCC] 2.4.17 */
	if ((entry->FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) && CR_TAG_IS_LINK(entry->EaSize))
		return CR_FT_SYMLINK;
	return entry->FileAttributes & FILE_ATTRIBUTE_DIRECTORY ? CR_FT_DIR : CR_FT_FILE;
}

/* A name that is no UTF-16 text ends the listing: half a list would leave names uncovered. */
static int give_entry(const FILE_ID_BOTH_DIR_INFO *entry, cr_fs_entry_fn fn, void *arg)
{
	char name[CR_MAX_COMPONENT * 3 + 1];
	int n = WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, entry->FileName,
				    (int)(entry->FileNameLength / sizeof(wchar_t)), name,
				    sizeof(name) - 1, NULL, NULL);

	if (n <= 0)
		return -1;
	name[n] = '\0';
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return 0;
	return fn(arg, name, entry_type(entry));
}

static int give_entries(const uint8_t *at, cr_fs_entry_fn fn, void *arg)
{
	for (;;) {
		const FILE_ID_BOTH_DIR_INFO *entry = (const void *)at;

		if (give_entry(entry, fn, arg) < 0)
			return -1;
		if (entry->NextEntryOffset == 0)
			return 0;
		at += entry->NextEntryOffset;
	}
}

static enum cr_fs_answer list_handle(HANDLE dir, uint8_t *buf, cr_fs_entry_fn fn, void *arg)
{
	while (GetFileInformationByHandleEx(dir, FileIdBothDirectoryInfo, buf, LIST_BUFFER)) {
		if (give_entries(buf, fn, arg) < 0)
			return CR_FS_FAILED;
	}
	return GetLastError() == ERROR_NO_MORE_FILES ? CR_FS_OK : CR_FS_FAILED;
}

static enum cr_fs_answer host_list(void *ctx, const char *path, cr_fs_entry_fn fn, void *arg)
{
	CR_AUTO_HANDLE HANDLE dir =
		cr_open_plain(path, FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES | SYNCHRONIZE);
	enum cr_fs_answer result;
	uint8_t *buf;

	(void)ctx;
	if (dir == INVALID_HANDLE_VALUE)
		return answer(GetLastError());
	if (cr_handle_type(dir) != CR_FT_DIR)
		return CR_FS_ABSENT;
	buf = malloc(LIST_BUFFER);
	result = buf ? list_handle(dir, buf, fn, arg) : CR_FS_FAILED;
	free(buf);
	return result;
}

static enum cr_fs_answer host_read(void *ctx, const char *path, char *buf, size_t size)
{
	CR_AUTO_HANDLE HANDLE file = cr_open_plain(path, GENERIC_READ);
	DWORD got = 0;
	size_t used = 0;

	(void)ctx;
	if (file == INVALID_HANDLE_VALUE)
		return answer(GetLastError());
	if (cr_handle_type(file) != CR_FT_FILE)
		return CR_FS_FAILED;
	while (used < size) {
		if (!ReadFile(file, buf + used, (DWORD)(size - used), &got, NULL))
			return CR_FS_FAILED;
		if (got == 0) {
			buf[used] = '\0';
			return CR_FS_OK;
		}
		used += got;
	}
	return CR_FS_FAILED; /* larger than the caller wants to read */
}

static bool host_is_read_only(void *ctx, const char *path)
{
	const wchar_t rootw[] = {(wchar_t)path[0], L':', L'\\', 0};
	DWORD flags = 0;

	(void)ctx;
	return GetVolumeInformationW(rootw, NULL, 0, NULL, NULL, &flags, NULL, 0) &&
	       (flags & FILE_READ_ONLY_VOLUME);
}

const struct cr_fsview *cr_host_fsview(void)
{
	static const struct cr_fsview view = {
		.stat = host_stat,
		.readlink = host_readlink,
		.list = host_list,
		.read = host_read,
		.is_read_only = host_is_read_only,
	};

	return &view;
}
