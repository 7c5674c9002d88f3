/* Keccak-256 on the public parts of nettle's SHA-3. */
#include "access/keccak.h"

#include <string.h>

void
keccak256_init(struct keccak256 *digest)
{
    sha3_256_init(&digest->sponge);
}

void
keccak256_add(struct keccak256 *digest, const void *bytes, size_t count)
{
    sha3_256_update(&digest->sponge, count, bytes);
}

/* The first and the last bit of what fills the block are set (Keccak's "pad10*1"), with none of the
 * two bits before them that FIPS 202 added. */
static void
pad(struct sha3_256_ctx *sponge)
{
    memset(sponge->block + sponge->index, 0, sizeof(sponge->block) - sponge->index);
    sponge->block[sponge->index] = 0x01;
    sponge->block[sizeof(sponge->block) - 1] |= 0x80;
}

/* Bytes are the little end first in the sponge's words, whatever the processor's order. */
static void
absorb(struct sha3_256_ctx *sponge)
{
    for (size_t i = 0; i < sizeof(sponge->block); i++)
        sponge->state.a[i / 8] ^= (uint64_t)sponge->block[i] << (8 * (i % 8));
    sha3_permute(&sponge->state);
}

void
keccak256_end(struct keccak256 *digest, unsigned char bytes[static KECCAK256_BYTES])
{
    pad(&digest->sponge);
    absorb(&digest->sponge);
    for (size_t i = 0; i < KECCAK256_BYTES; i++)
        bytes[i] = (unsigned char)(digest->sponge.state.a[i / 8] >> (8 * (i % 8)));
}
