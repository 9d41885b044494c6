/*
 * test_httpreq.c - requests on a connection to a.com port 80: what is released, and what is refused
 * and why; in one piece and byte by byte.
 */
#include "unit.h"

#include "core/httpreq.h"

#define GET    "GET / HTTP/1.1\r\n"
#define POST   "POST / HTTP/1.1\r\n"
#define HOST   "Host: a.com\r\n"
#define END    "\r\n"
#define CHUNKY "Transfer-Encoding: chunked\r\n"

struct row {
	const char *what;
	const char *bytes;
	size_t len;
	size_t used; /* ALL: as many as there are */
	enum cr_look look;
	const char *why;
};

#define ALL            SIZE_MAX
#define BYTES(text)    (text), sizeof(text) - 1
#define GOOD(text)     text, BYTES(text), ALL, CR_LOOK_MORE, NULL
#define BAD(text, why) text, BYTES(text), 0, CR_LOOK_BAD, why
#define WAIT(text)     text, BYTES(text), 0, CR_LOOK_MORE, NULL
#define OTHER(text)    text, BYTES(text), 0, CR_LOOK_OTHER, NULL

static const struct row rows[] = {
	{GOOD("")},
	{GOOD(GET HOST END)},
	{GOOD("GET /a?b=c%20d HTTP/1.0\r\n" HOST END)},
	{GOOD(GET "Host: A.COM\r\n" END)},
	{GOOD(GET "hOST:a.com\r\n" END)},
	{GOOD(GET "Host: \t a.com \t\r\n" END)},
	{GOOD(GET "Host: a.com:80\r\n" END)},
	{GOOD(GET "Accept: */*\r\n" HOST "X:\r\nY: \xc3\xa4\t\x80\r\n" END)},
	{GOOD(GET HOST "Connection: keep-alive\r\n" END)},
	{GOOD(GET HOST "Connection: TE, close\r\nTE: trailers\r\n" END)},
	{GOOD("M-SEARCH / HTTP/1.1\r\n" HOST END)},
	{GOOD("OPTIONS * HTTP/1.1\r\n" HOST END)},
	{GOOD("GET http://a.com/x HTTP/1.1\r\n" HOST END)},
	{GOOD("GET HTTP://A.com:80?x HTTP/1.1\r\n" HOST END)},
	{GOOD("GET http://a.com HTTP/1.1\r\n" HOST END)},
	{GOOD(GET HOST END GET HOST END)},
	{GOOD(POST HOST "Content-Length: 5\r\n" END "GET /" GET HOST END)},
	{GOOD(POST HOST "Content-Length: 0\r\n" END GET HOST END)},
	{GOOD(POST HOST "Content-Length: 999999999999999999\r\n" END "x")},
	{GOOD(POST HOST CHUNKY END "5\r\nhello\r\n0\r\n\r\n" GET HOST END)},
	{GOOD(POST HOST CHUNKY END "0000000a\r\n0\r\n\r\n\r\nxxx\r\n0\r\n\r\n" GET HOST END)},
	{GOOD(POST HOST CHUNKY END "fFfFfFfF\r\nx")},
	{GOOD(POST HOST CHUNKY END "0\r\nX: y\r\nZ:\r\n\r\n" GET HOST END)},

	{WAIT("G")},
	{WAIT("GET /")},
	{WAIT(GET)},
	{WAIT(GET HOST)},
	{WAIT(GET HOST "\r")},
	{"the next head", BYTES(GET HOST END GET HOST), sizeof(GET HOST END) - 1, CR_LOOK_MORE,
	 NULL},
	{"a chunk's size", BYTES(POST HOST CHUNKY END "5"), sizeof(POST HOST CHUNKY END) - 1,
	 CR_LOOK_MORE, NULL},
	{"a chunk's size, CR", BYTES(POST HOST CHUNKY END "5\r"), sizeof(POST HOST CHUNKY END) - 1,
	 CR_LOOK_MORE, NULL},
	{"a chunk's end", BYTES(POST HOST CHUNKY END "1\r\nx\r"),
	 sizeof(POST HOST CHUNKY END "1\r\nx") - 1, CR_LOOK_MORE, NULL},
	{"trailers", BYTES(POST HOST CHUNKY END "0\r\nX: y\r\n"),
	 sizeof(POST HOST CHUNKY END "0\r\n") - 1, CR_LOOK_MORE, NULL},

	{OTHER("\x16\3\1")},
	{OTHER("PING\r\n")},
	{OTHER("NICK a\r\n")},
	{OTHER("USER a /b c\r\n")},
	{OTHER("(x")},
	{OTHER("0033git-upload-pack /a.git\0host=a.com\0")},
	{OTHER("\0")},
	{OTHER("\xff")},

	/* hosts */
	{BAD(GET END, "Host is missing")},
	{BAD("GET / HTTP/1.0\r\n" END, "Host is missing")},
	{BAD("GET http://a.com/ HTTP/1.1\r\n" END, "Host is missing")},
	{BAD(GET HOST HOST END, "two Hosts")},
	{BAD(GET HOST "host: b.com\r\n" END, "two Hosts")},
	{BAD(GET "Host: b.com\r\n" END, "Host differs")},
	{BAD(GET "Host:\r\n" END, "Host differs")},
	{BAD(GET "Host: a.com.\r\n" END, "Host differs")},
	{BAD(GET "Host: a.com.:80\r\n" END, "Host differs")},
	{BAD(GET "Host: a.com:81\r\n" END, "Host differs")},
	{BAD(GET "Host: a.com:\r\n" END, "Host differs")},
	{BAD(GET "Host: a.com:080\r\n" END, "Host differs")},
	{BAD(GET "Host: a.com:80:80\r\n" END, "Host differs")},
	{BAD(GET "Host: a.com, b.com\r\n" END, "Host differs")},
	{BAD(GET "Host: a.com b.com\r\n" END, "Host differs")},
	{BAD(GET "Host: x@a.com\r\n" END, "Host differs")},
	{BAD(GET "Host: xa.com\r\n" END, "Host differs")},
	{BAD(GET "Host: a.co\r\n" END, "Host differs")},
	{BAD(GET "Host: a.com/\r\n" END, "Host differs")},
	{BAD(GET "Host: [a.com]\r\n" END, "Host differs")},
	{BAD("GET http://b.com/ HTTP/1.1\r\n" HOST END, "the URL's host differs")},
	{BAD("GET http://a.com:81/ HTTP/1.1\r\n" HOST END, "the URL's host differs")},
	{BAD("GET http://a.com./ HTTP/1.1\r\n" HOST END, "the URL's host differs")},
	{BAD("GET http://b.com@a.com/ HTTP/1.1\r\n" HOST END, "the URL's host differs")},
	{BAD("GET http://a.com@b.com/ HTTP/1.1\r\n" HOST END, "the URL's host differs")},
	{BAD("GET http://a.com\\@b.com/ HTTP/1.1\r\n" HOST END, "the URL's host differs")},
	{BAD("GET http:/// HTTP/1.1\r\n" HOST END, "the URL's host differs")},
	{BAD("GET http://a.com/ HTTP/1.1\r\nHost: b.com\r\n" END, "Host differs")},

	/* targets and methods */
	{BAD("GET https://a.com/ HTTP/1.1\r\n" HOST END, "a bad target")},
	{BAD("GET http:/a.com/ HTTP/1.1\r\n" HOST END, "a bad target")},
	{BAD("GET a.com HTTP/1.1\r\n" HOST END, "a bad target")},
	{BAD("GET * HTTP/1.1\r\n" HOST END, "a bad target")},
	{BAD("OPTIONS ** HTTP/1.1\r\n" HOST END, "a bad target")},
	{BAD("GET /#x HTTP/1.1\r\n" HOST END, "a bad character in the target")},
	{BAD("GET /\t HTTP/1.1\r\n" HOST END, "a bad character in the target")},
	{BAD("GET /\x01 HTTP/1.1\r\n" HOST END, "a bad character in the target")},
	{BAD("GET /\x7f HTTP/1.1\r\n" HOST END, "a bad character in the target")},
	{BAD("GET /\xc3\xa4 HTTP/1.1\r\n" HOST END, "a bad character in the target")},
	{BAD("CONNECT a.com:80 HTTP/1.1\r\n" HOST END, "CONNECT")},
	{BAD("connect a.com:80 HTTP/1.1\r\n" HOST END, "CONNECT")},
	{BAD("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2")},
	{BAD("GET\t/ HTTP/1.1\r\n" HOST END, "a bad method")},
	{BAD("GET  / HTTP/1.1\r\n" HOST END, "neither HTTP/1.0 nor HTTP/1.1")},
	{BAD("GET / HTTP/1.1 \r\n" HOST END, "neither HTTP/1.0 nor HTTP/1.1")},
	{BAD("GET /  HTTP/1.1\r\n" HOST END, "neither HTTP/1.0 nor HTTP/1.1")},
	{BAD("GET / HTTP/1.2\r\n" HOST END, "neither HTTP/1.0 nor HTTP/1.1")},
	{BAD("GET / HTTP/0.9\r\n" HOST END, "neither HTTP/1.0 nor HTTP/1.1")},
	{BAD("GET / HTTP/1.10\r\n" HOST END, "neither HTTP/1.0 nor HTTP/1.1")},
	{BAD("GET / HTTP/01.1\r\n" HOST END, "neither HTTP/1.0 nor HTTP/1.1")},
	{BAD("GET / http/1.1\r\n" HOST END, "neither HTTP/1.0 nor HTTP/1.1")},
	{BAD("GET /\r\n" HOST END, "neither HTTP/1.0 nor HTTP/1.1")},
	{BAD("get http://b.com/\r\n" END, "neither HTTP/1.0 nor HTTP/1.1")},
	{BAD("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" GET HOST END, "neither HTTP/1.0 nor HTTP/1.1")},
	{BAD("FOO / HTTP/1.1 x\r\n" HOST END, "neither HTTP/1.0 nor HTTP/1.1")},

	/* lines */
	{BAD("\r\n" GET HOST END, "no request line")},
	{BAD("\n" GET HOST END, "no request line")},
	{BAD(" " GET HOST END, "no request line")},
	{BAD("GET / HTTP/1.1\n" HOST END, "a line does not end in CR LF")},
	{BAD(GET "Host: a.com\n" END, "a line does not end in CR LF")},
	{BAD(GET HOST "\n", "a line does not end in CR LF")},
	{BAD(GET HOST "X: y\rZ: z\r\n" END, "a line does not end in CR LF")},
	{BAD(GET HOST "X: y\r\r\n" END, "a line does not end in CR LF")},
	{BAD(GET HOST "\r\r\n", "a line does not end in CR LF")},
	{BAD(GET HOST " folded\r\n" END, "a folded line")},
	{BAD(GET HOST "\tfolded\r\n" END, "a folded line")},
	{BAD(GET " X: y\r\n" HOST END, "a folded line")},
	{BAD(GET HOST "X\r\n" END, "a header without a colon")},
	{BAD(GET HOST "X : y\r\n" END, "a bad name of a header")},
	{BAD(GET "Host : a.com\r\n" END, "a bad name of a header")},
	{BAD(GET HOST ": y\r\n" END, "a bad name of a header")},
	{BAD(GET HOST "X(: y\r\n" END, "a bad name of a header")},
	{BAD(GET HOST "X\x80: y\r\n" END, "a bad name of a header")},
	{BAD(GET HOST "X\0: y\r\n" END, "a bad name of a header")},
	{BAD(GET HOST "X: a\0b\r\n" END, "a control character in a header")},
	{BAD(GET HOST "X: a\x0b\r\n" END, "a control character in a header")},
	{BAD(GET HOST "X: a\x7f\r\n" END, "a control character in a header")},

	/* where a request ends */
	{BAD(POST HOST "Content-Length: 5\r\nContent-Length: 5\r\n" END, "two Content-Lengths")},
	{BAD(POST HOST "Content-Length: 5\r\ncontent-length: 6\r\n" END, "two Content-Lengths")},
	{BAD(POST HOST "Content-Length: 5, 5\r\n" END, "a bad Content-Length")},
	{BAD(POST HOST "Content-Length: +5\r\n" END, "a bad Content-Length")},
	{BAD(POST HOST "Content-Length: -5\r\n" END, "a bad Content-Length")},
	{BAD(POST HOST "Content-Length: 5x\r\n" END, "a bad Content-Length")},
	{BAD(POST HOST "Content-Length: 0x5\r\n" END, "a bad Content-Length")},
	{BAD(POST HOST "Content-Length: 05\r\n" END, "a bad Content-Length")},
	{BAD(POST HOST "Content-Length:\r\n" END, "a bad Content-Length")},
	{BAD(POST HOST "Content-Length: 1000000000000000000\r\n" END, "a bad Content-Length")},
	{BAD(POST HOST CHUNKY CHUNKY END, "two Transfer-Encodings")},
	{BAD(POST HOST CHUNKY "Content-Length: 5\r\n" END, "Content-Length and Transfer-Encoding")},
	{BAD(POST HOST "Content-Length: 5\r\n" CHUNKY END, "Content-Length and Transfer-Encoding")},
	{BAD("POST / HTTP/1.0\r\n" HOST CHUNKY END, "Transfer-Encoding in HTTP/1.0")},
	{BAD(POST HOST "Transfer-Encoding: Chunked\r\n" END,
	     "a Transfer-Encoding other than chunked")},
	{BAD(POST HOST "Transfer-Encoding: gzip, chunked\r\n" END,
	     "a Transfer-Encoding other than chunked")},
	{BAD(POST HOST "Transfer-Encoding: identity\r\n" END,
	     "a Transfer-Encoding other than chunked")},
	{BAD(POST HOST "Transfer-Encoding:\r\n" END, "a Transfer-Encoding other than chunked")},
	{BAD(POST HOST "Transfer-Encoding: chunked,\r\n" END,
	     "a Transfer-Encoding other than chunked")},

	/* other protocols behind a request */
	{BAD(GET HOST "Upgrade: websocket\r\n" END, "Upgrade")},
	{BAD(GET HOST "Connection: Upgrade, HTTP2-Settings\r\n" END, "Upgrade")},
	{BAD(GET HOST "Connection: keep-alive,UPGRADE\r\n" END, "Upgrade")},
	{BAD(GET HOST "HTTP2-Settings: AAMAAABkAAQAAP__\r\n" END, "Upgrade")},
	{BAD(GET HOST "Connection: close, Host\r\n" END, "Connection names a header")},
	{BAD(GET HOST "Connection: Content-Length\r\n" END, "Connection names a header")},
};

