/*
 * What the probes of the test bed share: tokens to act as, descriptors to act on, and a table of
 * cases, each with the answer Windows is documented to give and the one of Wine as it is.
 *
 * The probes judge the test bed, never carrel. They print one line a case for testbed.py.
 */
#ifndef PROBE_H
#define PROBE_H

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <accctrl.h>
#include <aclapi.h>
#include <sddl.h>

#include <stddef.h>
#include <stdio.h>

#define PROBE_SID     L"S-1-5-21-11-22-33-44" /* of a writable root */
#define PROBE_PRIVATE 0x1800                  /* a level between Low and Medium */
#define PROBE_LOW     0x1000
#define PROBE_MEDIUM  0x2000
#define PROBE_NONE    (-1)

/* Who acts. */
enum actor {
	USER,          /* the user, Medium */
	ADMINS_OFF,    /* Administrators only denies */
	LIMITED,       /* LUA_TOKEN */
	USER_OFF,      /* the user's own SID only denies */
	RESTRICTED,    /* restricting SID: that of the root */
	WRITER,        /* the same, write-restricted */
	LOW,           /* the user at Low */
	PRIVATE,       /* the user at the private level */
	BOX,           /* write-restricted (root, Everyone), no privileges, private level */
	BOX_UNLABELED, /* the same at Medium: lock 3 is off */
	ACTORS,
};

/* What CreateRestrictedToken and SetTokenInformation are asked for; NULL: nothing. */
struct probe_recipe {
	DWORD flags;
	const WCHAR *disabled; /* "user": the user's own SID */
	const WCHAR *restricting[2];
	int level;
};

extern const struct probe_recipe probe_recipes[ACTORS];

/* A primary token; kept, not to be closed. */
HANDLE probe_token(enum actor who);

/* From here the thread acts as `who`; probe_act_end goes back. */
void probe_act(enum actor who);
void probe_act_end(void);

/* An absolute descriptor. In `sddl` {U} is the user's SID and {S} that of the root. Kept. */
SECURITY_DESCRIPTOR *probe_sd(const char *sddl, int level, DWORD ace_flags);

/* A SACL with a label; level PROBE_NONE: an empty one. Kept. */
ACL *probe_label(int level, DWORD ace_flags);

/* Sets the DACL and, unless it is PROBE_NONE, the label of an object with a name. */
void probe_protect(const WCHAR *name, SE_OBJECT_TYPE type, SECURITY_DESCRIPTOR *sd);

/* The level of an object; PROBE_NONE without a label. */
int probe_level_of(const WCHAR *name, SE_OBJECT_TYPE type);

/* Starts this program as `who` with `words` behind its name; its exit code. */
DWORD probe_child(enum actor who, const WCHAR *words);

/* Prints "name|answer|windows|stock|source". */
void probe_report(const char *name, unsigned long answer, unsigned long windows,
		  unsigned long stock, const char *source);

/* Prints how many cases there were; returns 0. */
int probe_end(void);

/* Of each probe. With words it is a child of itself. */
int wmain(int argc, WCHAR **argv);

/* Ends the program: the probe itself is broken. */
void probe_fail(const char *what);

#endif
