/* Following the revocations, whatever is late or lost on the way, and writing down what was used.
 */
#include "access_fixture.h"

#include "access/credential_duties.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/forgetting.h"
#include "host/sighting.h"

#define ADA "01890000-0000-7000-8000-00000000000a"
#define KEY "01890000-0000-7000-8000-000000000001"
#define COOKIE "01890000-0000-7000-8000-000000000002" /* a browser's session */
#define TOKENS "01890000-0000-7000-8000-000000000003" /* a sign-in with tokens */

enum { SECOND_US = 1000000, SESSION_TTL_S = 1000 };

static int
duties_set_up(void **state)
{
    access_set_up(state);
    struct access_fixture *fixture = *state;
    log_set_level(LOG_LEVEL_ERROR + 1);
    fixture->settings.session_ttl_s = SESSION_TTL_S;
    fixture_sql(
        fixture->database,
        "INSERT INTO hearth.account (id, user_name) VALUES ('" ADA "', 'ada');"
        "INSERT INTO hearth.key (id, name, prefix, hash, scopes)"
        " VALUES ('" KEY "', 'test', 'p', sha256('a'), '{}');"
        "INSERT INTO hearth.sign_in (id, account_id, method, cookie, last_seen_at, created_at,"
        "    expires_at) VALUES"
        " ('" COOKIE "', '" ADA "', 'password', sha256('c'), now() - interval '100 s',"
        "  now() - interval '100 s', now() + interval '100 s'),"
        " ('" TOKENS "', '" ADA "', 'password', NULL, now() - interval '100 s',"
        "  now() - interval '100 s', now() + interval '100 s')");
    return 0;
}

static int
duties_tear_down(void **state)
{
    struct access_fixture *fixture = *state;
    free(fixture->access.follower.ids);
    return access_tear_down(state);
}

static void
follow(struct access_fixture *fixture)
{
    credential_follow(&fixture->access, &fixture->request.arena);
}

/* Somebody revokes what has this name, so many seconds ago, as a row of this number. */
static void
revoked(struct access_fixture *fixture, int id, const char *subject, int ago_s)
{
    char sql[256];
    snprintf(sql, sizeof(sql),
             "INSERT INTO hearth.revocation (id, subject, at) OVERRIDING SYSTEM VALUE"
             " VALUES (%d, '%s', clock_timestamp() - interval '%d s')",
             id, subject, ago_s);
    fixture_sql(fixture->database, sql);
}

/* Whether what was learnt of it so many seconds ago still counts. */
static bool
holds(struct access_fixture *fixture, const char *subject, int ago_s)
{
    return forgetting_holds(fixture->access.host, subject,
                            clock_monotonic_us() - INT64_C(1) * ago_s * SECOND_US);
}

static void
the_first_look_of_a_host_forgets_all_that_was_learnt_before(void **state)
{
    struct access_fixture *fixture = *state;
    assert_true(holds(fixture, "key:a", 1));
    follow(fixture);
    assert_false(holds(fixture, "key:a", 1));
    assert_false(holds(fixture, "key:b", 0) && forgetting_followed_us(fixture->access.host) == 0);
    follow(fixture);
    assert_true(forgetting_holds(fixture->access.host, "key:a", clock_monotonic_us()));
}

static void
a_look_marks_what_was_revoked_and_nothing_else(void **state)
{
    struct access_fixture *fixture = *state;
    forgetting_follow(fixture->access.host, clock_monotonic_us() - 10 * SECOND_US);
    revoked(fixture, 1, "key:a", 0);
    follow(fixture);
    assert_false(holds(fixture, "key:a", 1));
    assert_true(holds(fixture, "key:b", 1));
    assert_true(clock_monotonic_us() - forgetting_followed_us(fixture->access.host) <
                5 * SECOND_US);
}

/* Clocks of two hosts differ, and transactions commit late: a minute more than it has missed. */
static void
a_look_goes_back_a_minute_behind_the_last_one(void **state)
{
    struct access_fixture *fixture = *state;
    forgetting_follow(fixture->access.host, clock_monotonic_us() - 20 * SECOND_US);
    revoked(fixture, 1, "key:a", 70);
    revoked(fixture, 2, "key:b", 100);
    follow(fixture);
    assert_false(holds(fixture, "key:a", 90));
    assert_true(holds(fixture, "key:b", 110));
}

static void
what_was_learnt_well_after_a_revocation_knows_of_it(void **state)
{
    struct access_fixture *fixture = *state;
    forgetting_follow(fixture->access.host, clock_monotonic_us() - 10 * SECOND_US);
    revoked(fixture, 1, "key:a", 40);
    follow(fixture);
    assert_true(holds(fixture, "key:a", 25));
    assert_false(holds(fixture, "key:a", 37)); /* it may have been committing still */
    assert_false(holds(fixture, "key:a", 45));
}

