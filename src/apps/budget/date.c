/* The Gregorian calendar, as far as a transaction needs it. */
#include "apps/budget/date.h"

#include <stdbool.h>
#include <string.h>

static int
number_at(const char *text, int digits)
{
    int number = 0;
    for (int i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

const char *
date_check(const char *text)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const char complaint[] = "must be a day of the calendar as YYYY-MM-DD";
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
        return complaint;
    int year = number_at(text, 4), month = number_at(text + 5, 2), day = number_at(text + 8, 2);
    if (year < 0 || month < 1 || month > 12 || day < 1)
        return complaint;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= lengths[month - 1] + (month == 2 && leap) ? NULL : complaint;
}
