/* Telling our pages from others, and a session's own page from every other one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "access/access.h"
#include "access/caller.h"
#include "access/csrf.h"
#include "access/token.h"
#include "http/route.h"

#include "../lib/request_headers.h"

#define SIGN_IN "01890000-0000-7000-8000-00000000000b"
#define OTHERS "01890000-0000-7000-8000-00000000000c"

struct fixture {
    struct settings settings;
    struct access access;
    struct request request;
    struct caller caller;
    struct route route;
    struct request_headers headers;
};

static int
set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error err = {0};
    fixture->settings = (struct settings){.auth_secret = "0123456789abcdef0123456789abcdef",
                                          .jwt_algorithm = "HS256",
                                          .jwt_previous_secrets = "",
                                          .jwt_issuer = "hearth",
                                          .jwt_audience = "hearth",
                                          .allowed_origins = "https://app.example",
                                          .public_url = "https://www.example/start"};
    fixture->access.settings = &fixture->settings;
    assert_true(tokens_open(&fixture->settings, &fixture->access.tokens, &err));
    fixture->caller = (struct caller){.kind = CALLER_SESSION, .sign_in_id = SIGN_IN};
    fixture->request = (struct request){.access = &fixture->access,
                                        .transport = &request_headers_transport,
                                        .carrier = &fixture->headers,
                                        .method = METHOD_POST,
                                        .route = &fixture->route,
                                        .caller = &fixture->caller};
    *state = fixture;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *fixture = *state;
    tokens_close(fixture->access.tokens);
    arena_release(&fixture->request.arena);
    free(fixture);
    return 0;
}

static void
set(struct fixture *fixture, const char *name, const char *value)
{
    request_headers_set(&fixture->headers, name, value);
}

static bool
origin_is_good(struct fixture *fixture, const char *origin, const char *site)
{
    struct error err = {0};
    set(fixture, "HTTP_HOST", "api.example:8443");
    set(fixture, "HTTP_ORIGIN", origin);
    set(fixture, "HTTP_SEC_FETCH_SITE", site);
    bool good = csrf_check_origin(&fixture->request, &err);
    assert_int_equal(err.code, good ? ERROR_NONE : ERROR_CSRF);
    return good;
}

static void
knows_its_own_pages_by_their_origin(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, "HTTPS", "on");
    assert_true(origin_is_good(fixture, "https://api.example:8443", "same-origin"));
    assert_true(origin_is_good(fixture, "https://API.example:8443", NULL));
    assert_true(origin_is_good(fixture, "https://app.example", "same-site"));
    assert_true(origin_is_good(fixture, "https://app.example", "cross-site"));
    assert_true(origin_is_good(fixture, "https://www.example", NULL));
    assert_true(origin_is_good(fixture, NULL, "same-origin"));
    assert_true(origin_is_good(fixture, NULL, "none"));
    assert_true(origin_is_good(fixture, NULL, NULL));
}

static void
refuses_pages_of_others(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, "HTTPS", "on");
    assert_false(origin_is_good(fixture, "https://evil.example", "cross-site"));
    assert_false(origin_is_good(fixture, "https://evil.example", NULL));
    assert_false(origin_is_good(fixture, "http://api.example:8443", NULL));
    assert_false(origin_is_good(fixture, "https://api.example", NULL));
    assert_false(origin_is_good(fixture, "https://api.example:8443.evil.example", NULL));
    assert_false(origin_is_good(fixture, "https://app.example.evil.example", NULL));
    assert_false(origin_is_good(fixture, "https://www.example.evil", NULL));
    assert_false(origin_is_good(fixture, "https://www.exampl", NULL));
    assert_false(origin_is_good(fixture, "null", NULL));
    assert_false(origin_is_good(fixture, "", NULL));
    assert_false(origin_is_good(fixture, NULL, "cross-site"));
    assert_false(origin_is_good(fixture, NULL, "same-site"));
    assert_false(origin_is_good(fixture, "https://api.example:8443", "cross-site"));
    fixture->settings.allowed_origins = "*";
    assert_false(origin_is_good(fixture, "https://evil.example", "cross-site"));
}

static void
where_no_list_is_set_the_pages_of_a_development_are_ours_but_not_in_production(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.allowed_origins = "";
    assert_true(origin_is_good(fixture, "http://localhost:3000", "cross-site"));
    fixture->settings.production = true;
    assert_false(origin_is_good(fixture, "http://localhost:3000", "cross-site"));
}

static void
without_a_host_or_an_address_of_our_own_no_origin_is_this_one(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    fixture->settings.public_url = NULL;
    set(fixture, "HTTP_ORIGIN", "https://");
    set(fixture, "HTTP_HOST", "");
    assert_false(csrf_check_origin(&fixture->request, &err));
    error_clear(&err);
    set(fixture, "HTTP_HOST", NULL);
    set(fixture, "HTTP_ORIGIN", "https://www.example");
    assert_false(csrf_check_origin(&fixture->request, &err));
}

static void
over_http_a_page_of_https_of_the_same_host_is_ours(void **state)
{
    struct fixture *fixture = *state;
    assert_true(origin_is_good(fixture, "http://api.example:8443", NULL));
    assert_true(origin_is_good(fixture, "https://api.example:8443", NULL));
    fixture->settings.production = true;
    assert_false(origin_is_good(fixture, "http://api.example:8443", NULL));
    assert_true(origin_is_good(fixture, "https://api.example:8443", NULL));
}

static bool
passes(struct fixture *fixture)
{
    struct error err = {0};
    bool good = csrf_check(&fixture->request, &err);
    assert_int_equal(err.code, good ? ERROR_NONE : ERROR_CSRF);
    return good;
}

static bool
passes_with(struct fixture *fixture, const char *token)
{
    set(fixture, "HTTP_X_CSRF_TOKEN", token);
    return passes(fixture);
}

static void
every_method_that_changes_needs_the_token(void **state)
{
    struct fixture *fixture = *state;
    static const enum method changing[] = {METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE,
                                           METHOD_OTHER};
    static const enum method reading[] = {METHOD_GET, METHOD_HEAD, METHOD_OPTIONS};
    const char *right = csrf_token(&fixture->request, SIGN_IN);
    for (size_t i = 0; i < sizeof changing / sizeof changing[0]; i++) {
        fixture->request.method = changing[i];
        assert_false(passes_with(fixture, NULL));
        assert_true(passes_with(fixture, right));
    }
    for (size_t i = 0; i < sizeof reading / sizeof reading[0]; i++) {
        fixture->request.method = reading[i];
        assert_true(passes_with(fixture, NULL));
    }
}

static void
the_token_is_taken_whole_and_exactly(void **state)
{
    struct fixture *fixture = *state;
    char *text = strdup(csrf_token(&fixture->request, SIGN_IN));
    size_t length = strlen(text);
    assert_int_equal(length, 43);
    assert_true(passes_with(fixture, text));
    assert_false(passes_with(fixture, ""));
    assert_false(passes_with(fixture, arena_printf(&fixture->request.arena, "%sA", text)));
    assert_false(passes_with(fixture, arena_printf(&fixture->request.arena, " %s", text)));
    for (size_t i = 0; i < length; i++) {
        char right = text[i];
        text[i] = right == 'A' ? 'B' : 'A';
        assert_false(passes_with(fixture, text));
        text[i] = right;
    }
    text[length - 1] = '\0';
    assert_false(passes_with(fixture, text));
    free(text);
}

static void
the_token_of_another_session_is_worth_nothing(void **state)
{
    struct fixture *fixture = *state;
    const char *others = csrf_token(&fixture->request, OTHERS);
    assert_false(passes_with(fixture, others));
    fixture->caller.sign_in_id = OTHERS;
    assert_true(passes_with(fixture, others));
}

static void
the_token_lives_as_long_as_the_secret(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    const char *before = csrf_token(&fixture->request, SIGN_IN);
    tokens_close(fixture->access.tokens);
    assert_true(tokens_open(&fixture->settings, &fixture->access.tokens, &err));
    assert_true(passes_with(fixture, before));
    tokens_close(fixture->access.tokens);
    fixture->settings.auth_secret = "fedcba9876543210fedcba9876543210";
    assert_true(tokens_open(&fixture->settings, &fixture->access.tokens, &err));
    assert_false(passes_with(fixture, before));
}

/* Who gets another mark of the same sign-in, for whatever purpose, has not got this one. */
static void
the_token_is_no_other_mark_of_the_session(void **state)
{
    struct fixture *fixture = *state;
    struct arena *arena = &fixture->request.arena;
    assert_false(passes_with(fixture, tokens_mark(fixture->access.tokens, "", SIGN_IN, arena)));
    assert_false(passes_with(fixture, tokens_mark(fixture->access.tokens, "csr", SIGN_IN, arena)));
    assert_false(
        passes_with(fixture, tokens_mark(fixture->access.tokens, "", "csrf" SIGN_IN, arena)));
    assert_false(
        passes_with(fixture, tokens_mark(fixture->access.tokens, "c", "srf" SIGN_IN, arena)));
}

