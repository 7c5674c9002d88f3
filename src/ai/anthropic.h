/* The inside of Anthropic's dialect: what its files share. */
#ifndef HEARTH_AI_ANTHROPIC_H
#define HEARTH_AI_ANTHROPIC_H

#include "ai/provider.h"

/* The tool by whose forced call a structured answer is asked for. */
#define ANTHROPIC_ANSWER_TOOL "give_answer"

/* anthropic_request.c */
bool anthropic_build_chat(const struct chat *chat, const struct model_settings *model,
                          struct arena *arena, struct provider_request *request, struct error *err);

/* anthropic_messages.c */
/* What is being written. */
struct anthropic_writer {
    struct strbuf *body;
    const struct chat *chat;
    struct arena *arena;
};

/* "system", where there is any. */
void anthropic_add_system(const struct anthropic_writer *writer);
bool anthropic_add_messages(const struct anthropic_writer *writer, struct error *err);

/* anthropic_answer.c */
bool anthropic_parse_answer(const json_t *document, struct arena *arena, struct chat_answer *answer,
                            struct error *err);
enum chat_finish anthropic_finish(const char *reason);
/* Overwrites what usage reports anew. */
void anthropic_read_usage(const json_t *usage, struct chat_usage *counts);

/* anthropic_stream.c */
bool anthropic_parse_event(const struct stream_reader *reader, const json_t *document,
                           struct provider_fault *fault);

#endif
