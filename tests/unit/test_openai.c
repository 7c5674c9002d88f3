/* OpenAI's dialect on recorded bytes. */
#include "../lib/provider_bench.h"

static void
open_bench(struct provider_bench *bench)
{
    provider_bench_open(bench, &provider_openai, "http://localhost:11434/v1", "llama3");
}

static void
builds_a_chat_completion(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    const json_t *body = provider_bench_build(&bench);
    assert_string_equal(bench.request.url, "http://localhost:11434/v1/chat/completions");
    assert_string_equal(provider_bench_header(&bench, "Authorization"), "Bearer s3cret");
    assert_string_equal(provider_bench_text(body, "model"), "llama3");
    assert_string_equal(provider_bench_text(body, "messages/0/role"), "system");
    assert_string_equal(provider_bench_text(body, "messages/0/content"), BENCH_SYSTEM);
    assert_string_equal(provider_bench_text(body, "messages/1/content"), BENCH_USER);
    assert_int_equal(json_integer_value(provider_bench_at(body, "max_tokens")), 100);
    assert_true(json_number_value(provider_bench_at(body, "temperature")) == 0.7);
    assert_null(provider_bench_at(body, "response_format"));
    provider_bench_close(&bench);
}

static void
sends_no_authorization_without_a_key(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    bench.place.key = NULL;
    provider_bench_build(&bench);
    assert_int_equal(bench.request.header_count, 0);
    provider_bench_close(&bench);
}

static void
adds_the_version_only_where_the_base_url_has_none(void **state)
{
    (void)state;
    static const char *const urls[][2] = {
        {"http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/chat/completions"},
        {"https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1/chat/completions"},
        {"https://g.example/v1beta/openai", "https://g.example/v1beta/openai/chat/completions"},
        {"https://v1.example", "https://v1.example/v1/chat/completions"},
    };
    struct provider_bench bench;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        provider_bench_open(&bench, &provider_openai, urls[i][0], "m");
        provider_bench_build(&bench);
        assert_string_equal(bench.request.url, urls[i][1]);
        provider_bench_close(&bench);
    }
}

static void
says_to_openai_itself_what_its_newer_models_take(void **state)
{
    (void)state;
    struct provider_bench bench;
    provider_bench_open(&bench, &provider_openai, "https://api.openai.com/v1", "o4-mini");
    const json_t *body = provider_bench_build(&bench);
    assert_int_equal(json_integer_value(provider_bench_at(body, "max_completion_tokens")), 100);
    assert_null(provider_bench_at(body, "max_tokens"));
    assert_null(provider_bench_at(body, "temperature"));
    provider_bench_close(&bench);
}

static void
asks_for_structure_in_the_strict_form(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    provider_bench_ask_verdict(&bench);
    const json_t *body = provider_bench_build(&bench);
    const json_t *form = provider_bench_at(body, "response_format/json_schema");
    assert_string_equal(provider_bench_text(form, "name"), "Verdict");
    assert_true(json_is_true(provider_bench_at(form, "strict")));
    assert_true(json_is_false(provider_bench_at(form, "schema/additionalProperties")));
    assert_int_equal(json_array_size(provider_bench_at(form, "schema/required")), 3);
    assert_string_equal(provider_bench_text(form, "schema/properties/mood/enum/1"), "bad");
    assert_string_equal(provider_bench_text(form, "schema/properties/reasons/type/1"), "null");
    provider_bench_close(&bench);
}

static void
reads_the_text_and_the_usage(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    assert_true(provider_bench_judge(
        &bench, "{\"id\":\"chatcmpl-9\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,"
                "\"message\":{\"role\":\"assistant\",\"content\":\"Hi \xc3\xa9\",\"refusal\":null},"
                "\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":19,"
                "\"completion_tokens\":10,\"total_tokens\":29}}"));
    assert_string_equal(bench.choice.text, "Hi \xc3\xa9");
    assert_int_equal(bench.answer.usage.input, 19);
    assert_int_equal(bench.answer.usage.output, 10);
    assert_int_equal(bench.choice.finish, CHAT_FINISH_STOP);
    provider_bench_close(&bench);
}

static void
leaves_thoughts_out_of_the_answer(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    assert_true(provider_bench_judge(
        &bench, "{\"choices\":[{\"message\":{\"content\":\"<think>hm</think>\\nYes.\"},"
                "\"finish_reason\":\"stop\"}]}"));
    assert_string_equal(bench.choice.text, "\nYes.");
    assert_int_equal(bench.answer.usage.input, -1);
    provider_bench_close(&bench);
}

