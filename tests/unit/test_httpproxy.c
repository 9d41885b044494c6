/*
 * test_httpproxy.c - requests to a proxy: where they go, what the origin gets, what is refused.
 */
#include "unit.h"

#include "core/httpreq.h"

#define END   "\r\n\r\n"
#define CLOSE "Connection: close" END

static const struct {
	const char *head;
	bool connect;
	enum cr_host_kind kind;
	const char *host;
	uint16_t port;
	const char *rewritten; /* unless connect */
} good[] = {
	{"CONNECT a.com:443 HTTP/1.1\r\nHost: a.com:443" END, true, CR_HOST_NAME, "a.com", 443, ""},
	{"CONNECT A.Com:22 HTTP/1.0" END, true, CR_HOST_NAME, "a.com", 22, ""},
	{"CONNECT 192.0.2.1:1 HTTP/1.1\r\nProxy-Authorization: x" END, true, CR_HOST_ADDR4,
	 "192.0.2.1", 1, ""},
	{"CONNECT [2001:DB8::1]:443 HTTP/1.1" END, true, CR_HOST_ADDR6, "2001:db8::1", 443, ""},
	{"GET http://a.com/ HTTP/1.1\r\nHost: a.com" END, false, CR_HOST_NAME, "a.com", 80,
	 "GET / HTTP/1.1\r\nHost: a.com\r\n" CLOSE},
	{"GET http://a.com HTTP/1.0" END, false, CR_HOST_NAME, "a.com", 80,
	 "GET / HTTP/1.0\r\nHost: a.com\r\n" CLOSE},
	{"GET HTTP://A.com:80?x=/y HTTP/1.1\r\nHost: b.com" END, false, CR_HOST_NAME, "a.com", 80,
	 "GET /?x=/y HTTP/1.1\r\nHost: a.com\r\n" CLOSE},
	{"PUT http://a.com:8080//b/http://c HTTP/1.1\r\nA: b\r\nHost: a.com:8080\r\nC:d" END, false,
	 CR_HOST_NAME, "a.com", 8080,
	 "PUT //b/http://c HTTP/1.1\r\nHost: a.com:8080\r\nA: b\r\nC:d\r\n" CLOSE},
	{"GET http://[::1]:81/x HTTP/1.1\r\nHost: y" END, false, CR_HOST_ADDR6, "::1", 81,
	 "GET /x HTTP/1.1\r\nHost: [::1]:81\r\n" CLOSE},
	{"POST http://a.com/ HTTP/1.1\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\n"
	 "proxy-authorization: Basic eDp5\r\nKeep-Alive: 5\r\nConnection: keep-alive, te\r\n"
	 "Proxied: no\r\nContent-Length: 5" END,
	 false, CR_HOST_NAME, "a.com", 80,
	 "POST / HTTP/1.1\r\nHost: a.com\r\nProxied: no\r\nContent-Length: 5\r\n" CLOSE},
};

static void check_rewritten(size_t row, const struct cr_http_proxy *proxy)
{
	const uint8_t *head = (const uint8_t *)good[row].head;
	const size_t want = strlen(good[row].rewritten);
	uint8_t out[1000];

	ROW_ASSERT(cr_http_proxy_rewrite(head, proxy, out, sizeof(out)) == want, "%s",
		   good[row].head);
	ROW_ASSERT(memcmp(out, good[row].rewritten, want) == 0, "%s: %.*s", good[row].head,
		   (int)want, (const char *)out);
	ROW_ASSERT(want <= strlen(good[row].head) + 64, "%s", good[row].head);
	if (want) {
		assert_int_equal(cr_http_proxy_rewrite(head, proxy, out, want), want);
		assert_int_equal(cr_http_proxy_rewrite(head, proxy, out, want - 1), 0);
		assert_int_equal(cr_http_proxy_rewrite(head, proxy, out, 0), 0);
	}
}

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		const size_t len = strlen(good[i].head);
		struct cr_http_proxy proxy;

		for (size_t part = 0; part < len; part++)
			ROW_ASSERT(cr_http_proxy_read((const uint8_t *)good[i].head, part,
						      &proxy) == CR_LOOK_MORE,
				   "%zu of %s", part, good[i].head);
		ROW_ASSERT(cr_http_proxy_read((const uint8_t *)good[i].head, len, &proxy) ==
				   CR_LOOK_DONE,
			   "%s: %s", good[i].head, proxy.why);
		ROW_ASSERT(proxy.connect == good[i].connect, "%s", good[i].head);
		ROW_ASSERT(proxy.kind == good[i].kind, "%s", good[i].head);
		ROW_ASSERT(strcmp(proxy.host, good[i].host) == 0, "%s: %s", good[i].head,
			   proxy.host);
		ROW_ASSERT(proxy.port == good[i].port, "%s: %u", good[i].head, proxy.port);
		ROW_ASSERT(proxy.head_len == len && !proxy.why, "%s", good[i].head);
		check_rewritten(i, &proxy);
	}
}

static void test_address(void **state)
{
	static const uint8_t four[16] = {192, 0, 2, 1};
	const char *head = good[2].head;
	struct cr_http_proxy proxy;

	(void)state;
	assert_int_equal(cr_http_proxy_read((const uint8_t *)head, strlen(head), &proxy),
			 CR_LOOK_DONE);
	assert_memory_equal(proxy.addr, four, 16);
}

/* What is behind the head is not the head's. */
static void test_behind(void **state)
{
	static const char text[] = "CONNECT a.com:443 HTTP/1.1" END "\x16\3\1";
	struct cr_http_proxy proxy;

	(void)state;
	assert_int_equal(cr_http_proxy_read((const uint8_t *)text, sizeof(text) - 1, &proxy),
			 CR_LOOK_DONE);
	assert_int_equal(proxy.head_len, sizeof(text) - 4);
}

