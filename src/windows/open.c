/*
 * open.c - open.h: one open, then the handle is asked what it is.
 *
 * A junction put in the place of a directory above redirects the open; then the
 * final path differs from the plan's, whose paths have every link resolved.
 */
#include "open.h"

#include <string.h>

#include "core/path.h"
#include "handles.h"

/* winnt.h of mingw 10 lacks it; "Reparse Tags", [MS-FSCC] 2.1.2.1. */
#define TAG_AF_UNIX 0x80000023u

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

int cr_wide_path(const char *path, wchar_t outw[CR_WIDE_PATH])
{
	memcpy(outw, L"\\\\?\\", 4 * sizeof(*outw));
	if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, outw + 4,
				CR_WIDE_PATH - 4) > 0)
		return 0;
	SetLastError(ERROR_INVALID_NAME);
	return -1;
}

/*
 * A mapped drive may wait for a server that is gone; asking what kind it is does not. Asked once
 * for each drive: a plan opens some hundred paths.
 */
static bool is_remote(const char *path)
{
	static UINT types[26]; /* of GetDriveTypeW; 0 is one that nobody has asked for */
	const unsigned drive = (unsigned)(path[0] | 0x20) - 'a';
	const wchar_t rootw[] = {(wchar_t)path[0], L':', L'\\', 0};

	if (drive >= 26)
		return true;
	if (types[drive] == DRIVE_UNKNOWN)
		types[drive] = GetDriveTypeW(rootw);
	return types[drive] == DRIVE_REMOTE;
}

HANDLE cr_open_plain(const char *path, DWORD access)
{
	wchar_t pathw[CR_WIDE_PATH];

	if (!cr_path_is_absolute(CR_OS_WINDOWS, path) || is_remote(path)) {
		SetLastError(ERROR_BAD_NETPATH);
		return INVALID_HANDLE_VALUE;
	}
	if (cr_wide_path(path, pathw) < 0)
		return INVALID_HANDLE_VALUE;
	return CreateFileW(pathw, access, SHARE_ALL, NULL, OPEN_EXISTING,
			   FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, NULL);
}

struct cr_fileid cr_handle_id(HANDLE handle)
{
	BY_HANDLE_FILE_INFORMATION old;
	FILE_ID_INFO info;
	uint64_t half[2];

	/* 128 bits on ReFS; on NTFS the upper half is zero */
	if (GetFileInformationByHandleEx(handle, FileIdInfo, &info, sizeof(info))) {
		memcpy(half, &info.FileId, sizeof(half));
		return (struct cr_fileid){info.VolumeSerialNumber,
					  half[0] ^ (half[1] << 32 | half[1] >> 32)};
	}
	if (!GetFileInformationByHandle(handle, &old))
		return (struct cr_fileid){0};
	return (struct cr_fileid){old.dwVolumeSerialNumber,
				  (uint64_t)old.nFileIndexHigh << 32 | old.nFileIndexLow};
}

enum cr_ftype cr_handle_type(HANDLE handle)
{
	FILE_ATTRIBUTE_TAG_INFO tag = {0};
	FILE_BASIC_INFO basic;

	if (GetFileType(handle) != FILE_TYPE_DISK)
		return CR_FT_OTHER;
	/* not on every volume; without it there are no reparse points either */
	GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &tag, sizeof(tag));
	if (tag.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) {
		if (CR_TAG_IS_LINK(tag.ReparseTag))
			return CR_FT_SYMLINK;
		if (tag.ReparseTag == TAG_AF_UNIX)
			return CR_FT_SOCKET;
	}
	if (!GetFileInformationByHandleEx(handle, FileBasicInfo, &basic, sizeof(basic)))
		return CR_FT_OTHER;
	return basic.FileAttributes & FILE_ATTRIBUTE_DIRECTORY ? CR_FT_DIR : CR_FT_FILE;
}

/* True when the handle lies where the path says, through no link on the way. */
static bool lies_at(HANDLE handle, const char *path)
{
	wchar_t finalw[CR_WIDE_PATH];
	char final[CR_MAX_PATH];
	DWORD n = GetFinalPathNameByHandleW(handle, finalw, CR_WIDE_PATH,
					    FILE_NAME_NORMALIZED | VOLUME_NAME_DOS);

	if (n < 7 || n >= CR_WIDE_PATH || wcsncmp(finalw, L"\\\\?\\", 4) != 0)
		return false;
	if (WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, finalw + 4, -1, final, sizeof(final),
				NULL, NULL) <= 0)
		return false;
	return cr_path_cmp(CR_OS_WINDOWS, final, path) == 0;
}

static bool is_gone(DWORD code)
{
	return code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND ||
	       code == ERROR_DIRECTORY;
}

HANDLE cr_open_known(const char *path, struct cr_fileid id, DWORD access, struct cr_err *err)
{
	CR_AUTO_HANDLE HANDLE handle = cr_open_plain(path, access | FILE_READ_ATTRIBUTES);
	const DWORD code = GetLastError();
	struct cr_fileid now;

	if (handle == INVALID_HANDLE_VALUE) {
		cr_fail_win(err, is_gone(code) ? CR_E_RACE : CR_E_STEP, code,
			    "cannot open '%.500s'", path);
		return NULL;
	}
	now = cr_handle_id(handle);
	if ((id.volume || id.file) && (id.volume != now.volume || id.file != now.file)) {
		cr_fail(err, CR_E_RACE, "'%.500s' is not the file it was when the plan was made",
			path);
		return NULL;
	}
	if (!lies_at(handle, path)) {
		cr_fail(err, CR_E_RACE, "'%.500s' lies behind a link now", path);
		return NULL;
	}
	return cr_steal_handle(&handle);
}

HANDLE cr_open_step(const struct cr_step *step, DWORD access, struct cr_err *err)
{
	return cr_open_known(step->path, step->id, access, err);
}
