/*
 * special.h - addresses that are not a host of the public internet.
 *
 * Pure. The table is that of IANA's special-purpose registries, with multicast and what is
 * reserved. A name may resolve to anything; these are what it must not lead into.
 */
#ifndef CR_SPECIAL_H
#define CR_SPECIAL_H

#include <stdint.h>

/*
 * Returns NULL for a globally reachable unicast address, otherwise static text that says what it
 * is ("loopback", "private use", "link local" ...). `family` is 4 or 6 (anything else is special),
 * `addr` 4 or 16 bytes in network order. An IPv6 address that carries an IPv4 address (mapped,
 * NAT64) is judged by that; of the tunnels (6to4, Teredo, ISATAP) none is let through.
 */
const char *cr_special_address(int family, const uint8_t *addr);

#endif
