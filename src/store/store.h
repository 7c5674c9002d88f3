/* PostgreSQL: a bounded pool of connections per process. A call waits at most DATABASE_TIMEOUT, for
 * its connection and its answer together; a server that is stopped, frozen or restarting costs that
 * once, then calls fail at once until it answers again, which one call at a time finds out. Only
 * the waiting lane may call this: it waits. Safe for many threads. */
#ifndef HEARTH_STORE_STORE_H
#define HEARTH_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/settings.h"
#include "host/host.h"
#include "store/query.h"

struct store;
struct transaction;

/* Makes no connection yet. *store is NULL where DATABASE_URL is empty; else the caller owns it.
 * false with ERROR_INTERNAL for a connection string that cannot be read. */
bool store_open(const struct settings *settings, struct host *host, struct store **store,
                struct error *err) __attribute__((warn_unused_result));
/* Nobody may be calling any more. NULL is fine. */
void store_close(struct store *store);

enum store_verdict {
    STORE_FITS,
    STORE_AWAY,   /* it does not answer: it is judged at the first call that it answers */
    STORE_MISFIT, /* this program cannot work with it; calls are refused as ERROR_UNAVAILABLE until
                     it can */
};

/* Asks the database whether its schema is one that this program knows, and whether it has room for
 * the pools of so many workers (0: not counted, as behind a transaction pooler). Metrics are those
 * of this worker from then on; -1: of none. err says what does not fit and what to do. */
enum store_verdict store_check(struct store *store, int64_t workers, int worker, struct error *err)
    __attribute__((warn_unused_result));

/* Whether a call now would be refused without being tried: the server did not answer a moment ago,
 * as any process of the host found. Cheap: any lane. */
bool store_is_down(const struct store *store);

/* From now on the calls with this arena are those of one request: when one of them waited in vain,
 * those that follow have only what is left of its DATABASE_TIMEOUT, and are refused when that is
 * nothing, until one is answered or a while has passed. */
void store_join(struct arena *arena);

/* Runs one statement. The rows, in order, each a struct of query->columns, in the arena; for a
 * query without columns an empty list whose count is the number of rows that were changed. NULL
 * with ERROR_UNAVAILABLE, with a time to come back: no connection or no answer in time; the
 * statement may or may not have happened; ERROR_CONFLICT: a unique, foreign-key, check or exclusion
 * constraint, which err->reason_code names in the arena; ERROR_INTERNAL: anything else (logged with
 * its SQLSTATE, never with values). Serialisation failures and deadlocks are tried again.
 * parameters has query->parameters texts; a NULL among them is SQL's null. */
const struct list *store_query(struct store *store, const struct query *query,
                               const char *const *parameters, struct arena *arena,
                               struct error *err) __attribute__((warn_unused_result));

/* Begins several statements that happen together or not at all. NULL as store_query(). A connection
 * is held until transaction_end(): nobody may wait for anything but the database until then. The
 * arena is that of the request (store_join()). */
struct transaction *transaction_begin(struct store *store, const struct arena *arena,
                                      struct error *err) __attribute__((warn_unused_result));

/* As store_query(), but nothing is tried again: after a failure only transaction_end() helps. */
const struct list *transaction_query(struct transaction *transaction, const struct query *query,
                                     const char *const *parameters, struct arena *arena,
                                     struct error *err) __attribute__((warn_unused_result));

/* Commits where commit is true and nothing failed before; otherwise rolls back. Always gives the
 * connection back. false: it is not, or not known to be, committed; err is filled where it was
 * empty and a commit was asked for. */
bool transaction_end(struct transaction *transaction, bool commit, struct error *err)
    __attribute__((warn_unused_result));

/* The base of all parameters is text; these make it, in the arena. Booleans are "true", "false". */
const char *store_integer(struct arena *arena, int64_t value) __attribute__((returns_nonnull));
const char *store_bytes(struct arena *arena, const void *data, size_t length)
    __attribute__((returns_nonnull));
/* text[]; texts is NULL-terminated. */
const char *store_texts(struct arena *arena, const char *const *texts)
    __attribute__((returns_nonnull));

#endif
