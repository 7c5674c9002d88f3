/* Two tiers of answers: host memory, then memcached. */
#include "cache/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "cache/cache_private.h"
#include "host/epoch.h"
#include "host/l1.h"
#include "host/metrics.h"

_Static_assert((int)CACHE_KEY_BYTES == (int)SHA256_BYTES, "a key is a digest");
_Static_assert((int)CACHE_KEY_BYTES == (int)L1_KEY_BYTES, "and serves both tiers");

struct cache *
cache_open(const struct settings *settings, struct host *host, struct error *err)
{
    struct cache *cache = xcalloc(1, sizeof(*cache));
    cache->settings = settings;
    cache->host = host;
    pthread_mutex_init(&cache->lock, NULL);
    cache_policy_make(&cache->policy, settings);
    const char *servers = settings->memcached_servers ? settings->memcached_servers : "";
    if (cache->policy.enabled && servers[0] != '\0') {
        const char *prefix = settings->cache_prefix ? settings->cache_prefix : "";
        cache->remote = remote_open(servers, prefix, host, err);
        if (!cache->remote) {
            cache_close(cache);
            return NULL;
        }
        cache->leases_span_hosts = remote_spans_hosts(cache->remote);
        /* Before the first key is made, so that no epoch grows under work in flight. */
        cache_epochs_sync(cache);
    }
    return cache;
}

void
cache_close(struct cache *cache)
{
    if (cache->remote)
        remote_close(cache->remote);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static struct cache_operation *
find_operation(struct cache *cache, const char *name, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        struct cache_operation *operation = &cache->operations[i];
        if (operation->name == name || strcmp(operation->name, name) == 0)
            return operation;
    }
    return NULL;
}

static void
fill_operation(struct cache *cache, struct cache_operation *operation, const char *name)
{
    static const char *const outcomes[OUTCOME_COUNT] = {"l1", "memcached", "stale", "miss"};
    operation->name = name;
    operation->tag = (uint32_t)XXH64(name, strlen(name), 0);
    for (size_t i = 0; i < OUTCOME_COUNT; i++) {
        char labels[METRIC_LABELS_MAX];
        snprintf(labels, sizeof(labels), "operation=\"%.60s\",result=\"%s\"", name, outcomes[i]);
        operation->lookups[i] = metrics_cell(cache->host, METRIC_CACHE_LOOKUPS, labels);
    }
}

struct cache_operation *
cache_operation(struct cache *cache, const char *name)
{
    size_t count = atomic_load_explicit(&cache->operation_count, memory_order_acquire);
    struct cache_operation *operation = find_operation(cache, name, 0, count);
    if (operation)
        return operation;
    pthread_mutex_lock(&cache->lock);
    size_t now = atomic_load_explicit(&cache->operation_count, memory_order_relaxed);
    operation = find_operation(cache, name, count, now);
    if (!operation && now == CACHE_OPERATIONS_MAX)
        operation = &cache->operations[CACHE_OPERATIONS_MAX - 1];
    if (!operation) {
        operation = &cache->operations[now];
        fill_operation(cache, operation, name);
        atomic_store_explicit(&cache->operation_count, now + 1, memory_order_release);
    }
    pthread_mutex_unlock(&cache->lock);
    return operation;
}

void
cache_key_make(struct cache *cache, struct cache_key *key, const char *operation,
               const char *const *parts)
{
    key->operation = operation;
    int64_t epochs[] = {epoch_get(cache->host, "all"), epoch_get(cache->host, operation)};
    struct sha256 digest;
    sha256_init(&digest);
    sha256_add(&digest, epochs, sizeof(epochs));
    sha256_add_piece(&digest, operation, strlen(operation));
    for (; *parts; parts++)
        sha256_add_piece(&digest, *parts, strlen(*parts));
    sha256_end(&digest, key->bytes);
}

static void
count_lookup(struct cache_operation *operation, enum cache_outcome outcome)
{
    atomic_fetch_add_explicit(operation->lookups[outcome], 1, memory_order_relaxed);
}

