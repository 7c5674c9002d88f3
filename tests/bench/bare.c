/* The baseline of ./dev bench: a fixed reply from the worker's own listener and carrier, with no
 * dispatcher, settings or shared memory behind it. Started as hearth-worker is. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "fcgi/listener.h"

static const char body[] = "{\"status\":\"healthy\"}\n";

static enum dispatch_result
answer(struct request *request)
{
    request->response.status = 200;
    request->response.content_type = "application/json";
    request->response.body = body;
    request->response.body_length = sizeof(body) - 1;
    return DISPATCH_DONE;
}

static void
refuse(struct request *request)
{
    request->response.status = 503;
}

static void
finish(struct request *request, bool sent)
{
    (void)request;
    (void)sent;
}

static const struct handler bare = {.dispatch = answer, .refuse = refuse, .finish = finish};

int
main(void)
{
    struct error err = {0};
    sigset_t stops;
    int signal_number;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stops, NULL);
    if (!carrier_setup())
        return 1;
    signal(SIGPIPE, SIG_IGN);
    struct listener_options options = {.socket = 0, .handler = &bare};
    struct listener *listener = listener_open(&options, &err);
    if (!listener || !listener_start(listener, &err)) {
        fprintf(stderr, "bare: %s\n", err.detail);
        return 1;
    }
    sigwait(&stops, &signal_number);
    if (!listener_stop(listener, clock_monotonic_us() + 5000000))
        return 1;
    listener_close(listener);
    return 0;
}
