/* A breaker is one word, so each decision is one compare-and-swap:
 *
 *   bits 62-63  the state
 *   bits 52-61  failures in a row
 *   bits 48-51  probes that failed since it opened, which lengthen its recovery
 *   bits 0-47   open: when a probe may go; half open: when the probe is given up (monotonic us)
 *
 * The totals are counted after the swap: they tell people what happened and decide nothing. */
#include "host/breaker.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "host/hash.h"
#include "host/shared.h"

enum {
    STATE_SHIFT = 62,
    FAILURES_SHIFT = 52,
    PROBES_SHIFT = 48,
    FAILURES_MAX = (1 << 10) - 1,
    PROBES_MAX = (1 << 4) - 1,
    RECOVERY_MAX_MS = 60 * 1000,
};
#define UNTIL_MASK ((UINT64_C(1) << PROBES_SHIFT) - 1)

struct state {
    enum breaker_state now;
    int64_t failures, probes;
    int64_t until_us;
};

static struct state
unpack(uint64_t word)
{
    return (struct state){.now = (enum breaker_state)(word >> STATE_SHIFT),
                          .failures = (int64_t)(word >> FAILURES_SHIFT) & FAILURES_MAX,
                          .probes = (int64_t)(word >> PROBES_SHIFT) & PROBES_MAX,
                          .until_us = (int64_t)(word & UNTIL_MASK)};
}

static int64_t
at_most(int64_t number, int64_t most)
{
    return number < most ? number : most;
}

static uint64_t
pack(struct state state)
{
    return (uint64_t)state.now << STATE_SHIFT |
           (uint64_t)at_most(state.failures, FAILURES_MAX) << FAILURES_SHIFT |
           (uint64_t)at_most(state.probes, PROBES_MAX) << PROBES_SHIFT |
           ((uint64_t)state.until_us & UNTIL_MASK);
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
    note_number(&breaker->recovery_max_ms, policy->recovery_max_ms);
}

/* From opening to the next probe, after so many that failed. */
static int64_t
recovery_after(const struct breaker_policy *policy, int64_t probes)
{
    int64_t most_ms = policy->recovery_max_ms ? policy->recovery_max_ms : RECOVERY_MAX_MS;
    int64_t recovery_ms = policy->recovery_ms;
    for (int64_t i = 0; i < probes && recovery_ms < most_ms; i++)
        recovery_ms = at_most(recovery_ms * 2, most_ms);
    return recovery_ms;
}

static int64_t
milliseconds_up(int64_t microseconds)
{
    return microseconds <= 0 ? 0 : (microseconds + 999) / 1000;
}

static int64_t
rest_left(struct breaker *breaker, int64_t monotonic_us)
{
    return milliseconds_up(atomic_load_explicit(&breaker->rest_until_us, memory_order_relaxed) -
                           monotonic_us);
}

/* Until a call may go, as far as state and rest say. */
static int64_t
milliseconds_left(struct breaker *breaker, const struct state *state, int64_t monotonic_us)
{
    int64_t rest_ms = rest_left(breaker, monotonic_us), closed_ms = 0;
    if (state->now != BREAKER_CLOSED)
        closed_ms = milliseconds_up(state->until_us - monotonic_us);
    return rest_ms > closed_ms ? rest_ms : closed_ms;
}

static int64_t
end_of_probe(const struct breaker_policy *policy, int64_t allowed_us)
{
    return allowed_us + policy->probe_ms * 1000;
}

enum breaker_verdict
breaker_allow(struct breaker *breaker, const struct breaker_policy *policy, int64_t monotonic_us,
              int64_t *retry_after_ms)
{
    note_policy(breaker, policy);
    uint64_t word = atomic_load(&breaker->state);
    for (;;) {
        struct state state = unpack(word);
        *retry_after_ms = milliseconds_left(breaker, &state, monotonic_us);
        if (*retry_after_ms > 0)
            return BREAKER_REFUSES;
        if (state.now == BREAKER_CLOSED)
            return BREAKER_ALLOWS;
        struct state probing = {BREAKER_HALF_OPEN, state.failures, state.probes,
                                end_of_probe(policy, monotonic_us)};
        if (atomic_compare_exchange_strong(&breaker->state, &word, pack(probing))) {
            if (state.now != BREAKER_OPEN)
                return BREAKER_ALLOWS;
            count(&breaker->half_opens);
            return BREAKER_PROBES;
        }
    }
}

