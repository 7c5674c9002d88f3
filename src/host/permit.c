/* A name has a word for each permit, and whoever moves a free one from what it saw to his ticket
 * has it:
 *
 *   bits 23-63  when it runs out (monotonic ms)
 *   bits 0-21   the holder's process (Linux numbers them below 2^22)
 *
 * Only the first limit words are used, so no more than limit are ever out. */
#include "host/permit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/futex.h"
#include "host/shared.h"

enum { HOLDER_BITS = 22, EXPIRY_SHIFT = HOLDER_BITS + 1 };
#define HOLDER_MASK ((UINT64_C(1) << HOLDER_BITS) - 1)

/* The kernel tells nobody that a holder died, so those who find no permit look at it this often. */
enum { LOOK_MS = 50 };

/* turn: bit 0 says that somebody may sleep on it, the rest counts. */
enum { SLEEPER = 1, TURN = 2 };

static struct name_table
table_of(struct host *host)
{
    return (struct name_table){host->shared->permit_hashes, host->shared->permits,
                               sizeof(struct permit_group), PERMIT_GROUPS};
}

/* Names past the table share one group, and names past a cell's text its beginning: together they
 * have no more than each of them alone. */
static uint32_t
group_of(struct host *host, const char *name)
{
    struct name_table table = table_of(host);
    struct permit_group *group = name_find(&table, 0, name, strnlen(name, NAME_MAX_BYTES), true);
    return group ? (uint32_t)(group - host->shared->permits) : PERMIT_GROUPS;
}

static struct permit_group *
group_at(struct host *host, uint32_t number)
{
    return number < PERMIT_GROUPS ? &host->shared->permits[number] : &host->shared->permit_overflow;
}

static uint64_t
ticket_of(int64_t now_ms, int64_t ttl_ms)
{
    return (uint64_t)(now_ms + (ttl_ms > 0 ? ttl_ms : 1)) << EXPIRY_SHIFT | (uint64_t)getpid();
}

static bool
is_over(uint64_t word, int64_t now_ms)
{
    return word == 0 || (int64_t)(word >> EXPIRY_SHIFT) <= now_ms;
}

static bool
is_dead(uint64_t word)
{
    return kill((pid_t)(word & HOLDER_MASK), 0) != 0 && errno == ESRCH;
}

static int64_t
within(int64_t limit)
{
    if (limit < 1)
        return 1;
    return limit > PERMITS_MAX ? PERMITS_MAX : limit;
}

/* Gives back what dead holders have. One process looks, and not on every call: with all permits out
 * it costs a system call for each. */
static bool
bury(struct permit_group *group, int64_t limit, int64_t now_ms)
{
    bool found = false;
    int64_t looked_ms = atomic_load(&group->looked_ms);
    if (now_ms < looked_ms + LOOK_MS ||
        !atomic_compare_exchange_strong(&group->looked_ms, &looked_ms, now_ms))
        return false;
    for (int64_t i = 0; i < limit; i++) {
        uint64_t word = atomic_load(&group->slots[i]);
        if (!is_over(word, now_ms) && is_dead(word) &&
            atomic_compare_exchange_strong(&group->slots[i], &word, 0))
            found = true;
    }
    return found;
}

static bool
claim(struct permit_group *group, int64_t limit, int64_t now_ms, struct permit *permit)
{
    for (int64_t i = 0; i < limit; i++) {
        uint64_t word = atomic_load(&group->slots[i]);
        if (is_over(word, now_ms) &&
            atomic_compare_exchange_strong(&group->slots[i], &word, permit->ticket)) {
            permit->slot = (uint32_t)i;
            return true;
        }
    }
    return false;
}

bool
permit_take(struct host *host, const char *name, int64_t limit, int64_t ttl_ms,
            struct permit *permit)
{
    int64_t now_ms = clock_monotonic_ms();
    *permit = (struct permit){.host = host, .group = group_of(host, name)};
    struct permit_group *group = group_at(host, permit->group);
    limit = within(limit);
    if (atomic_load_explicit(&group->limit, memory_order_relaxed) != limit)
        atomic_store_explicit(&group->limit, limit, memory_order_relaxed);
    permit->ticket = ticket_of(now_ms, ttl_ms);
    if (claim(group, limit, now_ms, permit) ||
        (bury(group, limit, now_ms) && claim(group, limit, now_ms, permit)))
        return true;
    permit->ticket = 0;
    return false;
}

/* Its ticket is its alone: another one of this process ends at another time, or is in another slot
 * while this one is held. */
static bool
replace(const struct permit *permit, uint64_t ticket)
{
    uint64_t seen = permit->ticket;
    return seen != 0 &&
           atomic_compare_exchange_strong(
               &group_at(permit->host, permit->group)->slots[permit->slot], &seen, ticket);
}

bool
permit_renew(struct permit *permit, int64_t ttl_ms)
{
    uint64_t ticket = ticket_of(clock_monotonic_ms(), ttl_ms);
    permit->ticket = replace(permit, ticket) ? ticket : 0;
    return permit->ticket != 0;
}

/* The mark of a sleeper stays until a wake finds none; clearing it moves the word, so who is about
 * to sleep looks again. */
static void
wake_one(struct permit_group *group)
{
    if ((atomic_fetch_add(&group->turn, TURN) & SLEEPER) && futex_wake(&group->turn, 1) <= 0)
        atomic_fetch_and(&group->turn, ~(uint32_t)SLEEPER);
}

void
permit_release(struct permit *permit)
{
    if (replace(permit, 0))
        wake_one(group_at(permit->host, permit->group));
    permit->ticket = 0;
}

static int64_t
count_out(struct permit_group *group, int64_t limit, int64_t now_ms)
{
    int64_t out = 0;
    for (int64_t i = 0; i < limit; i++)
        out += !is_over(atomic_load(&group->slots[i]), now_ms);
    return out;
}

void
permit_wait(struct host *host, const char *name, int64_t timeout_ms)
{
    struct permit_group *group = group_at(host, group_of(host, name));
    int64_t limit = within(atomic_load_explicit(&group->limit, memory_order_relaxed));
    int64_t now_ms = clock_monotonic_ms(), end_ms = now_ms + timeout_ms;
    for (; now_ms < end_ms; now_ms = clock_monotonic_ms()) {
        uint32_t turn = atomic_fetch_or(&group->turn, SLEEPER) | SLEEPER;
        if (count_out(group, limit, now_ms) < limit || bury(group, limit, now_ms))
            return;
        futex_sleep(&group->turn, turn, end_ms - now_ms < LOOK_MS ? end_ms - now_ms : LOOK_MS);
        if (atomic_load(&group->turn) >> 1 != turn >> 1)
            return;
    }
}

int64_t
permit_count(struct host *host, const char *name, int64_t limit)
{
    return count_out(group_at(host, group_of(host, name)), within(limit), clock_monotonic_ms());
}
