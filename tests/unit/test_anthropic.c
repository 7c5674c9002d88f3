/* Anthropic's dialect on recorded bytes. */
#include "../lib/provider_bench.h"

static void
open_bench(struct provider_bench *bench)
{
    provider_bench_open(bench, &provider_anthropic, "https://a.example/v1", "claude-sonnet-4-5");
}

static void
builds_a_message(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    bench.chat.max_tokens = 0;
    bench.chat.temperature = 1.5;
    const json_t *body = provider_bench_build(&bench);
    assert_string_equal(bench.request.url, "https://a.example/v1/messages");
    assert_string_equal(provider_bench_header(&bench, "x-api-key"), "s3cret");
    assert_string_equal(provider_bench_header(&bench, "anthropic-version"), "2023-06-01");
    assert_string_equal(provider_bench_text(body, "system"), BENCH_SYSTEM);
    assert_string_equal(provider_bench_text(body, "messages/0/content"), BENCH_USER);
    assert_true(json_integer_value(provider_bench_at(body, "max_tokens")) > 0);
    assert_true(json_number_value(provider_bench_at(body, "temperature")) == 1);
    assert_null(provider_bench_at(body, "tools"));
    provider_bench_close(&bench);
}

static void
asks_for_structure_by_a_forced_tool(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    provider_bench_ask_verdict(&bench);
    const json_t *body = provider_bench_build(&bench);
    assert_string_equal(provider_bench_text(body, "tool_choice/name"),
                        provider_bench_text(body, "tools/0/name"));
    const json_t *schema = provider_bench_at(body, "tools/0/input_schema");
    assert_string_equal(provider_bench_text(schema, "type"), "object");
    assert_int_equal(json_array_size(provider_bench_at(schema, "required")), 2);
    assert_int_equal(json_integer_value(provider_bench_at(schema, "properties/reasons/maxItems")),
                     3);
    provider_bench_close(&bench);
}

static void
reads_texts_and_tool_calls(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    assert_true(provider_bench_judge(
        &bench, "{\"type\":\"message\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"},"
                "{\"type\":\"text\",\"text\":\"Hello.\"}],\"stop_reason\":\"end_turn\","
                "\"usage\":{\"input_tokens\":12,\"output_tokens\":6}}"));
    assert_string_equal(bench.choice.text, "Hello.");
    assert_int_equal(bench.answer.usage.input, 12);
    assert_true(provider_bench_judge(
        &bench,
        "{\"content\":[{\"type\":\"text\",\"text\":\"I will answer.\"},{\"type\":"
        "\"tool_use\",\"id\":\"t\",\"name\":\"give_answer\",\"input\":{\"mood\":\"good\"}}],"
        "\"stop_reason\":\"tool_use\"}"));
    assert_string_equal(bench.choice.text, "{\"mood\":\"good\"}");
    provider_bench_close(&bench);
}

static void
tells_refused_cut_and_incomplete_answers_apart(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    assert_false(provider_bench_judge(&bench, "{\"content\":[],\"stop_reason\":\"refusal\"}"));
    assert_int_equal(bench.failure.error.code, ERROR_CONTENT_REFUSED);
    assert_true(provider_bench_judge(&bench, "{\"content\":[],\"stop_reason\":\"max_tokens\"}"));
    assert_int_equal(bench.choice.finish, CHAT_FINISH_LENGTH);
    assert_false(provider_bench_judge(&bench, "{\"content\":[],\"stop_reason\":\"end_turn\"}"));
    assert_int_equal(bench.failure.error.code, ERROR_UPSTREAM_INVALID);
    assert_false(
        provider_bench_judge(&bench, "{\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}"));
    provider_bench_close(&bench);
}

static void
reads_calls_and_what_the_tokens_were(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    assert_true(provider_bench_parse(
        &bench,
        "{\"id\":\"m1\",\"model\":\"claude-x\",\"content\":[{\"type\":\"text\",\"text\":\"See.\"},{"
        "\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"f\",\"input\":{\"a\":9007199254740993}},{"
        "\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"g\",\"input\":{}}],\"stop_reason\":"
        "\"tool_use\",\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":5,"
        "\"cache_creation_input_tokens\":2,\"output_tokens\":6}}"));
    const struct chat_tool_call *calls = bench.choice.tool_calls.items;
    assert_string_equal(bench.choice.text, "See.");
    assert_int_equal(bench.choice.finish, CHAT_FINISH_TOOL_CALLS);
    assert_int_equal(bench.choice.tool_calls.count, 2);
    assert_string_equal(calls[0].id, "t1");
    assert_string_equal(calls[0].arguments, "{\"a\":9007199254740993}");
    assert_string_equal(calls[1].arguments, "{}");
    assert_int_equal(bench.answer.usage.input, 17);
    assert_int_equal(bench.answer.usage.cached, 5);
    assert_int_equal(bench.answer.usage.output, 6);
    assert_string_equal(bench.answer.id, "m1");
    assert_string_equal(bench.answer.model, "claude-x");
    provider_bench_close(&bench);
}

static void
classifies_errors(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    const struct provider_head bad = {.status = 400}, overloaded = {.status = 529};
    assert_int_equal(
        provider_bench_classify(&bench, &bad,
                                "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
                                "\"message\":\"prompt is too long: 9 tokens > 8 maximum\"}}"),
        ERROR_CONTEXT_TOO_LONG);
    assert_int_equal(
        provider_bench_classify(&bench, &overloaded, "{\"error\":{\"type\":\"overloaded_error\"}}"),
        ERROR_UPSTREAM_ERROR);
    assert_int_equal(bench.failure.class, FAULT_TRANSIENT);
    provider_bench_close(&bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_a_message),
        cmocka_unit_test(asks_for_structure_by_a_forced_tool),
        cmocka_unit_test(reads_texts_and_tool_calls),
        cmocka_unit_test(tells_refused_cut_and_incomplete_answers_apart),
        cmocka_unit_test(reads_calls_and_what_the_tokens_were),
        cmocka_unit_test(classifies_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
