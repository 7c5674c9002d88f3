/* What calls used, summed: read from the sums of each day, which are written with every call. */
#ifndef HEARTH_ACCESS_USAGE_H
#define HEARTH_ACCESS_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "base/strbuf.h"

struct caller;
struct store;

enum usage_by {
    USAGE_BY_DAY = 1 << 0,
    USAGE_BY_MODEL = 1 << 1,
    USAGE_BY_OPERATION = 1 << 2,
    USAGE_BY_CALLER = 1 << 3,
};

enum { USAGE_PAGE_ROWS = 1000, USAGE_DAY_BYTES = 11 };

struct usage_wish {
    const char *caller, *account_id; /* NULL: all */
    const char *from, *to;           /* days, both included: "2026-11-21" */
    unsigned by;                     /* enum usage_by */
    const char *model, *operation;   /* NULL: all */
};

/* What is not asked for is "". Calls whose answer was not taken, and were not charged for, are in
 * failed only. */
struct usage_row {
    const char *day, *model, *operation, *caller;
    int64_t calls, input, output, cached, written, thought, cost_micros;
    int64_t estimated, failed, lost; /* calls */
};

/* Only what is the caller's own: an account's where he has one, else the key's. */
void usage_own(struct usage_wish *wish, const struct caller *caller);

/* The rows behind after (NULL: from the first one), in order, at most USAGE_PAGE_ROWS. NULL as
 * store_query(). */
const struct list *usage_read(struct store *store, const struct usage_wish *wish,
                              const struct usage_row *after, struct arena *arena, struct error *err)
    __attribute__((warn_unused_result));

/* "day,model" as bits; false where it names something else. */
bool usage_parse_by(const char *text, unsigned *by) __attribute__((warn_unused_result));

/* NULL for a day of the calendar as "2026-11-21", else the complaint. */
const char *usage_day_complaint(const char *text);

/* The day (UTC) that is so many before now. */
void usage_day_before(char day[USAGE_DAY_BYTES], int64_t now_us, int64_t days);

/* Appends the line of names, and the line of a row, as CSV (RFC 4180). No cell begins like a
 * formula. */
void usage_csv_head(struct strbuf *out);
void usage_csv_row(const struct usage_row *row, struct strbuf *out);

#endif
