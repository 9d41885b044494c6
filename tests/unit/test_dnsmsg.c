/*
 * test_dnsmsg.c - queries a box may send, good and hostile, and the answers to them byte by byte.
 */
#include "unit.h"

#include "core/dnsmsg.h"

#define ROOT_OPT "\0\0\x29\x04\xd0\0\0\0\0\0\0"
#define IN_A     "\0\1\0\1"

/* A message of literal bytes; NUL is one of them. */
#define BYTES(text)           (const uint8_t *)(text), sizeof(text) - 1
#define HEADER(flags, counts) "\x12\x34" flags counts
#define ONE                   "\0\1\0\0\0\0\0\0"
#define ONE_AND_OPT           "\0\1\0\0\0\0\0\1"
#define RD                    "\1\0"
#define QUERY(question)       HEADER(RD, ONE) question

struct row {
	const char *what;
	const uint8_t *msg;
	size_t len;
	int rcode;
	const char *name;
};

static const struct row rows[] = {
	{"plain", BYTES(QUERY("\1a\3com\0" IN_A)), 0, "a.com"},
	{"letter case", BYTES(QUERY("\1A\3cOm\0" IN_A)), 0, "a.com"},
	{"one label", BYTES(QUERY("\11localhost\0" IN_A)), 0, "localhost"},
	{"service", BYTES(QUERY("\4_443\6_https\1a\0\0\x41\0\1")), 0, "_443._https.a"},
	{"with OPT", BYTES(HEADER(RD, ONE_AND_OPT) "\1a\0" IN_A ROOT_OPT), 0, "a"},
	{"OPT with a cookie",
	 BYTES(HEADER(RD, ONE_AND_OPT) "\1a\0" IN_A "\0\0\x29\x04\xd0\0\0\0\0\0\x0c\0\x0a\0\x08"
				       "12345678"),
	 0, "a"},
	{"empty", BYTES(""), -1, ""},
	{"header cut off", BYTES("\x12\x34\1\0\0\1\0\0\0\0\0"), -1, ""},
	{"an answer", BYTES(HEADER("\x81\x80", ONE) "\1a\0" IN_A), -1, ""},
	{"inverse query", BYTES(HEADER("\x09\0", ONE) "\1a\0" IN_A), 4, ""},
	{"update", BYTES(HEADER("\x28\0", ONE) "\1a\0" IN_A), 4, ""},
	{"no question", BYTES(HEADER(RD, "\0\0\0\0\0\0\0\0")), 1, ""},
	{"two questions", BYTES(HEADER(RD, "\0\2\0\0\0\0\0\0") "\1a\0" IN_A "\1b\0" IN_A), 1, ""},
	{"an answer's record", BYTES(HEADER(RD, "\0\1\0\1\0\0\0\0") "\1a\0" IN_A), 1, ""},
	{"an authority", BYTES(HEADER(RD, "\0\1\0\0\0\1\0\0") "\1a\0" IN_A), 1, ""},
	{"question missing", BYTES(QUERY("")), 1, ""},
	{"no end of the name", BYTES(QUERY("\1a")), 1, ""},
	{"label cut off", BYTES(QUERY("\5abc")), 1, ""},
	{"type cut off", BYTES(QUERY("\1a\0\0")), 1, ""},
	{"class cut off", BYTES(QUERY("\1a\0\0\1\0")), 1, ""},
	{"byte behind", BYTES(QUERY("\1a\0" IN_A "x")), 1, ""},
	{"pointer to itself", BYTES(QUERY("\xc0\x0c" IN_A)), 1, ""},
	{"pointer after a label", BYTES(QUERY("\1a\xc0\x0c" IN_A)), 1, ""},
	{"reserved label 0x40", BYTES(QUERY("\x40" IN_A)), 1, ""},
	{"reserved label 0x80", BYTES(QUERY("\x80" IN_A)), 1, ""},
	{"class CHAOS", BYTES(QUERY("\7version\4bind\0\0\x10\0\3")), 5, ""},
	{"class ANY", BYTES(QUERY("\1a\0\0\1\0\xff")), 5, ""},
	{"type ANY", BYTES(QUERY("\1a\0\0\xff\0\1")), 5, ""},
	{"type AXFR", BYTES(QUERY("\1a\0\0\xfc\0\1")), 5, ""},
	{"type OPT", BYTES(QUERY("\1a\0\0\x29\0\1")), 5, ""},
	{"type 0", BYTES(QUERY("\1a\0\0\0\0\1")), 5, ""},
	{"root", BYTES(QUERY("\0" IN_A)), 3, ""},
	{"dot in a label", BYTES(QUERY("\5a.com\0" IN_A)), 3, ""},
	{"dot in the first of two", BYTES(QUERY("\3a.b\3com\0" IN_A)), 3, ""},
	{"dot at the end of the last", BYTES(QUERY("\1a\4com.\0" IN_A)), 3, ""},
	{"a dot alone", BYTES(QUERY("\1.\0" IN_A)), 3, ""},
	{"NUL in a label", BYTES(QUERY("\1a\3com\2\0x\0" IN_A)), 3, ""},
	{"NUL at the end of a label", BYTES(QUERY("\1a\4com\0\0" IN_A)), 3, ""},
	{"not ASCII", BYTES(QUERY("\2\xc3\xa4\0" IN_A)), 3, ""},
	{"blank", BYTES(QUERY("\2a \0" IN_A)), 3, ""},
	{"slash", BYTES(QUERY("\2a/\0" IN_A)), 3, ""},
	{"colon", BYTES(QUERY("\4a:80\0" IN_A)), 3, ""},
	{"star", BYTES(QUERY("\1*\1a\0" IN_A)), 3, ""},
	{"hyphen first", BYTES(QUERY("\2-a\0" IN_A)), 3, ""},
	{"an address 1.0.0.1", BYTES(QUERY("\1\061\1\060\1\060\1\061\0" IN_A)), 3, ""},
	{"a hexadecimal address", BYTES(QUERY("\4\060x7f\0" IN_A)), 3, ""},
	{"EDNS version 1",
	 BYTES(HEADER(RD, ONE_AND_OPT) "\1a\0" IN_A "\0\0\x29\x04\xd0\0\1\0\0\0\0"), 16, ""},
	{"EDNS version 1 of a bad name",
	 BYTES(HEADER(RD, ONE_AND_OPT) "\1*\0" IN_A "\0\0\x29\x04\xd0\0\1\0\0\0\0"), 16, ""},
	{"OPT cut off", BYTES(HEADER(RD, ONE_AND_OPT) "\1a\0" IN_A "\0\0\x29\x04\xd0\0\0\0\0\0"), 1,
	 ""},
	{"OPT missing", BYTES(HEADER(RD, ONE_AND_OPT) "\1a\0" IN_A), 1, ""},
	{"byte behind OPT", BYTES(HEADER(RD, ONE_AND_OPT) "\1a\0" IN_A ROOT_OPT "x"), 1, ""},
	{"OPT not of the root",
	 BYTES(HEADER(RD, ONE_AND_OPT) "\1a\0" IN_A "\1b\0\0\x29\x04\xd0\0\0\0\0\0\0"), 1, ""},
	{"OPT of a pointer",
	 BYTES(HEADER(RD, ONE_AND_OPT) "\1a\0" IN_A "\xc0\x0c\0\x29\x04\xd0\0\0\0\0\0\0"), 1, ""},
	{"OPT's data cut off",
	 BYTES(HEADER(RD, ONE_AND_OPT) "\1a\0" IN_A "\0\0\x29\x04\xd0\0\0\0\0\0\4\0\3\0"), 1, ""},
	{"an option longer than the data",
	 BYTES(HEADER(RD, ONE_AND_OPT) "\1a\0" IN_A "\0\0\x29\x04\xd0\0\0\0\0\0\5\0\3\0\2x"), 1,
	 ""},
	{"another record", BYTES(HEADER(RD, ONE_AND_OPT) "\1a\0" IN_A "\0\0\xfa\0\xff\0\0\0\0\0\0"),
	 1, ""},
	{"two OPTs", BYTES(HEADER(RD, "\0\1\0\0\0\0\0\2") "\1a\0" IN_A ROOT_OPT ROOT_OPT), 1, ""},
};

