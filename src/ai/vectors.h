/* Embeddings as providers write them: arrays of numbers in JSON, or base64 of their bytes. */
#ifndef HEARTH_AI_VECTORS_H
#define HEARTH_AI_VECTORS_H

#include "ai/provider.h"

enum { VECTORS_DIMENSIONS_MAX = 65536 };

/* Makes room for count vectors that are not there yet. */
void vectors_init(struct embeddings *embeddings, size_t count, struct arena *arena);

/* Reads the vector at index. false: it is neither an array of finite numbers nor base64 of floats,
 * not as long as the others, there already, or beyond the count. */
bool vectors_read(struct embeddings *embeddings, size_t index, const json_t *value,
                  struct arena *arena) __attribute__((warn_unused_result));

/* Whether all are there; ERROR_UPSTREAM_INVALID if not. */
bool vectors_check(const struct embeddings *embeddings, struct error *err)
    __attribute__((warn_unused_result));

#endif
