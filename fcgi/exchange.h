/* An exchange is one request in flight with all that it needs: its carrier, its arena, its
 * response. It moves between threads as a whole. Ended ones are kept for reuse, so that the hot
 * path allocates nothing. */
#ifndef HEARTH_FCGI_EXCHANGE_H
#define HEARTH_FCGI_EXCHANGE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apps/dispatch.h"
#include "fcgi/carrier.h"

/* Who answers: the dispatcher in hearth-worker, something simpler in tests and benches. */
struct handler {
    enum dispatch_result (*dispatch)(struct request *request);
    void (*refuse)(struct request *request);
    void (*finish)(struct request *request, bool sent);
};

struct exchange {
    struct carrier carrier;
    struct request request;
    bool is_new;           /* its connection was not in the epoll set yet */
    int64_t kept_us;       /* when its thread left the front to wait */
    struct exchange *next; /* in the pool */
};

struct exchange_pool {
    pthread_mutex_t lock;
    struct exchange *first;
    size_t count;
};

enum { EXCHANGES_KEPT_MAX = 64 };

void exchange_pool_init(struct exchange_pool *pool);
void exchange_pool_release(struct exchange_pool *pool);

/* An exchange without a request. The caller owns it until exchange_put(). */
struct exchange *exchange_get(struct exchange_pool *pool);

/* Ends its memory and keeps or frees it. */
void exchange_put(struct exchange_pool *pool, struct exchange *exchange);

/* Begins a request on the connection; false: the connection was closed instead. */
bool exchange_begin(struct exchange *exchange, int descriptor, struct service *service)
    __attribute__((warn_unused_result));

/* Sends the response and ends the request on the carrier. Returns the connection, which the caller
 * owns, or -1. */
int exchange_send(struct exchange *exchange, bool *sent);

#endif
