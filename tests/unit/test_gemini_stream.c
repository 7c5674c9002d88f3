/* Gemini's streams on recorded bytes, however they are split. */
#include "../lib/provider_bench.h"

#define PARTS(parts)                                                                               \
    "data: {\"candidates\":[{\"content\":{\"parts\":[" parts "],\"role\":\"model\"}"
#define OPEN "}],\"modelVersion\":\"g\",\"responseId\":\"r\"}\r\n\r\n"
#define END(reason) ",\"finishReason\":\"" reason "\"" OPEN

static void
reads_pieces_until_a_reason_to_finish(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(
        &bench, &provider_gemini,
        PARTS("{\"text\":\"hm\",\"thought\":true}") OPEN PARTS("{\"text\":\"Yes, \"}") OPEN PARTS(
            "{\"text\":\"indeed.\"}") ",\"finishReason\":\"STOP\"}],\"usageMetadata\":{"
                                      "\"promptTokenCount\":8,\"candidatesTokenCount\":3,"
                                      "\"thoughtsTokenCount\":40,\"cachedContentTokenCount\":2}}"
                                      "\r\n\r\n");
    assert_false(bench.failed);
    assert_string_equal(bench.trace.data, "text 0 Yes, |text 0 indeed.|end 0 stop|");
    assert_true(bench.stream.finished);
    assert_false(bench.stream.ended);
    assert_string_equal(bench.stream.id, "r");
    assert_string_equal(bench.stream.model, "g");
    assert_int_equal(bench.stream.usage.input, 8);
    assert_int_equal(bench.stream.usage.output, 43);
    assert_int_equal(bench.stream.usage.thought, 40);
    assert_int_equal(bench.stream.usage.cached, 2);
    assert_int_equal(bench.with_content, 3);
    arena_release(&bench.arena);
}

static void
reads_whole_calls_and_names_those_without_an_id(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(
        &bench, &provider_gemini,
        PARTS("{\"functionCall\":{\"id\":\"x\",\"name\":\"f\",\"args\":{\"a\":9007199254740993}}},"
              "{\"functionCall\":{\"id\":\"y\",\"name\":\"f\"}}") END("STOP"));
    assert_string_equal(bench.trace.data,
                        "call 0.0 x f|arguments 0.0 {\"a\":9007199254740993}|call 0.1 y f|"
                        "arguments 0.1 {}|end 0 calls|");
    arena_release(&bench.arena);
    provider_bench_split(&bench, &provider_gemini,
                         PARTS("{\"functionCall\":{\"name\":\"f\"}}") END("STOP"), 100);
    assert_int_equal(strncmp(bench.trace.data, "call 0.0 call_", 14), 0);
    arena_release(&bench.arena);
}

static void
tells_refusals_and_cut_answers(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum chat_finish finish;
    } rows[] = {
        {"data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\n\n", CHAT_FINISH_REFUSED},
        {PARTS("{\"text\":\"x\"}") END("SAFETY"), CHAT_FINISH_REFUSED},
        {PARTS("{\"text\":\"x\"}") END("MAX_TOKENS"), CHAT_FINISH_LENGTH},
        {PARTS("") END("MALFORMED_FUNCTION_CALL"), CHAT_FINISH_FAILED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_bench_stream bench;
        provider_bench_stream(&bench, &provider_gemini, rows[i].bytes);
        assert_true(bench.stream.finished);
        assert_int_equal(bench.stream.finish, rows[i].finish);
        arena_release(&bench.arena);
    }
}

static void
counts_what_a_blocked_prompt_took(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(&bench, &provider_gemini,
                          "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"},"
                          "\"usageMetadata\":{\"promptTokenCount\":3}}\n\n");
    assert_int_equal(bench.stream.usage.input, 3);
    assert_int_equal(bench.stream.usage.output, 0);
    arena_release(&bench.arena);
}

static void
takes_no_early_end_for_an_answer(void **state)
{
    (void)state;
    struct provider_bench_stream bench;
    provider_bench_stream(&bench, &provider_gemini,
                          PARTS("{\"text\":\"x\"}") OPEN PARTS("{\"text\":\"y\"}")
                              END("FINISH_REASON_UNSPECIFIED"));
    assert_string_equal(bench.trace.data, "text 0 x|text 0 y|");
    assert_false(bench.stream.finished);
    arena_release(&bench.arena);
}

static void
reads_failures_within_the_stream(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum provider_fault_class class;
    } rows[] = {
        {"data: {\"error\":{\"code\":503,\"status\":\"UNAVAILABLE\"}}\n\n", FAULT_TRANSIENT},
        {"data: [{\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{"
         "\"retryDelay\":\"3s\"}]}}]\n\n",
         FAULT_LIMITED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_bench_stream bench;
        provider_bench_stream(&bench, &provider_gemini, rows[i].bytes);
        assert_true(bench.failed);
        assert_int_equal(bench.failure.class, rows[i].class);
        assert_int_equal(bench.failure.retry_after_ms, i == 1 ? 3000 : -1);
        arena_release(&bench.arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_pieces_until_a_reason_to_finish),
        cmocka_unit_test(reads_whole_calls_and_names_those_without_an_id),
        cmocka_unit_test(tells_refusals_and_cut_answers),
        cmocka_unit_test(counts_what_a_blocked_prompt_took),
        cmocka_unit_test(takes_no_early_end_for_an_answer),
        cmocka_unit_test(reads_failures_within_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