static void
the_right_token_from_a_page_of_another_origin_is_refused(void **state)
{
    struct fixture *fixture = *state;
    const char *right = csrf_token(&fixture->request, SIGN_IN);
    set(fixture, "HTTP_ORIGIN", "https://evil.example");
    assert_false(passes_with(fixture, right));
    set(fixture, "HTTP_ORIGIN", NULL);
    set(fixture, "HTTP_SEC_FETCH_SITE", "same-site");
    assert_false(passes_with(fixture, right));
    set(fixture, "HTTP_SEC_FETCH_SITE", "same-origin");
    assert_true(passes_with(fixture, right));
}

static void
only_a_session_needs_it_and_not_on_every_route(void **state)
{
    struct fixture *fixture = *state;
    static const enum caller_kind others[] = {CALLER_DEVELOPMENT, CALLER_ENVIRONMENT_KEY,
                                              CALLER_KEY, CALLER_TOKEN};
    assert_false(passes(fixture));
    fixture->route.flags = ROUTE_KEY | ROUTE_ACCOUNT | ROUTE_IDEMPOTENT | ROUTE_WAITS;
    assert_false(passes(fixture));
    fixture->route.flags |= ROUTE_NO_CSRF;
    assert_true(passes(fixture));
    fixture->route.flags = 0;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        fixture->caller.kind = others[i];
        assert_true(passes(fixture));
    }
    fixture->request.caller = NULL;
    assert_true(passes(fixture));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(knows_its_own_pages_by_their_origin),
        TEST(refuses_pages_of_others),
        TEST(where_no_list_is_set_the_pages_of_a_development_are_ours_but_not_in_production),
        TEST(without_a_host_or_an_address_of_our_own_no_origin_is_this_one),
        TEST(over_http_a_page_of_https_of_the_same_host_is_ours),
        TEST(every_method_that_changes_needs_the_token),
        TEST(the_token_is_taken_whole_and_exactly),
        TEST(the_token_of_another_session_is_worth_nothing),
        TEST(the_token_lives_as_long_as_the_secret),
        TEST(the_token_is_no_other_mark_of_the_session),
        TEST(the_right_token_from_a_page_of_another_origin_is_refused),
        TEST(only_a_session_needs_it_and_not_on_every_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
