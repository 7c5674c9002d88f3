/* ID tokens of OpenID Connect (Core 1.0, section 3.1.3.7): who a provider says somebody is. */
#ifndef HEARTH_ACCESS_ID_TOKEN_H
#define HEARTH_ACCESS_ID_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/jwks.h"
#include "base/arena.h"

enum { ID_TOKEN_LEEWAY_S = 60 };

struct id_token_rules {
    const char *const *clients; /* ours, NULL-terminated: the audience and the authorised party */
    const char *issuer; /* where it begins with https://, the rest alone is taken for it as well */
    const char *nonce;  /* that the flow set; NULL: none was */
    int64_t now_s;
};

struct id_token {
    const char *subject;       /* the provider's name for the person, for ever */
    const char *email;         /* NULL: not told */
    const char *name;          /* NULL: not told */
    const char *picture;       /* an https URL; NULL: not told, or too long */
    const char *hosted_domain; /* of an organisation that the provider runs; NULL: none */
    bool email_verified;
    const char *complaint; /* NULL, or why it was refused, for the log; holds nothing of it */
};

enum id_token_verdict {
    ID_TOKEN_GOOD,
    ID_TOKEN_UNKNOWN_KEY, /* signed by a key that jwks does not hold: it may be a new one */
    ID_TOKEN_REFUSED,
};

/* Verifies signature and claims. Only RS256 and ES256 count, whatever the token's head says, and
 * only a key of that kind. iat and nbf may be ahead of our clock by the leeway; exp may not have
 * passed. What is read lives in the arena. */
enum id_token_verdict id_token_verify(const char *text, const struct jwks *jwks,
                                      const struct id_token_rules *rules, struct arena *arena,
                                      struct id_token *token);

#endif
