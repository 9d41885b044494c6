/*
 * socks.h - the server's side of SOCKS5 (RFC 1928), CONNECT only, without authentication or with a
 * user and password (RFC 1929).
 *
 * Pure. SOCKS4 is refused: it has no names. A name is never resolved before it was judged, so
 * an address that the client resolved itself reaches the rules as an address.
 */
#ifndef CR_SOCKS_H
#define CR_SOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "limits.h"
#include "look.h"

enum cr_socks_code { /* RFC 1928, 6 */
		     CR_SOCKS_OK = 0,
		     CR_SOCKS_FAILED = 1,
		     CR_SOCKS_NOT_ALLOWED = 2,
		     CR_SOCKS_NET_UNREACHABLE = 3,
		     CR_SOCKS_HOST_UNREACHABLE = 4,
		     CR_SOCKS_CONN_REFUSED = 5,
		     CR_SOCKS_TTL_EXPIRED = 6,
		     CR_SOCKS_BAD_COMMAND = 7,
		     CR_SOCKS_BAD_ADDRESS = 8,
};

#define CR_SOCKS_INPUT_MAX 513 /* the longest message: a user and a password of 255 bytes */
#define CR_SOCKS_REPLY_MAX 10

struct cr_socks {
	uint8_t reply[CR_SOCKS_REPLY_MAX]; /* to send after a call, before all else */
	size_t reply_len;                  /* 0: nothing to send */
	enum cr_host_kind kind;            /* after DONE: NAME, ADDR4 or ADDR6 */
	char host[CR_MAX_HOST + 1];        /* canonical, an IPv6 address without brackets */
	uint8_t addr[16];                  /* of ADDR4 (first 4 bytes) and ADDR6, network order */
	uint16_t port;
	const char *why; /* after BAD: static text */

	/* private */
	enum cr_socks_state { CR_SOCKS_GREETING, CR_SOCKS_LOGIN, CR_SOCKS_REQUEST } state;
	const char *user, *password;
};

/* `user` and `password` (borrowed, as long as *socks is used) are demanded; both NULL: neither, and
 * then a client that offers only a password is refused. */
void cr_socks_init(struct cr_socks *socks, const char *user, const char *password);

/*
 * Reads the greeting, the login or the request: `data` begins with the first byte not yet used,
 * *used is how many of them were. MORE: send socks->reply if there is one, then go on (bytes behind
 * a message are read by the next call). DONE: a CONNECT to host and port was asked; the caller
 * answers it with cr_socks_reply, and what is behind *used belongs to the connection. OTHER: not
 * SOCKS (the first byte is neither 4 nor 5). BAD: send socks->reply if there is one, and close; the
 * reader is not to be used after any answer but MORE.
 */
enum cr_look cr_socks_feed(struct cr_socks *socks, const uint8_t *data, size_t len, size_t *used);

/* Writes the answer to a request, with 0.0.0.0:0 as the bound address. Returns its length, 10. */
size_t cr_socks_reply(int code, uint8_t out[CR_SOCKS_REPLY_MAX]);

#endif
