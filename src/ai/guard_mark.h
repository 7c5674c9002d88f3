/* What the guard looks for besides words: fixed strings, long base64, runs of escapes. */
#ifndef HEARTH_AI_GUARD_MARK_H
#define HEARTH_AI_GUARD_MARK_H

#include <stdbool.h>
#include <stddef.h>

/* The categories of the fixed strings that open with the first byte of text. */
unsigned guard_literals(const char *text, size_t length);

/* Whether text opens with base64 too long and too mixed for a word or a path; *taken is the length
 * of what could be base64 either way. */
bool guard_is_base64(const char *text, size_t length, size_t *taken);

/* Whether text opens with several "\x69" or "\u0069" in a row. */
bool guard_is_escapes(const char *text, size_t length);

#endif
