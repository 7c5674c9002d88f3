/* Permits: never more than the limit out at once, and none lost. */
#include "host_fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "host/permit.h"

enum { LONG_MS = 60000 };

static void
hands_out_as_many_as_the_limit_and_no_more(void **state)
{
    struct permit permits[4], other;
    for (int i = 0; i < 3; i++)
        assert_true(permit_take(host_of(state), "model", 3, LONG_MS, &permits[i]));
    assert_false(permit_take(host_of(state), "model", 3, LONG_MS, &permits[3]));
    assert_int_equal(permit_count(host_of(state), "model", 3), 3);
    assert_true(permit_take(host_of(state), "other", 1, LONG_MS, &other));
    permit_release(&permits[1]);
    assert_int_equal(permit_count(host_of(state), "model", 3), 2);
    assert_true(permit_take(host_of(state), "model", 3, LONG_MS, &permits[3]));
}

static void
takes_a_limit_out_of_range_as_the_nearest_one(void **state)
{
    struct permit permit;
    assert_true(permit_take(host_of(state), "none", 0, LONG_MS, &permit));
    assert_false(permit_take(host_of(state), "none", 0, LONG_MS, &permit));
    for (int i = 0; i < PERMITS_MAX; i++)
        assert_true(permit_take(host_of(state), "all", INT64_MAX, LONG_MS, &permit));
    assert_false(permit_take(host_of(state), "all", INT64_MAX, LONG_MS, &permit));
}

static void
gives_back_what_ran_out_and_its_holder_learns_of_it(void **state)
{
    struct permit silent, next;
    assert_true(permit_take(host_of(state), "model", 1, 1, &silent));
    while (!permit_take(host_of(state), "model", 1, LONG_MS, &next))
        permit_wait(host_of(state), "model", 1);
    assert_false(permit_renew(&silent, LONG_MS));
    permit_release(&silent);
    assert_int_equal(permit_count(host_of(state), "model", 1), 1);
    assert_true(permit_renew(&next, LONG_MS));
    permit_release(&next);
    permit_release(&next);
    assert_int_equal(permit_count(host_of(state), "model", 1), 0);
}

static void
gives_back_what_a_dead_holder_had(void **state)
{
    struct permit permit;
    pid_t child = fork();
    if (child == 0)
        _exit(!permit_take(host_of(state), "model", 1, LONG_MS, &permit));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    int64_t start_ms = clock_monotonic_ms();
    while (!permit_take(host_of(state), "model", 1, LONG_MS, &permit))
        permit_wait(host_of(state), "model", LONG_MS);
    assert_true(clock_monotonic_ms() - start_ms < LONG_MS / 2);
}

static void
wakes_one_who_waits_when_one_comes_back(void **state)
{
    struct permit permit;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    assert_true(permit_take(host_of(state), "model", 1, LONG_MS, &permit));
    pid_t child = fork();
    if (child == 0) {
        struct permit own;
        ssize_t sent = write(ready[1], "x", 1);
        while (!permit_take(host_of(state), "model", 1, LONG_MS, &own))
            permit_wait(host_of(state), "model", LONG_MS);
        permit_release(&own);
        _exit(sent != 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    permit_release(&permit);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(ready[0]);
    close(ready[1]);
}

static void
waits_no_longer_than_told_and_not_at_all_where_one_is_free(void **state)
{
    struct permit permit;
    permit_wait(host_of(state), "model", LONG_MS);
    assert_true(permit_take(host_of(state), "model", 1, LONG_MS, &permit));
    int64_t start_ms = clock_monotonic_ms();
    permit_wait(host_of(state), "model", 60);
    assert_in_range(clock_monotonic_ms() - start_ms, 60, 5000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hands_out_as_many_as_the_limit_and_no_more),
        TEST(takes_a_limit_out_of_range_as_the_nearest_one),
        TEST(gives_back_what_ran_out_and_its_holder_learns_of_it),
        TEST(gives_back_what_a_dead_holder_had),
        TEST(wakes_one_who_waits_when_one_comes_back),
        TEST(waits_no_longer_than_told_and_not_at_all_where_one_is_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
