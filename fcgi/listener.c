/* One epoll set: the door (door.h), connections (one-shot, so that one thread has one) and an
 * eventfd that ends the front (front.h). */
#include "fcgi/listener.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "fcgi/door.h"
#include "fcgi/front.h"
#include "fcgi/handover.h"
#include "host/metrics.h"

enum { DESCRIPTORS_MAX = 65536 };

/* Of a descriptor: whether it is a connection that lies in the epoll set. Written by who puts it
 * there and who takes it out, never on closing: by then its number may belong to a new one. */
enum watched { WATCHED_NOT, WATCHED_UNKNOWN, WATCHED_KEPT };

struct listener {
    struct listener_options options;
    int epoll, stop_event;
    struct door door;
    struct handover handover;
    struct exchange_pool pool;
    struct front *front;
    atomic_uchar *watched; /* by descriptor */
    int descriptors;
    pthread_rwlock_t stopping_lock;
    atomic_bool stopping;
    atomic_uint_fast64_t served;
    atomic_bool is_spent;
    atomic_uint_fast64_t *front_gauge, *waiting_gauge;
    atomic_uint_fast64_t no_metrics;
};

static void
watch(struct listener *listener, int descriptor, enum watched kind, bool is_new)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT,
                                .data.fd = descriptor};
    atomic_store(&listener->watched[descriptor], kind);
    if (epoll_ctl(listener->epoll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event) == 0)
        return;
    log_line(LOG_LEVEL_ERROR, "cannot watch a connection",
             LOG_TEXT("error", strerrordesc_np(errno)));
    atomic_store(&listener->watched[descriptor], WATCHED_NOT);
    close(descriptor);
}

/* The description may live on in another worker, and with it an entry of our epoll set: so the
 * entry is removed by name. */
static void
pass_on(struct listener *listener, int descriptor)
{
    epoll_ctl(listener->epoll, EPOLL_CTL_DEL, descriptor, NULL);
    if (!handover_give(&listener->handover, descriptor))
        log_line(LOG_LEVEL_WARNING, "a kept connection was closed: nobody could take it");
    close(descriptor);
}

/* A full backlog holds each of them up; what is left at the deadline ends with the process. */
static void
pass_on_idle(struct listener *listener, int64_t deadline_us)
{
    for (int descriptor = 0; descriptor < listener->descriptors; descriptor++) {
        if (atomic_exchange(&listener->watched[descriptor], WATCHED_NOT) == WATCHED_NOT)
            continue;
        if (clock_monotonic_us() < deadline_us)
            pass_on(listener, descriptor);
        else
            close(descriptor);
    }
}

/* listener_stop() looks for watched connections once: a waiting thread adds none behind its back.
 * They share the lock, or one that is put aside in the middle would hold up all that end. */
static void
watch_unless_stopping(struct listener *listener, int descriptor, bool is_new)
{
    pthread_rwlock_rdlock(&listener->stopping_lock);
    bool stopping = listener->stopping;
    if (!stopping)
        watch(listener, descriptor, WATCHED_KEPT, is_new);
    pthread_rwlock_unlock(&listener->stopping_lock);
    if (stopping)
        pass_on(listener, descriptor);
}

static void
count_served(struct listener *listener)
{
    uint64_t most = listener->options.requests_max;
    if (most > 0 &&
        atomic_fetch_add_explicit(&listener->served, 1, memory_order_relaxed) + 1 >= most &&
        !atomic_exchange(&listener->is_spent, true) &&
        !listener->options.spent(listener->options.context))
        atomic_store(&listener->is_spent, false);
}

/* Sends and ends the exchange. Its connection waits for the next request while this one is still
 * being counted and logged. */
