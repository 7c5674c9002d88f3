/* Statements: where they go, and what is tried again. */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "host/limit.h"
#include "host/metrics.h"
#include "store/fit.h"
#include "store/patience.h"
#include "store/rows.h"
#include "store/store_private.h"

enum { TRIES_MAX = 4, PAUSE_US = 5000, MISFIT_US = 1000 * 1000, FAULTS_LOGGED = 20 };

struct transaction {
    struct store *store;
    const struct arena *arena; /* of its request */
    struct pool_lease lease;
    struct fault last; /* of the last statement */
    bool failed;
};

/* One statement on its way. */
struct call {
    struct store *store;
    const struct query *query;
    const char *const *parameters;
    struct arena *arena;
    int64_t deadline_us;
};

static int64_t
deadline_of(const struct store *store)
{
    return clock_monotonic_us() + store->settings->database_timeout_ms * 1000;
}

static int64_t
request_deadline_of(const struct store *store, const struct arena *arena)
{
    return patience_deadline(arena, deadline_of(store));
}

/* What a call came to, for those of its request that follow. One that failed at once has cost
 * nothing. */
static void
note_wait(const struct store *store, const struct arena *arena, bool answered, int64_t deadline_us)
{
    if (answered)
        patience_renew(arena);
    else if (clock_monotonic_us() > deadline_us - store->settings->database_timeout_ms * 500)
        patience_end(arena, deadline_us);
}

static bool
open_pool(struct store *store, const char *name, const struct conninfo_wish *wish,
          struct conninfo *conninfo, struct pool **pool, struct error *err)
{
    const struct settings *settings = store->settings;
    if (!conninfo_parse(wish, &store->arena, conninfo, err))
        return false;
    *pool = pool_new(&(struct pool_options){
        .name = name,
        .conninfo = conninfo,
        .size = (size_t)settings->database_pool_size,
        .timeout_ms = wish->statement_timeout_ms,
        .session = store->session,
        .host = store->host,
    });
    return true;
}

bool
store_open(const struct settings *settings, struct host *host, struct store **store,
           struct error *err)
{
    *store = NULL;
    if (!*settings->database_url)
        return true;
    struct store *made = xcalloc(1, sizeof(*made));
    made->settings = settings;
    made->host = host;
    made->session = strcmp(settings->database_pooling, "session") == 0;
    struct conninfo_wish wish = {settings->database_url, "DATABASE_URL", made->session,
                                 settings->database_timeout_ms};
    struct conninfo_wish read_wish = {settings->database_read_url, "DATABASE_READ_URL",
                                      made->session, settings->database_timeout_ms / 2};
    if (!open_pool(made, "postgresql", &wish, &made->conninfo, &made->pool, err) ||
        (*settings->database_read_url && !open_pool(made, "postgresql:read", &read_wish,
                                                    &made->read_conninfo, &made->read_pool, err))) {
        store_close(made);
        return false;
    }
    *store = made;
    return true;
}

void
store_close(struct store *store)
{
    if (!store)
        return;
    pool_free(store->pool);
    pool_free(store->read_pool);
    arena_release(&store->arena);
    free(store);
}

static enum store_verdict
check(struct store *store, const struct pool_lease *lease, int64_t deadline_us, struct fault *fault,
      struct error *err)
{
    const struct fit_load load = {.workers = atomic_load(&store->workers),
                                  .pool_size = store->settings->database_pool_size,
                                  .is_read = lease->pool == store->read_pool};
    enum store_verdict verdict =
        load.is_read ? STORE_FITS : fit_check_schema(lease->connection, deadline_us, fault, err);
    if (verdict == STORE_FITS)
        verdict = fit_check_load(lease->connection, &load, deadline_us, fault, err);
    return verdict;
}

static enum store_verdict
check_pool(struct store *store, struct pool *pool, struct error *err)
{
    struct pool_lease lease;
    struct fault fault = {0};
    int64_t deadline_us = deadline_of(store);
    if (!pool_take(pool, deadline_us, &lease, &fault))
        return STORE_AWAY;
    enum store_verdict verdict = check(store, &lease, deadline_us, &fault, err);
    pool_give(&lease, &fault);
    return verdict;
}

enum store_verdict
store_check(struct store *store, int64_t workers, int worker, struct error *err)
{
    atomic_store(&store->workers, store->session ? workers : 0);
    pool_name_worker(store->pool, worker);
    enum store_verdict verdict = check_pool(store, store->pool, err);
    atomic_store(&store->fits, verdict == STORE_FITS);
    if (!store->read_pool || verdict == STORE_MISFIT)
        return verdict;
    pool_name_worker(store->read_pool, worker);
    return check_pool(store, store->read_pool, err) == STORE_MISFIT ? STORE_MISFIT : verdict;
}

