/* Session cookies, and telling our pages from others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "access/access.h"
#include "access/caller.h"
#include "access/cookie.h"
#include "access/csrf.h"
#include "access/token.h"
#include "http/route.h"

#define SECRET43 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO-_"
#define SIGN_IN "01890000-0000-7000-8000-00000000000b"

struct fixture {
    struct settings settings;
    struct access access;
    struct request request;
    struct caller caller;
    struct route route;
    const char *names[8], *values[8]; /* CGI variables */
    size_t count;
};

static const char *
parameter(void *carrier, const char *name)
{
    struct fixture *fixture = carrier;
    for (size_t i = 0; i < fixture->count; i++)
        if (strcmp(fixture->names[i], name) == 0)
            return fixture->values[i];
    return NULL;
}

static const struct transport transport = {.parameter = parameter};

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
                                        .transport = &transport,
                                        .carrier = fixture,
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
    size_t i = 0;
    while (i < fixture->count && strcmp(fixture->names[i], name) != 0)
        i++;
    if (i == fixture->count)
        fixture->count++;
    fixture->names[i] = name;
    fixture->values[i] = value;
}

static bool
reads(struct fixture *fixture, const char *header)
{
    const char *secret;
    size_t length;
    set(fixture, "HTTP_COOKIE", header);
    bool found = cookie_read(&fixture->request, &secret, &length);
    assert_true(!found || (length == 43 && memcmp(secret, SECRET43, 43) == 0));
    return found;
}

static void
finds_its_cookie_among_others(void **state)
{
    struct fixture *fixture = *state;
    assert_true(reads(fixture, "hearth_session=" SECRET43));
    assert_true(reads(fixture, "a=b; hearth_session=" SECRET43 "; c"));
    assert_true(reads(fixture, "xhearth_session=1;hearth_session=" SECRET43 ";"));
    assert_false(reads(fixture, NULL));
    assert_false(reads(fixture, ""));
    assert_false(reads(fixture, "hearth_session"));
    assert_false(reads(fixture, "hearth_session="));
    assert_false(reads(fixture, "hearth_sessions=" SECRET43));
    assert_false(reads(fixture, "hearth_session=" SECRET43 "x"));
    assert_false(reads(fixture, "hearth_session=\"" SECRET43 "\""));
    assert_false(reads(fixture, "hearth_session=abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO%00"));
    assert_false(reads(fixture, ";;; ; =; "));
}

static void
takes_no_cookie_that_is_there_twice(void **state)
{
    struct fixture *fixture = *state;
    assert_false(reads(fixture, "hearth_session=" SECRET43 "; hearth_session=" SECRET43));
    assert_false(reads(fixture, "hearth_session=x; hearth_session=" SECRET43));
}

static void
over_https_only_the_name_counts_that_http_cannot_set(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, "HTTPS", "on");
    assert_false(reads(fixture, "hearth_session=" SECRET43));
    assert_true(reads(fixture, "__Host-hearth_session=" SECRET43));
    set(fixture, "HTTPS", "off");
    assert_false(reads(fixture, "__Host-hearth_session=" SECRET43));
    fixture->settings.production = true;
    assert_true(reads(fixture, "__Host-hearth_session=" SECRET43));
}

static void
is_set_with_all_its_attributes(void **state)
{
    struct fixture *fixture = *state;
    cookie_set(&fixture->request, SECRET43, 60);
    assert_string_equal(response_header_value(&fixture->request, "Set-Cookie"),
                        "hearth_session=" SECRET43 "; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
    fixture->settings.production = true;
    cookie_set(&fixture->request, SECRET43, 60);
    assert_string_equal(response_header_value(&fixture->request, "Set-Cookie"),
                        "__Host-hearth_session=" SECRET43
                        "; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
    cookie_clear(&fixture->request);
    assert_string_equal(
        response_header_value(&fixture->request, "Set-Cookie"),
        "__Host-hearth_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure");
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

static bool
passes(struct fixture *fixture)
{
    struct error err = {0};
    bool good = csrf_check(&fixture->request, &err);
    assert_int_equal(err.code, good ? ERROR_NONE : ERROR_CSRF);
    return good;
}

static void
a_change_by_cookie_needs_the_token_of_its_session(void **state)
{
    struct fixture *fixture = *state;
    static const enum method changing[] = {METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE};
    const char *right = csrf_token(&fixture->request, SIGN_IN);
    const char *others = csrf_token(&fixture->request, "01890000-0000-7000-8000-00000000000c");
    for (size_t i = 0; i < sizeof changing / sizeof changing[0]; i++) {
        fixture->request.method = changing[i];
        set(fixture, "HTTP_X_CSRF_TOKEN", NULL);
        assert_false(passes(fixture));
        set(fixture, "HTTP_X_CSRF_TOKEN", "");
        assert_false(passes(fixture));
        set(fixture, "HTTP_X_CSRF_TOKEN", others);
        assert_false(passes(fixture));
        set(fixture, "HTTP_X_CSRF_TOKEN", right);
        assert_true(passes(fixture));
    }
    set(fixture, "HTTP_ORIGIN", "https://evil.example");
    assert_false(passes(fixture));
}

static void
reading_and_other_credentials_need_none(void **state)
{
    struct fixture *fixture = *state;
    fixture->request.method = METHOD_GET;
    assert_true(passes(fixture));
    fixture->request.method = METHOD_POST;
    assert_false(passes(fixture));
    fixture->route.flags = ROUTE_NO_CSRF;
    assert_true(passes(fixture));
    fixture->route.flags = 0;
    fixture->caller.kind = CALLER_TOKEN;
    assert_true(passes(fixture));
    fixture->request.caller = NULL;
    assert_true(passes(fixture));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(finds_its_cookie_among_others),
        TEST(takes_no_cookie_that_is_there_twice),
        TEST(over_https_only_the_name_counts_that_http_cannot_set),
        TEST(is_set_with_all_its_attributes),
        TEST(knows_its_own_pages_by_their_origin),
        TEST(refuses_pages_of_others),
        TEST(a_change_by_cookie_needs_the_token_of_its_session),
        TEST(reading_and_other_credentials_need_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
