/* The migrator. */
#include "store/migrate.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "store/connection.h"
#include "store/rows.h"
#include "store/schema.sql.h"
#include "store/script.h"
#include "store/store.h"

enum { CONNECT_MS = 10000, FOR_EVER_YEARS = 100 };

/* Any number will do, if it is always the same. */
#define LOCK_SQL "SELECT pg_advisory_xact_lock(7308325519874)"

/* A migration that waits for a table makes everybody who comes later wait behind it. */
#define LOCK_TIMEOUT_SQL "SET LOCAL lock_timeout = '10s'"

#define GROUP "hearth_application"

struct applied_row {
    int64_t version;
    const char *name;
    struct bytes digest;
    const char *applied_at;
};

static const struct column applied_columns[] = {COLUMN_INTEGER_OF(struct applied_row, version),
                                                COLUMN_TEXT_OF(struct applied_row, name),
                                                COLUMN_BYTES_OF(struct applied_row, digest),
                                                COLUMN_TEXT_OF(struct applied_row, applied_at),
                                                {0}};

struct truth_row {
    bool is_there;
};

static const struct column truth_columns[] = {COLUMN_BOOLEAN_OF(struct truth_row, is_there), {0}};

struct member_row {
    bool is_there, is_me, is_member;
    const char *sql, *creation, *me;
};

static const struct column member_columns[] = {COLUMN_BOOLEAN_OF(struct member_row, is_there),
                                               COLUMN_BOOLEAN_OF(struct member_row, is_me),
                                               COLUMN_BOOLEAN_OF(struct member_row, is_member),
                                               COLUMN_TEXT_OF(struct member_row, sql),
                                               COLUMN_TEXT_OF(struct member_row, creation),
                                               COLUMN_TEXT_OF(struct member_row, me),
                                               {0}};

static const struct query schema_exists = {SQL_schema_exists, truth_columns,
                                           sizeof(struct truth_row), true};
static const struct query migrations_applied = {SQL_migrations_applied, applied_columns,
                                                sizeof(struct applied_row), true};
static const struct query migration_record = {SQL_migration_record, NULL, 0, false};
static const struct query role_exists = {SQL_role_exists, truth_columns, sizeof(struct truth_row),
                                         true};
static const struct query role_is_member = {SQL_role_is_member, member_columns,
                                            sizeof(struct member_row), true};
static const struct query retention_set = {SQL_retention_set, NULL, 0, false};

struct migrator {
    const struct migrate_wish *wish;
    struct connection *connection;
    struct conninfo conninfo;
    struct arena arena;
    const struct list *applied; /* struct applied_row */
};

static int64_t
for_ever_us(void)
{
    return clock_monotonic_us() + INT64_C(1000000) * 3600 * 24 * 365 * FOR_EVER_YEARS;
}

/* What the server said of a statement, in its own words: an operator reads it. */
static bool
complain(struct error *err, const char *what, const PGresult *result)
{
    const char *sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    if (!sqlstate)
        return error_set(err, ERROR_UNAVAILABLE,
                         "%s: the connection broke; run it again: what was applied is recorded",
                         what);
    return error_set(err, ERROR_INTERNAL, "%s: %s (SQLSTATE %s)", what,
                     PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), sqlstate);
}

static bool
command(struct migrator *migrator, const char *text, struct error *err)
{
    struct fault fault;
    PGresult *result;
    bool done = connection_command(migrator->connection, text, for_ever_us(), &result, &fault);
    if (!done)
        complain(err, text, result);
    PQclear(result);
    return done;
}

static const struct list *
ask(struct migrator *migrator, const struct query *query, const char *const *parameters,
    struct error *err)
{
    struct statement statement = {query, parameters, false, for_ever_us()};
    struct fault fault;
    PGresult *result;
    if (!connection_run(migrator->connection, &statement, &result, &fault)) {
        error_set(err, ERROR_INTERNAL, "query \"%s\": %s %s", query->name, fault_name(fault.kind),
                  fault.sqlstate);
        return NULL;
    }
    const struct list *rows = rows_read(result, query, &migrator->arena, err);
    PQclear(result);
    return rows;
}

