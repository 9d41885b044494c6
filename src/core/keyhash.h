/*
 * keyhash.h - a keyed hash: SipHash-2-4 (Aumasson and Bernstein, 2012).
 *
 * For numbers that must differ for different inputs though somebody who does
 * not know the key chose the inputs. It hides nothing and signs nothing.
 */
#ifndef CR_KEYHASH_H
#define CR_KEYHASH_H

#include <stddef.h>
#include <stdint.h>

struct cr_keyhash {
	uint64_t v[4];
	uint64_t tail; /* bytes not yet taken in, the first lowest */
	uint64_t len;  /* of all that was added */
};

void cr_keyhash_begin(struct cr_keyhash *hash, const uint64_t key[2]);
void cr_keyhash_add(struct cr_keyhash *hash, const void *bytes, size_t len);

/* Adds eight bytes, the lowest first, whatever the machine's order is. */
void cr_keyhash_add64(struct cr_keyhash *hash, uint64_t value);

uint64_t cr_keyhash_end(struct cr_keyhash *hash);

#endif
