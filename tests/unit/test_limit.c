/* Rate limits: exact, and never too generous. */
#include "host_fixture.h"

#include <sys/wait.h>

#include "host/limit.h"

static const struct rate five_a_second = {5, 1};
enum { SECOND = 1000000, START = 1000 * SECOND };

static int
take_all(struct host *host, const char *key, struct rate rate, int64_t now_us)
{
    struct limit_state limit;
    int granted = 0;
    while (limit_take(host, key, rate, now_us, &limit))
        granted++;
    return granted;
}

static void
grants_exactly_the_count_at_one_moment(void **state)
{
    assert_int_equal(take_all(host_of(state), "a", five_a_second, START), 5);
    assert_int_equal(take_all(host_of(state), "b", (struct rate){7, 60}, START), 7);
}

static void
refills_evenly(void **state)
{
    take_all(host_of(state), "a", five_a_second, START);
    assert_int_equal(take_all(host_of(state), "a", five_a_second, START + SECOND / 5 - 1), 0);
    assert_int_equal(take_all(host_of(state), "a", five_a_second, START + SECOND / 5), 1);
    assert_int_equal(take_all(host_of(state), "a", five_a_second, START + 100 * SECOND), 5);
}

static void
tells_what_is_left_and_when_to_come_back(void **state)
{
    struct rate rate = {2, 60};
    struct limit_state limit;
    assert_true(limit_take(host_of(state), "a", rate, START, &limit));
    assert_int_equal(limit.limit, 2);
    assert_int_equal(limit.remaining, 1);
    assert_int_equal(limit.reset_s, 30);
    assert_int_equal(limit.retry_after_s, 0);
    assert_true(limit_take(host_of(state), "a", rate, START, &limit));
    assert_int_equal(limit.remaining, 0);
    assert_false(limit_take(host_of(state), "a", rate, START + SECOND, &limit));
    assert_int_equal(limit.remaining, 0);
    assert_int_equal(limit.reset_s, 59);
    assert_int_equal(limit.retry_after_s, 29);
}

static void
moves_a_bucket_that_is_kept_elsewhere(void **state)
{
    (void)state;
    int64_t arrival_us = 0;
    struct limit_state limit;
    assert_true(limit_take_from(&arrival_us, (struct rate){2, 60}, START, &limit));
    assert_int_equal(arrival_us, START + 30 * SECOND);
    assert_true(limit_take_from(&arrival_us, (struct rate){2, 60}, START, &limit));
    assert_false(limit_take_from(&arrival_us, (struct rate){2, 60}, START + SECOND, &limit));
    assert_int_equal(arrival_us, START + 60 * SECOND);
    assert_int_equal(limit.retry_after_s, 29);
}

static void
refuses_everything_at_a_count_of_zero(void **state)
{
    struct limit_state limit;
    assert_false(limit_take(host_of(state), "a", (struct rate){0, 60}, START, &limit));
    assert_int_equal(limit.retry_after_s, 60);
}

/* 100,000 keys over 65,536 sets of two: thousands share, none gets more than its own. */
static void
never_grants_more_than_the_limit_when_keys_share(void **state)
{
    static unsigned char granted[100000];
    struct limit_state limit;
    char key[32];
    int total = 0;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 100000; i++) {
            snprintf(key, sizeof key, "client-%d", i);
            granted[i] += limit_take(host_of(state), key, (struct rate){2, 3600}, START, &limit);
        }
    }
    for (int i = 0; i < 100000; i++) {
        assert_true(granted[i] <= 2);
        total += granted[i];
    }
    assert_true(total > 100000 && total < 200000);
}

static void
is_exact_over_processes(void **state)
{
    int pipes[2], total = 0, granted;
    assert_int_equal(pipe(pipes), 0);
    for (int i = 0; i < 4; i++) {
        if (fork() == 0) {
            granted = take_all(host_of(state), "shared", (struct rate){50000, 3600}, START);
            _exit(write(pipes[1], &granted, sizeof granted) != sizeof granted);
        }
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(read(pipes[0], &granted, sizeof granted), sizeof granted);
        total += granted;
        assert_true(wait(NULL) > 0);
    }
    close(pipes[0]);
    close(pipes[1]);
    assert_int_equal(total, 50000);
}

static void
takes_many_at_once_and_tells_in_milliseconds_when_they_would_pass(void **state)
{
    struct rate tokens = {60000, 60};
    struct limit_state limit;
    assert_true(limit_take_many(host_of(state), "t", tokens, 50000, START, &limit));
    assert_int_equal(limit.remaining, 10000);
    assert_false(limit_take_many(host_of(state), "t", tokens, 10001, START, &limit));
    assert_int_equal(limit.retry_after_ms, 1);
    assert_int_equal(limit.retry_after_s, 1);
    assert_true(limit_take_many(host_of(state), "t", tokens, 10000, START, &limit));
    assert_false(limit_take_many(host_of(state), "t", tokens, 500, START, &limit));
    assert_int_equal(limit.retry_after_ms, 500);
    assert_true(limit_take_many(host_of(state), "t", tokens, 500, START + SECOND / 2, &limit));
}

static void
takes_what_is_more_than_the_bucket_as_all_of_it(void **state)
{
    struct rate tokens = {1000, 60};
    struct limit_state limit;
    assert_true(limit_take_many(host_of(state), "t", tokens, INT64_MAX, START, &limit));
    assert_int_equal(limit.remaining, 0);
    assert_true(limit_take_many(host_of(state), "t", tokens, 0, START, &limit));
    assert_false(limit_take_many(host_of(state), "t", tokens, 5000, START + SECOND, &limit));
    assert_true(limit_take_many(host_of(state), "t", tokens, 5000, START + 60 * SECOND, &limit));
}

static void
looks_without_taking(void **state)
{
    struct host *host = host_of(state);
    const struct rate two = {2, 60};
    struct limit_state limit;
    for (int i = 0; i < 10; i++)
        assert_true(limit_has(host, "looked", two, START, &limit));
    assert_true(limit_take(host, "looked", two, START, &limit));
    assert_true(limit_take(host, "looked", two, START, &limit));
    assert_false(limit_has(host, "looked", two, START, &limit));
    assert_int_equal(limit.retry_after_s, 30);
    assert_true(limit_has(host, "looked", two, START + 30 * SECOND, &limit));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(grants_exactly_the_count_at_one_moment),
        TEST(refills_evenly),
        TEST(tells_what_is_left_and_when_to_come_back),
        TEST(moves_a_bucket_that_is_kept_elsewhere),
        TEST(refuses_everything_at_a_count_of_zero),
        TEST(never_grants_more_than_the_limit_when_keys_share),
        TEST(is_exact_over_processes),
        TEST(takes_many_at_once_and_tells_in_milliseconds_when_they_would_pass),
        TEST(takes_what_is_more_than_the_bucket_as_all_of_it),
        TEST(looks_without_taking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
