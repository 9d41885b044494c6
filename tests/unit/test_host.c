/*
 * test_host.c - hosts of connect rules: one spelling each, hostile ones refused.
 */
#include "unit.h"

#include "core/host.h"

static const struct {
	const char *text;
	enum cr_host_kind kind;
	const char *name;
	uint16_t port_lo, port_hi;
} good[] = {
	{"*:*", CR_HOST_ANY, "*", 0, 65535},
	{"*:443", CR_HOST_ANY, "*", 443, 443},
	{"github.com:443", CR_HOST_NAME, "github.com", 443, 443},
	{"GitHub.COM.:443", CR_HOST_NAME, "github.com", 443, 443},
	{"localhost:1-1024", CR_HOST_NAME, "localhost", 1, 1024},
	{"xn--mnchen-3ya.de:80", CR_HOST_NAME, "xn--mnchen-3ya.de", 80, 80},
	{"_sip._tcp.example.com:5060", CR_HOST_NAME, "_sip._tcp.example.com", 5060, 5060},
	{"3com.com:1", CR_HOST_NAME, "3com.com", 1, 1},
	{"1.2.3.4.com:1", CR_HOST_NAME, "1.2.3.4.com", 1, 1},
	{"a:65535", CR_HOST_NAME, "a", 65535, 65535},
	{"*.example.com:*", CR_HOST_SUFFIX, "example.com", 0, 65535},
	{"*.Example.com.:443", CR_HOST_SUFFIX, "example.com", 443, 443},
	{"192.0.2.1:22", CR_HOST_ADDR4, "192.0.2.1", 22, 22},
	{"0.0.0.0:1", CR_HOST_ADDR4, "0.0.0.0", 1, 1},
	{"[2001:DB8::1]:443", CR_HOST_ADDR6, "2001:db8::1", 443, 443},
	{"[::1]:443", CR_HOST_ADDR6, "::1", 443, 443},
	{"[::]:*", CR_HOST_ADDR6, "::", 0, 65535},
	{"[fe80::]:1", CR_HOST_ADDR6, "fe80::", 1, 1},
	{"[2001:0db8:0:0:1:0:0:1]:1", CR_HOST_ADDR6, "2001:db8::1:0:0:1", 1, 1},
	{"[1:2:3:4:5:6:7:8]:1", CR_HOST_ADDR6, "1:2:3:4:5:6:7:8", 1, 1},
	{"[1:0:3:4:5:6:7:8]:1", CR_HOST_ADDR6, "1:0:3:4:5:6:7:8", 1, 1},
	{"[1::3:4:5:6:7:8]:1", CR_HOST_ADDR6, "1:0:3:4:5:6:7:8", 1, 1},
};

static void test_good(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct cr_err err = {.text = ""};
		struct cr_host host;

		ROW_ASSERT(cr_host_parse(arena, good[i].text, &host, &err) == 0, "%s: %s",
			   good[i].text, err.text);
		ROW_ASSERT(host.kind == good[i].kind, "%s", good[i].text);
		ROW_ASSERT(strcmp(host.name, good[i].name) == 0, "%s: %s", good[i].text, host.name);
		ROW_ASSERT(host.port_lo == good[i].port_lo, "%s", good[i].text);
		ROW_ASSERT(host.port_hi == good[i].port_hi, "%s", good[i].text);
	}
	cr_arena_free(arena);
}

static void test_bytes(void **state)
{
	static const uint8_t four[16] = {192, 0, 2, 1};
	static const uint8_t six[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0,    0,
					0,    0, 0,   0,    0, 0, 0xab, 0xcd};
	struct cr_arena *arena = cr_arena_new();
	struct cr_host host;

	(void)state;
	assert_int_equal(cr_host_parse(arena, "192.0.2.1:1", &host, NULL), 0);
	assert_memory_equal(host.addr, four, 16);
	assert_int_equal(cr_host_parse(arena, "[2001:db8::ABCD]:1", &host, NULL), 0);
	assert_memory_equal(host.addr, six, 16);
	cr_arena_free(arena);
}

