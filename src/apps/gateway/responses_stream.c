/* Streams of other dialects as the events of OpenAI's responses, and the provider's own events. */
#include <string.h>

#include "ai/body.h"
#include "apps/gateway/responses_surface.h"

struct progress {
    struct output output;
    struct output_item *message; /* the one that is being said; NULL for none */
    int64_t sequence;
    struct strbuf event; /* the data of one event; used again and again */
};

/* Begins the data of an event. */
static struct strbuf *
open_event(struct progress *progress, const char *type)
{
    struct strbuf *event = &progress->event;
    strbuf_truncate(event, 0);
    strbuf_add_char(event, '{');
    body_text(event, "type", type);
    body_integer(event, "sequence_number", progress->sequence++);
    return event;
}

static void
close_event(struct progress *progress, const char *type, struct strbuf *out)
{
    strbuf_add_char(&progress->event, '}');
    gateway_event(out, type, progress->event.data, progress->event.length);
}

static void
tell_response(const struct reply *reply, const char *type, const char *status,
              const json_t *failure, struct strbuf *out)
{
    struct progress *progress = reply->state;
    struct strbuf *event = open_event(progress, type);
    output_write_response(event, "response", reply, &progress->output, status, failure);
    close_event(progress, type, out);
}

static size_t
index_of(const struct progress *progress, const struct output_item *item)
{
    return (size_t)(item - progress->output.items);
}

/* Begins an event about an item: where it stands, and for parts of a message which. */
static struct strbuf *
open_item_event(struct progress *progress, const char *type, const struct output_item *item,
                int part)
{
    struct strbuf *event = open_event(progress, type);
    body_text(event, "item_id", item->id);
    body_integer(event, "output_index", (int64_t)index_of(progress, item));
    if (part >= 0)
        body_integer(event, "content_index", part);
    return event;
}

static void
tell_item(struct progress *progress, const char *type, const struct output_item *item,
          const char *status, struct strbuf *out)
{
    struct strbuf *event = open_event(progress, type);
    body_integer(event, "output_index", (int64_t)index_of(progress, item));
    output_write_item(event, "item", item, status);
    close_event(progress, type, out);
}

static void
tell_part(struct progress *progress, const char *type, const struct output_item *item,
          bool is_refusal, struct strbuf *out)
{
    struct strbuf *event =
        open_item_event(progress, type, item, is_refusal && item->has_text ? 1 : 0);
    if (is_refusal)
        output_write_refusal(event, "part", item->refusal.data);
    else
        output_write_text(event, "part", item->text.data);
    close_event(progress, type, out);
}

void
responses_begin(struct reply *reply, struct strbuf *out)
{
    struct progress *progress = arena_alloc(reply->arena, sizeof(*progress));
    *progress = (struct progress){
        .output.usage = {.input = -1, .output = -1, .cached = -1, .thought = -1, .written = -1}};
    strbuf_init(&progress->event, reply->arena, 1024);
    reply->state = progress;
    tell_response(reply, "response.created", "in_progress", NULL, out);
    tell_response(reply, "response.in_progress", "in_progress", NULL, out);
}

static void
end_text(struct progress *progress, const struct output_item *item, struct strbuf *out)
{
    struct strbuf *event = open_item_event(progress, "response.output_text.done", item, 0);
    body_text(event, "text", item->text.data);
    body_raw(event, "logprobs", "[]");
    close_event(progress, "response.output_text.done", out);
    tell_part(progress, "response.content_part.done", item, false, out);
}

static void
end_refusal(struct progress *progress, const struct output_item *item, struct strbuf *out)
{
    struct strbuf *event =
        open_item_event(progress, "response.refusal.done", item, item->has_text ? 1 : 0);
    body_text(event, "refusal", item->refusal.data);
    close_event(progress, "response.refusal.done", out);
    tell_part(progress, "response.content_part.done", item, true, out);
}

static void
end_call(struct progress *progress, const struct output_item *item, struct strbuf *out)
{
    static const char type[] = "response.function_call_arguments.done";
    struct strbuf *event = open_item_event(progress, type, item, -1);
    body_text(event, "name", item->name);
    body_text(event, "arguments", item->text.data);
    close_event(progress, type, out);
}

static void
end_item(struct progress *progress, struct output_item *item, struct strbuf *out)
{
    if (item->is_closed)
        return;
    if (item->is_call)
        end_call(progress, item, out);
    if (item->has_text)
        end_text(progress, item, out);
    if (item->has_refusal)
        end_refusal(progress, item, out);
    bool is_cut = progress->output.finish == CHAT_FINISH_LENGTH;
    item->is_closed = !is_cut;
    tell_item(progress, "response.output_item.done", item, is_cut ? "incomplete" : "completed",
              out);
}

/* The message that is being said, with the part for text or for a refusal begun. */
static struct output_item *
message_of(struct reply *reply, bool is_refusal, struct strbuf *out)
{
    struct progress *progress = reply->state;
    if (!progress->message) {
        progress->message = output_add(&progress->output, reply, false);
        tell_item(progress, "response.output_item.added", progress->message, "in_progress", out);
    }
    struct output_item *message = progress->message;
    bool *has = is_refusal ? &message->has_refusal : &message->has_text;
    if (!*has) {
        *has = true;
        tell_part(progress, "response.content_part.added", message, is_refusal, out);
    }
    return message;
}

