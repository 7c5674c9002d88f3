/* Time, in microseconds. */
#include "base/clock.h"

#include <time.h>

#include "base/arena.h"

static int64_t
now_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_monotonic_us(void)
{
    return now_us(CLOCK_MONOTONIC);
}

int64_t
clock_realtime_us(void)
{
    return now_us(CLOCK_REALTIME);
}

static void
put_digits(char *text, int value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        text[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* By hand because gmtime_r() and snprintf() would be a tenth of a cached answer. */
void
clock_format(char *text, int64_t realtime_us)
{
    int64_t seconds = realtime_us / 1000000;
    int64_t days = seconds / 86400;
    int in_day = (int)(seconds % 86400);
    /* Days since 1970 to a civil date: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
     */
    int64_t shifted = days + 719468;
    int64_t era = shifted / 146097;
    int day_of_era = (int)(shifted - era * 146097);
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted_month = (5 * day_of_year + 2) / 153;
    int day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    int month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    int year = (int)(era * 400) + year_of_era + (month <= 2);

    static const char pattern[CLOCK_TEXT_BYTES] = "0000-00-00T00:00:00.000Z";
    for (int i = 0; i < CLOCK_TEXT_BYTES; i++)
        text[i] = pattern[i];
    put_digits(text, year, 4);
    put_digits(text + 5, month, 2);
    put_digits(text + 8, day, 2);
    put_digits(text + 11, in_day / 3600, 2);
    put_digits(text + 14, in_day / 60 % 60, 2);
    put_digits(text + 17, in_day % 60, 2);
    put_digits(text + 20, (int)(realtime_us / 1000 % 1000), 3);
}

const char *
clock_text(struct arena *arena, int64_t realtime_us)
{
    char *text = arena_alloc(arena, CLOCK_TEXT_BYTES);
    clock_format(text, realtime_us);
    return text;
}
