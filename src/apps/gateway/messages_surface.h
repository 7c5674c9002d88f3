/* The parts of the surface of Anthropic's messages. Private to its files and their tests. */
#ifndef HEARTH_APPS_GATEWAY_MESSAGES_SURFACE_H
#define HEARTH_APPS_GATEWAY_MESSAGES_SURFACE_H

#include "apps/gateway/gateway.h"

/* messages_read.c: surface.decode. */
bool messages_read(const json_t *document, struct arena *arena, struct chat *chat,
                   struct error *err) __attribute__((warn_unused_result));

/* messages_write.c: surface.encode, and what the stream writers share with it. */
void messages_write(const struct reply *reply, const struct chat_answer *answer,
                    struct strbuf *out);
/* Appends "end_turn", "max_tokens", ..., or null for an end that is not known. */
void messages_write_reason(enum chat_finish finish, bool has_calls, struct strbuf *out);
/* Appends the usage as an object; what was not reported is 0, which clients count on. */
void messages_write_usage(const struct chat_usage *usage, struct strbuf *out);
/* Appends the members that every message begins with, up to content's value. */
void messages_write_head(const struct reply *reply, struct strbuf *out);

/* messages_stream.c: the stream writers. */
void messages_begin(struct reply *reply, struct strbuf *out);
void messages_step(struct reply *reply, const struct chat_delta *delta, struct strbuf *out);
void messages_end(struct reply *reply, const struct chat_usage *usage, struct strbuf *out);
enum surface_pass messages_pass(const struct reply *reply, const struct event *event,
                                const json_t *data);
void messages_complete(const struct reply *reply, struct strbuf *out);
void messages_fail(const struct reply *reply, const char *body, size_t length, struct strbuf *out);

#endif
