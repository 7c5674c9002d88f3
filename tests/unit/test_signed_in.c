/* From a token or a cookie to its caller: of whom, until when, and what is nobody's. */
#include "access_fixture.h"

#include "access/signed_in.h"
#include "access/token.h"
#include "base/clock.h"
#include "base/log.h"

#include "../lib/request_headers.h"

#define ADA "01890000-0000-7000-8000-00000000000a"
#define BOB "01890000-0000-7000-8000-00000000000b"
#define HERE "01890000-0000-7000-8000-000000000001"
#define SESSION "01890000-0000-7000-8000-000000000002"
#define SECRET43 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO-_"

/* Ada with a sign-in of tokens and a session whose cookie is SECRET43. */
static int
signed_in_set_up(void **state)
{
    access_set_up(state);
    struct access_fixture *fixture = *state;
    struct settings *settings = &fixture->settings;
    log_set_level(LOG_LEVEL_ERROR + 1);
    settings->jwt_algorithm = "HS256";
    settings->jwt_previous_secrets = "";
    settings->jwt_issuer = settings->jwt_audience = "hearth";
    settings->account_scopes = "study";
    assert_true(tokens_open(settings, &fixture->access.tokens, &fixture->err));
    fixture->request.timing.started_us = clock_monotonic_us();
    fixture_sql(fixture->database,
                "INSERT INTO hearth.account (id, user_name) VALUES"
                "    ('" ADA "', 'ada'), ('" BOB "', 'bob');"
                "INSERT INTO hearth.sign_in (id, account_id, method, cookie, expires_at) VALUES"
                "    ('" HERE "', '" ADA "', 'password', NULL, now() + interval '1 hour'),"
                "    ('" SESSION "', '" ADA "', 'password', sha256('" SECRET43 "'),"
                "     now() + interval '1 hour')");
    return 0;
}

static int
signed_in_tear_down(void **state)
{
    struct access_fixture *fixture = *state;
    tokens_close(fixture->access.tokens);
    return access_tear_down(state);
}

/* Of Ada's sign-in, good from now on for so long. */
static const char *
issued(struct access_fixture *fixture, const char *account_id, int64_t seconds)
{
    int64_t now_s = clock_realtime_us() / 1000000;
    const struct token_claims claims = {.account_id = account_id,
                                        .sign_in_id = HERE,
                                        .id = SESSION,
                                        .issued_s = now_s + (seconds < 0 ? 2 * seconds : 0),
                                        .expires_s = now_s + seconds};
    return token_issue(fixture->access.tokens, &claims, &fixture->request.arena);
}

static enum error_code
token_code(struct access_fixture *fixture, const char *token, const struct caller **caller)
{
    const struct caller *found = NULL;
    error_clear(&fixture->err);
    bool good = signed_in_by_token(&fixture->request, token, strlen(token), &found, &fixture->err);
    assert_int_equal(good, fixture->err.code == ERROR_NONE);
    if (good)
        assert_non_null(found);
    if (caller)
        *caller = found;
    return fixture->err.code;
}

static enum error_code
cookie_code(struct access_fixture *fixture, const char *header, const struct caller **caller)
{
    static struct request_headers headers;
    headers = (struct request_headers){.count = 0};
    request_headers_set(&headers, "HTTP_COOKIE", header);
    fixture->request.transport = &request_headers_transport;
    fixture->request.carrier = &headers;
    error_clear(&fixture->err);
    bool known = signed_in_by_cookie(&fixture->request, caller, &fixture->err);
    assert_int_equal(known, fixture->err.code == ERROR_NONE);
    return fixture->err.code;
}

static bool
is_token(const char *text)
{
    return signed_in_is_token(text, strlen(text));
}

