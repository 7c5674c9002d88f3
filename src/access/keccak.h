/* Keccak-256 as Ethereum uses it: the sponge of SHA-3 with the padding it had before FIPS 202, so
 * its digests differ from SHA3-256's. */
#ifndef HEARTH_ACCESS_KECCAK_H
#define HEARTH_ACCESS_KECCAK_H

#include <stddef.h>

#include <nettle/sha3.h>

enum { KECCAK256_BYTES = 32 };

struct keccak256 {
    struct sha3_256_ctx sponge; /* absorbs alike; only the end differs */
};

void keccak256_init(struct keccak256 *digest);
void keccak256_add(struct keccak256 *digest, const void *bytes, size_t count);

/* Writes the digest. To be initialised again before more is added. */
void keccak256_end(struct keccak256 *digest, unsigned char bytes[static KECCAK256_BYTES]);

#endif
