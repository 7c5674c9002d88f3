/* Anthropic's streams on recorded bytes, however they are split. */
#include "../lib/provider_bench.h"

#define EVENT(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"" rest "}\n\n"
#define START                                                                                      \
    EVENT("message_start",                                                                         \
          ",\"message\":{\"id\":\"m1\",\"model\":\"claude-x\",\"content\":[],\"usage\":{"          \
          "\"input_tokens\":10,\"cache_read_input_tokens\":5,\"cache_creation_input_tokens\":2,"   \
          "\"output_tokens\":1}}")
#define BLOCK(index, block)                                                                        \
    EVENT("content_block_start", ",\"index\":" index ",\"content_block\":{" block "}")
#define GROW(index, delta)                                                                         \
    EVENT("content_block_delta", ",\"index\":" index ",\"delta\":{" delta "}")
#define TEXT(index, text) GROW(index, "\"type\":\"text_delta\",\"text\":\"" text "\"")
#define INPUT(index, json)                                                                         \
    GROW(index, "\"type\":\"input_json_delta\",\"partial_json\":\"" json "\"")
#define STOP(index) EVENT("content_block_stop", ",\"index\":" index)
#define END(reason)                                                                                \
    EVENT("message_delta",                                                                         \
          ",\"delta\":{\"stop_reason\":\"" reason "\"},\"usage\":{\"output_tokens\":15}")          \
    EVENT("message_stop", "")

static void
reads_text_thoughts_usage_and_the_end(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(&bench, &provider_anthropic,
                          START BLOCK("0", "\"type\":\"thinking\",\"thinking\":\"\"")
                              GROW("0", "\"type\":\"thinking_delta\",\"thinking\":\"hm\"") STOP("0")
                                  EVENT("ping", "") BLOCK("1", "\"type\":\"text\",\"text\":\"\"")
                                      TEXT("1", "Hel") TEXT("1", "lo") STOP("1") END("end_turn"));
    assert_false(bench.failed);
    assert_string_equal(bench.trace.data, "text 0 Hel|text 0 lo|end 0 stop|");
    assert_true(bench.stream.finished);
    assert_true(bench.stream.ended);
    assert_string_equal(bench.stream.id, "m1");
    assert_string_equal(bench.stream.model, "claude-x");
    assert_int_equal(bench.stream.usage.input, 17);
    assert_int_equal(bench.stream.usage.cached, 5);
    assert_int_equal(bench.stream.usage.output, 15);
    assert_int_equal(bench.with_content, 3);
    arena_release(&bench.arena);
}

static void
reads_tool_calls_by_their_block(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(
        &bench, &provider_anthropic,
        START BLOCK("0", "\"type\":\"text\",\"text\":\"\"") TEXT("0", "Let me see.") STOP("0")
            BLOCK("1", "\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"f\",\"input\":{}")
                INPUT("1", "") INPUT("1", "{\\\"a\\\"") INPUT("1", ": 1}") STOP("1")
                    BLOCK("2", "\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"g\",\"input\":{}")
                        STOP("2") END("tool_use"));
    assert_string_equal(bench.trace.data,
                        "text 0 Let me see.|call 0.0 t1 f|arguments 0.0 {\"a\"|arguments 0.0 : 1}|"
                        "call 0.1 t2 g|arguments 0.1 {}|end 0 calls|");
    arena_release(&bench.arena);
}

static void
hands_a_structured_answer_on_as_text(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(
        &bench, &provider_anthropic,
        START BLOCK("0", "\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"give_answer\",\"input\":{}")
            INPUT("0", "{\\\"mood\\\":") INPUT("0", "\\\"good\\\"}") STOP("0") END("tool_use"));
    assert_string_equal(bench.trace.data, "text 0 {\"mood\":|text 0 \"good\"}|end 0 stop|");
    arena_release(&bench.arena);
}

static void
tells_how_answers_end(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum chat_finish finish;
        bool finished;
    } rows[] = {
        {START END("refusal"), CHAT_FINISH_REFUSED, true},
        {START END("max_tokens"), CHAT_FINISH_LENGTH, true},
        {START END("model_context_window_exceeded"), CHAT_FINISH_LENGTH, true},
        {START END("stop_sequence"), CHAT_FINISH_STOP, true},
        {START END("pause_turn"), CHAT_FINISH_NONE, true},
        {START TEXT("0", "x"), CHAT_FINISH_NONE, false},
        {START TEXT("0", "x") EVENT("message_stop", ""), CHAT_FINISH_NONE, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_bench_stream bench;
        provider_bench_stream(&bench, &provider_anthropic, rows[i].bytes);
        assert_int_equal(bench.stream.finish, rows[i].finish);
        assert_int_equal(bench.stream.finished, rows[i].finished);
        arena_release(&bench.arena);
    }
}

static void
reads_failures_within_the_stream(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        enum provider_fault_class class;
    } rows[] = {
        {"overloaded_error", FAULT_TRANSIENT},    {"api_error", FAULT_TRANSIENT},
        {"timeout_error", FAULT_TRANSIENT},       {"rate_limit_error", FAULT_LIMITED},
        {"invalid_request_error", FAULT_REQUEST}, {"authentication_error", FAULT_PERMANENT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = {0};
        struct provider_bench_stream bench;
        provider_bench_stream(
            &bench, &provider_anthropic,
            arena_printf(&arena,
                         START "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"%s\","
                               "\"message\":\"Why\"}}\n\n",
                         rows[i].type));
        assert_true(bench.failed);
        assert_int_equal(bench.failure.class, rows[i].class);
        assert_int_equal(!bench.failure.reason, rows[i].class != FAULT_REQUEST);
        arena_release(&bench.arena);
        arena_release(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_text_thoughts_usage_and_the_end),
        cmocka_unit_test(reads_tool_calls_by_their_block),
        cmocka_unit_test(hands_a_structured_answer_on_as_text),
        cmocka_unit_test(tells_how_answers_end),
        cmocka_unit_test(reads_failures_within_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
