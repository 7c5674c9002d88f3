/* POST /v1/text_processing/process as server-sent events. The judged answer is the truth, and comes
 * last as the event "result"; prose is shown before that, in events "delta", while it is made. */
#include "apps/text/text.h"

#include <string.h>

#include "http/event_stream.h"
#include "http/problem.h"

struct text_stream {
    struct event_stream events;
    struct strbuf piece; /* bytes that no event has shown yet */
    struct strbuf data;  /* of the event being made */
    bool shown;          /* some of the answer */
};

static const char end_marker[] = "[DONE]";

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

/* The buffers are made when there is something to send, since a call that has to wait begins
 * twice. */
static struct strbuf *
made(struct strbuf *buffer, struct text_stream *stream)
{
    if (!buffer->arena)
        strbuf_init(buffer, &stream->events.request->arena, 256);
    return buffer;
}

static struct strbuf *
empty_data(struct text_stream *stream)
{
    strbuf_truncate(made(&stream->data, stream), 0);
    return &stream->data;
}

static void
encode_delta(struct strbuf *data, const char *text, size_t length)
{
    strbuf_add_text(data, "{\"text\":");
    schema_encode_string(data, text, length);
    strbuf_add_char(data, '}');
}

static bool
show_piece(void *context, const char *text, size_t length)
{
    struct text_stream *stream = context;
    struct strbuf *piece = made(&stream->piece, stream);
    strbuf_add(piece, text, length);
    size_t whole = whole_characters(piece->data, piece->length);
    if (whole == 0)
        return true;
    encode_delta(empty_data(stream), piece->data, whole);
    size_t rest = piece->length - whole;
    memmove(piece->data, piece->data + whole, rest);
    strbuf_truncate(piece, rest);
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
    schema_encode(&text_response_schema, response, empty_data(stream));
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
    problem_body(request, err, problem_style(request), empty_data(stream));
    event_stream_send(&stream->events, "error", stream->data.data, stream->data.length);
}

bool
text_stream(struct request *request, struct error *err)
{
    struct text_stream stream = {0};
    struct ai_sink sink = {.piece = show_piece, .tick = beat, .context = &stream};
    if (!event_stream_delivery(request, &sink.whole, err))
        return false;
    event_stream_init(&stream.events, request);
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
