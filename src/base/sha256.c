/* SHA-256 by OpenSSL's low-level calls: they use the processor's instructions as EVP does. */
#define OPENSSL_API_COMPAT 10101 /* they are deprecated since 3.0 in favour of EVP */
#include "base/sha256.h"

#include <openssl/sha.h>

_Static_assert(sizeof(struct sha256) == sizeof(SHA256_CTX), "the context fits exactly");

void
sha256_init(struct sha256 *digest)
{
    SHA256_Init((SHA256_CTX *)digest);
}

void
sha256_add(struct sha256 *digest, const void *bytes, size_t count)
{
    SHA256_Update((SHA256_CTX *)digest, bytes, count);
}

void
sha256_add_piece(struct sha256 *digest, const void *bytes, size_t count)
{
    unsigned char length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)((uint64_t)count >> (56 - 8 * i));
    sha256_add(digest, length, sizeof(length));
    sha256_add(digest, bytes, count);
}

void
sha256_end(struct sha256 *digest, unsigned char *bytes)
{
    SHA256_Final(bytes, (SHA256_CTX *)digest);
}

void
hex_format(char *text, const unsigned char *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * count] = '\0';
}
