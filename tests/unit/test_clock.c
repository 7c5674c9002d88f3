/* Time as text, against the C library's calendar. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void
formats_as_rfc_3339_with_milliseconds(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_BYTES];
    clock_format(text, 0);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    clock_format(text, INT64_C(1777896000123999));
    assert_string_equal(text, "2026-05-04T12:00:00.123Z");
    clock_format(text, INT64_C(951827696789000));
    assert_string_equal(text, "2000-02-29T12:34:56.789Z");
}

static void
agrees_with_the_calendar_of_the_c_library_on_every_day_to_2200(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 84000; day++) {
        time_t seconds = day * 86400 + 86399;
        struct tm parts;
        assert_non_null(gmtime_r(&seconds, &parts));
        char expected[32], text[CLOCK_TEXT_BYTES];
        assert_true(strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.000Z", &parts) > 0);
        clock_format(text, (int64_t)seconds * 1000000);
        assert_string_equal(text, expected);
    }
}

static void
never_runs_backwards(void **state)
{
    (void)state;
    int64_t last = clock_monotonic_us();
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic_us();
        assert_true(now >= last);
        last = now;
    }
    assert_true(clock_realtime_us() > INT64_C(1700000000000000));
}

static void
reads_dates_and_times_back(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } cases[] = {
        {"1970-01-01", 0},
        {"2026-05-04", INT64_C(1777852800000000)},
        {"2026-05-04T12:00:00Z", INT64_C(1777896000000000)},
        {"2026-05-04T14:00:00.5+02:00", INT64_C(1777896000500000)},
        {"2026-05-04 11:30:00-00:30", INT64_C(1777896000000000)},
        {"2024-02-29T23:59:59.999999Z", INT64_C(1709251199999999)},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t us;
        assert_true(clock_parse(cases[i].text, &us));
        assert_int_equal(us, cases[i].us);
    }
}

static void
refuses_what_is_no_date_or_time(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "2026",
                                        "2026-5-4",
                                        "2026-13-01",
                                        "2026-00-01",
                                        "2026-02-29",
                                        "2026-04-31",
                                        "1969-12-31",
                                        "2026-05-04T",
                                        "2026-05-04T12:00:00",
                                        "2026-05-04x",
                                        "2026-05-04T24:00:00Z",
                                        "2026-05-04T12:60:00Z",
                                        "2026-05-04T12:00:60Z",
                                        "2026-05-04T12:00:00.Z",
                                        "2026-05-04T12:00:00+2:00",
                                        "2026-05-04T12:00:00Zx",
                                        "2026-05-04T12:00:00+02:6"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int64_t us;
        if (clock_parse(texts[i], &us))
            fail_msg("%s", texts[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_as_rfc_3339_with_milliseconds),
        cmocka_unit_test(agrees_with_the_calendar_of_the_c_library_on_every_day_to_2200),
        cmocka_unit_test(never_runs_backwards),
        cmocka_unit_test(reads_dates_and_times_back),
        cmocka_unit_test(refuses_what_is_no_date_or_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
