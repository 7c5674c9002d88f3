/* Leases, each in one cell of two words: which key, and
 *
 *   bits 23-63  when it runs out (monotonic ms)
 *   bit  22     somebody waits
 *   bits 0-21   the holder's process (Linux numbers them below 2^22)
 *
 * A key has one cell only, chosen by its bytes. That it is taken, handed over or ended is one
 * compare-and-swap, so of many that see a lease end exactly one gets the next. When the cell is
 * held for another key, this key does without: everybody who asks leads. */
#include "host/lease.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/shared.h"

enum { HOLDER_BITS = 22, EXPIRY_SHIFT = HOLDER_BITS + 1 };
#define WAITED_FOR (UINT64_C(1) << HOLDER_BITS)
#define HOLDER_MASK (WAITED_FOR - 1)

/* Holder 0 is no process: this ticket leads without a cell. */
#define TICKET_WITHOUT_CELL (UINT64_C(1) << EXPIRY_SHIFT)

/* The kernel tells nobody that a holder died, so waiters look at it this often. */
enum { LOOK_MS = 50 };

/* Keys are uniformly distributed; the cell comes from other bytes than the identity. */
static uint32_t
cell_of(const unsigned char *key)
{
    uint32_t number;
    memcpy(&number, key + 8, sizeof number);
    return number % LEASE_CELLS;
}

static uint64_t
identity_of(const unsigned char *key)
{
    uint64_t identity;
    memcpy(&identity, key, sizeof identity);
    return identity;
}

static int64_t
expiry_of(uint64_t word)
{
    return (int64_t)(word >> EXPIRY_SHIFT);
}

static uint64_t
ticket_of(int64_t now_ms, int64_t ttl_ms)
{
    return (uint64_t)(now_ms + (ttl_ms > 0 ? ttl_ms : 1)) << EXPIRY_SHIFT | (uint64_t)getpid();
}

static bool
is_held(uint64_t word, int64_t now_ms)
{
    pid_t holder = (pid_t)(word & HOLDER_MASK);
    if (holder == 0 || expiry_of(word) <= now_ms)
        return false;
    return kill(holder, 0) == 0 || errno != ESRCH;
}

/* The word's low half, which holds the process and a part of the time: the kernel compares it. */
static uint32_t *
futex_of(struct pair *cell)
{
    _Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the low half is at the address");
    return (uint32_t *)(void *)&cell->low;
}

static void
wake_all(struct pair *cell)
{
    syscall(SYS_futex, futex_of(cell), FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void
sleep_on(struct pair *cell, uint64_t word, int64_t milliseconds)
{
    struct timespec timeout = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    syscall(SYS_futex, futex_of(cell), FUTEX_WAIT, (uint32_t)word, &timeout, NULL, 0);
}

bool
lease_take(struct host *host, const unsigned char *key, int64_t ttl_ms, struct lease *lease)
{
    *lease = (struct lease){.host = host, .cell = cell_of(key)};
    struct pair *cell = &host->shared->leases[lease->cell];
    int64_t now_ms = clock_monotonic_ms();
    uint64_t ticket = ticket_of(now_ms, ttl_ms), identity = identity_of(key);
    struct pair seen = pair_load(cell);
    do {
        if (is_held(seen.low, now_ms)) {
            if (seen.high == identity)
                return false;
            lease->ticket = TICKET_WITHOUT_CELL;
            return true;
        }
    } while (!pair_swap(cell, &seen,
                        (struct pair){.low = ticket | (seen.low & WAITED_FOR), .high = identity}));
    lease->ticket = ticket;
    return true;
}

/* Moves the cell on where this lease still has it. Its ticket is its alone: another one of this
 * process ends at another time. */
static bool
replace(struct lease *lease, uint64_t ticket, uint64_t *was)
{
    struct pair *cell = &lease->host->shared->leases[lease->cell];
    struct pair seen = pair_load(cell);
    do {
        if ((seen.low & ~WAITED_FOR) != lease->ticket)
            return false;
        *was = seen.low;
    } while (!pair_swap(
        cell, &seen,
        ticket ? (struct pair){.low = ticket | (seen.low & WAITED_FOR), .high = seen.high}
               : (struct pair){0}));
    return true;
}

bool
lease_renew(struct lease *lease, int64_t ttl_ms)
{
    if (lease->ticket == 0 || lease->ticket == TICKET_WITHOUT_CELL)
        return lease->ticket != 0;
    uint64_t was, ticket = ticket_of(clock_monotonic_ms(), ttl_ms);
    if (!replace(lease, ticket, &was)) {
        lease->ticket = 0;
        return false;
    }
    lease->ticket = ticket;
    return true;
}

void
lease_release(struct lease *lease)
{
    uint64_t was;
    if (lease->ticket != 0 && lease->ticket != TICKET_WITHOUT_CELL && replace(lease, 0, &was) &&
        (was & WAITED_FOR))
        wake_all(&lease->host->shared->leases[lease->cell]);
    lease->ticket = 0;
}

static int64_t
least(int64_t first, int64_t second)
{
    return first < second ? first : second;
}

bool
lease_wait(struct host *host, const unsigned char *key, int64_t timeout_ms)
{
    struct pair *cell = &host->shared->leases[cell_of(key)];
    uint64_t identity = identity_of(key);
    int64_t end_ms = clock_monotonic_ms() + timeout_ms;
    for (;;) {
        struct pair seen = pair_load(cell);
        int64_t now_ms = clock_monotonic_ms();
        if (seen.high != identity || !is_held(seen.low, now_ms))
            return true;
        if (now_ms >= end_ms)
            return false;
        struct pair marked = {.low = seen.low | WAITED_FOR, .high = identity};
        if (!(seen.low & WAITED_FOR) && !pair_swap(cell, &seen, marked))
            continue;
        int64_t wait_ms = least(end_ms, expiry_of(marked.low)) - now_ms;
        sleep_on(cell, marked.low, least(wait_ms, LOOK_MS));
    }
}
