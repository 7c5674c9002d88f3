/* What a request says beside its body. */
#include "http/request.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "http/head.h"

const char *
request_header(const struct request *request, const char *cgi_name)
{
    char name[80] = "HTTP_";
    size_t length = strlen(cgi_name);
    assert(length < sizeof(name) - 5);
    /* CGI has these two without the prefix (RFC 3875, section 4.1). */
    bool bare = strcmp(cgi_name, "CONTENT_TYPE") == 0 || strcmp(cgi_name, "CONTENT_LENGTH") == 0;
    memcpy(name + 5, cgi_name, length + 1);
    const char *value;
    if (request->head && head_find(request->head, bare ? cgi_name : name, &value))
        return value;
    return request->transport->parameter(request->carrier, bare ? cgi_name : name);
}

bool
request_client_gone(const struct request *request)
{
    return !request->recording && request->transport->client_gone &&
           request->transport->client_gone(request->carrier);
}

int
request_client_descriptor(const struct request *request)
{
    if (request->recording || !request->transport->descriptor)
        return -1;
    return request->transport->descriptor(request->carrier);
}

/* The end of a list's element: a comma that stands in no quoted string. */
static const char *
element_end(const char *at)
{
    bool quoted = false;
    for (; *at != '\0' && (quoted || *at != ','); at++) {
        if (*at == '\\' && quoted && at[1] != '\0')
            at++;
        else if (*at == '"')
            quoted = !quoted;
    }
    return at;
}

bool
request_cache_control(const struct request *request, const char *directive)
{
    const char *at = request_header(request, "CACHE_CONTROL");
    size_t length = strlen(directive);
    while (at && *at != '\0') {
        at += strspn(at, " \t,");
        if (strncasecmp(at, directive, length) == 0 &&
            (at[length] == '\0' || strchr(" \t,=", at[length])))
            return true;
        at = element_end(at);
    }
    return false;
}

/* The weight among the parameters of a media range, as thousandths. */
static int
weight_of(const char *at, const char *end)
{
    while ((at = memchr(at, ';', (size_t)(end - at)))) {
        at += 1 + strspn(at + 1, " \t");
        if (strncasecmp(at, "q=0", 3) != 0)
            continue;
        int weight = 0;
        at += 3;
        at += *at == '.';
        for (int unit = 100; unit > 0 && *at >= '0' && *at <= '9'; unit /= 10)
            weight += (*at++ - '0') * unit;
        return weight;
    }
    return 1000;
}

int
request_accepts(const struct request *request, const char *media_type)
{
    const char *at = request_header(request, "ACCEPT");
    size_t length = strlen(media_type);
    int most = 0;
    if (!at)
        return 0;
    while (*at != '\0') {
        at += strspn(at, " \t,");
        const char *end = element_end(at);
        if (strncasecmp(at, media_type, length) == 0 &&
            (at[length] == '\0' || strchr(" \t,;", at[length]))) {
            int weight = weight_of(at + length, end);
            most = weight > most ? weight : most;
        }
        at = end;
    }
    return most;
}

bool
request_wants_fresh(const struct request *request)
{
    return request_cache_control(request, "no-cache") ||
           request_cache_control(request, "max-age=0");
}

bool
request_wants_stream(const struct request *request)
{
    const json_t *stream = json_object_get(request->document, "stream");
    if (json_is_boolean(stream))
        return json_is_true(stream);
    int wish = request_accepts(request, "text/event-stream");
    return wish > 0 && wish >= request_accepts(request, "application/json");
}
