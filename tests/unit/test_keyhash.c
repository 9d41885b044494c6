/*
 * test_keyhash.c - SipHash-2-4 against the vectors of its authors: key 00 01 .. 0f, inputs of
 * growing length 00 01 02 ...
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/keyhash.h"

static const uint64_t key[2] = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};

static uint64_t hash_of(size_t len, size_t piece)
{
	struct cr_keyhash hash;
	unsigned char bytes[64];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	cr_keyhash_begin(&hash, key);
	for (size_t at = 0; at < len; at += piece)
		cr_keyhash_add(&hash, bytes + at, len - at < piece ? len - at : piece);
	return cr_keyhash_end(&hash);
}

static void vectors_of_the_paper(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} rows[] = {
		{0, 0x726fdb47dd0e0e31u},  {1, 0x74f839c593dc67fdu},  {2, 0x0d6c8009d9a94f5au},
		{3, 0x85676696d7fb7e2du},  {4, 0xcf2794e0277187b7u},  {7, 0xab0200f58b01d137u},
		{8, 0x93f5f5799a932462u},  {15, 0xa129ca6149be45e5u}, {16, 0x3f2acc7f57c29bdbu},
		{63, 0x958a324ceb064572u},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(hash_of(rows[i].len, 64), rows[i].hash);
		assert_int_equal(hash_of(rows[i].len, 3), rows[i].hash);
	}
}

static void numbers_are_eight_bytes_lowest_first(void **state)
{
	struct cr_keyhash hash;

	(void)state;
	cr_keyhash_begin(&hash, key);
	cr_keyhash_add64(&hash, 0x0706050403020100u);
	assert_int_equal(cr_keyhash_end(&hash), hash_of(8, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_the_paper),
		cmocka_unit_test(numbers_are_eight_bytes_lowest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
