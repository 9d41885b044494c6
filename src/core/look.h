/*
 * look.h - what a reader of a stranger's first bytes can say about them.
 *
 * Shared by the pure readers of network input: tlshello, httpreq, socks.
 */
#ifndef CR_LOOK_H
#define CR_LOOK_H

enum cr_look {
	CR_LOOK_MORE,  /* good so far, not enough bytes yet */
	CR_LOOK_DONE,  /* read in whole, and good */
	CR_LOOK_OTHER, /* is not this protocol */
	CR_LOOK_BAD,   /* is this protocol: malformed, oversized or ambiguous; refuse it */
};

#endif
