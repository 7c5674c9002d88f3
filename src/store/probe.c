/* Looks at a database. */
#include "store/probe.h"

#include <stdio.h>

#include "base/clock.h"
#include "store/fit.h"
#include "store/rows.h"
#include "store/schema.sql.h"

enum { PROBE_US = 10 * 1000 * 1000 };

struct server_row {
    const char *server, *role;
    bool is_standby, is_superuser;
};

static const struct column server_columns[] = {COLUMN_TEXT_OF(struct server_row, server),
                                               COLUMN_TEXT_OF(struct server_row, role),
                                               COLUMN_BOOLEAN_OF(struct server_row, is_standby),
                                               COLUMN_BOOLEAN_OF(struct server_row, is_superuser),
                                               {0}};
static const struct query server_description = {SQL_server_description, server_columns,
                                                sizeof(struct server_row), true};

static void
describe(struct connection *connection, int64_t deadline_us, struct arena *arena,
         struct store_probe *probe)
{
    struct statement statement = {&server_description, NULL, false, deadline_us};
    struct fault fault;
    struct error err = {0};
    PGresult *result;
    if (!connection_run(connection, &statement, &result, &fault))
        return;
    const struct list *rows = rows_read(result, &server_description, arena, &err);
    PQclear(result);
    if (!rows || rows->count != 1)
        return;
    const struct server_row *row = rows->items;
    probe->server = row->server;
    probe->role = row->role;
    probe->is_standby = row->is_standby;
    probe->is_superuser = row->is_superuser;
}

static enum store_verdict
judge(const struct store_probe_wish *wish, struct connection *connection, int64_t deadline_us,
      struct error *err)
{
    const struct fit_load load = {wish->session ? wish->workers : 0, wish->pool_size,
                                  wish->is_read};
    struct fault fault = {0};
    enum store_verdict verdict = fit_check_schema(connection, deadline_us, &fault, err);
    if (verdict == STORE_FITS)
        verdict = fit_check_load(connection, &load, deadline_us, &fault, err);
    if (verdict == STORE_AWAY)
        error_set(err, ERROR_UNAVAILABLE, "%s %s", fault_name(fault.kind), fault.sqlstate);
    return verdict;
}

void
store_probe(const struct store_probe_wish *wish, struct arena *arena, struct store_probe *probe)
{
    const struct conninfo_wish text = {wish->url, wish->setting, wish->session, PROBE_US / 1000};
    int64_t deadline_us = clock_monotonic_us() + PROBE_US;
    struct conninfo conninfo;
    struct error err = {0};
    struct fault fault = {0};
    size_t host = 0;
    *probe = (struct store_probe){.verdict = STORE_MISFIT, .server = "", .role = ""};
    struct connection *connection = NULL;
    if (conninfo_parse(&text, arena, &conninfo, &err)) {
        probe->verdict = STORE_AWAY;
        connection = connection_open(&conninfo, &host, deadline_us, &fault);
        if (!connection)
            error_set(&err, ERROR_UNAVAILABLE, "%s", fault.message);
    }
    if (connection) {
        describe(connection, deadline_us, arena, probe);
        probe->verdict = judge(wish, connection, deadline_us, &err);
        connection_close(connection);
    }
    snprintf(probe->reason, sizeof(probe->reason), "%s", err.detail);
}
