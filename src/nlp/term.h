/* Terms: words folded in case and stemmed, numbered in order of their first use. */
#ifndef HEARTH_NLP_TERM_H
#define HEARTH_NLP_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "nlp/language.h"

struct term_table;

/* The stemmer is closed by term_table_close(). */
struct term_table *term_table_open(const struct language *language, struct arena *arena);
void term_table_close(struct term_table *table);

enum { TERM_STOP = -1, TERM_UNKNOWN = -2 };

/* The number of the word's term: TERM_STOP for a stop word; TERM_UNKNOWN for one that is not in the
 * table, unless it may be added. */
int32_t term_of(struct term_table *table, const char *word, size_t length, bool may_add);

size_t term_table_count(const struct term_table *table);

#endif
