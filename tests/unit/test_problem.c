/* Failures in the styles of their routes. */
#include "http/problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *anthropic_version;

static const char *
header_of(void *carrier, const char *name)
{
    (void)carrier;
    return strcmp(name, "HTTP_ANTHROPIC_VERSION") == 0 ? anthropic_version : NULL;
}

static const struct transport transport = {.parameter = header_of};
static const struct route openai_route = {.errors = ERRORS_OPENAI};
static const struct route anthropic_route = {.errors = ERRORS_ANTHROPIC};
static const struct route either_route = {.errors = ERRORS_EITHER};
static const struct route fields_route = {.errors = ERRORS_FIELDS};
static struct request request;
static json_t *answer;

static int
start(void **state)
{
    (void)state;
    request = (struct request){.transport = &transport, .path = "/v1/x", .id = "request-1"};
    anthropic_version = NULL;
    answer = NULL;
    return 0;
}

static int
clean(void **state)
{
    (void)state;
    json_decref(answer);
    arena_release(&request.arena);
    return 0;
}

static void
answer_failure(const struct route *route, const struct error *err)
{
    request.route = route;
    request.response = (struct response){0};
    response_problem(&request, err);
    json_decref(answer);
    answer = json_loadb(request.response.body, request.response.body_length, 0, NULL);
    assert_non_null(answer);
}

static void
answer_code(const struct route *route, enum error_code code)
{
    struct error err = {.code = code, .detail = "so it is"};
    answer_failure(route, &err);
}

static const char *
text(const char *member)
{
    const json_t *error = json_object_get(answer, "error");
    return json_string_value(json_object_get(error, member));
}

static const char *
sent(const char *name)
{
    return response_header_value(&request, name);
}

static void
tells_openai_clients_an_error_object_with_a_code_in_text(void **state)
{
    (void)state;
    answer_code(&openai_route, ERROR_MODEL_NOT_FOUND);
    assert_int_equal(request.response.status, 404);
    assert_string_equal(request.response.content_type, "application/json");
    assert_int_equal(json_object_size(answer), 1);
    assert_string_equal(text("message"), "so it is");
    assert_string_equal(text("type"), "not_found_error");
    assert_string_equal(text("code"), "model_not_found");
    assert_string_equal(text("request_id"), "request-1");
    const json_t *error = json_object_get(answer, "error");
    assert_true(json_is_null(json_object_get(error, "param")));
    assert_null(json_object_get(error, "attempts"));
}

static void
tells_anthropic_clients_their_error_object(void **state)
{
    (void)state;
    answer_code(&anthropic_route, ERROR_OVERLOADED);
    assert_int_equal(request.response.status, 503);
    assert_string_equal(json_string_value(json_object_get(answer, "type")), "error");
    assert_string_equal(json_string_value(json_object_get(answer, "request_id")), "request-1");
    assert_string_equal(text("type"), "overloaded_error");
    assert_string_equal(text("message"), "so it is");
}

static void
tells_what_has_no_route_as_the_area_of_its_path_does(void **state)
{
    (void)state;
    static const struct route_area either = {"/v1/x", ERRORS_EITHER};
    answer_code(NULL, ERROR_NOT_FOUND);
    assert_string_equal(request.response.content_type, "application/problem+json");
    request.area = &either;
    answer_code(NULL, ERROR_NOT_FOUND);
    assert_string_equal(request.response.content_type, "application/json");
    assert_string_equal(text("code"), "not_found");
    anthropic_version = "2023-06-01";
    answer_code(NULL, ERROR_METHOD_NOT_ALLOWED);
    assert_int_equal(request.response.status, 405);
    assert_string_equal(text("type"), "invalid_request_error");
    assert_string_equal(json_string_value(json_object_get(answer, "type")), "error");
}

