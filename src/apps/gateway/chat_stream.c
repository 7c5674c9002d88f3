/* Streams of other houses as chunks of chat completions, and the provider's own chunks. */
#include <stdint.h>
#include <string.h>

#include "apps/gateway/chat_surface.h"

enum { CHOICES_MAX = 128 };

/* Of one choice: what was told already. */
struct told {
    bool begun, has_calls;
};

struct chunks {
    struct strbuf head; /* what is the same in all, up to the choices */
    const char *tail;
    bool shows_usage;
    struct told told[CHOICES_MAX];
};

static bool
wants_usage(const struct reply *reply)
{
    const json_t *options = json_object_get(reply->document, "stream_options");
    return json_is_true(json_object_get(options, "include_usage"));
}

void
chat_begin(struct reply *reply, struct strbuf *out)
{
    (void)out;
    struct chunks *chunks = arena_alloc(reply->arena, sizeof(*chunks));
    struct strbuf *head = &chunks->head;
    strbuf_init(head, reply->arena, 256);
    strbuf_printf(head,
                  "data: {\"id\":\"chatcmpl-%s\",\"object\":\"chat.completion.chunk\",\"created\":",
                  reply->id);
    strbuf_add_integer(head, reply->created_s);
    strbuf_add_text(head, ",\"model\":");
    schema_encode_string(head, reply->model, strlen(reply->model));
    strbuf_add_text(head, ",\"choices\":[");
    chunks->shows_usage = wants_usage(reply);
    /* With include_usage every chunk has the member, null in all but the last. */
    chunks->tail = chunks->shows_usage ? "],\"usage\":null}\n\n" : "]}\n\n";
    reply->state = chunks;
}

static void
open_chunk(const struct chunks *chunks, int64_t choice, struct strbuf *out)
{
    strbuf_add(out, chunks->head.data, chunks->head.length);
    strbuf_add_text(out, "{\"index\":");
    strbuf_add_integer(out, choice);
    strbuf_add_text(out, ",\"delta\":{");
}

static void
close_chunk(const struct chunks *chunks, const char *finish, struct strbuf *out)
{
    strbuf_add_text(out, "},\"logprobs\":null,\"finish_reason\":");
    if (finish)
        strbuf_printf(out, "\"%s\"", finish);
    else
        strbuf_add_text(out, "null");
    strbuf_add_char(out, '}');
    strbuf_add_text(out, chunks->tail);
}

static void
add_string(struct strbuf *out, const char *name, const char *text)
{
    strbuf_printf(out, "\"%s\":", name);
    schema_encode_string(out, text, strlen(text));
}

static void
write_call(const struct chat_delta *delta, struct strbuf *out)
{
    strbuf_add_text(out, "\"tool_calls\":[{\"index\":");
    strbuf_add_integer(out, delta->tool);
    strbuf_add_char(out, ',');
    if (delta->kind == CHAT_DELTA_TOOL) {
        add_string(out, "id", delta->id);
        strbuf_add_text(out, ",\"type\":\"function\",\"function\":{");
        add_string(out, "name", delta->name);
        strbuf_add_char(out, ',');
    } else {
        strbuf_add_text(out, "\"function\":{");
    }
    add_string(out, "arguments", delta->kind == CHAT_DELTA_TOOL ? "" : delta->text);
    strbuf_add_text(out, "}}]");
}

void
chat_step(struct reply *reply, const struct chat_delta *delta, struct strbuf *out)
{
    struct chunks *chunks = reply->state;
    if (delta->choice < 0 || delta->choice >= CHOICES_MAX)
        return;
    struct told *told = &chunks->told[delta->choice];
    if (!told->begun) {
        open_chunk(chunks, delta->choice, out);
        strbuf_add_text(out, "\"role\":\"assistant\",\"content\":\"\",\"refusal\":null");
        close_chunk(chunks, NULL, out);
        told->begun = true;
    }
    const char *finish = NULL;
    open_chunk(chunks, delta->choice, out);
    switch (delta->kind) {
    case CHAT_DELTA_TEXT:
        add_string(out, "content", delta->text);
        break;
    case CHAT_DELTA_REFUSAL:
        add_string(out, "refusal", delta->text);
        break;
    case CHAT_DELTA_TOOL:
    case CHAT_DELTA_ARGUMENTS:
        told->has_calls = true;
        write_call(delta, out);
        break;
    case CHAT_DELTA_FINISH:
        finish = chat_finish_name(delta->finish, told->has_calls);
        break;
    }
    close_chunk(chunks, finish, out);
}

void
chat_end(struct reply *reply, const struct chat_usage *usage, struct strbuf *out)
{
    const struct chunks *chunks = reply->state;
    if (!chunks->shows_usage)
        return;
    size_t before = out->length;
    strbuf_add(out, chunks->head.data, chunks->head.length);
    strbuf_add_text(out, "],\"usage\":");
    if (chat_write_usage(usage, out))
        strbuf_add_text(out, "}\n\n");
    else
        strbuf_truncate(out, before);
}

enum surface_pass
chat_pass(const struct reply *reply, const struct event *event, const json_t *data)
{
    if (!data)
        return strcmp(event->data, "[DONE]") == 0 ? SURFACE_END : SURFACE_DROP;
    /* Clients read the first choice of whatever comes: what is no chunk would break them. */
    const json_t *choices = json_object_get(data, "choices");
    if (!json_is_array(choices))
        return SURFACE_DROP;
    bool is_usage = json_array_size(choices) == 0 && json_is_object(json_object_get(data, "usage"));
    return is_usage && !wants_usage(reply) ? SURFACE_DROP : SURFACE_PASS;
}

void
chat_complete(const struct reply *reply, struct strbuf *out)
{
    (void)reply;
    strbuf_add_text(out, "data: [DONE]\n\n");
}

void
chat_fail(const struct reply *reply, const char *body, size_t length, struct strbuf *out)
{
    (void)reply;
    gateway_event(out, NULL, body, length);
}
