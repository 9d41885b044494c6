/*
 * sd.c - sd.h. Source: Get/SetKernelObjectSecurity, SECURITY_DESCRIPTOR_CONTROL
 * (learn.microsoft.com), [MS-DTYP] 2.4.6.
 */
#include "sd.h"

#include <string.h>

#include "handles.h"

/* Asks that the mark "this DACL takes part in inheritance" be kept; else a write drops it. */
#define AUTO_INHERIT_REQ 0x0100u
#define AUTO_INHERITED   0x0400u

#define PARTS_ALL (DACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION)

/* On a volume without labels only the DACL can be read. */
static DWORD read_parts(HANDLE handle, SECURITY_INFORMATION parts, void *buf, DWORD *len)
{
	if (GetKernelObjectSecurity(handle, parts, buf, *len, len))
		return 0;
	return GetLastError();
}

int cr_sd_read(struct cr_arena *arena, HANDLE handle, struct cr_sd *out, struct cr_err *err)
{
	SECURITY_INFORMATION parts = PARTS_ALL;
	uint8_t first[512];
	DWORD len = sizeof(first);
	DWORD code = read_parts(handle, parts, first, &len);
	uint8_t *bytes;

	if (code && code != ERROR_INSUFFICIENT_BUFFER) {
		parts = DACL_SECURITY_INFORMATION;
		len = sizeof(first);
		code = read_parts(handle, parts, first, &len);
	}
	bytes = code && code != ERROR_INSUFFICIENT_BUFFER ? NULL : cr_arena_alloc(arena, len, 1);
	if (bytes && !code)
		memcpy(bytes, first, len);
	else if (bytes)
		code = read_parts(handle, parts, bytes, &len);
	if (code)
		return cr_fail_win(err, CR_E_STEP, code, "cannot read an access list");
	if (!bytes)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	*out = (struct cr_sd){bytes, len};
	return cr_sd_check(*out, err);
}

static int write_part(HANDLE handle, struct cr_sd sd, SECURITY_INFORMATION part, struct cr_err *err)
{
	/* an arena's memory is aligned, and ours to change */
	SECURITY_DESCRIPTOR_RELATIVE *given = (void *)(uintptr_t)sd.bytes;

	if (given->Control & AUTO_INHERITED)
		given->Control |= AUTO_INHERIT_REQ;
	if (SetKernelObjectSecurity(handle, part, given))
		return 0;
	return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot write an access list");
}

/* One call, for both parts: each is a round trip, and a workspace has many files. */
static int write_copy(struct cr_arena *arena, HANDLE handle, struct cr_sd sd, unsigned parts,
		      struct cr_err *err)
{
	SECURITY_INFORMATION info = 0;
	struct cr_sd copy;

	if (parts & CR_SD_DACL)
		info |= DACL_SECURITY_INFORMATION |
			(cr_sd_is_protected(sd) ? PROTECTED_DACL_SECURITY_INFORMATION
						: UNPROTECTED_DACL_SECURITY_INFORMATION);
	if (parts & CR_SD_LABEL)
		info |= LABEL_SECURITY_INFORMATION;
	if ((parts == CR_SD_LABEL ? cr_sd_only_sacl(arena, sd, &copy, err)
				  : cr_sd_with_sacl(arena, sd, &copy, err)) < 0)
		return -1;
	return info ? write_part(handle, copy, info, err) : 0;
}

int cr_sd_write(HANDLE handle, struct cr_sd sd, unsigned parts, struct cr_err *err)
{
	struct cr_arena *arena = cr_arena_new();
	int result = arena ? write_copy(arena, handle, sd, parts, err)
			   : cr_fail(err, CR_E_NOMEM, "out of memory");

	cr_arena_free(arena);
	return result;
}
