/* Time, in microseconds. */
#include "base/clock.h"

#include <stdbool.h>
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

/* The value of count digits, or -1. */
static int
digits_at(const char *text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

static int
days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* "2026-05-04" to days since 1970, by the algorithm of clock_format() backwards. */
static bool
parse_date(const char *text, int64_t *days)
{
    int year = digits_at(text, 4);
    if (year < 1970 || text[4] != '-')
        return false;
    int month = digits_at(text + 5, 2);
    if (month < 1 || month > 12 || text[7] != '-')
        return false;
    int day = digits_at(text + 8, 2);
    if (day < 1 || day > days_of_month(year, month))
        return false;
    int shifted_year = year - (month <= 2);
    int era = shifted_year / 400, year_of_era = shifted_year - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    *days = (int64_t)era * 146097 + day_of_era - 719468;
    return true;
}

/* "12:00:00" and a fraction of a second; where they end is told. */
static bool
parse_time(const char **text, int64_t *us)
{
    const char *at = *text;
    int hour = digits_at(at, 2);
    if (hour < 0 || hour > 23 || at[2] != ':')
        return false;
    int minute = digits_at(at + 3, 2);
    if (minute < 0 || minute > 59 || at[5] != ':')
        return false;
    int second = digits_at(at + 6, 2);
    if (second < 0 || second > 59)
        return false;
    int64_t fraction = 0, unit = 1000000;
    at += 8;
    if (*at == '.') {
        for (at++; *at >= '0' && *at <= '9'; at++)
            fraction += (unit /= 10) * (*at - '0');
        if (at[-1] == '.')
            return false;
    }
    *us = (hour * INT64_C(3600) + minute * 60 + second) * 1000000 + fraction;
    *text = at;
    return true;
}

/* "Z" or "+02:00" */
static bool
parse_offset(const char *text, int64_t *us)
{
    *us = 0;
    if ((text[0] == 'Z' || text[0] == 'z') && text[1] == '\0')
        return true;
    if (text[0] != '+' && text[0] != '-')
        return false;
    int hours = digits_at(text + 1, 2);
    if (hours < 0 || hours > 23 || text[3] != ':')
        return false;
    int minutes = digits_at(text + 4, 2);
    *us = (hours * INT64_C(3600) + minutes * 60) * 1000000 * (text[0] == '-' ? -1 : 1);
    return minutes >= 0 && minutes <= 59 && text[6] == '\0';
}

bool
clock_parse(const char *text, int64_t *realtime_us)
{
    int64_t days, time_us = 0, offset_us = 0;
    if (!parse_date(text, &days))
        return false;
    text += 10;
    if (*text != '\0') {
        if (*text != 'T' && *text != 't' && *text != ' ')
            return false;
        text++;
        if (!parse_time(&text, &time_us) || !parse_offset(text, &offset_us))
            return false;
    }
    *realtime_us = days * INT64_C(86400000000) + time_us - offset_us;
    return true;
}
