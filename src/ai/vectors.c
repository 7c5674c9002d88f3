/* Reads embeddings. */
#include "ai/vectors.h"

#include <math.h>

void
vectors_init(struct embeddings *embeddings, size_t count, struct arena *arena)
{
    *embeddings = (struct embeddings){
        .vectors = arena_array(arena, count, sizeof(float *)), .count = count, .tokens = -1};
}

bool
vectors_read(struct embeddings *embeddings, size_t index, const json_t *numbers,
             struct arena *arena)
{
    size_t dimensions = json_array_size(numbers);
    if (index >= embeddings->count || embeddings->vectors[index] || dimensions == 0 ||
        dimensions > VECTORS_DIMENSIONS_MAX ||
        (embeddings->dimensions != 0 && embeddings->dimensions != dimensions))
        return false;
    float *vector = arena_array(arena, dimensions, sizeof(float));
    for (size_t i = 0; i < dimensions; i++) {
        const json_t *number = json_array_get(numbers, i);
        vector[i] = (float)json_number_value(number);
        if (!json_is_number(number) || !isfinite(vector[i]))
            return false;
    }
    embeddings->dimensions = dimensions;
    embeddings->vectors[index] = vector;
    return true;
}

bool
vectors_check(const struct embeddings *embeddings, struct error *err)
{
    for (size_t i = 0; i < embeddings->count; i++)
        if (!embeddings->vectors[i])
            return error_set(err, ERROR_UPSTREAM_INVALID,
                             "the provider's answer does not hold a vector for each text");
    return true;
}
