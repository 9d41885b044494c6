/*
 * winsd.h - security descriptors as the bytes Windows keeps them, edited one
 * access control entry at a time ([MS-DTYP] 2.4.2-2.4.6). Pure.
 *
 * Only descriptors with a DACL and a mandatory label are meant; owner and group
 * are left out of what is written. Foreign entries are copied as they are, in
 * their order: nothing here sorts, merges or repairs an access list. Everything
 * is bounds-checked: the bytes may come from a damaged journal.
 */
#ifndef CR_WINSD_H
#define CR_WINSD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "err.h"

#define CR_SID_MAX 68               /* revision, count, authority, 15 sub-authorities */
#define CR_ACE_MAX (8 + CR_SID_MAX) /* of the kinds carrel writes */
#define CR_SD_MAX  (2 * 65535 + 256)

/* Flags of an entry ([MS-DTYP] 2.4.4.1) and of a descriptor (2.4.6) used here. */
#define CR_ACE_OBJECT_INHERIT    0x01u
#define CR_ACE_CONTAINER_INHERIT 0x02u
#define CR_ACE_INHERIT_ONLY      0x08u
#define CR_ACE_INHERITED         0x10u
#define CR_SD_DACL_PROTECTED     0x1000u

/* One allow, deny or label entry, in binary. */
struct cr_ace {
	uint8_t bytes[CR_ACE_MAX];
	size_t len;
};

/* A descriptor in self-relative form. */
struct cr_sd {
	const uint8_t *bytes;
	size_t len;
};

/* "S-1-5-21-1-2-3-4" to binary. Its length, or 0 when it is none. */
size_t cr_sid_parse(const char *text, uint8_t sid[CR_SID_MAX]);

/*
 * An entry as the plan writes it: "(A;OICI;0x1301bf;;;S-1-...)", D for deny, and
 * "(ML;OICI;NW;;;S-1-16-n)". 0, or -1 with CR_E_INTERNAL: the plan is ours.
 */
int cr_ace_parse(const char *sddl, struct cr_ace *out, struct cr_err *err);

/* True for a label (it belongs in the SACL). */
bool cr_ace_is_label(const struct cr_ace *ace);

bool cr_ace_is_deny(const struct cr_ace *ace);

/* True when its SID is this one. */
bool cr_ace_names(const struct cr_ace *ace, const char *sid);

/* What a child inherits of it. False: nothing (a file inherits only from OI, a directory from
 * either; [MS-DTYP] 2.5.3.4.2). */
bool cr_ace_inherited(const struct cr_ace *ace, bool by_directory, struct cr_ace *out);

/* 0 when the descriptor is sound; -1 with CR_E_STATE. */
int cr_sd_check(struct cr_sd sd, struct cr_err *err);

/* True when the entry stands in the descriptor, byte for byte. */
bool cr_sd_has(struct cr_sd sd, const struct cr_ace *ace);

/* True when its DACL takes nothing from the directory above. */
bool cr_sd_is_protected(struct cr_sd sd);

/* True when the descriptor has a mandatory label. */
bool cr_sd_has_label(struct cr_sd sd);

/* True when the descriptor has a mandatory label, or allows something, not by inheritance. */
bool cr_sd_has_own_label(struct cr_sd sd);
bool cr_sd_has_own_allow(struct cr_sd sd);

/* The `index`-th entry, DACL first and then labels; false: no more. An entry of a kind or length
 * carrel never writes comes with its true flags and a length of zero. */
bool cr_sd_entry(struct cr_sd sd, size_t index, struct cr_ace *out);

/*
 * True when some entry allows the SID one of these rights on the object itself, or there is no
 * DACL. Denials are not weighed: this is for a report, never for a decision.
 */
bool cr_sd_offers(struct cr_sd sd, const char *sid, uint32_t rights);

/*
 * The descriptor with the entry in it. An explicit deny stands first, an explicit allow after
 * the explicit denies, an inherited one before the other inherited ones; a label replaces the one
 * there was. Without a DACL (everybody may do everything) that is said by an entry first, so
 * that nobody loses anything. In `arena`; 0, or -1 with CR_E_STATE, CR_E_LIMIT, CR_E_NOMEM.
 */
int cr_sd_add(struct cr_arena *arena, struct cr_sd sd, const struct cr_ace *ace, struct cr_sd *out,
	      struct cr_err *err);

/* The descriptor without the entries that are this one, byte for byte. As cr_sd_add. */
int cr_sd_remove(struct cr_arena *arena, struct cr_sd sd, const struct cr_ace *ace,
		 struct cr_sd *out, struct cr_err *err);

/*
 * The descriptor without the allow and deny entries that name the SID, and without the label of
 * exactly this level; of the inherited ones only, when `inherited` is set. Either may be NULL.
 * *changed says whether anything was there.
 */
struct cr_sd_mine {
	const char *sid;   /* of entries */
	const char *level; /* of the label */
	bool inherited;
};
int cr_sd_strip(struct cr_arena *arena, struct cr_sd sd, const struct cr_sd_mine *mine,
		struct cr_sd *out, bool *changed, struct cr_err *err);

/*
 * Takes back a change: `before` was turned into `after` by us, and `current` is there now. What
 * we added goes, what we took away (a label) comes back, and what others have done since stays.
 * When nobody did anything the result is `before`, byte for byte.
 */
int cr_sd_undo(struct cr_arena *arena, struct cr_sd before, struct cr_sd after,
	       struct cr_sd current, struct cr_sd *out, struct cr_err *err);

/*
 * The `index`-th entry (counted from 0) that is in `after` and not in `before`; false: no more.
 * Only of the kinds carrel writes.
 */
bool cr_sd_added(struct cr_sd before, struct cr_sd after, size_t index, struct cr_ace *out);

/*
 * A descriptor with nothing but the SACL of `sd`, an empty one when it has none: what takes a
 * label away. 0, or -1 as cr_sd_add.
 */
int cr_sd_only_sacl(struct cr_arena *arena, struct cr_sd sd, struct cr_sd *out, struct cr_err *err);

/* The same descriptor with an empty SACL when it has none: writing all of it takes a label away. */
int cr_sd_with_sacl(struct cr_arena *arena, struct cr_sd sd, struct cr_sd *out, struct cr_err *err);

/* Byte for byte the same. */
bool cr_sd_equal(struct cr_sd a, struct cr_sd b);

/* Parts of the descriptor that differ: bits CR_SD_DACL, CR_SD_LABEL. */
#define CR_SD_DACL  1u
#define CR_SD_LABEL 2u
unsigned cr_sd_differs(struct cr_sd a, struct cr_sd b);

#endif