static void
say(struct reply *reply, const char *text, bool is_refusal, struct strbuf *out)
{
    struct progress *progress = reply->state;
    struct output_item *message = message_of(reply, is_refusal, out);
    const char *type = is_refusal ? "response.refusal.delta" : "response.output_text.delta";
    strbuf_add_text(is_refusal ? &message->refusal : &message->text, text);
    struct strbuf *event =
        open_item_event(progress, type, message, is_refusal && message->has_text ? 1 : 0);
    body_text(event, "delta", text);
    if (!is_refusal)
        body_raw(event, "logprobs", "[]");
    close_event(progress, type, out);
}

static void
begin_call(struct reply *reply, const struct chat_delta *delta, struct strbuf *out)
{
    struct progress *progress = reply->state;
    if (progress->message)
        end_item(progress, progress->message, out);
    progress->message = NULL;
    struct output_item *call = output_add(&progress->output, reply, true);
    call->call_id = arena_strdup(reply->arena, delta->id);
    call->name = arena_strdup(reply->arena, delta->name);
    call->tool = delta->tool;
    tell_item(progress, "response.output_item.added", call, "in_progress", out);
}

static void
add_arguments(struct reply *reply, const struct chat_delta *delta, struct strbuf *out)
{
    static const char type[] = "response.function_call_arguments.delta";
    struct progress *progress = reply->state;
    struct output_item *items = progress->output.items, *call = NULL;
    for (size_t i = 0; i < progress->output.count; i++)
        if (items[i].is_call && items[i].tool == delta->tool)
            call = &items[i];
    if (!call)
        return;
    strbuf_add_text(&call->text, delta->text);
    struct strbuf *event = open_item_event(progress, type, call, -1);
    body_text(event, "delta", delta->text);
    close_event(progress, type, out);
}

void
responses_step(struct reply *reply, const struct chat_delta *delta, struct strbuf *out)
{
    struct progress *progress = reply->state;
    if (delta->choice != 0)
        return;
    switch (delta->kind) {
    case CHAT_DELTA_TEXT:
        say(reply, delta->text, false, out);
        break;
    case CHAT_DELTA_REFUSAL:
        say(reply, delta->text, true, out);
        break;
    case CHAT_DELTA_TOOL:
        begin_call(reply, delta, out);
        break;
    case CHAT_DELTA_ARGUMENTS:
        add_arguments(reply, delta, out);
        break;
    case CHAT_DELTA_FINISH:
        progress->output.finish = delta->finish;
        break;
    }
}

void
responses_end(struct reply *reply, const struct chat_usage *usage, struct strbuf *out)
{
    struct progress *progress = reply->state;
    struct output *output = &progress->output;
    output->usage = *usage;
    bool says_why = progress->message && progress->message->has_refusal;
    if (output->finish == CHAT_FINISH_REFUSED && says_why)
        output->finish = CHAT_FINISH_STOP;
    if (output->count == 0)
        message_of(reply, false, out);
    for (size_t i = 0; i < output->count; i++)
        end_item(progress, &output->items[i], out);
}

enum surface_pass
responses_pass(const struct reply *reply, const struct event *event, const json_t *data)
{
    (void)reply;
    (void)event;
    const char *type = json_string_value(json_object_get(data, "type"));
    if (!type)
        return SURFACE_DROP;
    bool is_end =
        strcmp(type, "response.completed") == 0 || strcmp(type, "response.incomplete") == 0;
    return is_end ? SURFACE_END : SURFACE_PASS;
}

/* Of a provider's own stream this event is never ours to write: it holds the whole answer. */
void
responses_complete(const struct reply *reply, struct strbuf *out)
{
    const struct progress *progress = reply->state;
    if (!progress)
        return;
    const char *status = output_status(&progress->output);
    bool is_complete = strcmp(status, "completed") == 0;
    tell_response(reply, is_complete ? "response.completed" : "response.incomplete", status, NULL,
                  out);
}

/* The official clients throw on the member error; its siblings are what OpenAI documents. */
static void
tell_error(const struct reply *reply, const json_t *failure, struct strbuf *out)
{
    struct strbuf event;
    strbuf_init(&event, reply->arena, 512);
    strbuf_add_char(&event, '{');
    body_text(&event, "type", "error");
    if (!reply->is_shown)
        body_integer(&event, "sequence_number", 0);
    else if (reply->state)
        body_integer(&event, "sequence_number", ((struct progress *)reply->state)->sequence);
    const char *code = json_string_value(json_object_get(failure, "code"));
    const char *message = json_string_value(json_object_get(failure, "message"));
    body_text(&event, "code", code ? code : "server_error");
    body_text(&event, "message", message ? message : "");
    const json_t *param = json_object_get(failure, "param");
    if (json_is_string(param))
        body_json(&event, "param", param);
    else
        body_raw(&event, "param", "null");
    body_json(&event, "error", failure);
    strbuf_add_char(&event, '}');
    gateway_event(out, "error", event.data, event.length);
}

void
responses_fail(const struct reply *reply, const char *body, size_t length, struct strbuf *out)
{
    json_auto_t *document = json_loadb(body, length, 0, NULL);
    const json_t *failure = json_object_get(document, "error");
    /* The official clients know of no response that was not created before. */
    if (reply->state && reply->is_shown)
        tell_response(reply, "response.failed", "failed", failure, out);
    tell_error(reply, failure, out);
}
