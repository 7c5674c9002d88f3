/* Reads SQLSTATEs and tells callers what they mean. */
#include "store/fault.h"

#include <stdio.h>
#include <string.h>

struct state_row {
    const char *prefix; /* of the SQLSTATE: the first row that fits counts */
    enum fault_kind kind;
};

static const struct state_row states[] = {
    {"40001", FAULT_SERIALISATION}, /* serialization_failure */
    {"40P01", FAULT_SERIALISATION}, /* deadlock_detected */
    {"23503", FAULT_CONFLICT},      /* foreign_key_violation */
    {"23505", FAULT_CONFLICT},      /* unique_violation */
    {"23514", FAULT_CONFLICT},      /* check_violation */
    {"23P01", FAULT_CONFLICT},      /* exclusion_violation */
    {"57014", FAULT_CANCELLED},     /* query_canceled: statement_timeout */
    {"55P03", FAULT_CANCELLED},     /* lock_not_available: lock_timeout */
    {"25P03", FAULT_LOST},          /* idle_in_transaction_session_timeout */
    {"25006", FAULT_READ_ONLY},     /* read_only_sql_transaction */
    {"26000", FAULT_PLAN},          /* invalid_sql_statement_name */
    {"42P05", FAULT_PLAN},          /* duplicate_prepared_statement */
    {"0A000", FAULT_PLAN},          /* cached plan must not change result type */
    {"53300", FAULT_BUSY},          /* too_many_connections */
    {"53", FAULT_RESOURCES},        /* disk_full, out_of_memory */
    {"58", FAULT_RESOURCES},        /* io_error */
    {"08", FAULT_LOST},             /* connection exceptions; pgbouncer's own complaints */
    {"57P", FAULT_LOST},            /* shutdown, crash, starting up */
};

enum fault_kind
fault_of_sqlstate(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strncmp(sqlstate, states[i].prefix, strlen(states[i].prefix)) == 0)
            return states[i].kind;
    return FAULT_STATEMENT;
}

void
fault_read(struct fault *fault, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    *fault = (struct fault){.sent = true, .kind = FAULT_LOST};
    if (!sqlstate)
        return; /* libpq's own: the connection broke */
    snprintf(fault->sqlstate, sizeof(fault->sqlstate), "%s", sqlstate);
    snprintf(fault->constraint, sizeof(fault->constraint), "%s", constraint ? constraint : "");
    fault->kind = fault_of_sqlstate(sqlstate);
}

const char *
fault_name(enum fault_kind kind)
{
    static const char *const names[FAULT_KINDS] = {
        [FAULT_NONE] = "none",           [FAULT_UNREACHED] = "unreached",
        [FAULT_LOST] = "lost",           [FAULT_TIMEOUT] = "timeout",
        [FAULT_LATE] = "late",           [FAULT_ENDED] = "ended",
        [FAULT_BUSY] = "busy",           [FAULT_CANCELLED] = "cancelled",
        [FAULT_RESOURCES] = "resources", [FAULT_SERIALISATION] = "serialisation",
        [FAULT_READ_ONLY] = "read_only", [FAULT_PLAN] = "plan",
        [FAULT_CONFLICT] = "conflict",   [FAULT_STATEMENT] = "statement",
    };
    return names[kind];
}

/* One connection that broke may have been ended by somebody; a server that is gone refuses the next
 * one at once. */
int
fault_weight(const struct fault *fault, bool may_be_slow)
{
    switch (fault->kind) {
    case FAULT_UNREACHED:
        return 1;
    case FAULT_TIMEOUT:
        return may_be_slow ? 3 : 1;
    case FAULT_LOST:
        return 3;
    default:
        return 0;
    }
}

bool
fault_breaks(const struct fault *fault)
{
    switch (fault->kind) {
    case FAULT_UNREACHED:
    case FAULT_LOST:
    case FAULT_TIMEOUT:
    case FAULT_LATE:
    case FAULT_ENDED:
    case FAULT_READ_ONLY:
    case FAULT_PLAN:
        return true;
    default:
        return false;
    }
}

bool
fault_set_error(const struct fault *fault, const char *query, struct arena *arena,
                struct error *err)
{
    switch (fault->kind) {
    case FAULT_CONFLICT:
        err->reason_code = arena ? arena_strdup(arena, fault->constraint) : NULL;
        return error_set(err, ERROR_CONFLICT, "it conflicts with what is stored");
    case FAULT_PLAN:
        return error_set(err, ERROR_INTERNAL,
                         "query \"%s\" failed with SQLSTATE %s: behind a pooler that gives each "
                         "transaction another session DATABASE_POOLING must be \"transaction\"",
                         query, fault->sqlstate);
    case FAULT_STATEMENT:
        return error_set(err, ERROR_INTERNAL, "query \"%s\" failed with SQLSTATE %s", query,
                         fault->sqlstate);
    case FAULT_BUSY:
        return error_set_retry(err, ERROR_UNAVAILABLE, 1, "the database is busy");
    case FAULT_LATE:
    case FAULT_CANCELLED:
    case FAULT_SERIALISATION:
        return error_set_retry(err, ERROR_UNAVAILABLE, 1, "the database took too long");
    case FAULT_RESOURCES:
        return error_set_retry(err, ERROR_UNAVAILABLE, 5, "the database cannot take this now");
    case FAULT_READ_ONLY:
        return error_set_retry(err, ERROR_UNAVAILABLE, 1, "the database takes no changes now");
    default:
        return error_set_retry(err, ERROR_UNAVAILABLE, 1, "the database does not answer");
    }
}
