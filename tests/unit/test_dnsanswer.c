/*
 * test_dnsanswer.c - answers of name servers, good and hostile, and the question they belong to.
 */
#include "unit.h"

#include "core/dnsanswer.h"
#include "core/dnsmsg.h"
#include "core/host.h"

/* Literal bytes; NUL is one of them. */
#define BYTES(text)     (const uint8_t *)(text), sizeof(text) - 1
#define COUNTS(records) "\0\1\0" records "\0\0\0\0"
#define HEAD(records)   "\x12\x34\x81\x80" COUNTS(records)
#define QUESTION        "\3www\1a\3com\0\0\1\0\1" /* the name at 12, "a.com" at 16, "com" at 18 */
#define WWW             "\xc0\x0c"
#define BEHIND          "\0\1\0\0\0\x3c" /* class and time to live */
#define A(number)       "\0\1" BEHIND "\0\4\5\6\7" number
#define AAAA                     \
	"\0\x1c" BEHIND "\0\x10" \
	"0123456789abcdef"
#define CNAME(len) "\0\5" BEHIND "\0" len
#define TXT        "\0\x10" BEHIND "\0\2\1x"

struct row {
	const char *what;
	const uint8_t *msg;
	size_t len;
	int count; /* of addresses */
	uint8_t last;
};

