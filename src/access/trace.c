/* Rows of the traces: made when a request ended, and written later. */
#include "access/trace.h"

#include <string.h>

#include "access/access.h"
#include "access/backlog.h"
#include "access/caller.h"
#include "access/trace.sql.h"
#include "access/trace_text.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "http/recording.h"
#include "http/route.h"
#include "store/query.h"
#include "store/store.h"

/* Bytes of a stream for each byte of its text that is kept: an event may hold one word. */
enum { STREAM_FACTOR = 64 };

static const char backlog_name[] = "trace";

struct trace_line {
    const char *id, *request_id, *tenant, *route, *question, *answer;
    int64_t at, status;
};

static const struct schema line_schema = {
    .name = "TraceLine",
    .size = sizeof(struct trace_line),
    .fields = (const struct field[]){INTEGER(struct trace_line, at),
                                     STRING(struct trace_line, id),
                                     STRING(struct trace_line, request_id),
                                     STRING(struct trace_line, tenant),
                                     STRING(struct trace_line, route),
                                     INTEGER(struct trace_line, status),
                                     STRING(struct trace_line, question),
                                     STRING(struct trace_line, answer),
                                     {.name = NULL}},
};

static const struct query trace_write = {SQL_trace_write, NULL, 0, false};

static const struct column trace_columns[] = {COLUMN_TEXT_OF(struct trace_row, id),
                                              COLUMN_TEXT_OF(struct trace_row, request_id),
                                              COLUMN_TEXT_OF(struct trace_row, tenant),
                                              COLUMN_TEXT_OF(struct trace_row, route),
                                              COLUMN_TEXT_OF(struct trace_row, question),
                                              COLUMN_TEXT_OF(struct trace_row, answer),
                                              COLUMN_INTEGER_OF(struct trace_row, status),
                                              COLUMN_INTEGER_OF(struct trace_row, at_us),
                                              {.name = NULL}};

static const struct query trace_read = {SQL_trace_list, trace_columns, sizeof(struct trace_row),
                                        true};

/* Never routes that sign people in: only those whose calls cost a model's work. */
static bool
is_traced(const struct request *request)
{
    const struct access *access = request->access;
    return access && access->store && access->settings->trace_bodies && request->route &&
           request->route->limit == LIMIT_PROCESS && !(request->route->flags & ROUTE_INTERNAL);
}

void
trace_begin(struct request *request)
{
    if (request->tap || !is_traced(request))
        return;
    struct recording *tap = arena_alloc(&request->arena, sizeof(*tap));
    strbuf_init(&tap->bytes, &request->arena, 1024);
    tap->max_bytes = (size_t)request->access->settings->trace_body_bytes * STREAM_FACTOR;
    request->tap = tap;
}

static const char *
answer_of(struct request *request, size_t max_bytes)
{
    const struct response *response = &request->response;
    const struct recording *tap = request->tap;
    if (response->begun)
        return trace_stream_text(tap->bytes.data, tap->bytes.length, max_bytes, &request->arena);
    return trace_text(NULL, response->body, response->body_length, max_bytes, &request->arena);
}

void
trace_end(struct request *request)
{
    if (!request->tap)
        return;
    struct arena *arena = &request->arena;
    struct access *access = request->access;
    size_t max_bytes = (size_t)access->settings->trace_body_bytes;
    char id[UUID_TEXT_BYTES];
    int64_t now_us = clock_realtime_us();
    uuid_v7(id, now_us);
    struct trace_line line = {
        .id = id,
        .at = now_us,
        .request_id = request->id,
        .tenant = request->caller ? request->caller->tenant : NULL,
        .route = request->route->operation_id,
        .status = request->response.status,
        .question =
            trace_text(request->document, request->body, request->body_length, max_bytes, arena),
        .answer = answer_of(request, max_bytes),
    };
    struct strbuf text;
    strbuf_init(&text, arena, 3 * max_bytes);
    schema_encode(&line_schema, &line, &text);
    struct error err = {0};
    if (!backlog_add(access->settings, backlog_name, text.data, text.length, &err))
        log_line(LOG_LEVEL_WARNING, "bodies are not traced", LOG_TEXT("request_id", request->id),
                 LOG_TEXT("cause", err.detail));
}

static bool
write_lines(void *context, const char *lines, struct arena *arena, struct error *err)
{
    struct store *store = context;
    const char *parameters[] = {lines};
    return store_query(store, &trace_write, parameters, arena, err) != NULL;
}

void
trace_drain(struct access *access, struct arena *arena)
{
    (void)arena;
    if (access->store && !store_is_down(access->store))
        backlog_drain(access->settings, backlog_name, write_lines, access->store);
}

const struct list *
trace_list(struct store *store, const char *request_id, struct arena *arena, struct error *err)
{
    const char *parameters[] = {request_id};
    return store_query(store, &trace_read, parameters, arena, err);
}
