/* Answers of the server as structs, by the column table beside the query. */
#ifndef HEARTH_STORE_ROWS_H
#define HEARTH_STORE_ROWS_H

#include <libpq-fe.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/query.h"

/* The rows of result, or for a query without columns the number of rows that were changed. NULL
 * with ERROR_INTERNAL naming the column that differs from the table; never a value. */
const struct list *rows_read(const PGresult *result, const struct query *query, struct arena *arena,
                             struct error *err) __attribute__((warn_unused_result));

#endif
