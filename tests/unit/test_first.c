/*
 * test_first.c - what first bytes are taken for, of honest clients and of those in a costume.
 */
#include "unit.h"

#include "core/first.h"

#define BYTES(text) (text), sizeof(text) - 1

static const struct {
	const char *bytes;
	size_t len;
	enum cr_first first;
} rows[] = {
	{BYTES("\x16\3\1\2\0\1"), CR_FIRST_TLS},
	{BYTES("\x16"), CR_FIRST_TLS},
	{BYTES("\x16\2\0"), CR_FIRST_TLS},
	{BYTES("\x15\3\1\0\2\1\0"), CR_FIRST_TLS},
	{BYTES("\x14\3"), CR_FIRST_TLS},
	{BYTES("\x80\x2e\1\3\1"), CR_FIRST_TLS},
	{BYTES("\x80\x2e\1\0\2"), CR_FIRST_TLS},
	{BYTES("\x15"), CR_FIRST_MORE},
	{BYTES("\x80\x2e\1"), CR_FIRST_MORE},

	{BYTES("GET / HTTP/1.1\r\n"), CR_FIRST_HTTP},
	{BYTES("GET "), CR_FIRST_HTTP},
	{BYTES("get\t"), CR_FIRST_HTTP},
	{BYTES("M-SEARCH * HTTP/1.1\r\n"), CR_FIRST_HTTP},
	{BYTES("PRI * HTTP/2.0\r\n"), CR_FIRST_HTTP},
	{BYTES("EHLO a\r\n"), CR_FIRST_HTTP},
	{BYTES("\r\nGET / HTTP/1.1\r\n"), CR_FIRST_HTTP},
	{BYTES("\nGET / HTTP/1.1\r\n"), CR_FIRST_HTTP},
	{BYTES(" GET / HTTP/1.1\r\n"), CR_FIRST_HTTP},
	{BYTES("\tGET / HTTP/1.1\r\n"), CR_FIRST_HTTP},
	{BYTES("SSH-1.99-x / HTTP/1.1\r\n"), CR_FIRST_HTTP},
	{BYTES("SSH-2.0 / HTTP/1.1\r\n"), CR_FIRST_HTTP},
	{BYTES("SSH / HTTP/1.1\r\n"), CR_FIRST_HTTP},
	{BYTES("ssh-2.0-x / HTTP/1.1\r\n"), CR_FIRST_HTTP},
	{BYTES("xSSH-2.0-x / HTTP/1.1\r\n"), CR_FIRST_HTTP},
	{BYTES("GET"), CR_FIRST_MORE},
	{BYTES("G"), CR_FIRST_MORE},
	{BYTES(""), CR_FIRST_MORE},

	{BYTES("SSH-2.0-OpenSSH_9.6p1 Debian-3\r\n"), CR_FIRST_SSH},
	{BYTES("SSH-2.0-Go\r\n\0\0\1\x14/ HTTP/1.1\r\n"), CR_FIRST_SSH},
	{BYTES("SSH-2.0-6.1.0 SSH Tectia Client\r\n"), CR_FIRST_SSH},
	{BYTES("SSH-2.0-x\n"), CR_FIRST_SSH},
	{BYTES("S"), CR_FIRST_MORE},
	{BYTES("SSH-2.0-"), CR_FIRST_MORE},
	{BYTES("SSH-2.0-OpenSSH"), CR_FIRST_MORE},
	{BYTES("SSH-2.0-OpenSSH\r"), CR_FIRST_MORE},

	{BYTES("SSH-2.0-x / HTTP/1.1\r\nHost: b.com\r\n\r\n"), CR_FIRST_BAD},
	{BYTES("SSH-2.0-x /"), CR_FIRST_BAD},
	{BYTES("SSH-2.0-x http:/"), CR_FIRST_BAD},
	{BYTES("SSH-2.0-x\t"), CR_FIRST_BAD},
	{BYTES("SSH-2.0-x\rY"), CR_FIRST_BAD},
	{BYTES("SSH-2.0-x\r\r\n"), CR_FIRST_BAD},
	{BYTES("SSH-2.0-x\0\r\n"), CR_FIRST_BAD},
	{BYTES("SSH-2.0-x\xc3\xa4\r\n"), CR_FIRST_BAD},
	{BYTES("SSH-2.0-\r\n"), CR_FIRST_BAD},
	{BYTES("SSH-2.0-\n"), CR_FIRST_BAD},
	{BYTES("SSH-2.0- x\r\n"), CR_FIRST_BAD},

	{BYTES("SSH-1.99-x\r\n"), CR_FIRST_OTHER},
	{BYTES("SSH-2.1-x\r\n"), CR_FIRST_OTHER},
	{BYTES("ssh-2.0-x\r\n"), CR_FIRST_OTHER},
	{BYTES("PING\r\n"), CR_FIRST_OTHER},
	{BYTES("GET\r\n"), CR_FIRST_OTHER},
	{BYTES("GET/ HTTP/1.1\r\n"), CR_FIRST_OTHER},
	{BYTES("\0\0\0\x08\x04\xd2\x16\x2f"), CR_FIRST_OTHER},
	{BYTES("\x19\3\1"), CR_FIRST_OTHER},
	{BYTES("\x15\0"), CR_FIRST_OTHER},
	{BYTES("\x80\x2e\2"), CR_FIRST_OTHER},
	{BYTES("\xff\0\2"), CR_FIRST_OTHER},
	{BYTES("\x05\1\0"), CR_FIRST_OTHER},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const uint8_t *bytes = (const uint8_t *)rows[i].bytes;

		ROW_ASSERT(cr_first_bytes(bytes, rows[i].len) == rows[i].first, "row %zu: %s", i,
			   rows[i].bytes);
		for (size_t len = 0; len < rows[i].len; len++) {
			const enum cr_first first = cr_first_bytes(bytes, len);

			ROW_ASSERT(first == rows[i].first || first == CR_FIRST_MORE,
				   "%zu bytes of row %zu: %s", len, i, rows[i].bytes);
		}
	}
}

static void test_sizes(void **state)
{
	uint8_t text[CR_FIRST_BYTES + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(cr_first_bytes(text, 64), CR_FIRST_MORE);
	assert_int_equal(cr_first_bytes(text, 65), CR_FIRST_HTTP);
	memcpy(text, "SSH-2.0-", 8);
	assert_int_equal(cr_first_bytes(text, CR_FIRST_BYTES - 1), CR_FIRST_MORE);
	assert_int_equal(cr_first_bytes(text, CR_FIRST_BYTES), CR_FIRST_BAD);
	text[CR_FIRST_BYTES] = '\n';
	assert_int_equal(cr_first_bytes(text, CR_FIRST_BYTES + 1), CR_FIRST_BAD);
	text[CR_FIRST_BYTES - 1] = '\r';
	assert_int_equal(cr_first_bytes(text, CR_FIRST_BYTES + 1), CR_FIRST_BAD);
	text[CR_FIRST_BYTES - 2] = '\r';
	text[CR_FIRST_BYTES - 1] = '\n';
	assert_int_equal(cr_first_bytes(text, CR_FIRST_BYTES - 1), CR_FIRST_MORE);
	assert_int_equal(cr_first_bytes(text, CR_FIRST_BYTES), CR_FIRST_SSH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
