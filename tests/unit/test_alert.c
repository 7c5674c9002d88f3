/* Alerts: told everywhere, delivered by one; and the rate of errors that raises one. */
#include "host_fixture.h"

#include <sys/wait.h>

#include "base/clock.h"
#include "host/alert.h"
#include "host/error_rate.h"
#include "host/journal_ring.h"
#include "host/metrics.h"

static const struct alert opened = {
    .level = JOURNAL_WARNING, .kind = "breaker_open", .subject = "model-a"};
enum { SECOND = 1000000, START = 1000 * SECOND };

static void
is_a_metric_and_a_row_and_is_handed_out(void **state)
{
    struct journal_row row, none;
    alert_raise(host_of(state), &opened, "opened after %d failures", 3);
    assert_int_equal(
        metrics_sum(host_of(state), METRIC_ALERTS, "level=\"warning\",kind=\"breaker_open\""), 1);
    assert_true(alert_wait(host_of(state), 0, &row));
    assert_int_equal(row.kind, JOURNAL_ALERT);
    assert_int_equal(row.level, JOURNAL_WARNING);
    assert_string_equal(row.subject, "model-a");
    assert_string_equal(row.session, "breaker_open");
    assert_string_equal(row.text, "opened after 3 failures");
    assert_int_equal(row.threshold, 0);
    assert_false(alert_wait(host_of(state), 1, &none));
}

static void
is_raised_once_in_a_while_where_asked(void **state)
{
    static const struct alert other = {
        .level = JOURNAL_WARNING, .kind = "breaker_open", .subject = "model-b"};
    for (int i = 0; i < 3; i++) {
        alert_raise_once(host_of(state), 3600, &opened, "again");
        alert_raise_once(host_of(state), 3600, &other, "again");
    }
    assert_int_equal(metrics_sum(host_of(state), METRIC_ALERTS, ""), 2);
}

static void
is_claimed_by_one_process_only(void **state)
{
    int pipes[2], counts[4], total = 0;
    struct journal_row row;
    for (int i = 0; i < 400; i++)
        alert_raise(host_of(state), &opened, "number %d", i);
    assert_int_equal(pipe(pipes), 0);
    for (int i = 0; i < 4; i++) {
        if (fork() == 0) {
            int claimed = 0;
            while (alert_wait(host_of(state), 0, &row))
                claimed++;
            _exit(write(pipes[1], &claimed, sizeof claimed) != sizeof claimed);
        }
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(read(pipes[0], &counts[i], sizeof counts[i]), sizeof counts[i]);
        total += counts[i];
        assert_true(wait(NULL) > 0);
    }
    close(pipes[0]);
    close(pipes[1]);
    assert_int_equal(total, 400);
}

static void
wakes_one_who_waits(void **state)
{
    struct journal_row row;
    pid_t child = fork();
    if (child == 0)
        _exit(!alert_wait(host_of(state), 60000, &row));
    alert_raise(host_of(state), &opened, "now");
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void
passes_over_other_rows_torn_rows_and_old_alerts(void **state)
{
    struct journal_row row = {.kind = JOURNAL_VALIDATION};
    journal_add(host_of(state), &row);
    row.kind = JOURNAL_ALERT;
    row.time_us = clock_realtime_us() - INT64_C(3600) * SECOND;
    journal_add(host_of(state), &row);
    alert_raise(host_of(state), &opened, "torn");
    atomic_fetch_add(&host_of(state)->journal[2].words[3], 1);
    alert_raise(host_of(state), &opened, "whole");
    assert_true(alert_wait(host_of(state), 0, &row));
    assert_string_equal(row.text, "whole");
}

static void
skips_what_the_ring_lost(void **state)
{
    struct journal_row row;
    for (int i = 0; i < JOURNAL_ROWS + 10; i++)
        alert_raise(host_of(state), &opened, "number %d", i);
    assert_true(alert_wait(host_of(state), 0, &row));
    assert_string_equal(row.text, "number 10");
}

static void
tells_of_too_many_errors_once_a_minute(void **state)
{
    for (int i = 0; i < 19; i++)
        error_rate_count(host_of(state), true, 10, START);
    assert_int_equal(metrics_sum(host_of(state), METRIC_ALERTS, "error_rate"), 0);
    error_rate_count(host_of(state), true, 10, START + SECOND);
    error_rate_count(host_of(state), true, 10, START + SECOND);
    assert_int_equal(metrics_sum(host_of(state), METRIC_ALERTS, "error_rate"), 1);
    struct journal_row row;
    assert_true(alert_wait(host_of(state), 0, &row));
    assert_int_equal(row.threshold, 10 * 100);
    assert_int_equal(row.value, 100 * 100);
    struct error_rate rate = error_rate_now(host_of(state), START + 59 * SECOND);
    assert_int_equal(rate.answers, 21);
    assert_int_equal(rate.errors, 21);
    assert_int_equal(error_rate_now(host_of(state), START + 61 * SECOND).answers, 0);
}

static void
tells_nothing_while_errors_are_few_or_nobody_wants_to_know(void **state)
{
    for (int i = 0; i < 90; i++)
        error_rate_count(host_of(state), false, 10, START);
    for (int i = 0; i < 10; i++)
        error_rate_count(host_of(state), true, 10, START);
    for (int i = 0; i < 200; i++)
        error_rate_count(host_of(state), true, 0, START);
    assert_int_equal(metrics_sum(host_of(state), METRIC_ALERTS, ""), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_a_metric_and_a_row_and_is_handed_out),
        TEST(is_raised_once_in_a_while_where_asked),
        TEST(is_claimed_by_one_process_only),
        TEST(wakes_one_who_waits),
        TEST(passes_over_other_rows_torn_rows_and_old_alerts),
        TEST(skips_what_the_ring_lost),
        TEST(tells_of_too_many_errors_once_a_minute),
        TEST(tells_nothing_while_errors_are_few_or_nobody_wants_to_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