static void
a_number_that_becomes_visible_late_is_marked_all_the_same(void **state)
{
    struct access_fixture *fixture = *state;
    forgetting_follow(fixture->access.host, clock_monotonic_us() - SECOND_US);
    revoked(fixture, 3, "key:c", 0);
    revoked(fixture, 7, "key:g", 0);
    follow(fixture);
    int64_t learnt_us = clock_monotonic_us();
    revoked(fixture, 1, "key:a", 0);
    revoked(fixture, 5, "key:e", 0);
    revoked(fixture, 9, "key:i", 0);
    follow(fixture);
    assert_false(forgetting_holds(fixture->access.host, "key:a", learnt_us));
    assert_false(forgetting_holds(fixture->access.host, "key:e", learnt_us));
    assert_false(forgetting_holds(fixture->access.host, "key:i", learnt_us));
    assert_true(forgetting_holds(fixture->access.host, "key:c", learnt_us));
    assert_true(forgetting_holds(fixture->access.host, "key:g", learnt_us));
}

/* Revocations are kept for longer than half an hour, but not for ever. */
static void
who_has_not_looked_for_half_an_hour_forgets_everything(void **state)
{
    struct access_fixture *fixture = *state;
    int64_t now_us = clock_monotonic_us();
    if (now_us < INT64_C(1800) * SECOND_US)
        skip(); /* a machine that has just started has no such time */
    forgetting_follow(fixture->access.host, now_us - INT64_C(1700) * SECOND_US);
    follow(fixture);
    assert_true(holds(fixture, "key:a", 1));
    struct fixture *other;
    void *state_of_other = NULL;
    set_up(&state_of_other);
    other = state_of_other;
    struct host *host = fixture->access.host;
    fixture->access.host = other->host;
    forgetting_follow(other->host, now_us - INT64_C(1750) * SECOND_US);
    follow(fixture);
    assert_false(holds(fixture, "key:a", 1));
    fixture->access.host = host;
    tear_down(&state_of_other);
}

static void
more_revocations_than_one_look_can_see_forget_everything(void **state)
{
    struct access_fixture *fixture = *state;
    forgetting_follow(fixture->access.host, clock_monotonic_us() - SECOND_US);
    fixture_sql(fixture->database, "INSERT INTO hearth.revocation (subject)"
                                   " SELECT 'key:a' FROM generate_series(1, 9999)");
    follow(fixture);
    assert_false(holds(fixture, "key:a", 1));
    assert_true(holds(fixture, "key:b", 1));
    fixture_sql(fixture->database, "INSERT INTO hearth.revocation (subject) VALUES ('key:a')");
    follow(fixture);
    assert_false(holds(fixture, "key:b", 1));
}

static void
without_an_answer_of_the_database_nothing_counts_as_followed(void **state)
{
    struct access_fixture *fixture = *state;
    int64_t before_us = clock_monotonic_us() - SECOND_US;
    forgetting_follow(fixture->access.host, before_us);
    fixture_sql(fixture->database, "REVOKE SELECT ON hearth.revocation FROM hearth_application");
    revoked(fixture, 1, "key:a", 0);
    follow(fixture);
    assert_int_equal(forgetting_followed_us(fixture->access.host), before_us);
    assert_true(holds(fixture, "key:a", 0));
    fixture_sql(fixture->database, "GRANT SELECT ON hearth.revocation TO hearth_application");
    follow(fixture);
    assert_false(holds(fixture, "key:a", 1));
}

/* It was used so many seconds ago, and that is written down. */
static void
use(struct access_fixture *fixture, const char *id, int ago_s)
{
    sighting_note(fixture->access.host, id, clock_realtime_us() - INT64_C(1) * ago_s * SECOND_US);
    credential_note_use(&fixture->access, &fixture->request.arena);
}

/* How long ago the key was used, in tens of seconds. */
static const char *
used(struct access_fixture *fixture)
{
    return fixture_ask(fixture->database,
                       "SELECT round(extract(epoch FROM now() - last_used_at) / 10)"
                       " FROM hearth.key");
}

/* When it was seen last and when it ends, from now on and in tens of seconds. */
static const char *
session(struct access_fixture *fixture, const char *id)
{
    char sql[256];
    snprintf(sql, sizeof(sql),
             "SELECT round(extract(epoch FROM last_seen_at - now()) / 10),"
             "    round(extract(epoch FROM expires_at - now()) / 10)"
             " FROM hearth.sign_in WHERE id = '%s'",
             id);
    return fixture_ask(fixture->database, sql);
}

