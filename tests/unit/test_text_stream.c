/* The text application's events, with a double in place of the answering. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define text_answer answer_double
#include "apps/text/stream.c" /* the double stands in its way to the models */

/* What the double does, and what the client got. */
struct scene {
    const char *const *pieces; /* NULL-terminated; "ping": time for a heartbeat */
    struct text_response response;
    struct receipt receipt;
    enum error_code failure;
    const char *accept, *delivery;
    bool gone, whole;
    char sent[2048];
    size_t length;
    struct text_metadata metadata;
    struct text_request asked;
    struct request request;
};

static struct scene *
scene_of(struct request *request)
{
    return request->carrier;
}

bool
answer_double(const struct text_call *call, struct text_response *response, struct receipt *receipt,
              struct error *err)
{
    struct scene *scene = scene_of(call->request);
    const struct ai_sink *sink = call->sink;
    struct text_stream *stream = sink->context;
    scene->whole = sink->whole;
    bool here = true;
    for (const char *const *piece = scene->pieces; here && *piece; piece++) {
        bool ping = strcmp(*piece, "ping") == 0;
        if (ping)
            stream->events.sent_ms -= EVENT_HEARTBEAT_MS;
        here =
            ping ? sink->tick(sink->context) : sink->piece(sink->context, *piece, strlen(*piece));
    }
    if (!here || scene->failure) {
        error_set(err, here ? scene->failure : ERROR_CLIENT_CLOSED, "it went wrong");
        return false;
    }
    *response = scene->response;
    response->metadata = &scene->metadata;
    *receipt = scene->receipt;
    return true;
}

static bool
begin(void *carrier, struct request *request)
{
    (void)request;
    return !((struct scene *)carrier)->gone;
}

static bool
send_bytes(void *carrier, const char *bytes, size_t length)
{
    struct scene *scene = carrier;
    if (scene->gone)
        return false;
    assert_true(scene->length + length < sizeof(scene->sent));
    memcpy(scene->sent + scene->length, bytes, length);
    scene->length += length;
    return true;
}

static const char *
parameter(void *carrier, const char *name)
{
    const struct scene *scene = carrier;
    if (strcmp(name, "HTTP_ACCEPT") == 0)
        return scene->accept;
    return strcmp(name, "HTTP_X_HEARTH_DELIVERY") == 0 ? scene->delivery : NULL;
}

static const struct transport transport = {
    .parameter = parameter, .begin = begin, .send = send_bytes};
static const char *const no_pieces[] = {NULL};

static int
set_scene(void **state)
{
    static struct scene scene;
    scene = (struct scene){
        .pieces = no_pieces,
        .response = {.operation = "summarize", .success = true, .result = "A b\xc3\xa4r."},
        .receipt = {.cache = CACHE_STATE_MISS, .attempts = 1},
        .metadata = {.model = "m"},
        .request = {.transport = &transport, .carrier = &scene, .input = &scene.asked},
    };
    *state = &scene;
    return 0;
}

static int
clear_scene(void **state)
{
    struct scene *scene = *state;
    arena_release(&scene->request.arena);
    return 0;
}

#define RESULT                                                                                     \
    "event: result\ndata: {\"operation\":\"summarize\",\"success\":true,\"result\":\"A "           \
    "b\xc3\xa4r.\",\"sentiment\":null,\"key_points\":null,\"questions\":null,\"metadata\":{"       \
    "\"word_count\":0,\"model\":\"m\",\"cache\":\"miss\",\"attempts\":1},\"processing_time\":0,"   \
    "\"timestamp\":null,\"cache_hit\":false}\n\n"
#define DONE "data: [DONE]\n\n"

static void
sends(struct scene *scene, const char *expected)
{
    struct error err = {0};
    assert_true(text_stream(&scene->request, &err));
    assert_int_equal(err.code, ERROR_NONE);
    assert_string_equal(scene->sent, expected);
}

static void
shows_prose_in_whole_characters_and_the_judged_answer_last(void **state)
{
    struct scene *scene = *state;
    static const char *const pieces[] = {"A", " b\xc3", "\xa4", "r.\xf0\x9f", "\x99", "\x82", NULL};
    scene->pieces = pieces;
    sends(scene, "event: delta\ndata: {\"text\":\"A\"}\n\n"
                 "event: delta\ndata: {\"text\":\" b\"}\n\n"
                 "event: delta\ndata: {\"text\":\"\xc3\xa4\"}\n\n"
                 "event: delta\ndata: {\"text\":\"r.\"}\n\n"
                 "event: delta\ndata: {\"text\":\"\xf0\x9f\x99\x82\"}\n\n" RESULT DONE);
}

