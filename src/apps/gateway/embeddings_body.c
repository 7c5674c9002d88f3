/* What is asked of POST /v1/embeddings and what it answers. */
#include <endian.h>
#include <openssl/evp.h>
#include <string.h>

#include "ai/body.h"
#include "apps/gateway/embeddings_parts.h"

enum { BYTES_PER_TOKEN = 4 };

static const char *const formats[] = {"float", "base64", NULL};

const struct schema embeddings_request_schema = {
    .name = "EmbeddingsRequest",
    .size = sizeof(struct embeddings_request),
    .initial = &(const struct embeddings_request){.encoding_format = "float"},
    .fields =
        (const struct field[]){
            STRING(struct embeddings_request, model, .flags = FIELD_REQUIRED, .min = 1, .max = 256,
                   .doc = "A configured model, or local-hash-256, which needs no provider."),
            JSON(struct embeddings_request, input, .flags = FIELD_REQUIRED,
                 .doc = "A text or a list of at most 2048 of them; lists of tokens where the "
                        "provider takes them."),
            STRING(struct embeddings_request, encoding_format, .choices = formats,
                   .default_json = "\"float\"",
                   .doc = "base64: 32-bit floats, the least significant byte first."),
            INTEGER(struct embeddings_request, dimensions, .flags = FIELD_NULLABLE, .min = 1,
                    .max = 65536, .doc = "Of each vector; the model's own where left out."),
            STRING(struct embeddings_request, user, .flags = FIELD_NULLABLE,
                   .doc = "Whom the answer is for, as the provider may know them."),
            {.name = NULL}},
    .doc = "A question in the form of OpenAI's embeddings. Members that are not listed go to "
           "providers of that form as they are.",
    .example = "{\"model\":\"local-hash-256\",\"input\":\"How do I save money?\"}",
};

/* For the document: the answer is written without a tree. */
struct embedding_entry {
    const char *object;
    int64_t index;
    const json_t *embedding;
};

struct embeddings_usage {
    int64_t prompt_tokens, total_tokens;
};

struct embeddings_answer {
    const char *object;
    struct list data; /* struct embedding_entry */
    const char *model;
    struct embeddings_usage *usage;
};

static const struct schema entry_schema = {
    .name = "Embedding",
    .size = sizeof(struct embedding_entry),
    .fields =
        (const struct field[]){
            STRING(struct embedding_entry, object, .flags = FIELD_REQUIRED, .doc = "embedding."),
            INTEGER(struct embedding_entry, index, .flags = FIELD_REQUIRED, .max = INT64_MAX,
                    .doc = "Which of the input's texts, from 0."),
            JSON(struct embedding_entry, embedding, .flags = FIELD_REQUIRED,
                 .doc = "The vector: a list of numbers, or their bytes in base64."),
            {.name = NULL}},
};

static const struct schema usage_schema = {
    .name = "EmbeddingsUsage",
    .size = sizeof(struct embeddings_usage),
    .fields =
        (const struct field[]){
            INTEGER(struct embeddings_usage, prompt_tokens, .max = INT64_MAX,
                    .doc =
                        "Of the input: an estimate where the provider reported none; words where "
                        "it was hashed locally."),
            INTEGER(struct embeddings_usage, total_tokens, .max = INT64_MAX, .doc = "The same."),
            {.name = NULL}},
};

const struct schema embeddings_response_schema = {
    .name = "EmbeddingsResponse",
    .size = sizeof(struct embeddings_answer),
    .fields =
        (const struct field[]){
            STRING(struct embeddings_answer, object, .flags = FIELD_REQUIRED, .doc = "list."),
            ARRAY(struct embeddings_answer, data, &entry_schema, .flags = FIELD_REQUIRED,
                  .doc = "A vector for each text, in the order of the input."),
            STRING(struct embeddings_answer, model, .flags = FIELD_REQUIRED,
                   .doc = "Who made them."),
            OBJECT(struct embeddings_answer, usage, &usage_schema, .flags = FIELD_OMITTED,
                   .doc = "Left out only where a provider of OpenAI's kind does so itself."),
            {.name = NULL}},
    .doc = "Vectors in the form of OpenAI's embeddings.",
};

static bool
refuse(struct arena *arena, struct error *err, size_t index, const char *complaint)
{
    return error_set_field(err, arena, arena_printf(arena, "input[%zu]", index), "%s", complaint);
}

