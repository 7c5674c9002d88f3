/* Streams of other houses as events of Anthropic's messages, and the provider's own events. */
#include <string.h>

#include "apps/gateway/messages_surface.h"

enum { CALLS_MAX = 128, NO_BLOCK = -1 };

/* Content blocks come one after another, each with an index of its own. */
struct blocks {
    int64_t count;
    int64_t open;             /* the block that is being written, or NO_BLOCK */
    int64_t text;             /* the block of text, or NO_BLOCK */
    int64_t calls[CALLS_MAX]; /* the block of each call, one too many: 0 is none */
    bool has_calls;
    enum chat_finish finish;
};

void
messages_begin(struct reply *reply, struct strbuf *out)
{
    static const struct chat_usage unknown = {
        .input = -1, .output = -1, .cached = -1, .thought = -1};
    struct blocks *blocks = arena_alloc(reply->arena, sizeof(*blocks));
    blocks->open = blocks->text = NO_BLOCK;
    reply->state = blocks;
    strbuf_add_text(out, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":");
    messages_write_head(reply, out);
    strbuf_add_text(out, "[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":");
    messages_write_usage(&unknown, out);
    strbuf_add_text(out, "}}\n\n");
}

static void
open_event(const char *type, int64_t block, struct strbuf *out)
{
    strbuf_printf(out, "event: %s\ndata: {\"type\":\"%s\",\"index\":", type, type);
    strbuf_add_integer(out, block);
}

static void
close_block(struct blocks *blocks, struct strbuf *out)
{
    if (blocks->open == NO_BLOCK)
        return;
    open_event("content_block_stop", blocks->open, out);
    strbuf_add_text(out, "}\n\n");
    blocks->open = NO_BLOCK;
}

static int64_t
open_block(struct blocks *blocks, struct strbuf *out)
{
    close_block(blocks, out);
    blocks->open = blocks->count++;
    open_event("content_block_start", blocks->open, out);
    strbuf_add_text(out, ",\"content_block\":{\"type\":");
    return blocks->open;
}

static void
write_delta(int64_t block, const char *type, const char *member, const char *text,
            struct strbuf *out)
{
    open_event("content_block_delta", block, out);
    strbuf_printf(out, ",\"delta\":{\"type\":\"%s\",\"%s\":", type, member);
    schema_encode_string(out, text, strlen(text));
    strbuf_add_text(out, "}}\n\n");
}

static void
write_text(struct blocks *blocks, const char *text, struct strbuf *out)
{
    if (text[0] == '\0')
        return;
    if (blocks->text == NO_BLOCK || blocks->open != blocks->text) {
        blocks->text = open_block(blocks, out);
        strbuf_add_text(out, "\"text\",\"text\":\"\"}}\n\n");
    }
    write_delta(blocks->text, "text_delta", "text", text, out);
}

static void
write_call(struct blocks *blocks, const struct chat_delta *delta, struct strbuf *out)
{
    blocks->has_calls = true;
    blocks->calls[delta->tool] = open_block(blocks, out) + 1;
    strbuf_add_text(out, "\"tool_use\",\"id\":");
    schema_encode_string(out, delta->id, strlen(delta->id));
    strbuf_add_text(out, ",\"name\":");
    schema_encode_string(out, delta->name, strlen(delta->name));
    strbuf_add_text(out, ",\"input\":{}}}\n\n");
}

void
messages_step(struct reply *reply, const struct chat_delta *delta, struct strbuf *out)
{
    struct blocks *blocks = reply->state;
    bool is_call = delta->kind == CHAT_DELTA_TOOL || delta->kind == CHAT_DELTA_ARGUMENTS;
    if (delta->choice != 0 || (is_call && (delta->tool < 0 || delta->tool >= CALLS_MAX)))
        return;
    switch (delta->kind) {
    case CHAT_DELTA_TEXT:
    case CHAT_DELTA_REFUSAL:
        write_text(blocks, delta->text, out);
        break;
    case CHAT_DELTA_TOOL:
        write_call(blocks, delta, out);
        break;
    case CHAT_DELTA_ARGUMENTS:
        if (blocks->calls[delta->tool] > 0 && delta->text[0] != '\0')
            write_delta(blocks->calls[delta->tool] - 1, "input_json_delta", "partial_json",
                        delta->text, out);
        break;
    case CHAT_DELTA_FINISH:
        blocks->finish = delta->finish;
        break;
    }
}

void
messages_end(struct reply *reply, const struct chat_usage *usage, struct strbuf *out)
{
    struct blocks *blocks = reply->state;
    close_block(blocks, out);
    strbuf_add_text(out, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":"
                         "{\"stop_reason\":");
    messages_write_reason(blocks->finish, blocks->has_calls, out);
    strbuf_add_text(out, ",\"stop_sequence\":null},\"usage\":");
    messages_write_usage(usage, out);
    strbuf_add_text(out, "}\n\n");
}

enum surface_pass
messages_pass(const struct reply *reply, const struct event *event, const json_t *data)
{
    (void)reply;
    (void)event;
    const char *type = json_string_value(json_object_get(data, "type"));
    if (!data)
        return SURFACE_DROP;
    return type && strcmp(type, "message_stop") == 0 ? SURFACE_END : SURFACE_PASS;
}

void
messages_complete(const struct reply *reply, struct strbuf *out)
{
    (void)reply;
    strbuf_add_text(out, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}

void
messages_fail(const struct reply *reply, const char *body, size_t length, struct strbuf *out)
{
    (void)reply;
    gateway_event(out, "error", body, length);
}
