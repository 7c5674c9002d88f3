/* GCRA over 128-bit sets of two buckets, moved by one compare-and-swap.
 *
 * A bucket is one word: 16 bits of tag (which key) over 48 bits of arrival time in microseconds of
 * the monotonic clock (9 years). A bucket whose time is past is full again, equal to one
 * never used, so any key may have it. A key belongs to one set only, and both buckets of a set
 * change in one operation, so no key ever has two buckets.
 *
 * When both are in use by others, the one that is full again later turns into a shared one
 * (tag 0): its owner and every key that finds no bucket of its own draw from it until it is full
 * again. A key can therefore be refused too early, but never be granted more than its limit: what
 * it took is in its own bucket or in the shared one for as long as it counts. With 65,536 sets and
 * 1,000 clients at a time one client in 10,000 shares; with 10,000, one in 100. The tag and the set
 * come from a hash with the host's secret seed, so nobody can choose with whom he shares. */
#include "host/limit.h"

#include <string.h>

#include "host/hash.h"
#include "host/shared.h"

enum { TAG_SHIFT = 48, TAG_SHARED = 0 };
#define ARRIVAL_MASK ((UINT64_C(1) << TAG_SHIFT) - 1)
#define PERIOD_MAX_S INT64_C(100000000)

static int64_t
arrival_of(uint64_t bucket)
{
    return (int64_t)(bucket & ARRIVAL_MASK);
}

static uint64_t
bucket_of(uint64_t tag, int64_t arrival_us)
{
    return tag << TAG_SHIFT | ((uint64_t)arrival_us & ARRIVAL_MASK);
}

static uint64_t *
find_live(uint64_t *buckets[2], uint64_t tag, int64_t now_us)
{
    for (int i = 0; i < 2; i++)
        if (arrival_of(*buckets[i]) > now_us && *buckets[i] >> TAG_SHIFT == tag)
            return buckets[i];
    return NULL;
}

/* The bucket that this key draws from, made its own or shared where it has none. */
static uint64_t *
choose(struct pair *set, uint64_t tag, int64_t now_us)
{
    uint64_t *buckets[2] = {&set->low, &set->high};
    uint64_t *bucket = find_live(buckets, tag, now_us);
    if (!bucket)
        bucket = find_live(buckets, TAG_SHARED, now_us);
    if (bucket)
        return bucket;
    for (int i = 0; i < 2; i++) {
        if (arrival_of(*buckets[i]) <= now_us) {
            *buckets[i] = bucket_of(tag, now_us);
            return buckets[i];
        }
    }
    bucket = arrival_of(set->low) > arrival_of(set->high) ? &set->low : &set->high;
    *bucket = bucket_of(TAG_SHARED, arrival_of(*bucket));
    return bucket;
}

static int64_t
seconds_up(int64_t microseconds)
{
    return (microseconds + 999999) / 1000000;
}

/* How long the bucket takes to fill, and how much of that is taken; in microseconds. */
struct share {
    int64_t period_us, cost_us;
};

/* One of a rate's count: rounded up, so that rounding never grants more. */
static struct share
share_of_one(struct rate rate)
{
    int64_t interval_us = (rate.seconds * 1000000 - 1) / rate.count + 1;
    struct share share = {.cost_us = interval_us};
    if (__builtin_mul_overflow(interval_us, rate.count, &share.period_us))
        share.period_us = INT64_MAX / 4;
    return share;
}

static struct share
share_of(struct rate rate, int64_t cost)
{
    int64_t period_us = rate.seconds * 1000000;
    int64_t cost_us = (int64_t)(((__int128)cost * period_us + rate.count - 1) / rate.count);
    return (struct share){.period_us = period_us, .cost_us = cost_us};
}

static void
describe(struct limit_state *state, int64_t wait_us, int64_t period_us)
{
    int64_t left_us = wait_us >= period_us ? 0 : period_us - wait_us;
    state->remaining = (int64_t)((__int128)left_us * state->limit / period_us);
    state->reset_s = seconds_up(wait_us);
}

