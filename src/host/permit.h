/* At most so many at once, over all workers of the host: the concurrency limit of a model. A permit
 * whose holder died or went silent comes back. */
#ifndef HEARTH_HOST_PERMIT_H
#define HEARTH_HOST_PERMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"

enum { PERMITS_MAX = 1024 }; /* of one name */

struct permit {
    struct host *host;
    uint32_t group, slot; /* where it is */
    uint64_t ticket;      /* 0: not held */
};

/* Takes one of limit permits called name for ttl_ms. false: all are out. A limit outside 1 to
 * PERMITS_MAX is taken as the nearer of both. */
bool permit_take(struct host *host, const char *name, int64_t limit, int64_t ttl_ms,
                 struct permit *permit) __attribute__((warn_unused_result));

/* Pushes the end to ttl_ms from now; false when it was lost meanwhile. */
bool permit_renew(struct permit *permit, int64_t ttl_ms);

/* Gives it back and wakes one who waits. Nothing where it is not held. */
void permit_release(struct permit *permit);

/* Waits until a permit of this name may be free or timeout_ms pass; at once where one is. */
void permit_wait(struct host *host, const char *name, int64_t timeout_ms);

/* How many of limit are out now. */
int64_t permit_count(struct host *host, const char *name, int64_t limit);

#endif