static void
has_a_class_for_every_code(void **state)
{
    (void)state;
    static const struct {
        enum error_code code;
        int status;
        const char *openai, *anthropic;
    } rows[] = {
        {ERROR_MALFORMED_REQUEST, 400, "invalid_request_error", "invalid_request_error"},
        {ERROR_VALIDATION_FAILED, 400, "invalid_request_error", "invalid_request_error"},
        {ERROR_UNAUTHORIZED, 401, "authentication_error", "authentication_error"},
        {ERROR_FORBIDDEN, 403, "permission_error", "permission_error"},
        {ERROR_REQUEST_TOO_LARGE, 413, "invalid_request_error", "request_too_large"},
        {ERROR_UNSUPPORTED_MEDIA_TYPE, 415, "invalid_request_error", "invalid_request_error"},
        {ERROR_RATE_LIMITED, 429, "rate_limit_error", "rate_limit_error"},
        {ERROR_INTERNAL, 500, "api_error", "api_error"},
        {ERROR_UPSTREAM_ERROR, 502, "api_error", "api_error"},
        {ERROR_CIRCUIT_OPEN, 503, "api_error", "overloaded_error"},
        {ERROR_UPSTREAM_TIMEOUT, 504, "api_error", "timeout_error"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        answer_code(&openai_route, rows[i].code);
        assert_int_equal(request.response.status, rows[i].status);
        assert_string_equal(text("type"), rows[i].openai);
        assert_string_equal(text("code"), problem_code(rows[i].code, ERRORS_OPENAI));
        answer_code(&anthropic_route, rows[i].code);
        assert_int_equal(request.response.status, rows[i].status);
        assert_string_equal(text("type"), rows[i].anthropic);
    }
    assert_string_equal(problem_code(ERROR_UNAUTHORIZED, ERRORS_OPENAI), "invalid_api_key");
    assert_string_equal(problem_code(ERROR_VALIDATION_FAILED, ERRORS_OPENAI), "invalid_request");
    assert_string_equal(problem_code(ERROR_VALIDATION_FAILED, ERRORS_PROBLEM), "validation_failed");
}

static void
names_the_first_bad_field_and_tells_of_all(void **state)
{
    (void)state;
    struct field_error second = {"", "must be small", NULL};
    struct field_error first = {"messages[0].role", "is required", &second};
    struct error err = {.code = ERROR_VALIDATION_FAILED, .detail = "x", .fields = &first};
    answer_failure(&openai_route, &err);
    assert_int_equal(request.response.status, 400);
    assert_string_equal(text("param"), "messages[0].role");
    assert_string_equal(text("message"), "messages[0].role is required; the body must be small");
    answer_failure(&anthropic_route, &err);
    assert_string_equal(text("message"), "messages[0].role is required; the body must be small");
    first.next = NULL;
    answer_failure(&openai_route, &err);
    assert_string_equal(text("message"), "x");
}

static void
lists_what_was_tried(void **state)
{
    (void)state;
    const struct error_attempt attempts[] = {{"fast", "timeout", 20000}, {"big", "refused", 3}};
    struct error err = {.code = ERROR_UPSTREAM_TIMEOUT,
                        .detail = "no answer",
                        .attempts = attempts,
                        .attempt_count = 2};
    static const struct route problem_route = {.errors = ERRORS_PROBLEM};
    const struct route *const routes[] = {&openai_route, &problem_route};
    for (size_t i = 0; i < 2; i++) {
        answer_failure(routes[i], &err);
        const json_t *error = i == 0 ? json_object_get(answer, "error") : answer;
        const json_t *listed = json_object_get(error, "attempts");
        assert_int_equal(json_array_size(listed), 2);
        const json_t *last = json_array_get(listed, 1);
        assert_string_equal(json_string_value(json_object_get(last, "model")), "big");
        assert_string_equal(json_string_value(json_object_get(last, "outcome")), "refused");
        assert_int_equal(json_integer_value(json_object_get(last, "milliseconds")), 3);
    }
}

static void
tells_clients_not_to_retry_what_cannot_help_or_was_retried(void **state)
{
    (void)state;
    answer_code(&openai_route, ERROR_INVALID_REQUEST);
    assert_string_equal(sent("x-should-retry"), "false");
    answer_code(&openai_route, ERROR_UPSTREAM_ERROR);
    assert_null(sent("x-should-retry"));
    struct error err = {.code = ERROR_UPSTREAM_ERROR, .retried = true};
    answer_failure(&openai_route, &err);
    assert_string_equal(sent("x-should-retry"), "false");
    err = (struct error){.code = ERROR_UPSTREAM_ERROR, .lasting = true};
    answer_failure(&openai_route, &err);
    assert_string_equal(sent("x-should-retry"), "false");
}

static void
tells_when_to_come_back_in_seconds_and_finer(void **state)
{
    (void)state;
    struct error err = {.code = ERROR_PROVIDER_RATE_LIMITED, .retry_after_ms = 1201};
    answer_failure(&openai_route, &err);
    assert_string_equal(sent("Retry-After"), "2");
    assert_string_equal(sent("Retry-After-Ms"), "1201");
    err = (struct error){.code = ERROR_PROVIDER_RATE_LIMITED, .retry_after_s = 7};
    answer_failure(&openai_route, &err);
    assert_string_equal(sent("Retry-After"), "7");
    assert_string_equal(sent("Retry-After-Ms"), "7000");
    err.retry_after_s = 0;
    answer_failure(&openai_route, &err);
    assert_null(sent("Retry-After"));
    assert_null(sent("Retry-After-Ms"));
}

static void
takes_the_style_of_who_asks_where_a_route_has_either(void **state)
{
    (void)state;
    request.route = &either_route;
    assert_int_equal(problem_style(&request), ERRORS_OPENAI);
    anthropic_version = "2023-06-01";
    assert_int_equal(problem_style(&request), ERRORS_ANTHROPIC);
    answer_code(&either_route, ERROR_NOT_FOUND);
    assert_string_equal(text("type"), "not_found_error");
    request.route = NULL;
    assert_int_equal(problem_style(&request), ERRORS_PROBLEM);
}

static void
writes_the_same_body_for_a_stream_on_one_line(void **state)
{
    (void)state;
    struct strbuf out;
    strbuf_init(&out, &request.arena, 64);
    struct error err = {.code = ERROR_UPSTREAM_INCOMPLETE, .detail = "line one\nline two"};
    request.route = &openai_route;
    problem_body(&request, &err, ERRORS_OPENAI, &out);
    assert_null(strchr(out.data, '\n'));
    answer_failure(&openai_route, &err);
    assert_string_equal(request.response.body, out.data);
}

static void
answers_as_the_schemas_say(void **state)
{
    (void)state;
    struct error err = {.code = ERROR_UPSTREAM_ERROR, .detail = "bad byte \xff"};
    const struct {
        const struct route *route;
        const struct schema *schema;
    } pairs[] = {{&openai_route, &openai_failure_schema},
                 {&anthropic_route, &anthropic_failure_schema}};
    for (size_t i = 0; i < 2; i++) {
        answer_failure(pairs[i].route, &err);
        assert_string_equal(text("message"), "bad byte \xef\xbf\xbd");
        struct error none = {0};
        assert_non_null(schema_decode(pairs[i].schema, answer, "", &request.arena, &none));
    }
}

static void
tells_each_bad_field_as_a_member_of_its_own(void **state)
{
    (void)state;
    struct field_error fields[] = {
        {"username", "is \xff taken", &fields[1]}, {"profile.bio", "is too long", &fields[2]},
        {"username", "is too short", &fields[3]},  {"", "do not match", &fields[4]},
        {"status", "hides nothing", NULL},
    };
    struct error err = {.code = ERROR_VALIDATION_FAILED, .detail = "bad", .fields = fields};
    answer_failure(&fields_route, &err);
    assert_int_equal(request.response.status, 400);
    assert_string_equal(request.response.content_type, "application/problem+json");
    assert_string_equal(json_string_value(json_object_get(answer, "code")), "validation_failed");
    assert_string_equal(json_string_value(json_object_get(answer, "detail")), "bad");
    assert_int_equal(json_integer_value(json_object_get(answer, "status")), 400);
    const json_t *names = json_object_get(answer, "username");
    assert_int_equal(json_array_size(names), 2);
    assert_string_equal(json_string_value(json_array_get(names, 0)), "is \xef\xbf\xbd taken");
    assert_string_equal(json_string_value(json_array_get(names, 1)), "is too short");
    assert_int_equal(json_array_size(json_object_get(answer, "profile")), 1);
    assert_int_equal(json_array_size(json_object_get(answer, "non_field_errors")), 1);
    struct error none = {0};
    assert_non_null(schema_decode(&problem_schema, answer, "", &request.arena, &none));
}

static void
tells_other_failures_of_that_style_as_problems(void **state)
{
    (void)state;
    struct error err = {.code = ERROR_UNAUTHORIZED, .detail = "Invalid credentials"};
    answer_failure(&fields_route, &err);
    assert_int_equal(request.response.status, 401);
    assert_string_equal(json_string_value(json_object_get(answer, "detail")),
                        "Invalid credentials");
    assert_null(json_object_get(answer, "non_field_errors"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, clean)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tells_openai_clients_an_error_object_with_a_code_in_text),
        TEST(tells_anthropic_clients_their_error_object),
        TEST(tells_what_has_no_route_as_the_area_of_its_path_does),
        TEST(has_a_class_for_every_code),
        TEST(names_the_first_bad_field_and_tells_of_all),
        TEST(lists_what_was_tried),
        TEST(tells_clients_not_to_retry_what_cannot_help_or_was_retried),
        TEST(tells_when_to_come_back_in_seconds_and_finer),
        TEST(takes_the_style_of_who_asks_where_a_route_has_either),
        TEST(writes_the_same_body_for_a_stream_on_one_line),
        TEST(answers_as_the_schemas_say),
        TEST(tells_each_bad_field_as_a_member_of_its_own),
        TEST(tells_other_failures_of_that_style_as_problems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
