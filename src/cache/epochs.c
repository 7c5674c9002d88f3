/* Invalidation as a number: the time of an operation's last invalidation is part of its keys. Hosts
 * exchange these numbers through memcached; the greatest wins, so they never go back. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cache/cache_private.h"
#include "host/epoch.h"

enum { SYNC_EVERY_US = 500 * 1000, NAME_BYTES = 80 };

static void
remote_name(char *text, const char *name)
{
    snprintf(text, NAME_BYTES, "epoch:%s", name);
}

bool
cache_epochs_claim(struct cache *cache)
{
    if (!cache->remote)
        return false;
    int64_t now_us = clock_monotonic_us();
    int_fast64_t claimed_us = atomic_load_explicit(&cache->claimed_us, memory_order_relaxed);
    return now_us - claimed_us >= SYNC_EVERY_US &&
           atomic_compare_exchange_strong(&cache->claimed_us, &claimed_us, now_us);
}

/* Brings one epoch in step: *raised when it grew here. false when memcached cannot be reached. */
static bool
sync_one(struct cache *cache, const char *name, bool must_exist, bool *raised)
{
    char key[NAME_BYTES];
    remote_name(key, name);
    int64_t ours = epoch_get(cache->host, name);
    int64_t theirs = 0;
    enum remote_result result = remote_number(cache->remote, key, &theirs);
    if (result == REMOTE_OTHER && must_exist) {
        /* memcached lost its memory or is new. A host that knows nothing either starts anew: its
         * keys must not meet answers from before an invalidation it did not hear of. */
        int64_t number = ours > 0 ? ours : clock_realtime_us();
        result = remote_add_number(cache->remote, key, number, 0);
        if (result != REMOTE_DOWN)
            result = remote_number(cache->remote, key, &theirs);
    }
    if (result != REMOTE_DOWN && theirs < ours)
        result = remote_set_number(cache->remote, key, ours, 0);
    if (result == REMOTE_DOWN)
        return false;
    if (theirs > ours) {
        epoch_raise(cache->host, name, theirs);
        *raised = true;
    }
    return true;
}

bool
cache_epochs_sync(struct cache *cache)
{
    if (!cache->remote)
        return false;
    int64_t now_us = clock_monotonic_us();
    int_fast64_t synced_us = atomic_load_explicit(&cache->synced_us, memory_order_relaxed);
    if (synced_us != 0 && now_us - synced_us < SYNC_EVERY_US)
        return false;
    if (!atomic_compare_exchange_strong(&cache->synced_us, &synced_us, now_us))
        return false;
    atomic_store_explicit(&cache->claimed_us, now_us, memory_order_relaxed);
    bool raised = false;
    if (!sync_one(cache, "all", true, &raised))
        return false;
    size_t count = atomic_load_explicit(&cache->operation_count, memory_order_acquire);
    for (size_t i = 0; i < count; i++)
        if (!sync_one(cache, cache->operations[i].name, false, &raised))
            break;
    return raised;
}

void
cache_epochs_raise(struct cache *cache, const char *name)
{
    int64_t before = epoch_get(cache->host, name);
    int64_t now_us = clock_realtime_us();
    int64_t epoch = now_us > before ? now_us : before + 1;
    epoch_raise(cache->host, name, epoch);
    if (!cache->remote)
        return;
    char key[NAME_BYTES];
    remote_name(key, name);
    /* Where memcached cannot be reached, the next exchange finds our greater number. */
    (void)remote_set_number(cache->remote, key, epoch, 0);
}
