/*
 * test_socks.c - greetings and requests of SOCKS5, whole and in pieces, and what they are answered.
 */
#include "unit.h"

#include "core/socks.h"

#define BYTES(text) (text), sizeof(text) - 1
#define HELLO       "\5\1\0"

static enum cr_look feed(struct cr_socks *socks, const char *bytes, size_t len, size_t *used)
{
	uint8_t *exact = malloc(len ? len : 1); /* for the sanitizer */

	assert_non_null(exact);
	memcpy(exact, bytes, len);

	const enum cr_look look = cr_socks_feed(socks, exact, len, used);

	free(exact);
	return look;
}

static const struct {
	const char *bytes;
	size_t len;
	enum cr_look look;
	size_t used, reply_len;
	const char *reply;
} greetings[] = {
	{BYTES(""), CR_LOOK_MORE, 0, 0, ""},
	{BYTES("\5"), CR_LOOK_MORE, 0, 0, ""},
	{BYTES("\5\2\0"), CR_LOOK_MORE, 0, 0, ""},
	{BYTES(HELLO), CR_LOOK_MORE, 3, 2, "\5\0"},
	{BYTES("\5\3\1\2\0"), CR_LOOK_MORE, 5, 2, "\5\0"},
	{BYTES(HELLO "\5\1\0"), CR_LOOK_MORE, 3, 2, "\5\0"},
	{BYTES("\5\0"), CR_LOOK_BAD, 2, 2, "\5\xff"},
	{BYTES("\5\1\2"), CR_LOOK_BAD, 3, 2, "\5\xff"},
	{BYTES("\5\1\xff"), CR_LOOK_BAD, 3, 2, "\5\xff"},
	{BYTES("\4\1\0\x50\1\2\3\4\0"), CR_LOOK_BAD, 0, 0, ""},
	{BYTES("\4"), CR_LOOK_BAD, 0, 0, ""},
	{BYTES("GET / HTTP/1.1\r\n"), CR_LOOK_OTHER, 0, 0, ""},
	{BYTES("\6\1\0"), CR_LOOK_OTHER, 0, 0, ""},
};

static void test_greetings(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(greetings); i++) {
		struct cr_socks socks;
		size_t used;

		cr_socks_init(&socks, NULL, NULL);
		ROW_ASSERT(feed(&socks, greetings[i].bytes, greetings[i].len, &used) ==
				   greetings[i].look,
			   "row %zu", i);
		ROW_ASSERT(used == greetings[i].used, "row %zu: %zu", i, used);
		ROW_ASSERT(socks.reply_len == greetings[i].reply_len, "row %zu", i);
		ROW_ASSERT(memcmp(socks.reply, greetings[i].reply, socks.reply_len) == 0, "row %zu",
			   i);
		ROW_ASSERT(!socks.why == (greetings[i].look != CR_LOOK_BAD), "row %zu", i);
	}
}

/* Logins as "u" with password "pw": after the greeting, how far, and what is answered in the end.
 */
static const struct {
	const char *what;
	const char *bytes;
	size_t len;
	enum cr_look look;
	const char *reply; /* two bytes, or none */
} logins[] = {
	{"right", BYTES("\1\1u\2pw"), CR_LOOK_MORE, "\1\0"},
	{"wrong password", BYTES("\1\1u\2pW"), CR_LOOK_BAD, "\1\1"},
	{"wrong user", BYTES("\1\1v\2pw"), CR_LOOK_BAD, "\1\1"},
	{"no password", BYTES("\1\1u\0"), CR_LOOK_BAD, "\1\1"},
	{"nothing", BYTES("\1\0\0"), CR_LOOK_BAD, "\1\1"},
	{"part of it", BYTES("\1\1u\1p"), CR_LOOK_BAD, "\1\1"},
	{"more than it", BYTES("\1\1u\3pw\0"), CR_LOOK_BAD, "\1\1"},
	{"another version", BYTES("\5\1u\2pw"), CR_LOOK_BAD, NULL},
	{"the request at once", BYTES("\5\1\0\3\5a.com\0\x50"), CR_LOOK_BAD, NULL},
};

static void test_logins(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(logins); i++) {
		struct cr_socks socks;
		size_t used;

		cr_socks_init(&socks, "u", "pw");
		ROW_ASSERT(feed(&socks, BYTES("\5\2\0\2"), &used) == CR_LOOK_MORE && used == 4,
			   "%s", logins[i].what);
		assert_memory_equal(socks.reply, "\5\2", 2);
		for (size_t len = 0; logins[i].reply && len < logins[i].len; len++)
			ROW_ASSERT(feed(&socks, logins[i].bytes, len, &used) == CR_LOOK_MORE &&
					   used == 0 && socks.reply_len == 0,
				   "%s: %zu", logins[i].what, len);
		ROW_ASSERT(feed(&socks, logins[i].bytes, logins[i].len, &used) == logins[i].look,
			   "%s", logins[i].what);
		ROW_ASSERT(socks.reply_len == (logins[i].reply ? 2u : 0u), "%s", logins[i].what);
		if (logins[i].reply)
			ROW_ASSERT(memcmp(socks.reply, logins[i].reply, 2) == 0 &&
					   used == logins[i].len,
				   "%s", logins[i].what);
	}
}

