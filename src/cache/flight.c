/* One leader for identical work: a lease on this host, and one in memcached where its servers serve
 * several hosts. */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "cache/cache_private.h"

enum { LEASE_TTL_S = 10, POLL_FIRST_MS = 5, POLL_MOST_MS = 100, NAME_BYTES = 80 };

static void
lease_name(char *text, const struct cache_key *key)
{
    char hex[2 * CACHE_KEY_BYTES + 1];
    hex_format(hex, key->bytes, CACHE_KEY_BYTES);
    snprintf(text, NAME_BYTES, "lease:%s", hex);
}

/* memcached counts in whole seconds: the last of them is not to be counted on. */
static int64_t
end_of_entry(void)
{
    return clock_monotonic_ms() + (LEASE_TTL_S - 1) * 1000;
}

/* Who slept past the end of his entry must not touch what may be another host's by now. */
static bool
holds_entry(const struct cache_lease *lease)
{
    return clock_monotonic_ms() < lease->remote_until_ms;
}

bool
cache_lease_take(struct cache *cache, const struct cache_key *key, struct cache_lease *lease)
{
    *lease = (struct cache_lease){0};
    if (!lease_take(cache->host, key->bytes, LEASE_TTL_S * 1000, &lease->local))
        return false;
    if (!cache->leases_span_hosts)
        return true;
    char name[NAME_BYTES];
    lease_name(name, key);
    int64_t until_ms = end_of_entry();
    enum remote_result result = remote_add_number(cache->remote, name, 1, LEASE_TTL_S);
    if (result == REMOTE_DONE)
        lease->remote_until_ms = until_ms;
    if (result != REMOTE_OTHER)
        return true;
    lease_release(&lease->local);
    return false;
}

void
cache_lease_renew(struct cache *cache, const struct cache_key *key, struct cache_lease *lease)
{
    (void)lease_renew(&lease->local, LEASE_TTL_S * 1000);
    if (!holds_entry(lease))
        return;
    char name[NAME_BYTES];
    lease_name(name, key);
    int64_t until_ms = end_of_entry();
    if (remote_set_number(cache->remote, name, 1, LEASE_TTL_S) == REMOTE_DONE)
        lease->remote_until_ms = until_ms;
}

void
cache_lease_release(struct cache *cache, const struct cache_key *key, struct cache_lease *lease)
{
    if (holds_entry(lease)) {
        char name[NAME_BYTES];
        lease_name(name, key);
        (void)remote_delete(cache->remote, name);
    }
    lease_release(&lease->local);
    *lease = (struct cache_lease){0};
}

/* There is no event from another host, so its lease is looked at, ever less often. */
static bool
wait_remote(struct cache *cache, const struct cache_key *key, int64_t deadline_us)
{
    char name[NAME_BYTES];
    lease_name(name, key);
    for (int64_t pause_ms = POLL_FIRST_MS;; pause_ms *= 2) {
        int64_t number;
        if (remote_number(cache->remote, name, &number) != REMOTE_DONE)
            return true;
        int64_t left_us = deadline_us - clock_monotonic_us();
        if (left_us <= 0)
            return false;
        int64_t pause_us = (pause_ms < POLL_MOST_MS ? pause_ms : POLL_MOST_MS) * 1000;
        if (pause_us > left_us)
            pause_us = left_us;
        struct timespec pause = {.tv_nsec = pause_us * 1000};
        nanosleep(&pause, NULL);
    }
}

bool
cache_lease_wait(struct cache *cache, const struct cache_key *key, int64_t timeout_ms)
{
    int64_t deadline_us = clock_monotonic_us() + timeout_ms * 1000;
    if (!lease_wait(cache->host, key->bytes, timeout_ms))
        return false;
    return !cache->leases_span_hosts || wait_remote(cache, key, deadline_us);
}