static void
takes_no_refusal_for_an_answer(void **state)
{
    (void)state;
    static const char *const refusals[] = {
        "{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"No.\"},"
        "\"finish_reason\":\"stop\"}]}",
        "{\"choices\":[{\"message\":{\"content\":\"Part\"},\"finish_reason\":\"content_filter\"}]}",
    };
    for (size_t i = 0; i < 2; i++) {
        struct provider_bench bench;
        open_bench(&bench);
        assert_false(provider_bench_judge(&bench, refusals[i]));
        assert_int_equal(bench.failure.error.code, ERROR_CONTENT_REFUSED);
        assert_int_equal(bench.failure.class, FAULT_REFUSED);
        provider_bench_close(&bench);
    }
}

static void
marks_an_answer_cut_for_want_of_tokens(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    assert_true(provider_bench_judge(
        &bench, "{\"choices\":[{\"message\":{\"content\":\"\"},\"finish_reason\":\"length\"}]}"));
    assert_int_equal(bench.choice.finish, CHAT_FINISH_LENGTH);
    provider_bench_close(&bench);
}

static void
knows_the_words_of_others_for_the_end(void **state)
{
    (void)state;
    static const struct {
        const char *reason;
        enum chat_finish finish;
    } rows[] = {
        {"eos_token", CHAT_FINISH_STOP},    {"model_length", CHAT_FINISH_LENGTH},
        {"sensitive", CHAT_FINISH_REFUSED}, {"error", CHAT_FINISH_FAILED},
        {"abort", CHAT_FINISH_FAILED},      {"never_heard_of", CHAT_FINISH_NONE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_bench bench;
        open_bench(&bench);
        char body[200];
        snprintf(body, sizeof(body),
                 "{\"choices\":[{\"message\":{\"content\":\"x\"},\"finish_reason\":\"%s\"}]}",
                 rows[i].reason);
        assert_true(provider_bench_parse(&bench, body));
        const struct chat_choice *choice = bench.answer.choices.items;
        assert_int_equal(choice->finish, rows[i].finish);
        assert_string_equal(choice->reason, rows[i].reason);
        provider_bench_close(&bench);
    }
}

static void
refuses_what_is_no_complete_answer(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "null",
        "[]",
        "<html>",
        "{}",
        "{\"choices\":[]}",
        "{\"choices\":{}}",
        "{\"choices\":[{\"message\":\"x\",\"finish_reason\":\"stop\"}]}",
        "{\"choices\":[{\"message\":{\"content\":\" \"},\"finish_reason\":\"stop\"}]}",
        "{\"choices\":[{\"message\":{\"content\":\"x\"}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"x\"},\"finish_reason\":\"tool_calls\"}]}",
        "{\"choices\":[{\"message\":{\"content\":\"\xff\"},\"finish_reason\":\"stop\"}]}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct provider_bench bench;
        open_bench(&bench);
        assert_false(provider_bench_judge(&bench, bodies[i]));
        assert_int_equal(bench.failure.error.code, ERROR_UPSTREAM_INVALID);
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
        "{\"id\":\"c9\",\"model\":\"gpt-x\",\"choices\":[{\"message\":{\"content\":null,"
        "\"tool_calls\":[{\"id\":\"t1\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\""
        "}},{\"function\":{\"name\":\"g\",\"arguments\":\"\"}},{\"id\":\"t3\"}]},\"finish_reason\":"
        "\"tool_calls\"},{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"two\"}]},"
        "\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":9,"
        "\"prompt_tokens_details\":{\"cached_tokens\":16},\"completion_tokens_details\":{"
        "\"reasoning_tokens\":4}}}"));
    const struct chat_choice *choices = bench.answer.choices.items;
    const struct chat_tool_call *calls = choices[0].tool_calls.items;
    assert_int_equal(bench.answer.choices.count, 2);
    assert_string_equal(bench.answer.id, "c9");
    assert_string_equal(bench.answer.model, "gpt-x");
    assert_int_equal(choices[0].finish, CHAT_FINISH_TOOL_CALLS);
    assert_string_equal(choices[0].text, "");
    assert_int_equal(choices[0].tool_calls.count, 2);
    assert_string_equal(calls[0].id, "t1");
    assert_string_equal(calls[0].arguments, "{\"a\":1}");
    assert_int_equal(strncmp(calls[1].id, "call_", 5), 0);
    assert_string_equal(calls[1].arguments, "{}");
    assert_string_equal(choices[1].text, "two");
    assert_int_equal(choices[1].finish, CHAT_FINISH_LENGTH);
    assert_int_equal(bench.answer.usage.cached, 16);
    assert_int_equal(bench.answer.usage.thought, 4);
    provider_bench_close(&bench);
}

