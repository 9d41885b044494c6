/*
 * err.c - filling and wrapping struct cr_err.
 *
 * Must never allocate: it runs between clone and exec, and when memory is out.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "err.h"

static const char *const errc_texts[] = {
#define X(code, text) [code] = text,
	CR_ERR_CODES(X)
#undef X
};

const char *cr_errc_text(enum cr_errc code)
{
	if ((size_t)code >= sizeof(errc_texts) / sizeof(errc_texts[0]))
		return "unknown error";
	return errc_texts[code];
}

CR_PRINTF(4, 0)
static void fill(struct cr_err *err, enum cr_errc code, int os_code, const char *fmt, va_list ap)
{
	err->code = code;
	err->os_code = os_code;
	err->hint[0] = '\0';
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
}

int cr_fail(struct cr_err *err, enum cr_errc code, const char *fmt, ...)
{
	if (!err)
		return -1;

	va_list ap;

	va_start(ap, fmt);
	fill(err, code, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int cr_fail_os(struct cr_err *err, enum cr_errc code, int os_code, const char *fmt, ...)
{
	if (!err)
		return -1;

	va_list ap;

	va_start(ap, fmt);
	fill(err, code, os_code, fmt, ap);
	va_end(ap);

	size_t len = strlen(err->text);

	snprintf(err->text + len, sizeof(err->text) - len, ": %s", strerror(os_code));
	return -1;
}

int cr_wrap(struct cr_err *err, const char *fmt, ...)
{
	if (!err)
		return -1;

	char old[CR_ERR_TEXT_MAX];
	va_list ap;

	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);

	size_t len = strlen(err->text);

	snprintf(err->text + len, sizeof(err->text) - len, ": %s", old);
	return -1;
}

int cr_hint(struct cr_err *err, const char *fmt, ...)
{
	if (!err)
		return -1;

	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return -1;
}