bool
breaker_success(struct breaker *breaker, int64_t monotonic_us)
{
    (void)monotonic_us;
    count(&breaker->successes);
    atomic_store_explicit(&breaker->last_success_us, clock_realtime_us(), memory_order_relaxed);
    return breaker_alive(breaker);
}

/* What comes while it is open belongs to a call from before: it closes nothing. */
bool
breaker_alive(struct breaker *breaker)
{
    uint64_t word = atomic_load(&breaker->state);
    while (word != 0 && unpack(word).now != BREAKER_OPEN) {
        if (atomic_compare_exchange_weak(&breaker->state, &word, 0)) {
            bool closes = unpack(word).now == BREAKER_HALF_OPEN;
            if (closes)
                count(&breaker->closes);
            return closes;
        }
    }
    return false;
}

/* What a failure makes of a state that is not open. */
static struct state
failed(struct state state, const struct breaker_policy *policy, int64_t monotonic_us)
{
    struct state next = {.failures = state.failures + 1};
    if (state.now == BREAKER_CLOSED && next.failures < policy->threshold)
        return next;
    next.now = BREAKER_OPEN;
    next.probes = state.now == BREAKER_HALF_OPEN ? state.probes + 1 : 0;
    next.until_us = monotonic_us + recovery_after(policy, next.probes) * 1000;
    return next;
}

bool
breaker_failure(struct breaker *breaker, const struct breaker_policy *policy, int64_t monotonic_us)
{
    note_policy(breaker, policy);
    count(&breaker->failures);
    atomic_store_explicit(&breaker->last_failure_us, clock_realtime_us(), memory_order_relaxed);
    uint64_t word = atomic_load(&breaker->state);
    for (;;) {
        struct state state = unpack(word);
        if (state.now == BREAKER_OPEN)
            return false;
        struct state next = failed(state, policy, monotonic_us);
        if (atomic_compare_exchange_strong(&breaker->state, &word, pack(next))) {
            if (next.now == BREAKER_OPEN)
                count(&breaker->opens);
            return next.now == BREAKER_OPEN;
        }
    }
}

/* A probe is known by its end: half open until then is nobody else's state. */
void
breaker_withdraw(struct breaker *breaker, const struct breaker_policy *policy, int64_t allowed_us)
{
    uint64_t word = atomic_load(&breaker->state);
    struct state state = unpack(word);
    if (state.now != BREAKER_HALF_OPEN ||
        state.until_us != (end_of_probe(policy, allowed_us) & (int64_t)UNTIL_MASK))
        return;
    state.until_us = allowed_us;
    atomic_compare_exchange_strong(&breaker->state, &word, pack(state));
}

void
breaker_rest(struct breaker *breaker, int64_t until_us)
{
    int64_t seen = atomic_load(&breaker->rest_until_us);
    while (seen < until_us &&
           !atomic_compare_exchange_weak(&breaker->rest_until_us, &seen, until_us))
        continue;
}

bool
breaker_reset(struct breaker *breaker)
{
    atomic_store(&breaker->rest_until_us, 0);
    uint64_t word = atomic_exchange(&breaker->state, 0);
    bool closes = unpack(word).now != BREAKER_CLOSED;
    if (closes)
        count(&breaker->closes);
    return closes;
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
                   atomic_load(&breaker->probe_ms), atomic_load(&breaker->recovery_max_ms)},
        .retry_after_ms = milliseconds_left(breaker, &state, monotonic_us),
        .rest_ms = rest_left(breaker, monotonic_us),
    };
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
