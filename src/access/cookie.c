/* Reading and setting cookies (RFC 6265). */
#include "access/cookie.h"

#include <string.h>

#include "access/access.h"
#include "base/ascii.h"
#include "http/head.h"

#define SESSION "hearth_session"

enum { SECRET_CHARACTERS = 43 }; /* 256 bits in base64url */

static const char *
https_of(const struct request *request)
{
    if (request->head)
        return request->head->values[HEAD_HTTPS];
    return request->transport->parameter(request->carrier, "HTTPS");
}

bool
cookie_is_secure(const struct request *request)
{
    const char *https = https_of(request);
    return request->access->settings->production ||
           (https && https[0] != '\0' && strcmp(https, "off") != 0);
}

/* RFC 6265bis, section 4.1.3.2. */
static const char *
prefix_of(const struct request *request)
{
    return cookie_is_secure(request) ? "__Host-" : "";
}

static bool
is_secret(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!ascii_is_letter(text[i]) && !(text[i] >= '0' && text[i] <= '9') && text[i] != '-' &&
            text[i] != '_')
            return false;
    return length == SECRET_CHARACTERS;
}

bool
cookie_find(const struct request *request, const char *name, const char **value, size_t *length)
{
    const char *at = request_header(request, "COOKIE");
    const char *prefix = prefix_of(request);
    size_t prefix_length = strlen(prefix), name_length = prefix_length + strlen(name), found = 0;
    while (at && *at != '\0') {
        at += strspn(at, "; \t");
        size_t pair = strcspn(at, ";");
        if (pair > name_length && at[name_length] == '=' &&
            memcmp(at, prefix, prefix_length) == 0 &&
            memcmp(at + prefix_length, name, name_length - prefix_length) == 0) {
            found++;
            *value = at + name_length + 1;
            *length = pair - name_length - 1;
        }
        at += pair;
    }
    return found == 1;
}

bool
cookie_read(const struct request *request, const char **secret, size_t *length)
{
    return cookie_find(request, SESSION, secret, length) && is_secret(*secret, *length);
}

void
cookie_put(struct request *request, const char *name, const char *value, int64_t seconds)
{
    response_header(request, "Set-Cookie",
                    arena_printf(&request->arena,
                                 "%s%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Lax%s",
                                 prefix_of(request), name, value, (long long)seconds,
                                 cookie_is_secure(request) ? "; Secure" : ""));
}

void
cookie_set(struct request *request, const char *secret, int64_t seconds)
{
    cookie_put(request, SESSION, secret, seconds);
}

void
cookie_clear(struct request *request)
{
    cookie_set(request, "", 0);
}
