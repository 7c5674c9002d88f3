/* Rate limits of requests: which bucket, whose, and what the answer says of it. */
#ifndef HEARTH_ACCESS_LIMITS_H
#define HEARTH_ACCESS_LIMITS_H

#include <stdbool.h>

#include "host/limit.h"
#include "http/request.h"
#include "http/route.h"

struct limit_verdict {
    const char *name; /* "process", "auth", "health", "default"; NULL: no limit applied */
    struct rate rate;
    struct limit_state state;
};

/* Takes one from the client's bucket of this class; client is a tenant or an address (all of an
 * IPv6 /64 count as one, ::ffff:192.0.2.1 as 192.0.2.1). false with ERROR_RATE_LIMITED and a time
 * to come back. */
bool limits_take(const struct settings *settings, struct host *host, enum route_limit limit,
                 const char *client, int64_t monotonic_us, struct limit_verdict *verdict,
                 struct error *err) __attribute__((warn_unused_result));

/* Counts a wrong credential from this address, in a bucket of its own under RATE_LIMIT_AUTH. false
 * with ERROR_RATE_LIMITED when there were too many. */
bool limits_take_failure(const struct settings *settings, struct host *host, const char *address,
                         int64_t monotonic_us, struct limit_verdict *verdict, struct error *err)
    __attribute__((warn_unused_result));

/* Sets RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11) and the older
 * X-RateLimit-Limit, -Remaining, -Window, -Reset and -Rule. */
void limits_headers(struct request *request, const struct limit_verdict *verdict);

#endif
