/* Rate limits of requests: which bucket, whose, and what the answer says of it. */
#ifndef HEARTH_ACCESS_LIMITS_H
#define HEARTH_ACCESS_LIMITS_H

#include <stdbool.h>

#include "host/limit.h"
#include "http/request.h"
#include "http/route.h"

struct limit_verdict {
    const char *name; /* "process", "key"; NULL: no limit applied */
    struct rate rate;
    struct limit_state state;
};

/* Takes one from the bucket of the request's caller, or of its address where nobody is known: of
 * its route's class, or of the caller's own rate where it has one. All of an IPv6 /64 count as one
 * address, ::ffff:192.0.2.1 as 192.0.2.1. false with ERROR_RATE_LIMITED and a time to come back;
 * with ERROR_WOULD_WAIT on the front lane where hosts share their limits. */
bool limits_take(struct request *request, struct limit_verdict *verdict, struct error *err)
    __attribute__((warn_unused_result));

/* Counts a wrong credential from the request's address, in a bucket of its own under
 * RATE_LIMIT_AUTH. As limits_take() otherwise. */
bool limits_take_failure(struct request *request, struct limit_verdict *verdict, struct error *err)
    __attribute__((warn_unused_result));

/* Whether the database may be asked for a key or cookie of which this host knows nothing. Each one
 * that was made up costs a query, so those of an address are bounded, and those of all: what the
 * host knows is not held up by them. A share is kept for addresses that have sent nothing unknown
 * lately, so that those who do leave some to others. false with ERROR_RATE_LIMITED where the
 * address has asked for many that were none, or ERROR_AUTH_UNAVAILABLE where all together have;
 * both with a time to come back. On this host alone, whatever RATE_LIMIT_SCOPE is. */
bool limits_may_look_up(struct request *request, struct error *err)
    __attribute__((warn_unused_result));

/* The database did not know the credential. */
void limits_note_unknown(struct request *request);

/* Whom limits count the request for: the caller's tenant, or the address. In development everybody
 * is one tenant, but not one client. */
const char *limits_client(struct request *request);

/* Sets RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11) and the older
 * X-RateLimit-Limit, -Remaining, -Window, -Reset and -Rule. */
void limits_headers(struct request *request, const struct limit_verdict *verdict);

#endif
