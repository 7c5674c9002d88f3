/* The audit trail and the bodies of traced requests, for administrators. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "access/access.h"
#include "apps/app.h"
#include "apps/audit/schemas.h"
#include "base/clock.h"

static bool
is_uuid(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i = 0;
    for (; form[i] != '\0' && text[i] != '\0'; i++)
        if (form[i] == '-' ? text[i] != '-' : !strchr("0123456789abcdef", text[i]))
            return false;
    return form[i] == text[i];
}

/* "<microseconds>.<id>" of the last row of a page. */
static bool
read_cursor(const char *cursor, struct audit_wish *wish, struct arena *arena, struct error *err)
{
    char *end;
    long long at_us = strtoll(cursor, &end, 10);
    bool good = at_us >= 0 && at_us < INT64_C(253402300799000000) && end > cursor && *end == '.' &&
                is_uuid(end + 1);
    if (!good)
        return error_set_field(err, arena, "query.cursor", "must be a next_cursor of this route");
    wish->until_us = at_us;
    wish->before_id = end + 1;
    return true;
}

static bool
read_wish(const struct audit_query *query, struct audit_wish *wish, struct arena *arena,
          struct error *err)
{
    *wish = (struct audit_wish){
        .event = query->event,
        .actor = query->actor,
        .subject = query->subject,
        .until_us = INT64_C(253402300799) * 1000000,
        .limit = query->limit + 1,
    };
    if (query->since && !clock_parse(query->since, &wish->since_us))
        return error_set_field(err, arena, "query.since", "must be a date or a time of RFC 3339");
    if (query->until && !clock_parse(query->until, &wish->until_us))
        return error_set_field(err, arena, "query.until", "must be a date or a time of RFC 3339");
    return !query->cursor || read_cursor(query->cursor, wish, arena, err);
}

/* One row more than a page was asked for: whether there is one says whether there is another page.
 */
static void
fill_page(const struct list *rows, int64_t limit, struct arena *arena, struct audit_page *page)
{
    const struct audit_row *row = rows->items;
    size_t count = rows->count > (size_t)limit ? (size_t)limit : rows->count;
    struct audit_view *views = arena_array(arena, count + 1, sizeof(*views));
    for (size_t i = 0; i < count; i++)
        views[i] = audit_view(&row[i], arena);
    page->events = (struct list){views, count};
    page->next_cursor = NULL;
    if (rows->count > count)
        page->next_cursor =
            arena_printf(arena, "%" PRId64 ".%s", row[count - 1].at_us, row[count - 1].id);
}

static bool
show_audit(struct request *request, struct error *err)
{
    const struct audit_query *query = request->filter;
    struct store *store;
    struct audit_wish wish;
    if (!read_wish(query, &wish, &request->arena, err) || !access_store(request, &store, err))
        return false;
    const struct list *rows = audit_list(store, &wish, &request->arena, err);
    if (!rows)
        return false;
    struct audit_page page;
    fill_page(rows, query->limit, &request->arena, &page);
    response_json(request, 200, &audit_page_schema, &page);
    return true;
}

/* Looking at what somebody wrote is noted too. */
static void
note_reading(struct request *request, const struct trace_row *row)
{
    const struct audit_entry entry = {
        .event = AUDIT_ADMIN_CALL,
        .subject = row->tenant,
        .detail = arena_printf(&request->arena, "read bodies of %s", row->request_id),
    };
    audit_add(request, &entry);
}

static bool
show_request(struct request *request, struct error *err)
{
    struct store *store;
    if (!access_store(request, &store, err))
        return false;
    const char *id = request->path_parameters[0];
    const struct list *rows = trace_list(store, id, &request->arena, err);
    if (!rows)
        return false;
    if (rows->count == 0)
        return error_set(err, ERROR_NOT_FOUND, "no bodies of such a request are kept");
    const struct trace_row *row = rows->items;
    struct trace_view *views = arena_array(&request->arena, rows->count, sizeof(*views));
    for (size_t i = 0; i < rows->count; i++)
        views[i] = trace_view(&row[i], &request->arena);
    note_reading(request, row);
    struct request_view view = {id, {views, rows->count}};
    response_json(request, 200, &request_view_schema, &view);
    return true;
}

static const struct route routes[] = {
    {
        .method = METHOD_GET,
        .pattern = "/internal/audit",
        .handle = show_audit,
        .flags = ROUTE_INTERNAL | ROUTE_UNVERSIONED | ROUTE_KEY | ROUTE_WAITS,
        .query = &audit_query_schema,
        .response = &audit_page_schema,
        .tag = "Audit",
        .summary = "Who did what",
        .doc = "Sign-ins and their failures, changes of keys, roles and accounts, calls of "
               "administrators, refused calls, and what the guard flagged; newest first. Calls "
               "that had to wait for the database may be added a second later.",
        .operation_id = "audit_list",
    },
    {
        .method = METHOD_GET,
        .pattern = "/internal/requests/{id}",
        .handle = show_request,
        .flags = ROUTE_INTERNAL | ROUTE_UNVERSIONED | ROUTE_KEY | ROUTE_WAITS,
        .response = &request_view_schema,
        .tag = "Audit",
        .summary = "What a request said",
        .doc = "The bodies of a request to a route that asks a model, and of its answer: redacted "
               "and cut, and only where TRACE_BODIES was on. Reading them is an event of the audit "
               "trail.",
        .operation_id = "request_show",
    },
    {.pattern = NULL},
};

const struct app audit_app = {"audit", routes, NULL};
