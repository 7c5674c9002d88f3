/* The feeling of a text added up word by word: negation, intensity, contrast, emphasis. */
#ifndef HEARTH_NLP_TALLY_H
#define HEARTH_NLP_TALLY_H

#include <stdbool.h>
#include <stddef.h>

#include "nlp/folded.h"

enum { EVIDENCE_MAX = 4 };

/* A word or phrase that counts, for the explanation. */
struct evidence {
    char text[FOLDED_BYTES + 8];
    double valence;
};

struct tally {
    double positive, negative;               /* of the whole text, both as amounts */
    double clause_positive, clause_negative; /* of the sentence so far, for "but" */
    struct evidence evidence[EVIDENCE_MAX];
    size_t evidence_count;
    size_t hits, words;
    size_t personal; /* words of the writer's own or to the reader, and exclamation marks */
    bool quoted;     /* inside quotation marks, where somebody else speaks */

    bool shouts; /* capitals mean emphasis: not all of the text is in them */
    char negation[FOLDED_BYTES];
    int negation_left; /* words it still reaches */
    double intensity;  /* of the words just before */
    int intensity_left;
    double after_but;
};

/* Adds up the text; without has_english only emoticons and emoji count. */
void tally_text(struct tally *tally, const char *text, bool has_english);

#endif
