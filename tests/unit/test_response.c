/* Answers, and the one body of failure. */
#include "http/problem.h"
#include "http/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *if_none_match;

static const char *
header_of(void *carrier, const char *name)
{
    (void)carrier;
    return strcmp(name, "HTTP_IF_NONE_MATCH") == 0 ? if_none_match : NULL;
}

static const struct transport transport = {.parameter = header_of};
static struct request request;

static int
start(void **state)
{
    (void)state;
    request = (struct request){.transport = &transport, .path = "/v1/x%22", .id = "request-1"};
    if_none_match = NULL;
    return 0;
}

static int
clean(void **state)
{
    (void)state;
    arena_release(&request.arena);
    return 0;
}

static const char *
sent(const char *name)
{
    return response_header_value(&request, name);
}

static json_t *
body(void)
{
    return json_loadb(request.response.body, request.response.body_length, 0, NULL);
}

static const char *
member(const json_t *problem, const char *name)
{
    return json_string_value(json_object_get(problem, name));
}

static void
sends_no_header_with_a_control_character(void **state)
{
    (void)state;
    response_header(&request, "X-A", "a\r\nSet-Cookie: b");
    response_header(&request, "X-B", "a\x7f");
    response_header(&request, "X-C", "fine\there");
    assert_null(sent("X-A"));
    assert_null(sent("X-B"));
    assert_string_equal(sent("x-c"), "fine\there");
}

static void
replaces_a_header_of_the_same_name(void **state)
{
    (void)state;
    response_header(&request, "Age", "1");
    response_header(&request, "age", "2");
    assert_int_equal(request.response.header_count, 1);
    assert_string_equal(sent("Age"), "2");
}

static void
answers_failures_as_problems_with_what_older_clients_read(void **state)
{
    (void)state;
    struct error err = {0};
    error_set_retry(&err, ERROR_RATE_LIMITED, 7, "60 requests a minute, \"%s\"", "enough");
    response_header(&request, "ETag", "\"x\"");
    response_header(&request, "X-Kept", "yes");
    response_problem(&request, &err);
    assert_int_equal(request.response.status, 429);
    assert_string_equal(request.response.content_type, "application/problem+json");
    assert_string_equal(sent("Retry-After"), "7");
    assert_string_equal(sent("Cache-Control"), "no-store");
    assert_string_equal(sent("X-Kept"), "yes");
    assert_null(sent("ETag"));
    json_t *problem = body();
    assert_string_equal(member(problem, "type"), "/problems/rate_limited");
    assert_string_equal(member(problem, "title"), "Rate limit exceeded");
    assert_int_equal(json_integer_value(json_object_get(problem, "status")), 429);
    assert_string_equal(member(problem, "detail"), "60 requests a minute, \"enough\"");
    assert_string_equal(member(problem, "instance"), "/v1/x%22");
    assert_string_equal(member(problem, "code"), "rate_limited");
    assert_string_equal(member(problem, "request_id"), "request-1");
    assert_true(json_is_true(json_object_get(problem, "retryable")));
    assert_int_equal(json_integer_value(json_object_get(problem, "retry_after")), 7);
    assert_null(json_object_get(problem, "errors"));
    assert_true(json_is_false(json_object_get(problem, "success")));
    assert_string_equal(member(problem, "error"), "60 requests a minute, \"enough\"");
    assert_string_equal(member(problem, "error_code"), "RATE_LIMIT_EXCEEDED");
    assert_int_equal(strlen(member(problem, "timestamp")), 24);
    json_decref(problem);
}

static void
lists_bad_fields(void **state)
{
    (void)state;
    struct field_error second = {"b", "two", NULL}, first = {"a", "one", &second};
    struct error err = {.code = ERROR_VALIDATION_FAILED, .detail = "a one", .fields = &first};
    response_problem(&request, &err);
    json_t *problem = body();
    const json_t *errors = json_object_get(problem, "errors");
    assert_int_equal(json_array_size(errors), 2);
    assert_string_equal(member(json_array_get(errors, 0), "path"), "a");
    assert_string_equal(member(json_array_get(errors, 1), "message"), "two");
    json_decref(problem);
}

static void
asks_for_a_key_with_401(void **state)
{
    (void)state;
    struct error err = {0};
    error_set(&err, ERROR_UNAUTHORIZED, "an API key is needed");
    response_problem(&request, &err);
    assert_string_equal(sent("WWW-Authenticate"), "Bearer realm=\"hearth\"");
}

static void
stays_json_when_a_detail_is_no_utf8(void **state)
{
    (void)state;
    struct error err = {.code = ERROR_UPSTREAM_ERROR, .detail = "a\xff\xfe b \xc3"};
    response_problem(&request, &err);
    json_t *problem = body();
    assert_string_equal(member(problem, "detail"), "a\xef\xbf\xbd\xef\xbf\xbd b \xef\xbf\xbd");
    json_decref(problem);
}

static void
answers_problems_as_their_schema_says(void **state)
{
    (void)state;
    struct field_error field = {"a", "one", NULL};
    struct error err = {
        .code = ERROR_VALIDATION_FAILED, .detail = "x", .retry_after_s = 3, .fields = &field};
    response_problem(&request, &err);
    struct error none = {0};
    const json_t *document =
        schema_parse(request.response.body, request.response.body_length, &request.arena, &none);
    assert_non_null(document);
    assert_non_null(schema_decode(&problem_schema, document, "", &request.arena, &none));
}

static void
answers_304_to_who_has_the_document(void **state)
{
    (void)state;
    response_document(&request, "text/plain", "hello", 5);
    assert_int_equal(request.response.status, 200);
    const char *tag = sent("ETag");
    assert_int_equal(strlen(tag), 34);
    const char *const matching[] = {tag, "*", arena_printf(&request.arena, "\"a\", W/%s", tag)};
    for (size_t i = 0; i < 3; i++) {
        if_none_match = matching[i];
        response_document(&request, "text/plain", "hello", 5);
        assert_int_equal(request.response.status, 304);
        assert_null(request.response.body);
        assert_string_equal(sent("ETag"), tag);
    }
    static const char *const others[] = {"\"a\"", "", ",", "W/\"a\", b", "\"unended"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if_none_match = others[i];
        response_document(&request, "text/plain", "hello", 5);
        assert_int_equal(request.response.status, 200);
    }
    assert_string_equal(sent("Cache-Control"), "no-cache");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, clean)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sends_no_header_with_a_control_character),
        TEST(replaces_a_header_of_the_same_name),
        TEST(answers_failures_as_problems_with_what_older_clients_read),
        TEST(lists_bad_fields),
        TEST(asks_for_a_key_with_401),
        TEST(stays_json_when_a_detail_is_no_utf8),
        TEST(answers_problems_as_their_schema_says),
        TEST(answers_304_to_who_has_the_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