static enum cr_look feed(struct cr_http *http, const struct row *row, size_t step, size_t *used)
{
	enum cr_look look = CR_LOOK_MORE;

	cr_http_init(http, "a.com", 80);
	*used = 0;
	for (size_t end = 0; look == CR_LOOK_MORE && end < row->len;) {
		size_t n;

		end = row->len - end < step ? row->len : end + step;

		uint8_t *exact = malloc(end - *used + 1); /* for the sanitizer */

		assert_non_null(exact);
		memcpy(exact, row->bytes + *used, end - *used);
		look = cr_http_feed(http, exact, end - *used, &n);
		free(exact);
		*used += n;
	}
	return look;
}

static void check_row(const struct row *row, size_t step)
{
	struct cr_http http;
	size_t used;
	const enum cr_look look = feed(&http, row, step, &used);

	ROW_ASSERT(look == row->look, "%s by %zu: look %d, %s", row->what, step, (int)look,
		   http.why ? http.why : "");
	ROW_ASSERT(used == (row->used == ALL ? row->len : row->used), "%s by %zu: %zu", row->what,
		   step, used);
	ROW_ASSERT(!http.why == !row->why, "%s", row->what);
	ROW_ASSERT(!row->why || strcmp(row->why, http.why) == 0, "%s by %zu: %s", row->what, step,
		   http.why);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_row(&rows[i], SIZE_MAX);
		check_row(&rows[i], 1);
		check_row(&rows[i], 7);
	}
}

