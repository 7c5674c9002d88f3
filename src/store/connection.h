/* One connection to PostgreSQL, of which nothing waits longer than its deadline. One thread uses it
 * at a time. */
#ifndef HEARTH_STORE_CONNECTION_H
#define HEARTH_STORE_CONNECTION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/canceller.h"
#include "store/conninfo.h"
#include "store/fault.h"
#include "store/query.h"

struct connection;

/* Tries the hosts in order, from first_host on and round; the deadline (clock_monotonic_us()) is
 * shared among those not tried yet. *first_host is then the one that answered. NULL with fault
 * filled. */
struct connection *connection_open(const struct conninfo *conninfo, size_t *first_host,
                                   int64_t deadline_us, struct fault *fault);
void connection_close(struct connection *connection);

/* Whether an idle connection still stands, as far as can be told without asking the server. */
bool connection_is_alive(struct connection *connection);

/* Whether it is as at its start: no transaction is open, no statement under way. */
bool connection_is_idle(const struct connection *connection);

/* Whether it is worth keeping for the next one: idle, and without the buffers of a large statement
 * or answer, which libpq does not make smaller again. */
bool connection_is_reusable(const struct connection *connection);

/* Runs a statement: as a prepared one where prepare is true, made at its first use on this
 * connection. The caller clears *result. false with fault filled; a connection after FAULT_TIMEOUT
 * and FAULT_LOST is only good for connection_close(). */
struct statement {
    const struct query *query;
    const char *const *parameters;
    bool prepare;
    int64_t deadline_us;
};
bool connection_run(struct connection *connection, const struct statement *statement,
                    PGresult **result, struct fault *fault) __attribute__((warn_unused_result));

/* Runs a text without parameters by the simple protocol: BEGIN, COMMIT, migrations. *result is the
 * last one's, also where it failed; NULL where there is none. */
bool connection_command(struct connection *connection, const char *text, int64_t deadline_us,
                        PGresult **result, struct fault *fault) __attribute__((warn_unused_result));

/* As connection_close(), asking the server to end what is under way. Never waits. */
void connection_cancel(struct connection *connection, struct canceller *canceller);

#endif
