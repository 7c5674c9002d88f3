/* That it is the person who asks: by a sign-in, by its password, or by one of a moment ago. */
#include "access_fixture.h"

#include "access/password.h"
#include "access/presence.h"
#include "access/throttle.h"
#include "base/clock.h"
#include "base/log.h"

#define ADA "01890000-0000-7000-8000-00000000000a"
#define BOB "01890000-0000-7000-8000-00000000000b"
#define HERE "01890000-0000-7000-8000-000000000001"
#define BOBS "01890000-0000-7000-8000-000000000003"
#define FREE_TRIES 10 /* docs/accounts.md */

static const struct caller ada = {
    .kind = CALLER_TOKEN, .tenant = "account:" ADA, .account_id = ADA, .sign_in_id = HERE};

static const char *
one_of(struct access_fixture *fixture, const char *text)
{
    return arena_strdup(&fixture->request.arena, text);
}

/* Ada with the password "right", and a sign-in of hers and of Bob's, both of this moment. */
static int
presence_set_up(void **state)
{
    access_set_up(state);
    struct access_fixture *fixture = *state;
    const char *phc;
    log_set_level(LOG_LEVEL_ERROR + 1);
    assert_true(password_hash(&fixture->request, one_of(fixture, "right"), &phc, &fixture->err));
    fixture_sql(
        fixture->database,
        arena_printf(&fixture->request.arena,
                     "INSERT INTO hearth.account (id, user_name, password) VALUES"
                     "    ('" ADA "', 'ada', '%s'), ('" BOB "', 'bob', NULL);"
                     "INSERT INTO hearth.sign_in (id, account_id, method, expires_at) VALUES"
                     "    ('" HERE "', '" ADA "', 'password', now() + interval '1 hour'),"
                     "    ('" BOBS "', '" BOB "', 'google', now() + interval '1 hour')",
                     phc));
    fixture->request.caller = &ada;
    return 0;
}

static void
begin_ago(struct access_fixture *fixture, const char *interval)
{
    fixture_sql(fixture->database,
                arena_printf(&fixture->request.arena,
                             "UPDATE hearth.sign_in SET created_at = now() - interval '%s'"
                             " WHERE id = '" HERE "'",
                             interval));
}

static const struct account *
account_of(struct access_fixture *fixture)
{
    const struct account *account = NULL;
    error_clear(&fixture->err);
    assert_true(present_account(&fixture->request, &account, &fixture->err));
    return account;
}

static enum error_code
proves(struct access_fixture *fixture, const char *password)
{
    const struct account *account = account_of(fixture);
    bool proved =
        prove_presence(&fixture->request, account, password ? one_of(fixture, password) : NULL,
                       "current_password", &fixture->err);
    assert_int_equal(proved, fixture->err.code == ERROR_NONE);
    return fixture->err.code;
}

static void
only_a_sign_in_is_a_person(void **state)
{
    (void)state;
    static const struct {
        enum caller_kind kind;
        bool person;
    } kinds[] = {
        {CALLER_DEVELOPMENT, false}, {CALLER_ENVIRONMENT_KEY, false}, {CALLER_KEY, false},
        {CALLER_TOKEN, true},        {CALLER_SESSION, true},
    };
    assert_false(is_person(NULL));
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct caller caller = {.kind = kinds[i].kind, .account_id = ADA};
        struct request request = {.caller = &caller};
        struct error err = {0};
        assert_int_equal(is_person(&caller), kinds[i].person);
        assert_int_equal(in_person(&request, &err), kinds[i].person);
        assert_int_equal(err.code, kinds[i].person ? ERROR_NONE : ERROR_FORBIDDEN);
    }
}

