/* The pool: places for connections, and a queue of those who wait for one. */
#include "store/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"

enum { PROBE_MS = 1500, RECOVERY_MS = 250, RECOVERY_MAX_MS = 500, NO_SLOT = -1 };

struct slot {
    struct connection *connection; /* NULL: not made, or broken */
    bool busy;
};

/* Somebody who waits, on the stack of the caller. */
struct waiter {
    struct waiter *next;
    pthread_cond_t woken;
    int slot;      /* given to it; NO_SLOT */
    bool hopeless; /* the server went down meanwhile */
};

struct pool {
    struct pool_options options;
    struct breaker *breaker;
    struct canceller *canceller;
    pthread_condattr_t clock;
    pthread_mutex_t lock;
    struct slot *slots;
    struct waiter *first, *last;
    size_t busy, waiting;
    size_t first_host;
};

/* A server that gave no answer in the whole time of a call is taken for gone at once. Behind a
 * pooler nobody else ends slow statements, so one of them is not taken for an outage. */
static struct breaker_policy
policy_of(const struct pool *pool)
{
    int64_t probe_ms = pool->options.timeout_ms < PROBE_MS ? pool->options.timeout_ms : PROBE_MS;
    return (struct breaker_policy){.threshold = pool->options.session ? 1 : 3,
                                   .recovery_ms = RECOVERY_MS,
                                   .probe_ms = probe_ms + 100,
                                   .recovery_max_ms = RECOVERY_MAX_MS};
}

struct pool *
pool_new(const struct pool_options *options)
{
    struct pool *pool = xcalloc(1, sizeof(*pool));
    pool->options = *options;
    pool->breaker = breaker_find(options->host, options->name);
    pool->canceller = canceller_new();
    pool->slots = xcalloc(options->size, sizeof(*pool->slots));
    pthread_condattr_init(&pool->clock);
    pthread_condattr_setclock(&pool->clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

void
pool_free(struct pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->options.size; i++)
        if (pool->slots[i].connection)
            connection_close(pool->slots[i].connection);
    canceller_free(pool->canceller);
    pthread_condattr_destroy(&pool->clock);
    pthread_mutex_destroy(&pool->lock);
    free(pool->slots);
    free(pool);
}

/* A free place, one with a connection first; NO_SLOT where all are busy. */
static int
find_slot(const struct pool *pool)
{
    int found = NO_SLOT;
    for (size_t i = 0; i < pool->options.size; i++) {
        if (pool->slots[i].busy)
            continue;
        if (pool->slots[i].connection)
            return (int)i;
        if (found == NO_SLOT)
            found = (int)i;
    }
    return found;
}

static void
occupy(struct pool *pool, int slot)
{
    pool->slots[slot].busy = true;
    pool->busy++;
}

static void
enqueue(struct pool *pool, struct waiter *waiter)
{
    if (pool->last)
        pool->last->next = waiter;
    else
        pool->first = waiter;
    pool->last = waiter;
    pool->waiting++;
}

static void
leave_queue(struct pool *pool, const struct waiter *waiter)
{
    struct waiter **link = &pool->first, *before = NULL;
    while (*link && *link != waiter) {
        before = *link;
        link = &before->next;
    }
    if (!*link)
        return;
    *link = waiter->next;
    if (pool->last == waiter)
        pool->last = before;
    pool->waiting--;
}

/* With the lock held. */
static int
wait_for_slot(struct pool *pool, int64_t deadline_us)
{
    struct waiter waiter = {.slot = NO_SLOT};
    struct timespec end = {.tv_sec = deadline_us / 1000000,
                           .tv_nsec = deadline_us % 1000000 * 1000};
    pthread_cond_init(&waiter.woken, &pool->clock);
    enqueue(pool, &waiter);
    int result = 0;
    while (waiter.slot == NO_SLOT && !waiter.hopeless && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&waiter.woken, &pool->lock, &end);
    leave_queue(pool, &waiter);
    pthread_cond_destroy(&waiter.woken);
    return waiter.slot;
}

static int
take_slot(struct pool *pool, int64_t deadline_us)
{
    pthread_mutex_lock(&pool->lock);
    int slot = pool->first ? NO_SLOT : find_slot(pool);
    if (slot != NO_SLOT)
        occupy(pool, slot);
    else
        slot = wait_for_slot(pool, deadline_us);
    pthread_mutex_unlock(&pool->lock);
    return slot;
}

/* To the one who waits longest, or back. */
static void
give_slot(struct pool *pool, int slot)
{
    pthread_mutex_lock(&pool->lock);
    struct waiter *waiter = pool->first;
    if (waiter) {
        leave_queue(pool, waiter);
        waiter->slot = slot;
        pthread_cond_signal(&waiter->woken);
    } else {
        pool->slots[slot].busy = false;
        pool->busy--;
    }
    pthread_mutex_unlock(&pool->lock);
}

static void
send_waiters_away(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->first) {
        struct waiter *waiter = pool->first;
        leave_queue(pool, waiter);
        waiter->hopeless = true;
        pthread_cond_signal(&waiter->woken);
    }
    pthread_mutex_unlock(&pool->lock);
}

