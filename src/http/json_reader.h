/* A quick reader of JSON that is plainly good. jansson's own looks at each byte through several
 * calls, which for a text of two kilobytes was most of the cost of a cached answer. */
#ifndef HEARTH_HTTP_JSON_READER_H
#define HEARTH_HTTP_JSON_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* Reads text, which must be valid UTF-8, to the document that jansson would make of it with
 * JSON_REJECT_DUPLICATES and JSON_DECODE_ANY. NULL for what that would refuse, for more than
 * depth_max levels, and for a few good things that are rare (integers over 18 digits): jansson then
 * has the last word. The caller owns the result; scratch is used for what is no part of it. */
json_t *json_read(const char *text, size_t length, unsigned depth_max, struct arena *scratch);

/* Reads all that is JSON by the grammar of RFC 8259, as its sender cannot be asked to write it
 * otherwise: an escape that is no character (NUL, half of a surrogate pair) is U+FFFD, a number out
 * of range the nearest double, and of members of one name the last counts. Where
 * has_halves is given, such halves stay in texts, as the three bytes that UTF-8 would have for
 * them, and it says whether there are any; names of members hold none. NULL for what is no JSON,
 * and for more than depth_max levels. */
json_t *json_read_lenient(const char *text, size_t length, unsigned depth_max, bool *has_halves,
                          struct arena *scratch);

#endif
