/* Telling our pages from others. */
#include "access/csrf.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "access/access.h"
#include "access/caller.h"
#include "access/cookie.h"
#include "access/token.h"
#include "http/cors.h"
#include "http/route.h"

const char *
csrf_token(struct request *request, const char *sign_in_id)
{
    return tokens_mark(request->access->tokens, "csrf", sign_in_id, &request->arena);
}

/* By the name that the browser called us. Where https is sure, a page of http is another's. */
static bool
is_this_host(const struct request *request, const char *origin)
{
    const char *host = request_header(request, "HOST");
    const char *name = strstr(origin, "://");
    if (!host || host[0] == '\0' || !name)
        return false;
    if (cookie_is_secure(request) && strncmp(origin, "https://", 8) != 0)
        return false;
    return strcasecmp(name + 3, host) == 0;
}

/* An origin has no path: the URL's is what comes before the third slash. */
static bool
is_of_url(const char *url, const char *origin)
{
    const char *name = url ? strstr(url, "://") : NULL;
    if (!name)
        return false;
    size_t length = (size_t)(name + 3 - url) + strcspn(name + 3, "/");
    return strlen(origin) == length && strncasecmp(url, origin, length) == 0;
}

static bool
is_listed(const struct settings *settings, const char *origin)
{
    const char *list = cors_origins(settings->allowed_origins, settings->production);
    return !cors_allows(list, "*") && cors_allows(list, origin);
}

bool
csrf_check_origin(struct request *request, struct error *err)
{
    const struct settings *settings = request->access->settings;
    const char *origin = request_header(request, "ORIGIN");
    const char *site = request_header(request, "SEC_FETCH_SITE");
    bool ours = !site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
    if (origin)
        ours = is_listed(settings, origin) || is_of_url(settings->public_url, origin) ||
               ((!site || strcmp(site, "cross-site") != 0) && is_this_host(request, origin));
    return ours || error_set(err, ERROR_CSRF, "a page of another origin asks for this");
}

bool
csrf_check(struct request *request, struct error *err)
{
    const struct caller *caller = request->caller;
    bool changes = (request->method & (METHOD_GET | METHOD_HEAD | METHOD_OPTIONS)) == 0;
    if (!caller || caller->kind != CALLER_SESSION || !changes ||
        request->route->flags & ROUTE_NO_CSRF)
        return true;
    if (!csrf_check_origin(request, err))
        return false;
    const char *right = csrf_token(request, caller->sign_in_id);
    const char *given = request_header(request, "X_CSRF_TOKEN");
    size_t length = strlen(right);
    if (!given || strlen(given) != length || sodium_memcmp(given, right, length) != 0)
        return error_set(err, ERROR_CSRF,
                         "the header X-CSRF-Token does not fit this session: GET "
                         "/api/v1/auth/session tells the right one");
    return true;
}
