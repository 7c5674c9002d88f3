/* Rate limits by GCRA: the token bucket whose whole state is one number, the theoretical arrival
 * time, moved by one compare-and-swap; exact over all workers of the host. */
#ifndef HEARTH_HOST_LIMIT_H
#define HEARTH_HOST_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/settings.h"
#include "host/host.h"

struct limit_state {
    int64_t limit, remaining; /* requests, or whatever is taken */
    int64_t reset_s;          /* until the bucket is full again, rounded up */
    int64_t retry_after_s;    /* when refused: until as much would pass, at least 1 */
    int64_t retry_after_ms;   /* the same, where it is worth waiting for */
};

/* Takes one from the bucket called key ("process:<client>"), which holds rate.count and fills in
 * rate.seconds. false: refused, nothing taken. */
bool limit_take(struct host *host, const char *key, struct rate rate, int64_t monotonic_us,
                struct limit_state *state) __attribute__((warn_unused_result));

/* Whether limit_take() would take one now; nothing is taken. */
bool limit_has(struct host *host, const char *key, struct rate rate, int64_t monotonic_us,
               struct limit_state *state) __attribute__((warn_unused_result));

/* Takes cost at once: tokens of a question from a rate of tokens. A cost over rate.count is taken
 * as rate.count, so that it passes when the bucket is full. */
bool limit_take_many(struct host *host, const char *key, struct rate rate, int64_t cost,
                     int64_t monotonic_us, struct limit_state *state)
    __attribute__((warn_unused_result));

/* The arithmetic alone, for a bucket that is kept elsewhere: *arrival_us is its whole state, 0 at
 * first, on the same clock as now_us. Changed only where true. */
bool limit_take_from(int64_t *arrival_us, struct rate rate, int64_t now_us,
                     struct limit_state *state) __attribute__((warn_unused_result));

#endif
