/* A bounded number of connections to one place, handed to callers in the order in which they asked.
 * A breaker that all processes of the host share lets calls fail at once while the server is away,
 * and one at a time try whether it is back. */
#ifndef HEARTH_STORE_POOL_H
#define HEARTH_STORE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/breaker.h"
#include "host/host.h"
#include "store/connection.h"

struct pool;

struct pool_options {
    const char *name; /* of its breaker: "postgresql" */
    const struct conninfo *conninfo;
    size_t size;
    int64_t timeout_ms; /* that a statement may take */
    bool session;       /* the server itself ends statements that take too long */
    struct host *host;
};

/* What is in the options must outlive it; the caller owns the result. */
struct pool *pool_new(const struct pool_options *options);
/* All connections must have been given back. */
void pool_free(struct pool *pool);

/* A connection that was taken, with what it was taken for. */
struct pool_lease {
    struct pool *pool;
    struct connection *connection;
    size_t slot;
    int64_t allowed_us; /* by the breaker */
};

/* A connection that stands, made where none is idle, before the deadline (clock_monotonic_us()).
 * false with fault filled: the server is down, or none was free in time. */
bool pool_take(struct pool *pool, int64_t deadline_us, struct pool_lease *lease,
               struct fault *fault) __attribute__((warn_unused_result));

/* Gives it back, or closes it where it is not as at its start. fault tells what the last statement
 * on it came to, for the breaker; NULL where the caller knows nothing new. */
void pool_give(struct pool_lease *lease, const struct fault *fault);

/* For a fault of a statement that was begun at started_us: one that had less than its whole time
 * says nothing of the server. */
void pool_judge(const struct pool *pool, int64_t started_us, struct fault *fault);

/* Metrics count this pool's connections as this worker's from then on; -1: as nobody's. */
void pool_name_worker(struct pool *pool, int worker);

/* The server refused calls a moment ago. Asks nobody. */
bool pool_is_down(const struct pool *pool);

struct pool_view {
    size_t size, open, busy, waiting;
};
void pool_view(struct pool *pool, struct pool_view *view);

#endif
