/* The inside of Gemini's dialect: what its files share. */
#ifndef HEARTH_AI_GEMINI_H
#define HEARTH_AI_GEMINI_H

#include "ai/provider.h"

/* gemini_request.c */
bool gemini_build_chat(const struct chat *chat, const struct model_settings *model,
                       struct arena *arena, struct provider_request *request, struct error *err);
/* URL and key for a method of the model (":generateContent"). */
void gemini_begin(const struct model_settings *model, const char *method, struct arena *arena,
                  struct provider_request *request);
/* "models/gemini-2.5-flash", as it stands in a path. */
const char *gemini_resource(const char *id, struct arena *arena);

/* gemini_contents.c */
/* What is being written. */
struct gemini_writer {
    struct strbuf *body;
    const struct chat *chat;
    const struct model_settings *model;
    struct arena *arena;
};

/* "systemInstruction", where there is any: the first member of the body. */
void gemini_add_system(const struct gemini_writer *writer);
bool gemini_add_contents(const struct gemini_writer *writer, struct error *err);

/* gemini_answer.c */
bool gemini_parse_answer(const json_t *document, struct arena *arena, struct chat_answer *answer,
                         struct error *err);
void gemini_read_usage(const json_t *document, struct chat_usage *counts);
enum chat_finish gemini_finish(const char *reason, bool has_calls);
/* Why the candidate has ended; NULL: it has not. */
const char *gemini_reason(const json_t *candidate);
bool gemini_is_blocked(const json_t *document);
/* The arguments of a function call, as text. */
const char *gemini_arguments(const json_t *call, struct arena *arena);

/* gemini_stream.c */
bool gemini_parse_event(const struct stream_reader *reader, const json_t *document,
                        struct provider_fault *fault);

/* gemini_embeddings.c */
bool gemini_build_embeddings(const struct list *texts, int64_t dimensions,
                             const struct model_settings *model, struct arena *arena,
                             struct provider_request *request, struct error *err);
bool gemini_parse_embeddings(const json_t *document, size_t count, struct arena *arena,
                             struct embeddings *embeddings, struct error *err);

#endif
