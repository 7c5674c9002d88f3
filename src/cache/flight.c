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
    enum remote_result result = remote_add_number(cache->remote, name, 1, LEASE_TTL_S);
    lease->remote = result == REMOTE_DONE;
    if (result != REMOTE_OTHER)
        return true;
    lease_release(&lease->local);
    return false;
}

void
cache_lease_renew(struct cache *cache, const struct cache_key *key, struct cache_lease *lease)
{
    (void)lease_renew(&lease->local, LEASE_TTL_S * 1000);
    if (!lease->remote)
        return;
    char name[NAME_BYTES];
    lease_name(name, key);
    (void)remote_set_number(cache->remote, name, 1, LEASE_TTL_S);
}

void
cache_lease_release(struct cache *cache, const struct cache_key *key, struct cache_lease *lease)
{
    if (lease->remote) {
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
