/* What went wrong between us and the server, as far as it decides what to do next. */
#ifndef HEARTH_STORE_FAULT_H
#define HEARTH_STORE_FAULT_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

enum fault_kind {
    FAULT_NONE,
    FAULT_UNREACHED,     /* no connection could be made */
    FAULT_LOST,          /* the connection broke */
    FAULT_TIMEOUT,       /* no answer in all the time that a statement may take */
    FAULT_LATE,          /* no answer in what was left of a call's time */
    FAULT_ENDED,         /* an idle connection had ended, as at a restart: another one will do */
    FAULT_BUSY,          /* no connection was free in time, or the server has no more of them */
    FAULT_CANCELLED,     /* the server ended the statement for taking too long */
    FAULT_RESOURCES,     /* the server is short of something: disk, memory, locks */
    FAULT_SERIALISATION, /* or a deadlock: the same again may do */
    FAULT_READ_ONLY,     /* this server takes no changes: a standby, or a former primary */
    FAULT_PLAN,      /* a prepared statement that the server or a pooler does not know or want */
    FAULT_CONFLICT,  /* a constraint */
    FAULT_STATEMENT, /* anything else that the server says of a statement */
    FAULT_KINDS,
};

struct fault {
    enum fault_kind kind;
    bool sent; /* the statement was on its way: it may have happened */
    char sqlstate[6];
    char constraint[64];
    char message[200]; /* of a connection that could not be made: for operators, no secret */
};

/* The kind of a SQLSTATE (PostgreSQL 15, appendix A). */
enum fault_kind fault_of_sqlstate(const char *sqlstate);

/* Fills fault from what the server answered to a statement. */
void fault_read(struct fault *fault, const PGresult *result);

/* "timeout", "lost": a label of metrics and logs. */
const char *fault_name(enum fault_kind kind);

/* How many of its kind in a row say that the server is not there, which others need not find out by
 * themselves; 0: any number says nothing. may_be_slow: nobody but us ends slow statements. */
int fault_weight(const struct fault *fault, bool may_be_slow);

/* Whether the connection is of no use any more. */
bool fault_breaks(const struct fault *fault);

/* The error that callers get; the constraint of a conflict goes to the arena, where there is one.
 * Returns false. */
bool fault_set_error(const struct fault *fault, const char *query, struct arena *arena,
                     struct error *err);

#endif
