/* A table of places. A name may be in any of those that follow from its hash, and is in as many of
 * them as bear it. Each place is a pair moved by one compare-and-swap: the name's hash, and
 *
 *   bits 23-63  when it runs out (monotonic ms)
 *   bits 0-21   the holder's process (Linux numbers them below 2^22)
 *
 * Who has taken a place counts all of his name's again, his own with them, and leaves when they are
 * too many: of those that enter at once, the last to count sees all. */
#include "host/crowd.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/hash.h"
#include "host/shared.h"

enum { HOLDER_BITS = 22, EXPIRY_SHIFT = HOLDER_BITS + 1, WINDOW = 2 * CROWD_LIMIT_MAX };
#define HOLDER_MASK ((UINT64_C(1) << HOLDER_BITS) - 1)

static struct pair *
place_at(struct host *host, uint64_t name, uint32_t number)
{
    return &host->shared->crowd[(name + number) % CROWD_PLACES];
}

static bool
is_over(const struct pair *seen, int64_t now_ms)
{
    return seen->low == 0 || (int64_t)(seen->high >> EXPIRY_SHIFT) <= now_ms;
}

/* How many of the name are in; *vacant is the first place that somebody may take, WINDOW for none.
 */
static int64_t
count(struct host *host, uint64_t name, int64_t now_ms, uint32_t *vacant)
{
    int64_t in = 0;
    *vacant = WINDOW;
    for (uint32_t i = 0; i < WINDOW; i++) {
        struct pair seen = pair_load(place_at(host, name, i));
        if (!is_over(&seen, now_ms))
            in += seen.low == name;
        else if (*vacant == WINDOW)
            *vacant = i;
    }
    return in;
}

/* Empties the places of the name whose holders died. */
static void
bury(struct host *host, uint64_t name)
{
    for (uint32_t i = 0; i < WINDOW; i++) {
        struct pair *place = place_at(host, name, i);
        struct pair seen = pair_load(place);
        if (seen.low == name && kill((pid_t)(seen.high & HOLDER_MASK), 0) != 0 && errno == ESRCH)
            (void)pair_swap(place, &seen, (struct pair){0});
    }
}

static bool
enter(struct crowd_place *place, int64_t limit, int64_t now_ms)
{
    uint32_t vacant;
    while (count(place->host, place->name, now_ms, &vacant) < limit && vacant < WINDOW) {
        struct pair *at = place_at(place->host, place->name, vacant);
        struct pair seen = pair_load(at);
        if (!is_over(&seen, now_ms) ||
            !pair_swap(at, &seen, (struct pair){place->name, place->holder}))
            continue;
        place->number = vacant;
        if (count(place->host, place->name, now_ms, &vacant) <= limit)
            return true;
        seen = (struct pair){place->name, place->holder};
        (void)pair_swap(at, &seen, (struct pair){0});
        return false;
    }
    return false;
}

bool
crowd_enter(struct host *host, const char *name, int64_t limit, int64_t ttl_ms,
            struct crowd_place *place)
{
    int64_t now_ms = clock_monotonic_ms();
    uint64_t hash = hash_seeded(name, strlen(name), host->shared->seed);
    uint64_t expiry_ms = (uint64_t)(now_ms + (ttl_ms > 0 ? ttl_ms : 1));
    *place = (struct crowd_place){
        .host = host,
        .name = hash ? hash : 1,
        .holder = expiry_ms << EXPIRY_SHIFT | ((uint64_t)getpid() & HOLDER_MASK),
    };
    if (limit > CROWD_LIMIT_MAX)
        limit = CROWD_LIMIT_MAX;
    if (enter(place, limit, now_ms))
        return true;
    bury(host, place->name);
    if (enter(place, limit, now_ms))
        return true;
    place->holder = 0;
    return false;
}

void
crowd_leave(struct crowd_place *place)
{
    if (place->holder == 0)
        return;
    struct pair seen = {place->name, place->holder};
    (void)pair_swap(place_at(place->host, place->name, place->number), &seen, (struct pair){0});
    place->holder = 0;
}
