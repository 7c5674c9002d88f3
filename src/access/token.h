/* Access tokens: signed claims (JWT, RFC 7519 and 9068) that say which sign-in of which account is
 * calling. Settings: JWT_ALGORITHM (HS256, EdDSA, RS256), AUTH_SECRET and JWT_PREVIOUS_SECRETS or
 * JWT_KEY_FILES (the first signs, all verify), JWT_ISSUER, JWT_AUDIENCE, ACCESS_TOKEN_TTL. */
#ifndef HEARTH_ACCESS_TOKEN_H
#define HEARTH_ACCESS_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/settings.h"

struct tokens; /* the keys; const after opening, for any thread */

enum { TOKEN_LEEWAY_S = 30 }; /* how far the clocks of two hosts may be apart */

/* Reads the keys; borrows the settings. false: a key file cannot be read or is open to everybody,
 * the first one is no private key for JWT_ALGORITHM, or a key is too weak. */
bool tokens_open(const struct settings *settings, struct tokens **tokens, struct error *err)
    __attribute__((warn_unused_result));
void tokens_close(struct tokens *tokens); /* NULL is fine; secrets are wiped */

struct token_claims {
    const char *account_id, *sign_in_id; /* UUIDs */
    const char *id;                      /* jti */
    int64_t issued_s, expires_s;         /* time of day */
};

/* Signs a token with iss, aud, sub and user_id (the account), sid (the sign-in), jti, iat, nbf, exp
 * and token_type "access". */
const char *token_issue(const struct tokens *tokens, const struct token_claims *claims,
                        struct arena *arena) __attribute__((returns_nonnull));

/* Reads a token that came from outside. true only when one of our keys signed it, by that key's own
 * algorithm, as an access token (typ at+jwt and token_type), of this issuer for this audience, and
 * now_s lies in its time. The claims are in the arena. Otherwise ERROR_TOKEN_NOT_VALID; that its
 * sign-in still lasts is not known here. */
bool token_verify(const struct tokens *tokens, const char *text, size_t length, int64_t now_s,
                  struct token_claims *claims, struct arena *arena, struct error *err)
    __attribute__((warn_unused_result));

/* The public keys as a JWK set (RFC 7517), borrowed; without any where the keys are secrets. */
const char *tokens_public_keys(const struct tokens *tokens);

/* What only who has AUTH_SECRET can say of a text, for one purpose: 43 characters of base64url, in
 * the arena. */
const char *tokens_mark(const struct tokens *tokens, const char *purpose, const char *text,
                        struct arena *arena);

#endif
