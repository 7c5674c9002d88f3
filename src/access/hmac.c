/* Two nested digests. */
#include "access/hmac.h"

#include <string.h>

enum { BLOCK_BYTES = 64 };

static void
begin(struct sha256 *digest, const unsigned char *block, unsigned char pad)
{
    unsigned char bytes[BLOCK_BYTES];
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        bytes[i] = block[i] ^ pad;
    sha256_init(digest);
    sha256_add(digest, bytes, sizeof(bytes));
    explicit_bzero(bytes, sizeof(bytes));
}

void
hmac_key_init(struct hmac_key *key, const void *secret, size_t length)
{
    unsigned char block[BLOCK_BYTES] = {0};
    if (length > sizeof(block)) {
        struct sha256 digest;
        sha256_init(&digest);
        sha256_add(&digest, secret, length);
        sha256_end(&digest, block);
    } else {
        memcpy(block, secret, length);
    }
    begin(&key->inner, block, 0x36);
    begin(&key->outer, block, 0x5c);
    explicit_bzero(block, sizeof(block));
}

void
hmac_key_derive(struct hmac_key *key, const char *secret, const char *purpose)
{
    unsigned char derived[SHA256_BYTES];
    struct hmac_key root;
    hmac_key_init(&root, secret, strlen(secret));
    hmac_sign(&root, "hearth", 6, purpose, strlen(purpose), derived);
    hmac_key_init(key, derived, sizeof(derived));
    explicit_bzero(derived, sizeof(derived));
    explicit_bzero(&root, sizeof(root));
}

void
hmac_sign(const struct hmac_key *key, const void *first, size_t first_length, const void *second,
          size_t second_length, unsigned char signature[SHA256_BYTES])
{
    struct sha256 digest = key->inner;
    sha256_add(&digest, first, first_length);
    sha256_add(&digest, second, second_length);
    sha256_end(&digest, signature);
    digest = key->outer;
    sha256_add(&digest, signature, SHA256_BYTES);
    sha256_end(&digest, signature);
}
