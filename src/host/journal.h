/* What happened on this host lately, for /internal/resilience/monitoring and for alerts: a ring of
 * rows in the mapped file, the last JOURNAL_ROWS of them, written by all workers without locks. A
 * row that a dead worker left half written is skipped. */
#ifndef HEARTH_HOST_JOURNAL_H
#define HEARTH_HOST_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"

enum { JOURNAL_ROWS = 8192 };

/* kind, its name in answers */
#define JOURNAL_KINDS(X)                                                                           \
    X(PRESET_USAGE, "preset_usage")                                                                \
    X(CONFIG_LOAD, "config_load")                                                                  \
    X(CONFIG_ERROR, "config_error")                                                                \
    X(CONFIG_CHANGE, "config_change")                                                              \
    X(VALIDATION, "validation_event")                                                              \
    X(PERFORMANCE, "performance_event")                                                            \
    X(ALERT, "alert")                                                                              \
    X(BREAKER_RESET, "config_change")

enum journal_kind {
#define X(kind, name) JOURNAL_##kind,
    JOURNAL_KINDS(X)
#undef X
        JOURNAL_KIND_COUNT
};

enum journal_level { JOURNAL_INFO, JOURNAL_WARNING, JOURNAL_ERROR, JOURNAL_CRITICAL };
enum { JOURNAL_LEVEL_COUNT = JOURNAL_CRITICAL + 1 };

/* Texts are valid UTF-8 that ends with a NUL: journal_text() shortens to that. */
struct journal_row {
    uint64_t number; /* 1, 2, ... in the order of adding */
    int64_t time_us; /* time of day */
    enum journal_kind kind;
    enum journal_level level;
    int64_t value;     /* of config_load: microseconds; of performance_event: nanoseconds;
                          of an alert: hundredths of what was measured */
    int32_t threshold; /* of an alert: hundredths of what it is held to; 0: nothing was measured */
    char subject[48];  /* a preset, model, operation; of an alert: what it is about */
    char session[40];  /* a process or who asked, "" for nobody known; of an alert: its kind */
    char text[128];
};

const char *journal_kind_name(enum journal_kind kind);
const char *journal_level_name(enum journal_level level);

/* Copies as many whole characters as fit. */
void journal_text(char *to, size_t size, const char *from);

/* Adds a row; number and, where it is 0, time_us are filled in. Lost where the file system has no
 * room for it. */
void journal_add(struct host *host, const struct journal_row *row);

/* Calls take() for whole rows from the newest to the oldest, without those that were cleaned away;
 * false from take() ends it. */
void journal_read(struct host *host, bool (*take)(void *context, const struct journal_row *row),
                  void *context);

/* Rows older than before_us (time of day) are no longer shown. Returns how many that were;
 * *remaining is how many are left. */
size_t journal_clean(struct host *host, int64_t before_us, size_t *remaining);

#endif
