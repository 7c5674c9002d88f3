/* The pool: places for connections, and a queue of those who wait for one. */
#include "store/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/metrics.h"

enum {
    PROBE_MS = 1500,
    RECOVERY_MS = 250,
    RECOVERY_MAX_MS = 500,
    FULL_US = 250 * 1000,
    NO_SLOT = -1
};

struct slot {
    struct connection *connection; /* NULL: not made, or broken */
    bool busy;
    uint64_t outages; /* that were known when it was made */
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
    size_t busy, open, waiting;
    size_t first_host;
    int64_t full_until_us; /* the server has no more connections: nobody asks for one before */
    atomic_uint_fast64_t *busy_gauge, *open_gauge; /* NULL: nobody's */
    struct histogram *waits;
};

static struct breaker_policy
policy_of(const struct pool *pool, int weight)
{
    int64_t probe_ms = pool->options.timeout_ms < PROBE_MS ? pool->options.timeout_ms : PROBE_MS;
    return (struct breaker_policy){.threshold = weight,
                                   .recovery_ms = RECOVERY_MS,
                                   .probe_ms = probe_ms + 100,
                                   .recovery_max_ms = RECOVERY_MAX_MS};
}

void
pool_judge(const struct pool *pool, int64_t started_us, struct fault *fault)
{
    int64_t had_us = clock_monotonic_us() - started_us;
    if (fault->kind == FAULT_TIMEOUT && had_us < pool->options.timeout_ms * 950)
        fault->kind = FAULT_LATE;
}

static void
show(const struct pool *pool)
{
    if (!pool->busy_gauge)
        return;
    atomic_store_explicit(pool->busy_gauge, pool->busy, memory_order_relaxed);
    atomic_store_explicit(pool->open_gauge, pool->open, memory_order_relaxed);
}

static atomic_uint_fast64_t *
gauge(const struct pool *pool, int worker, const char *state)
{
    char labels[METRIC_LABELS_MAX];
    snprintf(labels, sizeof(labels), "database=\"%s\",worker=\"%d\",state=\"%s\"",
             pool->options.name, worker, state);
    return metrics_cell(pool->options.host, METRIC_STORE_CONNECTIONS, labels);
}

void
pool_name_worker(struct pool *pool, int worker)
{
    pthread_mutex_lock(&pool->lock);
    pool->busy_gauge = worker >= 0 ? gauge(pool, worker, "busy") : NULL;
    pool->open_gauge = worker >= 0 ? gauge(pool, worker, "open") : NULL;
    show(pool);
    pthread_mutex_unlock(&pool->lock);
}

struct pool *
pool_new(const struct pool_options *options)
{
    struct pool *pool = xcalloc(1, sizeof(*pool));
    pool->options = *options;
    pool->breaker = breaker_find(options->host, options->name);
    pool->canceller = canceller_new();
    char labels[METRIC_LABELS_MAX];
    metrics_labels(labels, "database", options->name, NULL, NULL);
    pool->waits = metrics_histogram(options->host, METRIC_STORE_WAITS, labels);
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
    pool->busy = pool->open = 0;
    show(pool);
    canceller_free(pool->canceller);
    pthread_condattr_destroy(&pool->clock);
    pthread_mutex_destroy(&pool->lock);
    free(pool->slots);
    free(pool);
}

/* A free place, one with a connection first, and only such a one while the server has no more of
 * them; NO_SLOT where there is none. */
static int
find_slot(const struct pool *pool)
{
    bool is_full = clock_monotonic_us() < pool->full_until_us;
    int found = NO_SLOT;
    for (size_t i = 0; i < pool->options.size; i++) {
        if (pool->slots[i].busy)
            continue;
        if (pool->slots[i].connection)
            return (int)i;
        if (found == NO_SLOT && !is_full)
            found = (int)i;
    }
    return found;
}

