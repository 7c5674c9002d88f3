/* The steps from the first byte of a request to checked data for its handler. */
#include "apps/admission.h"

#include <assert.h>
#include <string.h>

#include "access/access.h"
#include "access/caller.h"
#include "access/csrf.h"
#include "apps/service.h"
#include "base/clock.h"
#include "host/metrics.h"
#include "http/body.h"
#include "http/route.h"
#include "http/schema.h"
#include "http/scope.h"
#include "http/version.h"

static void
identify_request(struct request *request, const struct head *head)
{
    const char *id = head->values[HEAD_REQUEST_ID];
    if (id && request_id_is_valid(id))
        memcpy(request->id, id, strlen(id) + 1);
    else
        uuid_v7(request->id, clock_realtime_us());
    traceparent_child(request->traceparent, head->values[HEAD_TRACEPARENT]);
}

static bool
is_switched_off(const struct settings *settings, unsigned flags)
{
    if (flags & ROUTE_NOT_IN_PRODUCTION && settings->production)
        return true;
    return flags & ROUTE_INTERNAL_DOCS && (settings->production || settings->disable_internal_docs);
}

/* What the web server passes for a server of its own; a client's headers have other names. */
static bool
is_internal_surface(const struct request *request)
{
    const char *surface = request->transport->parameter(request->carrier, "HEARTH_SURFACE");
    return surface && strcmp(surface, "internal") == 0;
}

/* In production the public surface has no internal routes. */
static bool
is_out_of_sight(const struct request *request)
{
    const struct settings *settings = request->service->settings;
    return settings->production && !settings->internal_public &&
           strncmp(request->route->pattern, "/internal", 9) == 0 && !is_internal_surface(request);
}

static enum route_match
find(struct request *request, const char *path)
{
    return route_find(request->service->route_index, request->method, path, &request->arena,
                      &request->route, request->path_parameters, &request->admission->allowed);
}

/* Every version is answered by the rows of /v1, and paths without a version by them too. */
static const char *
path_of_version_1(const struct request *request, struct arena *arena)
{
    const char *rest = request->path + version_path_length(request->path);
    if (strncmp(request->path, "/v1/", 4) == 0 || rest[0] == '\0')
        return request->path;
    return arena_printf(arena, "/v1%s", rest);
}

static enum route_match
find_versioned(struct request *request)
{
    enum route_match match = find(request, request->path);
    if (match != ROUTE_NO_PATH)
        return match;
    const char *path = path_of_version_1(request, &request->arena);
    return path == request->path ? match : find(request, path);
}

/* The request has no route after all: its failure is told as those around its path are. */
static void
leave_route(struct request *request)
{
    request->route = NULL;
    const struct route_area *areas = request->service->areas;
    if (areas)
        request->area = route_area_find(areas, path_of_version_1(request, &request->arena));
}

static bool
match_route(struct request *request, struct error *err)
{
    enum route_match match = find_versioned(request);
    const struct settings *settings = request->service->settings;
    if (match == ROUTE_FOUND &&
        (is_switched_off(settings, request->route->flags) || is_out_of_sight(request)))
        match = ROUTE_NO_PATH;
    if (match == ROUTE_FOUND)
        return true;
    leave_route(request);
    if (match == ROUTE_NO_PATH)
        return error_set(err, ERROR_NOT_FOUND, "there is nothing at this path");
    const char *methods = route_methods(request->admission->allowed, &request->arena);
    response_header(request, "Allow", methods);
    if (request->method == METHOD_OPTIONS) {
        request->admission->answered = true;
        return true;
    }
    return error_set(err, ERROR_METHOD_NOT_ALLOWED, "this path answers %s", methods);
}

static bool
negotiate(struct request *request, struct error *err)
{
    if (request->route->flags & ROUTE_UNVERSIONED || !request->service->settings->api_versioning)
        return true;
    return version_negotiate(request, &request->admission->head, request->path, err);
}

/* A wrong key is a guess: guesses are counted by address and soon refused. */
static bool
refuse_key(struct request *request, struct error *err)
{
    struct service *service = request->service;
    struct error limited = {0};
    if (limits_take_failure(request, &request->admission->limit, &limited)) {
        request->admission->limit.name = NULL;
        metrics_add(service->host, METRIC_AUTH_FAILURES, "reason=\"wrong\"", 1);
        return false;
    }
    if (limited.code == ERROR_RATE_LIMITED)
        metrics_add(service->host, METRIC_AUTH_FAILURES, "reason=\"throttled\"", 1);
    *err = limited;
    return false;
}