static void
a_text_with_two_dots_is_a_token_and_no_key(void **state)
{
    (void)state;
    assert_true(is_token("a.b.c"));
    assert_true(is_token(".."));
    assert_true(is_token("a.b.c.d.e"));
    assert_false(is_token(""));
    assert_false(is_token("."));
    assert_false(is_token("a.b"));
    assert_false(is_token("hearth_abc"));
    assert_false(signed_in_is_token("a.b.c", 3));
    assert_true(signed_in_is_token("a.b.c", 4));
}

static void
a_token_s_caller_is_its_account_by_its_sign_in(void **state)
{
    struct access_fixture *fixture = *state;
    const struct caller *caller;
    assert_int_equal(token_code(fixture, issued(fixture, ADA, 60), &caller), ERROR_NONE);
    assert_int_equal(caller->kind, CALLER_TOKEN);
    assert_string_equal(caller->account_id, ADA);
    assert_string_equal(caller->sign_in_id, HERE);
    assert_string_equal(caller->method, "bearer_token");
    assert_string_equal(caller->key_prefix, "account:" ADA);
}

static void
a_token_of_one_account_with_the_sign_in_of_another_is_nobody_s(void **state)
{
    struct access_fixture *fixture = *state;
    const struct caller *caller;
    assert_int_equal(token_code(fixture, issued(fixture, BOB, 60), &caller), ERROR_TOKEN_NOT_VALID);
    assert_null(caller);
}

/* A leeway of 30 seconds for clocks that are apart; token.c has the second. */
static void
a_token_is_good_until_its_end(void **state)
{
    struct access_fixture *fixture = *state;
    assert_int_equal(token_code(fixture, issued(fixture, ADA, 10 - TOKEN_LEEWAY_S), NULL),
                     ERROR_NONE);
    assert_int_equal(token_code(fixture, issued(fixture, ADA, -TOKEN_LEEWAY_S), NULL),
                     ERROR_TOKEN_NOT_VALID);
}

static void
a_token_of_another_secret_is_refused_though_its_sign_in_lasts(void **state)
{
    struct access_fixture *fixture = *state;
    struct settings settings = fixture->settings;
    struct tokens *ours = fixture->access.tokens, *theirs;
    settings.auth_secret = "another secret of at least thirty-two bytes";
    assert_true(tokens_open(&settings, &theirs, &fixture->err));
    fixture->access.tokens = theirs;
    const char *token = issued(fixture, ADA, 60);
    fixture->access.tokens = ours;
    assert_int_equal(token_code(fixture, token, NULL), ERROR_TOKEN_NOT_VALID);
    tokens_close(theirs);
}

static void
a_token_that_was_cut_is_refused(void **state)
{
    struct access_fixture *fixture = *state;
    const char *token = issued(fixture, ADA, 60);
    for (size_t length = 0; length < strlen(token); length++)
        assert_int_equal(
            token_code(fixture, arena_strndup(&fixture->request.arena, token, length), NULL),
            ERROR_TOKEN_NOT_VALID);
}

/* Not ERROR_UNAUTHORIZED: it guesses nothing. */
static void
a_token_whose_sign_in_has_ended_is_not_valid_any_more(void **state)
{
    struct access_fixture *fixture = *state;
    const char *token = issued(fixture, ADA, 60);
    fixture_sql(fixture->database, "UPDATE hearth.sign_in SET ended_at = now()");
    assert_int_equal(token_code(fixture, token, NULL), ERROR_TOKEN_NOT_VALID);
    fixture_sql(fixture->database, "DELETE FROM hearth.sign_in");
    assert_int_equal(token_code(fixture, token, NULL), ERROR_TOKEN_NOT_VALID);
}

static void
a_cookie_s_caller_is_its_session_s_account(void **state)
{
    struct access_fixture *fixture = *state;
    const struct caller *caller;
    assert_int_equal(cookie_code(fixture, "hearth_session=" SECRET43, &caller), ERROR_NONE);
    assert_int_equal(caller->kind, CALLER_SESSION);
    assert_string_equal(caller->account_id, ADA);
    assert_string_equal(caller->sign_in_id, SESSION);
    assert_string_equal(caller->method, "cookie");
}

