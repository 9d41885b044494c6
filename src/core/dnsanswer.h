/*
 * dnsanswer.h - DNS messages of the host's name servers: write one question, read its answer
 * (RFC 1035).
 *
 * Pure. The two-byte length of DNS over TCP is the caller's. What an answer says is only where a
 * name leads: whether that may be dialled is judged elsewhere.
 */
#ifndef CR_DNSANSWER_H
#define CR_DNSANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "netmsg.h"

#define CR_DNS_QUESTION_MAX 271 /* bytes of a question: header, name, type and class */
#define CR_DNS_CHAIN_MAX    16  /* CNAMEs from the asked name to the one that has the addresses */

struct cr_dns_asked {
	uint16_t id;      /* not to be guessed by others */
	uint16_t type;    /* CR_DNS_A or CR_DNS_AAAA */
	const char *name; /* canonical (host.h), borrowed */
};

/* Writes the question, with recursion desired. Returns its bytes; 0 when `size` is too small
 * (CR_DNS_QUESTION_MAX is always enough) or the name has a label of over 63 bytes. */
size_t cr_dns_put_question(const struct cr_dns_asked *asked, uint8_t *out, size_t size);

/*
 * Reads the addresses that the answer to this question gives the name, in its order and with port
 * 0. Only records of the name count, or of the one that its CNAMEs lead to, in whatever order they
 * stand; the others, and the sections after the answers, are not looked at. Returns how many were
 * written, at most `max`: 0 when there is no such name or it has none. -1 when another server may
 * know more: the answer is cut, malformed, to another question, a failure or a refusal, or its
 * CNAMEs are too many or lead round. `out` may have been written then.
 */
int cr_dns_read_answer(const uint8_t *msg, size_t len, const struct cr_dns_asked *asked,
		       struct cr_net_addr *out, size_t max);

#endif
