/* What is done for the ledger beside the calls themselves. */
#include "access/ledger.h"

#include "access/access.h"
#include "access/ledger.sql.h"
#include "access/settlement.h"
#include "access/spool.h"
#include "access/tracked_call.h"
#include "host/metrics.h"
#include "store/store.h"

enum {
    SWEEP_AGE_MS = 2000, /* younger files are about to be told by whoever wrote them */
    SWEEP_FILES = 2000,
    SWEEP_LATE = 3,
};

struct expired {
    int64_t expired;
};

static const struct column expired_columns[] = {COLUMN_INTEGER_OF(struct expired, expired), {0}};

struct held {
    int64_t calls;
};

static const struct column held_columns[] = {COLUMN_INTEGER_OF(struct held, calls), {0}};

static const struct query expire_query = {SQL_ledger_expire, expired_columns,
                                          sizeof(struct expired), false};
static const struct query held_query = {SQL_ledger_held, held_columns, sizeof(struct held), false};

void
ledger_count_expired(struct host *host, int64_t expired)
{
    if (expired > 0)
        metrics_add(host, METRIC_RESERVATIONS_LEAKED, "", (uint64_t)expired);
}

struct sweep {
    struct access *access;
    int late; /* how many could not be taken in time, though the database is there */
};

static enum spool_verdict
tell_spooled(void *context, struct spool_name name, const char *text, struct arena *arena)
{
    struct sweep *sweep = context;
    enum spool_verdict verdict = settlement_tell(sweep->access, text, arena);
    (void)name;
    if (verdict != SPOOL_STOP || store_is_down(sweep->access->store))
        return verdict;
    return ++sweep->late < SWEEP_LATE ? SPOOL_LATER : SPOOL_STOP;
}

static enum spool_verdict
tell_queued(void *context, const char *const *texts, size_t count, struct arena *arena)
{
    const struct sweep *sweep = context;
    return settlement_tell_many(sweep->access, texts, count, arena);
}

void
ledger_sweep(struct access *access, struct arena *arena)
{
    const struct settings *settings = access->settings;
    struct error ignored = {0};
    struct sweep sweep = {.access = access};
    const struct spool_round round = {
        .min_age_ms = {[SPOOL_USAGE] = SWEEP_AGE_MS,
                       /* Not before the reservation can no longer be made. */
                       [SPOOL_END] = settings->database_timeout_ms + 2 * LEDGER_CLOCKS_APART_MS},
        .max = SWEEP_FILES,
        .tell = tell_spooled,
        .tell_many = tell_queued,
        .context = &sweep,
    };
    if (access->store)
        tracked_call_salvage(access, arena);
    if (!access->store || store_is_down(access->store))
        return;
    bool told_all = spool_each(settings->spool_directory, &round);
    metrics_set(access->host, METRIC_SETTLEMENTS_BEHIND, "", !told_all);
    const struct list *rows = store_query(access->store, &expire_query, NULL, arena, &ignored);
    if (!rows)
        return;
    const struct expired *expired = rows->items;
    ledger_count_expired(access->host, rows->count == 1 ? expired->expired : 0);
    rows = store_query(access->store, &held_query, NULL, arena, &ignored);
    const struct held *held = rows ? rows->items : NULL;
    if (rows && rows->count == 1)
        metrics_set(access->host, METRIC_RESERVATIONS_HELD, "", held->calls);
}