static void test_queries(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cr_dns_query query;
		const int rcode = cr_dns_parse_query(rows[i].msg, rows[i].len, &query);

		ROW_ASSERT(rcode == rows[i].rcode, "%s: %d", rows[i].what, rcode);
		ROW_ASSERT(strcmp(query.name, rows[i].name) == 0, "%s: %s", rows[i].what,
			   query.name);
	}
}

static void test_fields(void **state)
{
	struct cr_dns_query query;

	(void)state;
	assert_int_equal(cr_dns_parse_query(BYTES(QUERY("\1a\0\0\x1c\0\1")), &query), 0);
	assert_int_equal(query.id, 0x1234);
	assert_int_equal(query.flags, 0x0100);
	assert_int_equal(query.type, CR_DNS_AAAA);
	assert_int_equal(query.class_, 1);
	assert_int_equal(query.question_len, 7);
	assert_false(query.edns);
	assert_int_equal(query.udp_size, 512);
	assert_int_equal(
		cr_dns_parse_query(BYTES(HEADER(RD, ONE_AND_OPT) "\1a\0" IN_A ROOT_OPT), &query),
		0);
	assert_true(query.edns);
	assert_int_equal(query.udp_size, 1232);
	assert_int_equal(
		cr_dns_parse_query(
			BYTES(HEADER(RD, ONE_AND_OPT) "\1a\0" IN_A "\0\0\x29\xff\xff\0\0\0\0\0\0"),
			&query),
		0);
	assert_int_equal(query.udp_size, 1232);
	assert_int_equal(
		cr_dns_parse_query(
			BYTES(HEADER(RD, ONE_AND_OPT) "\1a\0" IN_A "\0\0\x29\0\1\0\0\0\0\0\0"),
			&query),
		0);
	assert_int_equal(query.udp_size, 512);
}

