/* The one body of failure (RFC 9457), with the members that older clients read. */
#include "http/request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "http/schema.h"

/* Appends a text that may have been cut inside a character, or quote what is not UTF-8. */
static void
add_text(struct strbuf *out, const char *text)
{
    size_t length = strlen(text), at;
    struct strbuf clean;
    if (utf8_count(text, length, &at)) {
        schema_encode_string(out, text, length);
        return;
    }
    strbuf_init(&clean, out->arena, length + 16);
    while (!utf8_count(text, length, &at)) {
        strbuf_add(&clean, text, at);
        strbuf_add_text(&clean, "\xef\xbf\xbd");
        text += at + 1;
        length -= at + 1;
    }
    strbuf_add(&clean, text, length);
    schema_encode_string(out, clean.data, clean.length);
}

static void
add_member(struct strbuf *out, const char *name, const char *text)
{
    strbuf_printf(out, ",\"%s\":", name);
    add_text(out, text);
}

static void
add_fields(struct strbuf *out, const struct field_error *fields)
{
    strbuf_add_text(out, ",\"errors\":[");
    for (const struct field_error *field = fields; field; field = field->next) {
        strbuf_add_text(out, field == fields ? "{\"path\":" : ",{\"path\":");
        add_text(out, field->path);
        add_member(out, "message", field->message);
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}

static const char *
upper_case(const char *name, struct arena *arena)
{
    char *upper = arena_strdup(arena, name);
    for (char *at = upper; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    return upper;
}

/* What these say was true of the answer that the problem replaces. */
static void
drop_headers(struct response *response)
{
    static const char *const names[] = {"ETag", "Cache-Control", "Location", "Age"};
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

void
response_problem(struct request *request, const struct error *err)
{
    const struct error_info *info = error_info(err->code);
    const char *detail = err->detail[0] != '\0' ? err->detail : info->title;
    char timestamp[CLOCK_TEXT_BYTES];
    clock_format(timestamp, clock_realtime_us());
    struct strbuf body;
    strbuf_init(&body, &request->arena, 1024);
    strbuf_printf(&body, "{\"type\":\"/problems/%s\",\"title\":\"%s\",\"status\":%d", info->name,
                  info->title, info->status);
    add_member(&body, "detail", detail);
    add_member(&body, "instance", request->path ? request->path : "/");
    add_member(&body, "code", info->name);
    add_member(&body, "request_id", request->id);
    strbuf_printf(&body, ",\"retryable\":%s", info->retryable ? "true" : "false");
    if (err->retry_after_s > 0)
        strbuf_printf(&body, ",\"retry_after\":%d", err->retry_after_s);
    if (err->fields)
        add_fields(&body, err->fields);
    strbuf_add_text(&body, ",\"success\":false");
    add_member(&body, "error", detail);
    add_member(&body, "error_code", upper_case(info->name, &request->arena));
    add_member(&body, "timestamp", timestamp);
    strbuf_add_char(&body, '}');
    drop_headers(&request->response);
    response_header(request, "Cache-Control", "no-store");
    if (err->retry_after_s > 0)
        response_header(request, "Retry-After",
                        arena_printf(&request->arena, "%d", err->retry_after_s));
    if (info->status == 401)
        response_header(request, "WWW-Authenticate", "Bearer");
    response_bytes(request, info->status, "application/problem+json", body.data, body.length);
}
