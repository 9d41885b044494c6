/*
 * test_special.c - the first and the last address of every special block, and its neighbours.
 */
#include <stdbool.h>

#include "unit.h"

#include "core/special.h"

static const struct {
	uint8_t addr[4];
	const char *what; /* NULL: public */
} four[] = {
	{{0, 0, 0, 0}, "this network"},
	{{0, 255, 255, 255}, "this network"},
	{{1, 0, 0, 0}, NULL},
	{{1, 1, 1, 1}, NULL},
	{{8, 8, 8, 8}, NULL},
	{{9, 255, 255, 255}, NULL},
	{{10, 0, 0, 0}, "private use"},
	{{10, 255, 255, 255}, "private use"},
	{{11, 0, 0, 0}, NULL},
	{{100, 63, 255, 255}, NULL},
	{{100, 64, 0, 0}, "shared address space"},
	{{100, 100, 100, 200}, "shared address space"},
	{{100, 127, 255, 255}, "shared address space"},
	{{100, 128, 0, 0}, NULL},
	{{126, 255, 255, 255}, NULL},
	{{127, 0, 0, 0}, "loopback"},
	{{127, 0, 0, 1}, "loopback"},
	{{127, 255, 255, 255}, "loopback"},
	{{128, 0, 0, 0}, NULL},
	{{168, 63, 129, 15}, NULL},
	{{168, 63, 129, 16}, "the cloud's host"},
	{{168, 63, 129, 17}, NULL},
	{{169, 253, 255, 255}, NULL},
	{{169, 254, 0, 0}, "link local"},
	{{169, 254, 169, 254}, "link local"},
	{{169, 254, 255, 255}, "link local"},
	{{169, 255, 0, 0}, NULL},
	{{172, 15, 255, 255}, NULL},
	{{172, 16, 0, 0}, "private use"},
	{{172, 31, 255, 255}, "private use"},
	{{172, 32, 0, 0}, NULL},
	{{191, 255, 255, 255}, NULL},
	{{192, 0, 0, 0}, "protocol assignments"},
	{{192, 0, 0, 192}, "protocol assignments"},
	{{192, 0, 0, 255}, "protocol assignments"},
	{{192, 0, 1, 0}, NULL},
	{{192, 0, 2, 0}, "documentation"},
	{{192, 0, 2, 255}, "documentation"},
	{{192, 0, 3, 0}, NULL},
	{{192, 88, 98, 255}, NULL},
	{{192, 88, 99, 0}, "6to4 relay"},
	{{192, 88, 99, 255}, "6to4 relay"},
	{{192, 88, 100, 0}, NULL},
	{{192, 167, 255, 255}, NULL},
	{{192, 168, 0, 0}, "private use"},
	{{192, 168, 255, 255}, "private use"},
	{{192, 169, 0, 0}, NULL},
	{{198, 17, 255, 255}, NULL},
	{{198, 18, 0, 0}, "benchmarking"},
	{{198, 19, 255, 255}, "benchmarking"},
	{{198, 20, 0, 0}, NULL},
	{{198, 51, 99, 255}, NULL},
	{{198, 51, 100, 0}, "documentation"},
	{{198, 51, 100, 255}, "documentation"},
	{{198, 51, 101, 0}, NULL},
	{{203, 0, 112, 255}, NULL},
	{{203, 0, 113, 0}, "documentation"},
	{{203, 0, 113, 255}, "documentation"},
	{{203, 0, 114, 0}, NULL},
	{{223, 255, 255, 255}, NULL},
	{{224, 0, 0, 0}, "multicast"},
	{{239, 255, 255, 255}, "multicast"},
	{{240, 0, 0, 0}, "reserved"},
	{{255, 255, 255, 254}, "reserved"},
	{{255, 255, 255, 255}, "broadcast"},
};

