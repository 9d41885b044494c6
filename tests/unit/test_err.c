/*
 * test_err.c - filling, wrapping and cutting errors.
 */
#include "unit.h"

#include <errno.h>

#include "core/err.h"

static void test_fail(void **state)
{
	struct cr_err err = {.hint = "old"};

	(void)state;
	assert_int_equal(cr_fail(&err, CR_E_PATH, "bad '%s'", "x"), -1);
	assert_int_equal(err.code, CR_E_PATH);
	assert_int_equal(err.os_code, 0);
	assert_string_equal(err.text, "bad 'x'");
	assert_string_equal(err.hint, "");
}

static void test_fail_os(void **state)
{
	struct cr_err err;
	char expected[200];

	(void)state;
	snprintf(expected, sizeof(expected), "open 'f': %s", strerror(ENOENT));
	assert_int_equal(cr_fail_os(&err, CR_E_IO, ENOENT, "open '%s'", "f"), -1);
	assert_int_equal(err.os_code, ENOENT);
	assert_string_equal(err.text, expected);
}

static void test_wrap(void **state)
{
	struct cr_err err;

	(void)state;
	cr_fail_os(&err, CR_E_IO, EACCES, "inner");
	cr_hint(&err, "try %d", 2);
	assert_int_equal(cr_wrap(&err, "outer '%s'", "o"), -1);
	assert_int_equal(err.code, CR_E_IO);
	assert_int_equal(err.os_code, EACCES);
	assert_string_equal(err.hint, "try 2");
	assert_non_null(strstr(err.text, "outer 'o': inner: "));
}

static void test_null(void **state)
{
	(void)state;
	assert_int_equal(cr_fail(NULL, CR_E_PATH, "x"), -1);
	assert_int_equal(cr_fail_os(NULL, CR_E_PATH, 1, "x"), -1);
	assert_int_equal(cr_wrap(NULL, "x"), -1);
	assert_int_equal(cr_hint(NULL, "x"), -1);
}

/* A text that fills the buffer is cut, never overrun, and wrapping it keeps the context. */
static void test_long(void **state)
{
	struct cr_err err;
	char text[2 * CR_ERR_TEXT_MAX];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	cr_fail(&err, CR_E_IO, "%s", text);
	assert_int_equal(strlen(err.text), CR_ERR_TEXT_MAX - 1);
	cr_fail_os(&err, CR_E_IO, ENOENT, "%s", text);
	assert_int_equal(strlen(err.text), CR_ERR_TEXT_MAX - 1);
	cr_hint(&err, "%s", text);
	assert_int_equal(strlen(err.hint), CR_ERR_HINT_MAX - 1);
	cr_wrap(&err, "context");
	assert_int_equal(strncmp(err.text, "context: aaa", 12), 0);
	assert_int_equal(strlen(err.text), CR_ERR_TEXT_MAX - 1);
	cr_wrap(&err, "%s", text);
	assert_int_equal(strlen(err.text), CR_ERR_TEXT_MAX - 1);
}

static void test_code_texts(void **state)
{
	(void)state;
	for (int i = CR_E_NONE; i <= CR_E_INTERNAL; i++)
		assert_true(strlen(cr_errc_text((enum cr_errc)i)) > 3);
	assert_string_equal(cr_errc_text(CR_E_GAP), "the policy cannot be enforced here");
	assert_string_equal(cr_errc_text((enum cr_errc)9999), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail), cmocka_unit_test(test_fail_os),
		cmocka_unit_test(test_wrap), cmocka_unit_test(test_null),
		cmocka_unit_test(test_long), cmocka_unit_test(test_code_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
