/* SHA-256 over several pieces. A digest on the stack: nothing to allocate, fetch or free, which for
 * the short texts of keys is most of the cost of OpenSSL's newer interface. */
#ifndef HEARTH_BASE_SHA256_H
#define HEARTH_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32 };

struct sha256 {
    uint32_t opaque[28]; /* a SHA256_CTX of OpenSSL */
};

void sha256_init(struct sha256 *digest);
void sha256_add(struct sha256 *digest, const void *bytes, size_t count);

/* Adds the length as eight bytes, then the bytes: two lists of pieces never look alike. */
void sha256_add_piece(struct sha256 *digest, const void *bytes, size_t count);
void sha256_end(struct sha256 *digest, unsigned char *bytes);

/* Lower-case hex of count bytes and a NUL: 2 * count + 1 characters. */
void hex_format(char *text, const unsigned char *bytes, size_t count);

#endif