static const struct {
	uint16_t groups[8];
	const char *what;
} six[] = {
	{{0}, "unspecified"},
	{{[7] = 1}, "loopback"},
	{{[7] = 2}, "IPv4-compatible"},
	{{[6] = 0x0808, 0x0808}, "IPv4-compatible"},
	{{[6] = 0x7f00, 1}, "IPv4-compatible"},
	{{[5] = 1, 0, 0}, "not global unicast"},
	{{0x64, 0xff9b, 1, 0, 0, 0, 0, 0}, "local translation"},
	{{0x64, 0xff9b, 1, 0xffff, 0xffff, 0xffff, 0x0808, 0x0808}, "local translation"},
	{{0x64, 0xff9b, 2, 0, 0, 0, 0x0808, 0x0808}, "not global unicast"},
	{{0x64, 0xff9b, 0, 0, 0, 1, 0x0808, 0x0808}, "not global unicast"},
	{{0x100, 0, 0, 0, 0, 0, 0, 1}, "discard only"},
	{{0x100, 0, 0, 1, 0, 0, 0, 1}, "dummy prefix"},
	{{0x100, 0, 0, 2, 0, 0, 0, 1}, "not global unicast"},
	{{0x1fff, 0xffff}, "not global unicast"},
	{{0x2000}, NULL},
	{{0x2000, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff}, NULL},
	{{0x2001, 0, 0, 0, 0, 0, 0, 1}, "Teredo"},
	{{0x2001, 0, 0xffff}, "Teredo"},
	{{0x2001, 1, 0, 0, 0, 0, 0, 1}, "protocol assignments"},
	{{0x2001, 2, 0}, "benchmarking"},
	{{0x2001, 2, 1}, "protocol assignments"},
	{{0x2001, 0x20}, "protocol assignments"},
	{{0x2001, 0x1ff, 0xffff}, "protocol assignments"},
	{{0x2001, 0x200}, NULL},
	{{0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888}, NULL},
	{{0x2001, 0x0db7, 0xffff}, NULL},
	{{0x2001, 0x0db8}, "documentation"},
	{{0x2001, 0x0db8, 0xffff}, "documentation"},
	{{0x2001, 0x0db9}, NULL},
	{{0x2002, 0x7f00, 1, 0, 0, 0, 0, 1}, "6to4"},
	{{0x2002, 0x0808, 0x0808, 0, 0, 0, 0, 1}, "6to4"},
	{{0x2003}, NULL},
	{{0x2606, 0x4700, 0, 0, 0, 0x5efe, 0x0a00, 1}, "ISATAP"},
	{{0x2606, 0x4700, 0, 0, 0x0200, 0x5efe, 0x0808, 0x0808}, "ISATAP"},
	{{0x2606, 0x4700, 0, 0, 0x0100, 0x5efe, 0x0808, 0x0808}, NULL},
	{{0x2606, 0x4700, 0, 0, 0, 0x5eff, 0x0808, 0x0808}, NULL},
	{{0x3ffe, 0xffff}, NULL},
	{{0x3fff, 0x0fff}, "documentation"},
	{{0x3fff, 0x1000}, NULL},
	{{0x4000}, "not global unicast"},
	{{0x5f00, 1}, "segment routing"},
	{{0x5f01}, "not global unicast"},
	{{0xfbff, 0xffff}, "not global unicast"},
	{{0xfc00}, "unique local"},
	{{0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254}, "unique local"},
	{{0xfd63, 0x6172, 0x7265, 0x6c, 0, 0, 1, 0}, "unique local"},
	{{0xfdff, 0xffff}, "unique local"},
	{{0xfe00}, "not global unicast"},
	{{0xfe7f, 0xffff}, "not global unicast"},
	{{0xfe80, 0, 0, 0, 0, 0, 0, 1}, "link local"},
	{{0xfebf, 0xffff}, "link local"},
	{{0xfec0}, "site local"},
	{{0xfeff, 0xffff}, "site local"},
	{{0xff00}, "multicast"},
	{{0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff}, "multicast"},
};

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void test_four(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(four); i++) {
		const char *what = cr_special_address(4, four[i].addr);

		ROW_ASSERT(same(what, four[i].what), "%u.%u.%u.%u: %s", four[i].addr[0],
			   four[i].addr[1], four[i].addr[2], four[i].addr[3], what ? what : "");
	}
}

static void to_bytes(const uint16_t groups[8], uint8_t addr[16])
{
	for (int i = 0; i < 8; i++) {
		addr[2 * i] = (uint8_t)(groups[i] >> 8);
		addr[2 * i + 1] = (uint8_t)groups[i];
	}
}

static void test_six(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(six); i++) {
		uint8_t addr[16];

		to_bytes(six[i].groups, addr);

		const char *what = cr_special_address(6, addr);

		ROW_ASSERT(same(what, six[i].what), "row %zu, %x:%x: %s", i, six[i].groups[0],
			   six[i].groups[1], what ? what : "");
	}
}

/* Mapped and translated, an IPv4 address is what it is. */
static void test_carried(void **state)
{
	static const uint16_t carriers[][8] = {
		{0, 0, 0, 0, 0, 0xffff, 0, 0},
		{0x64, 0xff9b, 0, 0, 0, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(carriers); i++)
		for (size_t j = 0; j < COUNT(four); j++) {
			uint8_t addr[16];

			to_bytes(carriers[i], addr);
			memcpy(addr + 12, four[j].addr, 4);
			ROW_ASSERT(same(cr_special_address(6, addr), four[j].what),
				   "carrier %zu, row %zu", i, j);
		}
}

static void test_family(void **state)
{
	static const uint8_t addr[16] = {8, 8, 8, 8};

	(void)state;
	assert_non_null(cr_special_address(0, addr));
	assert_non_null(cr_special_address(2, addr));
	assert_null(cr_special_address(4, addr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_four),
		cmocka_unit_test(test_six),
		cmocka_unit_test(test_carried),
		cmocka_unit_test(test_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
