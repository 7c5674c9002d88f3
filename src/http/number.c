/* Decimal forms of doubles by scaling with powers of ten, which are exact up to 10^22. */
#include "http/number.h"

#include <math.h>
#include <string.h>

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

/* Appends a digit; false when there are 15 already. */
static bool
add_digit(int64_t *digits, char digit)
{
    *digits = *digits * 10 + (digit - '0');
    return *digits < (int64_t)digits_limit;
}

bool
number_decimal_of_text(const char *text, struct decimal *decimal)
{
    int64_t digits = 0;
    int places = 0;
    bool negative = *text == '-';
    text += negative || *text == '+';
    size_t whole = strspn(text, "0123456789");
    size_t fraction = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
    if (whole == 0 || text[whole + (fraction > 0 ? fraction + 1 : 0)] != '\0')
        return false;
    for (size_t i = 0; i < whole; i++)
        if (!add_digit(&digits, text[i]))
            return false;
    const char *after = text + whole + 1;
    while (fraction > 0 && after[fraction - 1] == '0')
        fraction--;
    if (fraction > PLACES_MAX)
        return false;
    for (; places < (int)fraction; places++)
        if (!add_digit(&digits, after[places]))
            return false;
    return !__builtin_mul_overflow(negative ? -digits : digits, powers[PLACES_MAX - places],
                                   &decimal->micros);
}

bool
number_integer(double value, int64_t *integer)
{
    if (!(fabs(value) < integer_limit) || trunc(value) != value)
        return false;
    *integer = (int64_t)value;
    return true;
}