static const struct row rows[] = {
	{"one", BYTES(HEAD("\1") QUESTION WWW A("\1")), 1, 1},
	{"none", BYTES(HEAD("\0") QUESTION), 0, 0},
	{"three", BYTES(HEAD("\3") QUESTION WWW A("\1") WWW A("\2") WWW A("\3")), 3, 3},
	{"more than are wanted",
	 BYTES(HEAD("\5") QUESTION WWW A("\1") WWW A("\2") WWW A("\3") WWW A("\4") WWW A("\5")), 4,
	 4},
	{"other letter case",
	 BYTES(HEAD("\1") "\3wWw\1A\3cOM\0\0\1\0\1"
			  "\3WWW\1a\3com\0" A("\1")),
	 1, 1},
	{"no such name", BYTES("\x12\x34\x81\x83" COUNTS("\0") QUESTION), 0, 0},
	{"no such name, and records", BYTES("\x12\x34\x81\x83" COUNTS("\1") QUESTION WWW A("\1")),
	 0, 0},
	{"a failure", BYTES("\x12\x34\x81\x82" COUNTS("\1") QUESTION WWW A("\1")), -1, 0},
	{"a refusal", BYTES("\x12\x34\x81\x85" COUNTS("\0") QUESTION), -1, 0},
	{"empty", BYTES(""), -1, 0},
	{"half a header", BYTES("\x12\x34\x81\x80\0\1\0\0\0\0\0"), -1, 0},
	{"another number", BYTES("\x12\x35\x81\x80" COUNTS("\1") QUESTION WWW A("\1")), -1, 0},
	{"the question itself", BYTES("\x12\x34\1\0" COUNTS("\0") QUESTION), -1, 0},
	{"a status", BYTES("\x12\x34\x91\x80" COUNTS("\1") QUESTION WWW A("\1")), -1, 0},
	{"cut, says the flag", BYTES("\x12\x34\x83\x80" COUNTS("\1") QUESTION WWW A("\1")), -1, 0},
	{"no question", BYTES("\x12\x34\x81\x80\0\0\0\1\0\0\0\0\3www\1a\3com\0" A("\1")), -1, 0},
	{"two questions", BYTES("\x12\x34\x81\x80\0\2\0\1\0\0\0\0" QUESTION QUESTION WWW A("\1")),
	 -1, 0},
	{"another name's question",
	 BYTES(HEAD("\1") "\3wwx\1a\3com\0\0\1\0\1\3www\1a\3com\0" A("\1")), -1, 0},
	{"a longer name's question",
	 BYTES(HEAD("\1") "\3www\1a\3com\1b\0\0\1\0\1\3www\1a\3com\0" A("\1")), -1, 0},
	{"another type's question", BYTES(HEAD("\1") "\3www\1a\3com\0\0\x1c\0\1" WWW A("\1")), -1,
	 0},
	{"another class's question", BYTES(HEAD("\1") "\3www\1a\3com\0\0\1\0\3" WWW A("\1")), -1,
	 0},
	{"records of other names",
	 BYTES(HEAD("\3") QUESTION "\1b\xc0\x10" A("\1") "\xc0\x10" A("\2") "\0" A("\3")), 0, 0},
	{"other names beside it", BYTES(HEAD("\2") QUESTION WWW A("\1") "\xc0\x10" A("\2")), 1, 1},
	{"a dot in a label is none", BYTES(HEAD("\1") QUESTION "\5www.a\3com\0" A("\1")), 0, 0},
	{"other types", BYTES(HEAD("\3") QUESTION WWW TXT WWW AAAA WWW A("\1")), 1, 1},
	{"another class", BYTES(HEAD("\1") QUESTION WWW "\0\1\0\3\0\0\0\x3c\0\4\5\6\7\1"), 0, 0},
	{"authority and more are not read",
	 BYTES("\x12\x34\x81\x80\0\1\0\1\0\1\0\1" QUESTION WWW A("\1") WWW A("\2") "\xff"), 1, 1},
	{"an alias", BYTES(HEAD("\2") QUESTION WWW CNAME("\4") "\1x\xc0\x10\1X\xc0\x10" A("\1")), 1,
	 1},
	{"an alias without addresses", BYTES(HEAD("\1") QUESTION WWW CNAME("\4") "\1x\xc0\x10"), 0,
	 0},
	{"addresses beside an alias",
	 BYTES(HEAD("\3") QUESTION WWW A("\1") WWW CNAME("\4") "\1x\xc0\x10\1x\xc0\x10" A("\2")), 1,
	 2},
	{"an alias behind the addresses",
	 BYTES(HEAD("\2") QUESTION "\1x\xc0\x10" A("\1") WWW CNAME("\4") "\1x\xc0\x10"), 1, 1},
	{"aliases backwards",
	 BYTES(HEAD("\3") QUESTION
	       "\1y\0" A("\1") "\1x\0" CNAME("\3") "\1y\0" WWW CNAME("\3") "\1x\0"),
	 1, 1},
	{"the second of two aliases",
	 BYTES(HEAD("\3") QUESTION WWW CNAME("\3") "\1x\0" WWW CNAME("\3") "\1y\0\1y\0" A("\1")), 0,
	 0},
	{"an alias of itself", BYTES(HEAD("\1") QUESTION WWW CNAME("\2") WWW), -1, 0},
	{"aliases in a ring",
	 BYTES(HEAD("\2") QUESTION WWW CNAME("\3") "\1x\0\1x\0" CNAME("\2") WWW), -1, 0},
	{"an alias that is no name", BYTES(HEAD("\1") QUESTION WWW CNAME("\2") "\1x"), -1, 0},
	{"an alias and a byte", BYTES(HEAD("\1") QUESTION WWW CNAME("\4") "\1x\0\0"), -1, 0},
	{"an empty alias", BYTES(HEAD("\1") QUESTION WWW CNAME("\0")), -1, 0},
	{"a record too few", BYTES(HEAD("\2") QUESTION WWW A("\1")), -1, 0},
	{"address cut off", BYTES(HEAD("\1") QUESTION WWW "\0\1" BEHIND "\0\4\5\6\7"), -1, 0},
	{"five bytes", BYTES(HEAD("\1") QUESTION WWW "\0\1" BEHIND "\0\5\5\6\7\1\1"), -1, 0},
	{"two in one", BYTES(HEAD("\1") QUESTION WWW "\0\1" BEHIND "\0\10\5\6\7\1\5\6\7\2"), -1, 0},
	{"no bytes", BYTES(HEAD("\1") QUESTION WWW "\0\1" BEHIND "\0\0"), -1, 0},
	{"a pointer to itself", BYTES(HEAD("\1") QUESTION "\xc0\x1b" A("\1")), -1, 0},
	{"a pointer round a label", BYTES(HEAD("\1") QUESTION "\1x\xc0\x1b" A("\1")), -1, 0},
	{"a pointer forwards", BYTES(HEAD("\1") QUESTION "\xc0\x1d" A("\1")), -1, 0},
	{"a pointer into the header", BYTES(HEAD("\1") QUESTION "\xc0\x05" A("\1")), -1, 0},
	{"a pointer behind the end", BYTES(HEAD("\1") QUESTION "\xff\xff" A("\1")), -1, 0},
	{"half a pointer", BYTES(HEAD("\1") QUESTION "\xc0"), -1, 0},
	{"a pointer in the question", BYTES(HEAD("\1") "\xc0\x0c\0\1\0\1" WWW A("\1")), -1, 0},
	{"a reserved label", BYTES(HEAD("\1") QUESTION "\x40" A("\1")), -1, 0},
	{"another reserved label", BYTES(HEAD("\1") QUESTION "\x80" A("\1")), -1, 0},
	{"a pointer to a pointer", BYTES(HEAD("\2") QUESTION WWW A("\1") "\xc0\x1b" A("\2")), 2, 2},
};

