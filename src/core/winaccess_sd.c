/*
 * winaccess_sd.c - SIDs as text, generic rights, and adding to a list.
 *
 * Must never read a SID that Windows would read otherwise: what is not exactly its grammar is no
 * SID.
 */
#include "winaccess_sd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_AUTHORITY 0xffffffffffffull

/* [MS-DTYP] 2.4.2.4 */
const struct cr_win_sid cr_win_sid_creator_owner = {.authority = 3, .n_subs = 1, .subs = {0}};
const struct cr_win_sid cr_win_sid_creator_group = {.authority = 3, .n_subs = 1, .subs = {1}};
const struct cr_win_sid cr_win_sid_owner_rights = {.authority = 3, .n_subs = 1, .subs = {4}};

/* winnt.h: FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS. */
const struct cr_win_mapping cr_win_file_mapping = {
	.read = CR_WIN_FILE_GENERIC_READ,
	.write = CR_WIN_FILE_GENERIC_WRITE,
	.execute = CR_WIN_FILE_GENERIC_EXECUTE,
	.all = CR_WIN_FILE_ALL_ACCESS,
};

bool cr_win_sid_equal(const struct cr_win_sid *a, const struct cr_win_sid *b)
{
	return a->authority == b->authority && a->n_subs == b->n_subs &&
	       memcmp(a->subs, b->subs, a->n_subs * sizeof(a->subs[0])) == 0;
}

static int digit(char c, unsigned base)
{
	int value = -1;

	if (c >= '0' && c <= '9')
		value = c - '0';
	else if (c >= 'a' && c <= 'f')
		value = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		value = c - 'A' + 10;
	return value < (int)base ? value : -1;
}

/* Bytes of the number at `text`; 0 when there is none or it is over `max`. */
static size_t parse_number(const char *text, unsigned base, uint64_t max, uint64_t *out)
{
	size_t len = 0;

	*out = 0;
	for (; digit(text[len], base) >= 0; len++) {
		*out = *out * base + (uint64_t)digit(text[len], base);
		if (*out > max)
			return 0;
	}
	return len;
}

/* The authority is decimal below 2^32 and may be hexadecimal above. */
static size_t parse_authority(const char *text, uint64_t *out)
{
	size_t len;

	if (text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
		return parse_number(text, 10, MAX_AUTHORITY, out);
	len = parse_number(text + 2, 16, MAX_AUTHORITY, out);
	return len ? len + 2 : 0;
}

size_t cr_win_sid_parse(const char *text, struct cr_win_sid *out)
{
	struct cr_win_sid sid = {0};
	size_t at = 4, len;
	uint64_t number;

	if ((text[0] != 'S' && text[0] != 's') || strncmp(text + 1, "-1-", 3) != 0)
		return 0;
	len = parse_authority(text + at, &sid.authority);
	if (len == 0)
		return 0;
	for (at += len; text[at] == '-'; at += 1 + len) {
		len = parse_number(text + at + 1, 10, UINT32_MAX, &number);
		if (len == 0 || sid.n_subs == CR_WIN_SID_MAX_SUBS)
			return 0;
		sid.subs[sid.n_subs++] = (uint32_t)number;
	}
	if (sid.n_subs == 0)
		return 0;
	*out = sid;
	return at;
}

const char *cr_win_sid_print(const struct cr_win_sid *sid, char text[CR_WIN_SID_TEXT_MAX])
{
	size_t len;

	if (sid->authority > UINT32_MAX)
		len = (size_t)snprintf(text, CR_WIN_SID_TEXT_MAX, "S-1-0x%012" PRIX64,
				       sid->authority);
	else
		len = (size_t)snprintf(text, CR_WIN_SID_TEXT_MAX, "S-1-%" PRIu64, sid->authority);
	for (uint32_t i = 0; i < sid->n_subs; i++)
		len += (size_t)snprintf(text + len, CR_WIN_SID_TEXT_MAX - len, "-%" PRIu32,
					sid->subs[i]);
	return text;
}

uint32_t cr_win_map_generic(const struct cr_win_mapping *mapping, uint32_t mask)
{
	const struct {
		uint32_t bit, stands_for;
	} rights[] = {
		{CR_WIN_GENERIC_READ, mapping->read},
		{CR_WIN_GENERIC_WRITE, mapping->write},
		{CR_WIN_GENERIC_EXECUTE, mapping->execute},
		{CR_WIN_GENERIC_ALL, mapping->all},
	};
	uint32_t mapped = mask & ~CR_WIN_GENERIC;

	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
		mapped |= mask & rights[i].bit ? rights[i].stands_for : 0;
	return mapped;
}

/* Where SetEntriesInAcl puts a new entry ([MS-DTYP] 2.4.5: explicit first, denials first). */
static size_t place_of(const struct cr_win_acl *acl, const struct cr_win_ace *ace)
{
	size_t at = 0;

	if (ace->type != CR_WIN_ACE_ALLOW)
		return 0;
	while (at < acl->count && acl->aces[at].type != CR_WIN_ACE_ALLOW &&
	       !(acl->aces[at].flags & CR_WIN_ACE_INHERITED))
		at++;
	return at;
}

int cr_win_acl_add(struct cr_arena *arena, struct cr_win_acl *acl, const struct cr_win_ace *ace)
{
	const size_t at = place_of(acl, ace);
	struct cr_win_ace *aces = cr_arena_alloc(arena, acl->count + 1, sizeof(*aces));

	if (!aces)
		return -1;
	if (at > 0)
		memcpy(aces, acl->aces, at * sizeof(*aces));
	aces[at] = *ace;
	if (acl->count > at)
		memcpy(aces + at + 1, acl->aces + at, (acl->count - at) * sizeof(*aces));
	*acl = (struct cr_win_acl){.aces = aces, .count = acl->count + 1};
	return 0;
}
