/* Breakers: when they open, who may probe, how they close. */
#include "host_fixture.h"

#include "host/breaker.h"

static const struct breaker_policy policy = {.threshold = 3, .recovery_ms = 1000, .probe_ms = 200};
enum { MS = 1000, START = 5000 * MS };

static bool
allowed(struct breaker *breaker, int64_t now_us)
{
    int64_t retry_after_ms;
    return breaker_allow(breaker, &policy, now_us, &retry_after_ms);
}

static struct breaker *
opened(struct host *host)
{
    struct breaker *breaker = breaker_find(host, "model");
    for (int i = 0; i < 3; i++)
        breaker_failure(breaker, &policy, START);
    return breaker;
}

static struct breaker_view
view_of(struct breaker *breaker, int64_t now_us)
{
    struct breaker_view view;
    breaker_view(breaker, now_us, &view);
    return view;
}

static void
opens_after_failures_in_a_row(void **state)
{
    struct breaker *breaker = breaker_find(host_of(state), "model");
    int64_t retry_after_ms;
    breaker_failure(breaker, &policy, START);
    breaker_failure(breaker, &policy, START);
    breaker_success(breaker, START);
    breaker_failure(breaker, &policy, START);
    breaker_failure(breaker, &policy, START);
    assert_true(allowed(breaker, START));
    breaker_failure(breaker, &policy, START);
    assert_false(breaker_allow(breaker, &policy, START + 300 * MS, &retry_after_ms));
    assert_int_equal(retry_after_ms, 700);
}

static void
lets_one_probe_through(void **state)
{
    struct breaker *breaker = opened(host_of(state));
    assert_false(allowed(breaker, START + 1000 * MS - 1));
    assert_true(allowed(breaker, START + 1000 * MS));
    assert_false(allowed(breaker, START + 1000 * MS));
    assert_int_equal(view_of(breaker, START + 1000 * MS).state, BREAKER_HALF_OPEN);
}

static void
tells_the_call_that_made_it_half_open(void **state)
{
    struct breaker *breaker = opened(host_of(state));
    int64_t first = START + 1000 * MS, left_ms;
    assert_int_equal(breaker_allow(breaker, &policy, START, &left_ms), BREAKER_REFUSES);
    assert_int_equal(breaker_allow(breaker, &policy, first, &left_ms), BREAKER_PROBES);
    breaker_withdraw(breaker, &policy, first);
    assert_int_equal(breaker_allow(breaker, &policy, first, &left_ms), BREAKER_ALLOWS);
    breaker_success(breaker, first);
    assert_int_equal(breaker_allow(breaker, &policy, first, &left_ms), BREAKER_ALLOWS);
    assert_int_equal(view_of(breaker, first).half_opens_total, 1);
}

static void
gives_up_a_silent_probe(void **state)
{
    struct breaker *breaker = opened(host_of(state));
    assert_true(allowed(breaker, START + 1000 * MS));
    assert_false(allowed(breaker, START + 1200 * MS - 1));
    assert_true(allowed(breaker, START + 1200 * MS));
    assert_false(allowed(breaker, START + 1200 * MS));
}

static void
lets_another_probe_through_when_one_is_withdrawn(void **state)
{
    struct breaker *breaker = opened(host_of(state));
    int64_t first = START + 1000 * MS, second = START + 1050 * MS;
    assert_true(allowed(breaker, first));
    breaker_withdraw(breaker, &policy, first);
    assert_int_equal(view_of(breaker, first).state, BREAKER_HALF_OPEN);
    assert_true(allowed(breaker, second));
    breaker_withdraw(breaker, &policy, first);
    breaker_withdraw(breaker, &policy, START - 1);
    assert_false(allowed(breaker, second));
}

static void
withdraws_nothing_where_it_is_closed_or_open(void **state)
{
    struct breaker *breaker = opened(host_of(state));
    breaker_withdraw(breaker, &policy, START);
    assert_false(allowed(breaker, START));
    breaker_reset(breaker);
    breaker_failure(breaker, &policy, START);
    breaker_withdraw(breaker, &policy, START);
    assert_int_equal(view_of(breaker, START).failures, 1);
    assert_true(allowed(breaker, START));
}

