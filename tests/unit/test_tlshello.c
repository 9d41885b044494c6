/*
 * test_tlshello.c - hellos made to measure: cut in every place, and wrong in every part.
 */
#include "unit.h"

#include "core/tlshello.h"

#define RECORD_MAX 16384

struct bytes {
	uint8_t at[40000];
	size_t len;
};

static void add(struct bytes *to, const void *bytes, size_t len)
{
	assert_true(to->len + len <= sizeof(to->at));
	memcpy(to->at + to->len, bytes, len);
	to->len += len;
}

static void add_number(struct bytes *to, size_t value, int bytes)
{
	while (bytes-- > 0)
		add(to, &(uint8_t){(uint8_t)(value >> 8 * bytes)}, 1);
}

static void add_vector(struct bytes *to, int length_bytes, const void *bytes, size_t len)
{
	add_number(to, len, length_bytes);
	add(to, bytes, len);
}

/* The extensions of a hello, as literal bytes, become its handshake message. */
static void make_hello(struct bytes *to, const void *extensions, size_t len)
{
	struct bytes body = {.len = 0};

	add(&body, "\3\3", 2);
	for (int i = 0; i < 32; i++)
		add_number(&body, 0xa5, 1);
	add_vector(&body, 1, "session", 7);
	add_vector(&body, 2, "\x13\1\x13\2", 4);
	add_vector(&body, 1, "\0", 1);
	if (extensions)
		add_vector(&body, 2, extensions, len);
	to->len = 0;
	add_number(to, 1, 1);
	add_vector(to, 3, body.at, body.len);
}

static void make_records(struct bytes *to, const struct bytes *message, size_t size)
{
	to->len = 0;
	for (size_t at = 0; at < message->len; at += size) {
		const size_t rest = message->len - at;

		add(to, "\x16\3\1", 3);
		add_vector(to, 2, message->at + at, rest < size ? rest : size);
	}
}

static enum cr_look read_extensions(const void *extensions, size_t len, struct cr_tls_hello *hello)
{
	struct bytes message, stream;

	make_hello(&message, extensions, len);
	make_records(&stream, &message, RECORD_MAX);
	return cr_tls_hello_read(stream.at, stream.len, hello);
}

#define EXT(text)   (text), sizeof(text) - 1
#define NAME(names) "\0\0" names /* extension 0 with what follows as length, list and names */