static void test_login_is_demanded(void **state)
{
	struct cr_socks socks;
	size_t used;

	(void)state;
	cr_socks_init(&socks, "u", "pw");
	assert_int_equal(feed(&socks, BYTES(HELLO), &used), CR_LOOK_BAD);
	assert_memory_equal(socks.reply, "\5\xff", 2);
	cr_socks_init(&socks, "u", "pw");
	feed(&socks, BYTES("\5\1\2"), &used);
	feed(&socks, BYTES("\1\1u\2pw"), &used);
	assert_int_equal(feed(&socks, BYTES("\5\1\0\3\5a.com\0\x50"), &used), CR_LOOK_DONE);
	assert_string_equal(socks.host, "a.com");
}

static const struct {
	const char *what;
	const char *bytes;
	size_t len;
	enum cr_host_kind kind;
	const char *host;
	uint16_t port;
} good[] = {
	{"name", BYTES("\5\1\0\3\5A.com\1\xbb"), CR_HOST_NAME, "a.com", 443},
	{"name with a dot", BYTES("\5\1\0\3\6a.com.\0\x50"), CR_HOST_NAME, "a.com", 80},
	{"IPv4", BYTES("\5\1\0\1\xc0\0\2\1\0\x16"), CR_HOST_ADDR4, "192.0.2.1", 22},
	{"IPv4 as a name", BYTES("\5\1\0\3\x09\061\071\062.0.2.1\0\x16"), CR_HOST_ADDR4,
	 "192.0.2.1", 22},
	{"IPv6", BYTES("\5\1\0\4\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\xff\xff"), CR_HOST_ADDR6,
	 "2001:db8::1", 65535},
	{"IPv6 as a name", BYTES("\5\1\0\3\5[::1]\0\1"), CR_HOST_ADDR6, "::1", 1},
};

static void check_good(size_t row, const struct cr_socks *socks)
{
	const char *what = good[row].what;

	ROW_ASSERT(socks->reply_len == 0 && !socks->why, "%s", what);
	ROW_ASSERT(socks->kind == good[row].kind, "%s", what);
	ROW_ASSERT(strcmp(socks->host, good[row].host) == 0, "%s: %s", what, socks->host);
	ROW_ASSERT(socks->port == good[row].port, "%s: %u", what, socks->port);
}

static void test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct cr_socks socks;
		char behind[64];
		size_t used;

		cr_socks_init(&socks, NULL, NULL);
		assert_int_equal(feed(&socks, BYTES(HELLO), &used), CR_LOOK_MORE);
		for (size_t len = 0; len < good[i].len; len++) {
			ROW_ASSERT(feed(&socks, good[i].bytes, len, &used) == CR_LOOK_MORE,
				   "%s: %zu", good[i].what, len);
			ROW_ASSERT(used == 0 && socks.reply_len == 0, "%s: %zu", good[i].what, len);
		}
		memcpy(behind, good[i].bytes, good[i].len);
		memcpy(behind + good[i].len, "data", 4);
		ROW_ASSERT(feed(&socks, behind, good[i].len + 4, &used) == CR_LOOK_DONE, "%s",
			   good[i].what);
		ROW_ASSERT(used == good[i].len, "%s: %zu", good[i].what, used);
		check_good(i, &socks);
	}
}

static void test_address_bytes(void **state)
{
	static const uint8_t four[16] = {192, 0, 2, 1};
	struct cr_socks socks;
	size_t used;

	(void)state;
	cr_socks_init(&socks, NULL, NULL);
	feed(&socks, BYTES(HELLO), &used);
	assert_int_equal(feed(&socks, good[2].bytes, good[2].len, &used), CR_LOOK_DONE);
	assert_memory_equal(socks.addr, four, 16);
	cr_socks_init(&socks, NULL, NULL);
	feed(&socks, BYTES(HELLO), &used);
	assert_int_equal(feed(&socks, good[4].bytes, good[4].len, &used), CR_LOOK_DONE);
	assert_memory_equal(socks.addr, good[4].bytes + 4, 16);
}