/* Everything that is no good in a first request is no good in a second one, nor behind a body. */
static void test_behind(void **state)
{
	static const char *const first[] = {
		GET HOST END,
		POST HOST "Content-Length: 3\r\n" END "abc",
		POST HOST CHUNKY END "3\r\nabc\r\n0\r\n\r\n",
	};
	char text[2000];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t j = 0; j < COUNT(first); j++) {
			const size_t len = strlen(first[j]);
			struct row row = rows[i];
			struct cr_http http;
			size_t used;

			memcpy(text, first[j], len);
			memcpy(text + len, row.bytes, row.len);
			row.bytes = text;
			row.len += len;

			const enum cr_look look = feed(&http, &row, SIZE_MAX, &used);
			const size_t want = rows[i].used == ALL ? rows[i].len : rows[i].used;

			if (rows[i].look == CR_LOOK_MORE) {
				ROW_ASSERT(look == CR_LOOK_MORE, "%s: %s", row.what, http.why);
				ROW_ASSERT(used == len + want, "%s", row.what);
			} else if (rows[i].look == CR_LOOK_BAD) {
				ROW_ASSERT(look == CR_LOOK_BAD, "%s", row.what);
				ROW_ASSERT(used == len, "%s", row.what);
			} else {
				ROW_ASSERT(look == CR_LOOK_BAD || look == CR_LOOK_MORE, "%s",
					   row.what);
				ROW_ASSERT(used == len, "%s", row.what);
			}
		}
}