/* What was not known at the start is found out by the first that has a connection. true with
 * nothing filled: go on. */
static bool
fits(struct store *store, const struct pool_lease *lease, int64_t deadline_us, struct fault *fault,
     struct error *err)
{
    struct error reason = {0};
    int64_t now_us = clock_monotonic_us();
    if (atomic_load(&store->fits) || lease->pool == store->read_pool)
        return true;
    if (now_us < atomic_load(&store->misfit_until_us))
        return error_set_retry(err, ERROR_UNAVAILABLE, 1,
                               "the database is not ready for this program");
    enum store_verdict verdict = check(store, lease, deadline_us, fault, &reason);
    atomic_store(&store->fits, verdict == STORE_FITS);
    if (verdict != STORE_MISFIT)
        return verdict == STORE_FITS;
    atomic_store(&store->misfit_until_us, now_us + MISFIT_US);
    log_line(LOG_LEVEL_ERROR, "database does not fit", LOG_TEXT("reason", reason.detail));
    return error_set_retry(err, ERROR_UNAVAILABLE, 1, "the database is not ready for this program");
}

bool
store_is_down(const struct store *store)
{
    return pool_is_down(store->pool);
}

/* Calls that are refused while the server is away are told once, by the pool; conflicts are for
 * callers to tell. Of one query so many a minute are enough for a log. */
static void
log_fault(struct host *host, const struct query *query, const struct fault *fault)
{
    struct limit_state ignored;
    char key[128];
    snprintf(key, sizeof(key), "fault:%.60s", query->name);
    if (fault->kind == FAULT_CONFLICT || fault->kind == FAULT_UNREACHED ||
        !limit_take(host, key, (struct rate){FAULTS_LOGGED, 60}, clock_monotonic_us(), &ignored))
        return;
    log_line(LOG_LEVEL_ERROR, "query failed", LOG_TEXT("query", query->name),
             LOG_TEXT("fault", fault_name(fault->kind)), LOG_TEXT("sqlstate", fault->sqlstate));
}

static void
observe(const struct call *call, int64_t duration_us)
{
    char labels[METRIC_LABELS_MAX];
    snprintf(labels, sizeof(labels), "query=\"%.60s\"", call->query->name);
    histogram_observe(metrics_histogram(call->store->host, METRIC_STORE_DURATION, labels),
                      duration_us);
}

/* Runs it on a connection and reads the rows. false with fault filled, or with err where the answer
 * was not as the query says. */
static const struct list *
run(const struct call *call, const struct pool_lease *lease, struct fault *fault, struct error *err)
{
    const struct statement statement = {call->query, call->parameters, call->store->session,
                                        call->deadline_us};
    PGresult *result;
    *fault = (struct fault){0};
    int64_t started_us = clock_monotonic_us();
    bool done = connection_run(lease->connection, &statement, &result, fault);
    observe(call, clock_monotonic_us() - started_us);
    if (!done) {
        pool_judge(lease->pool, started_us, fault);
        return NULL;
    }
    const struct list *rows = rows_read(result, call->query, call->arena, err);
    PQclear(result);
    if (!rows)
        log_line(LOG_LEVEL_ERROR, "answer not as its query says",
                 LOG_TEXT("query", call->query->name), LOG_TEXT("reason", err->detail));
    return rows;
}

/* Whether the same may be asked again without doing it twice. */
static bool
may_repeat(const struct fault *fault, const struct query *query)
{
    switch (fault->kind) {
    case FAULT_SERIALISATION:
    case FAULT_READ_ONLY:
    case FAULT_PLAN:
        return true;
    case FAULT_LOST:
        return !fault->sent || query->reads;
    default:
        return false;
    }
}

/* Two who met once do not meet again at the same moment. */
static void
pause_a_little(int tries)
{
    uint32_t random;
    random_bytes(&random, sizeof(random));
    struct timespec pause = {.tv_nsec = 1000L * (long)(random % (uint32_t)(PAUSE_US << tries))};
    nanosleep(&pause, NULL);
}

static const struct list *
ask(const struct call *call, struct pool *pool, struct fault *fault, struct error *err)
{
    for (int tries = 0;; tries++) {
        struct pool_lease lease;
        if (!pool_take(pool, call->deadline_us, &lease, fault))
            return NULL;
        const struct list *rows = NULL;
        if (fits(call->store, &lease, call->deadline_us, fault, err))
            rows = run(call, &lease, fault, err);
        bool again = !rows && err->code == ERROR_NONE && tries < TRIES_MAX &&
                     may_repeat(fault, call->query) && clock_monotonic_us() < call->deadline_us;
        if (again && fault->kind == FAULT_LOST)
            fault->kind = FAULT_ENDED;
        pool_give(&lease, fault);
        if (!again)
            return rows;
        if (fault->kind == FAULT_SERIALISATION)
            pause_a_little(tries);
    }
}

