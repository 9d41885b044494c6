/*
 * test_netmsg.c - messages of the broker are checked before they are believed, and shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/netmsg.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct cr_net_msg good = {.kind = CR_NET_EVENT, .addr.family = 4};

static void a_good_message(void **state)
{
	struct cr_net_msg msg = good;

	(void)state;
	assert_null(cr_net_msg_check(&msg));
	msg.addr.family = 6;
	msg.dialled_any = true;
	msg.dialled.family = 4;
	cr_net_set_name(&msg, "example.com");
	assert_null(cr_net_msg_check(&msg));
}

static void bad_messages(void **state)
{
	struct cr_net_msg msg = good;

	(void)state;
	msg.kind = CR_NET_KIND_COUNT;
	assert_non_null(cr_net_msg_check(&msg));
	msg = good;
	msg.end = CR_NET_END_COUNT;
	assert_non_null(cr_net_msg_check(&msg));
	msg = good;
	memset(msg.name, 'a', sizeof(msg.name));
	assert_non_null(cr_net_msg_check(&msg));
	msg = good;
	memset(msg.program, 'a', sizeof(msg.program));
	assert_non_null(cr_net_msg_check(&msg));
	msg = good;
	msg.addr.family = 5;
	assert_non_null(cr_net_msg_check(&msg));
	msg = good;
	msg.dialled_any = true;
	assert_non_null(cr_net_msg_check(&msg));
}

static void objects(void **state)
{
	static const struct {
		const char *name;
		struct cr_net_addr addr;
		const char *text;
	} rows[] = {
		{"a.test", {4, {198, 18, 1, 1}, 443}, "a.test:443"},
		{"", {4, {192, 0, 2, 1}, 80}, "192.0.2.1:80"},
		{"", {6, {0}, 1}, "[::]:1"},
		{"", {6, {[15] = 1}, 53}, "[::1]:53"},
		{"", {6, {0x20, 1, 0x0d, 0xb8}, 65535}, "[2001:db8::]:65535"},
		{"",
		 {6, {0x20, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}, 5},
		 "[2001:0:0:1::1]:5"},
		{"",
		 {6, {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}, 9},
		 "[1:2:3:4:5:6:7:8]:9"},
		{"",
		 {6, {0, 1, 0, 0, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}, 9},
		 "[1:0:3:4:5:6:7:8]:9"},
	};
	char text[300];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(cr_net_object(rows[i].name, &rows[i].addr, text, sizeof(text)),
				    rows[i].text);
}

static void mapped_addresses(void **state)
{
	struct cr_net_addr addr = {6, {[10] = 0xff, 0xff, 10, 0, 0, 7}, 80};
	const uint8_t four[16] = {10, 0, 0, 7};
	struct cr_net_addr other = {6, {[9] = 1, 0xff, 0xff, 10, 0, 0, 7}, 80};

	(void)state;
	cr_net_unmap(&addr);
	assert_memory_equal(addr.bytes, four, sizeof(four));
	assert_int_equal(addr.port, 80);
	cr_net_unmap(&addr);
	assert_int_equal(addr.family, 4);
	cr_net_unmap(&other);
	assert_int_equal(other.family, 6);
}

static void a_long_name_fits(void **state)
{
	struct cr_net_msg msg = good;
	char name[CR_MAX_HOST + 1], text[300];

	(void)state;
	memset(name, 'a', CR_MAX_HOST);
	name[CR_MAX_HOST] = '\0';
	cr_net_set_name(&msg, name);
	assert_null(cr_net_msg_check(&msg));
	msg.addr.port = 65535;
	cr_net_object(msg.name, &msg.addr, text, sizeof(text));
	assert_int_equal(strlen(text), CR_MAX_HOST + strlen(":65535"));
}

static void every_end_has_words(void **state)
{
	(void)state;
	for (int end = 0; end < CR_NET_END_COUNT; end++) {
		assert_true(cr_net_end_name((enum cr_net_end)end)[0]);
		assert_true(cr_net_end_text((enum cr_net_end)end)[0]);
		if (cr_net_end_is_about_content((enum cr_net_end)end))
			assert_true(cr_net_end_is_refusal((enum cr_net_end)end));
	}
	assert_false(cr_net_end_is_refusal(CR_NET_DONE));
	assert_false(cr_net_end_is_refusal(CR_NET_FAILED));
	assert_false(cr_net_end_is_refusal(CR_NET_LEFT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_message),
		cmocka_unit_test(bad_messages),
		cmocka_unit_test(objects),
		cmocka_unit_test(a_long_name_fits),
		cmocka_unit_test(every_end_has_words),
		cmocka_unit_test(mapped_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
