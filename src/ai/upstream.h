/* The one transport to providers: HTTP over libcurl, with connections kept warm over calls and
 * threads, and everything bounded: time, size, and how long a call outlives its client. */
#ifndef HEARTH_AI_UPSTREAM_H
#define HEARTH_AI_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ai/provider.h"
#include "base/arena.h"
#include "base/error.h"

struct upstream;

enum { UPSTREAM_ANSWER_MAX_BYTES = 8 * 1024 * 1024, UPSTREAM_TICK_MS = 250 };

struct upstream_call {
    const struct provider_request *request;
    int64_t connect_ms, headers_ms, total_ms; /* limits, all above 0 */
    /* Asked every UPSTREAM_TICK_MS while the call waits: false ends it. */
    bool (*goes_on)(void *context);
    void *context;
};

struct upstream_answer {
    struct provider_head head; /* of any status; texts live in the arena */
    const char *body;          /* NUL-terminated, in the arena */
    size_t length;
};

/* To be called before threads start. The caller owns the result. */
struct upstream *upstream_open(struct error *err) __attribute__((warn_unused_result));
void upstream_close(struct upstream *upstream);

/* Posts the request and reads the whole answer. false when there is none: not reached, broken off,
 * too late (headers_ms to the nearest tick), too large, or ended by goes_on()
 * (ERROR_CLIENT_CLOSED). */
bool upstream_send(struct upstream *upstream, const struct upstream_call *call, struct arena *arena,
                   struct upstream_answer *answer, struct provider_failure *failure)
    __attribute__((warn_unused_result));

#endif
