/*
 * special.c - IANA's registries of special-purpose addresses as two tables, first match counts.
 *
 * Must never say of an address that it is public because a longer spelling hides what it is. What
 * the registries call reachable inside a block that is not (anycast services and the like) is left
 * special: nobody's server is there.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "special.h"

struct block {
	uint8_t start[16];
	uint8_t bits;
	const char *what;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* IANA IPv4 Special-Purpose Address Registry, and what is no unicast address. */
static const struct block blocks4[] = {
	{{0}, 8, "this network"},                     /* RFC 1122, 3.2.1.3 */
	{{10}, 8, "private use"},                     /* RFC 1918 */
	{{100, 64}, 10, "shared address space"},      /* RFC 6598 */
	{{127}, 8, "loopback"},                       /* RFC 1122, 3.2.1.3 */
	{{168, 63, 129, 16}, 32, "the cloud's host"}, /* Azure: metadata at a public address */
	{{169, 254}, 16, "link local"},               /* RFC 3927; metadata services */
	{{172, 16}, 12, "private use"},               /* RFC 1918 */
	{{192, 0, 0}, 24, "protocol assignments"},    /* RFC 6890, 2.1; also RFC 7335, 7723, 8155 */
	{{192, 0, 2}, 24, "documentation"},           /* RFC 5737 */
	{{192, 88, 99}, 24, "6to4 relay"},            /* RFC 7526 */
	{{192, 168}, 16, "private use"},              /* RFC 1918 */
	{{198, 18}, 15, "benchmarking"},              /* RFC 2544; ours are here too */
	{{198, 51, 100}, 24, "documentation"},        /* RFC 5737 */
	{{203, 0, 113}, 24, "documentation"},         /* RFC 5737 */
	{{224}, 4, "multicast"},                      /* RFC 5771 */
	{{255, 255, 255, 255}, 32, "broadcast"},      /* RFC 919, 7 */
	{{240}, 4, "reserved"},                       /* RFC 1112, 4 */
};

/* IANA IPv6 Special-Purpose Address Registry, and multicast. */
static const struct block blocks6[] = {
	{{[15] = 1}, 128, "loopback"},                          /* RFC 4291, 2.5.3 */
	{{0}, 128, "unspecified"},                              /* RFC 4291, 2.5.2 */
	{{0}, 96, "IPv4-compatible"},                           /* RFC 4291, 2.5.5.1 */
	{{0, 0x64, 0xff, 0x9b, 0, 1}, 48, "local translation"}, /* RFC 8215 */
	{{1}, 64, "discard only"},                              /* RFC 6666 */
	{{1, [7] = 1}, 64, "dummy prefix"},                     /* RFC 9780 */
	{{0x20, 1}, 32, "Teredo"},                              /* RFC 4380 */
	{{0x20, 1, 0, 2}, 48, "benchmarking"},                  /* RFC 5180 */
	{{0x20, 1}, 23, "protocol assignments"},                /* RFC 2928; ORCHID, DRIP, AMT */
	{{0x20, 1, 0x0d, 0xb8}, 32, "documentation"},           /* RFC 3849 */
	{{0x20, 2}, 16, "6to4"},                                /* RFC 3056 */
	{{0x3f, 0xff}, 20, "documentation"},                    /* RFC 9637 */
	{{0x5f}, 16, "segment routing"},                        /* RFC 9602 */
	{{0xfc}, 7, "unique local"},                            /* RFC 4193 */
	{{0xfe, 0x80}, 10, "link local"},                       /* RFC 4291, 2.5.6 */
	{{0xfe, 0xc0}, 10, "site local"},                       /* RFC 3879 */
	{{0xff}, 8, "multicast"},                               /* RFC 4291, 2.7 */
};

/* All that is not in 2000::/3 (IANA IPv6 Address Space; RFC 4291, 2.4). */
static const struct block global6 = {{0x20}, 3, NULL};

/* Prefixes of 96 bits before an IPv4 address that is meant. */
static const struct block carriers[] = {
	{{[10] = 0xff, 0xff}, 96, NULL},   /* mapped: RFC 4291, 2.5.5.2 */
	{{0, 0x64, 0xff, 0x9b}, 96, NULL}, /* NAT64: RFC 6052, 2.1 */
};

static bool contains(const struct block *block, const uint8_t *addr)
{
	const size_t whole = block->bits / 8u;
	const unsigned rest = block->bits % 8u;

	if (memcmp(block->start, addr, whole) != 0)
		return false;
	return rest == 0 || (block->start[whole] ^ addr[whole]) >> (8 - rest) == 0;
}

static const char *find(const struct block *blocks, size_t count, const uint8_t *addr)
{
	for (size_t i = 0; i < count; i++)
		if (contains(&blocks[i], addr))
			return blocks[i].what;
	return NULL;
}

/* RFC 5214, 6.1: 0:5efe or 200:5efe before the IPv4 address, behind any prefix. */
static bool is_isatap(const uint8_t *addr)
{
	return (addr[8] == 0 || addr[8] == 2) && addr[9] == 0 && addr[10] == 0x5e &&
	       addr[11] == 0xfe;
}

static const char *special6(const uint8_t *addr)
{
	for (size_t i = 0; i < COUNT(carriers); i++)
		if (contains(&carriers[i], addr))
			return find(blocks4, COUNT(blocks4), addr + 12);

	const char *what = find(blocks6, COUNT(blocks6), addr);

	if (what)
		return what;
	if (!contains(&global6, addr))
		return "not global unicast";
	return is_isatap(addr) ? "ISATAP" : NULL;
}

const char *cr_special_address(int family, const uint8_t *addr)
{
	if (family == 4)
		return find(blocks4, COUNT(blocks4), addr);
	return family == 6 ? special6(addr) : "unknown family";
}
