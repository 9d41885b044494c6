/*
 * hold.c - names that stay what they are while the box lives, by open handles.
 *
 * An open handle that shares no deletion keeps a name from being renamed or
 * deleted by anybody. The kernel closes it when carrel dies, however it dies.
 */
#include <string.h>

#include <windows.h>
#include <sddl.h>

#include "box.h"
#include "handles.h"
#include "open.h"

#define SHARE_NO_DELETE (FILE_SHARE_READ | FILE_SHARE_WRITE)
#define SHARE_ALL       (SHARE_NO_DELETE | FILE_SHARE_DELETE)
#define OPEN_ITSELF     (FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS)

int cr_box_hold(struct cr_box *box, HANDLE handle, struct cr_err *err)
{
	HANDLE *items = cr_arena_grow(box->arena, box->held.items, box->held.count, &box->held.cap,
				      sizeof(*items));

	if (!items) {
		CloseHandle(handle);
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	}
	box->held.items = items;
	box->held.items[box->held.count++] = handle;
	return 0;
}

/*
 * Only an open for data takes part in sharing; one for attributes alone holds nothing. Where
 * another box holds the name for deletion (a reserved one) it cannot be pinned, and need not be: it
 * is the empty directory of that box.
 */
static HANDLE open_pin(const char *path)
{
	wchar_t pathw[CR_WIDE_PATH];
	HANDLE pin;

	if (cr_wide_path(path, pathw) < 0)
		return INVALID_HANDLE_VALUE;
	pin = CreateFileW(pathw, FILE_READ_DATA | FILE_READ_ATTRIBUTES, SHARE_NO_DELETE, NULL,
			  OPEN_EXISTING, OPEN_ITSELF, NULL);
	if (pin == INVALID_HANDLE_VALUE && GetLastError() == ERROR_SHARING_VIOLATION)
		pin = CreateFileW(pathw, FILE_READ_DATA | FILE_READ_ATTRIBUTES, SHARE_ALL, NULL,
				  OPEN_EXISTING, OPEN_ITSELF, NULL);
	return pin;
}

int cr_hold_pin(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	CR_AUTO_HANDLE HANDLE known = cr_open_step(step, FILE_READ_ATTRIBUTES, err);
	CR_AUTO_HANDLE HANDLE pin = known ? open_pin(step->path) : NULL;
	struct cr_fileid was, now;

	if (!known)
		return -1;
	if (pin == INVALID_HANDLE_VALUE)
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot hold '%.500s'",
				   step->path);
	was = cr_handle_id(known);
	now = cr_handle_id(pin);
	if (was.volume != now.volume || was.file != now.file)
		return cr_fail(err, CR_E_RACE, "'%.500s' changed while it was opened", step->path);
	return cr_box_hold(box, cr_steal_handle(&pin), err);
}

static HANDLE make_reserved(const wchar_t *pathw, PSECURITY_DESCRIPTOR sd)
{
	SECURITY_ATTRIBUTES attributes = {.nLength = sizeof(attributes),
					  .lpSecurityDescriptor = sd};

	if (!CreateDirectoryW(pathw, &attributes))
		return INVALID_HANDLE_VALUE;
	return CreateFileW(pathw, DELETE | FILE_READ_DATA | FILE_READ_ATTRIBUTES, SHARE_NO_DELETE,
			   NULL, OPEN_EXISTING, OPEN_ITSELF | FILE_FLAG_DELETE_ON_CLOSE, NULL);
}

/* Somebody made the name since: the next plan protects what is there. */
int cr_hold_reserve(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	wchar_t pathw[CR_WIDE_PATH];
	const char *sddl = cr_box_text(box, step->detail, err);
	const wchar_t *sddlw = sddl ? cr_wide(box->arena, sddl, err) : NULL;
	PSECURITY_DESCRIPTOR sd = NULL;
	HANDLE handle;
	DWORD code;

	if (!sddlw)
		return -1;
	if (cr_wide_path(step->path, pathw) < 0 ||
	    !ConvertStringSecurityDescriptorToSecurityDescriptorW(sddlw, SDDL_REVISION_1, &sd,
								  NULL))
		return cr_fail_win(err, CR_E_INTERNAL, GetLastError(), "bad reservation");
	handle = make_reserved(pathw, sd);
	code = GetLastError();
	LocalFree(sd);
	if (handle != INVALID_HANDLE_VALUE)
		return cr_box_hold(box, handle, err);
	return cr_fail_win(err, code == ERROR_ALREADY_EXISTS ? CR_E_RACE : CR_E_STEP, code,
			   "cannot reserve '%.500s'", step->path);
}
