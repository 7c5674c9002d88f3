/* From a route's row and a status to rows of the audit trail. */
#include "apps/witness.h"

#include "access/audit.h"
#include "access/trace.h"
#include "ai/guard.h"
#include "base/strbuf.h"
#include "http/route.h"

void
witness_begin(struct request *request)
{
    trace_begin(request);
}

static bool
is_administrative(const struct route *route)
{
    return (route_scope(route) & SCOPE_ADMIN) != 0;
}

static bool
has_credential(const struct request *request)
{
    return request->caller || request_header(request, "AUTHORIZATION") ||
           request_header(request, "X_API_KEY");
}

/* Whoever sends nothing to an open door is no news; a wrong credential, one that may not, and
 * anybody at an internal door are. */
static bool
is_refusal(const struct request *request)
{
    int status = request->response.status;
    return (status == 401 || status == 403) &&
           (has_credential(request) || is_administrative(request->route));
}

static bool
is_change(const struct request *request)
{
    return is_administrative(request->route) && request->response.status < 400 &&
           !(request->method & (METHOD_GET | METHOD_HEAD | METHOD_OPTIONS));
}

static const char *
name_of(const struct route *route)
{
    return route->operation_id ? route->operation_id : route->pattern;
}

/* One row for all texts of a request. */
static void
note_guard(struct request *request, unsigned flags)
{
    struct strbuf detail;
    strbuf_init(&detail, &request->arena, 128);
    strbuf_add_text(&detail, name_of(request->route));
    for (unsigned i = 0; i < GUARD_CATEGORY_COUNT; i++)
        if (flags & (1u << i))
            strbuf_printf(&detail, " %s", guard_category_name(1u << i));
    const struct audit_entry entry = {.event = AUDIT_GUARD_HIT, .detail = detail.data};
    audit_add(request, &entry);
}

static void
note_call(struct request *request)
{
    const struct route *route = request->route;
    const struct audit_entry entry = {
        .event = is_change(request) ? AUDIT_ADMIN_CALL : AUDIT_REFUSED,
        .subject = request->path_parameters[0],
        .detail = arena_printf(&request->arena, "%s %s: %d", request->method_name, name_of(route),
                               request->response.status),
    };
    audit_add(request, &entry);
}

void
witness_answer(struct request *request)
{
    if (!request->route || !request->access)
        return;
    unsigned flags = atomic_load(&request->guard_flags);
    if (flags != 0)
        note_guard(request, flags);
    if (is_refusal(request) || is_change(request))
        note_call(request);
}

void
witness_end(struct request *request)
{
    trace_end(request);
}
