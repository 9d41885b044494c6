/*
 * outbuf.h - writing into a buffer of fixed size, all or nothing.
 *
 * Pure. Writing stops, and stays stopped, at the first thing that does not fit.
 */
#ifndef CR_OUTBUF_H
#define CR_OUTBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cr_out {
	uint8_t *at, *end; /* where the next byte goes; behind the last */
	bool full;         /* something did not fit: what is there is not to be used */
};

/* `bytes` may be NULL when `len` is 0. */
static inline void cr_out_put(struct cr_out *out, const void *bytes, size_t len)
{
	if (out->full || (size_t)(out->end - out->at) < len) {
		out->full = true;
		return;
	}
	if (len)
		memcpy(out->at, bytes, len);
	out->at += len;
}

#endif
