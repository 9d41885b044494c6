/*
 * first.h - which protocol the first bytes of a client belong to.
 *
 * Pure. Says which reader has to look further, and lets nothing pass for SSH which a tolerant
 * server might take for HTTP or TLS: a request line may begin with any word, "SSH-2.0-x" too.
 */
#ifndef CR_FIRST_H
#define CR_FIRST_H

#include <stddef.h>
#include <stdint.h>

enum cr_first {
	CR_FIRST_MORE,  /* undecided */
	CR_FIRST_TLS,   /* for cr_tls_hello_read, which may still say BAD */
	CR_FIRST_HTTP,  /* a word and a blank: for cr_http_feed, which may still say BAD or OTHER */
	CR_FIRST_SSH,   /* a whole SSH-2.0 identification line, one that is no request line */
	CR_FIRST_OTHER, /* none of these, binary or not */
	CR_FIRST_BAD,   /* dressed up as two of them: refuse it */
};

#define CR_FIRST_BYTES 255 /* the longest identification line of SSH (RFC 4253, 4.2) */

/*
 * Classifies `data`, everything a client has sent from the start of the stream; nothing is used
 * up. CR_FIRST_BYTES are always enough for an answer other than MORE, and what was answered stays
 * so when more bytes come.
 */
enum cr_first cr_first_bytes(const uint8_t *data, size_t len);

#endif