static void
complete(struct listener *listener, struct exchange *exchange)
{
    bool sent;
    int descriptor = exchange_send(exchange, &sent);
    if (descriptor >= 0 && exchange->request.may_wait)
        watch_unless_stopping(listener, descriptor, exchange->is_new);
    else if (descriptor >= 0)
        watch(listener, descriptor, WATCHED_KEPT, exchange->is_new);
    if (descriptor >= 0 && exchange->is_new && !exchange->request.may_wait)
        door_step_back(&listener->door);
    listener->options.handler->finish(&exchange->request, sent);
    exchange_put(&listener->pool, exchange);
    count_served(listener);
}

/* Answers a request that must wait. Its thread has left the front. */
static void
wait_and_answer(struct listener *listener, struct exchange *exchange)
{
    struct request *request = &exchange->request;
    request->timing.queued_us = clock_monotonic_us() - exchange->kept_us;
    request->may_wait = true;
    atomic_fetch_add_explicit(listener->waiting_gauge, 1, memory_order_relaxed);
    listener->options.handler->dispatch(request);
    complete(listener, exchange);
    atomic_fetch_sub_explicit(listener->waiting_gauge, 1, memory_order_relaxed);
}

/* Serves one request of a connection that the calling thread, one of the front, has. A request that
 * must wait is returned instead, and the thread is in the front no more. */
static struct exchange *
serve(struct listener *listener, int descriptor, bool is_new)
{
    const struct handler *handler = listener->options.handler;
    struct exchange *exchange = exchange_get(&listener->pool);
    if (!exchange_begin(exchange, descriptor, listener->options.service)) {
        exchange_put(&listener->pool, exchange);
        return NULL;
    }
    exchange->is_new = is_new;
    atomic_fetch_add_explicit(listener->front_gauge, 1, memory_order_relaxed);
    struct exchange *kept = NULL;
    if (handler->dispatch(&exchange->request) == DISPATCH_WAIT) {
        exchange->kept_us = clock_monotonic_us();
        if (front_leave(listener->front))
            kept = exchange;
        else
            handler->refuse(&exchange->request);
    }
    if (kept && is_new)
        door_step_back(&listener->door);
    if (!kept)
        complete(listener, exchange);
    atomic_fetch_sub_explicit(listener->front_gauge, 1, memory_order_relaxed);
    return kept;
}

/* Looks at the first byte of a connection: a request, a connection passed on, or nothing yet. */
static struct exchange *
receive(struct listener *listener, int descriptor, bool is_new)
{
    char first;
    ssize_t count = recv(descriptor, &first, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count == 1 && first != HANDOVER_BYTE)
        return serve(listener, descriptor, is_new);
    if (count < 0 && errno == EAGAIN) {
        watch(listener, descriptor, WATCHED_UNKNOWN, is_new);
        return NULL;
    }
    int passed = count == 1 ? handover_take(descriptor) : -1;
    close(descriptor);
    if (passed >= listener->descriptors) {
        close(passed);
    } else if (passed >= 0) {
        watch(listener, passed, WATCHED_UNKNOWN, true);
        door_step_back(&listener->door);
    }
    return NULL;
}

static struct exchange *
accept_connection(struct listener *listener)
{
    int descriptor = door_accept(&listener->door);
    if (descriptor >= listener->descriptors)
        close(descriptor);
    else if (descriptor >= 0)
        return receive(listener, descriptor, true);
    return NULL;
}

static struct exchange *
answer_event(struct listener *listener, int descriptor)
{
    if (descriptor == listener->options.socket)
        return accept_connection(listener);
    if (descriptor == listener->door.pause_timer) {
        door_end_pause(&listener->door);
        return NULL;
    }
    if (atomic_exchange(&listener->watched[descriptor], WATCHED_NOT) == WATCHED_KEPT)
        return serve(listener, descriptor, false);
    return receive(listener, descriptor, false);
}

