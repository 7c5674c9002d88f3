/* The dispatcher, over a carrier made of texts and a few routes. */
#include <setjmp.h>
#include <ftw.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/caller.h"
#include "access/keyring.h"
#include "apps/dispatch.h"
#include "apps/meters.h"
#include "base/clock.h"
#include "http/event_stream.h"
#include "http/route.h"
#include "host/error_rate.h"
#include "host/metrics.h"

struct echo {
    const char *word;
};

static const struct field echo_fields[] = {
    STRING(struct echo, word, .flags = FIELD_REQUIRED, .min = 2, .max = 5), {0}};
static const struct schema echo_schema = {
    .name = "Echo", .size = sizeof(struct echo), .fields = echo_fields};

static int handled;

static bool
echo(struct request *request, struct error *err)
{
    (void)err;
    handled++;
    response_json(request, 200, &echo_schema, request->input);
    return true;
}

static bool
hello(struct request *request, struct error *err)
{
    (void)err;
    handled++;
    static const struct echo value = {"hello"};
    response_json(request, 200, &echo_schema, &value);
    return true;
}

static bool
slow(struct request *request, struct error *err)
{
    handled++;
    if (!request->may_wait)
        return error_set(err, ERROR_WOULD_WAIT, "nothing cached");
    return hello(request, err);
}

static bool
broken(struct request *request, struct error *err)
{
    (void)request;
    return error_set_retry(err, ERROR_UPSTREAM_ERROR, 7, "the provider is gone");
}

/* Streams, and then does what the query says. */
static bool
stream(struct request *request, struct error *err)
{
    struct event_stream events;
    event_stream_init(&events, request);
    event_stream_send(&events, NULL, "1", 1);
    if (strcmp(request->query, "fails") == 0)
        return error_set(err, ERROR_UPSTREAM_ERROR, "the provider is gone");
    if (strcmp(request->query, "waits") == 0)
        return error_set(err, ERROR_WOULD_WAIT, "nothing cached");
    return true;
}

static const struct route routes[] = {
    {METHOD_POST, "/v1/echo", echo, ROUTE_KEY, LIMIT_PROCESS, .request = &echo_schema,
     .response = &echo_schema, .body_max_bytes = 64, .operation_id = "echo"},
    {METHOD_GET, "/v1/hello", hello, .limit = LIMIT_NONE, .operation_id = "hello"},
    {METHOD_GET, "/v1/slow", slow, .limit = LIMIT_NONE, .operation_id = "slow"},
    {METHOD_GET, "/v1/waits", hello, ROUTE_WAITS, LIMIT_NONE, .operation_id = "waits"},
    {METHOD_GET, "/v1/broken", broken, .limit = LIMIT_NONE, .operation_id = "broken"},
    {METHOD_GET, "/v1/stream", stream, .limit = LIMIT_NONE, .operation_id = "stream"},
    {METHOD_GET, "/v1/debug", hello, ROUTE_NOT_IN_PRODUCTION, LIMIT_NONE, .operation_id = "debug"},
    {METHOD_GET, "/plain", hello, ROUTE_UNVERSIONED, LIMIT_NONE, .operation_id = "plain"},
    {0},
};
static const struct route *const tables[] = {routes, NULL};
static const struct route_area areas[] = {{"/v1/echo", ERRORS_OPENAI}, {NULL, ERRORS_PROBLEM}};

static struct settings settings;
static struct access access_parts;
static struct service service;
static char directory[] = "/tmp/hearth-dispatch-XXXXXX";

struct exchange {
    const char *const *headers; /* pairs of CGI name and value */
    const char *body;
    size_t read, sent, headers_begun;
    struct request request;
};

static const char *
parameter(void *carrier, const char *name)
{
    const struct exchange *exchange = carrier;
    for (const char *const *pair = exchange->headers; pair[0]; pair += 2)
        if (strcmp(pair[0], name) == 0)
            return pair[1];
    return NULL;
}