static const struct {
	const char *what;
	const char *extensions;
	size_t len;
	enum cr_look look;
	const char *name;
	bool has_ech;
} rows[] = {
	{"none", EXT(""), CR_LOOK_DONE, "", false},
	{"name", EXT(NAME("\0\x0a\0\x08\0\0\5a.com")), CR_LOOK_DONE, "a.com", false},
	{"case", EXT(NAME("\0\x0a\0\x08\0\0\5A.cOm")), CR_LOOK_DONE, "a.com", false},
	{"behind others", EXT("\x0a\x0a\0\0\0\x2b\0\3\2\3\4" NAME("\0\x0a\0\x08\0\0\5a.com")),
	 CR_LOOK_DONE, "a.com", false},
	{"grease twice", EXT("\x0a\x0a\0\0\x0a\x0a\0\0"), CR_LOOK_DONE, "", false},
	{"ech", EXT("\xfe\x0d\0\1x" NAME("\0\x0a\0\x08\0\0\5a.com")), CR_LOOK_DONE, "a.com", true},
	{"ech draft", EXT("\xfe\x0a\0\1x"), CR_LOOK_DONE, "", true},
	{"esni", EXT("\xff\xce\0\1x"), CR_LOOK_DONE, "", true},
	{"outer extensions", EXT("\xfd\0\0\1x"), CR_LOOK_DONE, "", true},
	{"next to ech", EXT("\xfe\x07\0\1x\xfe\x0e\0\1x"), CR_LOOK_DONE, "", false},
	{"ech twice", EXT("\xfe\x0d\0\1x\xfe\x0d\0\1x"), CR_LOOK_BAD, "", false},
	{"name twice", EXT(NAME("\0\x0a\0\x08\0\0\5a.com") NAME("\0\x0a\0\x08\0\0\5a.com")),
	 CR_LOOK_BAD, "", false},
	{"two names", EXT(NAME("\0\x12\0\x10\0\0\5a.com\0\0\5b.com")), CR_LOOK_BAD, "", false},
	{"the same name twice", EXT(NAME("\0\x12\0\x10\0\0\5a.com\0\0\5a.com")), CR_LOOK_BAD, "",
	 false},
	{"another type", EXT(NAME("\0\x0a\0\x08\1\0\5a.com")), CR_LOOK_BAD, "", false},
	{"another type behind", EXT(NAME("\0\x12\0\x10\0\0\5a.com\1\0\5b.com")), CR_LOOK_BAD, "",
	 false},
	{"no list", EXT(NAME("\0\0")), CR_LOOK_BAD, "", false},
	{"no name", EXT(NAME("\0\2\0\0")), CR_LOOK_BAD, "", false},
	{"empty name", EXT(NAME("\0\5\0\3\0\0\0")), CR_LOOK_BAD, "", false},
	{"list shorter", EXT(NAME("\0\x0a\0\7\0\0\5a.com")), CR_LOOK_BAD, "", false},
	{"list longer", EXT(NAME("\0\x0a\0\x09\0\0\5a.com")), CR_LOOK_BAD, "", false},
	{"name shorter", EXT(NAME("\0\x0a\0\x08\0\0\4a.com")), CR_LOOK_BAD, "", false},
	{"name longer", EXT(NAME("\0\x0a\0\x08\0\0\6a.com")), CR_LOOK_BAD, "", false},
	{"byte behind the list", EXT(NAME("\0\x0b\0\x08\0\0\5a.comx")), CR_LOOK_BAD, "", false},
	{"extension longer", EXT(NAME("\0\x0b\0\x08\0\0\5a.com")), CR_LOOK_BAD, "", false},
	{"extension cut off", EXT("\x0a\x0a\0"), CR_LOOK_BAD, "", false},
	{"address", EXT(NAME("\0\x0c\0\x0a\0\0\7\061.0.0.1")), CR_LOOK_BAD, "", false},
	{"IPv6", EXT(NAME("\0\x08\0\6\0\0\3::1")), CR_LOOK_BAD, "", false},
	{"IPv6 in brackets", EXT(NAME("\0\x0a\0\x08\0\0\5[::1]")), CR_LOOK_BAD, "", false},
	{"trailing dot", EXT(NAME("\0\x0b\0\x09\0\0\6a.com.")), CR_LOOK_BAD, "", false},
	{"a dot", EXT(NAME("\0\6\0\4\0\0\1.")), CR_LOOK_BAD, "", false},
	{"NUL", EXT(NAME("\0\x0a\0\x08\0\0\5a.co\0")), CR_LOOK_BAD, "", false},
	{"NUL in the middle", EXT(NAME("\0\x0c\0\x0a\0\0\7\141.com\0b")), CR_LOOK_BAD, "", false},
	{"not ASCII", EXT(NAME("\0\x07\0\5\0\0\2\xc3\xa4")), CR_LOOK_BAD, "", false},
	{"port", EXT(NAME("\0\x08\0\6\0\0\3a:1")), CR_LOOK_BAD, "", false},
	{"star", EXT(NAME("\0\x08\0\6\0\0\3*.a")), CR_LOOK_BAD, "", false},
};

static void test_extensions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cr_tls_hello hello = {.name = ""};

		ROW_ASSERT(read_extensions(rows[i].extensions, rows[i].len, &hello) == rows[i].look,
			   "%s", rows[i].what);
		ROW_ASSERT(strcmp(hello.name, rows[i].name) == 0, "%s: %s", rows[i].what,
			   hello.name);
		ROW_ASSERT(hello.has_name == (rows[i].name[0] != '\0'), "%s", rows[i].what);
		ROW_ASSERT(hello.has_ech == rows[i].has_ech, "%s", rows[i].what);
	}
}

static void test_no_extensions(void **state)
{
	struct cr_tls_hello hello;

	(void)state;
	assert_int_equal(read_extensions(NULL, 0, &hello), CR_LOOK_DONE);
	assert_false(hello.has_name);
}

static void make_plain(struct bytes *message)
{
	make_hello(message, EXT("\x0a\x0a\0\0" NAME("\0\x0a\0\x08\0\0\5a.com") "\0\x17\0\1x"));
}

