/* The care of tables that only grow: partitions of the coming days, the end of those past their
 * retention, rows that have served. The work itself is hearth.maintain() in the database, which any
 * number of callers may run at once. */
#ifndef HEARTH_ACCESS_MAINTAIN_H
#define HEARTH_ACCESS_MAINTAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "http/schema.h"

struct access;
struct store;

struct maintenance {
    bool ran;               /* false: another one is at it */
    int64_t made, dropped;  /* partitions */
    int64_t moved, deleted; /* rows: out of default partitions, and for good */
    bool again;             /* there was more to do, or a table was in use */
};

enum { MAINTAIN_ROUNDS = 2000, MAINTAIN_VAIN_ROUNDS = 100, MAINTAIN_PAUSE_MS = 500 };

/* Runs rounds until there is nothing more to do, at most MAINTAIN_ROUNDS and MAINTAIN_VAIN_ROUNDS
 * in a row that found all in use, and sums them up. Waits MAINTAIN_PAUSE_MS between rounds so that
 * what a round locks is free for others. */
bool maintain_run(struct store *store, struct arena *arena, struct maintenance *sum,
                  struct error *err) __attribute__((warn_unused_result));

/* A duty of the caretaker: runs some rounds when nobody has come to their end for
 * MAINTAIN_EVERY_HOURS, and none for an hour after one that found all in use. */
enum { MAINTAIN_EVERY_HOURS = 25 };
void maintain_duty(struct access *access, struct arena *arena);

/* Sets how many days the rows of "usage", "audit" or "trace" are kept; only the owner of the tables
 * may. ERROR_NOT_FOUND for another name. */
bool maintain_retain(struct store *store, const char *relation, int64_t days, struct arena *arena,
                     struct error *err) __attribute__((warn_unused_result));

struct retention {
    const char *relation;
    int64_t days;
};

/* How long each table is kept, a struct retention each. NULL as store_query(). */
const struct list *maintain_retention(struct store *store, struct arena *arena, struct error *err);

#endif
