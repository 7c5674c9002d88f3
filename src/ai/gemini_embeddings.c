/* Embeddings in Gemini's dialect, batchEmbedContents. */
#include "ai/body.h"
#include "ai/gemini.h"
#include "ai/vectors.h"

bool
gemini_build_embeddings(const struct list *texts, int64_t dimensions,
                        const struct model_settings *model, struct arena *arena,
                        struct provider_request *request, struct error *err)
{
    (void)err;
    const char *const *items = texts->items;
    provider_begin(request, NULL, arena);
    gemini_begin(model, ":batchEmbedContents", arena, request);
    struct strbuf *body = &request->body;
    body_open(body, NULL, '{');
    body_open(body, "requests", '[');
    for (size_t i = 0; i < texts->count; i++) {
        body_open(body, NULL, '{');
        body_text(body, "model", gemini_resource(model->id, arena));
        strbuf_add_text(body, ",\"content\":{\"parts\":[{");
        body_text(body, "text", items[i]);
        strbuf_add_text(body, "}]}");
        body_count(body, "outputDimensionality", dimensions);
        strbuf_add_char(body, '}');
    }
    strbuf_add_text(body, "]}");
    return true;
}

bool
gemini_parse_embeddings(const json_t *document, size_t count, struct arena *arena,
                        struct embeddings *embeddings, struct error *err)
{
    const json_t *items = json_object_get(document, "embeddings");
    vectors_init(embeddings, count, arena);
    gemini_read_usage(document, &embeddings->usage);
    embeddings->tokens = embeddings->usage.input;
    for (size_t i = 0; i < json_array_size(items); i++)
        if (!vectors_read(embeddings, i, json_object_get(json_array_get(items, i), "values"),
                          arena))
            return error_set(err, ERROR_UPSTREAM_INVALID,
                             "the provider's answer holds a vector that is none");
    return vectors_check(embeddings, err);
}
