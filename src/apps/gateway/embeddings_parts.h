/* The parts of POST /v1/embeddings. Private to its files and their tests. */
#ifndef HEARTH_APPS_GATEWAY_EMBEDDINGS_PARTS_H
#define HEARTH_APPS_GATEWAY_EMBEDDINGS_PARTS_H

#include "ai/provider.h"
#include "apps/gateway/gateway.h"

enum { EMBEDDING_INPUTS_MAX = 2048 };

struct embeddings_request {
    const char *model;
    const json_t *input;
    const char *encoding_format; /* "float" or "base64" */
    int64_t dimensions;          /* 0: the model's */
    const char *user;
};

/* What is to be embedded. */
struct embedding_input {
    struct list texts; /* const char *; none where tokens were given */
    size_t count;      /* of texts, or of lists of tokens */
    size_t bytes;      /* of all texts */
};

/* embeddings_body.c: a text, a list of texts, a list of tokens, or a list of lists of tokens. */
bool embeddings_read_input(const json_t *input, struct arena *arena, struct embedding_input *read,
                           struct error *err) __attribute__((warn_unused_result));

/* Whether each vector of a provider's answer is written in this format. */
bool embeddings_has_format(const json_t *answer, const char *format);

/* Appends the answer; its tokens must be known. */
void embeddings_write(const struct embeddings *embeddings, const char *model, const char *format,
                      struct strbuf *out);

/* embeddings_local.c: answers by hashing, with no provider. */
bool embeddings_local(struct request *request, const struct embedding_input *input,
                      struct error *err) __attribute__((warn_unused_result));

#endif