static bool
ask_truth(struct migrator *migrator, const struct query *query, const char *parameter, bool *truth,
          struct error *err)
{
    const struct list *rows = ask(migrator, query, &parameter, err);
    *truth = rows && rows->count == 1 && ((const struct truth_row *)rows->items)->is_there;
    return rows != NULL;
}

static bool
connect_migrator(struct migrator *migrator, struct error *err)
{
    const struct migrate_wish *wish = migrator->wish;
    struct conninfo_wish conninfo = {.text = wish->url, .setting = wish->setting};
    struct fault fault;
    size_t host = 0;
    if (!conninfo_parse(&conninfo, &migrator->arena, &migrator->conninfo, err))
        return false;
    migrator->connection = connection_open(&migrator->conninfo, &host,
                                           clock_monotonic_us() + CONNECT_MS * 1000, &fault);
    return migrator->connection || error_set(err, ERROR_UNAVAILABLE, "no connection as %s says: %s",
                                             wish->setting, fault.message);
}

static bool
begin(struct migrator *migrator, struct error *err)
{
    return command(migrator, "BEGIN", err) && command(migrator, LOCK_SQL, err) &&
           command(migrator, LOCK_TIMEOUT_SQL, err);
}

static bool
read_applied(struct migrator *migrator, struct error *err)
{
    static const struct list none = {0};
    bool is_there;
    migrator->applied = &none;
    if (!ask_truth(migrator, &schema_exists, NULL, &is_there, err))
        return false;
    if (is_there)
        migrator->applied = ask(migrator, &migrations_applied, NULL, err);
    return migrator->applied != NULL;
}

static const struct applied_row *
find_applied(const struct migrator *migrator, int version)
{
    const struct applied_row *rows = migrator->applied->items;
    for (size_t i = 0; i < migrator->applied->count; i++)
        if (rows[i].version == version)
            return &rows[i];
    return NULL;
}

static int64_t
last_applied(const struct migrator *migrator)
{
    const struct applied_row *rows = migrator->applied->items;
    size_t count = migrator->applied->count;
    return count > 0 ? rows[count - 1].version : 0;
}

/* What was applied must be what this program knows under that number, and nothing may be missing
 * before it. */
static bool
check_applied(const struct migrator *migrator, struct error *err)
{
    const struct migrations *known = &migrator->wish->migrations;
    for (size_t i = 0; i < known->count; i++) {
        const struct migration *migration = &known->items[i];
        const struct applied_row *row = find_applied(migrator, migration->version);
        unsigned char digest[SHA256_BYTES];
        migration_digest(migration, digest);
        if (!row && migration->version < last_applied(migrator))
            return error_set(err, ERROR_INTERNAL,
                             "%04d_%s.sql was never applied to this database, but later ones were",
                             migration->version, migration->name);
        if (row && (row->digest.length != sizeof(digest) ||
                    memcmp(row->digest.data, digest, sizeof(digest)) != 0))
            return error_set(err, ERROR_INTERNAL,
                             "%04d_%s.sql was changed after it was applied on %s: take the program "
                             "that it was applied with, or restore the file",
                             migration->version, migration->name, row->applied_at);
    }
    return true;
}

static const struct migration *
next_pending(const struct migrator *migrator)
{
    const struct migrations *known = &migrator->wish->migrations;
    for (size_t i = 0; i < known->count; i++)
        if (!find_applied(migrator, known->items[i].version))
            return &known->items[i];
    return NULL;
}

static size_t
count_pending(const struct migrator *migrator)
{
    const struct migrations *known = &migrator->wish->migrations;
    size_t count = 0;
    for (size_t i = 0; i < known->count; i++)
        count += find_applied(migrator, known->items[i].version) == NULL;
    return count;
}

