/* Whether a database is one that this program can work with: the schema neither too old nor too new
 * for it, and room for the connections of all workers. */
#ifndef HEARTH_STORE_FIT_H
#define HEARTH_STORE_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "store/connection.h"
#include "store/store.h"

/* How many connections there may be in all; nothing is counted where workers is 0. */
struct fit_load {
    int64_t workers, pool_size;
    bool is_read; /* of DATABASE_READ_URL, which may lead to the same server as DATABASE_URL */
};

/* STORE_AWAY with fault filled, STORE_MISFIT with err telling both numbers and what to change. */
enum store_verdict fit_check_schema(struct connection *connection, int64_t deadline_us,
                                    struct fault *fault, struct error *err);
enum store_verdict fit_check_load(struct connection *connection, const struct fit_load *load,
                                  int64_t deadline_us, struct fault *fault, struct error *err);

#endif
