/* Cross-origin answers. */
#include "http/cors.h"

#include <string.h>

#define DEVELOPMENT_ORIGINS                                                                        \
    "http://localhost:8501,http://frontend:8501,http://localhost:3000,http://localhost:5173"

enum { REQUESTED_BYTES_MAX = 2048 };

static bool
is_any(const char *list)
{
    return strcmp(list, "*") == 0 || strcmp(list, "[\"*\"]") == 0;
}

bool
cors_allows(const char *list, const char *origin)
{
    if (is_any(list))
        return true;
    size_t length = strlen(origin);
    for (const char *at = list; *at; at += strcspn(at, ", []\"\t")) {
        at += strspn(at, ", []\"\t");
        size_t item = strcspn(at, ", []\"\t");
        /* A trailing slash is a common slip in settings; no origin has one. */
        size_t bare = item > 0 && at[item - 1] == '/' ? item - 1 : item;
        if (bare > 0 && bare == length && memcmp(at, origin, length) == 0)
            return true;
    }
    return false;
}

const char *
cors_origins(const char *setting, bool production)
{
    if (setting && setting[0] != '\0')
        return setting;
    return production ? "" : DEVELOPMENT_ORIGINS;
}

void
cors_headers(struct request *request, const char *list, const char *origin)
{
    if (is_any(list)) {
        response_header(request, "Access-Control-Allow-Origin", "*");
    } else {
        response_header(request, "Vary", "Origin");
        if (!cors_allows(list, origin))
            return;
        response_header(request, "Access-Control-Allow-Origin", origin);
        response_header(request, "Access-Control-Allow-Credentials", "true");
    }
    response_header(
        request, "Access-Control-Expose-Headers",
        "X-Request-Id, X-Cache, Age, X-Model, X-Attempts, X-Upstream-Ms, X-Overhead-Ms, "
        "X-Cost-Micros, X-Budget-Remaining, Retry-After, Retry-After-Ms, X-Should-Retry, "
        "Idempotency-Replayed, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, "
        "X-RateLimit-Reset, X-RateLimit-Window, X-RateLimit-Rule, X-API-Version, "
        "Server-Timing");
}

/* Whether text is a list of header names: tokens (RFC 9110, section 5.6.2), commas and blanks. */
static bool
is_name_list(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "!#$%&'*+-.^_`|~, \t";
    size_t length = strnlen(text, REQUESTED_BYTES_MAX + 1);
    return length <= REQUESTED_BYTES_MAX && strspn(text, allowed) == length;
}

void
cors_preflight_headers(struct request *request, const char *methods, const char *requested)
{
    static const char known[] = "Authorization, Content-Type, X-API-Key, X-Request-Id, "
                                "Cache-Control, api-version, x-api-version, traceparent, "
                                "tracestate";
    response_header(request, "Access-Control-Allow-Methods", methods);
    response_header(request, "Access-Control-Allow-Headers",
                    requested && is_name_list(requested) ? requested : known);
    response_header(request, "Access-Control-Max-Age", "600");
}
