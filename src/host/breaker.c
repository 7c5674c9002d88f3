/* A breaker is one word, so each decision is one compare-and-swap:
 *
 *   bits 62-63  the state
 *   bits 48-61  failures in a row
 *   bits 0-47   open: when a probe may go; half open: when the probe is given up (monotonic us)
 *
 * The totals are counted after the swap: they tell people what happened and decide nothing. */
#include "host/breaker.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "host/hash.h"
#include "host/shared.h"

enum { STATE_SHIFT = 62, FAILURES_SHIFT = 48, FAILURES_MAX = (1 << 14) - 1 };
#define UNTIL_MASK ((UINT64_C(1) << FAILURES_SHIFT) - 1)

struct state {
    enum breaker_state now;
    int64_t failures;
    int64_t until_us;
};

static struct state
unpack(uint64_t word)
{
    return (struct state){.now = (enum breaker_state)(word >> STATE_SHIFT),
                          .failures = (int64_t)(word >> FAILURES_SHIFT) & FAILURES_MAX,
                          .until_us = (int64_t)(word & UNTIL_MASK)};
}

static uint64_t
pack(enum breaker_state now, int64_t failures, int64_t until_us)
{
    if (failures > FAILURES_MAX)
        failures = FAILURES_MAX;
    return (uint64_t)now << STATE_SHIFT | (uint64_t)failures << FAILURES_SHIFT |
           ((uint64_t)until_us & UNTIL_MASK);
}

static void
count(atomic_uint_fast64_t *total)
{
    atomic_fetch_add_explicit(total, 1, memory_order_relaxed);
}

static struct name_table
table_of(struct host *host)
{
    return (struct name_table){host->shared->breaker_hashes, host->shared->breakers,
                               sizeof(struct breaker), BREAKERS_MAX};
}

/* A name too long for a view keeps its beginning and its hash. Names past the table share one
 * breaker: they rest together. */
struct breaker *
breaker_find(struct host *host, const char *name)
{
    char text[sizeof((struct breaker_view){0}.name)];
    size_t length = strlen(name);
    if (length < sizeof text)
        memcpy(text, name, length + 1);
    else
        length = (size_t)snprintf(text, sizeof text, "%.78s~%016llx", name,
                                  (unsigned long long)hash_bytes(name, length));
    struct name_table table = table_of(host);
    struct breaker *breaker = name_find(&table, 0, text, length, true);
    return breaker ? breaker : &host->shared->breaker_overflow;
}

static void
note_number(atomic_int_fast64_t *cell, int64_t value)
{
    if (atomic_load_explicit(cell, memory_order_relaxed) != value)
        atomic_store_explicit(cell, value, memory_order_relaxed);
}

static void
note_policy(struct breaker *breaker, const struct breaker_policy *policy)
{
    note_number(&breaker->threshold, policy->threshold);
    note_number(&breaker->recovery_ms, policy->recovery_ms);
    note_number(&breaker->probe_ms, policy->probe_ms);
}

static int64_t
milliseconds_up(int64_t microseconds)
{
    return microseconds <= 0 ? 0 : (microseconds + 999) / 1000;
}

static int64_t
end_of_probe(const struct breaker_policy *policy, int64_t allowed_us)
{
    return allowed_us + policy->probe_ms * 1000;
}

bool
breaker_allow(struct breaker *breaker, const struct breaker_policy *policy, int64_t monotonic_us,
              int64_t *retry_after_ms)
{
    note_policy(breaker, policy);
    *retry_after_ms = 0;
    uint64_t word = atomic_load(&breaker->state);
    for (;;) {
        struct state state = unpack(word);
        if (state.now == BREAKER_CLOSED)
            return true;
        if (monotonic_us < state.until_us) {
            *retry_after_ms = milliseconds_up(state.until_us - monotonic_us);
            return false;
        }
        uint64_t probing =
            pack(BREAKER_HALF_OPEN, state.failures, end_of_probe(policy, monotonic_us));
        if (atomic_compare_exchange_strong(&breaker->state, &word, probing)) {
            if (state.now == BREAKER_OPEN)
                count(&breaker->half_opens);
            return true;
        }
    }
}