static void
a_key_was_used_when_it_was_used_last(void **state)
{
    struct access_fixture *fixture = *state;
    use(fixture, KEY, 50);
    assert_string_equal(used(fixture), "5");
    fixture_sql(fixture->database, "UPDATE hearth.key SET last_used_at = now() - interval '30 s'");
    use(fixture, KEY, 40); /* another host has written down a later use */
    assert_string_equal(used(fixture), "3");
}

static void
of_each_at_most_one_use_a_minute_is_written(void **state)
{
    struct access_fixture *fixture = *state;
    use(fixture, KEY, 50);
    use(fixture, KEY, 20);
    assert_string_equal(used(fixture), "5");
}

static void
a_session_goes_on_by_its_use_and_a_sign_in_with_tokens_does_not(void **state)
{
    struct access_fixture *fixture = *state;
    assert_string_equal(session(fixture, COOKIE), "-10|10");
    use(fixture, COOKIE, 0);
    assert_string_equal(session(fixture, COOKIE), "0|100");
    use(fixture, TOKENS, 0);
    assert_string_equal(session(fixture, TOKENS), "0|10");
}

static void
a_session_lasts_four_times_as_long_from_its_beginning_at_most(void **state)
{
    struct access_fixture *fixture = *state;
    fixture_sql(fixture->database,
                "UPDATE hearth.sign_in SET created_at = now() - interval '3500 s'");
    use(fixture, COOKIE, 0);
    assert_string_equal(session(fixture, COOKIE), "0|50");
}

/* The setting may have become shorter: what was promised is kept. */
static void
a_session_never_ends_earlier_for_having_been_used(void **state)
{
    struct access_fixture *fixture = *state;
    fixture_sql(fixture->database,
                "UPDATE hearth.sign_in SET expires_at = now() + interval '2000 s'");
    use(fixture, COOKIE, 0);
    assert_string_equal(session(fixture, COOKIE), "0|200");
}

static void
what_has_ended_does_not_go_on(void **state)
{
    struct access_fixture *fixture = *state;
    fixture_sql(
        fixture->database,
        "UPDATE hearth.sign_in SET ended_at = now() WHERE id = '" COOKIE "';"
        "UPDATE hearth.sign_in SET cookie = sha256('t'), expires_at = now() - interval '50 s'"
        " WHERE id = '" TOKENS "'");
    use(fixture, COOKIE, 0);
    assert_string_equal(session(fixture, COOKIE), "-10|10");
    use(fixture, TOKENS, 0);
    assert_string_equal(session(fixture, TOKENS), "-10|-5");
}

/* A use before the end that is written down after it. */
static void
what_was_used_in_its_time_goes_on_though_it_is_written_later(void **state)
{
    struct access_fixture *fixture = *state;
    fixture_sql(fixture->database,
                "UPDATE hearth.sign_in SET expires_at = now() - interval '20 s'");
    use(fixture, COOKIE, 40);
    assert_string_equal(session(fixture, COOKIE), "-4|96");
}

int
main(void)
{
#define DUTIES_TEST(name) cmocka_unit_test_setup_teardown(name, duties_set_up, duties_tear_down)
    const struct CMUnitTest tests[] = {
        DUTIES_TEST(the_first_look_of_a_host_forgets_all_that_was_learnt_before),
        DUTIES_TEST(a_look_marks_what_was_revoked_and_nothing_else),
        DUTIES_TEST(a_look_goes_back_a_minute_behind_the_last_one),
        DUTIES_TEST(what_was_learnt_well_after_a_revocation_knows_of_it),
        DUTIES_TEST(a_number_that_becomes_visible_late_is_marked_all_the_same),
        DUTIES_TEST(who_has_not_looked_for_half_an_hour_forgets_everything),
        DUTIES_TEST(more_revocations_than_one_look_can_see_forget_everything),
        DUTIES_TEST(without_an_answer_of_the_database_nothing_counts_as_followed),
        DUTIES_TEST(a_key_was_used_when_it_was_used_last),
        DUTIES_TEST(of_each_at_most_one_use_a_minute_is_written),
        DUTIES_TEST(a_session_goes_on_by_its_use_and_a_sign_in_with_tokens_does_not),
        DUTIES_TEST(a_session_lasts_four_times_as_long_from_its_beginning_at_most),
        DUTIES_TEST(a_session_never_ends_earlier_for_having_been_used),
        DUTIES_TEST(what_has_ended_does_not_go_on),
        DUTIES_TEST(what_was_used_in_its_time_goes_on_though_it_is_written_later),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
