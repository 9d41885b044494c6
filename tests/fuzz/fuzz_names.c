/*
 * fuzz_names.c - names as lines of the input, then any address: a name has one index, and an
 * address leads to the name it was made for or to none.
 */
#include <string.h>

#include "core/limits.h"
#include "core/names.h"
#include "fuzz.h"

static void check_address(const struct cr_names *names, int family, const uint8_t *addr)
{
	const char *name = cr_names_find(names, family, addr);
	bool made = false;

	for (uint32_t i = 0; name && !made && i < cr_names_count(names); i++) {
		uint8_t own[16];

		if (family == 4)
			cr_names_addr4(i, own);
		else
			cr_names_addr6(i, own);
		made = memcmp(own, addr, family == 4 ? 4 : 16) == 0;
	}
	MUST(!name || (made && cr_names_is_synthetic(family, addr)));
}

static void check_name(struct cr_names *names, const char *text)
{
	const size_t before = cr_names_count(names), len = strlen(text);
	uint32_t index, again;
	uint8_t addr[16];

	if (cr_names_add(names, text, &index) < 0) {
		MUST(len == 0 || len > CR_MAX_HOST || before == CR_MAX_NAMES);
		return;
	}
	MUST(index <= before && cr_names_count(names) == before + (index == before ? 1 : 0));
	MUST(cr_names_add(names, text, &again) == 0 && again == index);
	cr_names_addr4(index, addr);
	MUST(strcmp(cr_names_find(names, 4, addr), text) == 0);
	cr_names_addr6(index, addr);
	MUST(strcmp(cr_names_find(names, 6, addr), text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cr_names *names = cr_names_new();
	char text[CR_MAX_HOST + 3];
	size_t len = 0;

	for (size_t i = 0; names && i < size; i++) {
		if (data[i] != '\n' && data[i] != '\0' && len < sizeof(text) - 1) {
			text[len++] = (char)data[i];
			continue;
		}
		text[len] = '\0';
		len = 0;
		check_name(names, text);
	}
	if (names && size >= 16) {
		check_address(names, 4, data + size - 4);
		check_address(names, 6, data + size - 16);
	}
	cr_names_free(names);
	return 0;
}
