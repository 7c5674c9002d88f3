/* Events as bytes, and the head before the first of them. */
#include "http/event_stream.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "http/recording.h"

enum { EVENT_BYTES_EXPECTED = 512 };

bool
event_stream_delivery(const struct request *request, bool *whole, struct error *err)
{
    const char *given = request_header(request, "X_HEARTH_DELIVERY");
    *whole = given && strcasecmp(given, "whole") == 0;
    if (!given || *whole || strcasecmp(given, "live") == 0)
        return true;
    return error_set(err, ERROR_INVALID_REQUEST,
                     "the header X-Hearth-Delivery must be whole or live");
}

void
event_stream_init(struct event_stream *stream, struct request *request)
{
    *stream = (struct event_stream){.request = request, .sent_ms = clock_monotonic_ms()};
}

bool
event_stream_begun(const struct event_stream *stream)
{
    return stream->request->response.begun;
}

/* No hop may keep, change, compress or hold back what follows; nginx is told by a header of its
 * own. */
static bool
begin(struct request *request)
{
    if (!request->transport->begin)
        return false;
    response_header(request, "Cache-Control", "no-cache, no-transform");
    response_header(request, "X-Accel-Buffering", "no");
    response_bytes(request, 200, "text/event-stream", NULL, 0);
    if (request->complete)
        request->complete(request);
    request->response.begun = true;
    return request->transport->begin(request->carrier, request);
}

/* A stream that is recorded goes on without its client. */
static bool
send_now(struct event_stream *stream, const char *bytes, size_t length)
{
    struct request *request = stream->request;
    if (!stream->gone && !request->response.begun)
        stream->gone = !begin(request);
    if (!stream->gone)
        stream->gone = !request->transport->send(request->carrier, bytes, length);
    stream->sent_ms = clock_monotonic_ms();
    return !stream->gone || request->recording;
}

bool
event_stream_send_raw(struct event_stream *stream, const char *bytes, size_t length)
{
    if (stream->request->recording)
        recording_add(stream->request->recording, bytes, length);
    if (stream->request->tap)
        recording_add(stream->request->tap, bytes, length);
    return send_now(stream, bytes, length);
}

/* A line ends at CR, LF or both; one that is not empty may follow the last end. */
static void
add_lines(struct strbuf *event, const char *data, size_t length)
{
    const char *end = data + length;
    for (;;) {
        const char *stop = data;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        strbuf_add(event, "data: ", 6);
        strbuf_add(event, data, (size_t)(stop - data));
        strbuf_add_char(event, '\n');
        if (stop == end)
            return;
        data = stop + 1;
        if (*stop == '\r' && data < end && *data == '\n')
            data++;
    }
}

bool
event_stream_send(struct event_stream *stream, const char *name, const char *data, size_t length)
{
    struct strbuf *event = &stream->event;
    if (!event->arena)
        strbuf_init(event, &stream->request->arena, EVENT_BYTES_EXPECTED);
    strbuf_truncate(event, 0);
    if (name) {
        assert(name[strcspn(name, "\r\n")] == '\0');
        strbuf_add(event, "event: ", 7);
        strbuf_add_text(event, name);
        strbuf_add_char(event, '\n');
    }
    add_lines(event, data, length);
    strbuf_add_char(event, '\n');
    return event_stream_send_raw(stream, event->data, event->length);
}

bool
event_stream_tick(struct event_stream *stream)
{
    static const char ping[] = ": ping\n\n";
    if (stream->gone)
        return stream->request->recording != NULL;
    if (clock_monotonic_ms() - stream->sent_ms < EVENT_HEARTBEAT_MS)
        return true;
    return send_now(stream, ping, sizeof(ping) - 1);
}