/* Every size of records, and of each every piece: MORE for all but the whole. */
static void test_pieces(void **state)
{
	struct bytes message, stream;

	(void)state;
	make_plain(&message);
	for (size_t size = 1; size <= message.len; size++) {
		struct cr_tls_hello hello = {.name = ""};

		make_records(&stream, &message, size);
		for (size_t len = 0; len < stream.len; len++) {
			uint8_t *exact = malloc(len ? len : 1); /* for the sanitizer */

			assert_non_null(exact);
			memcpy(exact, stream.at, len);
			ROW_ASSERT(cr_tls_hello_read(exact, len, &hello) == CR_LOOK_MORE,
				   "records of %zu, %zu bytes", size, len);
			free(exact);
		}
		assert_int_equal(cr_tls_hello_read(stream.at, stream.len, &hello), CR_LOOK_DONE);
		assert_string_equal(hello.name, "a.com");
	}
}

/*
 * No length can be changed without being noticed, but for that of the compression methods: they
 * could reach to the end of a hello that has no extensions.
 */
static void test_lengths(void **state)
{
	static const size_t lengths[] = {3, 4, 6, 7, 8, 43, 51, 52, 59, 60, 67, 68, 69, 70, 72, 73};
	struct bytes message, stream;
	struct cr_tls_hello hello;

	(void)state;
	make_plain(&message);
	for (size_t i = 0; i < COUNT(lengths); i++)
		for (int change = 1; change < 256; change++) {
			make_records(&stream, &message, RECORD_MAX);
			stream.at[lengths[i]] ^= (uint8_t)change;

			const enum cr_look look = cr_tls_hello_read(stream.at, stream.len, &hello);

			ROW_ASSERT(look != CR_LOOK_DONE && look != CR_LOOK_OTHER,
				   "byte %zu changed by %d", lengths[i], change);
		}
}

static void test_behind(void **state)
{
	struct bytes message, stream;
	struct cr_tls_hello hello;

	(void)state;
	make_plain(&message);
	make_records(&stream, &message, RECORD_MAX);
	add(&stream, "\x14\3\3\0\1\1 anything", 15);
	assert_int_equal(cr_tls_hello_read(stream.at, stream.len, &hello), CR_LOOK_DONE);
	add(&message, "\1\0\0\0", 4);
	make_records(&stream, &message, RECORD_MAX);
	assert_int_equal(cr_tls_hello_read(stream.at, stream.len, &hello), CR_LOOK_BAD);
	/* also when those bytes have not come yet */
	assert_int_equal(cr_tls_hello_read(stream.at, stream.len - 4, &hello), CR_LOOK_BAD);
}

/* What one message of the given total stream length is answered with. */
static enum cr_look look_of_size(size_t size, struct bytes *stream)
{
	static struct bytes message, body;
	struct cr_tls_hello hello;

	memset(&body, 0, sizeof(body));
	add_number(&body, 0x1234, 2);
	add_number(&body, size - 65, 2);
	body.len = size - 61;
	make_hello(&message, body.at, body.len);
	make_records(stream, &message, RECORD_MAX);
	return cr_tls_hello_read(stream->at, stream->len, &hello);
}

static void test_size(void **state)
{
	static struct bytes stream;
	struct cr_tls_hello hello;
	size_t size = 16000;

	(void)state;
	while (look_of_size(size, &stream) == CR_LOOK_DONE)
		size++;
	assert_int_equal(stream.len, CR_TLS_HELLO_MAX + 1);
	assert_int_equal(look_of_size(size, &stream), CR_LOOK_BAD);
	/* its declared length betrays it as soon as it has come */
	assert_int_equal(look_of_size(30000, &stream), CR_LOOK_BAD);
	assert_int_equal(cr_tls_hello_read(stream.at, 9, &hello), CR_LOOK_BAD);
}

static void test_slow_records(void **state)
{
	static struct bytes message, stream;
	static uint8_t body[8000] = {0x12, 0x34, 7996 >> 8, 7996 & 255};
	struct cr_tls_hello hello;

	(void)state;
	make_hello(&message, body, sizeof(body));
	make_records(&stream, &message, 2);
	assert_true(stream.len > CR_TLS_HELLO_MAX);
	assert_int_equal(cr_tls_hello_read(stream.at, CR_TLS_HELLO_MAX - 1, &hello), CR_LOOK_MORE);
	assert_int_equal(cr_tls_hello_read(stream.at, CR_TLS_HELLO_MAX, &hello), CR_LOOK_BAD);
	assert_int_equal(cr_tls_hello_read(stream.at, stream.len, &hello), CR_LOOK_BAD);
}

