/*
 * keyhash.c - SipHash-2-4 from its paper ("SipHash: a fast short-input PRF", section 2), byte by
 * byte. Must never be taken where a cryptographic digest is needed.
 */
#include "keyhash.h"

static uint64_t rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static void half_round(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d, const unsigned by[2])
{
	*a += *b;
	*c += *d;
	*b = rotate(*b, by[0]) ^ *a;
	*d = rotate(*d, by[1]) ^ *c;
	*a = rotate(*a, 32);
}

static void mix(struct cr_keyhash *hash, int rounds)
{
	static const unsigned first[2] = {13, 16}, second[2] = {17, 21};
	uint64_t *v = hash->v;

	while (rounds-- > 0) {
		half_round(&v[0], &v[1], &v[2], &v[3], first);
		half_round(&v[2], &v[1], &v[0], &v[3], second);
	}
}

static void take(struct cr_keyhash *hash, uint64_t block)
{
	hash->v[3] ^= block;
	mix(hash, 2);
	hash->v[0] ^= block;
}

void cr_keyhash_begin(struct cr_keyhash *hash, const uint64_t key[2])
{
	*hash = (struct cr_keyhash){
		.v = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
		      key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u},
	};
}

void cr_keyhash_add(struct cr_keyhash *hash, const void *bytes, size_t len)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < len; i++) {
		hash->tail |= (uint64_t)byte[i] << 8 * (hash->len % 8);
		if (++hash->len % 8 == 0) {
			take(hash, hash->tail);
			hash->tail = 0;
		}
	}
}

void cr_keyhash_add64(struct cr_keyhash *hash, uint64_t value)
{
	unsigned char bytes[8];

	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(value >> 8 * i);
	cr_keyhash_add(hash, bytes, sizeof(bytes));
}

uint64_t cr_keyhash_end(struct cr_keyhash *hash)
{
	take(hash, hash->tail | hash->len << 56);
	hash->v[2] ^= 0xff;
	mix(hash, 4);
	return hash->v[0] ^ hash->v[1] ^ hash->v[2] ^ hash->v[3];
}
