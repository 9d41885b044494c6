/*
 * fuzz_special.c - any address: what is public is global unicast, and a longer spelling of an IPv4
 * address is judged as that address.
 */
#include <string.h>

#include "core/special.h"
#include "fuzz.h"

static const char *judge_in(const uint8_t *prefix, const uint8_t *four)
{
	uint8_t addr[16];

	memcpy(addr, prefix, 12);
	memcpy(addr + 12, four, 4);
	return cr_special_address(6, addr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t mapped[12] = {[10] = 0xff, 0xff}, nat64[12] = {0, 0x64, 0xff, 0x9b};
	static const uint8_t tunnel[2] = {0x20, 2};
	uint8_t addr[16];

	if (size < 16)
		return 0;

	const char *four = cr_special_address(4, data), *six = cr_special_address(6, data);

	if (data[0] == 0 || data[0] == 10 || data[0] == 127 || data[0] >= 224)
		MUST(four);
	MUST(judge_in(mapped, data) == four && judge_in(nat64, data) == four);
	if (!six && memcmp(data, nat64, 12) != 0 && memcmp(data, mapped, 12) != 0)
		MUST(data[0] >> 5 == 1);
	memcpy(addr, data, 16);
	memcpy(addr, tunnel, 2);
	MUST(cr_special_address(6, addr));
	return 0;
}
