/* The one transport to providers: HTTP over libcurl, with connections kept warm over calls and
 * threads, and everything bounded: time by five clocks, size, and how long a call outlives its
 * client. */
#ifndef HEARTH_AI_UPSTREAM_H
#define HEARTH_AI_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ai/provider.h"
#include "base/arena.h"
#include "base/error.h"

struct upstream;

enum {
    UPSTREAM_ANSWER_MAX_BYTES = 8 * 1024 * 1024,
    UPSTREAM_STREAM_MAX_BYTES = 64 * 1024 * 1024,
    UPSTREAM_TICK_MS = 250,
};

/* All above 0. */
struct upstream_clocks {
    int64_t connect_ms;     /* until the connection stands, TLS included */
    int64_t headers_ms;     /* from then until the head of the answer is there */
    int64_t first_token_ms; /* from then until take() has a token; streamed answers only */
    int64_t gap_ms;         /* between signs of life after it; streamed answers only */
    int64_t total_ms;       /* over all of it */
};

/* What bytes of a streamed answer were. */
enum upstream_progress {
    UPSTREAM_BYTES,  /* nothing that resets a clock: half an event */
    UPSTREAM_ALIVE,  /* an event or comment was completed: the gap clock starts anew, when the first
                        token has come */
    UPSTREAM_TOKEN,  /* content came: the gap clock starts anew, the first-token clock is satisfied
                      */
    UPSTREAM_ENOUGH, /* the answer is complete: nothing more is taken; not a failure */
    UPSTREAM_STOP,   /* to be ended; the taker has filled failure */
};

struct upstream_call {
    const struct provider_request *request;
    struct upstream_clocks clocks;
    /* Takes the bytes of a 200 that is text/event-stream as they come. NULL, or any other answer:
     * collected in answer->body. */
    enum upstream_progress (*take)(void *context, const char *bytes, size_t length,
                                   struct provider_failure *failure);
    /* Asked every UPSTREAM_TICK_MS while the call waits, and at once when client_descriptor becomes
     * readable: false ends it. */
    bool (*goes_on)(void *context);
    int client_descriptor; /* -1: none */
    void *context;
};

struct upstream_answer {
    struct provider_head head; /* of any status; texts live in the arena */
    const char *body;          /* NUL-terminated, in the arena; "" when it was streamed */
    size_t length;
    bool streamed;          /* take() had it */
    int64_t waited_us;      /* spent waiting for the provider: all of it that is not our own work */
    int64_t first_token_us; /* from the start; -1: none came */
};

/* To be called before threads start. The caller owns the result. */
struct upstream *upstream_open(struct error *err) __attribute__((warn_unused_result));
void upstream_close(struct upstream *upstream);

/* Posts the request and takes the answer. true: a whole one, of any status; a streamed one ended by
 * itself in good order or by UPSTREAM_ENOUGH. false: not reached, broken off, a clock ran out
 * (ERROR_UPSTREAM_TIMEOUT, whose detail names it), too large or encoded (ERROR_UPSTREAM_INVALID),
 * ended by take(), or by goes_on() (ERROR_CLIENT_CLOSED). The answer's times are filled always. */
bool upstream_send(struct upstream *upstream, const struct upstream_call *call, struct arena *arena,
                   struct upstream_answer *answer, struct provider_failure *failure)
    __attribute__((warn_unused_result));

#endif