static void
keeps_the_words_of_a_refusal(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    assert_true(provider_bench_parse(
        &bench, "{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"I won't.\"},"
                "\"finish_reason\":\"stop\"}]}"));
    assert_string_equal(bench.choice.refusal, "I won't.");
    assert_int_equal(bench.choice.finish, CHAT_FINISH_REFUSED);
    provider_bench_close(&bench);
}

static void
reads_answers_of_the_responses_interface(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    assert_true(provider_bench_parse(
        &bench,
        "{\"id\":\"r1\",\"object\":\"response\",\"status\":\"completed\",\"error\":null,\"model\":"
        "\"gpt-x\",\"output\":[{\"type\":\"reasoning\",\"summary\":[]},{\"type\":\"message\","
        "\"content\":[{\"type\":\"output_text\",\"text\":\"Hi \"},{\"type\":\"output_text\",\"text\":"
        "\"you\"}]},{\"type\":\"function_call\",\"call_id\":\"t1\",\"name\":\"f\",\"arguments\":"
        "\"{}\"}],\"usage\":{\"input_tokens\":5,\"output_tokens\":6,\"input_tokens_details\":{"
        "\"cached_tokens\":1},\"output_tokens_details\":{\"reasoning_tokens\":2}}}"));
    assert_string_equal(bench.choice.text, "Hi you");
    assert_int_equal(bench.choice.finish, CHAT_FINISH_TOOL_CALLS);
    assert_int_equal(bench.choice.tool_calls.count, 1);
    assert_int_equal(bench.answer.usage.output, 6);
    assert_int_equal(bench.answer.usage.cached, 1);
    assert_int_equal(bench.answer.usage.thought, 2);
    assert_true(provider_bench_parse(
        &bench, "{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":"
                "\"max_output_tokens\"},\"output\":[]}"));
    assert_int_equal(bench.choice.finish, CHAT_FINISH_LENGTH);
    assert_true(provider_bench_parse(
        &bench,
        "{\"status\":\"completed\",\"output\":[{\"type\":\"message\",\"content\":[{\"type\":"
        "\"refusal\",\"refusal\":\"No.\"}]}]}"));
    assert_string_equal(bench.choice.refusal, "No.");
    assert_int_equal(bench.choice.finish, CHAT_FINISH_REFUSED);
    assert_false(provider_bench_parse(
        &bench, "{\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"x\"},"
                "\"output\":[]}"));
    assert_int_equal(bench.failure.class, FAULT_TRANSIENT);
    provider_bench_close(&bench);
}

static void
classifies_errors(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum error_code code;
        enum provider_fault_class class;
    } rows[] = {
        {401, "{\"error\":{\"code\":\"invalid_api_key\"}}", ERROR_UPSTREAM_ERROR, FAULT_PERMANENT},
        {429, "{\"error\":{\"code\":\"rate_limit_exceeded\"}}", ERROR_PROVIDER_RATE_LIMITED,
         FAULT_LIMITED},
        {429, "{\"error\":{\"code\":\"insufficient_quota\"}}", ERROR_PROVIDER_RATE_LIMITED,
         FAULT_PERMANENT},
        {500, "oops", ERROR_UPSTREAM_ERROR, FAULT_TRANSIENT},
        {404, "{\"error\":\"model not found\"}", ERROR_UPSTREAM_ERROR, FAULT_PERMANENT},
        {400, "{\"error\":{\"code\":\"context_length_exceeded\"}}", ERROR_CONTEXT_TOO_LONG,
         FAULT_TOO_LONG},
        {400, "{\"object\":\"error\",\"message\":\"This model's maximum context length is 4096\"}",
         ERROR_CONTEXT_TOO_LONG, FAULT_TOO_LONG},
        {400, "{\"error\":{\"type\":\"exceed_context_size_error\",\"code\":400}}",
         ERROR_CONTEXT_TOO_LONG, FAULT_TOO_LONG},
        {400, "{\"error\":{\"code\":\"content_filter\"}}", ERROR_CONTENT_REFUSED, FAULT_REFUSED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_bench bench;
        open_bench(&bench);
        const struct provider_head head = {.status = rows[i].status};
        assert_int_equal(provider_bench_classify(&bench, &head, rows[i].body), rows[i].code);
        assert_int_equal(bench.failure.class, rows[i].class);
        provider_bench_close(&bench);
    }
}