/* A part of the message tells that it was refused for the right reason. */
static const char *const bad[][2] = {
	{"", "without port"},
	{":", "without host"},
	{":443", "without host"},
	{"a", "without port"},
	{"a:", "bad port"},
	{"a:0", "bad port"},
	{"a:65536", "bad port"},
	{"a:-1", "bad port"},
	{"a:+1", "bad port"},
	{"a:0443", "bad port"},
	{"a:0x50", "bad port"},
	{"a:99999999999", "bad port"},
	{"a:1-", "bad port"},
	{"a:-", "bad port"},
	{"a:1-2-3", "bad port"},
	{"a:2-1", "upside down"},
	{"a:*-1", "bad port"},
	{"a:http", "bad port"},
	{"http://a:80", "URL"},
	{"u@a:80", "user name"},
	{"a/b:80", "path or network mask"},
	{"10.0.0.0/8:80", "path or network mask"},
	{"a b:80", "blank or control"},
	{"a\x01:80", "blank or control"},
	{"a\x7f:80", "blank or control"},
	{"m\xc3\xbcnchen.de:80", "not ASCII"},
	{"a..b:80", "empty label"},
	{".a:80", "empty label"},
	{"a.b..:80", "empty label"},
	{".:80", "empty label"},
	{"*.:80", "empty label"},
	{"-a.b:80", "begins or ends with '-'"},
	{"a-.b:80", "begins or ends with '-'"},
	{"a.*:80", "no host name can have"},
	{"*a.b:80", "no host name can have"},
	{"a.*.b:80", "no host name can have"},
	{"*.*.b:80", "no host name can have"},
	{"**.b:80", "no host name can have"},
	{"a%41:80", "no host name can have"},
	{"a]:80", "no host name can have"},
	{"1.2.3:80", "odd spelling of an IPv4"},
	{"1.2.3.4.5:80", "odd spelling of an IPv4"},
	{"1.2.3.256:80", "odd spelling of an IPv4"},
	{"01.2.3.4:80", "odd spelling of an IPv4"},
	{"1.2.3.4.:80", "odd spelling of an IPv4"},
	{"0177.0.0.1:80", "odd spelling of an IPv4"},
	{"0x7f.0.0.1:80", "odd spelling of an IPv4"},
	{"0x7f000001:80", "odd spelling of an IPv4"},
	{"0x:80", "odd spelling of an IPv4"},
	{"2130706433:80", "odd spelling of an IPv4"},
	{"127.1:80", "odd spelling of an IPv4"},
	{"foo.127:80", "odd spelling of an IPv4"},
	{"*.0.0.1:80", "odd spelling of an IPv4"},
	{"*.1:80", "odd spelling of an IPv4"},
	{"::1:443", "more than one ':'"},
	{"2001:db8::1:443", "more than one ':'"},
	{"a:1:2", "more than one ':'"},
	{"[::1", "'[' without ']'"},
	{"[::1]", "without port"},
	{"[::1]443", "text after ']'"},
	{"[]:443", "no host name can have"},
	{"[:]:443", "not an IPv6"},
	{"[:::]:443", "not an IPv6"},
	{"[1::2::3]:443", "not an IPv6"},
	{"[1:2:3:4:5:6:7]:443", "not an IPv6"},
	{"[1:2:3:4:5:6:7:8:9]:443", "not an IPv6"},
	{"[1:2:3:4:5:6:7::8]:443", "not an IPv6"},
	{"[12345::]:443", "not an IPv6"},
	{"[g::]:443", "not an IPv6"},
	{"[1:]:443", "not an IPv6"},
	{"[::ffff:192.0.2.1]:443", "odd spelling of an IPv6"},
	{"[::ffff:c000:201]:443", "IPv4 address inside"},
	{"[::c000:201]:443", "IPv4 address inside"},
	{"[fe80::1%eth0]:443", "zone"},
};

