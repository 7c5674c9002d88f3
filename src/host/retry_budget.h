/* Retries are allowed as a share of recent calls, over all workers, so that an outage is never
 * multiplied: 20 % of the calls of the last 10 seconds, at least 3 in them (Envoy's retry budget).
 */
#ifndef HEARTH_HOST_RETRY_BUDGET_H
#define HEARTH_HOST_RETRY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"

struct retry_budget_view {
    int64_t calls, retries; /* in the window */
    int64_t allowed;        /* retries in the window, those already made included */
    uint64_t refused_total;
    int64_t window_s;
};

/* A first attempt was made. */
void retry_budget_call(struct host *host, int64_t monotonic_us);

/* Takes one retry. false: the budget is spent. */
bool retry_budget_take(struct host *host, int64_t monotonic_us) __attribute__((warn_unused_result));

void retry_budget_view(struct host *host, int64_t monotonic_us, struct retry_budget_view *view);

#endif
