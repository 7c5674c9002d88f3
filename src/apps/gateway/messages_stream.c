/* Streams of other houses as events of Anthropic's messages, and the provider's own events. */
#include <string.h>

#include "apps/gateway/messages_surface.h"

enum { TEXT = -1, FIRST_BLOCKS = 4 };

/* How far the JSON of a call has come. */
struct nesting {
    int depth;
    bool in_string, is_escaped;
    bool is_whole; /* the object is closed: only white space may follow */
};

/* A content block. Its index is its place among the others. */
struct block {
    int64_t tool; /* of the call, or TEXT */
    struct nesting nesting;
    struct strbuf held; /* its events, until the blocks before it are closed */
};

/* Content blocks come one after another: clients put a delta to the block that was begun last.
 * Other dialects may mix those of several calls, so what belongs to a later block waits for the
 * open one to be whole, or for the end. */
struct blocks {
    struct block *items;
    size_t count, capacity;
    size_t open; /* the block that is being written; those before it are closed */
    bool has_calls;
    enum chat_finish finish;
};

void
messages_begin(struct reply *reply, struct strbuf *out)
{
    static const struct chat_usage unknown = {
        .input = -1, .output = -1, .cached = -1, .thought = -1};
    reply->state = arena_alloc(reply->arena, sizeof(struct blocks));
    strbuf_add_text(out, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":");
    messages_write_head(reply, out);
    strbuf_add_text(out, "[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":");
    messages_write_usage(&unknown, out);
    strbuf_add_text(out, "}}\n\n");
}

static void
read_nesting(struct nesting *nesting, const char *text)
{
    for (; *text != '\0'; text++) {
        if (nesting->is_escaped) {
            nesting->is_escaped = false;
        } else if (nesting->in_string) {
            nesting->is_escaped = *text == '\\';
            nesting->in_string = *text != '"';
        } else if (!strchr(" \t\r\n", *text)) {
            nesting->in_string = *text == '"';
            nesting->depth += (*text == '{' || *text == '[') - (*text == '}' || *text == ']');
            nesting->is_whole = (*text == '}' || *text == ']') && nesting->depth == 0;
        }
    }
}

static void
open_event(const char *type, size_t block, struct strbuf *out)
{
    strbuf_printf(out, "event: %s\ndata: {\"type\":\"%s\",\"index\":", type, type);
    strbuf_add_integer(out, (int64_t)block);
}

static void
close_block(const struct blocks *blocks, struct strbuf *out)
{
    open_event("content_block_stop", blocks->open, out);
    strbuf_add_text(out, "}\n\n");
}

/* Goes on to the next block: what it held back is said. */
static void
next_block(struct blocks *blocks, struct strbuf *out)
{
    close_block(blocks, out);
    const struct strbuf *held = &blocks->items[++blocks->open].held;
    strbuf_add(out, held->data, held->length);
}

/* Closes blocks to which nothing can come any more. A text ends where a call begins: text after
 * calls is another block. */
static void
go_on(struct blocks *blocks, struct strbuf *out)
{
    for (; blocks->open + 1 < blocks->count; next_block(blocks, out)) {
        const struct block *block = &blocks->items[blocks->open];
        if (block->tool != TEXT && !block->nesting.is_whole)
            return;
    }
}

/* Where the events of a block go: to the client, or aside until its turn comes. */
static struct strbuf *
place_of(const struct blocks *blocks, size_t index, struct strbuf *out)
{
    return index > blocks->open ? &blocks->items[index].held : out;
}

static size_t
add_block(struct reply *reply, int64_t tool)
{
    struct blocks *blocks = reply->state;
    size_t size = sizeof(*blocks->items);
    if (blocks->count == blocks->capacity) {
        blocks->capacity = blocks->capacity > 0 ? 2 * blocks->capacity : FIRST_BLOCKS;
        blocks->items =
            arena_grow(reply->arena, blocks->items, blocks->count * size, blocks->capacity * size);
    }
    struct block *block = &blocks->items[blocks->count];
    *block = (struct block){.tool = tool};
    strbuf_init(&block->held, reply->arena, 1);
    return blocks->count++;
}

static void
begin_call(struct reply *reply, const struct chat_delta *delta, struct strbuf *out)
{
    struct blocks *blocks = reply->state;
    size_t index = add_block(reply, delta->tool);
    go_on(blocks, out);
    struct strbuf *place = place_of(blocks, index, out);
    open_event("content_block_start", index, place);
    strbuf_add_text(place, ",\"content_block\":{\"type\":\"tool_use\",\"id\":");
    schema_encode_string(place, delta->id, strlen(delta->id));
    strbuf_add_text(place, ",\"name\":");
    schema_encode_string(place, delta->name, strlen(delta->name));
    strbuf_add_text(place, ",\"input\":{}}}\n\n");
    blocks->has_calls = true;
}

static void
write_delta(const struct blocks *blocks, size_t index, const char *text, struct strbuf *out)
{
    bool is_text = blocks->items[index].tool == TEXT;
    struct strbuf *place = place_of(blocks, index, out);
    open_event("content_block_delta", index, place);
    strbuf_add_text(place, is_text ? ",\"delta\":{\"type\":\"text_delta\",\"text\":"
                                   : ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":");
    schema_encode_string(place, text, strlen(text));
    strbuf_add_text(place, "}}\n\n");
}

static void
write_text(struct reply *reply, const char *text, struct strbuf *out)
{
    struct blocks *blocks = reply->state;
    if (text[0] == '\0')
        return;
    size_t index = blocks->count - 1;
    if (blocks->count == 0 || blocks->items[index].tool != TEXT) {
        index = add_block(reply, TEXT);
        go_on(blocks, out);
        struct strbuf *place = place_of(blocks, index, out);
        open_event("content_block_start", index, place);
        strbuf_add_text(place, ",\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n");
    }
    write_delta(blocks, index, text, out);
}

/* What comes for a call after its whole object is dropped once another block has begun: white
 * space. */
static void
write_arguments(struct blocks *blocks, const struct chat_delta *delta, struct strbuf *out)
{
    size_t index = blocks->count;
    while (index > 0 && blocks->items[index - 1].tool != delta->tool)
        index--;
    if (index == 0 || index - 1 < blocks->open || delta->text[0] == '\0')
        return;
    write_delta(blocks, index - 1, delta->text, out);
    read_nesting(&blocks->items[index - 1].nesting, delta->text);
    go_on(blocks, out);
}

static size_t
held_bytes(const struct blocks *blocks)
{
    size_t sum = 0;
    for (size_t i = blocks->open + 1; i < blocks->count; i++)
        sum += blocks->items[i].held.length;
    return sum;
}

void
messages_step(struct reply *reply, const struct chat_delta *delta, struct strbuf *out)
{
    struct blocks *blocks = reply->state;
    if (delta->choice != 0)
        return;
    switch (delta->kind) {
    case CHAT_DELTA_TEXT:
    case CHAT_DELTA_REFUSAL:
        write_text(reply, delta->text, out);
        break;
    case CHAT_DELTA_TOOL:
        begin_call(reply, delta, out);
        break;
    case CHAT_DELTA_ARGUMENTS:
        write_arguments(blocks, delta, out);
        break;
    case CHAT_DELTA_FINISH:
        blocks->finish = delta->finish;
        break;
    }
    reply->held_bytes = held_bytes(blocks);
}

void
messages_end(struct reply *reply, const struct chat_usage *usage, struct strbuf *out)
{
    struct blocks *blocks = reply->state;
    while (blocks->open + 1 < blocks->count)
        next_block(blocks, out);
    if (blocks->count > 0)
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
