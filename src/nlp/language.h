/* Telling languages apart by script and by grammar words, and what hangs on the language: stop
 * words, stemmer, name. A guess: short texts and rare languages are unknown. */
#ifndef HEARTH_NLP_LANGUAGE_H
#define HEARTH_NLP_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

struct language {
    const char *code;    /* ISO 639-1, "" for unknown */
    const char *name;    /* in English, "an unknown language" */
    const char *stemmer; /* libstemmer's name, NULL for none */
    unsigned stop_bit;   /* its bit in stop_word_languages(), 0 for none */
    bool unspaced;       /* words are not parted by blanks */
};

/* Never NULL; the row of the unknown language where nothing is clear. */
const struct language *language_detect(const char *text, size_t length);

/* Bits of the languages in which the word (lower case) carries grammar only; 0 for none. */
unsigned stop_word_languages(const char *word, size_t length);

/* Whether the word is a stop word of the language; of any where the language is unknown. */
bool is_stop_word(const struct language *language, const char *word, size_t length);

#endif
