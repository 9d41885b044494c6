/*
 * names.h - the names that were given addresses inside a box, and those addresses.
 *
 * Pure but for memory. A name keeps its address as long as the table lives. No hash is used: the
 * box chooses the names, and a sorted list has no bad choice.
 */
#ifndef CR_NAMES_H
#define CR_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cr_names;

/* A new, empty table, owned by the caller; NULL when memory is out. */
struct cr_names *cr_names_new(void);

/* NULL is a no-op. */
void cr_names_free(struct cr_names *names);

/*
 * The index of a canonical name (host.h), which is added when it is not there yet. 0 with *index
 * (0, 1, 2 ... in the order of adding); -1 when there are CR_MAX_NAMES, the name is empty or longer
 * than CR_MAX_HOST, or memory is out.
 */
int cr_names_add(struct cr_names *names, const char *name, uint32_t *index);

/* How many names there are. */
size_t cr_names_count(const struct cr_names *names);

/*
 * The addresses of an index below CR_MAX_NAMES, network order. IPv4: from 198.18.1.1 on, none that
 * ends in 0 or 255; 198.18.0.0/24 is left to carrel itself. IPv6: in fd63:6172:7265:6c::/64
 * from ...::1:0 on, what is below is left to carrel.
 */
void cr_names_addr4(uint32_t index, uint8_t out[4]);
void cr_names_addr6(uint32_t index, uint8_t out[16]);

/*
 * The name behind an address (`family` 4 or 6; 4 or 16 bytes, network order); borrowed, it lives
 * as long as the table. NULL when it is nobody's.
 */
const char *cr_names_find(const struct cr_names *names, int family, const uint8_t *addr);

/* True in 198.18.0.0/15 and fd63:6172:7265:6c::/64, given to a name or not. */
bool cr_names_is_synthetic(int family, const uint8_t *addr);

#endif
