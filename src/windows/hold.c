/*
 * hold.c - names that stay what they are while the box lives, by open handles.
 *
 * An open handle that shares no deletion keeps a name from being renamed or
 * deleted by anybody. The kernel closes it when carrel dies, however it dies.
 */
#include <string.h>

#include <windows.h>
#include <sddl.h>
#include <winternl.h>

#include "box.h"
#include "handles.h"
#include "open.h"
#include "sd.h"
#include "walk.h"

#define SHARE_NO_DELETE (FILE_SHARE_READ | FILE_SHARE_WRITE)
#define SHARE_ALL       (SHARE_NO_DELETE | FILE_SHARE_DELETE)
#define PIN_ACCESS      (FILE_READ_DATA | FILE_READ_ATTRIBUTES | READ_CONTROL)
#define OPEN_ITSELF     (FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS)

#define RETRY_MS 50
#define RETRIES  40

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

/* Only an open for data takes part in sharing; one for attributes alone holds nothing. */
static HANDLE open_shared(const wchar_t *pathw, DWORD share)
{
	return CreateFileW(pathw, PIN_ACCESS, share, NULL, OPEN_EXISTING, OPEN_ITSELF, NULL);
}

static int is_entry(void *arg, const struct cr_walk_entry *entry)
{
	(void)arg;
	(void)entry;
	return -1;
}

/* An empty directory that inherits nothing: what cr_hold_reserve makes, and next to nobody else. */
static bool is_reserved(HANDLE dir)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_sd sd;
	const bool reserved = arena && cr_handle_type(dir) == CR_FT_DIR &&
			      cr_sd_read(arena, dir, &sd, NULL) == 0 && cr_sd_is_protected(sd) &&
			      cr_walk(dir, is_entry, NULL, NULL) == 0;

	cr_arena_free(arena);
	return reserved;
}

/*
 * Where another box holds the name for deletion (a reserved one) it cannot be pinned, and need not
 * be: it is the empty directory of that box. Who else has it open so, a scanner or the shell, lets
 * go soon; a name that cannot be held after that is not protected, and nothing may run.
 */
static HANDLE open_pin(const wchar_t *pathw)
{
	for (int i = 0; i < RETRIES; i++) {
		CR_AUTO_HANDLE HANDLE other = NULL;
		HANDLE pin = open_shared(pathw, SHARE_NO_DELETE);

		if (pin != INVALID_HANDLE_VALUE || GetLastError() != ERROR_SHARING_VIOLATION)
			return pin;
		other = open_shared(pathw, SHARE_ALL);
		if (cr_handle_is_valid(other) && is_reserved(other))
			return cr_steal_handle(&other);
		Sleep(RETRY_MS);
	}
	SetLastError(ERROR_SHARING_VIOLATION);
	return INVALID_HANDLE_VALUE;
}

int cr_hold_pin(struct cr_box *box, const struct cr_step *step, struct cr_err *err)
{
	CR_AUTO_HANDLE HANDLE known = cr_open_step(step, FILE_READ_ATTRIBUTES, err);
	CR_AUTO_HANDLE HANDLE pin = NULL;
	struct cr_fileid was, now;
	wchar_t pathw[CR_WIDE_PATH];

	if (!known || cr_wide_path(step->path, pathw) < 0)
		return -1;
	pin = open_pin(pathw);
	if (pin == INVALID_HANDLE_VALUE)
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot hold '%.500s'",
				   step->path);
	was = cr_handle_id(known);
	now = cr_handle_id(pin);
	if (was.volume != now.volume || was.file != now.file)
		return cr_fail(err, CR_E_RACE, "'%.500s' changed while it was opened", step->path);
	return cr_box_hold(box, cr_steal_handle(&pin), err);
}

/*
 * Made and opened in one call, so that there is no moment at which another box could have it away
 * or a killed carrel would leave it behind ([MS-FSA] 2.1.5.1: the options go together). `pathw` is
 * "\\?\C:\...".
 */
static HANDLE make_reserved(wchar_t *pathw, PSECURITY_DESCRIPTOR sd)
{
	UNICODE_STRING name;
	OBJECT_ATTRIBUTES at = {.Length = sizeof(at),
				.ObjectName = &name,
				.Attributes = OBJ_CASE_INSENSITIVE,
				.SecurityDescriptor = sd};
	IO_STATUS_BLOCK io;
	HANDLE handle = NULL;
	NTSTATUS status;

	pathw[1] = L'?'; /* as the system itself names it: "\??\C:\..." */
	RtlInitUnicodeString(&name, pathw);
	status = NtCreateFile(&handle, DELETE | SYNCHRONIZE | PIN_ACCESS, &at, &io, NULL,
			      FILE_ATTRIBUTE_NORMAL, SHARE_NO_DELETE, FILE_CREATE,
			      FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT |
				      FILE_OPEN_FOR_BACKUP_INTENT | FILE_OPEN_REPARSE_POINT |
				      FILE_DELETE_ON_CLOSE,
			      NULL, 0);
	if (status == 0)
		return handle;
	SetLastError(RtlNtStatusToDosError(status));
	return INVALID_HANDLE_VALUE;
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
