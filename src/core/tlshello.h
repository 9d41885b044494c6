/*
 * tlshello.h - the name a TLS client asks for, from the first bytes it sends (RFC 8446, 6066).
 *
 * Pure, no allocation and no copy: the ClientHello is walked in place through the records that
 * carry it. One hello has one reading here; what two servers might read in two ways is BAD.
 */
#ifndef CR_TLSHELLO_H
#define CR_TLSHELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "look.h"

struct cr_tls_hello {
	char name[CR_MAX_HOST + 1]; /* canonical (host.h); "" without has_name */
	bool has_name;
	bool has_ech; /* encrypted_client_hello, real or grease: `name` may not be the true one */
};

/*
 * Reads the ClientHello from `data`, everything the client has sent from the start of the stream.
 * OTHER as soon as it cannot be TLS; MORE until the hello is whole; DONE fills *out (bytes in
 * later records are not looked at). BAD: another record or message first, SSLv2, lengths that
 * disagree, bytes behind the hello in its record, the name or ECH extension twice, no or two names
 * in it, a name that is no canonical host name but for its letter case (so also an address, or a
 * trailing dot), more than CR_TLS_HELLO_MAX bytes with the record headers. Never MORE when given
 * CR_TLS_HELLO_MAX bytes.
 */
enum cr_look cr_tls_hello_read(const uint8_t *data, size_t len, struct cr_tls_hello *out);

/*
 * How many bytes the hello at the front of `data`, for which cr_tls_hello_read says DONE, takes up
 * with its record headers.
 */
size_t cr_tls_hello_size(const uint8_t *data, size_t len);

/*
 * Whether a stream begins as TLS or SSLv2 does, which is clear from at most 4 bytes: MORE, OTHER,
 * or DONE, which says nothing of whether it is good.
 */
enum cr_look cr_tls_begins(const uint8_t *data, size_t len);

enum cr_tls_answer {
	CR_TLS_ANSWER_MORE,  /* not enough bytes yet */
	CR_TLS_ANSWER_RETRY, /* a HelloRetryRequest: the client is asked for a second hello */
	CR_TLS_ANSWER_FINAL, /* anything else: no second hello in the clear may follow */
};

/*
 * Whether a server asks for a second ClientHello (RFC 8446, 4.1.4), from what it has sent since the
 * start of the stream. OpenSSL takes the name of the second one, whatever the first one said; so
 * what a client sends behind its first hello has to wait for this answer, and after RETRY for
 * cr_tls_hello_again.
 */
enum cr_tls_answer cr_tls_answer_read(const uint8_t *data, size_t len);

/*
 * Reads the second ClientHello, as cr_tls_hello_read does the first: `data` is everything behind
 * the first one. One change_cipher_spec before it is passed over; anything else (early data, which
 * was sent before the answer) is BAD, never OTHER.
 */
enum cr_look cr_tls_hello_again(const uint8_t *data, size_t len, struct cr_tls_hello *out);

#endif
