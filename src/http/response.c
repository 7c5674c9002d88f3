/* Answers: bytes, structs by their schema, documents with an ETag. */
#include "http/request.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "http/schema.h"

static struct response_header *
find_header(struct response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        const char *other = response->headers[i].name;
        /* Letters differ in one bit by case: most names part here. */
        if (((*other ^ *name) & ~0x20) == 0 && strcasecmp(other, name) == 0)
            return &response->headers[i];
    }
    return NULL;
}

/* A header's value may hold what is printable, and tab (RFC 9110, section 5.5). */
static bool
is_header_value(const char *value)
{
    for (; *value != '\0'; value++)
        if (((unsigned char)*value < 0x20 && *value != '\t') || *value == 0x7f)
            return false;
    return true;
}

void
response_header(struct request *request, const char *name, const char *value)
{
    struct response *response = &request->response;
    struct response_header *header = find_header(response, name);
    assert(name[strcspn(name, " \t\r\n:")] == '\0');
    if (!is_header_value(value))
        return;
    if (!header) {
        assert(response->header_count < RESPONSE_HEADERS_MAX);
        if (response->header_count == RESPONSE_HEADERS_MAX)
            return;
        header = &response->headers[response->header_count++];
    }
    *header = (struct response_header){name, value};
}

const char *
response_header_value(const struct request *request, const char *name)
{
    const struct response_header *header = find_header((struct response *)&request->response, name);
    return header ? header->value : NULL;
}

void
response_bytes(struct request *request, int status, const char *content_type, const char *body,
               size_t length)
{
    struct response *response = &request->response;
    response->status = status;
    response->content_type = content_type;
    response->body = body;
    response->body_length = length;
}

void
response_json(struct request *request, int status, const struct schema *schema, const void *value)
{
    struct strbuf body;
    strbuf_init(&body, &request->arena, 512);
    schema_encode(schema, value, &body);
    response_bytes(request, status, "application/json", body.data, body.length);
}

/* Whether If-None-Match names the tag: "*", or a list whose weak forms count (RFC 9110, 13.1.2). */
static bool
names_tag(const char *list, const char *tag)
{
    size_t length = strlen(tag);
    while (list && *list != '\0') {
        list += strspn(list, " \t,");
        if (*list == '*')
            return true;
        if (strncmp(list, "W/", 2) == 0)
            list += 2;
        if (strncmp(list, tag, length) == 0)
            return true;
        const char *quote = *list == '"' ? strchr(list + 1, '"') : NULL;
        list = quote ? quote + 1 : list + strcspn(list, ",");
    }
    return false;
}

void
response_document(struct request *request, const char *content_type, const char *body,
                  size_t length)
{
    XXH128_hash_t hash = XXH3_128bits(body, length);
    const char *tag =
        arena_printf(&request->arena, "\"%016" PRIx64 "%016" PRIx64 "\"", hash.high64, hash.low64);
    response_header(request, "ETag", tag);
    if (!response_header_value(request, "Cache-Control"))
        response_header(request, "Cache-Control", "no-cache");
    if (names_tag(request_header(request, "IF_NONE_MATCH"), tag))
        response_bytes(request, 304, NULL, NULL, 0);
    else
        response_bytes(request, 200, content_type, body, length);
}
