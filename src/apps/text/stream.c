/* POST /v1/text_processing/process as server-sent events. The judged answer is the truth, and comes
 * last as the event "result"; prose is shown before that, in events "delta", while it is made. */
#include "apps/text/text.h"

#include <string.h>
#include <strings.h>

#include "http/event_stream.h"
#include "http/problem.h"

struct text_stream {
    struct event_stream events;
    struct strbuf piece; /* bytes that no event has shown yet */
    struct strbuf data;  /* of the event being made; its memory serves all of them */
    bool shown;          /* some of the answer */
};

static const char end_marker[] = "[DONE]";

bool
text_wants_stream(const struct request *request, const struct text_request *asked)
{
    if (asked->has_stream)
        return asked->stream;
    int wish = request_accepts(request, "text/event-stream");
    return wish > 0 && wish >= request_accepts(request, "application/json");
}

static bool
wants_whole(const struct request *request)
{
    const char *delivery = request_header(request, "X_HEARTH_DELIVERY");
    return delivery && strcasecmp(delivery, "whole") == 0;
}

/* How many of the bytes make whole characters; the rest of the last one is still to come. */
static size_t
whole_characters(const char *bytes, size_t length)
{
    size_t begin = length;
    while (begin > 0 && length - begin < 3 && ((unsigned char)bytes[begin - 1] & 0xc0) == 0x80)
        begin--;
    if (begin == 0 || (unsigned char)bytes[begin - 1] < 0xc0)
        return length;
    unsigned char lead = (unsigned char)bytes[begin - 1];
    size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    return length - begin + 1 < wanted ? begin - 1 : length;
}

static void
encode_delta(struct strbuf *data, const char *text, size_t length)
{
    strbuf_truncate(data, 0);
    strbuf_add_text(data, "{\"text\":");
    schema_encode_string(data, text, length);
    strbuf_add_char(data, '}');
}

static bool
show_piece(void *context, const char *text, size_t length)
{
    struct text_stream *stream = context;
    strbuf_add(&stream->piece, text, length);
    size_t whole = whole_characters(stream->piece.data, stream->piece.length);
    if (whole == 0)
        return true;
    encode_delta(&stream->data, stream->piece.data, whole);
    size_t rest = stream->piece.length - whole;
    memmove(stream->piece.data, stream->piece.data + whole, rest);
    strbuf_truncate(&stream->piece, rest);
    stream->shown = true;
    return event_stream_send(&stream->events, "delta", stream->data.data, stream->data.length);
}

static bool
beat(void *context)
{
    struct text_stream *stream = context;
    return event_stream_tick(&stream->events);
}

/* What is said in headers elsewhere, and may come too late for them here. */
static void
describe(struct request *request, const struct receipt *receipt, struct text_metadata *metadata)
{
    receipt_headers(request, receipt);
    metadata->cache = response_header_value(request, "X-Cache");
    metadata->has_age = response_header_value(request, "Age") != NULL;
    metadata->age = receipt->age_s;
    metadata->has_attempts = true;
    metadata->attempts = receipt->attempts;
}

static bool
show_result(struct text_stream *stream, const struct text_response *response)
{
    struct event_stream *events = &stream->events;
    if (!stream->shown && response->result &&
        !show_piece(stream, response->result, strlen(response->result)))
        return false;
    strbuf_truncate(&stream->data, 0);
    schema_encode(&text_response_schema, response, &stream->data);
    return event_stream_send(events, "result", stream->data.data, stream->data.length) &&
           event_stream_send(events, NULL, end_marker, sizeof(end_marker) - 1);
}

/* No end marker follows: what has come is not to be taken for the answer. */
static void
show_failure(struct text_stream *stream, const struct error *err)
{
    struct request *request = stream->events.request;
    if (!event_stream_begun(&stream->events) || stream->events.gone)
        return;
    strbuf_truncate(&stream->data, 0);
    problem_body(request, err, problem_style(request), &stream->data);
    event_stream_send(&stream->events, "error", stream->data.data, stream->data.length);
}

bool
text_stream(struct request *request, struct error *err)
{
    struct text_stream stream = {0};
    event_stream_init(&stream.events, request);
    strbuf_init(&stream.piece, &request->arena, 256);
    strbuf_init(&stream.data, &request->arena, 512);
    const struct ai_sink sink = {
        .piece = show_piece, .tick = beat, .whole = wants_whole(request), .context = &stream};
    const struct text_call call = {.request = request,
                                   .arena = &request->arena,
                                   .asked = request->input,
                                   .started_us = request->timing.started_us,
                                   .sink = &sink};
    struct text_response response;
    struct receipt receipt = {0};
    if (!text_answer(&call, &response, &receipt, err)) {
        show_failure(&stream, err);
        return false;
    }
    describe(request, &receipt, response.metadata);
    if (!show_result(&stream, &response))
        return error_set(err, ERROR_CLIENT_CLOSED, "the client left before the end of its answer");
    return true;
}
