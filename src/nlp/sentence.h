/* Sentences as readers see them: ICU's breaks, mended for abbreviations, initials, numbers, links
 * and hard-wrapped lines. */
#ifndef HEARTH_NLP_SENTENCE_H
#define HEARTH_NLP_SENTENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "nlp/language.h"

struct span {
    uint32_t start, end; /* bytes; without blanks at the edges and without a list marker */
    bool starts_block;   /* first of a paragraph, list item or heading */
    bool is_item;        /* had a list marker, not that of a heading */
    bool ends_block;     /* nothing follows it in its block */
};

/* Replaces line breaks inside a paragraph by blanks, in place; those that remain part blocks. */
void sentence_join_lines(char *text, size_t length);

/* The bytes of "- ", "2. ", "## " and the like at the start of a line; 0 for none. */
size_t list_marker_length(const char *line, size_t length);

/* The sentences of text after sentence_join_lines(), in order, in the arena. Returns how many; none
 * only for a blank text. */
size_t sentence_split(const char *text, size_t length, const struct language *language,
                      struct arena *arena, struct span **spans);

#endif