/* Behind a head of chunks: how many bytes are released, and why the rest is not. */
static const struct {
	const char *bytes;
	size_t used;
	const char *why;
} chunks[] = {
	{"5\r\nhelloX", 8, "a chunk is longer than it said"},
	{"5\r\nhello\n", 8, "a chunk is longer than it said"},
	{"5\r\nhello\rX", 8, "a chunk is longer than it said"},
	{"5\nhello", 0, "a bad size of a chunk"},
	{"5\rX", 0, "a bad size of a chunk"},
	{"\r\n", 0, "a bad size of a chunk"},
	{"-5\r\n", 0, "a bad size of a chunk"},
	{"0x5\r\n", 0, "a bad size of a chunk"},
	{" 5\r\n", 0, "a bad size of a chunk"},
	{"5 \r\n", 0, "a bad size of a chunk"},
	{"5;a=b\r\n", 0, "a bad size of a chunk"},
	{"g\r\n", 0, "a bad size of a chunk"},
	{"000000005", 0, "a chunk is too large"},
	{"100000000", 0, "a chunk is too large"},
	{"0\r\nX: y\n\r\n", 3, "a line does not end in CR LF"},
	{"0\r\nX\r\n\r\n", 3, "a header without a colon"},
	{"0\r\n X: y\r\n\r\n", 3, "a folded line"},
	{"0\r\nHost: a.com\r\n\r\n", 3, "a header among the trailers that no trailer can be"},
	{"0\r\ncontent-length: 5\r\n\r\n", 3, "a header among the trailers that no trailer can be"},
	{"0\r\n\r\nGET / HTTP/1.1\r\nHost: b.com\r\n\r\n", 5, "Host differs"},
	{"0\r\n\r\n\r\n", 5, "an empty line before the request"},
};

