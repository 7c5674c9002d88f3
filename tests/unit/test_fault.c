/* What the errors of providers mean, whatever their dialect. */
#include "../lib/provider_bench.h"
#include "base/utf8.h"

#define OPENAI(code)                                                                               \
    "{\"error\":{\"message\":\"m\",\"type\":\"t\",\"param\":\"p\",\"code\":\"" code "\"}}"
#define SAYS(message) "{\"error\":{\"message\":\"" message "\"}}"
#define ANTHROPIC(type) "{\"type\":\"error\",\"error\":{\"type\":\"" type "\",\"message\":\"m\"}}"
#define GEMINI(status) "{\"error\":{\"message\":\"m\",\"status\":\"" status "\"}}"

static void
classify(struct provider_bench *bench, const struct provider *provider,
         const struct provider_head *head, const char *body)
{
    provider_bench_open(bench, provider, "https://p.example", "m");
    provider_bench_classify(bench, head, body);
    assert_int_not_equal(bench->failure.error.code, ERROR_NONE);
}

static void
classes_what_providers_answer(void **state)
{
    (void)state;
    static const struct {
        const struct provider *provider;
        int status;
        const char *body;
        enum provider_fault_class class;
        enum error_code code;
    } rows[] = {
        {&provider_openai, 400, OPENAI("invalid_value"), FAULT_REQUEST, ERROR_UPSTREAM_ERROR},
        {&provider_openai, 413, "too large", FAULT_REQUEST, ERROR_UPSTREAM_ERROR},
        {&provider_openai, 422, "{\"detail\":[]}", FAULT_REQUEST, ERROR_UPSTREAM_ERROR},
        {&provider_openai, 401, OPENAI("invalid_api_key"), FAULT_PERMANENT, ERROR_UPSTREAM_ERROR},
        {&provider_openai, 403, OPENAI("unsupported_country"), FAULT_PERMANENT,
         ERROR_UPSTREAM_ERROR},
        {&provider_openai, 404, OPENAI("model_not_found"), FAULT_PERMANENT, ERROR_UPSTREAM_ERROR},
        {&provider_openai, 400, OPENAI("model_not_found"), FAULT_PERMANENT, ERROR_UPSTREAM_ERROR},
        {&provider_openai, 400, SAYS("x/y is not a valid model ID"), FAULT_PERMANENT,
         ERROR_UPSTREAM_ERROR},
        {&provider_openai, 402, "{}", FAULT_PERMANENT, ERROR_UPSTREAM_ERROR},
        {&provider_openai, 301, "", FAULT_PERMANENT, ERROR_UPSTREAM_ERROR},
        {&provider_openai, 204, "", FAULT_PERMANENT, ERROR_UPSTREAM_ERROR},
        {&provider_openai, 408, "", FAULT_TRANSIENT, ERROR_UPSTREAM_ERROR},
        {&provider_openai, 409, "", FAULT_TRANSIENT, ERROR_UPSTREAM_ERROR},
        {&provider_openai, 500, OPENAI("context_length_exceeded"), FAULT_TRANSIENT,
         ERROR_UPSTREAM_ERROR},
        {&provider_openai, 501, "", FAULT_PERMANENT, ERROR_UPSTREAM_ERROR},
        {&provider_openai, 502, "<html>", FAULT_TRANSIENT, ERROR_UPSTREAM_ERROR},
        {&provider_openai, 429, OPENAI("rate_limit_exceeded"), FAULT_LIMITED,
         ERROR_PROVIDER_RATE_LIMITED},
        {&provider_openai, 429, OPENAI("insufficient_quota"), FAULT_PERMANENT,
         ERROR_PROVIDER_RATE_LIMITED},
        {&provider_openai, 400, OPENAI("billing_hard_limit_reached"), FAULT_PERMANENT,
         ERROR_PROVIDER_RATE_LIMITED},
        {&provider_openai, 429, SAYS("Request too large for gpt-x on tokens per min"),
         FAULT_PERMANENT, ERROR_PROVIDER_RATE_LIMITED},
        {&provider_openai, 400, OPENAI("content_policy_violation"), FAULT_REFUSED,
         ERROR_CONTENT_REFUSED},
        {&provider_openai, 400, OPENAI("invalid_prompt"), FAULT_REFUSED, ERROR_CONTENT_REFUSED},
        {&provider_openai, 403,
         "{\"error\":{\"code\":403,\"message\":\"flagged\",\"metadata\":{\"reasons\":[\"x\"]}}}",
         FAULT_REFUSED, ERROR_CONTENT_REFUSED},
        {&provider_openai, 400, SAYS("the context window is full"), FAULT_TOO_LONG,
         ERROR_CONTEXT_TOO_LONG},
        {&provider_openai, 400, "[" SAYS("maximum context length") "]", FAULT_TOO_LONG,
         ERROR_CONTEXT_TOO_LONG},
        {&provider_anthropic, 400, ANTHROPIC("invalid_request_error"), FAULT_REQUEST,
         ERROR_UPSTREAM_ERROR},
        {&provider_anthropic, 400, SAYS("Your credit balance is too low to access"),
         FAULT_PERMANENT, ERROR_PROVIDER_RATE_LIMITED},
        {&provider_anthropic, 400,
         SAYS("input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000"),
         FAULT_TOO_LONG, ERROR_CONTEXT_TOO_LONG},
        {&provider_anthropic, 400, SAYS("Output blocked by content filtering policy"),
         FAULT_REFUSED, ERROR_CONTENT_REFUSED},
        {&provider_anthropic, 413, ANTHROPIC("request_too_large"), FAULT_REQUEST,
         ERROR_UPSTREAM_ERROR},
        {&provider_anthropic, 429, ANTHROPIC("rate_limit_error"), FAULT_LIMITED,
         ERROR_PROVIDER_RATE_LIMITED},
        {&provider_anthropic, 529, ANTHROPIC("overloaded_error"), FAULT_TRANSIENT,
         ERROR_UPSTREAM_ERROR},
        {&provider_gemini, 400, GEMINI("INVALID_ARGUMENT"), FAULT_REQUEST, ERROR_UPSTREAM_ERROR},
        {&provider_gemini, 400, GEMINI("FAILED_PRECONDITION"), FAULT_PERMANENT,
         ERROR_UPSTREAM_ERROR},
        {&provider_gemini, 503, GEMINI("UNAVAILABLE"), FAULT_TRANSIENT, ERROR_UPSTREAM_ERROR},
        {&provider_gemini, 429, GEMINI("RESOURCE_EXHAUSTED"), FAULT_LIMITED,
         ERROR_PROVIDER_RATE_LIMITED},
        {&provider_gemini, 429,
         "{\"error\":{\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"violations\":[{\"quotaId\":"
         "\"GenerateRequestsPerDayPerProjectPerModel-FreeTier\"}]},{\"retryDelay\":\"30s\"}]}}",
         FAULT_PERMANENT, ERROR_PROVIDER_RATE_LIMITED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_bench bench;
        classify(&bench, rows[i].provider, &(struct provider_head){.status = rows[i].status},
                 rows[i].body);
        if (bench.failure.class != rows[i].class)
            fail_msg("%d %s is of class %d", rows[i].status, rows[i].body, bench.failure.class);
        assert_int_equal(bench.failure.error.code, rows[i].code);
        provider_bench_close(&bench);
    }
}

static void
heeds_what_the_provider_says_of_asking_again(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body, *should_retry;
        enum provider_fault_class class;
    } rows[] = {
        {500, "", "false", FAULT_SILENT},
        {429, "", "false", FAULT_PERMANENT},
        {429, "", "true", FAULT_LIMITED},
        {400, "", "true", FAULT_TRANSIENT},
        {404, "", "TRUE", FAULT_TRANSIENT},
        {404, "", "maybe", FAULT_PERMANENT},
        {400, "", "false", FAULT_REQUEST},
        {401, "", "true", FAULT_PERMANENT},
        {400, OPENAI("content_filter"), "true", FAULT_REFUSED},
        {400, OPENAI("context_length_exceeded"), "true", FAULT_TOO_LONG},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_bench bench;
        const struct provider_head head = {.status = rows[i].status,
                                           .should_retry = rows[i].should_retry};
        classify(&bench, &provider_openai, &head, rows[i].body);
        assert_int_equal(bench.failure.class, rows[i].class);
        provider_bench_close(&bench);
    }
}