static void
occupy(struct pool *pool, int slot)
{
    pool->slots[slot].busy = true;
    pool->busy++;
    show(pool);
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

/* Hands free places to those who wait longest. */
static void
serve_waiters(struct pool *pool)
{
    int slot;
    while (pool->first && (slot = find_slot(pool)) != NO_SLOT) {
        struct waiter *waiter = pool->first;
        occupy(pool, slot);
        leave_queue(pool, waiter);
        waiter->slot = slot;
        pthread_cond_signal(&waiter->woken);
    }
}

/* With the lock held, until the deadline or until the server may have connections again. */
static void
sleep_in_queue(struct pool *pool, struct waiter *waiter, int64_t now_us, int64_t deadline_us)
{
    bool is_full = now_us < pool->full_until_us && pool->full_until_us < deadline_us;
    int64_t end_us = is_full ? pool->full_until_us : deadline_us;
    struct timespec end = {.tv_sec = end_us / 1000000, .tv_nsec = end_us % 1000000 * 1000};
    if (pthread_cond_timedwait(&waiter->woken, &pool->lock, &end) == ETIMEDOUT)
        serve_waiters(pool);
}

/* With the lock held. */
static int
wait_for_slot(struct pool *pool, int64_t deadline_us)
{
    struct waiter waiter = {.slot = NO_SLOT};
    int64_t started_us = clock_monotonic_us(), now_us = started_us;
    pthread_cond_init(&waiter.woken, &pool->clock);
    enqueue(pool, &waiter);
    for (; waiter.slot == NO_SLOT && !waiter.hopeless && now_us < deadline_us;
         now_us = clock_monotonic_us())
        sleep_in_queue(pool, &waiter, now_us, deadline_us);
    leave_queue(pool, &waiter);
    pthread_cond_destroy(&waiter.woken);
    histogram_observe(pool->waits, now_us - started_us);
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

static void
give_slot(struct pool *pool, int slot)
{
    pthread_mutex_lock(&pool->lock);
    pool->slots[slot].busy = false;
    pool->busy--;
    show(pool);
    serve_waiters(pool);
    pthread_mutex_unlock(&pool->lock);
}

/* The server, or the limit of our role, has no more connections. Whether we have others that will
 * be free. */
static bool
note_full(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool have_others = pool->open > 0;
    if (have_others)
        pool->full_until_us = clock_monotonic_us() + FULL_US;
    pthread_mutex_unlock(&pool->lock);
    return have_others;
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
count(const struct pool *pool, const struct fault *fault)
{
    char labels[METRIC_LABELS_MAX];
    if (fault->kind == FAULT_NONE)
        return;
    metrics_labels(labels, "database", pool->options.name, "kind", fault_name(fault->kind));
    metrics_add(pool->options.host, METRIC_STORE_FAILURES, labels, 1);
}

/* Tells the others what became of a call. */
static void
report(struct pool *pool, int64_t allowed_us, const struct fault *fault)
{
    int weight = fault_weight(fault, !pool->options.session);
    const struct breaker_policy policy = policy_of(pool, weight);
    int64_t now_us = clock_monotonic_us();
    count(pool, fault);
    if (fault->kind == FAULT_LATE || fault->kind == FAULT_ENDED) {
        breaker_withdraw(pool->breaker, &policy, allowed_us);
        return;
    }
    if (weight == 0) {
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

/* Puts a connection, or none, into a place that is ours; the one that was there is returned. */
static struct connection *
swap_connection(struct pool *pool, size_t slot, struct connection *connection)
{
    pthread_mutex_lock(&pool->lock);
    struct connection *old = pool->slots[slot].connection;
    pool->slots[slot].connection = connection;
    pool->open += connection != NULL;
    pool->open -= old != NULL;
    show(pool);
    pthread_mutex_unlock(&pool->lock);
    return old;
}

static void
drop_connection(struct pool *pool, size_t slot, bool cancel)
{
    struct connection *old = swap_connection(pool, slot, NULL);
    if (old && cancel)
        connection_cancel(old, pool->canceller);
    else if (old)
        connection_close(old);
}

static struct connection *
connect_to(struct pool *pool, int64_t deadline_us, struct fault *fault)
{
    pthread_mutex_lock(&pool->lock);
    size_t host = pool->first_host;
    pthread_mutex_unlock(&pool->lock);
    struct connection *connection =
        connection_open(pool->options.conninfo, &host, deadline_us, fault);
    if (!connection)
        return NULL;
    pthread_mutex_lock(&pool->lock);
    pool->first_host = host;
    pthread_mutex_unlock(&pool->lock);
    return connection;
}

/* How often the server was found to be away, by any process. */
static uint64_t
count_outages(const struct pool *pool)
{
    struct breaker_view view;
    breaker_view(pool->breaker, clock_monotonic_us(), &view);
    return view.opens_total;
}

/* A connection from before an outage may lead nowhere without a sign of that: it would cost the
 * call that tries it all its time. */
static bool
connect_slot(struct pool *pool, struct pool_lease *lease, int64_t deadline_us, struct fault *fault)
{
    struct slot *slot = &pool->slots[lease->slot];
    struct connection *connection = slot->connection;
    uint64_t outages = count_outages(pool);
    if (!connection || slot->outages != outages || !connection_is_alive(connection)) {
        drop_connection(pool, lease->slot, false);
        connection = connect_to(pool, deadline_us, fault);
        swap_connection(pool, lease->slot, connection);
        slot->outages = outages;
    }
    lease->connection = connection;
    return connection != NULL;
}

/* A place with a connection, or a fault. */
static bool
take_connection(struct pool *pool, int64_t deadline_us, struct pool_lease *lease,
                struct fault *fault)
{
    for (;;) {
        int slot = take_slot(pool, deadline_us);
        if (slot == NO_SLOT) {
            fault->kind = pool_is_down(pool) ? FAULT_UNREACHED : FAULT_BUSY;
            return false;
        }
        lease->slot = (size_t)slot;
        if (connect_slot(pool, lease, deadline_us, fault))
            return true;
        bool again = fault->kind == FAULT_BUSY && note_full(pool);
        if (!again)
            report(pool, lease->allowed_us, fault);
        give_slot(pool, slot);
        if (!again)
            return false;
    }
}

bool
pool_take(struct pool *pool, int64_t deadline_us, struct pool_lease *lease, struct fault *fault)
{
    const struct breaker_policy policy = policy_of(pool, 1);
    int64_t retry_after_ms, now_us = clock_monotonic_us();
    *lease = (struct pool_lease){.pool = pool, .allowed_us = now_us};
    *fault = (struct fault){.kind = now_us < deadline_us ? FAULT_UNREACHED : FAULT_LATE};
    if (now_us >= deadline_us)
        return false;
    if (!breaker_allow(pool->breaker, &policy, now_us, &retry_after_ms))
        return false;
    if (take_connection(pool, deadline_us, lease, fault)) {
        *fault = (struct fault){0};
        return true;
    }
    breaker_withdraw(pool->breaker, &policy, now_us);
    return false;
}

/* Whether the next one may use it. */
static bool
is_good(const struct connection *connection, const struct fault *fault)
{
    return !(fault && fault_breaks(fault)) && connection_is_reusable(connection);
}

void
pool_give(struct pool_lease *lease, const struct fault *fault)
{
    struct pool *pool = lease->pool;
    if (!is_good(lease->connection, fault))
        drop_connection(pool, lease->slot,
                        fault && (fault->kind == FAULT_TIMEOUT || fault->kind == FAULT_LATE));
    if (fault)
        report(pool, lease->allowed_us, fault);
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
    view->open = pool->open;
    pthread_mutex_unlock(&pool->lock);
}
