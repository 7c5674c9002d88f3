/* The request's body. */
#include "http/body.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { FIRST_BYTES = 4096 };

/* -1 when the text is no length. */
static int64_t
parse_length(const char *text)
{
    int64_t length = 0;
    if (strlen(text) > 15)
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        length = length * 10 + (*text - '0');
    }
    return length;
}

static bool
too_large(size_t limit, struct error *err)
{
    return error_set(err, ERROR_REQUEST_TOO_LARGE, "the body is larger than %zu bytes", limit);
}

static bool
read_all(struct request *request, size_t capacity, size_t limit, struct error *err)
{
    char *bytes = arena_bytes(&request->arena, capacity + 1);
    size_t length = 0;
    for (;;) {
        if (length == capacity && capacity < limit + 1) {
            size_t wider = capacity * 2 < limit + 1 ? capacity * 2 : limit + 1;
            bytes = arena_grow(&request->arena, bytes, capacity + 1, wider + 1);
            capacity = wider;
        }
        if (length > limit)
            return too_large(limit, err);
        long got =
            request->transport->read_body(request->carrier, bytes + length, capacity - length);
        if (got < 0)
            return error_set(err, ERROR_CLIENT_CLOSED, "the body broke off");
        if (got == 0)
            break;
        length += (size_t)got;
    }
    bytes[length] = '\0';
    request->body = length > 0 ? bytes : NULL;
    request->body_length = length;
    return true;
}

bool
body_read(struct request *request, const char *content_length, size_t limit, struct error *err)
{
    int64_t announced = content_length ? parse_length(content_length) : -1;
    if (content_length && announced < 0)
        return error_set(err, ERROR_MALFORMED_REQUEST, "Content-Length is not a number");
    if (announced > (int64_t)limit)
        return too_large(limit, err);
    if (announced == 0)
        return true;
    /* One byte of room past the announced end, so that the end is seen without growing. */
    size_t capacity = announced > 0 ? (size_t)announced + 1 : FIRST_BYTES;
    if (capacity > limit + 1)
        capacity = limit + 1;
    if (!read_all(request, capacity, limit, err))
        return false;
    if (announced > (int64_t)request->body_length)
        return error_set(err, ERROR_CLIENT_CLOSED, "the body ended before its Content-Length");
    return true;
}

static bool
is_json_type(const char *type, size_t length)
{
    static const char json[] = "application/json";
    if (length == sizeof(json) - 1)
        return strncasecmp(type, json, length) == 0;
    return length > 5 && memchr(type, '/', length) &&
           strncasecmp(type + length - 5, "+json", 5) == 0;
}

/* The value of charset among the parameters, with its length; NULL for none. */
static const char *
find_charset(const char *parameters, size_t *length)
{
    const char *at = strcasestr(parameters, "charset=");
    if (!at)
        return NULL;
    at += strlen("charset=");
    at += *at == '"';
    *length = strcspn(at, "\"; \t");
    return at;
}

bool
body_is_json(const char *content_type, struct error *err)
{
    if (!content_type)
        return error_set(err, ERROR_UNSUPPORTED_MEDIA_TYPE,
                         "the body has no Content-Type; it must be application/json");
    size_t length = strcspn(content_type, "; \t");
    if (!is_json_type(content_type, length))
        return error_set(err, ERROR_UNSUPPORTED_MEDIA_TYPE,
                         "the Content-Type must be application/json");
    size_t charset_length;
    const char *charset = find_charset(content_type + length, &charset_length);
    bool utf8 = !charset || (charset_length == 5 && strncasecmp(charset, "utf-8", 5) == 0) ||
                (charset_length == 4 && strncasecmp(charset, "utf8", 4) == 0) ||
                (charset_length == 8 && strncasecmp(charset, "us-ascii", 8) == 0);
    if (!utf8)
        return error_set(err, ERROR_UNSUPPORTED_MEDIA_TYPE, "the charset must be utf-8");
    return true;
}
