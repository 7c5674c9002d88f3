/* How much each sentence carries: its place in the graph of sentences that share terms, where in
 * the text it stands, and how it is built. */
#ifndef HEARTH_NLP_RANK_H
#define HEARTH_NLP_RANK_H

#include "nlp/document.h"

/* Beyond this many sentences only those with the weightiest terms enter the graph. */
enum { RANKED_SENTENCES_MAX = 400, SENTENCE_TERMS_MAX = 64 };

struct sentence_terms {
    int32_t *terms; /* distinct, ascending */
    double *weights;
    uint32_t count;
    double norm;
};

struct ranking {
    const struct document *document;
    struct sentence_terms *terms; /* by sentence */
    double *scores;  /* by sentence, the best is about 1; 0 for what must not be used */
    uint32_t *order; /* sentences by falling score */
};

void ranking_init(struct ranking *ranking, const struct document *document);

/* 0 for nothing in common to 1 for the same terms. */
double ranking_similarity(const struct ranking *ranking, size_t a, size_t b);

/* The weight of a term: rarer ones among the sentences weigh more. */
double term_weight(const struct document *document, int32_t term);

#endif
