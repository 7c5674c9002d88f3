/* Who waits for whose guesses. */
#include "access_fixture.h"

#include "access/account.h"
#include "access/throttle.h"

#include <string.h>

enum { GUESSES = 40 };

#define SECRET "0123456789abcdefghijABCDEFGHIJ0123456789-_x"

static const char *
cookie_parameter(void *carrier, const char *name)
{
    (void)carrier;
    return strcmp(name, "HTTP_COOKIE") == 0 ? "hearth_session=" SECRET : NULL;
}

static const char *
make(struct access_fixture *fixture, char *id)
{
    const struct account_wish wish = {.user_name = "Ada", .email = "ada@example.com"};
    const struct account *account = NULL;
    assert_true(account_create(&fixture->request, &wish, &account, &fixture->err));
    return strcpy(id, account->id); /* NOLINT: an UUID */
}

static bool
try_from(struct access_fixture *fixture, const char *address, const char *login, const char *id,
         enum throttle_outcome outcome)
{
    struct throttle_try try;
    access_fixture_request(fixture);
    fixture->request.remote_address = address;
    if (!throttle_begin(&fixture->request, login, id, &try, &fixture->err)) {
        assert_int_equal(fixture->err.code, ERROR_RATE_LIMITED);
        return false;
    }
    throttle_end(&fixture->request, &try, outcome);
    return true;
}

static void
guess_from_many_networks(struct access_fixture *fixture, const char *login, const char *id)
{
    char address[32];
    for (int i = 0; i < GUESSES; i++) {
        snprintf(address, sizeof(address), "203.0.113.%d", i);
        (void)try_from(fixture, address, login, id, THROTTLE_WRONG);
    }
}

static void
signed_in_from(struct access_fixture *fixture, const char *address, const char *id)
{
    access_fixture_request(fixture);
    fixture->request.remote_address = address;
    throttle_know(&fixture->request, id);
}

static void
guesses_from_elsewhere_keep_nobody_out_where_he_signed_in_by_whatever_name(void **state)
{
    struct access_fixture *fixture = *state;
    char id[64];
    make(fixture, id);
    signed_in_from(fixture, "198.51.100.7", id);
    guess_from_many_networks(fixture, "Ada", id);
    guess_from_many_networks(fixture, "ada@example.com", id);
    assert_false(try_from(fixture, "198.51.100.8", "Ada", id, THROTTLE_RIGHT));
    assert_true(try_from(fixture, "198.51.100.7", "Ada", id, THROTTLE_RIGHT));
    assert_true(try_from(fixture, "198.51.100.7", "ada@example.com", id, THROTTLE_RIGHT));
}

static void
guesses_are_bounded_where_the_owner_signed_in_too(void **state)
{
    struct access_fixture *fixture = *state;
    char id[64];
    int tried = 0;
    make(fixture, id);
    signed_in_from(fixture, "198.51.100.7", id);
    for (int i = 0; i < GUESSES; i++)
        tried += try_from(fixture, "198.51.100.7", "Ada", id, THROTTLE_WRONG);
    assert_int_equal(tried, 10);
}

static void
a_try_that_is_refused_for_guesses_elsewhere_does_not_count_here(void **state)
{
    struct access_fixture *fixture = *state;
    char id[64];
    make(fixture, id);
    guess_from_many_networks(fixture, "Ada", id);
    for (int i = 0; i < 12; i++)
        assert_false(try_from(fixture, "198.51.100.8", "Ada", id, THROTTLE_RIGHT));
    fixture_sql(fixture->database, "UPDATE hearth.throttle SET until = now() WHERE failures >= 30");
    assert_true(try_from(fixture, "198.51.100.8", "Ada", id, THROTTLE_RIGHT));
}

static void
a_browser_of_the_account_gets_in_whoever_guesses_in_its_network(void **state)
{
    struct access_fixture *fixture = *state;
    char id[64], sql[400];
    make(fixture, id);
    for (int i = 0; i < GUESSES; i++)
        (void)try_from(fixture, "198.51.100.7", "Ada", id, THROTTLE_WRONG);
    guess_from_many_networks(fixture, "Ada", id);
    assert_false(try_from(fixture, "198.51.100.7", "Ada", id, THROTTLE_RIGHT));
    snprintf(sql, sizeof(sql),
             "INSERT INTO hearth.sign_in (id, account_id, method, cookie, expires_at) VALUES"
             " (gen_random_uuid(), '%s', 'password', sha256('" SECRET "'), now())",
             id);
    fixture_sql(fixture->database, sql);
    fixture->transport.parameter = cookie_parameter;
    assert_true(try_from(fixture, "198.51.100.7", "Ada", id, THROTTLE_RIGHT));
    int tried = 0;
    for (int i = 0; i < GUESSES; i++)
        tried += try_from(fixture, "198.51.100.7", "Ada", id, THROTTLE_WRONG);
    assert_int_equal(tried, 10);
    /* It is no help with another's account. */
    assert_false(try_from(fixture, "203.0.113.1", "Ada", NULL, THROTTLE_RIGHT));
}

static void
tries_at_once_from_one_address_are_as_many_as_one_by_one(void **state)
{
    struct access_fixture *fixture = *state;
    struct throttle_try tries[GUESSES];
    char login[32];
    int begun = 0;
    for (int i = 0; i < GUESSES; i++) {
        access_fixture_request(fixture);
        snprintf(login, sizeof(login), "person-%d", i);
        begun += throttle_begin(&fixture->request, login, NULL, &tries[i], &fixture->err);
    }
    assert_int_equal(begun, 30);
}

static void
who_signs_in_rightly_does_not_count_for_the_address(void **state)
{
    struct access_fixture *fixture = *state;
    char login[32];
    for (int i = 0; i < GUESSES; i++) {
        snprintf(login, sizeof(login), "person-%d", i);
        assert_true(try_from(fixture, "198.51.100.7", login, NULL, THROTTLE_RIGHT));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ACCESS_TEST(guesses_from_elsewhere_keep_nobody_out_where_he_signed_in_by_whatever_name),
        ACCESS_TEST(guesses_are_bounded_where_the_owner_signed_in_too),
        ACCESS_TEST(a_try_that_is_refused_for_guesses_elsewhere_does_not_count_here),
        ACCESS_TEST(a_browser_of_the_account_gets_in_whoever_guesses_in_its_network),
        ACCESS_TEST(tries_at_once_from_one_address_are_as_many_as_one_by_one),
        ACCESS_TEST(who_signs_in_rightly_does_not_count_for_the_address),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
