/* The feeling in single English words, emoticons and emoji. */
#ifndef HEARTH_NLP_LEXICON_H
#define HEARTH_NLP_LEXICON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From -4 to 4 for a word in lower case or an emoticon; 0 where it is not listed. */
double lexicon_valence(const char *word, size_t length);
double lexicon_emoji_valence(uint32_t code_point);

/* "very" 1.3, "slightly" 0.6; 1 for any other word. */
double lexicon_intensity(const char *word, size_t length);

/* "not", "never", "isn't", "hardly" and the like. */
bool lexicon_is_negation(const char *word, size_t length);

/* A fixed phrase at the start of text (words in lower case, single blanks): its valence in *valence
 * and its length, or 0. */
size_t lexicon_phrase(const char *text, double *valence);

#endif
