/* Bodies of requests and answers, kept for whoever looks for a fault: only where TRACE_BODIES says
 * so, only of routes that ask a model, redacted (redact.h), then cut to TRACE_BODY_BYTES, and gone
 * after TRACE_RETENTION_DAYS. */
#ifndef HEARTH_ACCESS_TRACE_H
#define HEARTH_ACCESS_TRACE_H

#include <stdint.h>

#include "base/list.h"
#include "http/request.h"

struct access;
struct store;

/* Before a request is handled: has what will be streamed kept, where it is to be traced. Cheap, and
 * may be called again. */
void trace_begin(struct request *request);

/* After it was answered: leaves the row in a file for trace_drain(). Any lane. */
void trace_end(struct request *request);

/* A duty of the caretaker: writes the rows that wait in the file. */
void trace_drain(struct access *access, struct arena *arena);

struct trace_row {
    const char *id, *request_id, *tenant, *route, *question, *answer; /* or NULL */
    int64_t status, at_us;
};

/* What is kept of a request, newest first. NULL as store_query(). */
const struct list *trace_list(struct store *store, const char *request_id, struct arena *arena,
                              struct error *err);

#endif