static void test_answers(void **state)
{
	const struct cr_dns_asked asked = {0x1234, CR_DNS_A, "www.a.com"};
	struct cr_net_addr addrs[4];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		int count = cr_dns_read_answer(row->msg, row->len, &asked, addrs, 4);

		if (count != row->count)
			fail_msg("%s: %d", row->what, count);
		if (count <= 0)
			continue;
		if (addrs[count - 1].family != 4 || addrs[count - 1].port != 0 ||
		    memcmp(addrs[count - 1].bytes, "\5\6\7", 3) != 0 ||
		    addrs[count - 1].bytes[3] != row->last)
			fail_msg("%s: another address", row->what);
	}
}

/* Every good answer, cut anywhere, is none. */
static void test_cut(void **state)
{
	static const char whole[] = HEAD("\3")
		QUESTION WWW CNAME("\4") "\1x\xc0\x10\1x\xc0\x10" A("\1") "\1x\xc0\x10" A("\2");
	const struct cr_dns_asked asked = {0x1234, CR_DNS_A, "www.a.com"};
	struct cr_net_addr addrs[4];

	(void)state;
	assert_int_equal(
		cr_dns_read_answer((const uint8_t *)whole, sizeof(whole) - 1, &asked, addrs, 4), 2);
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		uint8_t *cut = malloc(len ? len : 1); /* so that sanitizers see what is read */

		memcpy(cut, whole, len);
		assert_int_equal(cr_dns_read_answer(cut, len, &asked, addrs, 4), -1);
		free(cut);
	}
}

static void test_aaaa(void **state)
{
	static const char answer[] = HEAD("\2") "\3www\1a\3com\0\0\x1c\0\1" WWW A("\1") WWW AAAA;
	const struct cr_dns_asked asked = {0x1234, CR_DNS_AAAA, "www.a.com"};
	struct cr_net_addr addr;

	(void)state;
	assert_int_equal(
		cr_dns_read_answer((const uint8_t *)answer, sizeof(answer) - 1, &asked, &addr, 1),
		1);
	assert_int_equal(addr.family, 6);
	assert_memory_equal(addr.bytes, "0123456789abcdef", 16);
	assert_int_equal(
		cr_dns_read_answer((const uint8_t *)answer, sizeof(answer) - 1, &asked, &addr, 0),
		0);
}

