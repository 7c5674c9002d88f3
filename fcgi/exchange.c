/* One request in flight: its parts, its reuse, and how its response becomes CGI text. */
#include "fcgi/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/strbuf.h"

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

void
exchange_pool_init(struct exchange_pool *pool)
{
    *pool = (struct exchange_pool){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void
exchange_pool_release(struct exchange_pool *pool)
{
    while (pool->first) {
        struct exchange *exchange = pool->first;
        pool->first = exchange->next;
        arena_release(&exchange->request.arena);
        free(exchange);
    }
    pthread_mutex_destroy(&pool->lock);
}

struct exchange *
exchange_get(struct exchange_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct exchange *exchange = pool->first;
    if (exchange) {
        pool->first = exchange->next;
        pool->count--;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!exchange) {
        exchange = xcalloc(1, sizeof(*exchange));
        arena_init(&exchange->request.arena);
    }
    carrier_init(&exchange->carrier);
    return exchange;
}

void
exchange_put(struct exchange_pool *pool, struct exchange *exchange)
{
    carrier_release(&exchange->carrier);
    arena_reset(&exchange->request.arena);
    pthread_mutex_lock(&pool->lock);
    bool kept = pool->count < EXCHANGES_KEPT_MAX;
    if (kept) {
        exchange->next = pool->first;
        pool->first = exchange;
        pool->count++;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!kept) {
        arena_release(&exchange->request.arena);
        free(exchange);
    }
}

bool
exchange_begin(struct exchange *exchange, int descriptor, struct service *service)
{
    int64_t started_us = clock_monotonic_us();
    if (!carrier_read(&exchange->carrier, descriptor))
        return false;
    exchange->request = (struct request){
        .arena = exchange->request.arena,
        .service = service,
        .transport = &carrier_transport,
        .carrier = &exchange->carrier,
        .timing.started_us = started_us,
    };
    return true;
}

static bool
has_no_body(int status)
{
    return status == 204 || status == 304 || status / 100 == 1;
}

static void
add_header(struct strbuf *head, const char *name, const char *value)
{
    strbuf_add_text(head, name);
    strbuf_add(head, ": ", 2);
    strbuf_add_text(head, value);
    strbuf_add(head, "\r\n", 2);
}

int
exchange_send(struct exchange *exchange, bool *sent)
{
    struct request *request = &exchange->request;
    const struct response *response = &request->response;
    struct strbuf head;
    strbuf_init(&head, &request->arena, 1024);
    strbuf_add_text(&head, "Status: ");
    strbuf_add_integer(&head, response->status);
    strbuf_add_char(&head, ' ');
    strbuf_add_text(&head, reason_of(response->status));
    strbuf_add(&head, "\r\n", 2);
    for (size_t i = 0; i < response->header_count; i++)
        add_header(&head, response->headers[i].name, response->headers[i].value);
    if (response->content_type)
        add_header(&head, "Content-Type", response->content_type);
    if (!has_no_body(response->status)) {
        strbuf_add_text(&head, "Content-Length: ");
        strbuf_add_integer(&head, (int64_t)response->body_length);
        strbuf_add(&head, "\r\n", 2);
    }
    strbuf_add(&head, "\r\n", 2);
    carrier_write(&exchange->carrier, head.data, head.length);
    if (request->method != METHOD_HEAD && !has_no_body(response->status))
        carrier_write(&exchange->carrier, response->body, response->body_length);
    return carrier_finish(&exchange->carrier, sent);
}
