/* The pace of a model: never more in a minute than the minute has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/pace.h"

static char directory[32];
static struct host *host;

static int
open_host(void **state)
{
    (void)state;
    struct error err = {0};
    strcpy(directory, "/tmp/hearth-test-XXXXXX");
    assert_non_null(mkdtemp(directory));
    host = host_open(directory, 1 << 20, &err);
    return host ? 0 : -1;
}

static int
close_host(void **state)
{
    (void)state;
    char command[64];
    host_close(host);
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    return system(command);
}

enum { SECOND_US = 1000000 };
static const int64_t start_us = INT64_C(5000) * SECOND_US;

static bool
take(const struct pace_limits *limits, int64_t tokens, int64_t at_s, int64_t *wait_ms)
{
    *wait_ms = 0;
    return pace_take(host, "m", limits, tokens, start_us + at_s * SECOND_US, wait_ms);
}

static void
grants_the_minute_at_once_and_then_nothing_until_it_has_passed(void **state)
{
    (void)state;
    static const struct pace_limits limits = {.requests = 3};
    int64_t wait_ms;
    for (int i = 0; i < 3; i++)
        assert_true(take(&limits, 0, i, &wait_ms));
    assert_false(take(&limits, 0, 2, &wait_ms));
    assert_in_range(wait_ms, 58000, 60000);
    assert_false(take(&limits, 0, 60, &wait_ms));
    assert_true(take(&limits, 0, 61, &wait_ms));
    assert_false(take(&limits, 0, 61, &wait_ms));
    assert_true(take(&limits, 0, 62, &wait_ms));
}

static void
counts_tokens_and_what_they_turned_out_to_be(void **state)
{
    (void)state;
    static const struct pace_limits limits = {.tokens = 1000};
    int64_t wait_ms;
    assert_true(take(&limits, 600, 0, &wait_ms));
    assert_false(take(&limits, 600, 0, &wait_ms));
    pace_settle(host, "m", -500, start_us, start_us + 5 * SECOND_US);
    assert_true(take(&limits, 600, 0, &wait_ms));
    pace_settle(host, "m", 400, start_us, start_us + SECOND_US);
    assert_false(take(&limits, 1, 1, &wait_ms));
    pace_settle(host, "m", -600, start_us, start_us + 90 * SECOND_US);
    assert_true(take(&limits, 700, 62, &wait_ms));
    assert_false(take(&limits, 400, 62, &wait_ms));
}

static void
lets_a_request_pass_alone_that_no_minute_could_hold(void **state)
{
    (void)state;
    static const struct pace_limits limits = {.tokens = 1000};
    int64_t wait_ms;
    assert_true(take(&limits, 5000, 0, &wait_ms));
    assert_false(take(&limits, 5000, 1, &wait_ms));
    assert_true(take(&limits, 5000, 70, &wait_ms));
}

static void
slides_on_a_host_that_was_up_for_months_before(void **state)
{
    (void)state;
    static const struct pace_limits limits = {.requests = 2};
    int64_t wait_ms, months_s = INT64_C(100) * 24 * 3600;
    assert_true(take(&limits, 0, months_s, &wait_ms));
    assert_true(take(&limits, 0, months_s + 1, &wait_ms));
    assert_false(take(&limits, 0, months_s + 2, &wait_ms));
    assert_true(take(&limits, 0, months_s + 70, &wait_ms));
}

static void
knows_no_limit_where_none_is_given(void **state)
{
    (void)state;
    static const struct pace_limits limits = {0};
    int64_t wait_ms;
    for (int i = 0; i < 1000; i++)
        assert_true(take(&limits, 1000000, 0, &wait_ms));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            grants_the_minute_at_once_and_then_nothing_until_it_has_passed, open_host, close_host),
        cmocka_unit_test_setup_teardown(counts_tokens_and_what_they_turned_out_to_be, open_host,
                                        close_host),
        cmocka_unit_test_setup_teardown(lets_a_request_pass_alone_that_no_minute_could_hold,
                                        open_host, close_host),
        cmocka_unit_test_setup_teardown(slides_on_a_host_that_was_up_for_months_before, open_host,
                                        close_host),
        cmocka_unit_test_setup_teardown(knows_no_limit_where_none_is_given, open_host, close_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