/* The line of a statement that the server points at, which it counts in characters from 1. */
static int
line_of(const struct script_statement *statement, const PGresult *result)
{
    const char *position = result ? PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION) : NULL;
    long left = position ? strtol(position, NULL, 10) - 1 : 0;
    int line = statement->line;
    for (size_t i = 0; i < statement->length && left > 0; i++) {
        line += statement->text[i] == '\n';
        left -= ((unsigned char)statement->text[i + 1] & 0xc0) != 0x80;
    }
    return line;
}

static bool
run_statement(struct migrator *migrator, const struct migration *migration,
              const struct script_statement *statement, struct error *err)
{
    struct fault fault;
    PGresult *result;
    char *text = arena_strndup(&migrator->arena, statement->text, statement->length);
    bool done = connection_command(migrator->connection, text, for_ever_us(), &result, &fault);
    const char *place = arena_printf(&migrator->arena, "%04d_%s.sql:%d", migration->version,
                                     migration->name, line_of(statement, result));
    if (!done)
        complain(err, place, result);
    else if (connection_is_idle(migrator->connection))
        error_set(err, ERROR_INTERNAL, "%s: a migration must not end its transaction", place);
    PQclear(result);
    return err->code == ERROR_NONE;
}

static bool
record(struct migrator *migrator, const struct migration *migration, struct error *err)
{
    unsigned char digest[SHA256_BYTES];
    migration_digest(migration, digest);
    const char *parameters[] = {store_integer(&migrator->arena, migration->version),
                                migration->name,
                                store_bytes(&migrator->arena, digest, sizeof(digest)),
                                store_integer(&migrator->arena, migration->compatible_from)};
    return ask(migrator, &migration_record, parameters, err) != NULL;
}

static bool
apply(struct migrator *migrator, const struct migration *migration, struct error *err)
{
    struct script script = {migration->text, migration->text, 1};
    struct script_statement statement;
    int64_t started_us = clock_monotonic_us();
    while (script_next(&script, &statement))
        if (!run_statement(migrator, migration, &statement, err))
            return false;
    if (!record(migrator, migration, err))
        return false;
    fprintf(migrator->wish->out, "%s %04d_%s (%" PRId64 " ms)\n",
            migrator->wish->mode == MIGRATE_DRY_RUN ? "would apply" : "applied", migration->version,
            migration->name, (clock_monotonic_us() - started_us) / 1000);
    fflush(migrator->wish->out);
    return true;
}

/* Roles are of all databases of a server, so somebody else may make the group at the same time. */
static bool
make_group(struct migrator *migrator, struct error *err)
{
    bool is_there;
    if (!ask_truth(migrator, &role_exists, GROUP, &is_there, err))
        return false;
    if (is_there)
        return true;
    struct error failure = {0}, ignored = {0};
    if (command(migrator, "CREATE ROLE " GROUP " NOLOGIN", &failure))
        return true;
    if (!command(migrator, "ROLLBACK", err) || !begin(migrator, err) ||
        !ask_truth(migrator, &role_exists, GROUP, &is_there, &ignored))
        return false;
    return is_there ||
           error_set(err, ERROR_INTERNAL,
                     "the role \"" GROUP "\" is missing, and %s may not make it; run as a "
                     "superuser: CREATE ROLE " GROUP " NOLOGIN;",
                     migrator->wish->setting);
}

/* One migration a transaction; for a dry run all in one. */
static bool
apply_pending(struct migrator *migrator, struct error *err)
{
    bool dry = migrator->wish->mode == MIGRATE_DRY_RUN;
    if (!begin(migrator, err) || !make_group(migrator, err))
        return false;
    if (!dry && (!command(migrator, "COMMIT", err) || !begin(migrator, err)))
        return false;
    for (;;) {
        if (!read_applied(migrator, err) || !check_applied(migrator, err))
            return false;
        const struct migration *migration = next_pending(migrator);
        if (!migration)
            break;
        if (!apply(migrator, migration, err))
            return false;
        if (!dry && (!command(migrator, "COMMIT", err) || !begin(migrator, err)))
            return false;
    }
    return command(migrator, "ROLLBACK", err);
}

