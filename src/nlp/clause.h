/* Parts of a sentence: what opens it without saying anything, and its main clause. */
#ifndef HEARTH_NLP_CLAUSE_H
#define HEARTH_NLP_CLAUSE_H

#include <stddef.h>

#include "nlp/document.h"

/* Where the sentence starts behind "However," and the like; start itself where nothing opens it. */
size_t clause_skip_opener(const struct document *document, size_t start, size_t end);

/* Whether the sentence opens with a word that stands for something said before it ("They", "This").
 * English, German, French and Spanish; false in others. */
bool clause_leans(const struct document *document, const struct sentence *sentence);

/* Narrows start and end to the clause of a long sentence that carries most, without its opener. */
void clause_select(const struct document *document, const struct sentence *sentence, size_t *start,
                   size_t *end);

/* Makes the first letter of ASCII upper case. */
void clause_capitalize(char *text);

#endif
