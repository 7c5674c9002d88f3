/* What the parts of sign-ins share. Only sign_in.c, refresh.c and throttle.c include this. */
#ifndef HEARTH_ACCESS_SIGN_IN_PRIVATE_H
#define HEARTH_ACCESS_SIGN_IN_PRIVATE_H

#include "access/sign_in.h"
#include "base/sha256.h"
#include "store/store.h"

/* A secret of 256 random bits and what the store keeps of it. */
struct sign_in_secret {
    const char *text; /* 43 characters of base64url */
    const char *hash; /* as a parameter: bytea */
};

void sign_in_secret_make(struct sign_in_secret *secret, struct arena *arena);
const char *sign_in_secret_hash(const char *text, struct arena *arena);

/* Fills the tokens of a sign-in, of which id and account_id are known, and lets this host remember
 * it. */
void sign_in_give(struct request *request, const char *refresh, struct sign_in *sign_in);

/* Ends one in a transaction of its own: *ended says whether it still went on. */
struct sign_in_end {
    const char *id, *account_id, *reason;
};
bool sign_in_end_one(struct request *request, const struct sign_in_end *end, bool *ended,
                     struct error *err) __attribute__((warn_unused_result));

#endif
