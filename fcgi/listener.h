/* The listener owns the listening socket and every connection that is not being served: front
 * threads wait for all of them in one epoll set, so an idle kept connection costs no thread. A
 * thread that has read what must wait leaves the front with it (front.h): the waiting lane. */
#ifndef HEARTH_FCGI_LISTENER_H
#define HEARTH_FCGI_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "fcgi/exchange.h"

struct host;

struct listener_options {
    int socket;             /* listens already; becomes non-blocking */
    size_t front_threads;   /* 0: one per core */
    size_t waiting_threads; /* most requests that wait at once */
    const struct handler *handler;
    struct service *service; /* passed to requests */
    struct host *host;       /* where gauges are kept; NULL for none */
    int slot;                /* the worker's number on this host, a label of its gauges */
    uint64_t requests_max;   /* 0: no limit */
    /* Called when requests_max is reached, and again with each further request until it returns
     * true: the worker has taken note. */
    bool (*spent)(void *context);
    void *context;
};

struct listener;

/* The caller owns the result. NULL with ERROR_INTERNAL when the kernel refuses something. */
struct listener *listener_open(const struct listener_options *options, struct error *err)
    __attribute__((warn_unused_result));

/* Starts the front threads; false with err filled when they cannot be made: then those that were
 * still end with listener_stop(). */
bool listener_start(struct listener *listener, struct error *err)
    __attribute__((warn_unused_result));

/* Why no request that waits can be taken now, in a static text, or NULL when one can. Takes the
 * listener as the edge of struct readiness; any thread may call it. */
const char *listener_obstacle(const void *edge);

/* Accepts nothing more, passes kept connections on (handover.h) and waits for what is in flight,
 * both until deadline_us (clock_monotonic_us()). false: some still were, and the listener must not
 * be closed. */
bool listener_stop(struct listener *listener, int64_t deadline_us)
    __attribute__((warn_unused_result));

/* After listener_stop() returned true, or without listener_start(). The socket stays open. */
void listener_close(struct listener *listener);

#endif
