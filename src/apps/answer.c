/* The platform's response headers. They are put in place without looking for others of their name,
 * which is safe because no handler sets them, save the three that are asked for first. */
#include "apps/answer.h"

#include <string.h>

#include "apps/admission.h"
#include "apps/service.h"
#include "base/clock.h"
#include "http/cors.h"
#include "http/problem.h"
#include "http/route.h"
#include "http/version.h"

static void
add(struct request *request, const char *name, const char *value)
{
    struct response *response = &request->response;
    if (response->header_count < RESPONSE_HEADERS_MAX)
        response->headers[response->header_count++] = (struct response_header){name, value};
}

static void
add_unless_set(struct request *request, const char *name, const char *value)
{
    if (!response_header_value(request, name))
        add(request, name, value);
}

static void
add_security(struct request *request)
{
    add(request, "X-Content-Type-Options", "nosniff");
    add(request, "X-Frame-Options", "DENY");
    add(request, "Referrer-Policy", "no-referrer");
    add(request, "Permissions-Policy", "camera=(), geolocation=(), microphone=()");
    add_unless_set(request, "Content-Security-Policy",
                   "default-src 'none'; frame-ancestors 'none'");
    const char *https = request->admission->head.values[HEAD_HTTPS];
    if (https && strcmp(https, "on") == 0)
        add(request, "Strict-Transport-Security", "max-age=31536000; includeSubDomains");
}

static void
add_cors(struct request *request)
{
    const struct settings *settings = request->service->settings;
    const char *list = cors_origins(settings->allowed_origins, settings->production);
    const char *origin = request->admission->head.values[HEAD_ORIGIN];
    if (list[0] == '\0')
        return;
    if (origin) {
        cors_headers(request, list, origin);
        if (request->method == METHOD_OPTIONS &&
            request->admission->head.values[HEAD_REQUESTED_METHOD] && cors_allows(list, origin))
            cors_preflight_headers(request,
                                   route_methods(request->admission->allowed, &request->arena),
                                   request->admission->head.values[HEAD_REQUESTED_HEADERS]);
        return;
    }
    /* A cache that keeps the answer must not give it to a browser that does send an Origin. */
    const char *cache = response_header_value(request, "Cache-Control");
    if (cache && strcmp(cache, "no-store") != 0 && strcmp(list, "*") != 0)
        response_header(request, "Vary", "Origin");
}

/* Microseconds as milliseconds with three decimals. */
static char *
put_ms(char *at, int64_t us)
{
    char digits[20];
    int count = 0;
    uint64_t left = us > 0 ? (uint64_t)us : 0;
    while (left > 0 || count < 4) {
        digits[count++] = (char)('0' + left % 10);
        left /= 10;
    }
    while (count > 3)
        *at++ = digits[--count];
    *at++ = '.';
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

static void
add_timing(struct request *request)
{
    const struct request_timing *timing = &request->timing;
    int64_t total_us = timing->answered_us - timing->started_us;
    char *total = arena_alloc(&request->arena, 32);
    memcpy(put_ms(total, total_us), "ms", sizeof("ms"));
    add(request, "X-Response-Time", total);

    const struct {
        const char *label;
        int64_t us;
    } parts[] = {{", cache;dur=", timing->cache_us},
                 {", upstream;dur=", timing->upstream_us},
                 {", queue;dur=", timing->queued_us}};
    char *text = arena_alloc(&request->arena, 160);
    char *at = put_ms(stpcpy(text, "app;dur="), total_us);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (parts[i].us > 0)
            at = put_ms(stpcpy(at, parts[i].label), parts[i].us);
    *at = '\0';
    add(request, "Server-Timing", text);
}

void
answer_complete(struct request *request)
{
    request->timing.answered_us = clock_monotonic_us();
    add(request, "X-Request-Id", request->id);
    if (problem_style(request) == ERRORS_ANTHROPIC)
        add(request, "Request-Id", request->id); /* where Anthropic's clients look for it */
    add_cors(request);
    add_unless_set(request, "Cache-Control", "no-store");
    version_headers(request);
    limits_headers(request, &request->admission->limit);
    if (request->service->settings->security_headers)
        add_security(request);
    add_timing(request);
}
