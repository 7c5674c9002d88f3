/* Asks the database what it is. */
#include "store/fit.h"

#include <inttypes.h>
#include <string.h>

#include "store/migration.h"
#include "store/rows.h"
#include "store/schema.sql.h"

struct version_row {
    int64_t version, compatible_from;
};

static const struct column version_columns[] = {
    COLUMN_INTEGER_OF(struct version_row, version),
    COLUMN_INTEGER_OF(struct version_row, compatible_from),
    {0}};
static const struct query schema_version = {SQL_schema_version, version_columns,
                                            sizeof(struct version_row), true};

struct limits_row {
    int64_t most, reserved, bound; /* bound: of the role or the database, -1 for none */
    bool is_standby;
};

static const struct column limits_columns[] = {COLUMN_INTEGER_OF(struct limits_row, most),
                                               COLUMN_INTEGER_OF(struct limits_row, reserved),
                                               COLUMN_INTEGER_OF(struct limits_row, bound),
                                               COLUMN_BOOLEAN_OF(struct limits_row, is_standby),
                                               {0}};
static const struct query connection_limits = {SQL_connection_limits, limits_columns,
                                               sizeof(struct limits_row), true};

static bool
ask(struct connection *connection, const struct query *query, int64_t deadline_us,
    struct fault *fault, void *row)
{
    struct statement statement = {query, NULL, false, deadline_us};
    struct arena arena = {0};
    struct error err = {0};
    PGresult *result;
    if (!connection_run(connection, &statement, &result, fault))
        return false;
    const struct list *rows = rows_read(result, query, &arena, &err);
    bool one = rows && rows->count == 1;
    if (one)
        memcpy(row, rows->items, query->size);
    else
        *fault = (struct fault){.kind = FAULT_STATEMENT};
    PQclear(result);
    arena_release(&arena);
    return one;
}

/* What the server says where the tables are not there, or not for us. */
static enum store_verdict
judge_refusal(const struct fault *fault, struct error *err)
{
    bool absent = strcmp(fault->sqlstate, "42P01") == 0 || strcmp(fault->sqlstate, "3F000") == 0;
    if (absent)
        error_set(err, ERROR_INTERNAL,
                  "the database has no tables of this program: run \"hearth migrate\"");
    else if (strcmp(fault->sqlstate, "42501") == 0)
        error_set(err, ERROR_INTERNAL,
                  "the role of DATABASE_URL is no member of hearth_application, or nothing was "
                  "migrated yet: run \"hearth migrate\", which grants it or says how");
    return err->code != ERROR_NONE ? STORE_MISFIT : STORE_AWAY;
}

enum store_verdict
fit_check_schema(struct connection *connection, int64_t deadline_us, struct fault *fault,
                 struct error *err)
{
    struct version_row row;
    struct migrations known = migrations_known();
    int last = migrations_last(&known);
    if (!ask(connection, &schema_version, deadline_us, fault, &row))
        return judge_refusal(fault, err);
    if (row.version < last)
        error_set(err, ERROR_INTERNAL,
                  "the database's schema is too old: it is at %04" PRId64
                  ", this program needs %04d: run \"hearth migrate\"",
                  row.version, last);
    else if (row.compatible_from > last)
        error_set(err, ERROR_INTERNAL,
                  "the database's schema is too new: it is at %04" PRId64
                  " and needs a program that knows %04" PRId64
                  ", this one knows %04d: install the newer program",
                  row.version, row.compatible_from, last);
    return err->code == ERROR_NONE ? STORE_FITS : STORE_MISFIT;
}

enum store_verdict
fit_check_load(struct connection *connection, const struct fit_load *load, int64_t deadline_us,
               struct fault *fault, struct error *err)
{
    struct limits_row row;
    if (load->workers == 0)
        return STORE_FITS;
    if (!ask(connection, &connection_limits, deadline_us, fault, &row))
        return STORE_AWAY;
    bool shared = load->is_read && !row.is_standby;
    int64_t needed = load->workers * load->pool_size * (shared ? 2 : 1);
    int64_t usable = row.most - row.reserved;
    if (needed > usable)
        error_set(err, ERROR_INTERNAL,
                  "%" PRId64 " workers with %" PRId64
                  " connections each (DATABASE_POOL_SIZE)%s need "
                  "%" PRId64 ", but PostgreSQL has %" PRId64 " (max_connections %" PRId64
                  ", %" PRId64 " of them reserved): lower DATABASE_POOL_SIZE or the number of "
                  "workers, or raise max_connections",
                  load->workers, load->pool_size,
                  shared ? ", and as many again for DATABASE_READ_URL," : "", needed, usable,
                  row.most, row.reserved);
    else if (row.bound >= 0 && needed > row.bound)
        error_set(err, ERROR_INTERNAL,
                  "%" PRId64 " workers with %" PRId64 " connections each (DATABASE_POOL_SIZE) need "
                  "%" PRId64 ", but the role or the database is limited to %" PRId64
                  ": lower DATABASE_POOL_SIZE, or raise CONNECTION LIMIT",
                  load->workers, load->pool_size, needed, row.bound);
    return err->code == ERROR_NONE ? STORE_FITS : STORE_MISFIT;
}
