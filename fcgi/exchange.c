/* One request in flight: its parts, its reuse, and how its response is sent. */
#include "fcgi/exchange.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "fcgi/cgi_head.h"

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

int
exchange_send(struct exchange *exchange, bool *sent)
{
    struct request *request = &exchange->request;
    const struct response *response = &request->response;
    if (!response->begun) {
        struct strbuf head;
        strbuf_init(&head, &request->arena, 1024);
        cgi_head(request, &head);
        carrier_write(&exchange->carrier, head.data, head.length);
        if (request->method != METHOD_HEAD && cgi_has_body(response->status))
            carrier_write(&exchange->carrier, response->body, response->body_length);
    }
    return carrier_finish(&exchange->carrier, sent);
}
