/* RFC 3339's date-time. */
#include "access/siwe.h"

#include <time.h>

enum { US_PER_S = 1000000 };

struct cursor {
    const char *at, *end;
};

static bool
take_char(struct cursor *cursor, char wanted)
{
    if (cursor->at == cursor->end || *cursor->at != wanted)
        return false;
    cursor->at++;
    return true;
}

/* Exactly count digits within the bounds. */
static bool
take_number(struct cursor *cursor, int count, int low, int high, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++) {
        if (cursor->at == cursor->end || *cursor->at < '0' || *cursor->at > '9')
            return false;
        *value = *value * 10 + (*cursor->at++ - '0');
    }
    return *value >= low && *value <= high;
}

static int
days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool
take_date(struct cursor *cursor, struct tm *tm)
{
    int year, month, day;
    if (!take_number(cursor, 4, 0, 9999, &year) || !take_char(cursor, '-') ||
        !take_number(cursor, 2, 1, 12, &month) || !take_char(cursor, '-') ||
        !take_number(cursor, 2, 1, days_of(year, month), &day))
        return false;
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    tm->tm_mday = day;
    return true;
}

/* "." and at least one digit, of which six count. */
static bool
take_fraction(struct cursor *cursor, int64_t *us)
{
    int64_t unit = US_PER_S / 10;
    *us = 0;
    if (!take_char(cursor, '.'))
        return true;
    const char *start = cursor->at;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; unit /= 10)
        *us += (*cursor->at++ - '0') * unit;
    return cursor->at > start;
}

/* "Z", or how far the place is ahead of UTC. */
static bool
take_offset(struct cursor *cursor, int64_t *offset_s)
{
    int hours, minutes;
    *offset_s = 0;
    if (take_char(cursor, 'Z') || take_char(cursor, 'z'))
        return true;
    bool behind = take_char(cursor, '-');
    if (!behind && !take_char(cursor, '+'))
        return false;
    if (!take_number(cursor, 2, 0, 23, &hours) || !take_char(cursor, ':') ||
        !take_number(cursor, 2, 0, 59, &minutes))
        return false;
    *offset_s = (hours * 60 + minutes) * 60 * (behind ? -1 : 1);
    return true;
}

size_t
siwe_time_parse(const char *text, size_t length, int64_t *us)
{
    struct cursor cursor = {text, text + length};
    struct tm tm = {0};
    int64_t fraction_us, offset_s;
    /* A leap second counts as the first one of the next minute. */
    if (!take_date(&cursor, &tm) || !(take_char(&cursor, 'T') || take_char(&cursor, 't')) ||
        !take_number(&cursor, 2, 0, 23, &tm.tm_hour) || !take_char(&cursor, ':') ||
        !take_number(&cursor, 2, 0, 59, &tm.tm_min) || !take_char(&cursor, ':') ||
        !take_number(&cursor, 2, 0, 60, &tm.tm_sec) || !take_fraction(&cursor, &fraction_us) ||
        !take_offset(&cursor, &offset_s))
        return 0;
    *us = ((int64_t)timegm(&tm) - offset_s) * US_PER_S + fraction_us;
    return (size_t)(cursor.at - text);
}
