/*
 * winaccess.h - the Windows access check as a pure function: a token, a descriptor, rights asked
 * for; granted or not, and what stood in the way.
 *
 * The model of the three locks: identity (the token's user and groups), place (its restricting
 * SIDs), height (its integrity level). It proves plans and answers `carrel explain`. It never ran
 * beside a real Windows; every rule names its source, and where sources disagree there is a
 * reading for each. Not modelled: object and conditional entries, capabilities of AppContainers,
 * central access policies. Pure, no allocation.
 */
#ifndef CR_WINACCESS_H
#define CR_WINACCESS_H

#include "winaccess_sd.h"

/* Privileges that the check looks at, as held and enabled ([MS-LSAD] 3.1.1.2.1). */
#define CR_WIN_PRIV_TAKE_OWNERSHIP 0x01u
#define CR_WIN_PRIV_SECURITY       0x02u
#define CR_WIN_PRIV_RELABEL        0x04u
#define CR_WIN_PRIV_BACKUP         0x08u /* these two only when a file is opened for them */
#define CR_WIN_PRIV_RESTORE        0x10u
#define CR_WIN_PRIV_CHANGE_NOTIFY  0x20u /* traverse without being asked; every token has it */

struct cr_win_group {
	struct cr_win_sid sid;
	uint32_t attributes; /* CR_WIN_GROUP_ENABLED ... */
};

/* Who asks ([MS-DTYP] 2.5.2). Arrays are borrowed. */
struct cr_win_token {
	struct cr_win_sid user;
	bool user_deny_only;
	const struct cr_win_group *groups;
	size_t n_groups;
	const struct cr_win_sid *restricting; /* none: not restricted, but for writing */
	size_t n_restricting;
	bool write_restricted;
	uint32_t privileges;
	uint32_t level; /* CR_WIN_IL_MEDIUM ... */
	struct cr_win_acl default_dacl;
};

/*
 * Of what a write-restricted token is asked a second time, sources disagree. The first reading
 * refuses least: what it refuses, the others do.
 */
enum cr_win_reading {
	CR_WIN_WRITE_BITS,  /* only the bits that GENERIC_WRITE stands for, of those that write */
	CR_WIN_WHOLE_WRITE, /* everything, as soon as one such bit is asked for */
	CR_WIN_STANDARD_WRITE, /* the bits, and DELETE, WRITE_DAC and WRITE_OWNER */
};
#define CR_WIN_READING_COUNT 3

enum cr_win_lock {
	CR_WIN_LOCK_NONE, /* granted */
	CR_WIN_LOCK_HEIGHT,
	CR_WIN_LOCK_IDENTITY,
	CR_WIN_LOCK_PLACE,
	CR_WIN_LOCK_PIN, /* of files: held open; see winaccess_tree.h */
};

/* "none", "height", "identity", "place", "pin". */
const char *cr_win_lock_name(enum cr_win_lock lock);

struct cr_win_request {
	const struct cr_win_token *token;
	const struct cr_win_sd *sd;
	uint32_t mask;                        /* generic rights are mapped */
	const struct cr_win_mapping *mapping; /* NULL: of files */
	enum cr_win_reading reading;
};

struct cr_win_answer {
	bool granted;
	uint32_t mask;                /* granted: what was asked, or with MAXIMUM_ALLOWED all */
	uint32_t refused;             /* denied: the bits that `lock` refuses */
	enum cr_win_lock lock;        /* the first that refuses */
	unsigned locks;               /* all that refuse: bits 1 << lock */
	const struct cr_win_ace *ace; /* the entry that does; NULL: none grants. In the request */
};

struct cr_win_answer cr_win_access(const struct cr_win_request *request);

/* What the height lock leaves of a right: the mandatory label's mask ([MS-DTYP] 2.5.3.3). */
uint32_t cr_win_label_allows(const struct cr_win_token *token, const struct cr_win_sd *sd,
			     const struct cr_win_mapping *mapping, const struct cr_win_ace **label);

/* The integrity level of an object: Medium when it has no label. */
uint32_t cr_win_label_level(const struct cr_win_sd *sd);

#endif
