/*
 * inbuf.h - reading numbers and bytes of a message, never behind its end.
 *
 * Pure. Numbers are big-endian, as in every protocol of the network. What is read after the first
 * thing that was not there is zero, and `bad` stays: one look at it is enough.
 */
#ifndef CR_INBUF_H
#define CR_INBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cr_in {
	const uint8_t *at, *end; /* the next byte; behind the last */
	bool bad;                /* read behind the end */
};

static inline unsigned cr_in_take8(struct cr_in *in)
{
	if (in->bad || in->at == in->end) {
		in->bad = true;
		return 0;
	}
	return *in->at++;
}

static inline uint16_t cr_in_take16(struct cr_in *in)
{
	const unsigned high = cr_in_take8(in);

	return (uint16_t)(high << 8 | cr_in_take8(in));
}

/* The next `len` bytes, borrowed; NULL: there are fewer. */
static inline const uint8_t *cr_in_take(struct cr_in *in, size_t len)
{
	const uint8_t *at = in->at;

	if (in->bad || (size_t)(in->end - in->at) < len) {
		in->bad = true;
		return NULL;
	}
	in->at += len;
	return at;
}

#endif
