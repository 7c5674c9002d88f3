/* Something an operator should know: a log line, a metric, a row of the journal, and one delivery
 * by whichever process of the host claims it. */
#ifndef HEARTH_HOST_ALERT_H
#define HEARTH_HOST_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"
#include "host/journal.h"

/* kind is one of few fixed words ("breaker_open", "breaker_closed", "retry_budget_exhausted",
 * "error_rate", "preset_changed"); subject says of what (a model); neither is ever a secret. */
struct alert {
    enum journal_level level;
    const char *kind, *subject;
    int64_t actual_hundredths, threshold_hundredths; /* threshold 0: nothing was measured */
};

void alert_raise(struct host *host, const struct alert *alert, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, but of the same kind and subject at most one in repeat_s seconds. */
void alert_raise_once(struct host *host, int64_t repeat_s, const struct alert *alert,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Waits up to timeout_ms for an alert that nobody of the host has claimed yet, and claims it: its
 * row's session is the alert's kind. Alerts that nobody claimed within ten minutes are not handed
 * out any more. false: there was none, or alert_stir() was called. */
bool alert_wait(struct host *host, int64_t timeout_ms, struct journal_row *row)
    __attribute__((warn_unused_result));

/* Wakes all who wait: one of them has to look whether it should stop. */
void alert_stir(struct host *host);

#endif
