/* Server-sent events over a carrier that keeps what it is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/event_stream.h"

struct carrier {
    char bytes[1024];
    size_t length;
    int sends, heads, completions;
    bool gone;
    struct request request;
    struct event_stream stream;
};

static bool
begin(void *data, struct request *request)
{
    struct carrier *carrier = data;
    assert_int_equal(request->response.status, 200);
    assert_int_equal(carrier->completions, 1);
    carrier->heads++;
    return !carrier->gone;
}

static bool
send_bytes(void *data, const char *bytes, size_t length)
{
    struct carrier *carrier = data;
    if (carrier->gone)
        return false;
    assert_true(carrier->length + length < sizeof(carrier->bytes));
    memcpy(carrier->bytes + carrier->length, bytes, length);
    carrier->length += length;
    carrier->sends++;
    return true;
}

static void
complete(struct request *request)
{
    struct carrier *carrier = request->carrier;
    carrier->completions++;
}

static const struct transport streaming = {.begin = begin, .send = send_bytes};
static const struct transport plain = {0};

static int
open_carrier(void **state)
{
    static struct carrier carrier;
    carrier = (struct carrier){
        .request = {.transport = &streaming, .carrier = &carrier, .complete = complete}};
    event_stream_init(&carrier.stream, &carrier.request);
    *state = &carrier;
    return 0;
}

static int
close_carrier(void **state)
{
    struct carrier *carrier = *state;
    arena_release(&carrier->request.arena);
    return 0;
}

static void
sends(struct carrier *carrier, const char *name, const char *data, const char *expected)
{
    carrier->length = 0;
    assert_true(event_stream_send(&carrier->stream, name, data, strlen(data)));
    carrier->bytes[carrier->length] = '\0';
    assert_string_equal(carrier->bytes, expected);
}

static void
sends_the_head_once_before_the_first_event(void **state)
{
    struct carrier *carrier = *state;
    assert_false(event_stream_begun(&carrier->stream));
    assert_int_equal(carrier->heads, 0);
    sends(carrier, NULL, "a", "data: a\n\n");
    sends(carrier, NULL, "b", "data: b\n\n");
    assert_true(event_stream_begun(&carrier->stream));
    assert_int_equal(carrier->heads, 1);
    assert_int_equal(carrier->completions, 1);
    assert_string_equal(carrier->request.response.content_type, "text/event-stream");
    assert_string_equal(response_header_value(&carrier->request, "X-Accel-Buffering"), "no");
}

static void
sends_one_write_per_event(void **state)
{
    struct carrier *carrier = *state;
    sends(carrier, "delta", "1\n2", "event: delta\ndata: 1\ndata: 2\n\n");
    sends(carrier, NULL, "3", "data: 3\n\n");
    assert_int_equal(carrier->sends, 2);
}

static void
makes_a_data_line_of_every_line_however_it_ends(void **state)
{
    struct carrier *carrier = *state;
    sends(carrier, NULL, "", "data: \n\n");
    sends(carrier, NULL, "a\n", "data: a\ndata: \n\n");
    sends(carrier, NULL, "a\r\nb\rc\n\nd", "data: a\ndata: b\ndata: c\ndata: \ndata: d\n\n");
    sends(carrier, NULL, "\r", "data: \ndata: \n\n");
    sends(carrier, NULL, "event: x", "data: event: x\n\n");
}

static void
passes_whole_events_on_as_they_are(void **state)
{
    struct carrier *carrier = *state;
    static const char events[] = "id: 1\ndata: a\n\ndata: b\n\n";
    assert_true(event_stream_send_raw(&carrier->stream, events, sizeof(events) - 1));
    assert_int_equal(carrier->length, sizeof(events) - 1);
    assert_memory_equal(carrier->bytes, events, carrier->length);
    assert_int_equal(carrier->sends, 1);
}

static void
gives_a_sign_of_life_when_nothing_was_sent_for_a_while(void **state)
{
    struct carrier *carrier = *state;
    struct event_stream *stream = &carrier->stream;
    assert_true(event_stream_tick(stream));
    assert_false(event_stream_begun(stream));
    stream->sent_ms -= EVENT_HEARTBEAT_MS;
    assert_true(event_stream_tick(stream));
    assert_true(event_stream_tick(stream));
    assert_int_equal(carrier->sends, 1);
    assert_memory_equal(carrier->bytes, ": ping\n\n", carrier->length);
    assert_int_equal(carrier->heads, 1);
    stream->sent_ms -= EVENT_HEARTBEAT_MS;
    sends(carrier, NULL, "a", "data: a\n\n");
    assert_true(event_stream_tick(stream));
    assert_int_equal(carrier->sends, 2);
}

static void
sends_nothing_more_once_the_client_left(void **state)
{
    struct carrier *carrier = *state;
    sends(carrier, NULL, "a", "data: a\n\n");
    carrier->gone = true;
    assert_false(event_stream_send(&carrier->stream, NULL, "b", 1));
    carrier->gone = false;
    assert_false(event_stream_send(&carrier->stream, NULL, "c", 1));
    assert_false(event_stream_tick(&carrier->stream));
    assert_int_equal(carrier->sends, 1);
}

static void
finds_a_carrier_that_cannot_stream_before_anything_is_answered(void **state)
{
    struct carrier *carrier = *state;
    carrier->request.transport = &plain;
    assert_false(event_stream_send(&carrier->stream, NULL, "a", 1));
    assert_false(event_stream_begun(&carrier->stream));
    assert_int_equal(carrier->request.response.status, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_carrier, close_carrier)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sends_the_head_once_before_the_first_event),
        TEST(sends_one_write_per_event),
        TEST(makes_a_data_line_of_every_line_however_it_ends),
        TEST(passes_whole_events_on_as_they_are),
        TEST(gives_a_sign_of_life_when_nothing_was_sent_for_a_while),
        TEST(sends_nothing_more_once_the_client_left),
        TEST(finds_a_carrier_that_cannot_stream_before_anything_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
