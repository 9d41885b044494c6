/*
 * winaccess_sd.h - Windows security descriptors as the model sees them: SIDs, access control
 * entries and lists, decoded.
 *
 * Plain data for the access check (winaccess.h), for inheritance and for SDDL (sddl.h); the bytes
 * that Windows keeps are winsd.h's. Lists are arrays in an arena and are never changed once made.
 * Pure.
 */
#ifndef CR_WINACCESS_SD_H
#define CR_WINACCESS_SD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "winaccess_abi.h"

#define CR_WIN_SID_MAX_SUBS 15 /* [MS-DTYP] 2.4.2.2 */
#define CR_WIN_SID_TEXT_MAX 192

/* [MS-DTYP] 2.4.2. All zero is no SID. */
struct cr_win_sid {
	uint64_t authority; /* 48 bits */
	uint32_t n_subs;
	uint32_t subs[CR_WIN_SID_MAX_SUBS];
};

/* [MS-DTYP] 2.4.4: one access control entry; a label's `sid` is S-1-16-n. */
struct cr_win_ace {
	uint8_t type;  /* CR_WIN_ACE_ALLOW ... */
	uint8_t flags; /* CR_WIN_ACE_OBJECT_INHERIT ... */
	uint32_t mask;
	struct cr_win_sid sid;
};

struct cr_win_acl {
	const struct cr_win_ace *aces; /* in the order in which they are looked at */
	size_t count;
};

/*
 * [MS-DTYP] 2.4.6. `has_dacl` false is a NULL DACL, which grants everything; an empty list grants
 * nothing. A descriptor without a SACL has an empty one.
 */
struct cr_win_sd {
	struct cr_win_sid owner; /* n_subs 0: none */
	struct cr_win_sid group;
	uint32_t control; /* CR_WIN_SD_DACL_PROTECTED ... */
	bool has_dacl;
	bool has_sacl; /* for printing: an empty SACL is not an absent one */
	struct cr_win_acl dacl;
	struct cr_win_acl sacl;
};

extern const struct cr_win_sid cr_win_sid_creator_owner; /* S-1-3-0 */
extern const struct cr_win_sid cr_win_sid_creator_group; /* S-1-3-1 */
extern const struct cr_win_sid cr_win_sid_owner_rights;  /* S-1-3-4 */

bool cr_win_sid_equal(const struct cr_win_sid *a, const struct cr_win_sid *b);

/*
 * Reads "S-1-..." ([MS-DTYP] 2.4.2.1) from the start of `text`. Returns the number of bytes read,
 * 0 when it is no SID.
 */
size_t cr_win_sid_parse(const char *text, struct cr_win_sid *out);

/* Writes "S-1-..." to `text`, and returns it. */
const char *cr_win_sid_print(const struct cr_win_sid *sid, char text[CR_WIN_SID_TEXT_MAX]);

/* What the four generic rights stand for, by the type of the object ([MS-DTYP] 2.4.3). */
struct cr_win_mapping {
	uint32_t read, write, execute, all;
};

extern const struct cr_win_mapping cr_win_file_mapping;

/* `mask` with its generic rights replaced. */
uint32_t cr_win_map_generic(const struct cr_win_mapping *mapping, uint32_t mask);

/*
 * The list with `ace` added as SetEntriesInAcl does: a denial first, an allowance behind the
 * explicit denials, both before what is inherited. -1 when memory is out.
 */
int cr_win_acl_add(struct cr_arena *arena, struct cr_win_acl *acl, const struct cr_win_ace *ace);

#endif
