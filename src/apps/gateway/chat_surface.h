/* The parts of the surface of OpenAI's chat completions. Private to its files and their tests. */
#ifndef HEARTH_APPS_GATEWAY_CHAT_SURFACE_H
#define HEARTH_APPS_GATEWAY_CHAT_SURFACE_H

#include "apps/gateway/gateway.h"

/* chat_read.c: surface.decode. */
bool chat_read(const json_t *document, struct arena *arena, struct chat *chat, struct error *err)
    __attribute__((warn_unused_result));

/* chat_write.c: surface.encode. */
void chat_write(const struct reply *reply, const struct chat_answer *answer, struct strbuf *out);
/* "stop", "length", ... for a choice with or without tool calls; NULL for an end not known. */
const char *chat_finish_name(enum chat_finish finish, bool has_calls);
/* Appends the usage as an object. false, and nothing appended, where it was not reported. */
bool chat_write_usage(const struct chat_usage *usage, struct strbuf *out);

/* chat_stream.c: the stream writers. */
void chat_begin(struct reply *reply, struct strbuf *out);
void chat_step(struct reply *reply, const struct chat_delta *delta, struct strbuf *out);
void chat_end(struct reply *reply, const struct chat_usage *usage, struct strbuf *out);
enum surface_pass chat_pass(const struct reply *reply, const struct event *event,
                            const json_t *data);
void chat_complete(const struct reply *reply, struct strbuf *out);
void chat_fail(const struct reply *reply, const char *body, size_t length, struct strbuf *out);

#endif