static void
shows_an_answer_that_came_at_once_as_one_piece(void **state)
{
    struct scene *scene = *state;
    sends(scene, "event: delta\ndata: {\"text\":\"A b\xc3\xa4r.\"}\n\n" RESULT DONE);
    assert_string_equal(response_header_value(&scene->request, "X-Cache"), "miss");
}

static void
shows_what_is_no_prose_only_as_a_result(void **state)
{
    struct scene *scene = *state;
    scene->response.result = NULL;
    struct error err = {0};
    assert_true(text_stream(&scene->request, &err));
    assert_memory_equal(scene->sent, "event: result\n", 14);
}

static void
says_in_the_result_how_old_a_cached_answer_is(void **state)
{
    struct scene *scene = *state;
    scene->receipt = (struct receipt){.cache = CACHE_STATE_HIT, .age_s = 7};
    struct error err = {0};
    assert_true(text_stream(&scene->request, &err));
    assert_non_null(strstr(scene->sent, "\"cache\":\"hit\",\"age\":7,\"attempts\":0"));
}

static void
leaves_a_failure_before_the_first_event_to_the_dispatcher(void **state)
{
    struct scene *scene = *state;
    struct error err = {0};
    scene->failure = ERROR_UPSTREAM_ERROR;
    assert_false(text_stream(&scene->request, &err));
    assert_int_equal(err.code, ERROR_UPSTREAM_ERROR);
    assert_false(scene->request.response.begun);
    assert_int_equal(scene->length, 0);
}

static void
tells_a_later_failure_in_the_stream_and_does_not_end_it(void **state)
{
    struct scene *scene = *state;
    static const char *const pieces[] = {"ping", NULL};
    struct error err = {0};
    scene->pieces = pieces;
    scene->failure = ERROR_UPSTREAM_ERROR;
    assert_false(text_stream(&scene->request, &err));
    assert_memory_equal(scene->sent, ": ping\n\nevent: error\ndata: {", 28);
    assert_non_null(strstr(scene->sent, "\"status\":502"));
    assert_non_null(strstr(scene->sent, "upstream_error"));
    assert_null(strstr(scene->sent, "[DONE]"));
}

static void
says_nothing_more_to_a_client_that_left(void **state)
{
    struct scene *scene = *state;
    static const char *const pieces[] = {"A", "b", NULL};
    struct error err = {0};
    scene->pieces = pieces;
    scene->gone = true;
    assert_false(text_stream(&scene->request, &err));
    assert_int_equal(err.code, ERROR_CLIENT_CLOSED);
    assert_int_equal(scene->length, 0);
    scene->pieces = no_pieces;
    error_clear(&err);
    assert_false(text_stream(&scene->request, &err));
    assert_int_equal(err.code, ERROR_CLIENT_CLOSED);
}

static void
refuses_a_delivery_that_it_does_not_know(void **state)
{
    struct scene *scene = *state;
    struct error err = {0};
    scene->delivery = "bogus";
    assert_false(text_stream(&scene->request, &err));
    assert_int_equal(err.code, ERROR_INVALID_REQUEST);
    assert_string_equal(err.detail, "the header X-Hearth-Delivery must be whole or live");
    assert_int_equal(scene->length, 0);
}

static void
asks_for_a_whole_answer_where_the_client_does(void **state)
{
    struct scene *scene = *state;
    struct error err = {0};
    assert_true(text_stream(&scene->request, &err));
    assert_false(scene->whole);
    scene->delivery = "Whole";
    assert_true(text_stream(&scene->request, &err));
    assert_true(scene->whole);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_scene, clear_scene)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shows_prose_in_whole_characters_and_the_judged_answer_last),
        TEST(shows_an_answer_that_came_at_once_as_one_piece),
        TEST(shows_what_is_no_prose_only_as_a_result),
        TEST(says_in_the_result_how_old_a_cached_answer_is),
        TEST(leaves_a_failure_before_the_first_event_to_the_dispatcher),
        TEST(tells_a_later_failure_in_the_stream_and_does_not_end_it),
        TEST(says_nothing_more_to_a_client_that_left),
        TEST(refuses_a_delivery_that_it_does_not_know),
        TEST(asks_for_a_whole_answer_where_the_client_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
