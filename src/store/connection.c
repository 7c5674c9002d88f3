/* libpq without blocking: every wait is a poll() with a deadline. */
#include "store/connection.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

struct connection {
    PGconn *link;
    const char **prepared; /* texts of the statements that are prepared on it */
    size_t prepared_count;
    bool is_swollen; /* libpq's buffers had to hold a large message */
};

enum { SWOLLEN_BYTES = 256 * 1024 };

static void
set_fault(struct fault *fault, enum fault_kind kind, bool sent)
{
    *fault = (struct fault){.kind = kind, .sent = sent};
}

/* Waits until the socket is ready for one of the events; false at the deadline. */
static bool
wait_for(PGconn *link, short events, int64_t deadline_us)
{
    for (;;) {
        int64_t left_us = deadline_us - clock_monotonic_us();
        if (left_us <= 0)
            return false;
        int64_t left_ms = (left_us + 999) / 1000;
        struct pollfd descriptor = {.fd = PQsocket(link), .events = events};
        int ready = poll(&descriptor, 1, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return true; /* libpq finds out what is wrong with it */
    }
}

/* "FATAL:  53300: sorry, too many clients already": libpq keeps no SQLSTATE of a connection that
 * was refused, but tells it in the verbose text. */
static void
read_refusal(PGconn *link, struct fault *fault)
{
    const char *text = PQerrorMessage(link);
    set_fault(fault, FAULT_UNREACHED, false);
    for (const char *at = strchr(text, ':'); at; at = strchr(at + 1, ':')) {
        size_t blanks = strspn(at + 1, " ");
        const char *state = at + 1 + blanks;
        /* "FATAL" has no digit, a SQLSTATE has. */
        if (strspn(state, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && state[5] == ':' &&
            strcspn(state, "0123456789") < 5) {
            memcpy(fault->sqlstate, state, 5);
            if (fault_of_sqlstate(fault->sqlstate) == FAULT_BUSY)
                fault->kind = FAULT_BUSY;
            text = state + 6 + strspn(state + 6, " ");
            break;
        }
    }
    snprintf(fault->message, sizeof(fault->message), "%.*s", (int)strcspn(text, "\n"), text);
}

static bool
await_connection(PGconn *link, int64_t deadline_us)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
        if (!wait_for(link, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_us))
            return false;
        status = PQconnectPoll(link);
    }
    return true;
}

static PGconn *
connect_to(const struct conninfo_host *host, int64_t deadline_us, struct fault *fault)
{
    PGconn *link = PQconnectStartParams(host->keywords, host->values, 0);
    if (!link) {
        set_fault(fault, FAULT_UNREACHED, false);
        return NULL;
    }
    PQsetErrorVerbosity(link, PQERRORS_VERBOSE);
    if (PQstatus(link) != CONNECTION_BAD && !await_connection(link, deadline_us)) {
        set_fault(fault, FAULT_UNREACHED, false);
        snprintf(fault->message, sizeof(fault->message), "no answer in time");
    } else if (PQstatus(link) == CONNECTION_OK && PQsetnonblocking(link, 1) == 0) {
        return link;
    } else {
        read_refusal(link, fault);
    }
    PQfinish(link);
    return NULL;
}

/* What the server says beside its answers goes nowhere: it may hold values. */
static void
ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

struct connection *
connection_open(const struct conninfo *conninfo, size_t *first_host, int64_t deadline_us,
                struct fault *fault)
{
    size_t count = conninfo->host_count, start = conninfo->prefers_standby ? 0 : *first_host;
    PGconn *link = NULL;
    for (size_t tried = 0; !link && tried < count; tried++) {
        int64_t now_us = clock_monotonic_us();
        int64_t share_us = (deadline_us - now_us) / (int64_t)(count - tried);
        size_t index = (start + tried) % count;
        link = connect_to(&conninfo->hosts[index], now_us + share_us, fault);
        if (link)
            *first_host = index;
    }
    if (!link)
        return NULL;
    PQsetNoticeReceiver(link, ignore_notice, NULL);
    struct connection *connection = xcalloc(1, sizeof(*connection));
    connection->link = link;
    return connection;
}

void
connection_close(struct connection *connection)
{
    PQfinish(connection->link);
    free(connection->prepared);
    free(connection);
}

/* A server that stops says so on idle connections, and closes them. */
bool
connection_is_alive(struct connection *connection)
{
    struct pollfd descriptor = {.fd = PQsocket(connection->link), .events = POLLIN};
    if (PQstatus(connection->link) != CONNECTION_OK)
        return false;
    if (poll(&descriptor, 1, 0) == 0)
        return true;
    if (descriptor.revents & (POLLERR | POLLHUP | POLLNVAL) || !PQconsumeInput(connection->link))
        return false;
    /* A changed parameter is no reason to end; a last message of the server leaves an end of file
     * behind. */
    descriptor.revents = 0;
    return PQstatus(connection->link) == CONNECTION_OK && poll(&descriptor, 1, 0) == 0;
}

bool
connection_is_idle(const struct connection *connection)
{
    return PQstatus(connection->link) == CONNECTION_OK &&
           PQtransactionStatus(connection->link) == PQTRANS_IDLE;
}

bool
connection_is_reusable(const struct connection *connection)
{
    return !connection->is_swollen && connection_is_idle(connection);
}