static void
a_key_of_the_account_is_not_its_owner(void **state)
{
    struct access_fixture *fixture = *state;
    const struct caller key = {.kind = CALLER_KEY, .account_id = ADA};
    const struct account *account = NULL;
    fixture->request.caller = &key;
    assert_false(present_account(&fixture->request, &account, &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_FORBIDDEN);
    assert_null(account);
}

static void
who_calls_for_an_account_that_is_gone_is_nobody(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = NULL;
    fixture_sql(fixture->database, "DELETE FROM hearth.account WHERE id = '" ADA "'");
    assert_false(present_account(&fixture->request, &account, &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_UNAUTHORIZED);
}

static void
a_sign_in_is_proof_for_ten_minutes(void **state)
{
    struct access_fixture *fixture = *state;
    begin_ago(fixture, "590 seconds");
    assert_int_equal(proves(fixture, NULL), ERROR_NONE);
    begin_ago(fixture, "600 seconds");
    assert_int_equal(proves(fixture, NULL), ERROR_FORBIDDEN);
    assert_non_null(strstr(fixture->err.detail, "current_password"));
}

static void
a_fresh_sign_in_of_another_is_no_proof(void **state)
{
    struct access_fixture *fixture = *state;
    static const struct caller with_bobs = {
        .kind = CALLER_TOKEN, .tenant = "account:" ADA, .account_id = ADA, .sign_in_id = BOBS};
    static const struct caller key = {
        .kind = CALLER_KEY, .tenant = "account:" ADA, .account_id = ADA};
    const struct account *account = account_of(fixture);
    begin_ago(fixture, "1 hour");
    assert_int_equal(proves(fixture, NULL), ERROR_FORBIDDEN);
    fixture->request.caller = &with_bobs;
    assert_int_equal(proves(fixture, NULL), ERROR_FORBIDDEN);
    begin_ago(fixture, "0");
    assert_int_equal(proves(fixture, NULL), ERROR_FORBIDDEN);
    fixture->request.caller = &key;
    error_clear(&fixture->err);
    assert_false(prove_presence(&fixture->request, account, NULL, "password", &fixture->err));
}

static void
a_sign_in_that_has_ended_is_no_proof(void **state)
{
    struct access_fixture *fixture = *state;
    fixture_sql(fixture->database,
                "UPDATE hearth.sign_in SET ended_at = now() WHERE id = '" HERE "'");
    assert_int_equal(proves(fixture, NULL), ERROR_FORBIDDEN);
}

static void
the_right_password_is_proof_however_old_the_sign_in_is(void **state)
{
    struct access_fixture *fixture = *state;
    begin_ago(fixture, "20 days");
    assert_int_equal(proves(fixture, "right"), ERROR_NONE);
}

static void
a_wrong_password_is_no_proof_though_the_sign_in_is_fresh(void **state)
{
    struct access_fixture *fixture = *state;
    assert_int_equal(proves(fixture, "wrong"), ERROR_VALIDATION_FAILED);
    assert_int_equal(proves(fixture, ""), ERROR_VALIDATION_FAILED);
    assert_string_equal(fixture_ask(fixture->database,
                                    "SELECT count(*) FROM hearth.audit WHERE event = "
                                    "'sign_in_failed' AND subject = 'account:" ADA "'"),
                        "2");
}

static void
the_password_of_an_account_without_one_proves_nothing(void **state)
{
    struct access_fixture *fixture = *state;
    fixture_sql(fixture->database, "UPDATE hearth.account SET password = NULL");
    assert_int_equal(proves(fixture, "right"), ERROR_NONE); /* the sign-in does */
    begin_ago(fixture, "11 minutes");
    assert_int_equal(proves(fixture, "right"), ERROR_FORBIDDEN);
}

static void
wrong_passwords_are_counted_and_right_ones_are_not(void **state)
{
    struct access_fixture *fixture = *state;
    for (int i = 0; i < FREE_TRIES + 2; i++)
        assert_int_equal(proves(fixture, "right"), ERROR_NONE);
    for (int i = 0; i < FREE_TRIES; i++)
        assert_int_equal(proves(fixture, "wrong"), ERROR_VALIDATION_FAILED);
    /* However long this test takes. */
    fixture_sql(fixture->database, "UPDATE hearth.throttle SET until = until + interval '1 hour'");
    assert_int_equal(proves(fixture, "wrong"), ERROR_RATE_LIMITED);
    /* Else a guess could go on for as long as one likes. */
    assert_int_equal(proves(fixture, "right"), ERROR_RATE_LIMITED);
}

static void
a_password_that_came_is_wiped_when_the_request_ends(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = account_of(fixture);
    char password[] = "wrong";
    assert_false(prove_presence(&fixture->request, account, password, "password", &fixture->err));
    arena_reset(&fixture->request.arena);
    assert_memory_equal(password, "\0\0\0\0\0", 5);
}

static void
without_the_lane_that_waits_nothing_is_proved(void **state)
{
    struct access_fixture *fixture = *state;
    const struct account *account = account_of(fixture);
    fixture->request.may_wait = false;
    assert_false(prove_presence(&fixture->request, account, NULL, "password", &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_WOULD_WAIT);
    error_clear(&fixture->err);
    assert_false(prove_presence(&fixture->request, account, one_of(fixture, "right"), "password",
                                &fixture->err));
    assert_int_equal(fixture->err.code, ERROR_WOULD_WAIT);
}

int
main(void)
{
#define PRESENCE_TEST(name) cmocka_unit_test_setup_teardown(name, presence_set_up, access_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_sign_in_is_a_person),
        PRESENCE_TEST(a_key_of_the_account_is_not_its_owner),
        PRESENCE_TEST(who_calls_for_an_account_that_is_gone_is_nobody),
        PRESENCE_TEST(a_sign_in_is_proof_for_ten_minutes),
        PRESENCE_TEST(a_fresh_sign_in_of_another_is_no_proof),
        PRESENCE_TEST(a_sign_in_that_has_ended_is_no_proof),
        PRESENCE_TEST(the_right_password_is_proof_however_old_the_sign_in_is),
        PRESENCE_TEST(a_wrong_password_is_no_proof_though_the_sign_in_is_fresh),
        PRESENCE_TEST(the_password_of_an_account_without_one_proves_nothing),
        PRESENCE_TEST(wrong_passwords_are_counted_and_right_ones_are_not),
        PRESENCE_TEST(a_password_that_came_is_wiped_when_the_request_ends),
        PRESENCE_TEST(without_the_lane_that_waits_nothing_is_proved),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