/* A query for labels of `label` bytes, `labels` of them and one of `last`. Returns its length. */
static size_t long_query(uint8_t *msg, size_t labels, size_t label, size_t last)
{
	uint8_t *at = msg;

	memcpy(at, QUERY(""), 12);
	at += 12;
	for (size_t i = 0; i <= labels; i++) {
		const size_t len = i < labels ? label : last;

		*at++ = (uint8_t)len;
		memset(at, 'a', len);
		at += len;
	}
	memcpy(at, "\0" IN_A, 5);
	return (size_t)(at - msg) + 5;
}

static void test_lengths(void **state)
{
	static const struct {
		size_t labels, label, last;
		int rcode;
		size_t name;
	} sizes[] = {
		{0, 0, 63, 0, 63}, {3, 63, 61, 0, 253}, {126, 1, 1, 0, 253}, {3, 63, 62, 3, 0},
		{3, 63, 63, 3, 0}, {127, 1, 1, 3, 0},   {500, 1, 1, 3, 0},   {0, 0, 64, 1, 0},
	};
	uint8_t msg[1200];

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct cr_dns_query query;
		const size_t len = long_query(msg, sizes[i].labels, sizes[i].label, sizes[i].last);

		ROW_ASSERT(cr_dns_parse_query(msg, len, &query) == sizes[i].rcode, "row %zu", i);
		ROW_ASSERT(strlen(query.name) == sizes[i].name, "row %zu: %s", i, query.name);
	}
}

/* The answer to `msg` for `reply` in `size` bytes has to be exactly `want`. */
#define ANSWER(msg, reply, size, want) answer_is(BYTES(msg), reply, size, BYTES(want))
#define answer_is(...)                 answer_check(__LINE__, (struct answer_case){__VA_ARGS__})

struct answer_case {
	const uint8_t *msg;
	size_t len;
	struct cr_dns_reply reply;
	size_t size;
	const uint8_t *want;
	size_t want_len;
};

static void answer_check(int line, struct answer_case row)
{
	struct cr_dns_query query;
	uint8_t *out = malloc(row.size ? row.size : 1); /* exact, for the sanitizer */

	assert_non_null(out);
	assert_true(cr_dns_parse_query(row.msg, row.len, &query) >= 0);

	const size_t len = cr_dns_answer(row.msg, &query, &row.reply, out, row.size);

	ROW_ASSERT(len == row.want_len, "line %d: %zu bytes", line, len);
	ROW_ASSERT(len == 0 || memcmp(out, row.want, len) == 0, "line %d", line);
	free(out);
}

#define ASKED "\1A\3cOm\0" IN_A
#define SOA   "\0\0\6\0\1\0\0\0\5\0\x16\0\0\0\0\0\1\0\0\0\5\0\0\0\5\0\0\0\5\0\0\0\5"