static void test_bad(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct cr_err err = {.text = ""};
		struct cr_host host;

		ROW_ASSERT(cr_host_parse(arena, bad[i][0], &host, &err) == -1, "%s", bad[i][0]);
		ROW_ASSERT(err.code == CR_E_SYNTAX, "%s", bad[i][0]);
		ROW_ASSERT(strstr(err.text, bad[i][1]), "%s: %s", bad[i][0], err.text);
		ROW_ASSERT(err.hint[0], "%s has no hint", bad[i][0]);
	}
	cr_arena_free(arena);
}

static void test_lengths(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_host host;
	char text[300];

	(void)state;
	memset(text, 'a', 64);
	memcpy(text + 63, ":1", 3);
	assert_int_equal(cr_host_parse(arena, text, &host, NULL), 0);
	memset(text, 'a', 64);
	memcpy(text + 64, ":1", 3);
	assert_int_equal(cr_host_parse(arena, text, &host, NULL), -1);

	for (size_t i = 0; i < 260; i++)
		text[i] = i % 2 ? '.' : 'a';
	memcpy(text + 253, ":1", 3);
	assert_int_equal(cr_host_parse(arena, text, &host, NULL), 0);
	text[253] = '.';
	memcpy(text + 254, "a:1", 4);
	assert_int_equal(cr_host_parse(arena, text, &host, NULL), -1);
	cr_arena_free(arena);
}

/* Targets against patterns in falling order of specificity; the first `matches` cover it. */
static const struct {
	const char *target;
	const char *patterns[6];
	int matches;
} order[] = {
	{"a.b.example.com:443",
	 {"a.b.example.com:443", "a.b.example.com:*", "*.b.example.com:443", "*.example.com:443",
	  "*:443", "*:*"},
	 6},
	{"a.example.com:443",
	 {"*.example.com:443", "*.example.com:400-500", "*.example.com:1-1024", "*.example.com:*",
	  "*:443", "*:*"},
	 6},
	{"192.0.2.1:22",
	 {"192.0.2.1:22", "192.0.2.1:*", "*:22", "*:*", "192.0.2.2:22", "192.0.2.1:23"},
	 4},
	{"[::1]:22", {"[0:0:0:0:0:0:0:1]:22", "*:22", "[::]:22", "*.com:22", "a:22", "*:23"}, 2},
	{"example.com:443",
	 {"EXAMPLE.com.:443", "*:443", "*.example.com:443", "ample.com:443", "*.ample.com:443",
	  "example.com:442"},
	 2},
	{"127.0.0.1:80",
	 {"localhost:80", "localhost.:*", "*:80", "localhost:81", "a.localhost:80", "[::1]:80"},
	 3},
	{"[::1]:80",
	 {"LOCALHOST:80", "localhost:1-100", "*:80", "*.localhost:80", "127.0.0.1:80", "host:80"},
	 3},
	{"127.0.0.2:80",
	 {"127.0.0.2:80", "*:80", "localhost:80", "127.0.0.1:80", "[::1]:80", "[::]:80"},
	 2},
	{"localhost:80",
	 {"localhost:80", "*:80", "127.0.0.1:80", "[::1]:80", "*.localhost:80", "host:80"},
	 2},
	{"badexample.com:443",
	 {"*.com:443", "*:*", "*.example.com:*", "example.com:443", "*:1-442", "*:444-65535"},
	 2},
};

