/* HMAC with SHA-256 (RFC 2104), on the stack: for what is checked with every request. */
#ifndef HEARTH_ACCESS_HMAC_H
#define HEARTH_ACCESS_HMAC_H

#include <stddef.h>

#include "base/sha256.h"

/* A key, prepared: both of its blocks are hashed already. */
struct hmac_key {
    struct sha256 inner, outer;
};

void hmac_key_init(struct hmac_key *key, const void *secret, size_t length);

/* A key of its own for one purpose, made of a secret that serves several. */
void hmac_key_derive(struct hmac_key *key, const char *secret, const char *purpose);

/* Signs two pieces as one text, the first of which always has the same length. */
void hmac_sign(const struct hmac_key *key, const void *first, size_t first_length,
               const void *second, size_t second_length, unsigned char signature[SHA256_BYTES]);

#endif