static long
read_body(void *carrier, char *bytes, size_t size)
{
    struct exchange *exchange = carrier;
    size_t left = exchange->body ? strlen(exchange->body) - exchange->read : 0;
    size_t count = left < size ? left : size;
    if (count > 0)
        memcpy(bytes, exchange->body + exchange->read, count);
    exchange->read += count;
    return (long)count;
}

static bool
begin(void *carrier, struct request *request)
{
    struct exchange *exchange = carrier;
    exchange->headers_begun = request->response.header_count;
    return true;
}

static bool
send_bytes(void *carrier, const char *bytes, size_t length)
{
    struct exchange *exchange = carrier;
    (void)bytes;
    exchange->sent += length;
    return true;
}

static const struct transport transport = {
    .parameter = parameter, .read_body = read_body, .begin = begin, .send = send_bytes};

#define HEADERS(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL, NULL})
#define GOOD_KEY "HTTP_X_API_KEY", "a-good-key"
#define JSON_TYPE "CONTENT_TYPE", "application/json"

static enum dispatch_result
start(struct exchange *exchange, const char *const *headers, const char *body)
{
    *exchange = (struct exchange){.headers = headers, .body = body};
    exchange->request.transport = &transport;
    exchange->request.carrier = exchange;
    exchange->request.service = &service;
    return dispatch(&exchange->request);
}

static int
finish(struct exchange *exchange)
{
    int status = exchange->request.response.status;
    dispatch_finish(&exchange->request, true);
    arena_release(&exchange->request.arena);
    return status;
}

static int
status_of(const char *const *headers, const char *body)
{
    struct exchange exchange;
    assert_int_equal(start(&exchange, headers, body), DISPATCH_DONE);
    return finish(&exchange);
}

static const char *
header(const struct exchange *exchange, const char *name)
{
    return response_header_value(&exchange->request, name);
}

static bool
body_holds(const struct exchange *exchange, const char *text)
{
    const struct response *response = &exchange->request.response;
    return response->body && memmem(response->body, response->body_length, text, strlen(text));
}

#define POST_ECHO "REQUEST_METHOD", "POST", "REQUEST_URI", "/v1/echo", "REMOTE_ADDR", "10.0.0.1"
#define GET(path) "REQUEST_METHOD", "GET", "REQUEST_URI", path, "REMOTE_ADDR", "10.0.0.1"

