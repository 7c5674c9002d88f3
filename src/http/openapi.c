/* The walk over the routes that makes the OpenAPI document. */
#include "http/openapi.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "http/problem.h"
#include "http/scope.h"

enum { FAILURES_MAX = 16, STYLES = ERRORS_FIELDS + 1 };

/* The parts of the document that its paths refer to. */
struct uses {
    bool failures[STYLES][FAILURES_MAX];
};

/* What a failure is in each style. */
static const struct {
    const char *name; /* of its component, before the status */
    const char *content_type;
    const struct schema *schemas[3]; /* one of them; NULL-terminated */
} styles[STYLES] = {
    [ERRORS_PROBLEM] = {"Problem", "application/problem+json", {&problem_schema}},
    [ERRORS_OPENAI] = {"OpenaiFailure", "application/json", {&openai_failure_schema}},
    [ERRORS_ANTHROPIC] = {"AnthropicFailure", "application/json", {&anthropic_failure_schema}},
    [ERRORS_EITHER] = {"EitherFailure",
                       "application/json",
                       {&openai_failure_schema, &anthropic_failure_schema}},
    [ERRORS_FIELDS] = {"FieldsProblem", "application/problem+json", {&problem_schema}},
};

/* The statuses of failure that the platform itself can answer; 0 ends. A handler's further ones are
 * in route->answers. */
static const int failures_known[] = {400, 401, 402, 403, 404, 409, 413, 415,
                                     422, 429, 431, 500, 502, 503, 504, 0};

/* Whether the platform can answer a request of this row with this one of them. */
static bool
may_fail(const struct route *route, int status)
{
    bool asks_models = route->limit == LIMIT_PROCESS;
    bool takes_key = route_reads_caller(route);
    switch (status) {
    case 401:
        return takes_key;
    case 402:
        return asks_models && takes_key && route->errors != ERRORS_OPENAI;
    case 403:
        return takes_key;
    case 404:
        return strchr(route->pattern, '{') != NULL;
    case 409:
        return (route->flags & ROUTE_IDEMPOTENT) != 0;
    case 413:
        return route->request != NULL || route->body_max_bytes > 0;
    case 422:
        return (route->flags & ROUTE_IDEMPOTENT) != 0 ||
               (route->errors == ERRORS_PROBLEM && (route->request || route->query));
    case 429:
        return takes_key || route->limit != LIMIT_NONE;
    case 502:
    case 504:
        return asks_models;
    default:
        return true;
    }
}

static json_t *
text_or_null(const char *text)
{
    return text ? json_string(text) : NULL;
}

static void
set_optional(json_t *object, const char *name, json_t *value)
{
    if (value)
        json_object_set_new(object, name, value);
}

/* Adds the schema and all that it refers to. */
static void
add_schema(json_t *schemas, const struct schema *schema)
{
    if (!schema || json_object_get(schemas, schema->name))
        return;
    json_object_set_new(schemas, schema->name, schema_openapi(schema));
    for (const struct field *field = schema->fields; field->name; field++)
        add_schema(schemas, field->of);
}

static json_t *
content(const char *type, const struct schema *schema, json_t *schemas)
{
    if (!schema)
        return json_pack("{s:{s:{s:s}}}", type, "schema", "type", "string");
    add_schema(schemas, schema);
    json_t *media =
        json_pack("{s:{s:s+}}", "schema", "$ref", "#/components/schemas/", schema->name);
    if (schema->example)
        json_object_set_new(media, "example", json_loads(schema->example, JSON_DECODE_ANY, NULL));
    return json_pack("{s:o}", type, media);
}

/* A response that is not a failure. */
static json_t *
success(const struct route_answer *answer, json_t *schemas)
{
    json_t *response = json_pack("{s:s}", "description", answer->doc ? answer->doc : "Success.");
    bool has_body = answer->schema || answer->content_type;
    if (has_body)
        json_object_set_new(
            response, "content",
            content(answer->content_type ? answer->content_type : "application/json",
                    answer->schema, schemas));
    return response;
}

/* Makes the described body an array of what it was; the example spoke of one item. */
static void
wrap_in_array(json_t *response)
{
    json_t *media = json_object_get(json_object_get(response, "content"), "application/json");
    json_t *list =
        json_pack("{s:s, s:O}", "type", "array", "items", json_object_get(media, "schema"));
    json_object_set_new(media, "schema", list);
    json_object_del(media, "example");
}

/* Adds the bodies of a further answer of the same status, which are in other media types. */
static void
add_bodies(json_t *known, const json_t *response)
{
    const char *type;
    json_t *media;
    json_t *bodies = json_object_get(known, "content");
    json_object_foreach(json_object_get(response, "content"), type, media)
    {
        if (!bodies || json_object_get(bodies, type))
            continue;
        json_object_set(json_object_get(media, "schema"), "description",
                        json_object_get(response, "description"));
        json_object_set(bodies, type, media);
    }
}

