/* Decimal forms of doubles, exact and the same in every locale. */
#ifndef HEARTH_HTTP_NUMBER_H
#define HEARTH_HTTP_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "http/schema.h"

/* Finds digits and places (0 to 6, as few as will do) with value == digits / 10^places, where value
 * has such a form of at most 15 digits: then it is the only one that short. */
bool number_digits(double value, int64_t *digits, int *places);

/* The exact decimal of a double by its shortest form; false when that has more than 15 digits or
 * six places or is out of range. */
bool number_decimal(double value, struct decimal *decimal);

/* The decimal of a whole number; false when out of range. */
bool number_decimal_of_integer(int64_t value, struct decimal *decimal);

/* The decimal that a text writes: digits after an optional sign, a point between them at most.
 * false for anything else, and for more digits than number_decimal() takes. */
bool number_decimal_of_text(const char *text, struct decimal *decimal);

/* Whether a double is a whole number of 64 bits. */
bool number_integer(double value, int64_t *integer);

#endif
