/* A retry is counted first and asked about then: of many that ask at once, each sees all that were
 * counted before it looked, so together they never have more than is allowed. A worker that dies
 * before it takes a refused one back leaves the others one less until the window has passed. */
#include "host/retry_budget.h"

#include "host/metrics.h"
#include "host/shared.h"
#include "host/window.h"

enum { SHARE_PERCENT = 20, RETRIES_MIN = 3 };

static struct window
window_of(struct host *host)
{
    return (struct window){host->shared->retry_slots, RETRY_SECONDS};
}

static int64_t
allowed_for(int64_t calls)
{
    int64_t share = calls * SHARE_PERCENT / 100;
    return share > RETRIES_MIN ? share : RETRIES_MIN;
}

void
retry_budget_call(struct host *host, int64_t monotonic_us)
{
    struct window window = window_of(host);
    window_add(&window, monotonic_us, (struct window_counts){.all = 1});
}

bool
retry_budget_take(struct host *host, int64_t monotonic_us)
{
    struct window window = window_of(host);
    window_add(&window, monotonic_us, (struct window_counts){.some = 1});
    struct window_counts sum = window_sum(&window, monotonic_us);
    if (sum.some <= allowed_for(sum.all))
        return true;
    window_add(&window, monotonic_us, (struct window_counts){.some = -1});
    metrics_add(host, METRIC_RETRIES_REFUSED, "", 1);
    return false;
}

void
retry_budget_view(struct host *host, int64_t monotonic_us, struct retry_budget_view *view)
{
    struct window window = window_of(host);
    struct window_counts sum = window_sum(&window, monotonic_us);
    *view = (struct retry_budget_view){
        .calls = sum.all,
        .retries = sum.some,
        .allowed = allowed_for(sum.all),
        .refused_total = metrics_sum(host, METRIC_RETRIES_REFUSED, ""),
        .window_s = RETRY_SECONDS,
    };
}