static void test_chunks(void **state)
{
	static const char head[] = POST HOST CHUNKY END;
	char text[200];

	(void)state;
	for (size_t i = 0; i < COUNT(chunks); i++) {
		const struct row row = {
			chunks[i].bytes, text,          0, sizeof(head) - 1 + chunks[i].used,
			CR_LOOK_BAD,     chunks[i].why,
		};
		struct row whole = row;

		whole.len = (size_t)snprintf(text, sizeof(text), "%s%s", head, chunks[i].bytes);
		check_row(&whole, SIZE_MAX);
		check_row(&whole, 1);
	}
}

/* A head of `size` bytes, of which `tail` are still missing, behind `prefix`. */
static enum cr_look look_of_size(const char *prefix, size_t size, size_t *used)
{
	static uint8_t text[2 * CR_HTTP_HEAD_MAX];
	struct cr_http http;
	const size_t start = strlen(prefix);

	memset(text, 'x', sizeof(text));
	memcpy(text, prefix, start);
	memcpy(text + start, GET HOST "X: ", 32);
	memcpy(text + start + size - 4, "\r\n\r\n", 4);
	cr_http_init(&http, "a.com", 80);
	return cr_http_feed(&http, text, start + size, used);
}

static void test_sizes(void **state)
{
	static const char *const prefixes[] = {"", GET HOST END};
	static uint8_t text[CR_HTTP_HEAD_MAX];
	struct cr_http http;
	size_t used;

	(void)state;
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		const size_t len = strlen(prefixes[i]);

		assert_int_equal(look_of_size(prefixes[i], CR_HTTP_HEAD_MAX, &used), CR_LOOK_MORE);
		assert_int_equal(used, len + CR_HTTP_HEAD_MAX);
		assert_int_equal(look_of_size(prefixes[i], CR_HTTP_HEAD_MAX + 1, &used),
				 CR_LOOK_BAD);
		assert_int_equal(used, len);
	}
	/* the first line alone fills it */
	memset(text, 'x', sizeof(text));
	memcpy(text, "GET /", 5);
	cr_http_init(&http, "a.com", 80);
	assert_int_equal(cr_http_feed(&http, text, sizeof(text) - 1, &used), CR_LOOK_MORE);
	assert_int_equal(cr_http_feed(&http, text, sizeof(text), &used), CR_LOOK_BAD);
	assert_string_equal(http.why, "the head is too large");
	/* a first word without end */
	cr_http_init(&http, "a.com", 80);
	assert_int_equal(cr_http_feed(&http, text + 5, 64, &used), CR_LOOK_MORE);
	assert_int_equal(cr_http_feed(&http, text + 5, 65, &used), CR_LOOK_BAD);
}

