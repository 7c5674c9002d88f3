/* Gemini's dialect on recorded bytes. */
#include "../lib/provider_bench.h"

static void
open_bench(struct provider_bench *bench)
{
    provider_bench_open(bench, &provider_gemini, "https://g.example/v1beta", "gemini-2.5-flash");
}

static void
builds_a_generate_content_request(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    const json_t *body = provider_bench_build(&bench);
    assert_string_equal(bench.request.url,
                        "https://g.example/v1beta/models/gemini-2.5-flash:generateContent");
    assert_string_equal(provider_bench_header(&bench, "x-goog-api-key"), "s3cret");
    assert_string_equal(provider_bench_text(body, "systemInstruction/parts/0/text"), BENCH_SYSTEM);
    assert_string_equal(provider_bench_text(body, "contents/0/parts/0/text"), BENCH_USER);
    assert_int_equal(
        json_integer_value(provider_bench_at(body, "generationConfig/maxOutputTokens")), 100);
    assert_null(provider_bench_at(body, "generationConfig/responseMimeType"));
    provider_bench_close(&bench);
}

static void
lets_no_model_id_out_of_its_path_segment(void **state)
{
    (void)state;
    struct provider_bench bench;
    provider_bench_open(&bench, &provider_gemini, "https://g.example", "a b?x#y");
    provider_bench_build(&bench);
    assert_string_equal(bench.request.url,
                        "https://g.example/v1beta/models/a%20b%3Fx%23y:generateContent");
    provider_bench_close(&bench);
}

static void
asks_for_structure_in_its_own_dialect(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    provider_bench_ask_verdict(&bench);
    const json_t *config = provider_bench_at(provider_bench_build(&bench), "generationConfig");
    assert_string_equal(provider_bench_text(config, "responseMimeType"), "application/json");
    const json_t *schema = provider_bench_at(config, "responseSchema");
    assert_string_equal(provider_bench_text(schema, "type"), "OBJECT");
    assert_string_equal(provider_bench_text(schema, "properties/reasons/items/type"), "STRING");
    assert_string_equal(provider_bench_text(schema, "propertyOrdering/2"), "reasons");
    assert_int_equal(json_array_size(provider_bench_at(schema, "required")), 2);
    assert_null(provider_bench_at(schema, "additionalProperties"));
    provider_bench_close(&bench);
}

static void
reads_the_text_without_thoughts_and_bills_them(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    assert_true(provider_bench_judge(
        &bench, "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hm\",\"thought\":true},"
                "{\"text\":\"Yes, \"},{\"text\":\"indeed.\"}],\"role\":\"model\"},"
                "\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":8,"
                "\"candidatesTokenCount\":3,\"thoughtsTokenCount\":40,\"totalTokenCount\":51}}"));
    assert_string_equal(bench.choice.text, "Yes, indeed.");
    assert_int_equal(bench.answer.usage.input, 8);
    assert_int_equal(bench.answer.usage.output, 43);
    provider_bench_close(&bench);
}

static void
takes_no_refusal_for_an_answer(void **state)
{
    (void)state;
    static const char *const refusals[] = {
        "{\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}",
        "{\"candidates\":[{\"finishReason\":\"SAFETY\"}]}",
        ("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}]},"
         "\"finishReason\":\"PROHIBITED_CONTENT\"}]}"),
    };
    for (size_t i = 0; i < 3; i++) {
        struct provider_bench bench;
        open_bench(&bench);
        assert_false(provider_bench_judge(&bench, refusals[i]));
        assert_int_equal(bench.failure.error.code, ERROR_CONTENT_REFUSED);
        provider_bench_close(&bench);
    }
}

static void
counts_what_a_blocked_prompt_took(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    assert_true(provider_bench_parse(
        &bench, "{\"promptFeedback\":{\"blockReason\":\"SAFETY\"},"
                "\"usageMetadata\":{\"promptTokenCount\":3,\"totalTokenCount\":3}}"));
    assert_int_equal(bench.choice.finish, CHAT_FINISH_REFUSED);
    assert_int_equal(bench.answer.usage.input, 3);
    assert_int_equal(bench.answer.usage.output, 0);
    provider_bench_close(&bench);
}

static void
marks_cut_answers_and_refuses_incomplete_ones(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    assert_true(
        provider_bench_judge(&bench, "{\"candidates\":[{\"finishReason\":\"MAX_TOKENS\"}]}"));
    assert_int_equal(bench.choice.finish, CHAT_FINISH_LENGTH);
    assert_false(provider_bench_judge(&bench, "{\"candidates\":[]}"));
    assert_int_equal(bench.failure.error.code, ERROR_UPSTREAM_INVALID);
    assert_false(provider_bench_judge(
        &bench, "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}]}}]}"));
    assert_false(provider_bench_judge(&bench, "{\"candidates\":[{\"finishReason\":\"STOP\"}]}"));
    provider_bench_close(&bench);
}

