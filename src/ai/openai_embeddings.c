/* Embeddings in OpenAI's dialect. */
#include "ai/body.h"
#include "ai/openai.h"
#include "ai/vectors.h"

bool
openai_build_embeddings(const struct list *texts, int64_t dimensions,
                        const struct model_settings *model, struct arena *arena,
                        struct provider_request *request, struct error *err)
{
    (void)err;
    const char *const *items = texts->items;
    provider_begin(request, NULL, arena);
    openai_begin(model, "/embeddings", arena, request);
    struct strbuf *body = &request->body;
    strbuf_add_char(body, '{');
    body_text(body, "model", model->id);
    body_open(body, "input", '[');
    for (size_t i = 0; i < texts->count; i++)
        body_text(body, NULL, items[i]);
    strbuf_add_char(body, ']');
    body_text(body, "encoding_format", "float");
    body_count(body, "dimensions", dimensions);
    strbuf_add_char(body, '}');
    return true;
}

bool
openai_parse_embeddings(const json_t *document, size_t count, struct arena *arena,
                        struct embeddings *embeddings, struct error *err)
{
    const json_t *data = json_object_get(document, "data");
    vectors_init(embeddings, count, arena);
    openai_read_usage(json_object_get(document, "usage"), &embeddings->usage);
    embeddings->tokens = embeddings->usage.input;
    for (size_t i = 0; i < json_array_size(data); i++) {
        const json_t *item = json_array_get(data, i);
        int64_t index = provider_count(item, "index");
        if (!vectors_read(embeddings, index < 0 ? i : (size_t)index,
                          json_object_get(item, "embedding"), arena))
            return error_set(err, ERROR_UPSTREAM_INVALID,
                             "the provider's answer holds a vector that is none");
    }
    return vectors_check(embeddings, err);
}