static bool
identify_caller(struct request *request, struct error *err)
{
    if (!route_reads_caller(request->route) || caller_identify(request, &request->caller, err))
        return true;
    return err->code == ERROR_UNAUTHORIZED ? refuse_key(request, err) : false;
}

static bool
take_limit(struct request *request, struct error *err)
{
    struct limit_verdict *verdict = &request->admission->limit;
    if (limits_take(request, verdict, err))
        return true;
    if (err->code == ERROR_RATE_LIMITED)
        metrics_add(request->service->host, METRIC_RATE_LIMITED,
                    arena_printf(&request->arena, "class=\"%s\"", verdict->name), 1);
    return false;
}

static bool
demand_scope(struct request *request, struct error *err)
{
    unsigned missing = route_scope(request->route) & ~request->caller->scopes;
    if (missing == 0)
        return true;
    /* RFC 6750, section 3.1 */
    response_header(request, "WWW-Authenticate",
                    arena_printf(&request->arena,
                                 "Bearer realm=\"hearth\", error=\"insufficient_scope\", "
                                 "scope=\"%s\"",
                                 scope_name(missing)));
    return error_set(err, ERROR_FORBIDDEN, "this needs a credential with the scope \"%s\"",
                     scope_name(missing));
}

/* What the row says of its callers. */
static bool
demand_caller(struct request *request, struct error *err)
{
    const struct route *route = request->route;
    if (!request->caller) {
        if (!route_needs_caller(route))
            return true;
        metrics_add(request->service->host, METRIC_AUTH_FAILURES, "reason=\"missing\"", 1);
        return error_set(err, ERROR_UNAUTHORIZED,
                         "an API key is needed, as Authorization: Bearer or as X-API-Key");
    }
    if (!route_reads_caller(route) || !demand_scope(request, err))
        return !route_reads_caller(route);
    if (route->flags & ROUTE_ACCOUNT && !request->caller->account_id)
        return error_set(err, ERROR_FORBIDDEN,
                         "this needs an account: sign in, or use a key of one");
    return true;
}

static bool
read_body(struct request *request, struct error *err)
{
    const struct route *route = request->route;
    size_t limit = route->body_max_bytes;
    if (limit == 0)
        limit = (size_t)request->service->settings->max_request_bytes;
    const struct head *head = &request->admission->head;
    return body_read(request, head->values[HEAD_CONTENT_LENGTH], limit, err);
}

static bool
decode_body(struct request *request, struct error *err)
{
    const struct route *route = request->route;
    if (!route->request) {
        if (request->body_length > 0)
            return error_set(err, ERROR_UNSUPPORTED_MEDIA_TYPE, "this path takes no body");
        return true;
    }
    const char *body = request->body;
    size_t length = request->body_length;
    if (length == 0) {
        if (!(route->flags & ROUTE_BODY_OPTIONAL))
            return error_set(err, ERROR_MALFORMED_REQUEST, "the body is empty; JSON is needed");
        body = "{}";
        length = 2;
    } else if (!body_is_json(request->admission->head.values[HEAD_CONTENT_TYPE], err)) {
        return false;
    }
    const json_t *document = schema_parse(body, length, &request->arena, err);
    if (!document)
        return false;
    request->document = document;
    request->input = schema_decode(route->request, document, "", &request->arena, err);
    return request->input != NULL;
}

static bool
decode_query(struct request *request, struct error *err)
{
    if (!request->route->query)
        return true;
    request->filter =
        schema_decode_query(request->route->query, request->query, &request->arena, err);
    return request->filter != NULL;
}

/* Everything that comes before the caller. */
static bool
check_head(struct request *request, struct error *err)
{
    struct admission *admission = request->admission;
    head_read(&admission->head, request);
    request->head = &admission->head;
    identify_request(request, &admission->head);
    if (!head_target(&admission->head, request, err) || !head_check(&admission->head, err) ||
        !match_route(request, err))
        return false;
    return admission->answered || negotiate(request, err);
}

bool
admission_check(struct request *request, struct error *err)
{
    if (!request->admission) {
        request->admission = arena_alloc(&request->arena, sizeof(struct admission));
        request->access = request->service->access;
        if (!check_head(request, err))
            return false;
    }
    struct admission *admission = request->admission;
    if (admission->answered)
        return true;
    assert(request->route);
    admission->passed = identify_caller(request, err) && take_limit(request, err) &&
                        demand_caller(request, err) && csrf_check(request, err) &&
                        read_body(request, err) && decode_query(request, err) &&
                        decode_body(request, err);
    return admission->passed;
}
