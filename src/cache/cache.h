/* The response cache: host memory first, then memcached over all hosts. A fault of memcached costs
 * a miss and at most 50 ms, never an error. Only what the caller vouches for is stored. */
#ifndef HEARTH_CACHE_CACHE_H
#define HEARTH_CACHE_CACHE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/settings.h"
#include "host/host.h"
#include "host/lease.h"
#include "host/limit.h"

struct cache;

enum { CACHE_KEY_BYTES = 32 };

/* SHA-256 over tenant, operation and its version, model, canonical input; and the operation's name
 * whose epoch is part of it, so that invalidation is a number that grew. */
struct cache_key {
    unsigned char bytes[CACHE_KEY_BYTES];
    const char *operation; /* static */
};

struct cache_entry {
    const char *data; /* in the arena, NUL-terminated */
    size_t length;
    int64_t stored_us, fresh_until_us; /* time of day */
    bool stale;       /* past fresh_until_us, within the time stale answers may serve */
    const char *tier; /* "l1", "memcached" */
};

/* The caller owns the result. Never fails for want of memcached. */
struct cache *cache_open(const struct settings *settings, struct host *host, struct error *err)
    __attribute__((warn_unused_result));
void cache_close(struct cache *cache);

/* parts is a NULL-terminated list of texts; each goes in with its length, so no two lists collide.
 * The epochs of "all" and of the operation are added. */
void cache_key_make(struct cache *cache, struct cache_key *key, const char *operation,
                    const char *const *parts);

/* Looks in host memory, and in memcached too where may_wait. true also for a stale entry. Without
 * may_wait, false says nothing about memcached; and twice a second one such call is told false
 * whatever there is, so that its request goes where memcached can be asked for invalidations by
 * other hosts. Counts the lookup (a miss only where may_wait). */
bool cache_get(struct cache *cache, const struct cache_key *key, bool may_wait, struct arena *arena,
               struct cache_entry *entry);

/* Stores in both tiers for ttl_s, kept CACHE_STALE seconds longer to be served stale. */
void cache_put(struct cache *cache, const struct cache_key *key, const char *data, size_t length,
               int64_t ttl_s);

/* How long answers of an operation are kept: the preset's figure for it, CACHE_DEFAULT_TTL, or
 * the operation's own, in this order of preference. 0: not cached. */
int64_t cache_ttl_s(const struct cache *cache, const char *operation, int64_t own_ttl_s);

/* One leader for identical work over workers and, through memcached, over hosts. */
struct cache_lease {
    struct lease local;
    int64_t remote_until_ms; /* an entry of ours stands in memcached until then; 0: none */
};
bool cache_lease_take(struct cache *cache, const struct cache_key *key, struct cache_lease *lease)
    __attribute__((warn_unused_result));
/* To be called every second or so while the work goes on. */
void cache_lease_renew(struct cache *cache, const struct cache_key *key, struct cache_lease *lease);
void cache_lease_release(struct cache *cache, const struct cache_key *key,
                         struct cache_lease *lease);
/* Waits for the leader's end or timeout_ms; then cache_get() tells whether there is an answer. */
bool cache_lease_wait(struct cache *cache, const struct cache_key *key, int64_t timeout_ms);

/* Forgets all answers of the operations whose label "ai_cache:op:<operation>" matches pattern: ""
 * matches all, a text without wildcards anywhere in it, otherwise as a glob. names is the
 * NULL-terminated list of operations; matched gets the matching ones in the arena. Reaches every
 * worker at once and every host within a second. Returns how many operations matched. */
size_t cache_invalidate(struct cache *cache, const char *pattern, const char *context,
                        const char *const *names, struct arena *arena, const char ***matched);

enum cache_limit {
    CACHE_LIMIT_GRANTED,
    CACHE_LIMIT_REFUSED,
    CACHE_LIMIT_UNKNOWN, /* memcached is away, or too many take at once: nothing is known */
};

/* As limit_take(), from a bucket that all hosts share by memcached. Their clocks must agree: a host
 * that is ahead by a second is granted a second's worth more, one behind so much less. May wait 50
 * ms. */
enum cache_limit cache_limit_take(struct cache *cache, const char *key, struct rate rate,
                                  int64_t realtime_us, struct limit_state *state)
    __attribute__((warn_unused_result));

/* The contents of GET /internal/cache/{status,metrics,invalidation-stats,
 * invalidation-recommendations}, true to what happened. The caller owns the result. */
json_t *cache_status(struct cache *cache);
json_t *cache_metrics(struct cache *cache);
json_t *cache_invalidation_stats(struct cache *cache);
json_t *cache_invalidation_recommendations(struct cache *cache);

/* memcached answers or is not configured. May wait 50 ms. */
bool cache_healthy(struct cache *cache);

#endif