static const uint8_t addr[4] = {198, 18, 1, 1};
static const struct cr_dns_record records[] = {
	{CR_DNS_A, 60, addr, 4},
	{CR_DNS_PTR, 0x01020304, (const uint8_t *)"\1b\0", 3},
};

static struct cr_dns_reply reply_of(int rcode, size_t n_records)
{
	return (struct cr_dns_reply){rcode, records, n_records};
}

static void test_answers(void **state)
{
	(void)state;
	ANSWER(QUERY(ASKED), reply_of(0, 1), 512,
	       HEADER("\x81\x80", "\0\1\0\1\0\0\0\0") ASKED
	       "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x12\1\1");
	ANSWER(QUERY(ASKED), reply_of(0, 2), 512,
	       HEADER("\x81\x80", "\0\1\0\2\0\0\0\0") ASKED
	       "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x12\1\1"
	       "\xc0\x0c\0\x0c\0\1\1\2\3\4\0\3\1b\0");
	/* RD and CD come back, AA, TC, RA, Z, AD and the RCODE do not */
	ANSWER(HEADER("\0\0", ONE) ASKED, reply_of(0, 1), 512,
	       HEADER("\x80\x80", "\0\1\0\1\0\0\0\0") ASKED
	       "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x12\1\1");
	ANSWER(HEADER("\x07\xff", ONE) ASKED, reply_of(0, 1), 512,
	       HEADER("\x81\x90", "\0\1\0\1\0\0\0\0") ASKED
	       "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x12\1\1");
	ANSWER(HEADER(RD, ONE_AND_OPT) ASKED ROOT_OPT, reply_of(0, 1), 512,
	       HEADER("\x81\x80", "\0\1\0\1\0\0\0\1") ASKED
	       "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x12\1\1" ROOT_OPT);
}

static void test_refusals(void **state)
{
	(void)state;
	ANSWER(QUERY(ASKED), reply_of(3, 0), 512, HEADER("\x81\x83", "\0\1\0\0\0\1\0\0") ASKED SOA);
	ANSWER(QUERY(ASKED), reply_of(3, 1), 512, HEADER("\x81\x83", "\0\1\0\0\0\1\0\0") ASKED SOA);
	ANSWER(QUERY(ASKED), reply_of(0, 0), 512, HEADER("\x81\x80", "\0\1\0\0\0\1\0\0") ASKED SOA);
	ANSWER(HEADER(RD, ONE_AND_OPT) ASKED ROOT_OPT, reply_of(3, 0), 512,
	       HEADER("\x81\x83", "\0\1\0\0\0\1\0\1") ASKED SOA ROOT_OPT);
	ANSWER(QUERY(ASKED), reply_of(2, 1), 512, HEADER("\x81\x82", ONE) ASKED);
	ANSWER(QUERY(ASKED), reply_of(5, 0), 512, HEADER("\x81\x85", ONE) ASKED);
	ANSWER(QUERY("\1a\xc0\x0c" IN_A), reply_of(1, 0), 512,
	       HEADER("\x81\x81", "\0\0\0\0\0\0\0\0"));
	ANSWER(HEADER("\x29\0", ONE) ASKED, reply_of(4, 0), 512,
	       HEADER("\xa9\x84", "\0\0\0\0\0\0\0\0"));
	ANSWER(HEADER(RD, ONE_AND_OPT) ASKED "\0\0\x29\x04\xd0\0\7\0\0\0\0", reply_of(16, 0), 512,
	       HEADER("\x81\x80", ONE_AND_OPT) ASKED "\0\0\x29\x04\xd0\1\0\0\0\0\0");
}

