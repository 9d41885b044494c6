/*
 * places.h - the rules every box has: what lies at /tmp, /dev, /proc, /run,
 * and that carrel's own state is out of reach.
 */
#ifndef CR_PLACES_H
#define CR_PLACES_H

#include "rules.h"

struct cr_place_rule {
	enum cr_decision decision;
	enum cr_capability cap;
	const char *path; /* canonical, not yet resolved; borrowed from the context, or static */
	enum cr_place place;
	enum cr_group group; /* MAIN: yields to the user's rules; SELF: to nobody's */
};

#define CR_MAX_PLACES 32

/* Fills `out` with the rules of the context's system and tier; returns how many. Pure. */
size_t cr_places(const struct cr_context *ctx, struct cr_place_rule out[CR_MAX_PLACES]);

#endif