static size_t
bytes_of_statement(const struct statement *statement)
{
    size_t bytes = strlen(statement->query->text);
    for (int i = 0; i < statement->query->parameters; i++)
        bytes += statement->parameters[i] ? strlen(statement->parameters[i]) : 0;
    return bytes;
}

/* libpq's buffer holds a row of an answer at a time. */
static size_t
bytes_of_largest_row(const PGresult *result)
{
    size_t most = 0;
    for (int row = 0; row < PQntuples(result); row++) {
        size_t bytes = 0;
        for (int column = 0; column < PQnfields(result); column++)
            bytes += (size_t)PQgetlength(result, row, column);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static void
note_size(struct connection *connection, const struct statement *statement, const PGresult *result)
{
    if (bytes_of_statement(statement) > SWOLLEN_BYTES ||
        (PQresultMemorySize(result) > SWOLLEN_BYTES &&
         bytes_of_largest_row(result) > SWOLLEN_BYTES))
        connection->is_swollen = true;
}

static bool
is_copy(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* Takes the results that have come; true when there will be no more. The first that failed is kept,
 * else the last. */
static bool
take_results(PGconn *link, PGresult **kept)
{
    while (!PQisBusy(link)) {
        PGresult *result = PQgetResult(link);
        if (!result)
            return true;
        if (*kept && PQresultStatus(*kept) == PGRES_FATAL_ERROR) {
            PQclear(result);
            continue;
        }
        PQclear(*kept);
        *kept = result;
        if (is_copy(result))
            return true; /* which nothing here speaks */
    }
    return false;
}

/* Sends what is left to send and waits for the end of the answer. A server that had taken only a
 * part of the statement by the deadline, or had sent a part of its answer, may just have needed
 * more time. */
static bool
await_results(PGconn *link, int64_t deadline_us, PGresult **result, struct fault *fault)
{
    bool heard = false;
    *result = NULL;
    while (!take_results(link, result)) {
        int unsent = PQflush(link);
        short events = unsent > 0 ? POLLIN | POLLOUT : POLLIN;
        /* A server that hung up may have said why: what came is read before giving up. */
        if (!wait_for(link, events, deadline_us)) {
            set_fault(fault, unsent > 0 || heard ? FAULT_LATE : FAULT_TIMEOUT, true);
            return false;
        }
        heard = heard || unsent == 0;
        if (!PQconsumeInput(link) && take_results(link, result))
            break;
    }
    ExecStatusType status = *result ? PQresultStatus(*result) : PGRES_FATAL_ERROR;
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
        return true;
    if (*result && !is_copy(*result))
        fault_read(fault, *result);
    else
        set_fault(fault, FAULT_LOST, true);
    if (PQstatus(link) == CONNECTION_BAD && fault->kind != FAULT_LOST) {
        fault->kind = FAULT_LOST;
    }
    return false;
}

/* Of a statement of libpq that could not even be put into its buffer. */
static bool
not_sent(struct fault *fault)
{
    set_fault(fault, FAULT_LOST, false);
    return false;
}

static void
format_name(char *name, size_t size, const struct query *query, size_t number)
{
    snprintf(name, size, "%.50s_%zu", query->name, number);
}

/* The name of the prepared statement; prepares it where that was not done. */
static bool
prepare(struct connection *connection, const struct statement *statement, char *name, size_t size,
        struct fault *fault)
{
    const struct query *query = statement->query;
    for (size_t i = 0; i < connection->prepared_count; i++)
        if (connection->prepared[i] == query->text) {
            format_name(name, size, query, i);
            return true;
        }
    format_name(name, size, query, connection->prepared_count);
    if (!PQsendPrepare(connection->link, name, query->text, query->parameters, NULL))
        return not_sent(fault);
    PGresult *result;
    bool done = await_results(connection->link, statement->deadline_us, &result, fault);
    PQclear(result);
    if (!done) {
        fault->sent = false; /* the statement itself was not */
        return false;
    }
    connection->prepared = xrealloc(connection->prepared, (connection->prepared_count + 1) *
                                                              sizeof(*connection->prepared));
    connection->prepared[connection->prepared_count++] = query->text;
    return true;
}

bool
connection_run(struct connection *connection, const struct statement *statement, PGresult **result,
               struct fault *fault)
{
    const struct query *query = statement->query;
    char name[80];
    int sent;
    *result = NULL;
    if (statement->prepare) {
        if (!prepare(connection, statement, name, sizeof(name), fault))
            return false;
        sent = PQsendQueryPrepared(connection->link, name, query->parameters, statement->parameters,
                                   NULL, NULL, 0);
    } else {
        sent = PQsendQueryParams(connection->link, query->text, query->parameters, NULL,
                                 statement->parameters, NULL, NULL, 0);
    }
    if (!sent)
        return not_sent(fault);
    bool done = await_results(connection->link, statement->deadline_us, result, fault);
    note_size(connection, statement, *result);
    if (done)
        return true;
    PQclear(*result);
    *result = NULL;
    return false;
}

bool
connection_command(struct connection *connection, const char *text, int64_t deadline_us,
                   PGresult **result, struct fault *fault)
{
    *result = NULL;
    if (!PQsendQuery(connection->link, text))
        return not_sent(fault);
    return await_results(connection->link, deadline_us, result, fault);
}

void
connection_cancel(struct connection *connection, struct canceller *canceller)
{
    canceller_end(canceller, connection->link);
    free(connection->prepared);
    free(connection);
}
