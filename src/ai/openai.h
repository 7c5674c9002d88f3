/* The inside of OpenAI's dialect: what its files share. */
#ifndef HEARTH_AI_OPENAI_H
#define HEARTH_AI_OPENAI_H

#include "ai/provider.h"
#include "ai/stream.h"

/* openai_request.c */
bool openai_build_chat(const struct chat *chat, const struct model_settings *model,
                       struct arena *arena, struct provider_request *request, struct error *err);
/* URL and key for a path behind the version. */
void openai_begin(const struct model_settings *model, const char *path, struct arena *arena,
                  struct provider_request *request);

/* openai_answer.c */
bool openai_parse_answer(const json_t *document, struct arena *arena, struct chat_answer *answer,
                         struct error *err);
enum chat_finish openai_finish(const char *reason);
void openai_read_usage(const json_t *usage, struct chat_usage *counts);

/* openai_responses.c: the answers of /responses. */
bool openai_parse_response(const json_t *document, struct arena *arena, struct chat_answer *answer,
                           struct error *err);
enum chat_finish openai_response_finish(const json_t *response, bool has_calls);
/* Why it is incomplete, else its status; NULL: it says neither. */
const char *openai_response_reason(const json_t *response);

/* openai_stream.c */
bool openai_parse_event(const struct stream_reader *reader, const json_t *document,
                        struct provider_fault *fault);

/* openai_responses_stream.c */
bool openai_parse_response_event(const struct stream_reader *reader, const json_t *document,
                                 struct provider_fault *fault);

/* openai_embeddings.c */
bool openai_build_embeddings(const struct list *texts, int64_t dimensions,
                             const struct model_settings *model, struct arena *arena,
                             struct provider_request *request, struct error *err);
bool openai_parse_embeddings(const json_t *document, size_t count, struct arena *arena,
                             struct embeddings *embeddings, struct error *err);

#endif
