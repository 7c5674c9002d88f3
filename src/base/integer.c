/* Integers as decimal text. */
#include "base/integer.h"

#include <string.h>

size_t
integer_format(char text[static INTEGER_TEXT_BYTES], int64_t value)
{
    char digits[INTEGER_TEXT_BYTES];
    char *start = digits + sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--start = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        *--start = '-';
    size_t length = (size_t)(digits + sizeof(digits) - start);
    memcpy(text, start, length);
    return length;
}
