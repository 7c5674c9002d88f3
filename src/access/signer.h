/* A key that signs or verifies by one algorithm: a secret (HS256) or a key pair (EdDSA with
 * Ed25519, RS256), known by its kid. */
#ifndef HEARTH_ACCESS_SIGNER_H
#define HEARTH_ACCESS_SIGNER_H

#include <openssl/evp.h>
#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum { SIGNER_ID_BYTES = 44, SIGNATURE_MAX_BYTES = 1024 };

struct signer {
    const char *algorithm;               /* "HS256", "EdDSA", "RS256" */
    char id[SIGNER_ID_BYTES];            /* kid: RFC 7638's thumbprint, or one of the secret */
    bool can_sign;                       /* has the secret or the private half */
    crypto_auth_hmacsha256_state secret; /* HS256: after the secret was put in */
    EVP_PKEY *pair;                      /* the others */
};

void signer_of_secret(struct signer *signer, const char *secret, size_t length);

/* Reads a private or public key in PEM. false, naming the file: it cannot be read, others than its
 * owner and group may read or write a private one, it is encrypted, or it is neither Ed25519 nor
 * RSA of 2048 to 8192 bits. */
bool signer_of_file(struct signer *signer, const char *path, struct error *err)
    __attribute__((warn_unused_result));
void signer_release(struct signer *signer);

/* Fills signature (SIGNATURE_MAX_BYTES) and returns its length; 0 where it cannot sign. */
size_t signer_sign(const struct signer *signer, const char *text, size_t length,
                   unsigned char *signature);
bool signer_verify(const struct signer *signer, const char *text, size_t length,
                   const unsigned char *signature, size_t signature_length);

/* The public half as a JWK with alg, kid and use; NULL for a secret. In the arena. */
const char *signer_public_key(const struct signer *signer, struct arena *arena);

#endif