static void
tells_whoever_wrote_the_request_what_the_provider_said(void **state)
{
    (void)state;
    struct provider_bench bench;
    classify(&bench, &provider_openai, &(struct provider_head){.status = 400},
             OPENAI("unsupported_value"));
    assert_string_equal(bench.failure.reason, "m");
    assert_string_equal(bench.failure.reason_code, "unsupported_value");
    assert_string_equal(bench.failure.reason_param, "p");
    provider_bench_close(&bench);
    classify(&bench, &provider_anthropic, &(struct provider_head){.status = 400},
             ANTHROPIC("invalid_request_error"));
    assert_string_equal(bench.failure.reason_code, "invalid_request_error");
    assert_null(bench.failure.reason_param);
    provider_bench_close(&bench);
    classify(&bench, &provider_gemini, &(struct provider_head){.status = 400},
             "{\"error\":{\"status\":\"INVALID_ARGUMENT\",\"message\":\"bad\",\"details\":[{"
             "\"fieldViolations\":[{\"field\":\"contents\"}]}]}}");
    assert_string_equal(bench.failure.reason, "bad");
    assert_string_equal(bench.failure.reason_code, "INVALID_ARGUMENT");
    assert_string_equal(bench.failure.reason_param, "contents");
    provider_bench_close(&bench);
}

