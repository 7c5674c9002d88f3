/* Statements turned round: verb before subject. */
#ifndef HEARTH_NLP_INVERSION_H
#define HEARTH_NLP_INVERSION_H

#include "nlp/statement.h"

/* "Why was the bridge closed?": the opening, the auxiliary found last, the subject, and the words
 * up to end. NULL where that would be no sentence. */
const char *inversion_auxiliary(const struct statement *statement, const char *opening, size_t end);

/* "Why did the owner sell the shop?": finds the full verb and asks with "do". NULL as above. */
const char *inversion_full(struct statement *statement, const char *opening, size_t end);

/* "do", "does" or "did" for a form of verb.h. */
const char *inversion_helper(int form);

#endif
