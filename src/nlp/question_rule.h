/* Questions made from one statement by its structure: "X is a Y" and its like. */
#ifndef HEARTH_NLP_QUESTION_RULE_H
#define HEARTH_NLP_QUESTION_RULE_H

#include "nlp/document.h"

/* A question by who, what, when, how many or why that the sentence answers, in the document's
 * language; NULL where no rule is sure. */
const char *question_from_statement(const struct document *document,
                                    const struct sentence *sentence);

/* The whole statement turned round, to be answered by yes or no; NULL where that is not sure to be
 * a sentence. English only. */
const char *question_turned_round(const struct document *document, const struct sentence *sentence);

#endif