static void test_stays(void **state)
{
	struct cr_http http;
	size_t used;

	(void)state;
	cr_http_init(&http, "a.com", 80);
	assert_int_equal(cr_http_feed(&http, (const uint8_t *)"\r\n", 2, &used), CR_LOOK_BAD);
	assert_int_equal(
		cr_http_feed(&http, (const uint8_t *)GET HOST END, sizeof(GET HOST END) - 1, &used),
		CR_LOOK_BAD);
	assert_int_equal(used, 0);
	assert_int_equal(cr_http_feed(&http, NULL, 0, &used), CR_LOOK_BAD);
	cr_http_init(&http, "a.com", 80);
	assert_int_equal(cr_http_feed(&http, (const uint8_t *)"\0", 1, &used), CR_LOOK_OTHER);
	assert_int_equal(
		cr_http_feed(&http, (const uint8_t *)GET HOST END, sizeof(GET HOST END) - 1, &used),
		CR_LOOK_OTHER);
	assert_int_equal(used, 0);
}

static void test_addresses(void **state)
{
	static const struct {
		const char *name;
		uint16_t port;
		const char *head;
		enum cr_look look;
	} hosts[] = {
		{"192.0.2.1", 80, GET "Host: 192.0.2.1\r\n" END, CR_LOOK_MORE},
		{"192.0.2.1", 8080, GET "Host: 192.0.2.1:8080\r\n" END, CR_LOOK_MORE},
		{"192.0.2.1", 80, GET "Host: 192.0.2.01\r\n" END, CR_LOOK_BAD},
		{"192.0.2.1", 80, GET "Host: 3221225985\r\n" END, CR_LOOK_BAD},
		{"192.0.2.1", 80, GET HOST END, CR_LOOK_BAD},
		{"2001:db8::1", 80, GET "Host: [2001:db8::1]\r\n" END, CR_LOOK_MORE},
		{"2001:db8::1", 81, GET "Host: [2001:DB8:0:0::1]:81\r\n" END, CR_LOOK_MORE},
		{"2001:db8::1", 81, GET "Host: [2001:db8::1]:80\r\n" END, CR_LOOK_BAD},
		{"2001:db8::1", 80, GET "Host: [2001:db8::1]x:80\r\n" END, CR_LOOK_BAD},
		{"2001:db8::1", 80, GET "Host: [2001:db8::1\r\n" END, CR_LOOK_BAD},
		{"2001:db8::1", 80, GET "Host: 2001:db8::1\r\n" END, CR_LOOK_BAD},
		{"a.com", 443, GET "Host: a.com:443\r\n" END, CR_LOOK_MORE},
		{"a.com", 443, GET "Host: a.com:80\r\n" END, CR_LOOK_BAD},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct cr_http http;
		size_t used;

		cr_http_init(&http, hosts[i].name, hosts[i].port);

		const enum cr_look look = cr_http_feed(&http, (const uint8_t *)hosts[i].head,
						       strlen(hosts[i].head), &used);

		ROW_ASSERT(look == hosts[i].look, "%s: %s", hosts[i].name, hosts[i].head);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),   cmocka_unit_test(test_behind),
		cmocka_unit_test(test_chunks), cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_stays),  cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
