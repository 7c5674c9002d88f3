/* Texts from the wire: white space as Unicode has it, and percent-encoding (RFC 3986). */
#ifndef HEARTH_HTTP_TEXT_H
#define HEARTH_HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* Finds what is left of valid UTF-8 without white space at both ends; start == end when nothing. */
void text_trim(const char *text, size_t length, size_t *start, size_t *end);

/* A copy with the letters of ASCII as capitals, in the arena. */
const char *text_upper_case(const char *text, struct arena *arena);

/* The value of a hexadecimal digit, or -1. */
int text_hex_digit(char digit);

/* Undoes percent-encoding, and '+' for a space where plus is set. NULL on a bad escape, NUL, or a
 * result that is not UTF-8. The result lives in the arena. */
char *text_percent_decode(const char *text, size_t length, bool plus, struct arena *arena);

#endif
