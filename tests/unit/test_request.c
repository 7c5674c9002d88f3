/* Targets and headers of requests. */
#include "http/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static int
clean(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static const char *
header_of(void *carrier, const char *name)
{
    bool known = strcmp(name, "HTTP_CACHE_CONTROL") == 0 || strcmp(name, "HTTP_ACCEPT") == 0;
    return known ? carrier : NULL;
}

static bool
always_gone(void *carrier)
{
    (void)carrier;
    return true;
}

static int
seven(void *carrier)
{
    (void)carrier;
    return 7;
}

static const struct transport transport = {
    .parameter = header_of, .client_gone = always_gone, .descriptor = seven};
static const struct transport silent = {.parameter = header_of};

static void
takes(const char *target, const char *expected_path, const char *expected_query)
{
    const char *path, *query;
    struct error err = {0};
    assert_true(request_path_parse(target, &arena, &path, &query, &err));
    assert_string_equal(path, expected_path);
    assert_string_equal(query, expected_query);
}

static void
gives_equal_paths_equal_bytes(void **state)
{
    (void)state;
    takes("/v1/%74ext?a=1&b=%20", "/v1/text", "a=1&b=%20");
    takes("/a%2fb/%7e", "/a%2Fb/~", "");
    takes("/\xc3\xa4\"", "/%C3%A4%22", "");
    takes("/", "/", "");
    takes("/?", "/", "");
    takes("/docs/", "/docs/", "");
    takes("/a:b@c;d=1,e", "/a:b@c;d=1,e", "");
    takes("http://host:80/x?y#z", "/x", "y");
    takes("http://host", "/", "");
    takes("/go?to=http://host/", "/go", "to=http://host/");
}

static void
refuses_paths_that_hide_where_they_lead(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "//",  "/a//b", "/./a", "/a/..", "/%2e%2e/a", "/a/%2E", "",      "a",     "*",       "/%",
        "/%2", "/%zz",  "/%00", "/%ff",  "/\xff",     "/a b",   "/a\nb", "/\x7f", "http:/x",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *path, *query;
        struct error err = {0};
        assert_false(request_path_parse(bad[i], &arena, &path, &query, &err));
        assert_int_equal(err.code, ERROR_MALFORMED_REQUEST);
    }
}

static void
refuses_a_target_over_8_kb(void **state)
{
    (void)state;
    char *target = arena_alloc(&arena, 9000);
    memset(target, '/', 1);
    memset(target + 1, 'a', 8191);
    takes(target, target, "");
    target[8192] = 'a';
    const char *path, *query;
    struct error err = {0};
    assert_false(request_path_parse(target, &arena, &path, &query, &err));
    assert_int_equal(err.code, ERROR_URI_TOO_LONG);
    /* '<' takes three bytes in the one form. */
    memset(target + 1, '<', 3000);
    target[3001] = '\0';
    error_clear(&err);
    assert_false(request_path_parse(target, &arena, &path, &query, &err));
    assert_int_equal(err.code, ERROR_URI_TOO_LONG);
}

static bool
holds(const char *value, const char *directive)
{
    struct request request = {.transport = &transport, .carrier = (void *)value};
    return request_cache_control(&request, directive);
}

static void
finds_a_directive_of_cache_control(void **state)
{
    (void)state;
    assert_true(holds("no-store", "no-store"));
    assert_true(holds("max-age=0, No-Store", "no-store"));
    assert_true(holds("max-age=0,no-cache=\"x\"", "no-cache"));
    assert_true(holds("max-age=0", "max-age"));
    assert_false(holds("no-stores", "no-store"));
    assert_false(holds("x=\"a, no-store\"", "no-store"));
    assert_false(holds("x=\"a\\\", no-store", "no-store"));
    assert_false(holds(",, ,", "no-store"));
    assert_false(holds(NULL, "no-store"));
}

static bool
wants_fresh(const char *value)
{
    struct request request = {.transport = &transport, .carrier = (void *)value};
    return request_wants_fresh(&request);
}

static void
takes_no_age_at_all_for_a_wish_for_a_fresh_answer(void **state)
{
    (void)state;
    assert_true(wants_fresh("no-cache"));
    assert_true(wants_fresh("no-transform, max-age=0"));
    assert_false(wants_fresh("max-age=60"));
    assert_false(wants_fresh("max-age=01"));
    assert_false(wants_fresh(NULL));
}

static int
accepts(const char *list)
{
    struct request request = {.transport = &transport, .carrier = (void *)list};
    return request_accepts(&request, "text/event-stream");
}

static void
weighs_the_types_that_a_client_accepts(void **state)
{
    (void)state;
    assert_int_equal(accepts("text/event-stream"), 1000);
    assert_int_equal(accepts("application/json, Text/Event-Stream;charset=utf-8"), 1000);
    assert_int_equal(accepts("text/event-stream; q=0.25, application/json"), 250);
    assert_int_equal(accepts("text/event-stream;q=0.1;Q=1,text/event-stream;x=\"a,b\";q=0.9999"),
                     999);
    assert_int_equal(accepts("text/event-stream;q=0"), 0);
    assert_int_equal(accepts("text/event-stream;q=0."), 0);
    assert_int_equal(accepts("text/event-stream;q=1.0"), 1000);
    assert_int_equal(accepts("text/event-stream;q=x;"), 1000);
    assert_int_equal(accepts("text/event-streams, text/*, */*"), 0);
    assert_int_equal(accepts(""), 0);
    assert_int_equal(accepts(NULL), 0);
}

static void
asks_the_carrier_whether_the_client_left(void **state)
{
    (void)state;
    assert_true(request_client_gone(&(struct request){.transport = &transport}));
    assert_false(request_client_gone(&(struct request){.transport = &silent}));
    assert_int_equal(request_client_descriptor(&(struct request){.transport = &transport}), 7);
    assert_int_equal(request_client_descriptor(&(struct request){.transport = &silent}), -1);
}

static bool
streams(const char *accept, const char *body)
{
    json_t *document = body ? json_loads(body, 0, NULL) : NULL;
    struct request request = {
        .transport = &transport, .carrier = (void *)accept, .document = document};
    bool wanted = request_wants_stream(&request);
    json_decref(document);
    return wanted;
}

static void
streams_only_when_asked(void **state)
{
    (void)state;
    assert_true(streams(NULL, "{\"stream\": true}"));
    assert_true(streams("application/json", "{\"stream\": true}"));
    assert_true(streams("text/event-stream", "{}"));
    assert_true(streams("application/json, text/event-stream", NULL));
    assert_false(streams("application/json, text/event-stream;q=0.5", "{}"));
    assert_false(streams("text/event-stream", "{\"stream\": false}"));
    assert_false(streams("*/*", "{}"));
    assert_false(streams(NULL, NULL));
}

#define TEST(name) cmocka_unit_test_teardown(name, clean)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gives_equal_paths_equal_bytes),
        TEST(refuses_paths_that_hide_where_they_lead),
        TEST(refuses_a_target_over_8_kb),
        TEST(finds_a_directive_of_cache_control),
        TEST(takes_no_age_at_all_for_a_wish_for_a_fresh_answer),
        TEST(weighs_the_types_that_a_client_accepts),
        TEST(asks_the_carrier_whether_the_client_left),
        TEST(streams_only_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