static void
finds_the_words_of_servers_with_errors_of_their_own(void **state)
{
    (void)state;
    static const struct {
        const struct provider *provider;
        const char *body, *reason;
    } rows[] = {
        {&provider_openai, "{\"detail\":\"no tools here\"}", "no tools here"},
        {&provider_openai,
         "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"Field required\",\"type\":\"missing\"}]}",
         "Field required"},
        {&provider_openai, "{\"errors\":[{\"code\":7,\"message\":\"bad\"}]}", "bad"},
        {&provider_openai, "{\"error\":{\"detail\":\"bad\"}}", "bad"},
        {&provider_gemini, "{\"message\":\"bad\"}", "bad"},
        {&provider_anthropic, "{\"message\":\"bad\"}", "bad"},
        {&provider_anthropic, "\"bad\"", "bad"},
        {&provider_openai, " not JSON\r\nat all \n", "not JSON  at all"},
        {&provider_openai, "caf\xc3\xa9 \xff\xfe", "caf\xc3\xa9"},
        {&provider_openai, SAYS("two\\nlines"), "two lines"},
        {&provider_openai, "<html><body>Bad Request</body></html>", NULL},
        {&provider_openai, "{\"error\":{\"mess", NULL},
        {&provider_openai, "{\"detail\":{\"a\":1}}", NULL},
        {&provider_openai, "\xff", NULL},
        {&provider_openai, "", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_bench bench;
        classify(&bench, rows[i].provider, &(struct provider_head){.status = 400}, rows[i].body);
        assert_int_equal(bench.failure.class, FAULT_REQUEST);
        if (!rows[i].reason)
            assert_null(bench.failure.reason);
        else
            assert_string_equal(bench.failure.reason, rows[i].reason);
        provider_bench_close(&bench);
    }
}

static void
repeats_nothing_that_may_quote_the_key(void **state)
{
    (void)state;
    static const struct {
        const struct provider *provider;
        int status;
        const char *body;
    } rows[] = {
        {&provider_openai, 401, SAYS("Incorrect API key provided: s3cret")},
        {&provider_openai, 403, SAYS("s3cret")},
        {&provider_openai, 404, SAYS("s3cret")},
        {&provider_openai, 429, SAYS("s3cret")},
        {&provider_openai, 500, SAYS("s3cret")},
        {&provider_openai, 401, "s3cret"},
        {&provider_openai, 404, "{\"detail\":\"s3cret\"}"},
        {&provider_gemini, 400,
         "{\"error\":{\"message\":\"s3cret\",\"details\":[{\"reason\":\"API_KEY_INVALID\"}]}}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct provider_bench bench;
        classify(&bench, rows[i].provider, &(struct provider_head){.status = rows[i].status},
                 rows[i].body);
        assert_null(bench.failure.reason);
        assert_null(strstr(bench.failure.error.detail, "s3cret"));
        assert_int_equal(bench.failure.key_refused,
                         rows[i].status == 401 || rows[i].status == 403 || rows[i].status == 400);
        provider_bench_close(&bench);
    }
}

static void
shortens_what_the_provider_said_at_a_character(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct strbuf body;
    strbuf_init(&body, &arena, 4096);
    strbuf_add_text(&body, "{\"error\":{\"message\":\"");
    for (int i = 0; i < 1000; i++)
        strbuf_add_text(&body, "\xc3\xa9");
    strbuf_add_text(&body, "\"}}");
    struct provider_bench bench;
    classify(&bench, &provider_openai, &(struct provider_head){.status = 400}, body.data);
    size_t length = strlen(bench.failure.reason), count;
    assert_int_equal(length, sizeof(bench.failure.error.detail) - 2);
    assert_true(utf8_count(bench.failure.reason, length, &count));
    provider_bench_close(&bench);
    arena_release(&arena);
}

static void
classes_a_failure_that_came_with_a_200(void **state)
{
    (void)state;
    struct provider_bench bench;
    provider_bench_open(&bench, &provider_openai, "https://p.example", "m");
    assert_false(provider_bench_parse(&bench, "{\"error\":{\"code\":429,\"message\":\"m\"}}"));
    assert_int_equal(bench.failure.class, FAULT_LIMITED);
    assert_false(provider_bench_parse(&bench, "{\"error\":{\"code\":502,\"message\":\"m\"}}"));
    assert_int_equal(bench.failure.class, FAULT_TRANSIENT);
    assert_false(provider_bench_parse(&bench, "not JSON"));
    assert_int_equal(bench.failure.class, FAULT_TRANSIENT);
    assert_int_equal(bench.failure.error.code, ERROR_UPSTREAM_INVALID);
    provider_bench_close(&bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_what_providers_answer),
        cmocka_unit_test(heeds_what_the_provider_says_of_asking_again),
        cmocka_unit_test(tells_whoever_wrote_the_request_what_the_provider_said),
        cmocka_unit_test(finds_the_words_of_servers_with_errors_of_their_own),
        cmocka_unit_test(repeats_nothing_that_may_quote_the_key),
        cmocka_unit_test(shortens_what_the_provider_said_at_a_character),
        cmocka_unit_test(classes_a_failure_that_came_with_a_200),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
