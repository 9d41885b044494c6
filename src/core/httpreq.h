/*
 * httpreq.h - requests of HTTP/1.x, read as strictly as the standard allows (RFC 9110, 9112).
 *
 * Pure. For a connection made by name: every request of it must carry that name (struct cr_http).
 * For the proxy's listener: one head that says where to go (struct cr_http_proxy). What two servers
 * might read in two ways is refused, never repaired.
 */
#ifndef CR_HTTPREQ_H
#define CR_HTTPREQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "limits.h"
#include "look.h"

enum cr_http_state {
	CR_HTTP_HEAD,
	CR_HTTP_BODY,
	CR_HTTP_CHUNK_SIZE,
	CR_HTTP_CHUNK_DATA,
	CR_HTTP_CHUNK_END,
	CR_HTTP_TRAILERS,
	CR_HTTP_BROKEN, /* BAD or OTHER was returned: it stays so */
};

struct cr_http_scan {
	size_t seen; /* bytes already looked at for the end of a head */
	size_t line; /* where among them the line begins that is looked at */
};

struct cr_http {
	const char *why; /* after BAD: static text, as "Host differs"; otherwise NULL */

	/* private */
	char name[CR_MAX_HOST + 1];
	uint16_t port;
	enum cr_http_state state;
	bool begun; /* one head was good: from now on OTHER is BAD */
	bool other; /* BROKEN by OTHER */
	struct cr_http_scan scan;
	uint64_t left; /* bytes of body or chunk still to come */
};

/*
 * Begins the client's side of a connection to `name` (canonical: host.h; an IPv6 address without
 * brackets) and `port`.
 */
void cr_http_init(struct cr_http *http, const char *name, uint16_t port);

/*
 * Looks at what the client sent: `data` begins with the first byte not yet released. *used is how
 * many leading bytes were checked and may be sent on now, whatever is returned; the caller keeps
 * the rest and gives it again with more behind it. A head is released only when it is whole and
 * good, so up to CR_HTTP_HEAD_MAX bytes are kept; when that many are given, the answer is never
 * MORE with *used 0. MORE: go on. OTHER: only at the start of the stream, when it is not HTTP/1.
 * BAD: refuse, http->why says why. DONE is never returned.
 */
enum cr_look cr_http_feed(struct cr_http *http, const uint8_t *data, size_t len, size_t *used);

/* The request at the head of a proxy's connection. */
struct cr_http_proxy {
	bool connect;               /* CONNECT; otherwise a request for an http:// URL */
	enum cr_host_kind kind;     /* NAME, ADDR4 or ADDR6 */
	char host[CR_MAX_HOST + 1]; /* canonical, an IPv6 address without brackets */
	uint8_t addr[16];           /* of ADDR4 (first 4 bytes) and ADDR6, network order */
	uint16_t port;
	size_t head_len; /* bytes of the head, empty line included */
	const char *why; /* after BAD: static text */

	/* private */
	size_t path_at, path_len; /* of an http:// URL; a path that is empty is sent as / */
};

/*
 * Reads the head of one request to a proxy from `data`. MORE until it is whole; DONE fills *out;
 * OTHER when it is not HTTP/1; BAD with out->why, also for a URL of another scheme or with a user,
 * for a spelling of a host that cr_host_parse refuses, and for what cr_http_feed refuses.
 */
enum cr_look cr_http_proxy_read(const uint8_t *data, size_t len, struct cr_http_proxy *out);

/*
 * Rewrites the head `data` of out->head_len bytes, which cr_http_proxy_read found good and not a
 * CONNECT, for the origin server: path instead of URL, Host as the URL says, no Proxy-* and no
 * header of one hop, and `Connection: close`, because the client's next request may be for another
 * host. Returns the bytes written to `out`, at most head_len + 64; 0 when `size` is too small. The
 * result, and the body behind it, still goes through cr_http_feed.
 */
size_t cr_http_proxy_rewrite(const uint8_t *data, const struct cr_http_proxy *proxy, uint8_t *out,
			     size_t size);

#endif
