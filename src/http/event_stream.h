/* A response that is sent while it is made, as server-sent events (WHATWG HTML, section 9.2). Its
 * head is sent with the first event or heartbeat, so that what fails before that is still answered
 * with a status of its own. One write per event; nothing waits in a buffer. On the front lane only
 * for what is at hand. */
#ifndef HEARTH_HTTP_EVENT_STREAM_H
#define HEARTH_HTTP_EVENT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "http/request.h"

enum { EVENT_HEARTBEAT_MS = 15000 };

struct event_stream {
    struct request *request;
    struct strbuf event; /* the one being written; its memory, made by the first, serves all */
    int64_t sent_ms; /* clock_monotonic_ms() when bytes went last, or when the stream was made */
    bool gone;       /* the client left, or the carrier cannot stream */
};

/* Whether the request's X-Hearth-Delivery asks for a stream that is held back until its answer is
 * complete. false with ERROR_INVALID_REQUEST where it says neither whole nor live. */
bool event_stream_delivery(const struct request *request, bool *whole, struct error *err)
    __attribute__((warn_unused_result));

/* Nothing is sent yet. Headers of the response may be set until it has begun. */
void event_stream_init(struct event_stream *stream, struct request *request);

/* Whether the head was sent, so that an error must go in-band. */
bool event_stream_begun(const struct event_stream *stream);

/* Sends one event: name NULL for none; data of any bytes, its lines become several data lines.
 * false: the client left. */
bool event_stream_send(struct event_stream *stream, const char *name, const char *data,
                       size_t length);

/* Sends bytes that are whole events already (a cached stream). false: the client left. */
bool event_stream_send_raw(struct event_stream *stream, const char *bytes, size_t length);

/* Sends the comment ": ping" when nothing was sent for EVENT_HEARTBEAT_MS. false: the client left.
 */
bool event_stream_tick(struct event_stream *stream);

#endif