static const struct {
	const char *what;
	const char *bytes;
	size_t len;
	enum cr_look look, begins;
} starts[] = {
	{"nothing", EXT(""), CR_LOOK_MORE, CR_LOOK_MORE},
	{"HTTP", EXT("GET / HTTP/1.1\r\n"), CR_LOOK_OTHER, CR_LOOK_OTHER},
	{"SSH", EXT("SSH-2.0-x"), CR_LOOK_OTHER, CR_LOOK_OTHER},
	{"NUL", EXT("\0"), CR_LOOK_OTHER, CR_LOOK_OTHER},
	{"handshake", EXT("\x16"), CR_LOOK_MORE, CR_LOOK_DONE},
	{"handshake 2.x", EXT("\x16\2"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"handshake 4.x", EXT("\x16\4"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"handshake 3.5", EXT("\x16\3\5"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"empty record", EXT("\x16\3\1\0\0"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"long record", EXT("\x16\3\1\x40\1"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"ServerHello", EXT("\x16\3\1\0\x40\2"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"HelloRequest", EXT("\x16\3\1\0\4\0\0\0\0"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"empty hello", EXT("\x16\3\1\0\4\1\0\0\0"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"hello 2.x", EXT("\x16\3\1\0\x40\1\0\0\x3c\2"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"alert in between", EXT("\x16\3\1\0\1\1\x15\3\1\0\2\1\0"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"alert", EXT("\x15\3\1\0\2\1\0"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"alert's first byte", EXT("\x15"), CR_LOOK_MORE, CR_LOOK_MORE},
	{"change of cipher", EXT("\x14\3"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"data", EXT("\x17\3"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"heartbeat", EXT("\x18\3"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"no alert", EXT("\x15\0"), CR_LOOK_OTHER, CR_LOOK_OTHER},
	{"next type", EXT("\x19\3\1"), CR_LOOK_OTHER, CR_LOOK_OTHER},
	{"SSLv2 for 2.0", EXT("\x80\x2e\1\0\2"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"SSLv2 for 3.1", EXT("\x80\x2e\1\3\1"), CR_LOOK_BAD, CR_LOOK_DONE},
	{"SSLv2 not yet", EXT("\x80\x2e\1"), CR_LOOK_MORE, CR_LOOK_MORE},
	{"no SSLv2 hello", EXT("\x80\x2e\2"), CR_LOOK_OTHER, CR_LOOK_OTHER},
	{"no SSLv2 version", EXT("\x80\x2e\1\4"), CR_LOOK_OTHER, CR_LOOK_OTHER},
};

static void test_starts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(starts); i++) {
		const uint8_t *bytes = (const uint8_t *)starts[i].bytes;
		struct cr_tls_hello hello;

		ROW_ASSERT(cr_tls_hello_read(bytes, starts[i].len, &hello) == starts[i].look, "%s",
			   starts[i].what);
		ROW_ASSERT(cr_tls_begins(bytes, starts[i].len) == starts[i].begins, "%s",
			   starts[i].what);
	}
}

#define RETRY                                                              \
	"\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91" \
	"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"
#define SERVER "\x16\3\3\0\x26\2\0\0\x22\3\3"
#define ALERT  "\x15\3\3\0\2\1\x70"

static const struct {
	const char *what;
	const char *bytes;
	size_t len;
	enum cr_tls_answer answer;
} answers[] = {
	{"retry", EXT(SERVER RETRY), CR_TLS_ANSWER_RETRY},
	{"retry and more", EXT(SERVER RETRY "\x14\3\3\0\1\1"), CR_TLS_ANSWER_RETRY},
	{"retry behind a warning", EXT(ALERT ALERT SERVER RETRY), CR_TLS_ANSWER_RETRY},
	{"another random", EXT(SERVER "0123456789abcdef0123456789abcdef"), CR_TLS_ANSWER_FINAL},
	{"another type", EXT("\x16\3\3\0\4\0\0\0\0"), CR_TLS_ANSWER_FINAL},
	{"too short a hello", EXT("\x16\3\3\0\x26\2\0\0\x21\3\3" RETRY), CR_TLS_ANSWER_FINAL},
	{"no TLS", EXT("HTTP/1.1 400 Bad Request\r\n"), CR_TLS_ANSWER_FINAL},
	{"data", EXT("\x17\3\3\0\x10"), CR_TLS_ANSWER_FINAL},
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		const uint8_t *bytes = (const uint8_t *)answers[i].bytes;

		ROW_ASSERT(cr_tls_answer_read(bytes, answers[i].len) == answers[i].answer, "%s",
			   answers[i].what);
		for (size_t len = 0; len < answers[i].len; len++) {
			const enum cr_tls_answer early = cr_tls_answer_read(bytes, len);

			ROW_ASSERT(early == answers[i].answer || early == CR_TLS_ANSWER_MORE,
				   "%zu bytes of %s", len, answers[i].what);
		}
	}
}

/* The answer's 38 bytes in records of every size. */
static void test_answer_records(void **state)
{
	static const char answer[] = SERVER RETRY;
	struct bytes message = {.len = 0}, stream;

	(void)state;
	add(&message, answer + 5, 38);
	for (size_t size = 1; size <= message.len; size++) {
		make_records(&stream, &message, size);
		for (size_t len = 0; len < stream.len; len++)
			assert_int_equal(cr_tls_answer_read(stream.at, len), CR_TLS_ANSWER_MORE);
		assert_int_equal(cr_tls_answer_read(stream.at, stream.len), CR_TLS_ANSWER_RETRY);
	}
}

static enum cr_look read_again(const char *before, size_t len, struct cr_tls_hello *hello)
{
	struct bytes message, records, stream = {.len = 0};

	make_plain(&message);
	make_records(&records, &message, 10);
	add(&stream, before, len);
	add(&stream, records.at, records.len);
	*hello = (struct cr_tls_hello){.name = ""};
	for (size_t part = 0; part < stream.len; part++) {
		const enum cr_look look = cr_tls_hello_again(stream.at, part, hello);

		assert_true(look == CR_LOOK_MORE || look == CR_LOOK_BAD);
	}
	return cr_tls_hello_again(stream.at, stream.len, hello);
}

static void test_again(void **state)
{
	struct cr_tls_hello hello;

	(void)state;
	assert_int_equal(read_again(EXT(""), &hello), CR_LOOK_DONE);
	assert_string_equal(hello.name, "a.com");
	assert_int_equal(read_again(EXT("\x14\3\3\0\1\1"), &hello), CR_LOOK_DONE);
	assert_string_equal(hello.name, "a.com");
	assert_int_equal(read_again(EXT("\x14\3\3\0\1\1\x14\3\3\0\1\1"), &hello), CR_LOOK_BAD);
	assert_int_equal(read_again(EXT("\x14\3\3\0\1\2"), &hello), CR_LOOK_BAD);
	assert_int_equal(read_again(EXT("\x17\3\3\0\1x"), &hello), CR_LOOK_BAD);
	assert_int_equal(read_again(EXT(ALERT), &hello), CR_LOOK_BAD);
	assert_int_equal(read_again(EXT("GET"), &hello), CR_LOOK_BAD);
}

static void test_hello_size(void **state)
{
	struct bytes message, stream;

	(void)state;
	make_plain(&message);
	for (size_t size = 1; size <= message.len; size += 7) {
		make_records(&stream, &message, size);

		const size_t len = stream.len;

		assert_int_equal(cr_tls_hello_size(stream.at, len), len);
		assert_int_equal(cr_tls_hello_size(stream.at, len - 1), 0);
		add(&stream, "\x14\3\3\0\1\1", 6);
		assert_int_equal(cr_tls_hello_size(stream.at, stream.len), len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_extensions),   cmocka_unit_test(test_no_extensions),
		cmocka_unit_test(test_pieces),       cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_behind),       cmocka_unit_test(test_size),
		cmocka_unit_test(test_slow_records), cmocka_unit_test(test_starts),
		cmocka_unit_test(test_answers),      cmocka_unit_test(test_answer_records),
		cmocka_unit_test(test_again),        cmocka_unit_test(test_hello_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
