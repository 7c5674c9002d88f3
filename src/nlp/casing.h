/* How a capitalised English word that opens a sentence reads inside one. */
#ifndef HEARTH_NLP_CASING_H
#define HEARTH_NLP_CASING_H

#include "nlp/document.h"

/* The word (as it stands between blanks) in lower case unless it is a name as far as the text and
 * common words tell; next is the word behind it, NULL for none. The result is word itself or lives
 * in the document's arena. */
const char *casing_inside(const struct document *document, const char *word, const char *next);

/* Whether the list (words between single blanks, one at each end) has the word, without regard to
 * case. */
bool casing_lists(const char *list, const char *word);

#endif
