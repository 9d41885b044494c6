/*
 * handles.c - handles.h: owners of handles, Windows' error texts, UTF-16.
 *
 * Filling an error must not allocate: it happens when memory is out too.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <windows.h>
#include <sddl.h>

#include "core/limits.h"
#include "core/path.h"
#include "handles.h"

bool cr_handle_is_valid(HANDLE handle)
{
	return handle && handle != INVALID_HANDLE_VALUE;
}

void cr_handle_close(HANDLE *handle)
{
	if (cr_handle_is_valid(*handle))
		CloseHandle(*handle);
	*handle = NULL;
}

HANDLE cr_steal_handle(HANDLE *handle)
{
	HANDLE taken = *handle;

	*handle = NULL;
	return taken;
}

/* Windows' own text for `code` in English where it has one, without its full stop and newline. */
static void describe(DWORD code, char *text, int size)
{
	wchar_t textw[256];
	const DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
			    FORMAT_MESSAGE_MAX_WIDTH_MASK;
	DWORD len = FormatMessageW(flags, NULL, code, MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US),
				   textw, 256, NULL);

	if (len == 0)
		len = FormatMessageW(flags, NULL, code, 0, textw, 256, NULL);
	while (len > 0 && (textw[len - 1] == L' ' || textw[len - 1] == L'.'))
		len--;
	textw[len < 256 ? len : 255] = L'\0';
	if (len == 0 || !WideCharToMultiByte(CP_UTF8, 0, textw, -1, text, size, NULL, NULL))
		snprintf(text, (size_t)size, "unknown error");
}

int cr_fail_win(struct cr_err *err, enum cr_errc errc, DWORD code, const char *fmt, ...)
{
	char said[CR_ERR_TEXT_MAX], why[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
	describe(code, why, sizeof(why));
	cr_fail(err, errc, "%s: %s (%lu)", said, why, code);
	if (err)
		err->os_code = (int)code;
	return -1;
}

wchar_t *cr_wide(struct cr_arena *arena, const char *text, struct cr_err *err)
{
	const int n = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
	wchar_t *textw = n > 0 ? cr_arena_alloc(arena, (size_t)n, sizeof(*textw)) : NULL;

	if (textw)
		MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, textw, n);
	else if (n > 0)
		cr_fail(err, CR_E_NOMEM, "out of memory");
	else
		cr_fail(err, CR_E_PATH, "'%.500s' is not UTF-8", text);
	return textw;
}

char *cr_utf8(struct cr_arena *arena, const wchar_t *textw, struct cr_err *err)
{
	const int n =
		WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, textw, -1, NULL, 0, NULL, NULL);
	char *text = n > 0 ? cr_arena_alloc(arena, (size_t)n, 1) : NULL;

	if (text)
		WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, textw, -1, text, n, NULL, NULL);
	else if (n > 0)
		cr_fail(err, CR_E_NOMEM, "out of memory");
	else
		cr_fail(err, CR_E_PATH, "a name is not valid UTF-16");
	return text;
}

PSECURITY_DESCRIPTOR cr_private_security(void)
{
	_Alignas(TOKEN_USER) char buffer[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
	PSECURITY_DESCRIPTOR security = NULL;
	CR_AUTO_HANDLE HANDLE token = NULL;
	DWORD size = sizeof(buffer);
	wchar_t sddl[320], *sid;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) ||
	    !GetTokenInformation(token, TokenUser, buffer, size, &size) ||
	    !ConvertSidToStringSidW(((TOKEN_USER *)buffer)->User.Sid, &sid))
		return NULL;
	swprintf(sddl, 320, L"D:P(A;OICI;FA;;;%ls)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)", sid);
	LocalFree(sid);
	if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, &security,
								  NULL))
		return NULL;
	return security;
}

const char *cr_handle_path(struct cr_arena *arena, HANDLE handle, struct cr_err *err)
{
	wchar_t *pathw = cr_arena_alloc(arena, CR_MAX_PATH, sizeof(*pathw));
	DWORD len;

	if (!pathw) {
		cr_fail(err, CR_E_NOMEM, "out of memory");
		return NULL;
	}
	len = GetFinalPathNameByHandleW(handle, pathw, CR_MAX_PATH,
					FILE_NAME_NORMALIZED | VOLUME_NAME_DOS);
	/* "\\?\C:\..."; of another machine it is "\\?\UNC\..." */
	if (len >= 7 && len < CR_MAX_PATH && pathw[5] == L':') {
		const char *path = cr_utf8(arena, pathw + 4, err);

		return path ? cr_path_canonical(arena, CR_OS_WINDOWS, path, 0, err) : NULL;
	}
	if (len == 0)
		cr_fail_win(err, CR_E_PATH, GetLastError(), "cannot tell where a file lies");
	else
		cr_fail(err, CR_E_PATH, "a file lies on no drive of this machine");
	return NULL;
}
