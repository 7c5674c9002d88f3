/* Halves of surrogate pairs that a provider sends in one event each: a character that its model
 * made of two tokens. */
#ifndef HEARTH_AI_HALVES_H
#define HEARTH_AI_HALVES_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { HALVES_MAX = 8 };

/* First halves that ended a text, until the same text goes on. Zeroed at first. */
struct halves {
    struct half {
        uint64_t place; /* which text of the events it was */
        char bytes[3];
    } open[HALVES_MAX];
    size_t count;
};

/* Makes all texts of a document, as schema_parse_lenient() leaves them with their halves, valid
 * UTF-8. A first half at a text's end is kept back, and joined to the second one with which that
 * text begins in a later event; any other half is U+FFFD. */
void halves_join(struct halves *halves, json_t *document, struct arena *scratch);

#endif
