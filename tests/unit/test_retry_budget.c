/* The retry budget: a fifth of the calls of ten seconds, at least three. */
#include "host_fixture.h"

#include <sys/wait.h>

#include "host/retry_budget.h"

enum { SECOND = 1000000, START = 1000 * SECOND };

static int
take_all(struct host *host, int64_t now_us)
{
    int taken = 0;
    while (retry_budget_take(host, now_us))
        taken++;
    return taken;
}

static void
call(struct host *host, int count, int64_t now_us)
{
    for (int i = 0; i < count; i++)
        retry_budget_call(host, now_us);
}

static void
allows_three_where_there_were_few_calls(void **state)
{
    assert_int_equal(take_all(host_of(state), START), 3);
    call(host_of(state), 15, START);
    assert_int_equal(take_all(host_of(state), START), 0);
}

static void
allows_a_fifth_of_the_calls(void **state)
{
    struct retry_budget_view view;
    call(host_of(state), 100, START);
    assert_int_equal(take_all(host_of(state), START + 5 * SECOND), 20);
    retry_budget_view(host_of(state), START + 5 * SECOND, &view);
    assert_int_equal(view.calls, 100);
    assert_int_equal(view.retries, 20);
    assert_int_equal(view.allowed, 20);
    assert_int_equal(view.refused_total, 1);
    assert_int_equal(view.window_s, 10);
}

static void
forgets_calls_and_retries_after_the_window(void **state)
{
    call(host_of(state), 100, START);
    take_all(host_of(state), START);
    assert_int_equal(take_all(host_of(state), START + 9 * SECOND), 0);
    assert_int_equal(take_all(host_of(state), START + 10 * SECOND), 3);
    assert_int_equal(take_all(host_of(state), START + 1000000 * (int64_t)SECOND), 3);
}

static void
counts_with_a_clock_that_was_read_a_moment_earlier(void **state)
{
    call(host_of(state), 20, START + SECOND);
    call(host_of(state), 20, START + SECOND - 1);
    call(host_of(state), 10, START + 11 * SECOND);
    call(host_of(state), 10, START + SECOND);
    assert_int_equal(take_all(host_of(state), START + 11 * SECOND), 4);
}

static void
allows_no_more_to_many_processes_at_once(void **state)
{
    int pipes[2], total = 0, taken;
    call(host_of(state), 5000, START);
    assert_int_equal(pipe(pipes), 0);
    for (int i = 0; i < 4; i++) {
        if (fork() == 0) {
            taken = take_all(host_of(state), START + i * SECOND);
            _exit(write(pipes[1], &taken, sizeof taken) != sizeof taken);
        }
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(read(pipes[0], &taken, sizeof taken), sizeof taken);
        total += taken;
        assert_true(wait(NULL) > 0);
    }
    close(pipes[0]);
    close(pipes[1]);
    assert_in_range(total, 990, 1000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(allows_three_where_there_were_few_calls),
        TEST(allows_a_fifth_of_the_calls),
        TEST(forgets_calls_and_retries_after_the_window),
        TEST(counts_with_a_clock_that_was_read_a_moment_earlier),
        TEST(allows_no_more_to_many_processes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
