/* Fetching: what is taken from an answer, and what is none. */
#include "net/fetch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../lib/http_stub.h"

struct fixture {
    struct arena arena;
    struct stub stub;
    struct fetch_answer answer;
    struct error err;
    char url[64];
};

static int
set_up(void **state)
{
    struct fixture *fixture = xcalloc(1, sizeof(*fixture));
    stub_start(&fixture->stub);
    snprintf(fixture->url, sizeof fixture->url, "http://127.0.0.1:%d/keys", fixture->stub.port);
    *state = fixture;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *fixture = *state;
    stub_stop(&fixture->stub);
    arena_release(&fixture->arena);
    free(fixture);
    return 0;
}

static bool
ask(struct fixture *fixture, const struct stub_answer *script, const struct fetch_wish *wish)
{
    stub_script(&fixture->stub, script, 1);
    error_clear(&fixture->err);
    return fetch(wish, &fixture->arena, &fixture->answer, &fixture->err);
}

static void
gives_the_body_whatever_the_status(void **state)
{
    struct fixture *fixture = *state;
    struct stub_answer script = {.status = 503, .body = "{\"keys\":[]}"};
    assert_true(ask(fixture, &script, &(struct fetch_wish){.url = fixture->url}));
    assert_int_equal(fixture->answer.status, 503);
    assert_string_equal(fixture->answer.body, "{\"keys\":[]}");
    assert_int_equal(fixture->answer.length, 11);
    assert_int_equal(fixture->answer.max_age_s, -1);
    assert_memory_equal(fixture->stub.head, "GET /keys HTTP/1.1\r\n", 20);
}

static void
posts_a_form(void **state)
{
    struct fixture *fixture = *state;
    struct stub_answer script = {.status = 200, .body = "{}"};
    assert_true(
        ask(fixture, &script, &(struct fetch_wish){.url = fixture->url, .body = "a=b%20c"}));
    assert_memory_equal(fixture->stub.head, "POST /keys HTTP/1.1\r\n", 21);
    assert_non_null(
        strstr(fixture->stub.head, "Content-Type: application/x-www-form-urlencoded\r\n"));
    assert_string_equal(fixture->stub.body, "a=b%20c");
    assert_true(ask(fixture, &script,
                    &(struct fetch_wish){
                        .url = fixture->url, .body = "{}", .content_type = "application/json"}));
    assert_non_null(strstr(fixture->stub.head, "Content-Type: application/json\r\n"));
}

static void
tells_how_long_an_answer_may_be_kept(void **state)
{
    static const struct {
        const char *header;
        int64_t max_age_s;
    } cases[] = {
        {"Cache-Control: public, max-age=19845, must-revalidate\r\n", 19845},
        {"cache-control:MAX-AGE=7\r\n", 7},
        {"Cache-Control: max-age=60, no-store\r\n", 0},
        {"Cache-Control: no-cache\r\n", 0},
        {"Cache-Control: private\r\n", -1},
        {"Cache-Control: s-maxage=5\r\n", -1},
        {"X-Cache-Control: max-age=5\r\n", -1},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct stub_answer script = {.status = 200, .headers = cases[i].header, .body = "{}"};
        assert_true(ask(fixture, &script, &(struct fetch_wish){.url = fixture->url}));
        assert_int_equal(fixture->answer.max_age_s, cases[i].max_age_s);
    }
}

static void
takes_a_redirect_for_the_answer_it_is(void **state)
{
    struct fixture *fixture = *state;
    struct stub_answer script = {
        .status = 302, .headers = "Location: http://127.0.0.1:1/\r\n", .body = ""};
    assert_true(ask(fixture, &script, &(struct fetch_wish){.url = fixture->url}));
    assert_int_equal(fixture->answer.status, 302);
    assert_int_equal(fixture->stub.calls, 1);
}

static void
refuses_an_answer_that_is_too_long(void **state)
{
    struct fixture *fixture = *state;
    struct stub_answer script = {.status = 200, .body = "123456789"};
    struct fetch_wish wish = {.url = fixture->url, .max_bytes = 9};
    assert_true(ask(fixture, &script, &wish));
    wish.max_bytes = 8;
    assert_false(ask(fixture, &script, &wish));
    assert_int_equal(fixture->err.code, ERROR_UNAVAILABLE);
    assert_string_equal(fixture->err.detail, "the answer is longer than 8 bytes");
}

static void
fails_where_no_whole_answer_comes(void **state)
{
    struct fixture *fixture = *state;
    const struct stub_answer scripts[] = {
        {.status = 0, .body = ""},
        {.status = -1, .body = ""},
        {.status = 200, .body = "cut", .announced = 100},
    };
    for (size_t i = 0; i < 3; i++) {
        assert_false(ask(fixture, &scripts[i],
                         &(struct fetch_wish){.url = fixture->url, .timeout_ms = 200}));
        assert_int_equal(fixture->err.code, ERROR_UNAVAILABLE);
        assert_true(fixture->err.retry_after_s > 0);
    }
}

static void
speaks_http_only(void **state)
{
    struct fixture *fixture = *state;
    struct stub_answer script = {.status = 200, .body = ""};
    assert_false(ask(fixture, &script, &(struct fetch_wish){.url = "file:///etc/hostname"}));
    assert_int_equal(fixture->err.code, ERROR_UNAVAILABLE);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(gives_the_body_whatever_the_status),
        TEST(posts_a_form),
        TEST(tells_how_long_an_answer_may_be_kept),
        TEST(takes_a_redirect_for_the_answer_it_is),
        TEST(refuses_an_answer_that_is_too_long),
        TEST(fails_where_no_whole_answer_comes),
        TEST(speaks_http_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
