/* Whether a call may go on of which nobody can say whether its budget has room. */
#include "access_fixture.h"

#include "access/known_budget.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/epoch.h"

#define TENANT "key:0813ba6d30f7"
#define OTHER "key:0813ba6d30f8"

static const struct caller key = {.kind = CALLER_ENVIRONMENT_KEY, .tenant = TENANT};
static const struct caller other_key = {.kind = CALLER_ENVIRONMENT_KEY, .tenant = OTHER};

static int
known_set_up(void **state)
{
    log_set_level(LOG_LEVEL_ERROR + 1);
    return access_set_up(state);
}

static void
take_database_away(struct access_fixture *fixture)
{
    store_close(fixture->access.store);
    fixture->settings.database_url = "postgresql://hearth@127.0.0.1:1/hearth";
    assert_true(
        store_open(&fixture->settings, fixture->host->host, &fixture->access.store, &fixture->err));
}

static bool
passes(struct access_fixture *fixture, const struct caller *caller)
{
    return known_budget_lets_pass(&fixture->access, caller, &fixture->request.arena);
}

static void
note(struct access_fixture *fixture, const struct caller *caller, bool has_budget)
{
    known_budget_note(&fixture->access, caller, has_budget, &fixture->request.arena);
}

static void
set_budget(struct access_fixture *fixture, const char *tenant)
{
    fixture_sql(fixture->database,
                arena_printf(&fixture->request.arena,
                             "INSERT INTO hearth.budget (owner, unit, period, most)"
                             " VALUES ('%s', 'calls', 'total', 9)",
                             tenant));
}

/* Leaves room for so many names more, and lets somebody's moment stand for those that found none.
 */
static void
fill_names(struct access_fixture *fixture, int left)
{
    struct host *host = fixture->host->host;
    for (int i = left; i < EPOCHS_MAX; i++)
        epoch_raise(host, arena_printf(&fixture->request.arena, "name %d", i), 1);
}

static void
the_database_is_asked_of_those_with_a_budget_and_of_keys_of_the_settings(void **state)
{
    (void)state;
    static const enum caller_kind kinds[] = {CALLER_DEVELOPMENT, CALLER_KEY, CALLER_TOKEN,
                                             CALLER_SESSION};
    assert_false(known_budget_is_possible(NULL));
    assert_true(known_budget_is_possible(&key));
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct caller caller = {.kind = kinds[i], .tenant = "x"};
        assert_false(known_budget_is_possible(&caller));
        caller.has_budget = true;
        assert_true(known_budget_is_possible(&caller));
    }
}

static void
what_the_database_says_now_counts_and_is_remembered(void **state)
{
    struct access_fixture *fixture = *state;
    set_budget(fixture, TENANT);
    assert_false(passes(fixture, &key));
    assert_true(passes(fixture, &other_key));
    take_database_away(fixture);
    assert_false(passes(fixture, &key));
    assert_true(passes(fixture, &other_key));
}

static void
a_caller_whose_snapshot_says_it_has_a_budget_never_passes(void **state)
{
    struct access_fixture *fixture = *state;
    struct caller caller = {.kind = CALLER_KEY, .tenant = "key:x", .has_budget = true};
    assert_false(passes(fixture, &caller));
    take_database_away(fixture);
    assert_false(passes(fixture, &caller));
    assert_false(passes(fixture, &caller));
}

static void
of_what_was_said_before_the_last_word_counts(void **state)
{
    struct access_fixture *fixture = *state;
    take_database_away(fixture);
    note(fixture, &key, false);
    assert_true(passes(fixture, &key));
    note(fixture, &key, true);
    assert_false(passes(fixture, &key));
    /* Two words within one microsecond are one of each: it is taken for a budget. */
    int64_t now_us = clock_realtime_us();
    while (clock_realtime_us() == now_us)
        continue;
    note(fixture, &key, false);
    assert_true(passes(fixture, &key));
}

static void
who_was_never_heard_of_passes_while_the_database_is_away(void **state)
{
    struct access_fixture *fixture = *state;
    take_database_away(fixture);
    assert_true(passes(fixture, &key));
    assert_true(store_is_down(fixture->access.store));
    assert_true(passes(fixture, &key));
}

static void
an_answer_that_fails_for_another_reason_lets_nobody_pass(void **state)
{
    struct access_fixture *fixture = *state;
    fixture_sql(fixture->database,
                "DROP FUNCTION hearth.has_budget(uuid, uuid, uuid, text) CASCADE");
    assert_false(passes(fixture, &key));
    assert_false(store_is_down(fixture->access.store));
}

static void
nothing_is_noted_of_callers_that_snapshots_tell_of(void **state)
{
    struct access_fixture *fixture = *state;
    struct caller caller = {.kind = CALLER_KEY, .tenant = TENANT};
    take_database_away(fixture);
    note(fixture, &caller, true);
    assert_true(passes(fixture, &key));
}

/* Whatever is left of the table, and whatever is noted of others that share its last number. */
static void
a_full_table_never_hides_a_budget(void **state)
{
    struct access_fixture *fixture = *state;
    for (int left = 0; left < 3; left++) {
        void *fresh = NULL;
        set_up(&fresh);
        struct fixture *own = fixture->host;
        fixture->host = fresh;
        fixture->access.host = fixture->host->host;
        take_database_away(fixture);
        fill_names(fixture, left);
        note(fixture, &key, true);
        note(fixture, &other_key, false);
        epoch_raise(fixture->access.host, "somebody else's", clock_realtime_us() + 1000000);
        assert_false(passes(fixture, &key));
        store_close(fixture->access.store);
        fixture->access.store = NULL;
        fixture->host = own;
        tear_down(&fresh);
    }
}

int
main(void)
{
#define KNOWN_TEST(name) cmocka_unit_test_setup_teardown(name, known_set_up, access_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_database_is_asked_of_those_with_a_budget_and_of_keys_of_the_settings),
        KNOWN_TEST(what_the_database_says_now_counts_and_is_remembered),
        KNOWN_TEST(a_caller_whose_snapshot_says_it_has_a_budget_never_passes),
        KNOWN_TEST(of_what_was_said_before_the_last_word_counts),
        KNOWN_TEST(who_was_never_heard_of_passes_while_the_database_is_away),
        KNOWN_TEST(an_answer_that_fails_for_another_reason_lets_nobody_pass),
        KNOWN_TEST(nothing_is_noted_of_callers_that_snapshots_tell_of),
        KNOWN_TEST(a_full_table_never_hides_a_budget),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
