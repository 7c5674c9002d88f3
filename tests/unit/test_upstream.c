/* The transport to providers: bounded, and true about what went wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/http_stub.h"
#include "ai/upstream.h"

struct bench {
    struct arena arena;
    struct stub stub;
    struct upstream *upstream;
    struct provider_request request;
    struct upstream_answer answer;
    struct provider_failure failure;
};

static bool
always(void *context)
{
    (void)context;
    return true;
}

static void
bench_open(struct bench *bench)
{
    *bench = (struct bench){0};
    stub_start(&bench->stub);
    struct error err = {0};
    bench->upstream = upstream_open(&err);
    assert_non_null(bench->upstream);
    bench->request.url = arena_printf(&bench->arena, "http://127.0.0.1:%d/x", bench->stub.port);
    strbuf_init(&bench->request.body, &bench->arena, 16);
    strbuf_add_text(&bench->request.body, "{\"a\":1}");
    provider_add_header(&bench->request, "X-Key", "s3cret");
}

static void
bench_close(struct bench *bench)
{
    upstream_close(bench->upstream);
    stub_stop(&bench->stub);
    arena_release(&bench->arena);
}

static bool
send_once(struct bench *bench)
{
    const struct upstream_call call = {.request = &bench->request,
                                       .clocks = {1000, 5000, 5000, 5000, 5000},
                                       .goes_on = always,
                                       .client_descriptor = -1};
    return upstream_send(bench->upstream, &call, &bench->arena, &bench->answer, &bench->failure);
}

static void
posts_json_and_reads_the_answer(void **state)
{
    (void)state;
    static const struct stub_answer script[] = {{200, NULL, "{\"b\":2}", 0}};
    struct bench bench;
    bench_open(&bench);
    stub_script(&bench.stub, script, 1);
    assert_true(send_once(&bench));
    assert_int_equal(bench.answer.head.status, 200);
    assert_string_equal(bench.answer.body, "{\"b\":2}");
    assert_string_equal(bench.stub.body, "{\"a\":1}");
    assert_non_null(strstr(bench.stub.head, "POST /x HTTP/1.1\r\n"));
    assert_non_null(strstr(bench.stub.head, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(bench.stub.head, "X-Key: s3cret\r\n"));
    assert_null(strstr(bench.stub.head, "Expect:"));
    bench_close(&bench);
}

static void
keeps_the_connection_for_the_next_call(void **state)
{
    (void)state;
    static const struct stub_answer script[] = {{200, NULL, "{}", 0}};
    struct bench bench;
    bench_open(&bench);
    stub_script(&bench.stub, script, 1);
    for (int i = 0; i < 5; i++)
        assert_true(send_once(&bench));
    assert_int_equal(atomic_load(&bench.stub.calls), 5);
    assert_int_equal(atomic_load(&bench.stub.connections), 1);
    bench_close(&bench);
}

static void
hands_on_what_a_provider_says_about_retries(void **state)
{
    (void)state;
    static const struct stub_answer script[] = {
        {429, "retry-after: 9\r\nRetry-After-Ms: 8500\r\nx-should-retry: false\r\n", "{}", 0}};
    struct bench bench;
    bench_open(&bench);
    stub_script(&bench.stub, script, 1);
    assert_true(send_once(&bench));
    assert_int_equal(bench.answer.head.status, 429);
    assert_string_equal(bench.answer.head.retry_after, "9");
    assert_string_equal(bench.answer.head.retry_after_ms, "8500");
    assert_string_equal(bench.answer.head.should_retry, "false");
    bench_close(&bench);
}

static void
follows_no_redirect(void **state)
{
    (void)state;
    static const struct stub_answer script[] = {{302, "Location: /elsewhere\r\n", "", 0}};
    struct bench bench;
    bench_open(&bench);
    stub_script(&bench.stub, script, 1);
    assert_true(send_once(&bench));
    assert_int_equal(bench.answer.head.status, 302);
    assert_int_equal(atomic_load(&bench.stub.calls), 1);
    bench_close(&bench);
}

static void
speaks_nothing_but_http(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    bench.request.url = "file:///etc/passwd";
    assert_false(send_once(&bench));
    assert_int_equal(bench.failure.error.code, ERROR_UPSTREAM_ERROR);
    assert_false(bench.failure.retryable);
    bench_close(&bench);
}

static void
reports_a_refused_connection_as_worth_a_retry(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    bench.request.url = "http://127.0.0.1:1/x";
    assert_false(send_once(&bench));
    assert_int_equal(bench.failure.error.code, ERROR_UPSTREAM_ERROR);
    assert_true(bench.failure.retryable);
    assert_true(bench.failure.counts);
    assert_null(strstr(bench.failure.error.detail, "s3cret"));
    bench_close(&bench);
}

static void
gives_up_on_an_answer_that_is_too_large(void **state)
{
    (void)state;
    size_t length = UPSTREAM_ANSWER_MAX_BYTES + 1;
    char *large = xmalloc(length + 1);
    memset(large, 'x', length);
    large[length] = '\0';
    const struct stub_answer announced = {200, NULL, large, 0};
    const struct stub_answer unannounced = {200, "Transfer-Encoding: identity\r\n", large, -1};
    struct bench bench;
    bench_open(&bench);
    stub_script(&bench.stub, &announced, 1);
    assert_false(send_once(&bench));
    assert_int_equal(bench.failure.error.code, ERROR_UPSTREAM_INVALID);
    stub_script(&bench.stub, &unannounced, 1);
    assert_false(send_once(&bench));
    assert_int_equal(bench.failure.error.code, ERROR_UPSTREAM_INVALID);
    assert_false(bench.failure.retryable);
    bench_close(&bench);
    free(large);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_json_and_reads_the_answer),
        cmocka_unit_test(keeps_the_connection_for_the_next_call),
        cmocka_unit_test(hands_on_what_a_provider_says_about_retries),
        cmocka_unit_test(follows_no_redirect),
        cmocka_unit_test(speaks_nothing_but_http),
        cmocka_unit_test(reports_a_refused_connection_as_worth_a_retry),
        cmocka_unit_test(gives_up_on_an_answer_that_is_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
