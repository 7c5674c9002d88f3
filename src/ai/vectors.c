/* Reads embeddings. */
#include "ai/vectors.h"

#include <endian.h>
#include <math.h>
#include <openssl/evp.h>
#include <string.h>

void
vectors_init(struct embeddings *embeddings, size_t count, struct arena *arena)
{
    *embeddings = (struct embeddings){
        .vectors = arena_array(arena, count, sizeof(float *)), .count = count, .tokens = -1};
    chat_usage_init(&embeddings->usage);
}

/* NULL where one is no finite number. */
static float *
read_numbers(const json_t *numbers, size_t dimensions, struct arena *arena)
{
    float *vector = arena_array(arena, dimensions, sizeof(float));
    for (size_t i = 0; i < dimensions; i++) {
        const json_t *number = json_array_get(numbers, i);
        vector[i] = (float)json_number_value(number);
        if (!json_is_number(number) || !isfinite(vector[i]))
            return NULL;
    }
    return vector;
}

/* Base64 of floats, the least significant byte first. NULL where it is none. */
static float *
read_bytes(const json_t *text, size_t *dimensions, struct arena *arena)
{
    const char *digits = json_string_value(text);
    size_t length = json_string_length(text);
    if (length == 0 || length % 4 != 0 || length / 4 > VECTORS_DIMENSIONS_MAX * 2)
        return NULL;
    uint32_t *words = arena_alloc(arena, length / 4 * 3 + sizeof(*words));
    int decoded =
        EVP_DecodeBlock((unsigned char *)words, (const unsigned char *)digits, (int)length);
    size_t padding = (digits[length - 1] == '=') + (digits[length - 2] == '=');
    if (decoded < 0 || ((size_t)decoded - padding) % sizeof(*words) != 0)
        return NULL;
    *dimensions = ((size_t)decoded - padding) / sizeof(*words);
    float *vector = arena_array(arena, *dimensions, sizeof(*vector));
    for (size_t i = 0; i < *dimensions; i++) {
        words[i] = le32toh(words[i]);
        memcpy(&vector[i], &words[i], sizeof(*vector));
        if (!isfinite(vector[i]))
            return NULL;
    }
    return vector;
}

bool
vectors_read(struct embeddings *embeddings, size_t index, const json_t *value, struct arena *arena)
{
    size_t dimensions = json_array_size(value);
    if (index >= embeddings->count || embeddings->vectors[index] ||
        dimensions > VECTORS_DIMENSIONS_MAX)
        return false;
    float *vector = json_is_string(value) ? read_bytes(value, &dimensions, arena)
                                          : read_numbers(value, dimensions, arena);
    if (!vector || dimensions == 0 ||
        (embeddings->dimensions != 0 && embeddings->dimensions != dimensions))
        return false;
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
