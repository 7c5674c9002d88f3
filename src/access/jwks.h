/* A set of public keys (RFC 7517) by which a provider's tokens are verified: those of it that are
 * fit for that. */
#ifndef HEARTH_ACCESS_JWKS_H
#define HEARTH_ACCESS_JWKS_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum { JWKS_KEYS_MAX = 32 };

struct jwk {
    const char *id;
    const char *algorithm; /* the one it may verify: "RS256" or "ES256" */
    EVP_PKEY *key;
};

struct jwks {
    struct jwk keys[JWKS_KEYS_MAX];
    size_t count;
};

/* Reads a document {"keys": [...]}. Kept are keys with an id of their own, for signatures, of RSA
 * with 2048 to 8192 bits (RS256) or on P-256 (ES256); others are left out, as are those past the
 * first 32. NULL where it is no such document or no key is left. The arena owns the keys. */
const struct jwks *jwks_parse(const char *text, size_t length, struct arena *arena);

/* The key of this id and algorithm, or NULL. */
const struct jwk *jwks_find(const struct jwks *jwks, const char *id, const char *algorithm);

/* Whether this is the key's signature over text, as RFC 7518 writes it. */
bool jwk_verify(const struct jwk *key, const char *text, size_t length,
                const unsigned char *signature, size_t signature_length);

#endif