/* Names of one letter, each an alias of the next. */
static int read_chain(unsigned hops)
{
	const struct cr_dns_asked asked = {0x1234, CR_DNS_A, "a"};
	uint8_t msg[1024] = HEAD("\0") "\1a\0\0\1\0\1";
	size_t len = sizeof(HEAD("\0") "\1a\0\0\1\0\1") - 1;
	struct cr_net_addr addrs[4];

	msg[7] = (uint8_t)(hops + 1);
	for (unsigned i = 0; i < hops; i++) {
		memcpy(msg + len, "\1a\0" CNAME("\3") "\1b\0", 16);
		msg[len + 1] = (uint8_t)('a' + i);
		msg[len + 14] = (uint8_t)('a' + i + 1);
		len += 16;
	}
	memcpy(msg + len, "\1a\0" A("\1"), 17);
	msg[len + 1] = (uint8_t)('a' + hops);
	return cr_dns_read_answer(msg, len + 17, &asked, addrs, 4);
}

static void test_chains(void **state)
{
	(void)state;
	for (unsigned hops = 0; hops <= CR_DNS_CHAIN_MAX; hops++)
		assert_int_equal(read_chain(hops), 1);
	assert_int_equal(read_chain(CR_DNS_CHAIN_MAX + 1), -1);
}

/* The dearest there is: as many records as fit, each with the longest way to its name. */
static void test_dear(void **state)
{
	const struct cr_dns_asked asked = {0x1234, CR_DNS_A, "a"};
	static uint8_t msg[65535] = HEAD("\0") "\1a\0\0\1\0\1\1a";
	size_t len = sizeof(HEAD("\0") "\1a\0\0\1\0\1\1a") - 1, n_records = 1;
	struct cr_net_addr addrs[4];

	(void)state;
	/* The first record's name: 124 pointers, each to the one before it. */
	memcpy(msg + len, "\xc0\x0e", 2);
	len += 2;
	memcpy(msg + len, "\0\x10" BEHIND "\0\xf8", 10);
	len += 10;
	for (unsigned i = 0; i < 124; i++) {
		size_t to = i == 0 ? 19 : len - 2;

		msg[len++] = (uint8_t)(0xc0 | to >> 8);
		msg[len++] = (uint8_t)to;
	}

	const size_t last = len - 2;

	for (; len + 16 <= sizeof(msg); n_records++, len += 16) {
		memcpy(msg + len, WWW A("\1"), 16);
		msg[len] = (uint8_t)(0xc0 | last >> 8);
		msg[len + 1] = (uint8_t)last;
	}
	msg[6] = (uint8_t)(n_records >> 8);
	msg[7] = (uint8_t)n_records;
	assert_int_equal(cr_dns_read_answer(msg, len, &asked, addrs, 4), 4);
}

static void test_question(void **state)
{
	static const char wire[] = "\xab\xcd\1\0\0\1\0\0\0\0\0\0\3www\1a\3com\0\0\x1c\0\1";
	struct cr_dns_asked asked = {0xabcd, CR_DNS_AAAA, "www.a.com"};
	uint8_t out[CR_DNS_QUESTION_MAX];
	char name[CR_MAX_HOST + 1];

	(void)state;
	assert_int_equal(cr_dns_put_question(&asked, out, sizeof(out)), sizeof(wire) - 1);
	assert_memory_equal(out, wire, sizeof(wire) - 1);
	assert_int_equal(cr_dns_put_question(&asked, out, sizeof(wire) - 2), 0);
	memset(name, 'a', sizeof(name));
	for (size_t i = 1; i < sizeof(name); i += 2)
		name[i] = '.';
	name[CR_MAX_HOST] = '\0';
	asked.name = name;
	assert_int_equal(cr_dns_put_question(&asked, out, sizeof(out)), CR_DNS_QUESTION_MAX);
	asked.name = "";
	assert_int_equal(cr_dns_put_question(&asked, out, sizeof(out)), 0);
	memset(name, 'a', 64);
	name[64] = '\0';
	asked.name = name;
	assert_int_equal(cr_dns_put_question(&asked, out, sizeof(out)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_aaaa),    cmocka_unit_test(test_chains),
		cmocka_unit_test(test_dear),    cmocka_unit_test(test_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