static const struct {
	const char *what;
	const char *bytes;
	size_t len;
	int code; /* -1: closed without an answer */
} bad[] = {
	{"BIND", BYTES("\5\2\0\1\1\2\3\4\0\1"), CR_SOCKS_BAD_COMMAND},
	{"UDP ASSOCIATE", BYTES("\5\3\0\1\0\0\0\0\0\0"), CR_SOCKS_BAD_COMMAND},
	{"RESOLVE", BYTES("\5\xf0\0\3\1a\0\0"), CR_SOCKS_BAD_COMMAND},
	{"command 0", BYTES("\5\0\0\1"), CR_SOCKS_BAD_COMMAND},
	{"reserved", BYTES("\5\1\1\1\1\2\3\4\0\1"), CR_SOCKS_FAILED},
	{"type 0", BYTES("\5\1\0\0"), CR_SOCKS_BAD_ADDRESS},
	{"type 2", BYTES("\5\1\0\2\1\2\3\4\0\1"), CR_SOCKS_BAD_ADDRESS},
	{"type 5", BYTES("\5\1\0\5"), CR_SOCKS_BAD_ADDRESS},
	{"version 4", BYTES("\4\1\0\1"), -1},
	{"port 0", BYTES("\5\1\0\3\5a.com\0\0"), CR_SOCKS_NOT_ALLOWED},
	{"no name", BYTES("\5\1\0\3\0\0\x50"), CR_SOCKS_NOT_ALLOWED},
	{"NUL", BYTES("\5\1\0\3\7a.com\0b\0\x50"), CR_SOCKS_NOT_ALLOWED},
	{"port in the name", BYTES("\5\1\0\3\7a.com:1\0\x50"), CR_SOCKS_NOT_ALLOWED},
	{"user", BYTES("\5\1\0\3\7x@a.com\0\x50"), CR_SOCKS_NOT_ALLOWED},
	{"not ASCII", BYTES("\5\1\0\3\2\xc3\xa4\0\x50"), CR_SOCKS_NOT_ALLOWED},
	{"short address", BYTES("\5\1\0\3\5\061\062\067.1\0\x50"), CR_SOCKS_NOT_ALLOWED},
	{"decimal address", BYTES("\5\1\0\3\012\062130706433\0\x50"), CR_SOCKS_NOT_ALLOWED},
	{"mapped as a name", BYTES("\5\1\0\3\017[::ffff:7f00:1]\0\x50"), CR_SOCKS_NOT_ALLOWED},
	{"mapped", BYTES("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1\0\1"),
	 CR_SOCKS_NOT_ALLOWED},
	{"IPv4-compatible", BYTES("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\x7f\0\0\1\0\1"),
	 CR_SOCKS_NOT_ALLOWED},
	{"star", BYTES("\5\1\0\3\1*\0\x50"), CR_SOCKS_NOT_ALLOWED},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct cr_socks socks;
		uint8_t want[CR_SOCKS_REPLY_MAX];
		size_t used;

		cr_socks_init(&socks, NULL, NULL);
		feed(&socks, BYTES(HELLO), &used);
		ROW_ASSERT(feed(&socks, bad[i].bytes, bad[i].len, &used) == CR_LOOK_BAD, "%s",
			   bad[i].what);
		ROW_ASSERT(socks.why != NULL, "%s", bad[i].what);
		if (bad[i].code < 0) {
			ROW_ASSERT(socks.reply_len == 0, "%s", bad[i].what);
			continue;
		}
		ROW_ASSERT(socks.reply_len == cr_socks_reply(bad[i].code, want), "%s", bad[i].what);
		ROW_ASSERT(memcmp(socks.reply, want, sizeof(want)) == 0, "%s", bad[i].what);
	}
}

static void test_sizes(void **state)
{
	char request[4 + 256 + 2] = "\5\1\0\3\xff";
	struct cr_socks socks;
	size_t used;

	(void)state;
	assert_true(sizeof(request) <= CR_SOCKS_INPUT_MAX);
	for (size_t i = 5; i < sizeof(request); i++)
		request[i] = i % 2 ? 'a' : '.';
	cr_socks_init(&socks, NULL, NULL);
	feed(&socks, BYTES(HELLO), &used);
	assert_int_equal(feed(&socks, request, sizeof(request) - 1, &used), CR_LOOK_MORE);
	assert_int_equal(feed(&socks, request, sizeof(request), &used), CR_LOOK_BAD);
	request[4] = (char)253;
	cr_socks_init(&socks, NULL, NULL);
	feed(&socks, BYTES(HELLO), &used);
	assert_int_equal(feed(&socks, request, sizeof(request), &used), CR_LOOK_DONE);
	assert_int_equal(strlen(socks.host), 253);
	assert_int_equal(used, sizeof(request) - 2);
}

static void test_reply(void **state)
{
	uint8_t out[CR_SOCKS_REPLY_MAX];

	(void)state;
	assert_int_equal(cr_socks_reply(CR_SOCKS_CONN_REFUSED, out), 10);
	assert_memory_equal(out, "\5\5\0\1\0\0\0\0\0\0", 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_greetings),     cmocka_unit_test(test_requests),
		cmocka_unit_test(test_address_bytes), cmocka_unit_test(test_bad),
		cmocka_unit_test(test_sizes),         cmocka_unit_test(test_reply),
		cmocka_unit_test(test_logins),        cmocka_unit_test(test_login_is_demanded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