static void test_room(void **state)
{
	(void)state;
	ANSWER(QUERY(ASKED), reply_of(0, 1), 39,
	       HEADER("\x81\x80", "\0\1\0\1\0\0\0\0") ASKED
	       "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x12\1\1");
	ANSWER(QUERY(ASKED), reply_of(0, 1), 38, HEADER("\x83\x80", ONE) ASKED);
	ANSWER(QUERY(ASKED), reply_of(0, 2), 40, HEADER("\x83\x80", ONE) ASKED);
	ANSWER(QUERY(ASKED), reply_of(0, 1), 23, HEADER("\x83\x80", ONE) ASKED);
	ANSWER(QUERY(ASKED), reply_of(0, 1), 22, "");
	ANSWER(QUERY(ASKED), reply_of(0, 1), 0, "");
	ANSWER(QUERY(ASKED), reply_of(3, 0), 55, HEADER("\x81\x83", ONE) ASKED);
	ANSWER(HEADER(RD, ONE_AND_OPT) ASKED ROOT_OPT, reply_of(0, 1), 49,
	       HEADER("\x83\x80", ONE_AND_OPT) ASKED ROOT_OPT);
	ANSWER(HEADER(RD, ONE_AND_OPT) ASKED ROOT_OPT, reply_of(0, 1), 33,
	       HEADER("\x83\x80", ONE) ASKED);
}

static void test_reverse(void **state)
{
	static const struct {
		const char *name;
		int family;
		const char *addr;
	} names[] = {
		{"4.3.2.1.in-addr.arpa", 4, "\1\2\3\4"},
		{"255.0.18.198.in-addr.arpa", 4, "\xc6\x12\0\xff"},
		{"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", 6,
		 "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"},
		{"f.e.d.c.b.a.9.8.7.6.5.4.3.2.1.0.f.e.d.c.b.a.9.8.7.6.5.4.3.2.1.0.ip6.arpa", 6,
		 "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"},
		{"3.2.1.in-addr.arpa", 0, ""},
		{"5.4.3.2.1.in-addr.arpa", 0, ""},
		{"x.4.3.2.1.in-addr.arpa", 0, ""},
		{"04.3.2.1.in-addr.arpa", 0, ""},
		{"256.3.2.1.in-addr.arpa", 0, ""},
		{"0x4.3.2.1.in-addr.arpa", 0, ""},
		{"in-addr.arpa", 0, ""},
		{"4.3.2.1.in-addr.arpa.example.com", 0, ""},
		{"4.3.2.1xin-addr.arpa", 0, ""},
		{"4.3.2.1.ip6.arpa", 0, ""},
		{"ip6.arpa", 0, ""},
		{"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", 0, ""},
		{"0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", 0,
		 ""},
		{"g.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", 0, ""},
		{"00.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", 0, ""},
		{"", 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		uint8_t read[16] = "untouched";
		int family = 0;
		const bool good = cr_dns_reverse(names[i].name, &family, read);

		ROW_ASSERT(good == (names[i].family != 0), "%s", names[i].name);
		ROW_ASSERT(family == names[i].family, "%s", names[i].name);
		if (good)
			ROW_ASSERT(memcmp(read, names[i].addr, family == 4 ? 4 : 16) == 0, "%s",
				   names[i].name);
		else
			assert_string_equal((const char *)read, "untouched");
	}
}

static void test_put(void **state)
{
	uint8_t out[300];
	char name[300];

	(void)state;
	assert_int_equal(cr_dns_put_name("a.com", out, 7), 7);
	assert_memory_equal(out, "\1a\3com\0", 7);
	assert_int_equal(cr_dns_put_name("a.com", out, 6), 0);
	assert_int_equal(cr_dns_put_name("", out, 300), 0);
	assert_int_equal(cr_dns_put_name("a..b", out, 300), 0);
	assert_int_equal(cr_dns_put_name("a.", out, 300), 0);
	memset(name, 'a', sizeof(name));
	name[64] = '\0';
	assert_int_equal(cr_dns_put_name(name, out, 300), 0);
	assert_int_equal(cr_dns_put_name(name + 1, out, 300), 65);
	memset(name, 'a', sizeof(name));
	for (size_t i = 1; i < sizeof(name); i += 2)
		name[i] = '.';
	name[253] = '\0';
	assert_int_equal(cr_dns_put_name(name, out, 300), 255);
	name[253] = '.';
	name[255] = '\0';
	assert_int_equal(cr_dns_put_name(name, out, 300), 0);
	assert_int_equal(cr_dns_put_svcb(out, 3), 3);
	assert_memory_equal(out, "\0\1\0", 3);
	assert_int_equal(cr_dns_put_svcb(out, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queries),  cmocka_unit_test(test_fields),
		cmocka_unit_test(test_lengths),  cmocka_unit_test(test_answers),
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_room),
		cmocka_unit_test(test_reverse),  cmocka_unit_test(test_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