static void
answers_checked_data(void **state)
{
    (void)state;
    struct exchange exchange;
    start(&exchange, HEADERS(POST_ECHO, GOOD_KEY, JSON_TYPE), "{\"word\":\"abc\"}");
    assert_true(body_holds(&exchange, "{\"word\":\"abc\"}"));
    assert_string_equal(header(&exchange, "Cache-Control"), "no-store");
    assert_string_equal(header(&exchange, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(header(&exchange, "X-Request-Id"), exchange.request.id);
    assert_int_equal(strlen(exchange.request.id), 36);
    assert_non_null(header(&exchange, "Server-Timing"));
    assert_int_equal(finish(&exchange), 200);
}

static void
refuses_in_the_order_of_the_contract(void **state)
{
    (void)state;
    static const char good[] = "{\"word\":\"abc\"}";
    assert_int_equal(status_of(HEADERS(GET("/nowhere")), NULL), 404);
    assert_int_equal(status_of(HEADERS(GET("/v1/echo")), NULL), 405);
    assert_int_equal(status_of(HEADERS(POST_ECHO, JSON_TYPE), good), 401);
    assert_int_equal(
        status_of(HEADERS(POST_ECHO, JSON_TYPE, "HTTP_AUTHORIZATION", "Bearer no"), good), 401);
    assert_int_equal(status_of(HEADERS(POST_ECHO, GOOD_KEY), good), 415);
    assert_int_equal(status_of(HEADERS(POST_ECHO, GOOD_KEY, "CONTENT_TYPE", "text/plain"), good),
                     415);
    assert_int_equal(
        status_of(HEADERS(POST_ECHO, GOOD_KEY, "CONTENT_TYPE", "application/json; charset=latin1"),
                  good),
        415);
    assert_int_equal(status_of(HEADERS(POST_ECHO, GOOD_KEY, JSON_TYPE), "{\"word\":"), 400);
    assert_int_equal(status_of(HEADERS(POST_ECHO, GOOD_KEY, JSON_TYPE), ""), 400);
    assert_int_equal(status_of(HEADERS(POST_ECHO, GOOD_KEY, JSON_TYPE), "{\"word\":\"a\"}"), 422);
    assert_int_equal(status_of(HEADERS(POST_ECHO, GOOD_KEY, JSON_TYPE), "{}"), 422);
    assert_int_equal(status_of(HEADERS(GET("/v1/hello"), JSON_TYPE), "{}"), 415);
}

static void
accepts_json_by_any_of_its_names(void **state)
{
    (void)state;
    static const char good[] = "{\"word\":\"abc\"}";
    static const char *const types[] = {"application/json", "Application/JSON; charset=UTF-8",
                                        "application/problem+json",
                                        "application/json;charset=\"utf-8\""};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(status_of(HEADERS(POST_ECHO, GOOD_KEY, "CONTENT_TYPE", types[i]), good),
                         200);
}

static void
counts_the_body_itself(void **state)
{
    (void)state;
    char large[200];
    memset(large, ' ', sizeof(large));
    large[sizeof(large) - 1] = '\0';
    memcpy(large, "{\"word\":\"abc\"}", 14);
    assert_int_equal(status_of(HEADERS(POST_ECHO, GOOD_KEY, JSON_TYPE), large), 413);
    assert_int_equal(
        status_of(HEADERS(POST_ECHO, GOOD_KEY, JSON_TYPE, "CONTENT_LENGTH", "14"), large), 413);
    assert_int_equal(
        status_of(HEADERS(POST_ECHO, GOOD_KEY, JSON_TYPE, "CONTENT_LENGTH", "999"), large), 413);
    assert_int_equal(
        status_of(HEADERS(POST_ECHO, GOOD_KEY, JSON_TYPE, "CONTENT_LENGTH", "-1"), "{}"), 400);
    large[64] = '\0';
    assert_int_equal(status_of(HEADERS(POST_ECHO, GOOD_KEY, JSON_TYPE), large), 200);
    large[64] = ' ';
    large[65] = '\0';
    assert_int_equal(status_of(HEADERS(POST_ECHO, GOOD_KEY, JSON_TYPE), large), 413);
}

static void
says_which_methods_a_path_has(void **state)
{
    (void)state;
    struct exchange exchange;
    start(&exchange, HEADERS("REQUEST_METHOD", "DELETE", "REQUEST_URI", "/v1/hello"), NULL);
    assert_non_null(strstr(header(&exchange, "Allow"), "GET"));
    assert_int_equal(finish(&exchange), 405);
    start(&exchange, HEADERS("REQUEST_METHOD", "OPTIONS", "REQUEST_URI", "/v1/hello"), NULL);
    assert_non_null(strstr(header(&exchange, "Allow"), "GET"));
    assert_int_equal(finish(&exchange), 204);
    assert_int_equal(status_of(HEADERS("REQUEST_METHOD", "HEAD", "REQUEST_URI", "/v1/hello"), NULL),
                     200);
}

static void
tells_of_what_has_no_row_as_those_around_its_path_do(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *type;
    } cases[] = {
        {"DELETE", "/v1/echo", "application/json"},
        {"GET", "/v1/echo/more", "application/json"},
        {"GET", "/v2/echo/more", "application/json"},
        {"GET", "/echo/more", "application/json"},
        {"GET", "/v1/echoes", "application/problem+json"},
        {"DELETE", "/v1/hello", "application/problem+json"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct exchange exchange;
        start(&exchange, HEADERS("REQUEST_METHOD", cases[i].method, "REQUEST_URI", cases[i].path),
              NULL);
        assert_string_equal(exchange.request.response.content_type, cases[i].type);
        assert_true(finish(&exchange) >= 404);
    }
}

static void
answers_every_version_and_none_from_one_row(void **state)
{
    (void)state;
    static const struct {
        const char *path, *name, *value, *version, *source;
    } cases[] = {
        {"/v1/hello", "X", "", "1.0", "path"},
        {"/v2/hello", "X", "", "2.0", "path"},
        {"/hello", "X", "", "1.0", "default"},
        {"/hello", "HTTP_API_VERSION", "2", "2.0", "header"},
        {"/hello", "HTTP_X_API_VERSION", "v2.0", "2.0", "header"},
        {"/hello", "HTTP_VERSION", "1.7", "1.0", "header"},
        {"/hello?version=2.0", "X", "", "2.0", "query"},
        {"/hello?a=b&api_version=1", "X", "", "1.0", "query"},
        {"/hello", "HTTP_ACCEPT", "application/vnd.hearth+json;version=2.0", "2.0", "accept"},
        {"/hello", "HTTP_ACCEPT", "text/html, */*;version=9", "1.0", "default"},
        {"/v1/hello", "HTTP_API_VERSION", "2.0", "1.0", "path"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct exchange exchange;
        start(&exchange, HEADERS(GET(cases[i].path), cases[i].name, cases[i].value), NULL);
        assert_string_equal(header(&exchange, "X-API-Version"), cases[i].version);
        assert_string_equal(header(&exchange, "X-API-Version-Detection"), cases[i].source);
        assert_int_equal(finish(&exchange), 200);
    }
}

static void
names_the_supported_versions_when_refusing_one(void **state)
{
    (void)state;
    struct exchange exchange;
    start(&exchange, HEADERS(GET("/v3/hello")), NULL);
    assert_true(body_holds(&exchange, "api_version_not_supported"));
    assert_true(body_holds(&exchange, "1.0, 2.0"));
    assert_int_equal(finish(&exchange), 400);
    assert_int_equal(status_of(HEADERS(GET("/hello"), "HTTP_API_VERSION", "latest"), NULL), 400);
    assert_int_equal(status_of(HEADERS(GET("/plain"), "HTTP_API_VERSION", "latest"), NULL), 200);
}

static void
moves_what_must_wait_and_admits_it_once(void **state)
{
    (void)state;
    struct exchange exchange;
    handled = 0;
    assert_int_equal(start(&exchange, HEADERS(GET("/v1/slow")), NULL), DISPATCH_WAIT);
    exchange.headers = HEADERS();
    exchange.request.may_wait = true;
    assert_int_equal(dispatch(&exchange.request), DISPATCH_DONE);
    assert_int_equal(handled, 3);
    assert_int_equal(finish(&exchange), 200);

    handled = 0;
    assert_int_equal(start(&exchange, HEADERS(GET("/v1/waits")), NULL), DISPATCH_WAIT);
    assert_int_equal(handled, 0);
    dispatch_refuse(&exchange.request);
    assert_string_equal(header(&exchange, "Retry-After"), "1");
    assert_int_equal(finish(&exchange), 503);
}

static void
takes_a_request_id_only_when_it_is_well_formed(void **state)
{
    (void)state;
    struct exchange exchange;
    start(&exchange, HEADERS(GET("/hello"), "HTTP_X_REQUEST_ID", "abc-12345"), NULL);
    assert_string_equal(header(&exchange, "X-Request-Id"), "abc-12345");
    finish(&exchange);
    start(&exchange, HEADERS(GET("/hello"), "HTTP_X_REQUEST_ID", "a\r\nSet-Cookie: x"), NULL);
    assert_int_equal(strlen(header(&exchange, "X-Request-Id")), 36);
    finish(&exchange);
}

static void
hides_what_production_must_not_show(void **state)
{
    (void)state;
    assert_int_equal(status_of(HEADERS(GET("/v1/debug")), NULL), 200);
    settings.production = true;
    assert_int_equal(status_of(HEADERS(GET("/v1/debug")), NULL), 404);
    settings.production = false;
}

static void
passes_errors_of_handlers_on_with_their_advice(void **state)
{
    (void)state;
    struct exchange exchange;
    start(&exchange, HEADERS(GET("/v1/broken")), NULL);
    assert_string_equal(header(&exchange, "Retry-After"), "7");
    assert_true(body_holds(&exchange, "upstream_error"));
    assert_int_equal(finish(&exchange), 502);
}

static void
lets_listed_origins_read_and_no_others(void **state)
{
    (void)state;
    struct exchange exchange;
    settings.allowed_origins = "[\"https://a.example\", \"https://b.example\"]";
    start(&exchange, HEADERS(GET("/hello"), "HTTP_ORIGIN", "https://b.example"), NULL);
    assert_string_equal(header(&exchange, "Access-Control-Allow-Origin"), "https://b.example");
    assert_string_equal(header(&exchange, "Access-Control-Allow-Credentials"), "true");
    assert_string_equal(header(&exchange, "Vary"), "Origin");
    static const char *const told[] = {"X-Model", "X-Attempts", "X-Upstream-Ms", "X-Overhead-Ms"};
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        assert_non_null(strstr(header(&exchange, "Access-Control-Expose-Headers"), told[i]));
    finish(&exchange);
    start(&exchange, HEADERS(GET("/hello"), "HTTP_ORIGIN", "https://b.example.evil"), NULL);
    assert_null(header(&exchange, "Access-Control-Allow-Origin"));
    assert_string_equal(header(&exchange, "Vary"), "Origin");
    finish(&exchange);
    settings.allowed_origins = "*";
    start(&exchange, HEADERS(GET("/hello"), "HTTP_ORIGIN", "https://c.example"), NULL);
    assert_string_equal(header(&exchange, "Access-Control-Allow-Origin"), "*");
    assert_null(header(&exchange, "Access-Control-Allow-Credentials"));
    finish(&exchange);
    settings.allowed_origins = NULL;
}

static void
lets_pages_of_local_development_read_except_in_production(void **state)
{
    (void)state;
    struct exchange exchange;
    settings.allowed_origins = "";
    start(&exchange, HEADERS(GET("/hello"), "HTTP_ORIGIN", "http://frontend:8501"), NULL);
    assert_string_equal(header(&exchange, "Access-Control-Allow-Origin"), "http://frontend:8501");
    finish(&exchange);
    settings.production = true;
    start(&exchange, HEADERS(GET("/hello"), "HTTP_ORIGIN", "http://localhost:3000"), NULL);
    assert_null(header(&exchange, "Access-Control-Allow-Origin"));
    finish(&exchange);
    settings.production = false;
    settings.allowed_origins = NULL;
}

static void
answers_a_preflight_without_a_key(void **state)
{
    (void)state;
    struct exchange exchange;
    start(&exchange,
          HEADERS("REQUEST_METHOD", "OPTIONS", "REQUEST_URI", "/v1/echo", "HTTP_ORIGIN",
                  "http://localhost:3000", "HTTP_ACCESS_CONTROL_REQUEST_METHOD", "POST"),
          NULL);
    assert_non_null(strstr(header(&exchange, "Access-Control-Allow-Methods"), "POST"));
    assert_non_null(strstr(header(&exchange, "Access-Control-Allow-Headers"), "X-API-Key"));
    assert_non_null(header(&exchange, "Access-Control-Max-Age"));
    assert_int_equal(finish(&exchange), 204);
}

/* What a preflight for these headers is allowed. */
static const char *
allowed_headers(struct exchange *exchange, const char *wanted)
{
    start(exchange,
          HEADERS("REQUEST_METHOD", "OPTIONS", "REQUEST_URI", "/v1/echo", "HTTP_ORIGIN",
                  "http://localhost:3000", "HTTP_ACCESS_CONTROL_REQUEST_METHOD", "POST",
                  "HTTP_ACCESS_CONTROL_REQUEST_HEADERS", wanted),
          NULL);
    return header(exchange, "Access-Control-Allow-Headers");
}

static void
allows_every_header_that_a_browser_asks_for_by_a_name(void **state)
{
    (void)state;
    struct exchange exchange;
    assert_string_equal(allowed_headers(&exchange, "content-type, x-mine"), "content-type, x-mine");
    assert_int_equal(finish(&exchange), 204);
    assert_non_null(strstr(allowed_headers(&exchange, "x-mine; <script>"), "X-API-Key"));
    assert_int_equal(finish(&exchange), 204);
    char long_list[2100];
    memset(long_list, 'x', sizeof(long_list) - 1);
    long_list[sizeof(long_list) - 1] = '\0';
    assert_non_null(strstr(allowed_headers(&exchange, long_list), "X-API-Key"));
    assert_int_equal(finish(&exchange), 204);
}

static void
takes_no_body_that_is_shorter_than_announced(void **state)
{
    (void)state;
    static const char body[] = "{\"word\":\"abc\"}";
    assert_int_equal(
        status_of(HEADERS(POST_ECHO, GOOD_KEY, JSON_TYPE, "CONTENT_LENGTH", "14"), body), 200);
    assert_int_equal(
        status_of(HEADERS(POST_ECHO, GOOD_KEY, JSON_TYPE, "CONTENT_LENGTH", "15"), body), 499);
}

static void
limits_a_client_and_says_when_to_come_back(void **state)
{
    (void)state;
    settings.rate_limiting = true;
    settings.rate_limit_process = (struct rate){2, 60};
    struct exchange exchange;
    for (int i = 0; i < 2; i++) {
        start(&exchange, HEADERS(POST_ECHO, GOOD_KEY, JSON_TYPE), "{\"word\":\"abc\"}");
        assert_string_equal(header(&exchange, "RateLimit-Policy"), "\"process\";q=2;w=60");
        assert_string_equal(header(&exchange, "X-RateLimit-Remaining"), i == 0 ? "1" : "0");
        assert_int_equal(finish(&exchange), 200);
    }
    start(&exchange, HEADERS(POST_ECHO, GOOD_KEY, JSON_TYPE), "{\"word\":\"abc\"}");
    assert_non_null(header(&exchange, "Retry-After"));
    const char *rate_limit = header(&exchange, "RateLimit");
    assert_non_null(strstr(rate_limit, "\"process\";r=0;t="));
    assert_string_equal(header(&exchange, "X-RateLimit-Reset"), strstr(rate_limit, "t=") + 2);
    assert_string_equal(header(&exchange, "X-RateLimit-Window"), "60");
    assert_string_equal(header(&exchange, "X-RateLimit-Rule"), "process");
    assert_non_null(strstr(exchange.request.response.body, "\"limit\":2,\"window_seconds\":60,"
                                                           "\"retry_after_seconds\":"));
    assert_int_equal(finish(&exchange), 429);
    settings.rate_limiting = false;
}

static void
throttles_those_who_guess_keys(void **state)
{
    (void)state;
    settings.rate_limiting = true;
    settings.rate_limit_auth = (struct rate){3, 300};
    settings.rate_limit_process = (struct rate){100, 1};
    const char *const *guess = HEADERS(POST_ECHO, JSON_TYPE, "HTTP_X_API_KEY", "guess");
    for (int i = 0; i < 3; i++)
        assert_int_equal(status_of(guess, "{}"), 401);
    assert_int_equal(status_of(guess, "{}"), 429);
    settings.rate_limiting = false;
}

static void
refuses_paths_that_play_tricks(void **state)
{
    (void)state;
    static const char *const paths[] = {"/../v1/hello",
                                        "/v1/%2e%2e/hello",
                                        "/v1/hel%00lo",
                                        "/v1/%zz",
                                        "/v1/\xff",
                                        "v1/hello",
                                        "*",
                                        ""};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int status = status_of(HEADERS("REQUEST_METHOD", "GET", "REQUEST_URI", paths[i]), NULL);
        assert_true(status == 400 || status == 404);
    }
}

static char *variables[140];

static char *const *
list_parameters(void *carrier)
{
    (void)carrier;
    return variables;
}

static int
status_of_listed(size_t headers)
{
    static const struct transport listed = {
        .parameter = parameter, .read_body = read_body, .parameters = list_parameters};
    static char text[] = "HTTP_X_ANOTHER=1";
    size_t count = 0;
    variables[count++] = (char[]){"REQUEST_METHOD=GET"};
    variables[count++] = (char[]){"REQUEST_URI=/hello?version=2.0"};
    variables[count++] = (char[]){"=nameless"};
    variables[count++] = (char[]){"valueless"};
    while (headers-- > 0)
        variables[count++] = text;
    variables[count] = NULL;
    struct exchange exchange = {.headers = HEADERS()};
    exchange.request.transport = &listed;
    exchange.request.carrier = &exchange;
    exchange.request.service = &service;
    assert_int_equal(dispatch(&exchange.request), DISPATCH_DONE);
    return finish(&exchange);
}

static void
reads_a_list_of_variables_and_bounds_its_headers(void **state)
{
    (void)state;
    assert_int_equal(status_of_listed(100), 200);
    assert_int_equal(status_of_listed(101), 431);
}

static void
counts_answers_by_route_and_status(void **state)
{
    (void)state;
    uint64_t before =
        metrics_sum(service.host, METRIC_HTTP_REQUESTS, "route=\"plain\",status=\"200\"");
    for (int i = 0; i < 3; i++)
        assert_int_equal(status_of(HEADERS(GET("/plain")), NULL), 200);
    uint64_t after =
        metrics_sum(service.host, METRIC_HTTP_REQUESTS, "route=\"plain\",status=\"200\"");
    assert_int_equal(after - before, 3);
}

static uint64_t
streams(const char *outcome)
{
    return metrics_sum(service.host, METRIC_STREAMS, outcome);
}

static void
begins_a_stream_with_the_headers_of_every_answer(void **state)
{
    (void)state;
    struct exchange exchange;
    uint64_t before = streams("complete");
    assert_int_equal(start(&exchange, HEADERS(GET("/v1/stream")), NULL), DISPATCH_DONE);
    const struct request *request = &exchange.request;
    assert_non_null(response_header_value(request, "X-Request-Id"));
    assert_non_null(response_header_value(request, "X-Content-Type-Options"));
    assert_string_equal(response_header_value(request, "Cache-Control"), "no-cache, no-transform");
    assert_int_equal(request->response.header_count, exchange.headers_begun);
    assert_int_equal(exchange.sent, strlen("data: 1\n\n"));
    assert_true(request->timing.answered_us > 0);
    assert_int_equal(finish(&exchange), 200);
    assert_int_equal(streams("complete") - before, 1);
}

static void
leaves_a_stream_that_breaks_off_as_it_is_and_counts_it(void **state)
{
    (void)state;
    static const char *const queries[] = {"fails", "waits"};
    for (size_t i = 0; i < 2; i++) {
        struct exchange exchange;
        char target[40];
        uint64_t before = streams("incomplete");
        snprintf(target, sizeof(target), "/v1/stream?%s", queries[i]);
        assert_int_equal(start(&exchange, HEADERS(GET(target)), NULL), DISPATCH_DONE);
        assert_int_equal(exchange.request.response.header_count, exchange.headers_begun);
        assert_null(exchange.request.response.body);
        assert_int_equal(finish(&exchange), 200);
        assert_int_equal(streams("incomplete") - before, 1);
    }
}

static int64_t
errors(void)
{
    return error_rate_now(service.host, clock_monotonic_us()).errors;
}

static void
takes_a_client_that_left_a_stream_for_no_error_of_ours(void **state)
{
    (void)state;
    static const bool sent[] = {true, false};
    for (size_t i = 0; i < 2; i++) {
        struct exchange exchange;
        uint64_t before = streams("client_gone");
        int64_t errors_before = errors();
        assert_int_equal(start(&exchange, HEADERS(GET("/v1/stream?fails")), NULL), DISPATCH_DONE);
        dispatch_finish(&exchange.request, sent[i]);
        arena_release(&exchange.request.arena);
        assert_int_equal(streams("client_gone") - before, !sent[i]);
        assert_int_equal(errors() - errors_before, sent[i]);
    }
}

static void
keeps_the_parsed_body_beside_the_decoded_one(void **state)
{
    (void)state;
    struct exchange exchange;
    start(&exchange,
          HEADERS("REQUEST_METHOD", "POST", "REQUEST_URI", "/v1/echo", JSON_TYPE, GOOD_KEY),
          "{\"word\": \"hello\"}");
    assert_string_equal(json_string_value(json_object_get(exchange.request.document, "word")),
                        "hello");
    assert_int_equal(finish(&exchange), 200);
}

static int
open_service(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    settings = (struct settings){.api_key = "a-good-key",
                                 .max_request_bytes = 1024,
                                 .security_headers = true,
                                 .rate_limit_scope = "host",
                                 .api_versioning = true};
    access_parts = (struct access){.settings = &settings, .keyring = keyring_new(&settings)};
    struct error err = {0};
    service = (struct service){.settings = &settings,
                               .host = host_open(directory, 1 << 20, &err),
                               .access = &access_parts,
                               .routes = tables,
                               .route_index = route_index_new(tables),
                               .areas = areas};
    access_parts.host = service.host;
    if (!service.host)
        return -1;
    service.meters = meters_new(service.host);
    return 0;
}

static int
remove_entry(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about, (void)kind, (void)place;
    return remove(path);
}

static int
close_service(void **state)
{
    (void)state;
    route_index_free(service.route_index);
    meters_free(service.meters);
    keyring_free(access_parts.keyring);
    host_close(service.host);
    nftw(directory, remove_entry, 4, FTW_DEPTH | FTW_PHYS);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_checked_data),
        cmocka_unit_test(refuses_in_the_order_of_the_contract),
        cmocka_unit_test(accepts_json_by_any_of_its_names),
        cmocka_unit_test(counts_the_body_itself),
        cmocka_unit_test(says_which_methods_a_path_has),
        cmocka_unit_test(tells_of_what_has_no_row_as_those_around_its_path_do),
        cmocka_unit_test(answers_every_version_and_none_from_one_row),
        cmocka_unit_test(names_the_supported_versions_when_refusing_one),
        cmocka_unit_test(moves_what_must_wait_and_admits_it_once),
        cmocka_unit_test(takes_a_request_id_only_when_it_is_well_formed),
        cmocka_unit_test(hides_what_production_must_not_show),
        cmocka_unit_test(passes_errors_of_handlers_on_with_their_advice),
        cmocka_unit_test(lets_listed_origins_read_and_no_others),
        cmocka_unit_test(lets_pages_of_local_development_read_except_in_production),
        cmocka_unit_test(answers_a_preflight_without_a_key),
        cmocka_unit_test(allows_every_header_that_a_browser_asks_for_by_a_name),
        cmocka_unit_test(takes_no_body_that_is_shorter_than_announced),
        cmocka_unit_test(limits_a_client_and_says_when_to_come_back),
        cmocka_unit_test(throttles_those_who_guess_keys),
        cmocka_unit_test(refuses_paths_that_play_tricks),
        cmocka_unit_test(reads_a_list_of_variables_and_bounds_its_headers),
        cmocka_unit_test(counts_answers_by_route_and_status),
        cmocka_unit_test(begins_a_stream_with_the_headers_of_every_answer),
        cmocka_unit_test(leaves_a_stream_that_breaks_off_as_it_is_and_counts_it),
        cmocka_unit_test(takes_a_client_that_left_a_stream_for_no_error_of_ours),
        cmocka_unit_test(keeps_the_parsed_body_beside_the_decoded_one),
    };
    return cmocka_run_group_tests(tests, open_service, close_service);
}
