/*
 * test_publish.c - what --publish takes.
 */
#include "core/limits.h"
#include "core/publish.h"
#include "unit.h"

static const struct {
	const char *text, *at; /* at: NULL when it is refused */
	unsigned box_port;
} rows[] = {
	{"3000", "127.0.0.1:3000", 3000},
	{"80:8080", "127.0.0.1:80", 8080},
	{"0:1024", "127.0.0.1:0", 1024},
	{"65535:65535", "127.0.0.1:65535", 65535},
	{"127.0.0.2:3000", "127.0.0.2:3000", 3000},
	{"0.0.0.0:80:8080", "0.0.0.0:80", 8080},
	{"192.0.2.1:0:8080", "192.0.2.1:0", 8080},
	{"[::1]:3000", "[::1]:3000", 3000},
	{"[::]:80:3000", "[::]:80", 3000},
	{"[2001:DB8:0::1]:1:3000", "[2001:db8::1]:1", 3000},
	{"", NULL, 0},
	{":", NULL, 0},
	{"0", NULL, 0},
	{"0:0", NULL, 0},
	{"80", NULL, 0},
	{"3000:80", NULL, 0},
	{"3000:1023", NULL, 0},
	{"3000:", NULL, 0},
	{":3000", NULL, 0},
	{"3000:3000:3000", NULL, 0},
	{"65536:3000", NULL, 0},
	{"3000:65536", NULL, 0},
	{"03000:3000", NULL, 0},
	{"00:3000", NULL, 0},
	{"+1:3000", NULL, 0},
	{"-1:3000", NULL, 0},
	{" 3000", NULL, 0},
	{"3000 ", NULL, 0},
	{"3000-3010", NULL, 0},
	{"*:3000", NULL, 0},
	{"localhost:3000", NULL, 0},
	{"0.0.0.0", NULL, 0},
	{"0.0.0.0:", NULL, 0},
	{"127.1:3000", NULL, 0},
	{"0177.0.0.1:3000", NULL, 0},
	{"::1:3000", NULL, 0},
	{"[::1]", NULL, 0},
	{"[::1]3000", NULL, 0},
	{"[::1:3000", NULL, 0},
	{"[]:3000", NULL, 0},
	{"[127.0.0.1]:3000", NULL, 0},
	{"[::ffff:127.0.0.1]:3000", NULL, 0},
	{"[fe80::1%eth0]:3000", NULL, 0},
	{"127.0.0.1:3000:3000:3000", NULL, 0},
	{"127.0.0.1:3000/tcp", NULL, 0},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cr_publish made = {.box_port = 7};
		struct cr_err err = {0};
		char object[64] = "";
		int result = cr_publish_parse(rows[i].text, &made, &err);

		if (result != (rows[i].at ? 0 : -1))
			fail_msg("'%s': %d %s", rows[i].text, result, err.text);
		if (!rows[i].at) {
			assert_int_equal(err.code, CR_E_USAGE);
			assert_true(err.hint[0] != '\0');
			assert_int_equal(made.box_port, 7); /* untouched */
			continue;
		}
		assert_string_equal(cr_net_object("", &made.at, object, sizeof(object)),
				    rows[i].at);
		assert_int_equal(made.box_port, rows[i].box_port);
		assert_int_equal(made.is_chosen, made.at.port == 0);
	}
}

static void test_add(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_published published = {0};
	struct cr_err err;

	(void)state;
	assert_int_equal(cr_published_add(arena, &published, "80", "here", &err), -1);
	for (size_t i = 0; i < CR_MAX_PUBLISHED; i++)
		assert_int_equal(cr_published_add(arena, &published, "3000", "here", &err), 0);
	assert_int_equal(cr_published_add(arena, &published, "3000", "here", &err), -1);
	assert_int_equal(err.code, CR_E_LIMIT);
	assert_int_equal(published.count, CR_MAX_PUBLISHED);
	assert_int_equal(published.items[1].origin.line, 2);
	assert_string_equal(published.items[1].origin.file, "here");
	cr_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_add),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
