/* A small table from route and status to the shared cell. */
#include "apps/meters.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "host/metrics.h"

enum { SLOTS = 1024, PROBES = 16 };

struct slot {
    atomic_uintptr_t key; /* 0: free */
    _Atomic(atomic_uint_fast64_t *) cell;
};

struct meters {
    struct host *host;
    struct histogram *front, *waiting;
    struct slot slots[SLOTS];
};

struct meters *
meters_new(struct host *host)
{
    struct meters *meters = xcalloc(1, sizeof(*meters));
    meters->host = host;
    meters->front = metrics_histogram(host, METRIC_HTTP_DURATION, "lane=\"front\"");
    meters->waiting = metrics_histogram(host, METRIC_HTTP_DURATION, "lane=\"waiting\"");
    return meters;
}

void
meters_free(struct meters *meters)
{
    free(meters);
}

static atomic_uint_fast64_t *
find_cell(struct meters *meters, const struct route *route, int status)
{
    char labels[METRIC_LABELS_MAX];
    snprintf(labels, sizeof(labels), "route=\"%s\",status=\"%d\"",
             route && route->operation_id ? route->operation_id : "none", status);
    return metrics_cell(meters->host, METRIC_HTTP_REQUESTS, labels);
}

static atomic_uint_fast64_t *
cell_of(struct meters *meters, const struct route *route, int status)
{
    uintptr_t key = (uintptr_t)route ^ ((uintptr_t)status << 48);
    size_t start = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
    for (size_t i = 0; i < PROBES; i++) {
        struct slot *slot = &meters->slots[(start + i) % SLOTS];
        uintptr_t seen = atomic_load_explicit(&slot->key, memory_order_relaxed);
        if (seen == 0 && atomic_compare_exchange_strong(&slot->key, &seen, key))
            seen = key;
        if (seen != key)
            continue;
        atomic_uint_fast64_t *cell = atomic_load_explicit(&slot->cell, memory_order_acquire);
        if (!cell) {
            cell = find_cell(meters, route, status);
            atomic_store_explicit(&slot->cell, cell, memory_order_release);
        }
        return cell;
    }
    return find_cell(meters, route, status);
}

void
meters_count(struct meters *meters, const struct route *route, int status, bool waited,
             int64_t duration_us)
{
    atomic_fetch_add_explicit(cell_of(meters, route, status), 1, memory_order_relaxed);
    histogram_observe(waited ? meters->waiting : meters->front, duration_us);
}