static bool
get_l1(struct cache *cache, const struct cache_key *key, int64_t now_us, struct arena *arena,
       struct record *record)
{
    const void *bytes;
    size_t length;
    return l1_get(cache->host, key->bytes, now_us, arena, &bytes, &length) &&
           record_unpack(bytes, length, key->bytes, NULL, arena, record);
}

static void
put_l1(struct cache *cache, const struct cache_key *key, const struct record *record)
{
    size_t length;
    void *bytes = record_pack(record, key->bytes, NULL, NULL, &length);
    int64_t end_us = record->fresh_until_us + cache->settings->cache_stale_s * 1000000;
    l1_put(cache->host, key->bytes, bytes, length, cache_operation(cache, key->operation)->tag,
           end_us);
    free(bytes);
}

static bool
is_usable(const struct cache *cache, const struct record *record, int64_t now_us)
{
    return now_us < record->fresh_until_us + cache->settings->cache_stale_s * 1000000;
}

static bool
get_remote(struct cache *cache, const struct cache_key *key, int64_t now_us, struct arena *arena,
           struct record *record)
{
    if (!cache->remote || remote_load(cache->remote, key->bytes, arena, record) != REMOTE_DONE ||
        !is_usable(cache, record, now_us))
        return false;
    put_l1(cache, key, record);
    return true;
}

bool
cache_get(struct cache *cache, const struct cache_key *key, bool may_wait, struct arena *arena,
          struct cache_entry *entry)
{
    if (!cache->policy.enabled)
        return false;
    struct cache_operation *operation = cache_operation(cache, key->operation);
    /* Hosts whose answers all come from L1 would never hear of an invalidation elsewhere, so twice
     * a second one request is sent to the lane that may ask. */
    if (!may_wait && cache_epochs_claim(cache))
        return false;
    if (may_wait && cache_epochs_sync(cache)) {
        count_lookup(operation, OUTCOME_MISS);
        return false;
    }
    int64_t now_us = clock_realtime_us();
    struct record record, farther;
    bool found = get_l1(cache, key, now_us, arena, &record);
    const char *tier = "l1";
    bool fresh = found && now_us < record.fresh_until_us;
    if (!fresh && may_wait && get_remote(cache, key, now_us, arena, &farther) &&
        (!found || farther.fresh_until_us > record.fresh_until_us)) {
        record = farther;
        tier = "memcached";
        found = true;
        fresh = now_us < record.fresh_until_us;
    }
    if (!found) {
        if (may_wait)
            count_lookup(operation, OUTCOME_MISS);
        return false;
    }
    *entry = (struct cache_entry){record.data,           record.length, record.stored_us,
                                  record.fresh_until_us, !fresh,        tier};
    if (fresh)
        count_lookup(operation, tier[0] == 'l' ? OUTCOME_L1 : OUTCOME_MEMCACHED);
    else if (may_wait)
        count_lookup(operation, OUTCOME_STALE);
    return true;
}

void
cache_put(struct cache *cache, const struct cache_key *key, const char *data, size_t length,
          int64_t ttl_s)
{
    if (!cache->policy.enabled || ttl_s <= 0 || length > RECORD_DATA_MAX)
        return;
    int64_t now_us = clock_realtime_us();
    struct record record = {data, length, now_us, now_us + ttl_s * 1000000};
    put_l1(cache, key, &record);
    metrics_add(cache->host, METRIC_CACHE_STORES, "tier=\"l1\"", 1);
    if (!cache->remote)
        return;
    int64_t kept_s = ttl_s + cache->settings->cache_stale_s;
    if (remote_store(cache->remote, key->bytes, &record, &cache->policy.compression, kept_s) ==
        REMOTE_DONE)
        metrics_add(cache->host, METRIC_CACHE_STORES, "tier=\"memcached\"", 1);
}

int64_t
cache_ttl_s(const struct cache *cache, const char *operation, int64_t own_ttl_s)
{
    return cache_policy_ttl_s(&cache->policy, operation, own_ttl_s);
}

bool
cache_healthy(struct cache *cache)
{
    if (!cache->remote)
        return true;
    int64_t number;
    return remote_number(cache->remote, "epoch:all", &number) != REMOTE_DOWN;
}
