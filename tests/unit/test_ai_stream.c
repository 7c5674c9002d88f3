/* ai_run() with a sink: answers that are shown while they are made. */
#include "../lib/ai_bench.h"

struct shown {
    char text[4096];
    size_t pieces;
    size_t leaves_after; /* pieces that are taken before the client leaves; 0: it stays */
};

static bool
take_piece(void *context, const char *text, size_t length)
{
    struct shown *shown = context;
    size_t used = strlen(shown->text);
    assert_true(used + length < sizeof(shown->text));
    memcpy(shown->text + used, text, length);
    shown->pieces++;
    return shown->leaves_after == 0 || shown->pieces < shown->leaves_after;
}

#define EVENT(text) "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"}}]}\n\n"
#define STOP "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define USAGE "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3}}\n\n"
#define DONE "data: [DONE]\n\n"
#define STREAM "Content-Type: text/event-stream\r\n"

static const struct stub_answer whole[] = {
    {200, STREAM, EVENT(" \\n") EVENT("One ") EVENT("two ") EVENT("three.") STOP USAGE DONE, 0}};

/* Asks for a stream; the caller ends the call. */
static void
ask_streamed(struct bench *bench, struct asked *asked, struct shown *shown, bool held)
{
    const struct ai_sink sink = {.piece = take_piece, .whole = held, .context = shown};
    asked_init(asked, &prose, "some text");
    asked->call.sink = &sink;
    ask_again(bench, asked);
    asked->call.sink = NULL;
}

static void
shows_pieces_as_they_come_and_returns_the_answer(void **state)
{
    (void)state;
    struct bench bench;
    struct asked asked;
    struct shown shown = {0};
    bench_open(&bench, NULL, ONE_MODEL);
    SCRIPT(&bench.stub, whole);
    ask_streamed(&bench, &asked, &shown, false);
    assert_string_equal(text_of(&asked), "One two three.");
    assert_string_equal(shown.text, "One two three.");
    assert_int_equal(shown.pieces, 3);
    assert_int_equal(asked.receipt.tokens_input, 9);
    assert_non_null(strstr(bench.stub.body, "\"stream\":true"));
    ask_again(&bench, &asked);
    assert_int_equal(asked.receipt.cache, CACHE_STATE_HIT);
    asked_end(&asked);
    bench_close(&bench);
}

static void
holds_pieces_back_where_the_client_wants_a_whole_answer(void **state)
{
    (void)state;
    static const struct stub_answer script[] = {
        {200, STREAM, EVENT("One ") EVENT("two "), 0},
        {200, STREAM, EVENT("One ") EVENT("two ") EVENT("three.") STOP DONE, 0}};
    struct bench bench;
    struct asked asked;
    struct shown shown = {0};
    bench_open(&bench, NULL, ONE_MODEL);
    SCRIPT(&bench.stub, script);
    ask_streamed(&bench, &asked, &shown, true);
    assert_string_equal(text_of(&asked), "One two three.");
    assert_int_equal(shown.pieces, 0);
    assert_int_equal(asked.receipt.attempts, 2);
    asked_end(&asked);
    bench_close(&bench);
}

static void
never_asks_again_once_a_piece_was_shown(void **state)
{
    (void)state;
    static const struct stub_answer script[] = {{200, STREAM, EVENT("One ") EVENT("two "), 0}};
    struct bench bench;
    struct asked asked;
    struct shown shown = {0};
    bench_open(&bench, NULL, TWO_MODELS);
    SCRIPT(&bench.stub, script);
    SCRIPT(&bench.second, ok_second);
    ask_streamed(&bench, &asked, &shown, false);
    assert_null(asked.output);
    assert_int_equal(asked.err.code, ERROR_UPSTREAM_INCOMPLETE);
    assert_string_equal(shown.text, "One two ");
    assert_int_equal(atomic_load(&bench.stub.calls), 1);
    assert_int_equal(atomic_load(&bench.second.calls), 0);
    assert_int_equal(asked.err.attempt_count, 1);
    assert_string_equal(asked.err.attempts[0].outcome, "upstream_incomplete");
    SCRIPT(&bench.stub, ok);
    ask_again(&bench, &asked);
    assert_int_equal(asked.receipt.cache, CACHE_STATE_MISS);
    asked_end(&asked);
    bench_close(&bench);
}

static void
takes_an_answer_for_whole_that_ended_before_its_connection_broke(void **state)
{
    (void)state;
    static const struct stub_answer script[] = {
        {200, STREAM, EVENT("One ") EVENT("two.") STOP, 9000}};
    struct bench bench;
    struct asked asked;
    struct shown shown = {0};
    bench_open(&bench, NULL, ONE_MODEL);
    SCRIPT(&bench.stub, script);
    ask_streamed(&bench, &asked, &shown, false);
    assert_string_equal(text_of(&asked), "One two.");
    assert_int_equal(atomic_load(&bench.stub.calls), 1);
    asked_end(&asked);
    bench_close(&bench);
}

