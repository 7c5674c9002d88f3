/* What the routes of the audit trail take and answer. */
#ifndef HEARTH_APPS_AUDIT_SCHEMAS_H
#define HEARTH_APPS_AUDIT_SCHEMAS_H

#include "access/audit.h"
#include "access/trace.h"
#include "http/schema.h"

/* An audit row as it is shown. */
struct audit_view {
    const char *id, *at, *event, *actor, *subject, *detail, *address, *request_id;
};

struct audit_query {
    const char *since, *until, *event, *actor, *subject, *cursor;
    int64_t limit;
};

struct audit_page {
    struct list events; /* struct audit_view */
    const char *next_cursor;
};

struct trace_view {
    const char *id, *at, *request_id, *tenant, *route, *question, *answer;
    int64_t status;
};

struct request_view {
    const char *request_id;
    struct list traces; /* struct trace_view */
};

extern const struct schema audit_view_schema, audit_query_schema, audit_page_schema,
    trace_view_schema, request_view_schema;

struct audit_view audit_view(const struct audit_row *row, struct arena *arena);
struct trace_view trace_view(const struct trace_row *row, struct arena *arena);

#endif
