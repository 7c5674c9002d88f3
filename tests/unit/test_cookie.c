/* Session cookies: found, told from others, and set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "access/access.h"
#include "access/cookie.h"

#include "../lib/request_headers.h"

#define SECRET43 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO-_"

struct fixture {
    struct settings settings;
    struct access access;
    struct request request;
    struct request_headers headers;
};

static int
set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->access.settings = &fixture->settings;
    fixture->request = (struct request){.access = &fixture->access,
                                        .transport = &request_headers_transport,
                                        .carrier = &fixture->headers};
    *state = fixture;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *fixture = *state;
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

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(finds_its_cookie_among_others),
        TEST(takes_no_cookie_that_is_there_twice),
        TEST(over_https_only_the_name_counts_that_http_cannot_set),
        TEST(is_set_with_all_its_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
