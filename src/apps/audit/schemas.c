/* The rows of the audit trail's routes. */
#include "apps/audit/schemas.h"

#include "base/clock.h"

#define TEXT(T, member, more, text) STRING(T, member, .flags = (more), .doc = (text))

const struct schema audit_view_schema = {
    .name = "AuditEvent",
    .size = sizeof(struct audit_view),
    .fields =
        (const struct field[]){
            TEXT(struct audit_view, id, FIELD_REQUIRED, "Of the row."),
            TEXT(struct audit_view, at, FIELD_REQUIRED, "When, RFC 3339."),
            STRING(struct audit_view, event, .flags = FIELD_REQUIRED, .choices = audit_event_names,
                   .doc = "What happened."),
            TEXT(struct audit_view, actor, FIELD_REQUIRED,
                 "Who did it: account:<id>, key:<id>, operator:<user>, anonymous."),
            TEXT(struct audit_view, subject, FIELD_NULLABLE, "Whom it is about."),
            TEXT(struct audit_view, detail, FIELD_NULLABLE, "A few words more."),
            TEXT(struct audit_view, address, FIELD_NULLABLE, "Where the request came from."),
            TEXT(struct audit_view, request_id, FIELD_NULLABLE,
                 "Of the request, at most 40 bytes."),
            {.name = NULL}},
};

static const char *
check_moment(const char *text)
{
    int64_t ignored;
    return clock_parse(text, &ignored) ? NULL : "must be a date or a time of RFC 3339";
}

static const struct audit_query default_query = {.limit = 100};

const struct schema audit_query_schema = {
    .name = "AuditQuery",
    .size = sizeof(struct audit_query),
    .initial = &default_query,
    .fields =
        (const struct field[]){
            STRING(struct audit_query, since, .max = 40, .check = check_moment,
                   .pattern_hint = "2026-05-04 or 2026-05-04T12:00:00Z",
                   .doc = "Rows of this moment and after."),
            STRING(struct audit_query, until, .max = 40, .check = check_moment,
                   .pattern_hint = "2026-05-04 or 2026-05-04T12:00:00Z",
                   .doc = "Rows before this moment."),
            STRING(struct audit_query, event, .choices = audit_event_names,
                   .doc = "Only such events."),
            STRING(struct audit_query, actor, .max = 64, .doc = "Only what this one did."),
            STRING(struct audit_query, subject, .max = 64, .doc = "Only what is about this one."),
            STRING(struct audit_query, cursor, .max = 80,
                   .doc = "next_cursor of the page before this one."),
            INTEGER(struct audit_query, limit, .min = 1, .max = 1000, .default_json = "100",
                    .doc = "Rows of a page."),
            {.name = NULL}},
};

const struct schema audit_page_schema = {
    .name = "AuditPage",
    .size = sizeof(struct audit_page),
    .fields = (const struct field[]){ARRAY(struct audit_page, events, &audit_view_schema,
                                           .flags = FIELD_REQUIRED, .doc = "Newest first."),
                                     TEXT(struct audit_page, next_cursor, FIELD_NULLABLE,
                                          "Asks for the page after this one; null: this is the "
                                          "last one."),
                                     {.name = NULL}},
};

const struct schema trace_view_schema = {
    .name = "TracedBodies",
    .size = sizeof(struct trace_view),
    .fields =
        (const struct field[]){
            TEXT(struct trace_view, id, FIELD_REQUIRED, "Of the row."),
            TEXT(struct trace_view, at, FIELD_REQUIRED, "When it was answered, RFC 3339."),
            TEXT(struct trace_view, request_id, FIELD_REQUIRED, "Of the request."),
            TEXT(struct trace_view, tenant, FIELD_NULLABLE, "Who asked."),
            TEXT(struct trace_view, route, FIELD_NULLABLE, "Which operation of the document."),
            INTEGER(struct trace_view, status, .flags = FIELD_REQUIRED, .min = 100, .max = 599,
                    .doc = "Of the answer."),
            TEXT(struct trace_view, question, FIELD_NULLABLE,
                 "The request's body, redacted and cut."),
            TEXT(struct trace_view, answer, FIELD_NULLABLE,
                 "The answer's body, or what a stream said, redacted and cut."),
            {.name = NULL}},
};

const struct schema request_view_schema = {
    .name = "TracedRequest",
    .size = sizeof(struct request_view),
    .fields =
        (const struct field[]){
            TEXT(struct request_view, request_id, FIELD_REQUIRED, "As it was asked for."),
            ARRAY(struct request_view, traces, &trace_view_schema, .flags = FIELD_REQUIRED,
                  .doc = "Newest first: callers may choose ids, and use one "
                         "again."),
            {.name = NULL}},
};

struct audit_view
audit_view(const struct audit_row *row, struct arena *arena)
{
    return (struct audit_view){row->id,      clock_text(arena, row->at_us),
                               row->event,   row->actor,
                               row->subject, row->detail,
                               row->address, row->request_id};
}

struct trace_view
trace_view(const struct trace_row *row, struct arena *arena)
{
    return (struct trace_view){
        .id = row->id,
        .at = clock_text(arena, row->at_us),
        .request_id = row->request_id,
        .tenant = row->tenant,
        .route = row->route,
        .question = row->question,
        .answer = row->answer,
        .status = row->status,
    };
}
