/*
 * host.h - host patterns of `connect` rules: name, *.suffix, address or *, and ports.
 *
 * Pure. Names are canonicalised once, here: lower case, no trailing dot, IDNA A-labels as
 * written (non-ASCII names are refused with the hint to write the xn-- form). Odd spellings of
 * addresses (octal, hexadecimal, short, decimal) are refused, not normalised.
 */
#ifndef CR_HOST_H
#define CR_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "err.h"
#include "limits.h"

enum cr_host_kind {
	CR_HOST_ANY,    /* * */
	CR_HOST_SUFFIX, /* *.example.com: sub-domains only; name holds "example.com" */
	CR_HOST_NAME,
	CR_HOST_ADDR4,
	CR_HOST_ADDR6, /* written [2001:db8::1]:443 */
};

struct cr_host {
	enum cr_host_kind kind;
	const char *name;          /* canonical text, in the arena; "*" for ANY */
	uint8_t addr[16];          /* ADDR4: first 4 bytes; ADDR6: 16; network order */
	uint16_t port_lo, port_hi; /* inclusive; 0..65535 for "*" */
};

/* Parses "host:port" of a rule. 0, or -1 with CR_E_SYNTAX or CR_E_NOMEM and a hint. */
int cr_host_parse(struct cr_arena *arena, const char *text, struct cr_host *out,
		  struct cr_err *err);

/* One host without a port, in memory of its own. */
struct cr_host_name {
	enum cr_host_kind kind;     /* NAME, ADDR4 or ADDR6 */
	char text[CR_MAX_HOST + 1]; /* canonical, an IPv6 address without brackets */
	uint8_t addr[16];           /* as in struct cr_host */
};

/*
 * Reads a host as a URL has it: a name, four decimal numbers, or an IPv6 address in brackets; no
 * patterns. `text` need not end with NUL and may hold any bytes. 0, or -1 (*out untouched) for
 * whatever cr_host_parse refuses.
 */
int cr_host_read(const char *text, size_t len, struct cr_host_name *out);

/*
 * The canonical form of a host name: lower case, one trailing dot removed. `text` as above. 0,
 * or -1 (`out` untouched) for anything else, spellings of addresses among them.
 */
int cr_host_canonical_name(const char *text, size_t len, char out[CR_MAX_HOST + 1]);

/* A port in decimal, without leading zeros: 1..65535, or -1 for anything else. */
int cr_host_read_port(const char *text, size_t len);

/* The text of an address (`family` 4 or 6), as cr_host_read spells it; IPv6 as in RFC 5952. */
void cr_host_print_addr(int family, const uint8_t *addr, char out[48]);

/* 127.0.0.0/8 or ::1. `family` 4 or 6. */
bool cr_host_is_loopback(int family, const uint8_t *addr);

/* The name of this machine's loopback, which programs look up by themselves: as a pattern it covers
 * 127.0.0.1 and ::1 as well. */
bool cr_host_is_localhost(const struct cr_host *host);

/* Does the pattern name single addresses: one, or the two of localhost? */
bool cr_host_names_address(const struct cr_host *pattern);

/*
 * How specific `pattern` is for the exact (kind NAME, ADDR4 or ADDR6, one port) `target`:
 * -1 when it does not match, otherwise larger is more specific: exact > longer suffix >
 * shorter suffix > any; at equal host, one port > smaller range > larger range.
 */
int cr_host_covers(const struct cr_host *pattern, const struct cr_host *target);

#endif