static void
report(struct pool *pool, const struct fault *fault)
{
    const struct breaker_policy policy = policy_of(pool);
    int64_t now_us = clock_monotonic_us();
    if (!fault_is_outage(fault)) {
        if (breaker_success(pool->breaker, now_us))
            log_line(LOG_LEVEL_INFO, "database answers again",
                     LOG_TEXT("database", pool->options.name));
        return;
    }
    if (!breaker_failure(pool->breaker, &policy, now_us))
        return;
    log_line(LOG_LEVEL_ERROR, "database does not answer", LOG_TEXT("database", pool->options.name),
             LOG_TEXT("fault", fault_name(fault->kind)), LOG_TEXT("sqlstate", fault->sqlstate),
             LOG_TEXT("reason", fault->message));
    send_waiters_away(pool);
}

static bool
connect_slot(struct pool *pool, struct pool_lease *lease, int64_t deadline_us, struct fault *fault)
{
    struct slot *slot = &pool->slots[lease->slot];
    if (slot->connection && !connection_is_alive(slot->connection)) {
        connection_close(slot->connection);
        slot->connection = NULL;
    }
    if (!slot->connection) {
        pthread_mutex_lock(&pool->lock);
        size_t host = pool->first_host;
        pthread_mutex_unlock(&pool->lock);
        slot->connection = connection_open(pool->options.conninfo, &host, deadline_us, fault);
        pthread_mutex_lock(&pool->lock);
        pool->first_host = slot->connection ? host : pool->first_host;
        pthread_mutex_unlock(&pool->lock);
    }
    lease->connection = slot->connection;
    return slot->connection != NULL;
}

bool
pool_take(struct pool *pool, int64_t deadline_us, struct pool_lease *lease, struct fault *fault)
{
    const struct breaker_policy policy = policy_of(pool);
    int64_t retry_after_ms, now_us = clock_monotonic_us();
    *lease = (struct pool_lease){.pool = pool, .allowed_us = now_us};
    *fault = (struct fault){.kind = FAULT_UNREACHED};
    if (!breaker_allow(pool->breaker, &policy, now_us, &retry_after_ms))
        return false;
    int slot = take_slot(pool, deadline_us);
    if (slot == NO_SLOT) {
        breaker_withdraw(pool->breaker, &policy, now_us);
        fault->kind = pool_is_down(pool) ? FAULT_UNREACHED : FAULT_BUSY;
        return false;
    }
    lease->slot = (size_t)slot;
    if (connect_slot(pool, lease, deadline_us, fault))
        return true;
    report(pool, fault);
    give_slot(pool, slot);
    return false;
}

void
pool_give(struct pool_lease *lease, const struct fault *fault)
{
    struct pool *pool = lease->pool;
    bool broken = fault && fault_is_outage(fault);
    if (fault && fault->kind == FAULT_TIMEOUT)
        connection_cancel(lease->connection, pool->canceller);
    if (broken || !connection_is_idle(lease->connection) ||
        (fault && (fault->kind == FAULT_READ_ONLY || fault->kind == FAULT_PLAN))) {
        connection_close(lease->connection);
        pool->slots[lease->slot].connection = NULL;
    }
    if (fault)
        report(pool, fault);
    give_slot(pool, (int)lease->slot);
}

bool
pool_is_down(const struct pool *pool)
{
    struct breaker_view view;
    breaker_view(pool->breaker, clock_monotonic_us(), &view);
    return view.state != BREAKER_CLOSED && view.retry_after_ms > 0;
}

void
pool_view(struct pool *pool, struct pool_view *view)
{
    *view = (struct pool_view){.size = pool->options.size};
    pthread_mutex_lock(&pool->lock);
    view->busy = pool->busy;
    view->waiting = pool->waiting;
    for (size_t i = 0; i < view->size; i++)
        view->open += pool->slots[i].busy || pool->slots[i].connection;
    pthread_mutex_unlock(&pool->lock);
}
