/* Integers as decimal text, by hand because printf() is a tenth of a cached answer. */
#ifndef HEARTH_BASE_INTEGER_H
#define HEARTH_BASE_INTEGER_H

#include <stddef.h>
#include <stdint.h>

enum { INTEGER_TEXT_BYTES = 20 }; /* "-9223372036854775808" */

/* Writes value into text, without a NUL, and returns how many bytes it took. */
size_t integer_format(char text[static INTEGER_TEXT_BYTES], int64_t value);

#endif