static void
goes_on_to_the_next_model_before_the_first_piece(void **state)
{
    (void)state;
    static const struct stub_answer script[] = {{503, NULL, "{}", 0}};
    struct bench bench;
    struct asked asked;
    struct shown shown = {0};
    bench_open(&bench, NULL, TWO_MODELS);
    SCRIPT(&bench.stub, script);
    SCRIPT(&bench.second, ok_second);
    ask_streamed(&bench, &asked, &shown, false);
    assert_string_equal(text_of(&asked), "From the second.");
    assert_string_equal(asked.receipt.model, "second");
    asked_end(&asked);
    bench_close(&bench);
}

static void
shows_nothing_of_an_answer_that_repeats_its_instructions(void **state)
{
    (void)state;
    struct bench bench;
    struct asked asked;
    struct shown shown = {0};
    bench_open(&bench, NULL, ONE_MODEL);
    /* The marker is drawn per prompt, so the stub cannot know it: the step is given it directly. */
    asked_init(&asked, &prose, "some text");
    const struct ai_sink sink = {.piece = take_piece, .context = &shown};
    asked.call.sink = &sink;
    struct run run = {.ai = bench.ai,
                      .request = &asked.request,
                      .arena = &asked.request.arena,
                      .call = &asked.call,
                      .operation = &prose,
                      .model = bench.settings.default_model};
    run.ask = (struct ask){.context = &run, .arena = run.arena};
    prompt_init(&run.prompt, run.arena);
    strbuf_init(&run.said, run.arena, 64);
    struct provider_failure failure;
    size_t half = strlen(run.prompt.marker) / 2;
    const char *const texts[] = {"Rules: ", arena_strndup(run.arena, run.prompt.marker, half),
                                 run.prompt.marker + half, " and more"};
    for (size_t i = 0; i < 4; i++) {
        const struct chat_delta delta = {.kind = CHAT_DELTA_TEXT, .text = texts[i]};
        const struct provider_step step = {.deltas = &delta, .count = 1, .has_content = true};
        assert_true(
            operation_question.step(&run.ask, bench.settings.default_model, NULL, &step, &failure));
    }
    assert_string_equal(shown.text, "Rules: ");
    asked_end(&asked);
    bench_close(&bench);
}

static void
ends_the_call_when_the_client_leaves_between_pieces(void **state)
{
    (void)state;
    struct bench bench;
    struct asked asked;
    struct shown shown = {.leaves_after = 2};
    bench_open(&bench, NULL, ONE_MODEL);
    SCRIPT(&bench.stub, whole);
    ask_streamed(&bench, &asked, &shown, false);
    assert_null(asked.output);
    assert_int_equal(asked.err.code, ERROR_CLIENT_CLOSED);
    assert_int_equal(atomic_load(&bench.stub.calls), 1);
    asked_end(&asked);
    bench_close(&bench);
}

static void
tells_what_was_tried_and_that_trying_again_is_no_use_now(void **state)
{
    (void)state;
    static const struct stub_answer refused[] = {{401, NULL, "{}", 0}};
    struct bench bench;
    struct asked asked;
    bench_open(&bench, NULL, TWO_MODELS);
    SCRIPT(&bench.stub, down);
    SCRIPT(&bench.second, refused);
    ask(&bench, &asked, &no_local);
    assert_null(asked.output);
    assert_int_equal(asked.err.code, ERROR_UPSTREAM_ERROR);
    assert_true(asked.err.retried);
    assert_int_equal(asked.err.attempt_count, 3);
    assert_string_equal(asked.err.attempts[0].model, "first");
    assert_string_equal(asked.err.attempts[0].outcome, "upstream_error");
    assert_string_equal(asked.err.attempts[2].model, "second");
    assert_string_equal(asked.err.attempts[2].outcome, "key_refused");
    asked_end(&asked);
    bench_close(&bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_pieces_as_they_come_and_returns_the_answer),
        cmocka_unit_test(holds_pieces_back_where_the_client_wants_a_whole_answer),
        cmocka_unit_test(never_asks_again_once_a_piece_was_shown),
        cmocka_unit_test(takes_an_answer_for_whole_that_ended_before_its_connection_broke),
        cmocka_unit_test(goes_on_to_the_next_model_before_the_first_piece),
        cmocka_unit_test(shows_nothing_of_an_answer_that_repeats_its_instructions),
        cmocka_unit_test(ends_the_call_when_the_client_leaves_between_pieces),
        cmocka_unit_test(tells_what_was_tried_and_that_trying_again_is_no_use_now),
    };
    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
