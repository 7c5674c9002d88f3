/* Alerts are rows of the journal; a cursor over its rows, moved by compare-and-swap, hands each to
 * one process. Who dies after that has lost it: an operator told once too seldom still has the log
 * line, the metric and the row. */
#include "host/alert.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "host/futex.h"
#include "host/journal_ring.h"
#include "host/limit.h"
#include "host/metrics.h"
#include "host/shared.h"

enum { KEY_BYTES = 160, WRITING_MS = 20, WRITING_LOOKS = 10 };
#define FRESH_US (INT64_C(600) * 1000000)

static enum log_level
log_level_of(enum journal_level level)
{
    if (level == JOURNAL_INFO)
        return LOG_LEVEL_INFO;
    return level == JOURNAL_WARNING ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR;
}

static void
raise_text(struct host *host, const struct alert *alert, const char *text)
{
    char labels[METRIC_LABELS_MAX];
    struct journal_row row = {
        .kind = JOURNAL_ALERT,
        .level = alert->level,
        .value = alert->actual_hundredths,
        .threshold = alert->threshold_hundredths < INT32_MAX ? (int32_t)alert->threshold_hundredths
                                                             : INT32_MAX,
    };
    journal_text(row.subject, sizeof row.subject, alert->subject);
    journal_text(row.session, sizeof row.session, alert->kind);
    journal_text(row.text, sizeof row.text, text);
    log_line(log_level_of(alert->level), "alert",
             LOG_TEXT("alert_level", journal_level_name(alert->level)),
             LOG_TEXT("kind", row.session), LOG_TEXT("subject", row.subject),
             LOG_TEXT("text", row.text));
    metrics_labels(labels, "level", journal_level_name(alert->level), "kind", row.session);
    metrics_add(host, METRIC_ALERTS, labels, 1);
    journal_add(host, &row);
    alert_stir(host);
}

void
alert_raise(struct host *host, const struct alert *alert, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    raise_text(host, alert, text);
}

void
alert_raise_once(struct host *host, int64_t repeat_s, const struct alert *alert, const char *format,
                 ...)
{
    char text[256], key[KEY_BYTES];
    struct limit_state ignored;
    snprintf(key, sizeof key, "alert:%s:%s", alert->kind, alert->subject);
    if (!limit_take(host, key, (struct rate){1, repeat_s}, clock_monotonic_us(), &ignored))
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    raise_text(host, alert, text);
}

/* The row, which its writer may be writing; false where it died over it. */
static bool
await_row(struct host *host, uint64_t number, struct journal_row *row)
{
    for (int looks = 0; looks < WRITING_LOOKS; looks++) {
        if (journal_row_at(host, number, row))
            return true;
        if (atomic_load(&host->shared->journal_rows) >= number + JOURNAL_ROWS)
            return false;
        futex_sleep(&host->shared->alert_turn, atomic_load(&host->shared->alert_turn), WRITING_MS);
    }
    return false;
}

static bool
claim(struct host *host, struct journal_row *row)
{
    uint64_t cursor = atomic_load(&host->shared->alert_cursor);
    for (;;) {
        uint64_t rows = atomic_load(&host->shared->journal_rows);
        if (cursor >= rows)
            return false;
        uint64_t next = rows - cursor > JOURNAL_ROWS ? rows - JOURNAL_ROWS : cursor + 1;
        bool whole = await_row(host, next, row);
        if (!atomic_compare_exchange_strong(&host->shared->alert_cursor, &cursor, next))
            continue;
        cursor = next;
        if (whole && row->kind == JOURNAL_ALERT && row->time_us > clock_realtime_us() - FRESH_US)
            return true;
    }
}

bool
alert_wait(struct host *host, int64_t timeout_ms, struct journal_row *row)
{
    uint32_t turn = atomic_load(&host->shared->alert_turn);
    if (claim(host, row))
        return true;
    futex_sleep(&host->shared->alert_turn, turn, timeout_ms);
    return claim(host, row);
}

void
alert_stir(struct host *host)
{
    atomic_fetch_add(&host->shared->alert_turn, 1);
    futex_wake(&host->shared->alert_turn, INT_MAX);
}
