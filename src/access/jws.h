/* Signed compact tokens (JWS, RFC 7515) as they come from outside: taken apart strictly, before
 * anything of them is believed. Checking the signature is for who knows the keys. */
#ifndef HEARTH_ACCESS_JWS_H
#define HEARTH_ACCESS_JWS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"

enum { JWS_MAX_BYTES = 4096 };

struct jws {
    const char *algorithm; /* as its header says; no more than a claim */
    const char *key;       /* kid; NULL where the header has none */
    const char *type;      /* typ; NULL where the header has none */
    const char *covered;   /* what the signature is over; borrowed from the text */
    size_t covered_length;
    const unsigned char *signature;
    size_t signature_length;
    const json_t *payload; /* a JSON object */
};

/* Takes a token apart, in the arena. false with ERROR_TOKEN_NOT_VALID for one over JWS_MAX_BYTES;
 * for other than three parts of canonical base64url (RFC 4648, section 5, without padding); for a
 * header or payload that is no JSON object, has a member twice or is not UTF-8; and for a header
 * with other members than alg, kid and typ: so nothing critical that is not understood ("crit"),
 * and no key or place of a key of the sender's own ("jwk", "jku", "x5u", "x5c"; RFC 8725, 3.10). */
bool jws_read(const char *text, size_t length, struct arena *arena, struct jws *jws,
              struct error *err) __attribute__((warn_unused_result));

/* base64url without padding, NUL-terminated, in the arena. */
char *jws_encode(const void *bytes, size_t length, struct arena *arena);

#endif