/* A success that comes while it is open belongs to a call from before: it closes nothing. */
void
breaker_success(struct breaker *breaker, int64_t monotonic_us)
{
    (void)monotonic_us;
    count(&breaker->successes);
    atomic_store_explicit(&breaker->last_success_us, clock_realtime_us(), memory_order_relaxed);
    uint64_t word = atomic_load(&breaker->state);
    while (word != 0 && unpack(word).now != BREAKER_OPEN) {
        if (atomic_compare_exchange_weak(&breaker->state, &word, 0)) {
            if (unpack(word).now == BREAKER_HALF_OPEN)
                count(&breaker->closes);
            return;
        }
    }
}

void
breaker_failure(struct breaker *breaker, const struct breaker_policy *policy, int64_t monotonic_us)
{
    note_policy(breaker, policy);
    count(&breaker->failures);
    atomic_store_explicit(&breaker->last_failure_us, clock_realtime_us(), memory_order_relaxed);
    uint64_t word = atomic_load(&breaker->state);
    for (;;) {
        struct state state = unpack(word);
        if (state.now == BREAKER_OPEN)
            return;
        int64_t failures = state.failures + 1;
        bool opens = state.now == BREAKER_HALF_OPEN || failures >= policy->threshold;
        uint64_t next =
            opens ? pack(BREAKER_OPEN, failures, monotonic_us + policy->recovery_ms * 1000)
                  : pack(BREAKER_CLOSED, failures, 0);
        if (atomic_compare_exchange_strong(&breaker->state, &word, next)) {
            if (opens)
                count(&breaker->opens);
            return;
        }
    }
}

/* A probe is known by its end: half open until then is nobody else's state. */
void
breaker_withdraw(struct breaker *breaker, const struct breaker_policy *policy, int64_t allowed_us)
{
    uint64_t word = atomic_load(&breaker->state);
    struct state state = unpack(word);
    int64_t end_us = end_of_probe(policy, allowed_us);
    if (word == pack(BREAKER_HALF_OPEN, state.failures, end_us))
        atomic_compare_exchange_strong(&breaker->state, &word,
                                       pack(BREAKER_HALF_OPEN, state.failures, allowed_us));
}

void
breaker_reset(struct breaker *breaker)
{
    uint64_t word = atomic_exchange(&breaker->state, 0);
    if (unpack(word).now != BREAKER_CLOSED)
        count(&breaker->closes);
}

static void
fill_view(struct breaker *breaker, const char *name, int64_t monotonic_us,
          struct breaker_view *view)
{
    struct state state = unpack(atomic_load(&breaker->state));
    *view = (struct breaker_view){
        .state = state.now,
        .failures = state.failures,
        .last_failure_us = atomic_load(&breaker->last_failure_us),
        .last_success_us = atomic_load(&breaker->last_success_us),
        .successes_total = atomic_load(&breaker->successes),
        .failures_total = atomic_load(&breaker->failures),
        .opens_total = atomic_load(&breaker->opens),
        .half_opens_total = atomic_load(&breaker->half_opens),
        .closes_total = atomic_load(&breaker->closes),
        .policy = {atomic_load(&breaker->threshold), atomic_load(&breaker->recovery_ms),
                   atomic_load(&breaker->probe_ms)},
    };
    if (state.now != BREAKER_CLOSED)
        view->retry_after_ms = milliseconds_up(state.until_us - monotonic_us);
    snprintf(view->name, sizeof view->name, "%.*s", (int)sizeof view->name - 1, name);
}

void
breaker_view(struct breaker *breaker, int64_t monotonic_us, struct breaker_view *view)
{
    char text[NAME_MAX_BYTES + 1] = "others";
    if (!name_read(&breaker->name, text))
        memcpy(text, "others", sizeof "others");
    fill_view(breaker, text, monotonic_us, view);
}

size_t
breaker_list(struct host *host, int64_t monotonic_us, struct breaker_view *views, size_t max)
{
    struct name_table table = table_of(host);
    char text[NAME_MAX_BYTES + 1];
    size_t found = 0;
    for (size_t i = 0; i < BREAKERS_MAX; i++) {
        struct breaker *breaker = name_at(&table, i, text);
        if (!breaker)
            continue;
        if (found < max)
            fill_view(breaker, text, monotonic_us, &views[found]);
        found++;
    }
    return found;
}