static bool
set_retention(struct migrator *migrator, struct error *err)
{
    const struct migrate_retention *retention = migrator->wish->retention;
    for (; retention && retention->relation; retention++) {
        const char *parameters[] = {retention->relation,
                                    store_integer(&migrator->arena, retention->days)};
        if (!ask(migrator, &retention_set, parameters, err))
            return false;
    }
    return true;
}

/* NULL: as whoever runs the program, which is not for us to guess. */
static bool
find_application_role(struct migrator *migrator, const char **role, struct error *err)
{
    struct conninfo_wish wish = {.text = migrator->wish->application_url,
                                 .setting = "DATABASE_URL"};
    struct conninfo conninfo;
    *role = NULL;
    if (!*wish.text)
        return true;
    if (!conninfo_parse(&wish, &migrator->arena, &conninfo, err))
        return false;
    *role = conninfo.user;
    return true;
}

/* Gives the role of DATABASE_URL the program's rights; where it may not, says who can. */
static bool
grant_membership(struct migrator *migrator, struct error *err)
{
    const char *role;
    if (!find_application_role(migrator, &role, err))
        return false;
    if (!role)
        return true;
    const struct list *rows = ask(migrator, &role_is_member, &role, err);
    if (!rows)
        return false;
    const struct member_row *row = rows->items;
    FILE *out = migrator->wish->out;
    if (row->is_me) {
        fprintf(out,
                "note: \"%s\" owns the tables and is the program's role too; a role of its own in "
                "DATABASE_URL would bound what the program can do\n",
                role);
        return true;
    }
    if (!row->is_there)
        return error_set(err, ERROR_INTERNAL,
                         "the role \"%s\" of DATABASE_URL is missing; run as a superuser: %s; %s;",
                         role, row->creation, row->sql);
    struct error failure = {0};
    if (row->is_member)
        return true;
    if (command(migrator, row->sql, &failure)) {
        fprintf(out, "granted " GROUP " to %s\n", role);
        return true;
    }
    /* Somebody else may have done it at the same time. */
    rows = ask(migrator, &role_is_member, &role, err);
    if (!rows || ((const struct member_row *)rows->items)->is_member)
        return rows != NULL;
    return error_set(err, ERROR_INTERNAL,
                     "\"%s\" may not give \"%s\" the program's rights; run as a superuser: %s;",
                     row->me, role, row->sql);
}

static void
print_status(const struct migrator *migrator)
{
    const struct migrations *known = &migrator->wish->migrations;
    const struct applied_row *rows = migrator->applied->items;
    FILE *out = migrator->wish->out;
    for (size_t i = 0; i < known->count; i++) {
        const struct migration *migration = &known->items[i];
        const struct applied_row *row = find_applied(migrator, migration->version);
        fprintf(out, "%04d_%-24s %s%s\n", migration->version, migration->name,
                row ? "applied " : "pending", row ? row->applied_at : "");
    }
    for (size_t i = 0; i < migrator->applied->count; i++)
        if (rows[i].version > migrations_last(known))
            fprintf(out, "%04" PRId64 "_%-24s applied %s, by a newer program\n", rows[i].version,
                    rows[i].name, rows[i].applied_at);
}

static bool
tell(struct migrator *migrator, struct error *err)
{
    if (!read_applied(migrator, err))
        return false;
    print_status(migrator);
    return check_applied(migrator, err);
}

static bool
work(struct migrator *migrator, struct error *err)
{
    if (migrator->wish->mode == MIGRATE_STATUS)
        return tell(migrator, err);
    if (!apply_pending(migrator, err))
        return false;
    if (migrator->wish->mode == MIGRATE_DRY_RUN)
        return read_applied(migrator, err);
    return set_retention(migrator, err) && grant_membership(migrator, err) &&
           read_applied(migrator, err);
}

bool
migrate_run(const struct migrate_wish *wish, size_t *pending, struct error *err)
{
    struct migrator migrator = {.wish = wish};
    *pending = 0;
    bool done = connect_migrator(&migrator, err) && work(&migrator, err);
    if (done)
        *pending = count_pending(&migrator);
    if (migrator.connection)
        connection_close(migrator.connection);
    arena_release(&migrator.arena);
    return done;
}
