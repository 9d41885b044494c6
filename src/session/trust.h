/*
 * trust.h - project files the user has accepted, each for one workspace and
 * one exact text.
 *
 * What is kept is the accepted text itself, not a hash of it: comparing bytes
 * cannot collide, and needs no library when a box starts.
 */
#ifndef CR_SESSION_TRUST_H
#define CR_SESSION_TRUST_H

#include <stddef.h>

#include "core/err.h"

/*
 * Whether exactly `len` bytes of `text` have been accepted for `workspace` (canonical, resolved).
 * 1 yes, 0 no, -1: CR_E_STATE (the record cannot be read, or others can write it), CR_E_NOMEM.
 */
int cr_trust_check(const char *state_dir, const char *workspace, const char *text, size_t len,
		   struct cr_err *err);

/* Accepts the text, in place of any other of this workspace. 0, or -1: CR_E_STATE, CR_E_LIMIT. */
int cr_trust_accept(const char *state_dir, const char *workspace, const char *text, size_t len,
		    struct cr_err *err);

/* Forgets what was accepted for `workspace`. 0, or -1: CR_E_STATE. */
int cr_trust_revoke(const char *state_dir, const char *workspace, struct cr_err *err);

#endif