static void
tells_apart_limits_refusals_and_failures(void **state)
{
    (void)state;
    static const struct {
        const char *reason;
        enum chat_finish finish;
    } rows[] = {
        {"MAX_TOKENS", CHAT_FINISH_LENGTH},
        {"RECITATION", CHAT_FINISH_REFUSED},
        {"BLOCKLIST", CHAT_FINISH_REFUSED},
        {"SPII", CHAT_FINISH_REFUSED},
        {"IMAGE_SAFETY", CHAT_FINISH_REFUSED},
        {"OTHER", CHAT_FINISH_FAILED},
        {"LANGUAGE", CHAT_FINISH_FAILED},
        {"MALFORMED_FUNCTION_CALL", CHAT_FINISH_FAILED},
        {"UNEXPECTED_TOOL_CALL", CHAT_FINISH_FAILED},
        {"TOO_MANY_TOOL_CALLS", CHAT_FINISH_FAILED},
        {"NEVER_HEARD_OF", CHAT_FINISH_NONE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_bench bench;
        open_bench(&bench);
        char body[200];
        snprintf(body, sizeof(body), "{\"candidates\":[{\"finishReason\":\"%s\"}]}",
                 rows[i].reason);
        assert_true(provider_bench_parse(&bench, body));
        const struct chat_choice *choice = bench.answer.choices.items;
        assert_int_equal(choice->finish, rows[i].finish);
        assert_string_equal(choice->reason, rows[i].reason);
        provider_bench_close(&bench);
    }
}

static void
reads_choices_calls_and_what_the_tokens_were(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    assert_true(provider_bench_parse(
        &bench,
        "{\"responseId\":\"r\",\"modelVersion\":\"g\",\"candidates\":[{\"content\":{\"parts\":[{"
        "\"text\":\"See.\"},{\"functionCall\":{\"name\":\"f\",\"args\":{\"a\":0.1,\"b\":"
        "9007199254740993}}},{\"functionCall\":{\"id\":\"x\",\"name\":\"g\"}}]},\"finishReason\":"
        "\"STOP\"},{\"content\":{\"parts\":[{\"text\":\"two\"}]},\"finishReason\":\"MAX_TOKENS\"}],"
        "\"usageMetadata\":{\"promptTokenCount\":9,\"cachedContentTokenCount\":4,"
        "\"candidatesTokenCount\":2}}"));
    const struct chat_choice *choices = bench.answer.choices.items;
    const struct chat_tool_call *calls = choices[0].tool_calls.items;
    assert_int_equal(bench.answer.choices.count, 2);
    assert_string_equal(choices[0].text, "See.");
    assert_int_equal(choices[0].finish, CHAT_FINISH_TOOL_CALLS);
    assert_int_equal(choices[0].tool_calls.count, 2);
    assert_int_equal(strncmp(calls[0].id, "call_", 5), 0);
    assert_string_equal(calls[0].arguments, "{\"a\":0.1,\"b\":9007199254740993}");
    assert_string_equal(calls[1].id, "x");
    assert_string_equal(calls[1].arguments, "{}");
    assert_int_equal(choices[1].finish, CHAT_FINISH_LENGTH);
    assert_int_equal(bench.answer.usage.cached, 4);
    assert_int_equal(bench.answer.usage.output, 2);
    assert_int_equal(bench.answer.usage.thought, -1);
    assert_string_equal(bench.answer.id, "r");
    provider_bench_close(&bench);
}

static void
classifies_errors(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    const struct provider_head limited = {.status = 429}, bad = {.status = 400};
    assert_int_equal(
        provider_bench_classify(
            &bench, &limited,
            "{\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"@type\":"
            "\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"37.5s\"}]}}"),
        ERROR_PROVIDER_RATE_LIMITED);
    assert_int_equal(bench.failure.retry_after_ms, 37500);
    assert_int_equal(bench.failure.error.retry_after_s, 38);
    provider_bench_classify(
        &bench, &bad,
        "{\"error\":{\"code\":400,\"message\":\"API key not valid.\",\"details\":"
        "[{\"reason\":\"API_KEY_INVALID\"}]}}");
    assert_string_equal(bench.failure.error.detail, "the provider refused our key");
    assert_int_equal(
        provider_bench_classify(&bench, &bad,
                                "{\"error\":{\"message\":\"The input token count (9) exceeds the "
                                "maximum number of tokens allowed (8).\"}}"),
        ERROR_CONTEXT_TOO_LONG);
    provider_bench_close(&bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_a_generate_content_request),
        cmocka_unit_test(lets_no_model_id_out_of_its_path_segment),
        cmocka_unit_test(asks_for_structure_in_its_own_dialect),
        cmocka_unit_test(reads_the_text_without_thoughts_and_bills_them),
        cmocka_unit_test(takes_no_refusal_for_an_answer),
        cmocka_unit_test(counts_what_a_blocked_prompt_took),
        cmocka_unit_test(marks_cut_answers_and_refuses_incomplete_ones),
        cmocka_unit_test(tells_apart_limits_refusals_and_failures),
        cmocka_unit_test(reads_choices_calls_and_what_the_tokens_were),
        cmocka_unit_test(classifies_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
