/* Counting answers and errors, and telling when errors are too many. */
#include "host/error_rate.h"

#include "host/alert.h"
#include "host/shared.h"
#include "host/window.h"

enum { ANSWERS_MIN = 20, REPEAT_S = 60 };

static struct window
window_of(struct host *host)
{
    return (struct window){host->shared->error_slots, ERROR_SECONDS};
}

struct error_rate
error_rate_now(struct host *host, int64_t monotonic_us)
{
    struct window window = window_of(host);
    struct window_counts sum = window_sum(&window, monotonic_us);
    return (struct error_rate){.answers = sum.all, .errors = sum.some};
}

void
error_rate_count(struct host *host, bool is_error, int64_t percent, int64_t monotonic_us)
{
    struct window window = window_of(host);
    window_add(&window, monotonic_us, (struct window_counts){.all = 1, .some = is_error});
    if (!is_error || percent <= 0)
        return;
    struct error_rate rate = error_rate_now(host, monotonic_us);
    if (rate.answers < ANSWERS_MIN || rate.errors * 100 <= rate.answers * percent)
        return;
    const struct alert alert = {.level = JOURNAL_ERROR,
                                .kind = "error_rate",
                                .subject = "http",
                                .actual_hundredths = rate.errors * 10000 / rate.answers,
                                .threshold_hundredths = percent * 100};
    alert_raise_once(host, REPEAT_S, &alert,
                     "%lld of %lld answers in the last minute were errors (5xx), which is more "
                     "than %lld %%",
                     (long long)rate.errors, (long long)rate.answers, (long long)percent);
}
