/*
 * dnsmsg.h - DNS messages of a box: read one query, write its answer (RFC 1035, 2308, 6891).
 *
 * Pure. The two-byte length of DNS over TCP is the caller's. Nothing here ever asks another
 * server; a query that cannot be for an allowed name is told apart before any rule is asked.
 */
#ifndef CR_DNSMSG_H
#define CR_DNSMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"

enum cr_dns_type {
	CR_DNS_A = 1,
	CR_DNS_CNAME = 5,
	CR_DNS_SOA = 6,
	CR_DNS_PTR = 12,
	CR_DNS_AAAA = 28,
	CR_DNS_OPT = 41,
	CR_DNS_SVCB = 64,
	CR_DNS_HTTPS = 65,
};

enum cr_dns_rcode {
	CR_DNS_NOERROR = 0,
	CR_DNS_FORMERR = 1,
	CR_DNS_SERVFAIL = 2,
	CR_DNS_NXDOMAIN = 3,
	CR_DNS_NOTIMP = 4,
	CR_DNS_REFUSED = 5,
	CR_DNS_BADVERS = 16, /* of EDNS; its upper bits stand in the OPT record */
};

#define CR_DNS_HEADER       12  /* bytes before the question */
#define CR_DNS_NAME_MAX     255 /* bytes of a name in wire form (RFC 1035, 2.3.4) */
#define CR_DNS_LABEL_MAX    63
#define CR_DNS_IN           1    /* the class of all that is asked */
#define CR_DNS_UDP_MIN      512  /* what every client takes (RFC 1035, 4.2.1) */
#define CR_DNS_UDP_MAX      1232 /* what we say we take, and the most we send by UDP */
#define CR_DNS_NEGATIVE_TTL 5    /* seconds for which a "no" may be kept */

struct cr_dns_query {
	uint16_t id, flags, type, class_; /* host order */
	char name[CR_MAX_HOST + 1];       /* canonical (host.h); "" unless 0 was returned */
	size_t question_len;              /* bytes behind the header to echo; 0: no question */
	bool edns;
	uint16_t udp_size; /* largest answer by UDP: CR_DNS_UDP_MIN..CR_DNS_UDP_MAX */
};

/*
 * Reads a query. Returns -1 when it is to be dropped without an answer (shorter than a header, or
 * itself an answer), otherwise the cr_dns_rcode to answer with, CR_DNS_NOERROR for a good one.
 * *out is filled as far as it was read in either case, enough for cr_dns_answer. NXDOMAIN is for
 * names which no rule can have: bad characters, over-long, the root, spellings of addresses. A
 * label is compared as bytes: one that holds a dot or NUL is a bad character, not two labels.
 */
int cr_dns_parse_query(const uint8_t *msg, size_t len, struct cr_dns_query *out);

/* One answer; its owner is the question's name. `data` is RDATA, borrowed for the call. */
struct cr_dns_record {
	uint16_t type;
	uint32_t ttl; /* seconds */
	const uint8_t *data;
	uint16_t len;
};

struct cr_dns_reply {
	int rcode;
	const struct cr_dns_record *records; /* all or none of them are sent */
	size_t n_records;
};

/*
 * Writes the answer to the `query` which was read from `msg`: same id, RD and CD, the question's
 * bytes in the client's own letter case, QR and RA set, AA and AD not; an OPT record when the query
 * had one. NXDOMAIN and an empty NOERROR carry a SOA of the root, so that they may be kept for
 * CR_DNS_NEGATIVE_TTL. When not all records fit in `size`, none is sent and TC is set. `size` is
 * at most query->udp_size for UDP, up to 65535 for TCP. Returns the bytes written; 0 when not
 * even the question fits.
 */
size_t cr_dns_answer(const uint8_t *msg, const struct cr_dns_query *query,
		     const struct cr_dns_reply *reply, uint8_t *out, size_t size);

/*
 * The address in a canonical name under in-addr.arpa (*family 4, 4 bytes of `addr`) or ip6.arpa
 * (*family 6, 16 bytes), network order. False for any but the full and exact form: no leading
 * zeros, 4 numbers or 32 nibbles. `addr` is only written when true.
 */
bool cr_dns_reverse(const char *name, int *family, uint8_t addr[16]);

/*
 * A canonical name in wire form, uncompressed (RDATA of PTR). Returns the bytes written; 0 when
 * `size` is too small (255 is always enough) or a label is empty or over 63 bytes.
 */
size_t cr_dns_put_name(const char *name, uint8_t *out, size_t size);

/*
 * RDATA of SVCB or HTTPS (RFC 9460) that says nothing but "this name itself": priority 1, target
 * ".", no parameters, so neither ECH nor address hints. Returns 3; 0 when `size` is smaller.
 */
size_t cr_dns_put_svcb(uint8_t *out, size_t size);

#endif