static void
set_status(json_t *all, int status, json_t *response)
{
    char name[16];
    snprintf(name, sizeof(name), "%d", status);
    json_t *known = json_object_get(all, name);
    if (!known) {
        json_object_set_new(all, name, response);
        return;
    }
    add_bodies(known, response);
    json_decref(response);
}

static json_t *
responses(const struct route *route, json_t *schemas)
{
    json_t *all = json_object();
    bool has_success = false;
    if (route->response) {
        struct route_answer answer = {.status = 200, .schema = route->response};
        json_t *response = success(&answer, schemas);
        if (route->response_is_list)
            wrap_in_array(response);
        set_status(all, 200, response);
        has_success = true;
    }
    for (const struct route_answer *answer = route->answers; answer && answer->status; answer++) {
        has_success = has_success || answer->status < 400;
        set_status(all, answer->status, success(answer, schemas));
    }
    if (!has_success)
        set_status(all, 200, success(&(struct route_answer){.status = 200}, schemas));
    for (const int *status = failures_known; *status; status++)
        if (may_fail(route, *status))
            set_status(all, *status,
                       json_pack("{s:o}", "$ref",
                                 json_sprintf("#/components/responses/%s%d",
                                              styles[route->errors].name, *status)));
    return all;
}

static void
add_path_parameters(json_t *parameters, const char *pattern)
{
    for (const char *at = strchr(pattern, '{'); at; at = strchr(at, '{')) {
        size_t length = strcspn(++at, "}");
        json_array_append_new(parameters,
                              json_pack("{s:s%, s:s, s:b, s:{s:s}}", "name", at, length, "in",
                                        "path", "required", 1, "schema", "type", "string"));
    }
}

static void
add_query_parameters(json_t *parameters, const struct schema *query)
{
    for (const struct field *field = query ? query->fields : NULL; field && field->name; field++) {
        json_t *schema = schema_field_openapi(field);
        json_t *parameter = json_pack("{s:s, s:s, s:b}", "name", field->name, "in", "query",
                                      "required", (field->flags & FIELD_REQUIRED) != 0);
        json_t *description = json_object_get(schema, "description");
        if (description)
            json_object_set(parameter, "description", description);
        json_object_del(schema, "description");
        json_object_set_new(parameter, "schema", schema);
        json_array_append_new(parameters, parameter);
    }
}

static void
add_idempotency_key(json_t *parameters, unsigned flags)
{
    if (flags & ROUTE_IDEMPOTENT)
        json_array_append_new(
            parameters,
            json_pack("{s:s, s:s, s:s, s:{s:s, s:i, s:i}}", "name", "Idempotency-Key", "in",
                      "header", "description",
                      "A text of your own choice: repeated with it, the request is done "
                      "once and its answer told again.",
                      "schema", "type", "string", "minLength", 1, "maxLength", 255));
}

/* One way of signing in, with the scopes that are needed (OpenAPI 3.1: roles). */
static void
add_way(json_t *ways, const char *scheme, unsigned scopes)
{
    json_t *names = json_array();
    for (size_t i = 0; scope_names[i]; i++)
        if (scopes & scope_parse(scope_names[i], strlen(scope_names[i])))
            json_array_append_new(names, json_string(scope_names[i]));
    json_array_append_new(ways, json_pack("{s:o}", scheme, names));
}

static json_t *
security(const struct route *route)
{
    json_t *ways = json_array();
    if (route_reads_caller(route)) {
        add_way(ways, "bearer", route_scope(route));
        add_way(ways, "apiKey", route_scope(route));
        add_way(ways, "cookie", route_scope(route));
    }
    if (route_reads_caller(route) && !route_needs_caller(route))
        json_array_append_new(ways, json_object());
    return ways;
}

static json_t *
operation(const struct route *route, json_t *schemas)
{
    json_t *object = json_object();
    set_optional(object, "operationId", text_or_null(route->operation_id));
    if (route->tag)
        json_object_set_new(object, "tags", json_pack("[s]", route->tag));
    set_optional(object, "summary", text_or_null(route->summary));
    set_optional(object, "description", text_or_null(route->doc));
    json_object_set_new(object, "security", security(route));
    if (route->flags & ROUTE_ACCOUNT)
        json_object_set_new(object, "x-needs-account", json_true());
    json_t *parameters = json_array();
    add_path_parameters(parameters, route->pattern);
    add_query_parameters(parameters, route->query);
    add_idempotency_key(parameters, route->flags);
    if (json_array_size(parameters) > 0)
        json_object_set(object, "parameters", parameters);
    json_decref(parameters);
    if (route->request)
        json_object_set_new(object, "requestBody",
                            json_pack("{s:b, s:o}", "required",
                                      (route->flags & ROUTE_BODY_OPTIONAL) == 0, "content",
                                      content("application/json", route->request, schemas)));
    json_object_set_new(object, "responses", responses(route, schemas));
    return object;
}

static const char *
method_member(enum method method)
{
    switch (method) {
    case METHOD_GET:
        return "get";
    case METHOD_HEAD:
        return "head";
    case METHOD_POST:
        return "post";
    case METHOD_PUT:
        return "put";
    case METHOD_PATCH:
        return "patch";
    default:
        return "delete";
    }
}

