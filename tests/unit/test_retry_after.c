/* When a provider wants to be asked again, in every form in which it is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ai/retry_after.h"

enum { NOW_S = 1000000000 }; /* 2001-09-09T01:46:40Z */

static int64_t
read_head(struct provider_head head, int64_t body_ms)
{
    const struct provider_fault fault = {.retry_after_ms = body_ms};
    if (head.status == 0)
        head.status = 429;
    return retry_after_read(&head, &fault, NOW_S);
}

static void
reads_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"37s", 37000},
        {"1.5s", 1500},
        {"6m0s", 360000},
        {"20ms", 20},
        {"1h2m3s", 3723000},
        {"5", 5000},
        {"2m59.56s", 179560},
        {"250us", 0},
        {"99999h", 86400000},
        {"", -1},
        {"s", -1},
        {"1", 1000},
        {"1x", -1},
        {"1s x", -1},
        {"-3s", -1},
        {"nan", -1},
        {"1e99s", -1},
        {" 1s", -1},
        {"1s2", -1},
        {"1e99", -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (retry_after_duration(rows[i].text) != rows[i].ms)
            fail_msg("%s is %lld ms", rows[i].text, (long long)retry_after_duration(rows[i].text));
}

static void
prefers_the_finer_word(void **state)
{
    (void)state;
    assert_int_equal(
        read_head((struct provider_head){.retry_after_ms = "250", .retry_after = "7"}, 9), 250);
    assert_int_equal(read_head((struct provider_head){.retry_after = "7"}, 9), 7000);
    assert_int_equal(read_head((struct provider_head){.reset_requests = "8s"}, 9), 9);
    assert_int_equal(read_head((struct provider_head){.reset_requests = "8s"}, -1), 8000);
    assert_int_equal(read_head((struct provider_head){0}, -1), -1);
    assert_int_equal(
        read_head((struct provider_head){.retry_after_ms = "x", .retry_after = "y"}, -1), -1);
}

static void
reads_resets_only_of_what_is_limited(void **state)
{
    (void)state;
    assert_int_equal(read_head((struct provider_head){.status = 500, .reset_requests = "8s"}, -1),
                     -1);
}

static void
waits_for_the_limit_that_is_spent(void **state)
{
    (void)state;
    assert_int_equal(
        read_head((struct provider_head){.reset_requests = "1s", .reset_tokens = "6s"}, -1), 6000);
    assert_int_equal(read_head((struct provider_head){.reset_requests = "1s",
                                                      .remaining_requests = "0",
                                                      .reset_tokens = "6s",
                                                      .remaining_tokens = "12"},
                               -1),
                     1000);
    assert_int_equal(read_head((struct provider_head){.reset_requests = "9s",
                                                      .remaining_requests = "4",
                                                      .reset_tokens = "6s",
                                                      .remaining_tokens = "0"},
                               -1),
                     6000);
    assert_int_equal(read_head((struct provider_head){.reset_requests = "9s",
                                                      .remaining_requests = "0",
                                                      .reset_tokens = "6s",
                                                      .remaining_tokens = "0"},
                               -1),
                     9000);
}

static void
reads_dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"2001-09-09T01:47:40Z", 60000},
        {"2001-09-09T01:47:40.123Z", 60000},
        {"2001-09-09T03:47:40+02:00", 60000},
        {"2001-09-08T23:47:40-02:00", 60000},
        {"2001-09-09T01:00:00Z", 0},
        {"2031-09-09T01:00:00Z", 86400000},
        {"2001-09-09", -1},
        {"2001-09-09T01:47:40", -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(read_head((struct provider_head){.reset_tokens = rows[i].text}, -1),
                         rows[i].ms);
    assert_int_equal(
        read_head((struct provider_head){.retry_after = "Sun, 09 Sep 2001 01:47:40 GMT"}, -1),
        60000);
}

static void
bounds_every_wait(void **state)
{
    (void)state;
    assert_int_equal(read_head((struct provider_head){0}, INT64_MAX), RETRY_AFTER_MAX_MS);
    assert_int_equal(read_head((struct provider_head){.retry_after_ms = "999999999"}, -1),
                     RETRY_AFTER_MAX_MS);
    assert_int_equal(read_head((struct provider_head){.retry_after = "999999999"}, -1),
                     RETRY_AFTER_MAX_MS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_durations),
        cmocka_unit_test(prefers_the_finer_word),
        cmocka_unit_test(reads_resets_only_of_what_is_limited),
        cmocka_unit_test(waits_for_the_limit_that_is_spent),
        cmocka_unit_test(reads_dates),
        cmocka_unit_test(bounds_every_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
