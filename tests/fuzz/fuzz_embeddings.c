/* Any input of POST /v1/embeddings is refused with its place, or becomes texts whose vectors have
 * the length 1 and come back the same from numbers and from bytes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ai/vectors.h"
#include "apps/gateway/embeddings_parts.h"
#include "nlp/embedding.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
check_length(const float *vector)
{
    double sum = 0;
    for (size_t i = 0; i < EMBEDDING_DIMENSIONS; i++)
        sum += (double)vector[i] * (double)vector[i];
    if (!(fabs(sum - 1) < 1e-5))
        abort();
}

/* What is written in a format reads back as it was. */
static void
check_written(const struct embeddings *embeddings, const char *format, struct arena *arena)
{
    struct strbuf out;
    strbuf_init(&out, arena, 256);
    embeddings_write(embeddings, "m", format, &out);
    json_t *answer = schema_keep(json_loadb(out.data, out.length, 0, NULL), arena);
    struct embeddings read;
    struct error err = {0};
    if (!answer || !embeddings_has_format(answer, format) ||
        !provider_openai.parse_embeddings(answer, embeddings->count, arena, &read, &err))
        abort();
    for (size_t i = 0; i < embeddings->count; i++)
        if (memcmp(read.vectors[i], embeddings->vectors[i], EMBEDDING_DIMENSIONS * sizeof(float)) !=
            0)
            abort();
}

static void
embed(const struct list *texts, struct arena *arena)
{
    const char *const *items = texts->items;
    struct embeddings embeddings = {
        .vectors = arena_array(arena, texts->count, sizeof(float *)),
        .count = texts->count,
        .dimensions = EMBEDDING_DIMENSIONS,
    };
    for (size_t i = 0; i < texts->count; i++) {
        embeddings.vectors[i] = arena_array(arena, EMBEDDING_DIMENSIONS, sizeof(float));
        embedding_of(items[i], strlen(items[i]), embeddings.vectors[i], arena);
        check_length(embeddings.vectors[i]);
    }
    check_written(&embeddings, "float", arena);
    check_written(&embeddings, "base64", arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena = {0};
    struct error err = {0};
    struct embedding_input input;
    const json_t *document = schema_parse((const char *)bytes, size, &arena, &err);
    error_clear(&err);
    if (document && !embeddings_read_input(document, &arena, &input, &err)) {
        if (err.code != ERROR_VALIDATION_FAILED || strncmp(err.fields->path, "input", 5) != 0)
            abort();
    } else if (document && input.texts.count > 0 && input.texts.count <= 16) {
        embed(&input.texts, &arena);
    }
    arena_release(&arena);
    return 0;
}