/* Which set a key has, and what marks its bucket there. */
static struct pair *
find_set(struct host *host, const char *key, uint64_t *tag)
{
    uint64_t hash = hash_seeded(key, strlen(key), host->shared->seed);
    *tag = hash >> TAG_SHIFT ? hash >> TAG_SHIFT : 1;
    return &host->shared->limits[hash % LIMIT_CELLS];
}

/* Moves the arrival time on by the cost, unless the bucket holds too little. */
static bool
move(int64_t *arrival_us, struct share share, int64_t now_us, struct limit_state *state)
{
    int64_t wait_us = *arrival_us > now_us ? *arrival_us - now_us : 0;
    if (wait_us > share.period_us - share.cost_us) {
        describe(state, wait_us, share.period_us);
        int64_t short_us = wait_us + share.cost_us - share.period_us;
        state->retry_after_s = seconds_up(short_us);
        state->retry_after_ms = (short_us + 999) / 1000;
        return false;
    }
    *arrival_us = now_us + wait_us + share.cost_us;
    describe(state, wait_us + share.cost_us, share.period_us);
    state->retry_after_s = state->retry_after_ms = 0;
    return true;
}

static bool
take(struct host *host, const char *key, struct share share, int64_t monotonic_us,
     struct limit_state *state)
{
    uint64_t tag;
    struct pair *cell = find_set(host, key, &tag);
    struct pair seen = pair_load(cell);
    for (;;) {
        struct pair next = seen;
        uint64_t *bucket = choose(&next, tag, monotonic_us);
        int64_t arrival_us = arrival_of(*bucket);
        if (!move(&arrival_us, share, monotonic_us, state))
            return false;
        *bucket = bucket_of(*bucket >> TAG_SHIFT, arrival_us);
        if (pair_swap(cell, &seen, next))
            return true;
    }
}

static bool
can_grant(struct rate *rate)
{
    if (rate->seconds > PERIOD_MAX_S)
        rate->seconds = PERIOD_MAX_S;
    return rate->count >= 1 && rate->seconds >= 1;
}

bool
limit_take(struct host *host, const char *key, struct rate rate, int64_t monotonic_us,
           struct limit_state *state)
{
    *state = (struct limit_state){
        .limit = rate.count, .retry_after_s = rate.seconds, .retry_after_ms = rate.seconds * 1000};
    return can_grant(&rate) && take(host, key, share_of_one(rate), monotonic_us, state);
}

bool
limit_has(struct host *host, const char *key, struct rate rate, int64_t monotonic_us,
          struct limit_state *state)
{
    *state = (struct limit_state){
        .limit = rate.count, .retry_after_s = rate.seconds, .retry_after_ms = rate.seconds * 1000};
    if (!can_grant(&rate))
        return false;
    uint64_t tag;
    struct pair set = pair_load(find_set(host, key, &tag));
    int64_t arrival_us = arrival_of(*choose(&set, tag, monotonic_us));
    return move(&arrival_us, share_of_one(rate), monotonic_us, state);
}

bool
limit_take_many(struct host *host, const char *key, struct rate rate, int64_t cost,
                int64_t monotonic_us, struct limit_state *state)
{
    *state = (struct limit_state){
        .limit = rate.count, .retry_after_s = rate.seconds, .retry_after_ms = rate.seconds * 1000};
    if (!can_grant(&rate))
        return false;
    if (cost > rate.count)
        cost = rate.count;
    return take(host, key, share_of(rate, cost > 0 ? cost : 0), monotonic_us, state);
}

bool
limit_take_from(int64_t *arrival_us, struct rate rate, int64_t now_us, struct limit_state *state)
{
    *state = (struct limit_state){
        .limit = rate.count, .retry_after_s = rate.seconds, .retry_after_ms = rate.seconds * 1000};
    return can_grant(&rate) && move(arrival_us, share_of_one(rate), now_us, state);
}