/* A list whose items are whole numbers. */
static bool
is_tokens(const json_t *value)
{
    size_t count = json_array_size(value);
    for (size_t i = 0; i < count; i++)
        if (!json_is_integer(json_array_get(value, i)))
            return false;
    return count > 0;
}

static bool
read_list(const json_t *input, struct arena *arena, struct embedding_input *read, struct error *err)
{
    bool is_text = json_is_string(json_array_get(input, 0));
    const char **texts = arena_array(arena, read->count, sizeof(*texts));
    for (size_t i = 0; i < read->count; i++) {
        const json_t *item = json_array_get(input, i);
        if (!is_text && !is_tokens(item))
            return refuse(arena, err, i, "must be a string or a list of tokens");
        if (!is_text) {
            read->bytes += BYTES_PER_TOKEN * json_array_size(item);
            continue;
        }
        texts[i] = json_string_value(item);
        if (!texts[i])
            return refuse(arena, err, i, "must be a string as the first one is");
        if (texts[i][0] == '\0')
            return refuse(arena, err, i, "must not be empty");
        read->bytes += strlen(texts[i]);
    }
    if (is_text)
        read->texts = (struct list){texts, read->count};
    return true;
}

bool
embeddings_read_input(const json_t *input, struct arena *arena, struct embedding_input *read,
                      struct error *err)
{
    *read = (struct embedding_input){.count = 1};
    if (json_is_string(input)) {
        const char **texts = arena_array(arena, 1, sizeof(*texts));
        texts[0] = json_string_value(input);
        read->bytes = strlen(texts[0]);
        read->texts = (struct list){texts, 1};
        return read->bytes > 0 || error_set_field(err, arena, "input", "must not be empty");
    }
    if (!json_is_array(input))
        return error_set_field(err, arena, "input", "must be a string or a list");
    if (is_tokens(input)) {
        read->bytes = BYTES_PER_TOKEN * json_array_size(input);
        return true;
    }
    read->count = json_array_size(input);
    if (read->count == 0 || read->count > EMBEDDING_INPUTS_MAX)
        return error_set_field(err, arena, "input", "must have between 1 and %d items",
                               EMBEDDING_INPUTS_MAX);
    return read_list(input, arena, read, err);
}

bool
embeddings_has_format(const json_t *answer, const char *format)
{
    bool wants_text = strcmp(format, "base64") == 0;
    const json_t *data = json_object_get(answer, "data");
    for (size_t i = 0; i < json_array_size(data); i++) {
        const json_t *vector = json_object_get(json_array_get(data, i), "embedding");
        if (json_is_string(vector) != wants_text)
            return false;
    }
    return true;
}

static void
write_base64(struct strbuf *out, const float *vector, size_t count)
{
    uint32_t *words = arena_array(out->arena, count, sizeof(*words));
    memcpy(words, vector, count * sizeof(*words));
    for (size_t i = 0; i < count; i++)
        words[i] = htole32(words[i]);
    size_t bytes = count * sizeof(*words);
    char *room = strbuf_reserve(out, (bytes + 2) / 3 * 4 + 3);
    *room = '"';
    int written = EVP_EncodeBlock((unsigned char *)room + 1, (unsigned char *)words, (int)bytes);
    room[written + 1] = '"';
    strbuf_added(out, (size_t)written + 2);
}

static void
write_floats(struct strbuf *out, const float *vector, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        strbuf_add_char(out, i == 0 ? '[' : ',');
        schema_encode_float(out, vector[i]);
    }
    strbuf_add_char(out, ']');
}

void
embeddings_write(const struct embeddings *embeddings, const char *model, const char *format,
                 struct strbuf *out)
{
    bool as_text = strcmp(format, "base64") == 0;
    body_open(out, NULL, '{');
    body_text(out, "object", "list");
    body_open(out, "data", '[');
    for (size_t i = 0; i < embeddings->count; i++) {
        body_open(out, NULL, '{');
        body_text(out, "object", "embedding");
        body_integer(out, "index", (int64_t)i);
        body_name(out, "embedding");
        if (as_text)
            write_base64(out, embeddings->vectors[i], embeddings->dimensions);
        else
            write_floats(out, embeddings->vectors[i], embeddings->dimensions);
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
    body_text(out, "model", model);
    body_open(out, "usage", '{');
    body_integer(out, "prompt_tokens", embeddings->tokens);
    body_integer(out, "total_tokens", embeddings->tokens);
    strbuf_add_text(out, "}}");
}
