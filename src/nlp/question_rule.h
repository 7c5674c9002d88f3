/* Questions made from one statement by its structure: "X is a Y" and its like. */
#ifndef HEARTH_NLP_QUESTION_RULE_H
#define HEARTH_NLP_QUESTION_RULE_H

#include "nlp/document.h"

/* A question that the sentence answers, in the document's language; NULL where no rule is sure. */
const char *question_from_statement(const struct document *document,
                                    const struct sentence *sentence);

#endif
