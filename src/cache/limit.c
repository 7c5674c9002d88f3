/* Rate limits over all hosts: the same bucket as in host memory, kept in memcached. */
#include <string.h>

#include "base/sha256.h"
#include "cache/cache.h"
#include "cache/cache_private.h"

enum { SWAPS_MAX = 100, NAME_BYTES = 2 * SHA256_BYTES + 8 };

/* A client's name may be long, and no key of memcached. */
static void
make_name(char *name, const char *key)
{
    unsigned char bytes[SHA256_BYTES];
    struct sha256 digest;
    sha256_init(&digest);
    sha256_add(&digest, key, strlen(key));
    sha256_end(&digest, bytes);
    hex_format(stpcpy(name, "limit:"), bytes, SHA256_BYTES);
}

/* Another host moves the same bucket now and then; who loses the race reads it anew. */
static enum cache_limit
take(struct remote *remote, const char *name, struct rate rate, int64_t now_us,
     struct limit_state *state)
{
    for (int i = 0; i < SWAPS_MAX; i++) {
        struct remote_number bucket = {0};
        enum remote_result result = remote_read_number(remote, name, &bucket);
        if (result == REMOTE_DOWN)
            return CACHE_LIMIT_UNKNOWN;
        bool is_new = result == REMOTE_OTHER;
        if (!limit_take_from(&bucket.value, rate, now_us, state))
            return CACHE_LIMIT_REFUSED;
        int64_t ttl_s = rate.seconds + 1;
        result = is_new ? remote_add_number(remote, name, bucket.value, ttl_s)
                        : remote_swap_number(remote, name, &bucket, ttl_s);
        if (result != REMOTE_OTHER)
            return result == REMOTE_DONE ? CACHE_LIMIT_GRANTED : CACHE_LIMIT_UNKNOWN;
    }
    return CACHE_LIMIT_UNKNOWN;
}

enum cache_limit
cache_limit_take(struct cache *cache, const char *key, struct rate rate, int64_t realtime_us,
                 struct limit_state *state)
{
    char name[NAME_BYTES];
    if (!cache->remote)
        return CACHE_LIMIT_UNKNOWN;
    make_name(name, key);
    return take(cache->remote, name, rate, realtime_us, state);
}