static void test_covers(void **state)
{
	struct cr_arena *arena = cr_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++) {
		struct cr_host target;
		int last = INT32_MAX;

		assert_int_equal(cr_host_parse(arena, order[i].target, &target, NULL), 0);
		for (int j = 0; j < 6; j++) {
			struct cr_host pattern;

			assert_int_equal(cr_host_parse(arena, order[i].patterns[j], &pattern, NULL),
					 0);

			const int rank = cr_host_covers(&pattern, &target);

			ROW_ASSERT((rank >= 0) == (j < order[i].matches), "%s by %s: %d",
				   order[i].target, order[i].patterns[j], rank);
			ROW_ASSERT(rank < 0 || rank < last, "%s by %s: %d", order[i].target,
				   order[i].patterns[j], rank);
			last = rank;
		}
	}
	cr_arena_free(arena);
}

static const struct {
	const char *text;
	int kind; /* of cr_host_read; -1: refused */
	const char *name;
	int canonical; /* of cr_host_canonical_name */
} hosts[] = {
	{"GitHub.COM", CR_HOST_NAME, "github.com", 0},
	{"github.com.", CR_HOST_NAME, "github.com", 0},
	{"192.0.2.1", CR_HOST_ADDR4, "192.0.2.1", -1},
	{"[2001:DB8:0::1]", CR_HOST_ADDR6, "2001:db8::1", -1},
	{"", -1, "", -1},
	{".", -1, "", -1},
	{"a..", -1, "", -1},
	{"*", -1, "", -1},
	{"*.a", -1, "", -1},
	{"a:80", -1, "", -1},
	{"u@a", -1, "", -1},
	{"a/", -1, "", -1},
	{"a b", -1, "", -1},
	{"[]", -1, "", -1},
	{"[::1", -1, "", -1},
	{"::1", -1, "", -1},
	{"[::1]x", -1, "", -1},
	{"[::1]:1]", -1, "", -1},
	{"[::ffff:c000:201]", -1, "", -1},
	{"0x7f.1", -1, "", -1},
	{"127.1", -1, "", -1},
	{"192.0.2.01", -1, "", -1},
	{"m\xc3\xbcnchen", -1, "", -1},
};

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		const size_t len = strlen(hosts[i].text);
		struct cr_host_name host;
		char name[CR_MAX_HOST + 1] = "untouched";
		const int read = cr_host_read(hosts[i].text, len, &host);

		ROW_ASSERT(read == (hosts[i].kind < 0 ? -1 : 0), "%s", hosts[i].text);
		if (read == 0) {
			ROW_ASSERT((int)host.kind == hosts[i].kind, "%s", hosts[i].text);
			ROW_ASSERT(strcmp(host.text, hosts[i].name) == 0, "%s", host.text);
		}
		ROW_ASSERT(cr_host_canonical_name(hosts[i].text, len, name) == hosts[i].canonical,
			   "%s", hosts[i].text);
		ROW_ASSERT(strcmp(name, hosts[i].canonical == 0 ? hosts[i].name : "untouched") == 0,
			   "%s: %s", hosts[i].text, name);
	}
}

/* NUL ends no name: what stands behind it counts. */
static void test_read_nul(void **state)
{
	struct cr_host_name host;

	(void)state;
	assert_int_equal(cr_host_read("a.com\0b.com", 5, &host), 0);
	assert_int_equal(cr_host_read("a.com\0b.com", 11, &host), -1);
	assert_int_equal(cr_host_read("a.com\0", 6, &host), -1);
	assert_int_equal(cr_host_read("0x\0", 3, &host), -1);
}

static void test_port(void **state)
{
	static const struct {
		const char *text;
		int port;
	} rows[] = {
		{"1", 1},     {"443", 443}, {"65535", 65535}, {"65536", -1},    {"0", -1},
		{"", -1},     {"01", -1},   {"+443", -1},     {"-1", -1},       {"4 ", -1},
		{"0x50", -1}, {"*", -1},    {"1-2", -1},      {"65536443", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW_ASSERT(cr_host_read_port(rows[i].text, strlen(rows[i].text)) == rows[i].port,
			   "%s", rows[i].text);
	assert_int_equal(cr_host_read_port("443", 2), 44);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),     cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_bad),      cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_covers),   cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_nul), cmocka_unit_test(test_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
