/* An English word as the lexicon has it: lower case, plain apostrophes. */
#ifndef HEARTH_NLP_FOLDED_H
#define HEARTH_NLP_FOLDED_H

#include <stdbool.h>
#include <stddef.h>

enum { FOLDED_BYTES = 40 };

struct folded {
    char text[FOLDED_BYTES];
    size_t length;
    bool is_upper; /* all capitals, more than one */
};

/* Reads the word that text opens with; returns the bytes it takes there. */
size_t folded_read(struct folded *word, const char *text);

/* The lexicon's valence; a long-drawn word ("sooo goood") is shortened until it is found. */
double folded_valence(struct folded *word);

#endif
