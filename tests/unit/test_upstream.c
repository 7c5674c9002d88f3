/* The transport to providers: bounded, and true about what went wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

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
    struct upstream_clocks clocks;
    struct strbuf streamed;
    size_t events;
    int client_descriptor;
    int asked; /* how often goes_on() was */
};

static bool
client_stays(void *context)
{
    struct bench *bench = context;
    char byte;
    bench->asked++;
    return bench->client_descriptor < 0 ||
           recv(bench->client_descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

/* A line is an event: T a token, D the end, X one that the taker cannot bear, others signs of life.
 */
static enum upstream_progress
take_lines(void *context, const char *bytes, size_t length, struct provider_failure *failure)
{
    struct bench *bench = context;
    enum upstream_progress progress = UPSTREAM_BYTES;
    strbuf_add(&bench->streamed, bytes, length);
    for (size_t i = 0; i < length; i++) {
        bench->events += bytes[i] == '\n';
        if (bytes[i] == 'D')
            return UPSTREAM_ENOUGH;
        if (bytes[i] == 'X') {
            provider_fail(failure, ERROR_CONTENT_REFUSED, "the taker stopped");
            return UPSTREAM_STOP;
        }
        if (bytes[i] == 'T')
            progress = UPSTREAM_TOKEN;
        else if (bytes[i] == '\n' && progress == UPSTREAM_BYTES)
            progress = UPSTREAM_ALIVE;
    }
    return progress;
}

static void
bench_open(struct bench *bench)
{
    *bench = (struct bench){.client_descriptor = -1, .clocks = {1000, 5000, 5000, 5000, 5000}};
    strbuf_init(&bench->streamed, &bench->arena, 64);
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
send_it(struct bench *bench, bool streams)
{
    const struct upstream_call call = {.request = &bench->request,
                                       .clocks = bench->clocks,
                                       .take = streams ? take_lines : NULL,
                                       .goes_on = client_stays,
                                       .client_descriptor = bench->client_descriptor,
                                       .context = bench};
    return upstream_send(bench->upstream, &call, &bench->arena, &bench->answer, &bench->failure);
}

static bool
send_once(struct bench *bench)
{
    return send_it(bench, false);
}

/* The one answer from now on; the stub may still be at the one before. */
static void
script_one(struct bench *bench, const char *headers, const char *body, long announced)
{
    struct stub_answer *answer = arena_alloc(&bench->arena, sizeof(*answer));
    *answer = (struct stub_answer){200, headers, body, announced};
    stub_script(&bench->stub, answer, 1);
}

static bool
stream_once(struct bench *bench, const char *headers, const char *body, long announced)
{
    script_one(bench, headers, body, announced);
    return send_it(bench, true);
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
never_asks_again_by_itself_when_a_kept_connection_has_gone(void **state)
{
    (void)state;
    static const struct stub_answer script[] = {
        {200, NULL, "{}", 0}, {0, NULL, NULL, 0}, {200, NULL, "{}", 0}};
    struct bench bench;
    bench_open(&bench);
    stub_script(&bench.stub, script, 3);
    assert_true(send_once(&bench));
    assert_false(send_once(&bench));
    assert_int_equal(bench.failure.class, FAULT_TRANSIENT);
    assert_int_equal(bench.failure.retry_after_ms, 0);
    assert_int_equal(atomic_load(&bench.stub.calls), 2);
    assert_true(send_once(&bench));
    bench_close(&bench);
}

static void
goes_where_each_call_says(void **state)
{
    (void)state;
    static const struct stub_answer script[] = {{200, NULL, "{}", 0}};
    static const char *const paths[] = {"x", "y?z=1", "y?z=1", "x"};
    struct bench bench;
    bench_open(&bench);
    stub_script(&bench.stub, script, 1);
    for (size_t i = 0; i < 4; i++) {
        bench.request.url = "http://[no address/";
        assert_false(send_once(&bench));
        bench.request.url =
            arena_printf(&bench.arena, "http://127.0.0.1:%d/%s", bench.stub.port, paths[i]);
        assert_true(send_once(&bench));
        assert_non_null(
            strstr(bench.stub.head, arena_printf(&bench.arena, "POST /%s HTTP/1.1\r\n", paths[i])));
        assert_non_null(strstr(bench.stub.head, arena_printf(&bench.arena, "Host: 127.0.0.1:%d\r\n",
                                                             bench.stub.port)));
    }
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
    assert_int_not_equal(bench.failure.class, FAULT_TRANSIENT);
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
    assert_int_equal(bench.failure.class, FAULT_TRANSIENT);
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
    assert_int_not_equal(bench.failure.class, FAULT_TRANSIENT);
    bench_close(&bench);
    free(large);
}

#define EVENTS "Content-Type: text/event-stream\r\n"
#define CHUNKED EVENTS "Transfer-Encoding: chunked\r\n"

static void
hands_a_stream_on_instead_of_keeping_it(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    assert_true(stream_once(&bench, CHUNKED, "3\r\nT1\n\r\n3\r\nT2\n\r\n0\r\n\r\n", STUB_KEEPS));
    assert_string_equal(bench.streamed.data, "T1\nT2\n");
    assert_true(bench.answer.streamed);
    assert_string_equal(bench.answer.body, "");
    assert_int_equal(bench.answer.head.status, 200);
    assert_true(bench.answer.first_token_us >= 0);
    assert_true(bench.answer.waited_us > 0);
    bench_close(&bench);
}

static void
collects_what_is_no_stream_or_has_no_taker(void **state)
{
    (void)state;
    static const struct stub_answer script[] = {
        {200, NULL, "{}", 0},
        {200, "Content-Type: text/event-streams\r\n", "T\n", 0},
        {429, EVENTS, "T\n", 0},
        {200, "Content-Type: Text/Event-Stream; charset=utf-8\r\n", "T\n", 0},
    };
    struct bench bench;
    bench_open(&bench);
    stub_script(&bench.stub, script, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(send_it(&bench, true));
        assert_int_equal(bench.answer.streamed, i == 3);
        assert_string_equal(bench.answer.body, i == 3 ? "" : script[i].body);
    }
    assert_true(send_it(&bench, false));
    assert_string_equal(bench.answer.body, "T\n");
    assert_false(bench.answer.streamed);
    bench_close(&bench);
}

static void
expect_clock(struct bench *bench, const char *name)
{
    assert_int_equal(bench->failure.error.code, ERROR_UPSTREAM_TIMEOUT);
    assert_non_null(strstr(bench->failure.error.detail, name));
    assert_int_equal(bench->failure.class,
                     strcmp(name, "connect clock") == 0 ? FAULT_TRANSIENT : FAULT_SILENT);
}

static void
names_the_headers_clock(void **state)
{
    (void)state;
    static const struct stub_answer silent = {-1, NULL, NULL, 0};
    struct bench bench;
    bench_open(&bench);
    bench.clocks.headers_ms = 40;
    stub_script(&bench.stub, &silent, 1);
    assert_false(send_once(&bench));
    expect_clock(&bench, "40 ms (headers clock)");
    assert_true(bench.answer.waited_us >= 40000);
    bench_close(&bench);
}

static void
names_the_total_clock(void **state)
{
    (void)state;
    static const struct stub_answer half = {200, NULL, "{", 2};
    static const struct stub_answer stall = {200, NULL, "{", STUB_STALLS};
    struct bench bench;
    bench_open(&bench);
    bench.clocks.total_ms = 40;
    bench.clocks.first_token_ms = bench.clocks.gap_ms = 1;
    stub_script(&bench.stub, &stall, 1);
    assert_false(send_once(&bench));
    expect_clock(&bench, "40 ms (total clock)");
    bench.clocks.total_ms = 5000;
    stub_script(&bench.stub, &half, 1);
    assert_false(send_once(&bench));
    assert_int_equal(bench.failure.error.code, ERROR_UPSTREAM_ERROR);
    assert_int_equal(bench.failure.class, FAULT_TRANSIENT);
    bench_close(&bench);
}

static void
names_the_first_token_clock_which_signs_of_life_do_not_satisfy(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    bench.clocks.first_token_ms = 60;
    bench.clocks.gap_ms = 1;
    assert_false(stream_once(&bench, EVENTS, ":\n", STUB_STALLS));
    expect_clock(&bench, "60 ms (first token clock)");
    assert_false(stream_once(&bench, EVENTS, ":\n", STUB_DRIPS));
    expect_clock(&bench, "60 ms (first token clock)");
    assert_true(bench.events > 2);
    assert_int_equal(bench.answer.first_token_us, -1);
    bench_close(&bench);
}

static void
names_the_gap_clock_which_half_an_event_does_not_reset(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    bench.clocks.gap_ms = 60;
    assert_false(stream_once(&bench, EVENTS, "T\n", STUB_STALLS));
    expect_clock(&bench, "60 ms (gap clock)");
    assert_false(stream_once(&bench, EVENTS,
                             "T\nhalf an event that goes on without ever being whole", STUB_DRIPS));
    expect_clock(&bench, "60 ms (gap clock)");
    bench_close(&bench);
}

static void
resets_the_gap_clock_by_any_whole_event(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    bench.clocks.gap_ms = 1000;
    bench.clocks.total_ms = 1500;
    assert_false(stream_once(&bench, EVENTS, "T\n:\n:\n:\n", STUB_DRIPS));
    expect_clock(&bench, "1500 ms (total clock)");
    bench_close(&bench);
}

/* A listener whose queue is full takes no more connections, on loopback too. */
static void
names_the_connect_clock(void **state)
{
    (void)state;
    enum { FILLERS = 4 };
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fillers[FILLERS], listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    for (int i = 0; i < FILLERS; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(fillers[i], (struct sockaddr *)&address, size);
    }
    struct bench bench;
    bench_open(&bench);
    bench.clocks.connect_ms = 60;
    bench.request.url =
        arena_printf(&bench.arena, "http://127.0.0.1:%d/x", ntohs(address.sin_port));
    assert_false(send_once(&bench));
    assert_non_null(strstr(bench.failure.error.detail, "60 ms (connect clock)"));
    expect_clock(&bench, "connect clock");
    for (int i = 0; i < FILLERS; i++)
        close(fillers[i]);
    close(listener);
    bench_close(&bench);
}

static void
keeps_the_connection_after_a_stream_of_which_enough_came(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    for (int i = 0; i < 3; i++)
        assert_true(stream_once(&bench, CHUNKED, "2\r\nT\n\r\n2\r\nD\n\r\n0\r\n\r\n", STUB_KEEPS));
    assert_int_equal(atomic_load(&bench.stub.connections), 1);
    bench_close(&bench);
}

static void
waits_for_no_end_after_enough_came(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    assert_true(stream_once(&bench, EVENTS, "T\nD\n", STUB_STALLS));
    assert_true(bench.answer.waited_us < 2000000);
    assert_true(stream_once(&bench, EVENTS, "T\nD", STUB_DRIPS));
    assert_true(stream_once(&bench, CHUNKED, "4\r\nT\nD\n\r\nff\r\nabc", STUB_CLOSES));
    bench_close(&bench);
}

static void
ends_when_the_taker_says_so(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    assert_false(stream_once(&bench, EVENTS, "T\nX\n", STUB_STALLS));
    assert_int_equal(bench.failure.error.code, ERROR_CONTENT_REFUSED);
    bench_close(&bench);
}

static void
tells_a_stream_that_broke_off_from_one_that_ended(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    assert_true(stream_once(&bench, EVENTS, "T\n", STUB_CLOSES));
    assert_false(stream_once(&bench, CHUNKED, "2\r\nT\n\r\n", STUB_CLOSES));
    assert_int_equal(bench.failure.error.code, ERROR_UPSTREAM_ERROR);
    assert_int_equal(bench.failure.class, FAULT_TRANSIENT);
    bench_close(&bench);
}

static void
ends_as_soon_as_the_client_leaves(void **state)
{
    (void)state;
    static const struct stub_answer silent = {-1, NULL, NULL, 0};
    int ends[2];
    struct bench bench;
    bench_open(&bench);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    bench.client_descriptor = ends[0];
    close(ends[1]);
    stub_script(&bench.stub, &silent, 1);
    assert_false(send_once(&bench));
    assert_int_equal(bench.failure.error.code, ERROR_CLIENT_CLOSED);
    assert_int_equal(bench.failure.class, FAULT_CALLER);
    assert_int_equal(bench.asked, 1);
    assert_true(bench.answer.waited_us < UPSTREAM_TICK_MS * 1000);
    close(ends[0]);
    bench_close(&bench);
}

static void
is_not_kept_busy_by_a_client_that_sends_more(void **state)
{
    (void)state;
    static const struct stub_answer silent = {-1, NULL, NULL, 0};
    int ends[2];
    struct bench bench;
    bench_open(&bench);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(send(ends[1], "more", 4, 0), 4);
    bench.client_descriptor = ends[0];
    bench.clocks.headers_ms = 2 * UPSTREAM_TICK_MS + 50;
    stub_script(&bench.stub, &silent, 1);
    assert_false(send_once(&bench));
    expect_clock(&bench, "headers clock");
    assert_in_range(bench.asked, 2, 6);
    close(ends[0]);
    close(ends[1]);
    bench_close(&bench);
}

static int64_t
thread_cpu_us(void)
{
    struct timespec time;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), 0);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* Longer than libcurl's timers of connecting last. */
static void
sleeps_while_nothing_comes(void **state)
{
    (void)state;
    static const struct stub_answer silent = {-1, NULL, NULL, 0};
    struct bench bench;
    bench_open(&bench);
    bench.clocks.headers_ms = 700;
    stub_script(&bench.stub, &silent, 1);
    int64_t busy_us = thread_cpu_us();
    assert_false(send_once(&bench));
    busy_us = thread_cpu_us() - busy_us;
    expect_clock(&bench, "headers clock");
    assert_true(busy_us < 100000);
    bench_close(&bench);
}

static void
refuses_an_answer_that_is_compressed(void **state)
{
    (void)state;
    static const char *const headers[] = {"Content-Encoding: gzip\r\n",
                                          "content-encoding:deflate, gzip\r\n",
                                          "Transfer-Encoding: gzip, chunked\r\n"};
    struct bench bench;
    bench_open(&bench);
    for (size_t i = 0; i < 3; i++) {
        script_one(&bench, headers[i], "{}", STUB_CLOSES);
        assert_false(send_once(&bench));
        assert_int_equal(bench.failure.error.code, ERROR_UPSTREAM_INVALID);
        assert_int_equal(bench.failure.class, FAULT_PERMANENT);
        assert_null(strcasestr(bench.stub.head, "encoding"));
    }
    script_one(&bench, "Content-Encoding: identity\r\n", "{}", 0);
    assert_true(send_once(&bench));
    bench_close(&bench);
}

static void
gives_up_on_a_head_that_has_no_end(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench);
    struct strbuf head;
    strbuf_init(&head, &bench.arena, 1 << 17);
    strbuf_add_text(&head, "HTTP/1.1 200 X\r\n");
    while (head.length < 100000)
        strbuf_add_text(&head, "X-Filler: 0123456789012345678901234567890123456789\r\n");
    /* After early hints comes the head of the answer: for the stub it is a body. */
    const struct stub_answer after_hints = {103, NULL, head.data, STUB_CLOSES};
    stub_script(&bench.stub, &after_hints, 1);
    assert_false(send_once(&bench));
    assert_int_equal(bench.failure.error.code, ERROR_UPSTREAM_INVALID);
    assert_non_null(strstr(bench.failure.error.detail, "head"));
    bench_close(&bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_json_and_reads_the_answer),
        cmocka_unit_test(keeps_the_connection_for_the_next_call),
        cmocka_unit_test(never_asks_again_by_itself_when_a_kept_connection_has_gone),
        cmocka_unit_test(goes_where_each_call_says),
        cmocka_unit_test(hands_on_what_a_provider_says_about_retries),
        cmocka_unit_test(follows_no_redirect),
        cmocka_unit_test(speaks_nothing_but_http),
        cmocka_unit_test(reports_a_refused_connection_as_worth_a_retry),
        cmocka_unit_test(gives_up_on_an_answer_that_is_too_large),
        cmocka_unit_test(hands_a_stream_on_instead_of_keeping_it),
        cmocka_unit_test(collects_what_is_no_stream_or_has_no_taker),
        cmocka_unit_test(names_the_headers_clock),
        cmocka_unit_test(names_the_total_clock),
        cmocka_unit_test(names_the_first_token_clock_which_signs_of_life_do_not_satisfy),
        cmocka_unit_test(names_the_gap_clock_which_half_an_event_does_not_reset),
        cmocka_unit_test(resets_the_gap_clock_by_any_whole_event),
        cmocka_unit_test(names_the_connect_clock),
        cmocka_unit_test(keeps_the_connection_after_a_stream_of_which_enough_came),
        cmocka_unit_test(waits_for_no_end_after_enough_came),
        cmocka_unit_test(ends_when_the_taker_says_so),
        cmocka_unit_test(tells_a_stream_that_broke_off_from_one_that_ended),
        cmocka_unit_test(ends_as_soon_as_the_client_leaves),
        cmocka_unit_test(is_not_kept_busy_by_a_client_that_sends_more),
        cmocka_unit_test(sleeps_while_nothing_comes),
        cmocka_unit_test(refuses_an_answer_that_is_compressed),
        cmocka_unit_test(gives_up_on_a_head_that_has_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