static void
reads_every_form_of_retry_after(void **state)
{
    (void)state;
    static const struct {
        struct provider_head head;
        int64_t ms;
    } rows[] = {
        {{.retry_after = "7"}, 7000},
        {{.retry_after = "1.5"}, 1500},
        {{.retry_after_ms = "250", .retry_after = "7"}, 250},
        {{.retry_after = "Sun, 09 Sep 2001 01:47:40 GMT"}, 60000},
        {{.retry_after = "Sun, 09 Sep 2001 01:00:00 GMT"}, 0},
        {{.retry_after = "Fri, 31 Dec 9999 23:59:59 GMT"}, 86400000},
        {{.retry_after = "8dec0700000000"}, 86400000},
        {{.retry_after = "999999999"}, 86400000},
        {{.retry_after = "soon"}, -1},
        {{.retry_after = "-3"}, -1},
        {{.retry_after = "nan"}, -1},
        {{0}, -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_bench bench;
        open_bench(&bench);
        struct provider_head head = rows[i].head;
        head.status = 429;
        provider_bench_classify(&bench, &head, "");
        assert_int_equal(bench.failure.retry_after_ms, rows[i].ms);
        provider_bench_close(&bench);
    }
}

static void
obeys_a_provider_that_wants_no_retry(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    const struct provider_head head = {.status = 500, .should_retry = "false"};
    provider_bench_classify(&bench, &head, "");
    assert_int_equal(bench.failure.class, FAULT_SILENT);
    provider_bench_close(&bench);
}

static void
shows_no_more_of_an_error_than_its_code(void **state)
{
    (void)state;
    struct provider_bench bench;
    open_bench(&bench);
    const struct provider_head head = {.status = 404};
    provider_bench_classify(&bench, &head,
                            "{\"error\":{\"message\":\"no s3cret\",\"code\":\"model_not_found\"}}");
    assert_string_equal(bench.failure.error.detail,
                        "the provider did not accept the request: status 404 (model_not_found)");
    provider_bench_close(&bench);
}

#define SAYING(content, more)                                                                      \
    "{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"content\":\"" content "\"}}]" more "}"

static void
reads_answers_with_odd_escapes_numbers_and_names(void **state)
{
    (void)state;
    struct provider_bench bench;
    provider_bench_open(&bench, &provider_openai, "http://host", "m");
    assert_true(provider_bench_parse(&bench, SAYING("nul \\u0000", "")));
    assert_string_equal(bench.choice.text, "nul \xef\xbf\xbd");
    assert_true(provider_bench_parse(&bench, SAYING("half \\ud83d", "")));
    assert_string_equal(bench.choice.text, "half \xef\xbf\xbd");
    assert_true(provider_bench_parse(&bench, SAYING("a", ",\"seed\":18446744073709551615")));
    assert_true(provider_bench_parse(&bench, SAYING("a", ",\"x\":1e400,\"id\":1,\"id\":2")));
    provider_bench_close(&bench);
}

static void
asks_no_second_time_for_an_answer_that_cannot_be_read(void **state)
{
    (void)state;
    struct provider_bench bench;
    provider_bench_open(&bench, &provider_openai, "http://host", "m");
    assert_false(provider_bench_parse(&bench, " {\"choices\":[{\"x\":NaN}]}"));
    assert_int_equal(bench.failure.class, FAULT_PERMANENT);
    assert_int_equal(bench.failure.error.code, ERROR_UPSTREAM_INVALID);
    assert_false(provider_bench_parse(&bench, "<html>"));
    assert_int_equal(bench.failure.class, FAULT_TRANSIENT);
    assert_false(provider_bench_parse(&bench, ""));
    assert_int_equal(bench.failure.class, FAULT_TRANSIENT);
    provider_bench_close(&bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_a_chat_completion),
        cmocka_unit_test(sends_no_authorization_without_a_key),
        cmocka_unit_test(adds_the_version_only_where_the_base_url_has_none),
        cmocka_unit_test(says_to_openai_itself_what_its_newer_models_take),
        cmocka_unit_test(asks_for_structure_in_the_strict_form),
        cmocka_unit_test(reads_the_text_and_the_usage),
        cmocka_unit_test(leaves_thoughts_out_of_the_answer),
        cmocka_unit_test(takes_no_refusal_for_an_answer),
        cmocka_unit_test(marks_an_answer_cut_for_want_of_tokens),
        cmocka_unit_test(knows_the_words_of_others_for_the_end),
        cmocka_unit_test(refuses_what_is_no_complete_answer),
        cmocka_unit_test(reads_choices_calls_and_what_the_tokens_were),
        cmocka_unit_test(keeps_the_words_of_a_refusal),
        cmocka_unit_test(reads_answers_of_the_responses_interface),
        cmocka_unit_test(reads_answers_with_odd_escapes_numbers_and_names),
        cmocka_unit_test(asks_no_second_time_for_an_answer_that_cannot_be_read),
        cmocka_unit_test(classifies_errors),
        cmocka_unit_test(reads_every_form_of_retry_after),
        cmocka_unit_test(obeys_a_provider_that_wants_no_retry),
        cmocka_unit_test(shows_no_more_of_an_error_than_its_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
