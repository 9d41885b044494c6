/*
 * temp.c - the directory made for one box, and removed with all that is in it.
 *
 * What the command left there is not trusted: it is walked by handles, and no link
 * in it is followed.
 */
#include <string.h>

#include <windows.h>
#include <sddl.h>

#include "box.h"
#include "core/path.h"
#include "handles.h"
#include "open.h"
#include "walk.h"

#define MAX_DEPTH 256

static int make_with(struct cr_box *box, const char *path, const char *sddl, struct cr_err *err)
{
	SECURITY_ATTRIBUTES attributes = {.nLength = sizeof(attributes)};
	const char *text = sddl ? cr_box_text(box, sddl, err) : NULL;
	const wchar_t *textw = text ? cr_wide(box->arena, text, err) : NULL;
	wchar_t pathw[CR_WIDE_PATH];
	BOOL made = FALSE;
	DWORD code;

	if (sddl && !textw)
		return -1;
	if (cr_wide_path(path, pathw) == 0 &&
	    (!textw || ConvertStringSecurityDescriptorToSecurityDescriptorW(
			       textw, SDDL_REVISION_1, &attributes.lpSecurityDescriptor, NULL)))
		made = CreateDirectoryW(pathw, &attributes);
	code = GetLastError();
	LocalFree(attributes.lpSecurityDescriptor);
	return made ? 0 : cr_fail_win(err, CR_E_STEP, code, "cannot make '%.500s'", path);
}

/* The user's own Temp may be elsewhere, and this one not there yet. */
static int make_above(struct cr_box *box, const char *path, struct cr_err *err)
{
	const unsigned depth = cr_path_depth(CR_OS_WINDOWS, path);
	wchar_t partw[CR_WIDE_PATH];

	for (unsigned d = 1; d < depth; d++) {
		const char *part = cr_path_prefix(box->arena, CR_OS_WINDOWS, path, d);

		if (!part)
			return cr_fail(err, CR_E_NOMEM, "out of memory");
		if (cr_wide_path(part, partw) == 0)
			CreateDirectoryW(partw, NULL); /* the last one tells */
	}
	return 0;
}

int cr_temp_make(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	if (make_above(box, step->path, err) < 0)
		return -1;
	if (make_with(box, step->path, step->detail, err) < 0)
		return -1;
	box->temp_dir = step->path;
	return 0;
}

static int write_stub(const struct cr_step *step, struct cr_err *err)
{
	const DWORD len = (DWORD)strlen(step->detail);
	CR_AUTO_HANDLE HANDLE file = NULL;
	wchar_t pathw[CR_WIDE_PATH];
	DWORD done = 0;

	if (cr_wide_path(step->path, pathw) == 0)
		file = CreateFileW(pathw, GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL,
				   NULL);
	if (!cr_handle_is_valid(file) || !WriteFile(file, step->detail, len, &done, NULL) ||
	    done != len)
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot write '%.500s'",
				   step->path);
	return 0;
}

int cr_temp_fill(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	if (step->kind == CR_STEP_MAKE_DIR)
		return make_with(box, step->path, step->detail, err);
	return write_stub(step, err);
}

/* A read-only file cannot be deleted before it is made an ordinary one. */
static void delete_open(HANDLE handle)
{
	FILE_DISPOSITION_INFO gone = {.DeleteFile = TRUE};
	FILE_BASIC_INFO plain = {.FileAttributes = FILE_ATTRIBUTE_NORMAL};

	if (SetFileInformationByHandle(handle, FileDispositionInfo, &gone, sizeof(gone)))
		return;
	SetFileInformationByHandle(handle, FileBasicInfo, &plain, sizeof(plain));
	SetFileInformationByHandle(handle, FileDispositionInfo, &gone, sizeof(gone));
}

static int remove_entry(void *arg, const struct cr_walk_entry *entry)
{
	unsigned *depth = arg;
	const DWORD access = DELETE | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES |
			     (entry->is_dir ? FILE_LIST_DIRECTORY : 0);
	CR_AUTO_HANDLE HANDLE handle = cr_walk_open(entry, access);

	if (!handle || *depth == MAX_DEPTH)
		return 0;
	++*depth;
	if (cr_handle_type(handle) == CR_FT_DIR)
		cr_walk(handle, remove_entry, depth, NULL);
	--*depth;
	delete_open(handle);
	return 0;
}

/* Twice: a listing in which entries are deleted meanwhile may leave some out. */
void cr_temp_remove(struct cr_box *box)
{
	CR_AUTO_HANDLE HANDLE dir = NULL;
	unsigned depth = 0;

	if (!box->temp_dir)
		return;
	dir = cr_open_known(box->temp_dir, (struct cr_fileid){0},
			    DELETE | FILE_LIST_DIRECTORY | FILE_WRITE_ATTRIBUTES | SYNCHRONIZE,
			    NULL);
	for (int i = 0; dir && i < 2; i++)
		cr_walk(dir, remove_entry, &depth, NULL);
	if (dir)
		delete_open(dir);
	box->temp_dir = NULL;
}
