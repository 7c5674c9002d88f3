/* Rounds of the care of tables, as commands and the caretaker run them. */
#include "store_bench.h"

#include "access/access.h"
#include "access/maintain.h"

static struct maintenance
maintain(struct bench *bench)
{
    struct maintenance sum;
    error_clear(&bench->err);
    assert_true(maintain_run(bench->store, &bench->arena, &sum, &bench->err));
    return sum;
}

#define OLD_REVOCATIONS                                                                            \
    "INSERT INTO hearth.revocation (subject, at) "                                                 \
    "SELECT 'key:x', now() - interval '2 hours' FROM generate_series(1, 3500)"
#define COUNT_REVOCATIONS "SELECT count(*)::text AS answer FROM hearth.revocation"

static void
runs_until_nothing_is_left_and_sums_up(void **state)
{
    struct bench *bench = *state;
    fixture_sql(bench->database, OLD_REVOCATIONS
                "; INSERT INTO hearth.audit (at, id, event, actor)"
                " SELECT now() - interval '30 days', gen_random_uuid(), 'sign_in', 'anonymous'"
                " FROM generate_series(1, 200)");
    struct maintenance sum = maintain(bench);
    assert_true(sum.ran);
    assert_false(sum.again);
    assert_int_equal(sum.made, 1);
    assert_int_equal(sum.moved, 200);
    assert_int_equal(sum.deleted, 3500);
    sum = maintain(bench);
    assert_true(sum.ran);
    assert_int_equal(sum.made + sum.moved + sum.dropped + sum.deleted, 0);
}

static void
leaves_it_to_the_one_who_is_at_it(void **state)
{
    struct bench *bench = *state;
    struct query lock = ASK(
        "SELECT pg_advisory_xact_lock(hashtextextended('hearth.maintain', 0))::text AS answer", 0);
    struct transaction *other = transaction_begin(bench->store, &bench->arena, &bench->err);
    assert_non_null(other);
    assert_non_null(transaction_query(other, &lock, PARAMETERS(), &bench->arena, &bench->err));
    struct maintenance sum = maintain(bench);
    assert_false(sum.ran);
    assert_false(sum.again);
    assert_true(transaction_end(other, true, &bench->err));
}

static void
is_a_duty_only_when_the_last_care_was_long_ago(void **state)
{
    struct bench *bench = *state;
    struct access access = {.store = bench->store, .host = bench->host};
    fixture_sql(bench->database, OLD_REVOCATIONS);
    maintain_duty(&access, &bench->arena);
    assert_string_equal(bench_ask(bench, COUNT_REVOCATIONS), "3500");
    fixture_sql(bench->database, "UPDATE hearth.maintenance SET at = at - interval '26 hours'");
    maintain_duty(&access, &bench->arena);
    assert_string_equal(bench_ask(bench, COUNT_REVOCATIONS), "0");
}

static void
rests_after_a_round_that_found_all_in_use(void **state)
{
    struct bench *bench = *state;
    struct access access = {.store = bench->store, .host = bench->host};
    fixture_sql(bench->database,
                OLD_REVOCATIONS "; UPDATE hearth.maintenance SET at = at - interval '26 hours';"
                                "INSERT INTO hearth.maintenance VALUES (now(), 0, 0, 0, 0, true)");
    maintain_duty(&access, &bench->arena);
    assert_string_equal(bench_ask(bench, COUNT_REVOCATIONS), "3500");
    fixture_sql(bench->database,
                "UPDATE hearth.maintenance SET at = at - interval '61 minutes' WHERE again");
    maintain_duty(&access, &bench->arena);
    assert_string_equal(bench_ask(bench, COUNT_REVOCATIONS), "0");
}

static void
sets_retention_of_what_is_kept_by_the_day_and_only_for_the_owner(void **state)
{
    struct bench *bench = *state;
    char url[256];
    assert_false(maintain_retain(bench->store, "usage", 30, &bench->arena, &bench->err));
    assert_int_equal(bench->err.code, ERROR_INTERNAL);
    bench->settings.database_url = fixture_url(url, sizeof(url), bench->database, true);
    bench_reopen(bench);
    error_clear(&bench->err);
    assert_true(maintain_retain(bench->store, "usage_day", 30, &bench->arena, &bench->err));
    assert_string_equal(bench_ask(bench, "SELECT days::text AS answer FROM hearth.retention "
                                         "WHERE relation = 'usage_day'"),
                        "30");
    error_clear(&bench->err);
    assert_false(maintain_retain(bench->store, "account", 30, &bench->arena, &bench->err));
    assert_int_equal(bench->err.code, ERROR_NOT_FOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(runs_until_nothing_is_left_and_sums_up),
        BENCH_TEST(leaves_it_to_the_one_who_is_at_it),
        BENCH_TEST(is_a_duty_only_when_the_last_care_was_long_ago),
        BENCH_TEST(rests_after_a_round_that_found_all_in_use),
        BENCH_TEST(sets_retention_of_what_is_kept_by_the_day_and_only_for_the_owner),
    };
    return cmocka_run_group_tests_name("maintain", tests, store_group_set_up,
                                       store_group_tear_down);
}
