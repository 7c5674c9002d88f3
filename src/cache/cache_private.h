/* What the files of the cache share. Not for others. */
#ifndef HEARTH_CACHE_CACHE_PRIVATE_H
#define HEARTH_CACHE_CACHE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache/cache.h"
#include "cache/preset.h"
#include "cache/remote.h"

enum cache_outcome { OUTCOME_L1, OUTCOME_MEMCACHED, OUTCOME_STALE, OUTCOME_MISS, OUTCOME_COUNT };

/* An operation as this process has met it. */
struct cache_operation {
    const char *name; /* static */
    uint32_t tag;     /* of its entries in L1: the same in all processes */
    atomic_uint_fast64_t *lookups[OUTCOME_COUNT];
};

enum { CACHE_OPERATIONS_MAX = 64 };

struct cache {
    const struct settings *settings;
    struct host *host;
    struct remote *remote; /* NULL without memcached servers */
    struct cache_policy policy;
    bool leases_span_hosts;

    pthread_mutex_t lock; /* to add an operation; readers go by the count */
    struct cache_operation operations[CACHE_OPERATIONS_MAX];
    atomic_size_t operation_count;
    atomic_int_fast64_t synced_us, claimed_us; /* epochs, monotonic */
};

/* The contexts of invalidations that are counted by name; NULL-terminated. */
extern const char *const cache_contexts[];

/* Never NULL: past the table's end operations share its last row. */
struct cache_operation *cache_operation(struct cache *cache, const char *name);

/* Whether the epochs of other hosts should be asked for now. true is told to one caller within half
 * a second. */
bool cache_epochs_claim(struct cache *cache);

/* Asks for them where that was not done for half a second; may wait. true: one grew, so keys made
 * before are of the past. */
bool cache_epochs_sync(struct cache *cache);

/* Raises the epoch of name here and, where memcached can be reached, for all hosts. */
void cache_epochs_raise(struct cache *cache, const char *name);

#endif
