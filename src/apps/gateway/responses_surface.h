/* The parts of the surface of OpenAI's responses. Private to its files and their tests. */
#ifndef HEARTH_APPS_GATEWAY_RESPONSES_SURFACE_H
#define HEARTH_APPS_GATEWAY_RESPONSES_SURFACE_H

#include "apps/gateway/gateway.h"

/* One thing of the answer's output: a message of the model, or a call of a tool. */
struct output_item {
    bool is_call, is_closed;
    const char *id;
    const char *call_id, *name; /* of a call */
    int64_t tool;               /* of a call: its index in the stream */
    struct strbuf text;         /* what was said, or the call's arguments */
    struct strbuf refusal;      /* what was said instead */
    bool has_text, has_refusal; /* these parts of a message were begun */
};

struct output {
    struct output_item *items;
    size_t count, capacity;
    enum chat_finish finish;
    struct chat_usage usage;
};

/* responses_read.c: surface.decode. */
bool responses_read(const json_t *document, struct arena *arena, struct chat *chat,
                    struct error *err) __attribute__((warn_unused_result));

/* responses_write.c: surface.encode. */
void responses_write(const struct reply *reply, const struct chat_answer *answer,
                     struct strbuf *out);
/* Adds an item with an id of its own. */
struct output_item *output_add(struct output *output, const struct reply *reply, bool is_call);
/* "completed" or "incomplete". */
const char *output_status(const struct output *output);
/* Append the item, and a part of a message, as members of that name; NULL in a list. */
void output_write_item(struct strbuf *out, const char *name, const struct output_item *item,
                       const char *status);
void output_write_text(struct strbuf *out, const char *name, const char *text);
void output_write_refusal(struct strbuf *out, const char *name, const char *text);
/* Appends the whole response as a member of that name; NULL for the body itself. failure is the
 * error object of one that failed, or NULL. */
void output_write_response(struct strbuf *out, const char *name, const struct reply *reply,
                           const struct output *output, const char *status, const json_t *failure);

/* responses_stream.c: the stream writers. */
void responses_begin(struct reply *reply, struct strbuf *out);
void responses_step(struct reply *reply, const struct chat_delta *delta, struct strbuf *out);
void responses_end(struct reply *reply, const struct chat_usage *usage, struct strbuf *out);
enum surface_pass responses_pass(const struct reply *reply, const struct event *event,
                                 const json_t *data);
void responses_complete(const struct reply *reply, struct strbuf *out);
void responses_fail(const struct reply *reply, const char *body, size_t length, struct strbuf *out);

#endif
