/* "more than two hundred old trees": amounts of things that can be counted. */
#ifndef HEARTH_NLP_QUANTITY_H
#define HEARTH_NLP_QUANTITY_H

#include "nlp/statement.h"

struct quantity {
    size_t noun, end;     /* the words of what is counted */
    bool has_verb_behind; /* the amount is the subject of the statement */
};

/* Reads the amount that starts at the word; false for none, and for amounts of time, measures and
 * money. */
bool quantity_read(const struct statement *statement, size_t word, struct quantity *quantity);

#endif
