/*
 * sddl.h - security descriptors as text: the part of SDDL ([MS-DTYP] 2.5.1) that carrel reads,
 * writes and shows.
 *
 * Entries of type A, D, AU and ML; every flag; rights as hexadecimal numbers or two-letter words;
 * SIDs in full or as the two letters of a well-known one. Refused, with the place: object,
 * conditional and resource entries, letters that need a domain, and whatever is not SDDL. Pure;
 * for any bytes.
 */
#ifndef CR_SDDL_H
#define CR_SDDL_H

#include "err.h"
#include "winaccess_sd.h"

/*
 * Reads a whole descriptor, "O:..G:..D:..S:..": each part at most once, in any order. In `arena`;
 * 0, or -1: CR_E_SYNTAX, CR_E_LIMIT (CR_MAX_SDDL_BYTES, CR_MAX_ACES), CR_E_NOMEM.
 */
int cr_sddl_parse(struct cr_arena *arena, const char *text, struct cr_win_sd *out,
		  struct cr_err *err);

/* Reads one entry, "(A;OICI;0x1301bf;;;SID)", and nothing behind it. 0 or -1, as above. */
int cr_sddl_parse_ace(const char *text, struct cr_win_ace *out, struct cr_err *err);

/* Reads one SID, in full or as two letters, and nothing behind it. 0, or -1: CR_E_SYNTAX. */
int cr_sddl_parse_sid(const char *text, struct cr_win_sid *out, struct cr_err *err);

/*
 * Writes a descriptor so that cr_sddl_parse reads the same one: masks as hexadecimal numbers,
 * well-known SIDs as their two letters. In `arena`; NULL when memory is out.
 */
const char *cr_sddl_print(struct cr_arena *arena, const struct cr_win_sd *sd);
const char *cr_sddl_print_ace(struct cr_arena *arena, const struct cr_win_ace *ace);

#endif
