/* A line of every call is one a minute, of each event and over all processes of the host. */
#include "host_fixture.h"

#include <jansson.h>

#include "access/access.h"
#include "access/log_seldom.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/limit.h"

#include "../lib/log_capture.h"

enum { MINUTE_US = 60000000 };

static size_t
lines_of(struct host *host, const char *event)
{
    struct log_capture capture;
    struct access access = {.host = host};
    assert_true(log_capture_begin(&capture));
    log_seldom(&access, event, "why", NULL);
    const char *text = log_captured(&capture);
    log_capture_end(&capture);
    size_t count = 0;
    while ((text = strchr(text, '\n'))) {
        text++;
        count++;
    }
    return count;
}

static void
the_second_line_of_an_event_is_not_written(void **state)
{
    assert_int_equal(lines_of(host_of(state), "a"), 1);
    for (int i = 0; i < 100; i++)
        assert_int_equal(lines_of(host_of(state), "a"), 0);
}

static void
events_do_not_keep_each_other_from_being_told(void **state)
{
    assert_int_equal(lines_of(host_of(state), "a"), 1);
    assert_int_equal(lines_of(host_of(state), "b"), 1);
    assert_int_equal(lines_of(host_of(state), "a "), 1);
}

static bool
may_be_written(struct host *host, const char *event, int64_t monotonic_us)
{
    struct limit_state ignored;
    return limit_has(host, event, (struct rate){1, 60}, monotonic_us, &ignored);
}

static void
what_comes_again_after_a_minute_is_written_again_and_not_before(void **state)
{
    int64_t before_us = clock_monotonic_us();
    assert_int_equal(lines_of(host_of(state), "a"), 1);
    int64_t after_us = clock_monotonic_us();
    assert_false(may_be_written(host_of(state), "a", before_us + MINUTE_US - 1));
    assert_true(may_be_written(host_of(state), "a", after_us + MINUTE_US));
}

static void
another_process_of_the_host_does_not_repeat_it(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct host *other = host_open(fixture->directory, 0, &err);
    assert_non_null(other);
    assert_int_equal(lines_of(fixture->host, "a"), 1);
    assert_int_equal(lines_of(other, "a"), 0);
    host_close(other);
}

static void
a_line_is_an_error_with_its_detail_and_what_is_lost(void **state)
{
    struct log_capture capture;
    struct access access = {.host = host_of(state)};
    assert_true(log_capture_begin(&capture));
    log_seldom(&access, "lost", "no \"disk\"", "{\"id\":1}");
    json_auto_t *line = json_loads(log_captured(&capture), 0, NULL);
    log_seldom(&access, "bare", NULL, NULL);
    json_auto_t *bare = json_loads(log_captured(&capture), 0, NULL);
    log_capture_end(&capture);
    assert_string_equal(json_string_value(json_object_get(line, "level")), "error");
    assert_string_equal(json_string_value(json_object_get(line, "message")), "lost");
    assert_string_equal(json_string_value(json_object_get(line, "detail")), "no \"disk\"");
    assert_string_equal(json_string_value(json_object_get(line, "settlement")), "{\"id\":1}");
    assert_true(json_is_null(json_object_get(bare, "detail")));
    assert_true(json_is_null(json_object_get(bare, "settlement")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_second_line_of_an_event_is_not_written),
        TEST(events_do_not_keep_each_other_from_being_told),
        TEST(what_comes_again_after_a_minute_is_written_again_and_not_before),
        TEST(another_process_of_the_host_does_not_repeat_it),
        TEST(a_line_is_an_error_with_its_detail_and_what_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
