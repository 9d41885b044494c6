/* test_proxyauth.c - the login in the head of a request to a proxy. */
#include "unit.h"

#include "core/proxyauth.h"

/* "carrel:sesame": Y2FycmVsOnNlc2FtZQ==; "carrel:sesam": without the padding */
#define FIELD "Proxy-Authorization: "
#define GOOD  FIELD "Basic Y2FycmVsOnNlc2FtZQ==\r\n"

static const struct {
	const char *what, *fields;
	bool is;
} rows[] = {
	{"right", GOOD, true},
	{"another case", "PROXY-authorization: bAsIc Y2FycmVsOnNlc2FtZQ==\r\n", true},
	{"blanks", FIELD "  Basic   Y2FycmVsOnNlc2FtZQ==  \r\n", true},
	{"among others", "Host: a\r\n" GOOD "Accept: */*\r\n", true},
	{"none", "", false},
	{"empty", FIELD "\r\n", false},
	{"scheme alone", FIELD "Basic\r\n", false},
	{"scheme and a blank", FIELD "Basic \r\n", false},
	{"another scheme", FIELD "Bearer Y2FycmVsOnNlc2FtZQ==\r\n", false},
	{"longer scheme", FIELD "Basics Y2FycmVsOnNlc2FtZQ==\r\n", false},
	{"plain", FIELD "Basic carrel:sesame\r\n", false},
	{"case of the secret", FIELD "Basic y2FycmVsOnNlc2FtZQ==\r\n", false},
	{"shorter", FIELD "Basic Y2FycmVsOnNlc2FtZQ=\r\n", false},
	{"longer", FIELD "Basic Y2FycmVsOnNlc2FtZQ===\r\n", false},
	{"another user", FIELD "Basic Q2FycmVsOnNlc2FtZQ==\r\n", false},
	{"the origin's", "Authorization: Basic Y2FycmVsOnNlc2FtZQ==\r\n", false},
	{"twice", GOOD GOOD, false},
	{"a wrong one before", FIELD "Basic AAAA\r\n" GOOD, false},
	{"a wrong one behind", GOOD FIELD "Basic AAAA\r\n", false},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char head[512];
		const int len = snprintf(head, sizeof(head), "CONNECT a.com:443 HTTP/1.1\r\n%s\r\n",
					 rows[i].fields);

		ROW_ASSERT(cr_proxy_login_is((const uint8_t *)head, (size_t)len, "carrel",
					     "sesame") == rows[i].is,
			   "%s", rows[i].what);
	}
}

static void test_padding(void **state)
{
	static const struct {
		const char *password, *login;
	} lengths[] = {
		{"", "Y2FycmVsOg=="},
		{"a", "Y2FycmVsOmE="},
		{"ab", "Y2FycmVsOmFi"},
		{"abc", "Y2FycmVsOmFiYw=="},
		{"\xff\xfe>", "Y2FycmVsOv/+Pg=="},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		char head[256];
		const int len =
			snprintf(head, sizeof(head), "GET / HTTP/1.1\r\n" FIELD "Basic %s\r\n\r\n",
				 lengths[i].login);

		ROW_ASSERT(cr_proxy_login_is((const uint8_t *)head, (size_t)len, "carrel",
					     lengths[i].password),
			   "%zu", i);
	}
}

static void test_limits(void **state)
{
	char password[CR_PROXY_LOGIN_MAX + 2];
	static const char head[] = "GET / HTTP/1.1\r\n" FIELD "Basic AAAA\r\n\r\n";

	(void)state;
	memset(password, 'x', sizeof(password));
	password[sizeof(password) - 1] = '\0'; /* one byte too long with its user */
	assert_false(cr_proxy_login_is((const uint8_t *)head, strlen(head), "c", password));
	password[CR_PROXY_LOGIN_MAX - 1] = '\0';
	assert_false(cr_proxy_login_is((const uint8_t *)head, strlen(head), "c", password));
	assert_true(cr_secret_is("", 0, ""));
	assert_false(cr_secret_is("", 0, "a"));
	assert_false(cr_secret_is("a\0b", 3, "a"));
	assert_false(cr_secret_is("ab", 2, "a"));
	assert_true(cr_secret_is("ab", 2, "ab"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