static bool
is_shown(const struct openapi_info *info, const struct route *route)
{
    return (route->flags & ROUTE_HIDDEN) == 0 &&
           ((route->flags & ROUTE_INTERNAL) != 0) == info->internal;
}

static void
add_tag(json_t *tags, const char *name)
{
    size_t i;
    json_t *tag;
    json_array_foreach(tags, i, tag)
    {
        if (strcmp(json_string_value(json_object_get(tag, "name")), name) == 0)
            return;
    }
    json_array_append_new(tags, json_pack("{s:s}", "name", name));
}

/* What the codes of a status mean, one a line. */
static json_t *
describe_failure(int status, enum error_style style)
{
    struct arena arena = {0};
    struct strbuf text;
    enum error_style shown = style == ERRORS_EITHER ? ERRORS_OPENAI : style;
    strbuf_init(&text, &arena, 256);
    for (int code = ERROR_NONE + 1; code < ERROR_WOULD_WAIT; code++) {
        const struct error_info *info = error_info((enum error_code)code);
        if (problem_info((enum error_code)code, shown)->status == status)
            strbuf_printf(&text, "%s%s (`%s`)", text.length > 0 ? "; " : "", info->title,
                          problem_code((enum error_code)code, shown));
    }
    json_t *description = json_string(text.data);
    arena_release(&arena);
    return description;
}

static json_t *
failure_content(enum error_style style, json_t *schemas)
{
    const struct schema *const *of = styles[style].schemas;
    if (!of[1])
        return content(styles[style].content_type, of[0], schemas);
    json_t *any = json_array();
    for (; *of; of++) {
        add_schema(schemas, *of);
        json_array_append_new(any,
                              json_pack("{s:s+}", "$ref", "#/components/schemas/", (*of)->name));
    }
    return json_pack("{s:{s:{s:o}}}", styles[style].content_type, "schema", "anyOf", any);
}

static json_t *
failure(int status, enum error_style style, json_t *schemas)
{
    json_t *response = json_pack("{s:o, s:o}", "description", describe_failure(status, style),
                                 "content", failure_content(style, schemas));
    const char *header = status == 401                    ? "WWW-Authenticate"
                         : status == 429 || status == 503 ? "Retry-After"
                                                          : NULL;
    if (header)
        json_object_set_new(
            response, "headers",
            json_pack("{s:{s:s, s:{s:s}}}", header, "description",
                      status == 401 ? "How to sign in." : "Seconds to wait before asking again.",
                      "schema", "type", status == 401 ? "string" : "integer"));
    return response;
}

static json_t *
components(json_t *schemas, const struct uses *uses)
{
    json_t *failures = json_object();
    for (int style = 0; style < STYLES; style++)
        for (int i = 0; failures_known[i]; i++) {
            if (!uses->failures[style][i])
                continue;
            char name[40];
            snprintf(name, sizeof(name), "%s%d", styles[style].name, failures_known[i]);
            json_object_set_new(failures, name,
                                failure(failures_known[i], (enum error_style)style, schemas));
        }
    json_t *schemes = json_pack(
        "{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s}}", "bearer", "type",
        "http", "scheme", "bearer", "description",
        "An API key, or the access token of a sign-in, as Authorization: Bearer.", "apiKey", "type",
        "apiKey", "in", "header", "name", "X-API-Key", "description", "An API key as X-API-Key.",
        "cookie", "type", "apiKey", "in", "cookie", "name", "__Host-hearth_session", "description",
        "A browser's session. What changes anything needs the header X-CSRF-Token, too.");
    return json_pack("{s:O, s:o, s:o}", "schemas", schemas, "responses", failures,
                     "securitySchemes", schemes);
}

json_t *
openapi_document(const struct openapi_info *info, const struct route *const *tables)
{
    json_t *schemas = json_object();
    json_t *paths = json_object();
    json_t *tags = json_array();
    struct uses uses = {0};
    for (; *tables; tables++) {
        for (const struct route *route = *tables; route->pattern; route++) {
            if (!is_shown(info, route))
                continue;
            if (!json_object_get(paths, route->pattern))
                json_object_set_new(paths, route->pattern, json_object());
            json_object_set_new(json_object_get(paths, route->pattern),
                                method_member(route->method), operation(route, schemas));
            if (route->tag)
                add_tag(tags, route->tag);
            for (int i = 0; failures_known[i]; i++)
                if (may_fail(route, failures_known[i]))
                    uses.failures[route->errors][i] = true;
        }
    }
    json_t *all_components = components(schemas, &uses);
    json_decref(schemas);
    json_t *document = json_pack("{s:s, s:{s:s, s:s, s:s}, s:[{s:s}], s:o, s:o, s:o}", "openapi",
                                 "3.1.0", "info", "title", info->title, "version", info->version,
                                 "description", info->description, "servers", "url", "/", "tags",
                                 tags, "paths", paths, "components", all_components);
    assert(document);
    return document;
}
