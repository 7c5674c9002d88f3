/* Answers of failure in the style of their route. */
#include "http/problem.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "http/problem_parts.h"

/* What these say was true of the answer that the problem replaces. */
static void
drop_headers(struct response *response)
{
    static const char *const names[] = {"ETag", "Cache-Control", "Age"};
    size_t kept = 0;
    for (size_t i = 0; i < response->header_count; i++) {
        bool dropped = false;
        for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
            dropped = dropped || strcasecmp(response->headers[i].name, names[j]) == 0;
        if (!dropped)
            response->headers[kept++] = response->headers[i];
    }
    response->header_count = kept;
}

/* Whether a bearer credential came with the request (RFC 6750, section 3.1: what came by another
 * scheme counts as none). */
static bool
has_credential(const struct request *request)
{
    const char *authorization = request_header(request, "AUTHORIZATION");
    const char *key = request_header(request, "X_API_KEY");
    return (authorization && strncasecmp(authorization, "Bearer", 6) == 0) || (key && *key);
}

/* RFC 6750, section 3. Quotes, backslashes and what is not ASCII may not stand in a description. */
static const char *
challenge(struct request *request, const struct error *err)
{
    if (!has_credential(request))
        return "Bearer realm=\"hearth\"";
    char *description = arena_strdup(&request->arena, err->detail);
    for (char *at = description; *at; at++)
        if (*at == '"' || *at == '\\' || *at < 0x20 || *at > 0x7e)
            *at = '\'';
    return arena_printf(&request->arena,
                        "Bearer realm=\"hearth\", error=\"invalid_token\", "
                        "error_description=\"%s\"",
                        description);
}

static void
set_headers(struct request *request, const struct error *err, const struct error_info *info)
{
    struct arena *arena = &request->arena;
    int64_t retry_ms = err->retry_after_ms > 0 ? err->retry_after_ms : err->retry_after_s * 1000LL;
    drop_headers(&request->response);
    response_header(request, "Cache-Control", "no-store");
    if (retry_ms > 0) {
        response_header(request, "Retry-After",
                        arena_printf(arena, "%d", problem_retry_after_s(err)));
        response_header(request, "Retry-After-Ms", arena_printf(arena, "%" PRId64, retry_ms));
    }
    /* The official clients of OpenAI and of Anthropic obey it. */
    if (err->retried || err->lasting || !info->retryable)
        response_header(request, "X-Should-Retry", "false");
    if (info->status == 401)
        response_header(request, "WWW-Authenticate", challenge(request, err));
}

static enum error_style
declared_style(const struct request *request)
{
    if (request->route)
        return request->route->errors;
    return request->area ? request->area->errors : ERRORS_PROBLEM;
}

enum error_style
problem_style(const struct request *request)
{
    enum error_style style = declared_style(request);
    if (style != ERRORS_EITHER)
        return style;
    return request_header(request, "ANTHROPIC_VERSION") ? ERRORS_ANTHROPIC : ERRORS_OPENAI;
}

const struct error_info *
problem_info(enum error_code code, enum error_style style)
{
    static const struct error_info fields = {"validation_failed", "Validation failed", 400, false};
    /* What clients of OpenAI's know to be a spent quota, and do not ask again. */
    static const struct error_info quota = {"insufficient_quota", "Budget exhausted", 429, false};
    if (style == ERRORS_OPENAI && code == ERROR_BUDGET_EXHAUSTED)
        return &quota;
    if (code != ERROR_VALIDATION_FAILED || style == ERRORS_PROBLEM)
        return error_info(code);
    return style == ERRORS_FIELDS ? &fields : error_info(ERROR_INVALID_REQUEST);
}

const char *
problem_code(enum error_code code, enum error_style style)
{
    switch (style) {
    case ERRORS_OPENAI:
        return problem_openai_code(code);
    case ERRORS_ANTHROPIC:
        return problem_anthropic_type(code);
    default:
        return error_info(code)->name;
    }
}

void
problem_body(struct request *request, const struct error *err, enum error_style style,
             struct strbuf *out)
{
    switch (style) {
    case ERRORS_OPENAI:
        problem_openai(request, err, out);
        break;
    case ERRORS_ANTHROPIC:
        problem_anthropic(request, err, out);
        break;
    case ERRORS_FIELDS:
        problem_fields(request, err, out);
        break;
    default:
        problem_rfc9457(request, err, out);
    }
}

void
response_problem(struct request *request, const struct error *err)
{
    enum error_style style = problem_style(request);
    const struct error_info *info = problem_info(err->code, style);
    struct strbuf body;
    strbuf_init(&body, &request->arena, 512);
    problem_body(request, err, style, &body);
    bool is_problem = style == ERRORS_PROBLEM || style == ERRORS_FIELDS;
    response_bytes(request, info->status,
                   is_problem ? "application/problem+json" : "application/json", body.data,
                   body.length);
    set_headers(request, err, info);
}