static void
closes_after_a_good_probe(void **state)
{
    struct breaker *breaker = opened(host_of(state));
    assert_true(allowed(breaker, START + 1000 * MS));
    breaker_success(breaker, START + 1001 * MS);
    assert_true(allowed(breaker, START + 1001 * MS));
    assert_true(allowed(breaker, START + 1001 * MS));
    assert_int_equal(view_of(breaker, START).failures, 0);
}

static void
opens_again_for_longer_after_each_bad_probe(void **state)
{
    struct breaker *breaker = opened(host_of(state));
    int64_t now_us = START + 1000 * MS;
    for (int64_t recovery_ms = 2000; recovery_ms <= 64000; recovery_ms *= 2) {
        assert_true(allowed(breaker, now_us));
        assert_true(breaker_failure(breaker, &policy, now_us));
        int64_t bounded_ms = recovery_ms < 60000 ? recovery_ms : 60000;
        assert_false(allowed(breaker, now_us + bounded_ms * MS - 1));
        now_us += bounded_ms * MS;
    }
    assert_true(allowed(breaker, now_us));
    assert_true(breaker_success(breaker, now_us));
    for (int i = 0; i < 3; i++)
        breaker_failure(breaker, &policy, now_us);
    assert_true(allowed(breaker, now_us + 1000 * MS));
}

static void
never_waits_less_than_its_recovery_nor_doubles_over_the_policys_bound(void **state)
{
    static const struct breaker_policy slow = {.threshold = 1, .recovery_ms = 90000},
                                       steady = {.threshold = 1,
                                                 .recovery_ms = 1000,
                                                 .recovery_max_ms = 1000};
    const struct breaker_policy *policies[] = {&slow, &steady};
    int64_t retry_after_ms;
    for (size_t i = 0; i < 2; i++) {
        struct breaker *breaker = breaker_find(host_of(state), i == 0 ? "slow" : "steady");
        int64_t recovery_us = policies[i]->recovery_ms * MS;
        for (int64_t round = 1; round < 4; round++) {
            breaker_failure(breaker, policies[i], START + (round - 1) * recovery_us);
            assert_false(breaker_allow(breaker, policies[i], START + round * recovery_us - 1,
                                       &retry_after_ms));
            assert_true(
                breaker_allow(breaker, policies[i], START + round * recovery_us, &retry_after_ms));
        }
    }
}

static void
tells_its_callers_when_it_opens_and_closes(void **state)
{
    struct breaker *breaker = breaker_find(host_of(state), "model");
    assert_false(breaker_failure(breaker, &policy, START));
    assert_false(breaker_success(breaker, START));
    assert_false(breaker_failure(breaker, &policy, START));
    assert_false(breaker_failure(breaker, &policy, START));
    assert_true(breaker_failure(breaker, &policy, START));
    assert_false(breaker_failure(breaker, &policy, START));
    assert_false(breaker_success(breaker, START));
    assert_true(allowed(breaker, START + 1000 * MS));
    assert_true(breaker_success(breaker, START + 1000 * MS));
    assert_false(breaker_reset(breaker));
}

static void
rests_as_long_as_the_other_side_asked_and_no_success_ends_it(void **state)
{
    struct breaker *breaker = breaker_find(host_of(state), "model");
    int64_t retry_after_ms;
    breaker_rest(breaker, START + 700 * MS);
    breaker_rest(breaker, START + 300 * MS);
    breaker_success(breaker, START);
    assert_false(breaker_allow(breaker, &policy, START + 200 * MS, &retry_after_ms));
    assert_int_equal(retry_after_ms, 500);
    assert_int_equal(view_of(breaker, START + 200 * MS).rest_ms, 500);
    assert_int_equal(view_of(breaker, START + 200 * MS).state, BREAKER_CLOSED);
    assert_true(allowed(breaker, START + 700 * MS));
    assert_int_equal(view_of(breaker, START + 700 * MS).rest_ms, 0);
}

static void
sends_no_probe_during_a_rest_and_a_reset_ends_both(void **state)
{
    struct breaker *breaker = opened(host_of(state));
    int64_t retry_after_ms;
    breaker_rest(breaker, START + 3000 * MS);
    assert_false(breaker_allow(breaker, &policy, START + 2000 * MS, &retry_after_ms));
    assert_int_equal(retry_after_ms, 1000);
    assert_int_equal(view_of(breaker, START).half_opens_total, 0);
    assert_true(breaker_reset(breaker));
    assert_true(allowed(breaker, START));
}