static void
without_a_good_cookie_there_is_nobody_and_no_error(void **state)
{
    struct access_fixture *fixture = *state;
    static const char *const headers[] = {
        NULL,
        "",
        "a=b",
        "hearth_session=",
        "hearth_session=x",
        "hearth_session=abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO-a",
        "hearth_session=" SECRET43 "; hearth_session=" SECRET43};
    const struct caller *caller = NULL;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        assert_int_equal(cookie_code(fixture, headers[i], &caller), ERROR_NONE);
        assert_null(caller);
    }
    fixture_sql(fixture->database, "UPDATE hearth.sign_in SET ended_at = now()");
    assert_int_equal(cookie_code(fixture, "hearth_session=" SECRET43, &caller), ERROR_NONE);
    assert_null(caller);
}

static void
on_the_front_lane_both_wait_for_the_other_one(void **state)
{
    struct access_fixture *fixture = *state;
    const struct caller *caller;
    fixture->request.may_wait = false;
    assert_int_equal(token_code(fixture, issued(fixture, ADA, 60), NULL), ERROR_WOULD_WAIT);
    assert_int_equal(cookie_code(fixture, "hearth_session=" SECRET43, &caller), ERROR_WOULD_WAIT);
    assert_null(caller);
}

/* An outage signs nobody out. */
static void
while_the_database_is_away_nobody_is_told_that_he_is_not_signed_in(void **state)
{
    struct access_fixture *fixture = *state;
    const struct caller *caller;
    const char *token = issued(fixture, ADA, 60);
    store_close(fixture->access.store);
    fixture->settings.database_url = "postgresql://hearth@127.0.0.1:1/hearth";
    assert_true(
        store_open(&fixture->settings, fixture->host->host, &fixture->access.store, &fixture->err));
    assert_int_equal(token_code(fixture, token, NULL), ERROR_AUTH_UNAVAILABLE);
    assert_int_equal(cookie_code(fixture, "hearth_session=" SECRET43, &caller),
                     ERROR_AUTH_UNAVAILABLE);
}

static void
without_accounts_no_token_is_valid_and_no_cookie_is_looked_at(void **state)
{
    struct access_fixture *fixture = *state;
    struct tokens *tokens = fixture->access.tokens;
    const struct caller *caller;
    const char *token = issued(fixture, ADA, 60);
    fixture->access.tokens = NULL;
    assert_int_equal(token_code(fixture, token, NULL), ERROR_TOKEN_NOT_VALID);
    assert_int_equal(cookie_code(fixture, "hearth_session=" SECRET43, &caller), ERROR_NONE);
    assert_null(caller);
    fixture->access.tokens = tokens;
}

int
main(void)
{
#define SIGNED_TEST(name)                                                                          \
    cmocka_unit_test_setup_teardown(name, signed_in_set_up, signed_in_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_with_two_dots_is_a_token_and_no_key),
        SIGNED_TEST(a_token_s_caller_is_its_account_by_its_sign_in),
        SIGNED_TEST(a_token_of_one_account_with_the_sign_in_of_another_is_nobody_s),
        SIGNED_TEST(a_token_is_good_until_its_end),
        SIGNED_TEST(a_token_of_another_secret_is_refused_though_its_sign_in_lasts),
        SIGNED_TEST(a_token_that_was_cut_is_refused),
        SIGNED_TEST(a_token_whose_sign_in_has_ended_is_not_valid_any_more),
        SIGNED_TEST(a_cookie_s_caller_is_its_session_s_account),
        SIGNED_TEST(without_a_good_cookie_there_is_nobody_and_no_error),
        SIGNED_TEST(on_the_front_lane_both_wait_for_the_other_one),
        SIGNED_TEST(while_the_database_is_away_nobody_is_told_that_he_is_not_signed_in),
        SIGNED_TEST(without_accounts_no_token_is_valid_and_no_cookie_is_looked_at),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
