/* Status and headers as lines. */
#include "fcgi/cgi_head.h"

#include <stddef.h>
#include <string.h>

struct reason {
    int status;
    const char *text;
};

/* Servers know the common ones themselves, but not all of these. */
static const struct reason reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {207, "Multi-Status"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

static const char *
reason_of(int status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status)
            return reasons[i].text;
    }
    return "Status";
}

bool
cgi_has_body(int status)
{
    return status != 204 && status != 304 && status / 100 != 1;
}

static void
add_header(struct strbuf *head, const char *name, const char *value)
{
    size_t name_length = strlen(name), value_length = strlen(value);
    char *end = strbuf_reserve(head, name_length + value_length + 4);
    end = mempcpy(end, name, name_length);
    end = mempcpy(end, ": ", 2);
    end = mempcpy(end, value, value_length);
    mempcpy(end, "\r\n", 2);
    strbuf_added(head, name_length + value_length + 4);
}

void
cgi_head(const struct request *request, struct strbuf *head)
{
    const struct response *response = &request->response;
    strbuf_add_text(head, "Status: ");
    strbuf_add_integer(head, response->status);
    strbuf_add_char(head, ' ');
    strbuf_add_text(head, reason_of(response->status));
    strbuf_add(head, "\r\n", 2);
    for (size_t i = 0; i < response->header_count; i++)
        add_header(head, response->headers[i].name, response->headers[i].value);
    if (response->content_type)
        add_header(head, "Content-Type", response->content_type);
    if (cgi_has_body(response->status) && !response->begun) {
        strbuf_add_text(head, "Content-Length: ");
        strbuf_add_integer(head, (int64_t)response->body_length);
        strbuf_add(head, "\r\n", 2);
    }
    strbuf_add(head, "\r\n", 2);
}