/* Half of the time is left for the primary, where the standby does not answer. */
static const struct list *
ask_standby(const struct call *call, struct error *err)
{
    struct store *store = call->store;
    struct call first = *call;
    struct fault fault;
    first.deadline_us -= store->settings->database_timeout_ms * 500;
    return ask(&first, store->read_pool, &fault, err);
}

const struct list *
store_query(struct store *store, const struct query *query, const char *const *parameters,
            struct arena *arena, struct error *err)
{
    struct call call = {store, query, parameters, arena, request_deadline_of(store, arena)};
    struct fault fault;
    const struct list *rows = NULL;
    if (query->reads && store->read_pool)
        rows = ask_standby(&call, err);
    if (!rows && err->code == ERROR_NONE)
        rows = ask(&call, store->pool, &fault, err);
    note_wait(store, arena, rows != NULL, call.deadline_us);
    if (rows || err->code != ERROR_NONE)
        return rows;
    log_fault(store->host, query, &fault);
    fault_set_error(&fault, query->name, arena, err);
    return NULL;
}

static bool
command(struct transaction *transaction, const char *text, PGresult **result)
{
    int64_t deadline_us = deadline_of(transaction->store);
    bool done = connection_command(transaction->lease.connection, text, deadline_us, result,
                                   &transaction->last);
    note_wait(transaction->store, transaction->arena, done, deadline_us);
    return done;
}

/* Begins on the connection that was taken. */
static bool
begin(struct transaction *transaction, int64_t deadline_us, struct error *err)
{
    const struct pool_lease *lease = &transaction->lease;
    struct fault *fault = &transaction->last;
    PGresult *result = NULL;
    if (!fits(transaction->store, lease, deadline_us, fault, err))
        return false;
    int64_t started_us = clock_monotonic_us();
    bool begun = connection_command(lease->connection, "BEGIN", deadline_us, &result, fault);
    PQclear(result);
    pool_judge(lease->pool, started_us, fault);
    return begun;
}

struct transaction *
transaction_begin(struct store *store, const struct arena *arena, struct error *err)
{
    struct transaction *transaction = xcalloc(1, sizeof(*transaction));
    transaction->store = store;
    transaction->arena = arena;
    int64_t deadline_us = request_deadline_of(store, arena);
    struct fault *fault = &transaction->last;
    for (int tries = 0; pool_take(store->pool, deadline_us, &transaction->lease, fault); tries++) {
        if (begin(transaction, deadline_us, err)) {
            patience_renew(arena);
            return transaction;
        }
        bool again = fault->kind == FAULT_LOST && err->code == ERROR_NONE && tries < TRIES_MAX;
        if (again)
            fault->kind = FAULT_ENDED;
        pool_give(&transaction->lease, fault);
        if (!again)
            break;
    }
    note_wait(store, arena, false, deadline_us);
    if (err->code == ERROR_NONE)
        fault_set_error(fault, "begin", NULL, err);
    free(transaction);
    return NULL;
}

const struct list *
transaction_query(struct transaction *transaction, const struct query *query,
                  const char *const *parameters, struct arena *arena, struct error *err)
{
    struct store *store = transaction->store;
    struct call call = {store, query, parameters, arena, deadline_of(store)};
    if (transaction->failed) {
        error_set(err, ERROR_INTERNAL, "query \"%s\" follows one that failed in its transaction",
                  query->name);
        return NULL;
    }
    const struct list *rows = run(&call, &transaction->lease, &transaction->last, err);
    transaction->failed = !rows;
    note_wait(store, transaction->arena, rows != NULL, call.deadline_us);
    if (rows || err->code != ERROR_NONE)
        return rows;
    log_fault(store->host, query, &transaction->last);
    fault_set_error(&transaction->last, query->name, arena, err);
    return NULL;
}

/* A transaction that failed is ended by COMMIT too, as a rollback. */
static bool
finish(struct transaction *transaction, bool commit)
{
    PGresult *result = NULL;
    bool done = command(transaction, commit ? "COMMIT" : "ROLLBACK", &result);
    bool committed = done && commit && strcmp(PQcmdStatus(result), "COMMIT") == 0;
    PQclear(result);
    return committed;
}

bool
transaction_end(struct transaction *transaction, bool commit, struct error *err)
{
    bool wanted = commit && !transaction->failed, committed = false;
    if (!fault_breaks(&transaction->last))
        committed = finish(transaction, wanted);
    if (commit && !committed && err->code == ERROR_NONE) {
        if (transaction->last.kind == FAULT_NONE)
            error_set(err, ERROR_INTERNAL, "a transaction was rolled back");
        else
            fault_set_error(&transaction->last, "commit", NULL, err);
    }
    pool_give(&transaction->lease, &transaction->last);
    free(transaction);
    return committed;
}
