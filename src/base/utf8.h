/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing over U+10FFFF. */
#ifndef HEARTH_BASE_UTF8_H
#define HEARTH_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Counts the code points of valid UTF-8. Returns false at the first byte that is not, with its
 * offset in *count. */
bool utf8_count(const char *text, size_t bytes, size_t *count);

/* Decodes one code point of valid, non-empty text and says how many bytes it took (1 to 4). */
uint32_t utf8_decode(const char *text, size_t *bytes);

/* The bytes that the first code_points of valid UTF-8 take; at most bytes. */
size_t utf8_prefix(const char *text, size_t bytes, size_t code_points);

/* At most this many of the first bytes of longer valid UTF-8, so that they end between characters.
 */
size_t utf8_cut(const char *text, size_t bytes);

#endif
