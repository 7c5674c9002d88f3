/* Decimal forms of doubles by scaling with powers of ten, which are exact up to 10^22. */
#include "http/number.h"

#include <math.h>

enum { PLACES_MAX = 6 };

static const int64_t powers[PLACES_MAX + 1] = {1, 10, 100, 1000, 10000, 100000, 1000000};
static const double digits_limit = 1e15;
static const double integer_limit = 9223372036854775808.0;

/* A quotient of two exact doubles is rounded correctly, so digits / 10^places == value means that
 * reading the text gives value back; and no two decimals of 15 digits read as one double. */
bool
number_digits(double value, int64_t *digits, int *places)
{
    for (int k = 0; k <= PLACES_MAX; k++) {
        double scaled = rint(value * (double)powers[k]);
        if (!(fabs(scaled) < digits_limit))
            return false;
        if (scaled / (double)powers[k] == value) {
            *digits = (int64_t)scaled;
            *places = k;
            return true;
        }
    }
    return false;
}

bool
number_decimal(double value, struct decimal *decimal)
{
    int64_t digits;
    int places;
    return number_digits(value, &digits, &places) &&
           !__builtin_mul_overflow(digits, powers[PLACES_MAX - places], &decimal->micros);
}

bool
number_decimal_of_integer(int64_t value, struct decimal *decimal)
{
    return !__builtin_mul_overflow(value, powers[PLACES_MAX], &decimal->micros);
}

bool
number_integer(double value, int64_t *integer)
{
    if (!(fabs(value) < integer_limit) || trunc(value) != value)
        return false;
    *integer = (int64_t)value;
    return true;
}