static void
ignores_late_answers_while_open(void **state)
{
    struct breaker *breaker = opened(host_of(state));
    breaker_success(breaker, START + MS);
    assert_false(allowed(breaker, START + MS));
    breaker_failure(breaker, &policy, START + 900 * MS);
    assert_true(allowed(breaker, START + 1000 * MS));
}

static void
is_closed_by_a_reset(void **state)
{
    struct breaker *breaker = opened(host_of(state));
    breaker_reset(breaker);
    assert_true(allowed(breaker, START));
    assert_int_equal(view_of(breaker, START).state, BREAKER_CLOSED);
}

static void
shows_its_totals_and_policy(void **state)
{
    struct breaker *breaker = opened(host_of(state));
    assert_true(allowed(breaker, START + 1000 * MS));
    breaker_success(breaker, START + 1001 * MS);
    struct breaker_view view = view_of(breaker, START + 1001 * MS);
    assert_string_equal(view.name, "model");
    assert_int_equal(view.failures_total, 3);
    assert_int_equal(view.successes_total, 1);
    assert_int_equal(view.opens_total, 1);
    assert_int_equal(view.half_opens_total, 1);
    assert_int_equal(view.closes_total, 1);
    assert_int_equal(view.policy.recovery_ms, 1000);
    assert_true(view.last_failure_us > 0 && view.last_success_us >= view.last_failure_us);
}

static void
counts_no_success_where_the_other_side_only_answered(void **state)
{
    struct breaker *breaker = opened(host_of(state));
    assert_true(allowed(breaker, START + 1000 * MS));
    assert_true(breaker_alive(breaker));
    struct breaker_view view = view_of(breaker, START + 1001 * MS);
    assert_int_equal(view.state, BREAKER_CLOSED);
    assert_int_equal(view.closes_total, 1);
    assert_int_equal(view.successes_total, 0);
    assert_int_equal(view.last_success_us, 0);
}

static void
finds_the_same_one_by_name_and_lists_all(void **state)
{
    char name[300];
    struct breaker_view views[2];
    struct host *host = host_of(state);
    assert_ptr_equal(breaker_find(host, "a"), breaker_find(host, "a"));
    assert_ptr_not_equal(breaker_find(host, "a"), breaker_find(host, "b"));
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct breaker *long_one = breaker_find(host, name);
    name[200] = 'm';
    assert_ptr_not_equal(breaker_find(host, name), long_one);
    assert_int_equal(breaker_list(host, START, views, 2), 4);
}

static void
shares_one_when_the_table_is_full(void **state)
{
    char name[32];
    for (int i = 0; i < BREAKERS_MAX; i++) {
        snprintf(name, sizeof name, "model-%d", i);
        assert_non_null(breaker_find(host_of(state), name));
    }
    assert_ptr_equal(breaker_find(host_of(state), "x"), breaker_find(host_of(state), "y"));
    assert_string_equal(view_of(breaker_find(host_of(state), "x"), START).name, "others");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(opens_after_failures_in_a_row),
        TEST(lets_one_probe_through),
        TEST(tells_the_call_that_made_it_half_open),
        TEST(gives_up_a_silent_probe),
        TEST(lets_another_probe_through_when_one_is_withdrawn),
        TEST(withdraws_nothing_where_it_is_closed_or_open),
        TEST(closes_after_a_good_probe),
        TEST(opens_again_for_longer_after_each_bad_probe),
        TEST(never_waits_less_than_its_recovery_nor_doubles_over_the_policys_bound),
        TEST(tells_its_callers_when_it_opens_and_closes),
        TEST(rests_as_long_as_the_other_side_asked_and_no_success_ends_it),
        TEST(sends_no_probe_during_a_rest_and_a_reset_ends_both),
        TEST(ignores_late_answers_while_open),
        TEST(is_closed_by_a_reset),
        TEST(shows_its_totals_and_policy),
        TEST(counts_no_success_where_the_other_side_only_answered),
        TEST(finds_the_same_one_by_name_and_lists_all),
        TEST(shares_one_when_the_table_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
