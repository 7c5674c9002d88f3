/* ICU's words of a text, one after the other. */
#ifndef HEARTH_NLP_WORD_WALK_H
#define HEARTH_NLP_WORD_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <unicode/ubrk.h>
#include <unicode/utext.h>

struct word_walk {
    UText source;
    UBreakIterator *breaks;
    size_t start, end; /* of the word that was found, in bytes */
};

/* text is borrowed until the walk is closed. */
void word_walk_open(struct word_walk *walk, const char *text, size_t length);

/* Finds the next word, passing over blanks and signs. false at the end. */
bool word_walk_next(struct word_walk *walk);

void word_walk_close(struct word_walk *walk);

#endif
