/* The pace at which a provider lets a model be asked: so many requests and tokens in any 60
 * seconds, counted over all workers, so that we stop before it says 429. Unlike a token bucket this
 * never grants more in a minute than the minute's limit, and grants all of it at once where it is
 * there. */
#ifndef HEARTH_HOST_PACE_H
#define HEARTH_HOST_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"

struct pace_limits {
    int64_t requests, tokens; /* a minute; 0: no limit */
};

/* Takes one request of so many tokens from the pace called name. false: nothing taken, and *wait_ms
 * tells when it may be there. A request of more tokens than a minute has passes alone. */
bool pace_take(struct host *host, const char *name, const struct pace_limits *limits,
               int64_t tokens, int64_t monotonic_us, int64_t *wait_ms)
    __attribute__((warn_unused_result));

/* Corrects what was taken at taken_us, when it took other tokens than foreseen (negative: fewer).
 */
void pace_settle(struct host *host, const char *name, int64_t tokens, int64_t taken_us,
                 int64_t monotonic_us);

#endif
