/* Vectors of texts without any model: feature hashing. Words, their stems and their character
 * n-grams are each hashed to a place and a sign; texts that share them point the same way. Equal
 * texts give equal vectors on every machine with the same stemmers: hashes and sums are whole
 * numbers. */
#ifndef HEARTH_NLP_EMBEDDING_H
#define HEARTH_NLP_EMBEDDING_H

#include <stddef.h>

#include "base/arena.h"

enum { EMBEDDING_DIMENSIONS = 256 };

/* What the vectors are called. Whoever changes what they are made of changes the name. */
#define EMBEDDING_MODEL "local-hash-256"

/* Fills vector with the embedding of the text, whose length (L2) is 1; of one without a letter or a
 * digit too. The text is valid UTF-8. The arena is for work. Returns how many words were read. */
size_t embedding_of(const char *text, size_t length, float vector[EMBEDDING_DIMENSIONS],
                    struct arena *arena);

#endif
