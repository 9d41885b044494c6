/*
 * names.c - names of one box in the order of their adding, and that order sorted by name.
 *
 * Must never give one address to two names, nor a new one to a name that has one. A name is looked
 * for by halving and put in by moving indices (at most 32 KiB): the worst names a box can think of
 * cost as much as any other.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "limits.h"
#include "names.h"

#define PER_BLOCK 254 /* addresses of a /24 that end in neither 0 nor 255 */
#define FIRST6    0x10000

static const uint8_t prefix6[8] = {0xfd, 0x63, 0x61, 0x72, 0x72, 0x65, 0x00, 0x6c};

struct cr_names {
	struct cr_arena *arena; /* the texts */
	size_t count;
	const char *names[CR_MAX_NAMES];
	uint16_t sorted[CR_MAX_NAMES]; /* indices of `names` */
};

struct cr_names *cr_names_new(void)
{
	struct cr_names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->arena = cr_arena_new();
	if (!names->arena) {
		free(names);
		return NULL;
	}
	return names;
}

void cr_names_free(struct cr_names *names)
{
	if (!names)
		return;
	cr_arena_free(names->arena);
	free(names);
}

size_t cr_names_count(const struct cr_names *names)
{
	return names->count;
}

/* Where in `sorted` the name stands, or has to be put in; *found says which. */
static size_t place_of(const struct cr_names *names, const char *name, bool *found)
{
	size_t low = 0, high = names->count;

	*found = false;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int order = strcmp(names->names[names->sorted[middle]], name);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int cr_names_add(struct cr_names *names, const char *name, uint32_t *index)
{
	const size_t len = strnlen(name, CR_MAX_HOST + 1);
	bool found;
	const size_t place = place_of(names, name, &found);

	if (found) {
		*index = names->sorted[place];
		return 0;
	}
	if (len == 0 || len > CR_MAX_HOST || names->count == CR_MAX_NAMES)
		return -1;

	const char *copy = cr_arena_strndup(names->arena, name, len);

	if (!copy)
		return -1;
	memmove(names->sorted + place + 1, names->sorted + place,
		(names->count - place) * sizeof(names->sorted[0]));
	names->sorted[place] = (uint16_t)names->count;
	names->names[names->count] = copy;
	*index = (uint32_t)names->count++;
	return 0;
}

void cr_names_addr4(uint32_t index, uint8_t out[4])
{
	out[0] = 198;
	out[1] = 18;
	out[2] = (uint8_t)(1 + index / PER_BLOCK);
	out[3] = (uint8_t)(1 + index % PER_BLOCK);
}

void cr_names_addr6(uint32_t index, uint8_t out[16])
{
	const uint32_t low = FIRST6 + index;

	memcpy(out, prefix6, sizeof(prefix6));
	memset(out + 8, 0, 4);
	for (int i = 0; i < 4; i++)
		out[12 + i] = (uint8_t)(low >> (24 - 8 * i));
}

/* The index behind an address, or CR_MAX_NAMES; only an address made above is one. */
static uint32_t index4(const uint8_t *addr)
{
	if (addr[0] != 198 || addr[1] != 18 || addr[2] == 0 || addr[3] == 0 || addr[3] == 255)
		return CR_MAX_NAMES;
	return (addr[2] - 1u) * PER_BLOCK + addr[3] - 1u;
}

static uint32_t index6(const uint8_t *addr)
{
	static const uint8_t zero[4];
	const uint32_t low = (uint32_t)addr[12] << 24 | (uint32_t)addr[13] << 16 |
			     (uint32_t)addr[14] << 8 | addr[15];

	if (memcmp(addr, prefix6, sizeof(prefix6)) != 0 || memcmp(addr + 8, zero, 4) != 0 ||
	    low < FIRST6)
		return CR_MAX_NAMES;
	return low - FIRST6;
}

const char *cr_names_find(const struct cr_names *names, int family, const uint8_t *addr)
{
	const uint32_t index = family == 4   ? index4(addr)
			       : family == 6 ? index6(addr)
					     : CR_MAX_NAMES;

	return index < names->count ? names->names[index] : NULL;
}

bool cr_names_is_synthetic(int family, const uint8_t *addr)
{
	if (family == 4)
		return addr[0] == 198 && (addr[1] & 0xfe) == 18;
	return family == 6 && memcmp(addr, prefix6, sizeof(prefix6)) == 0;
}