/* The life of a thread from when it comes to the front until it is not needed there. */
static void
be_front(void *context)
{
    struct listener *listener = context;
    for (;;) {
        struct epoll_event event;
        int count = epoll_wait(listener->epoll, &event, 1, -1);
        if (count != 1)
            continue;
        if (event.data.fd == listener->stop_event)
            break;
        struct exchange *kept = answer_event(listener, event.data.fd);
        if (!kept)
            continue;
        wait_and_answer(listener, kept);
        if (!front_return(listener->front))
            return;
    }
    front_resign(listener->front);
}

static int
allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
    setrlimit(RLIMIT_NOFILE, &limit);
    return (int)limit.rlim_cur;
}

static void
open_gauges(struct listener *listener)
{
    struct host *host = listener->options.host;
    listener->front_gauge = listener->waiting_gauge = &listener->no_metrics;
    if (!host)
        return;
    char labels[METRIC_LABELS_MAX];
    snprintf(labels, sizeof(labels), "lane=\"front\",worker=\"%d\"", listener->options.slot);
    listener->front_gauge = metrics_cell(host, METRIC_HTTP_IN_FLIGHT, labels);
    snprintf(labels, sizeof(labels), "lane=\"waiting\",worker=\"%d\"", listener->options.slot);
    listener->waiting_gauge = metrics_cell(host, METRIC_HTTP_IN_FLIGHT, labels);
    /* What a killed worker left in this slot. */
    atomic_store(listener->front_gauge, 0);
    atomic_store(listener->waiting_gauge, 0);
}

static size_t
count_cores(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (size_t)cores : 1;
}

static bool
watch_stop_event(struct listener *listener)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener->stop_event};
    return listener->stop_event >= 0 &&
           epoll_ctl(listener->epoll, EPOLL_CTL_ADD, listener->stop_event, &event) == 0;
}

struct listener *
listener_open(const struct listener_options *options, struct error *err)
{
    struct listener *listener = xcalloc(1, sizeof(*listener));
    listener->options = *options;
    listener->epoll = epoll_create1(EPOLL_CLOEXEC);
    listener->stop_event = eventfd(0, EFD_CLOEXEC);
    listener->descriptors = allow_descriptors();
    listener->watched = xcalloc((size_t)listener->descriptors, sizeof(*listener->watched));
    handover_init(&listener->handover, options->socket);
    exchange_pool_init(&listener->pool);
    pthread_rwlock_init(&listener->stopping_lock, NULL);
    listener->front =
        front_open(options->front_threads > 0 ? options->front_threads : count_cores(),
                   options->waiting_threads, be_front, listener);
    open_gauges(listener);
    if (door_open(&listener->door, options->socket, listener->epoll) && watch_stop_event(listener))
        return listener;
    error_set(err, ERROR_INTERNAL, "cannot watch the listening socket: %s", strerror(errno));
    listener_close(listener);
    return NULL;
}

bool
listener_start(struct listener *listener, struct error *err)
{
    return front_start(listener->front) || error_set(err, ERROR_INTERNAL, "cannot start a thread");
}

const char *
listener_obstacle(const void *edge)
{
    const struct listener *listener = edge;
    if (atomic_load(&listener->stopping))
        return "the worker is stopping";
    return front_has_room(listener->front) ? NULL : "as many requests as may wait do";
}

bool
listener_stop(struct listener *listener, int64_t deadline_us)
{
    door_shut(&listener->door);
    pthread_rwlock_wrlock(&listener->stopping_lock);
    listener->stopping = true;
    pthread_rwlock_unlock(&listener->stopping_lock);
    eventfd_write(listener->stop_event, 1);
    front_stop(listener->front);
    /* Again: a thread may just have been listening anew. */
    door_shut(&listener->door);
    pass_on_idle(listener, deadline_us);
    return front_drain(listener->front, deadline_us);
}

void
listener_close(struct listener *listener)
{
    front_close(listener->front);
    exchange_pool_release(&listener->pool);
    pthread_rwlock_destroy(&listener->stopping_lock);
    close(listener->epoll);
    close(listener->stop_event);
    door_close(&listener->door);
    free(listener->watched);
    free(listener);
}
