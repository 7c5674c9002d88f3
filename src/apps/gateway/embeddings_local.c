/* Embeddings that need no provider. */
#include <string.h>

#include "ai/ai.h"
#include "apps/gateway/embeddings_parts.h"
#include "nlp/embedding.h"

/* What a front thread may read before others wait for it too long. */
enum {
    FRONT_BYTES_MAX = 32 * 1024,
    TEXT_COST_BYTES = 512 /* what each text costs beside its bytes */
};

static void
embed(const struct embedding_input *input, struct arena *arena, struct embeddings *embeddings)
{
    const char *const *texts = input->texts.items;
    *embeddings = (struct embeddings){
        .vectors = arena_array(arena, input->count, sizeof(float *)),
        .count = input->count,
        .dimensions = EMBEDDING_DIMENSIONS,
    };
    for (size_t i = 0; i < input->count; i++) {
        embeddings->vectors[i] = arena_array(arena, EMBEDDING_DIMENSIONS, sizeof(float));
        embeddings->tokens +=
            (int64_t)embedding_of(texts[i], strlen(texts[i]), embeddings->vectors[i], arena);
    }
}

bool
embeddings_local(struct request *request, const struct embedding_input *input, struct error *err)
{
    const struct embeddings_request *asked = request->input;
    struct arena *arena = &request->arena;
    if (input->texts.count == 0)
        return error_set_field(err, arena, "input", "must be text for the model \"%s\"",
                               EMBEDDING_MODEL);
    if (asked->dimensions != 0 && asked->dimensions != EMBEDDING_DIMENSIONS)
        return error_set_field(err, arena, "dimensions", "must be %d for the model \"%s\"",
                               EMBEDDING_DIMENSIONS, EMBEDDING_MODEL);
    if (input->bytes + input->count * TEXT_COST_BYTES > FRONT_BYTES_MAX && !request->may_wait)
        return error_set(err, ERROR_WOULD_WAIT, "that much text takes its time");
    struct embeddings embeddings;
    embed(input, arena, &embeddings);
    struct strbuf body;
    strbuf_init(&body, arena, input->count * EMBEDDING_DIMENSIONS * 12 + 256);
    embeddings_write(&embeddings, EMBEDDING_MODEL, asked->encoding_format, &body);
    struct receipt receipt = {
        .model = EMBEDDING_MODEL, .tokens_input = embeddings.tokens, .tokens_output = -1};
    gateway_count(request, "gateway_embeddings", &receipt, 0, NULL);
    gateway_headers(request, &receipt, 0);
    response_bytes(request, 200, "application/json", body.data, body.length);
    return true;
}