static const char *const bad[][2] = {
	{"GET / HTTP/1.1\r\nHost: a.com" END, "neither CONNECT nor an http:// URL"},
	{"GET https://a.com/ HTTP/1.1" END, "neither CONNECT nor an http:// URL"},
	{"GET ftp://a.com/ HTTP/1.1" END, "neither CONNECT nor an http:// URL"},
	{"OPTIONS * HTTP/1.1" END, "neither CONNECT nor an http:// URL"},
	{"GET http://u:p@a.com/ HTTP/1.1" END, "a user in the URL"},
	{"GET http://a.com@b.com/ HTTP/1.1" END, "a user in the URL"},
	{"CONNECT u@a.com:443 HTTP/1.1" END, "a user in the URL"},
	{"CONNECT a.com HTTP/1.1" END, "CONNECT without a port"},
	{"CONNECT [::1] HTTP/1.1" END, "CONNECT without a port"},
	{"CONNECT a.com: HTTP/1.1" END, "a bad host or port"},
	{"CONNECT a.com:0 HTTP/1.1" END, "a bad host or port"},
	{"CONNECT a.com:65536 HTTP/1.1" END, "a bad host or port"},
	{"CONNECT a.com:443/ HTTP/1.1" END, "a bad host or port"},
	{"CONNECT a.com.:443 HTTP/1.1" END, "a bad host or port"},
	{"CONNECT :443 HTTP/1.1" END, "a bad host or port"},
	{"CONNECT * HTTP/1.1" END, "a bad host or port"},
	{"CONNECT *:443 HTTP/1.1" END, "a bad host or port"},
	{"CONNECT *.com:443 HTTP/1.1" END, "a bad host or port"},
	{"CONNECT 127.1:443 HTTP/1.1" END, "a bad host or port"},
	{"CONNECT 0x7f000001:443 HTTP/1.1" END, "a bad host or port"},
	{"CONNECT 2130706433:443 HTTP/1.1" END, "a bad host or port"},
	{"CONNECT 0177.0.0.1:443 HTTP/1.1" END, "a bad host or port"},
	{"CONNECT ::1:443 HTTP/1.1" END, "a bad host or port"},
	{"CONNECT [::ffff:127.0.0.1]:443 HTTP/1.1" END, "a bad host or port"},
	{"CONNECT [::ffff:7f00:1]:443 HTTP/1.1" END, "a bad host or port"},
	{"CONNECT [fe80::1%25eth0]:443 HTTP/1.1" END, "a bad host or port"},
	{"CONNECT a%2ecom:443 HTTP/1.1" END, "a bad host or port"},
	{"CONNECT http://a.com:443 HTTP/1.1" END, "a bad host or port"},
	{"GET http:///x HTTP/1.1" END, "a bad host or port"},
	{"GET http://a.com\\x/ HTTP/1.1" END, "a bad host or port"},
	{"GET http://a.com/#x HTTP/1.1" END, "a bad character in the target"},
	{"CONNECT a.com:443 HTTP/1.1\r\nContent-Length: 0" END, "CONNECT with a body"},
	{"CONNECT a.com:443 HTTP/1.1\r\nTransfer-Encoding: chunked" END, "CONNECT with a body"},
	{"GET http://a.com/ HTTP/1.1\r\nHost: a\r\nHost: b" END, "two Hosts"},
	{"GET http://a.com/ HTTP/1.1\r\nUpgrade: x" END, "Upgrade"},
	{"GET http://a.com/ HTTP/1.1\r\nConnection: Host" END, "Connection names a header"},
	{"GET http://a.com/ HTTP/1.1\r\nProxy-X\r\n" END, "a header without a colon"},
	{"GET http://a.com/ HTTP/1.1\nHost: a.com" END, "a line does not end in CR LF"},
	{"\r\nGET http://a.com/ HTTP/1.1" END, "no request line"},
	{"PRI * HTTP/2.0" END, "HTTP/2"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct cr_http_proxy proxy;

		ROW_ASSERT(cr_http_proxy_read((const uint8_t *)bad[i][0], strlen(bad[i][0]),
					      &proxy) == CR_LOOK_BAD,
			   "%s", bad[i][0]);
		ROW_ASSERT(strcmp(proxy.why, bad[i][1]) == 0, "%s: %s", bad[i][0], proxy.why);
		ROW_ASSERT(proxy.host[0] == '\0' && proxy.port == 0, "%s", bad[i][0]);
	}
}

static void test_other(void **state)
{
	static uint8_t large[CR_HTTP_HEAD_MAX];
	struct cr_http_proxy proxy;

	(void)state;
	assert_int_equal(cr_http_proxy_read((const uint8_t *)"\5\1\0", 3, &proxy), CR_LOOK_OTHER);
	assert_int_equal(cr_http_proxy_read((const uint8_t *)"HELO a\r\n", 8, &proxy),
			 CR_LOOK_OTHER);
	memset(large, 'x', sizeof(large));
	memcpy(large, "GET http://", 11);
	assert_int_equal(cr_http_proxy_read(large, sizeof(large) - 1, &proxy), CR_LOOK_MORE);
	assert_int_equal(cr_http_proxy_read(large, sizeof(large), &proxy), CR_LOOK_BAD);
	memcpy(large + 100, " HTTP/1.1\r\nX: ", 14);
	assert_int_equal(cr_http_proxy_read(large, sizeof(large) - 1, &proxy), CR_LOOK_MORE);
	assert_int_equal(cr_http_proxy_read(large, sizeof(large), &proxy), CR_LOOK_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),   cmocka_unit_test(test_address),
		cmocka_unit_test(test_behind), cmocka_unit_test(test_bad),
		cmocka_unit_test(test_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
