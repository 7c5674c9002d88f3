/* The messages of a chat in Anthropic's dialect. */
#include "ai/anthropic.h"
#include "ai/body.h"

static void
add_text_block(struct strbuf *body, const char *text)
{
    /* An empty one is refused. */
    if (text[0] == '\0')
        return;
    body_open(body, NULL, '{');
    body_text(body, "type", "text");
    body_text(body, "text", text);
    strbuf_add_char(body, '}');
}

void
anthropic_add_system(const struct anthropic_writer *writer)
{
    const struct chat_message *messages = writer->chat->messages.items, *last = NULL;
    size_t count = 0;
    for (size_t i = 0; i < writer->chat->messages.count; i++)
        if (messages[i].role == CHAT_SYSTEM && !chat_is_silent(&messages[i])) {
            last = &messages[i];
            count++;
        }
    if (count == 0)
        return;
    if (count == 1) {
        body_text(writer->body, "system", chat_text(last, writer->arena));
        return;
    }
    body_open(writer->body, "system", '[');
    for (size_t i = 0; i < writer->chat->messages.count; i++)
        if (messages[i].role == CHAT_SYSTEM)
            add_text_block(writer->body, chat_text(&messages[i], writer->arena));
    strbuf_add_char(writer->body, ']');
}

static void
add_image(struct strbuf *body, const struct chat_part *part)
{
    body_open(body, NULL, '{');
    body_text(body, "type", "image");
    body_open(body, "source", '{');
    body_text(body, "type", part->url ? "url" : "base64");
    if (part->url) {
        body_text(body, "url", part->url);
    } else {
        body_text(body, "media_type", part->media_type);
        body_text(body, "data", part->base64);
    }
    strbuf_add_text(body, "}}");
}

static void
add_blocks(struct strbuf *body, const struct list *list)
{
    const struct chat_part *parts = list->items;
    for (size_t i = 0; i < list->count; i++) {
        if (parts[i].text)
            add_text_block(body, parts[i].text);
        else
            add_image(body, &parts[i]);
    }
}

static bool
add_calls(const struct anthropic_writer *writer, const struct list *list, struct error *err)
{
    const struct chat_tool_call *calls = list->items;
    for (size_t i = 0; i < list->count; i++) {
        if (!provider_object(calls[i].arguments, writer->arena))
            return provider_refuse_message(
                writer->chat, calls[i].source,
                "must be a JSON object for a model of the Anthropic family", writer->arena, err);
        body_open(writer->body, NULL, '{');
        body_text(writer->body, "type", "tool_use");
        body_text(writer->body, "id", calls[i].id);
        body_text(writer->body, "name", calls[i].name);
        body_raw(writer->body, "input", calls[i].arguments);
        strbuf_add_char(writer->body, '}');
    }
    return true;
}

/* Results of calls that were made at once belong into one message. */
static void
add_results(const struct anthropic_writer *writer, size_t *index)
{
    const struct chat_message *messages = writer->chat->messages.items;
    struct strbuf *body = writer->body;
    for (; *index < writer->chat->messages.count && messages[*index].role == CHAT_TOOL;
         (*index)++) {
        const struct chat_message *message = &messages[*index];
        body_open(body, NULL, '{');
        body_text(body, "type", "tool_result");
        body_given_text(body, "tool_use_id", message->tool_call_id);
        if (chat_image(message)) {
            body_open(body, "content", '[');
            add_blocks(body, &message->parts);
            strbuf_add_char(body, ']');
        } else {
            body_text(body, "content", chat_text(message, writer->arena));
        }
        strbuf_add_char(body, '}');
    }
    (*index)--;
}

static bool
is_one_text(const struct chat_message *message)
{
    const struct chat_part *parts = message->parts.items;
    return message->parts.count == 1 && message->tool_calls.count == 0 && parts[0].text;
}

static bool
add_message(const struct anthropic_writer *writer, size_t *index, struct error *err)
{
    const struct chat_message *message =
        (const struct chat_message *)writer->chat->messages.items + *index;
    struct strbuf *body = writer->body;
    const struct chat_part *image = message->role == CHAT_ASSISTANT ? chat_image(message) : NULL;
    if (image)
        return provider_refuse_message(
            writer->chat, image->source,
            "can be no image of the assistant for a model of the Anthropic family", writer->arena,
            err);
    body_open(body, NULL, '{');
    body_text(body, "role", message->role == CHAT_ASSISTANT ? "assistant" : "user");
    if (message->role != CHAT_TOOL && is_one_text(message)) {
        body_text(body, "content", chat_text(message, writer->arena));
        strbuf_add_char(body, '}');
        return true;
    }
    body_open(body, "content", '[');
    if (message->role == CHAT_TOOL)
        add_results(writer, index);
    else
        add_blocks(body, &message->parts);
    if (message->role == CHAT_ASSISTANT && !add_calls(writer, &message->tool_calls, err))
        return false;
    strbuf_add_text(body, "]}");
    return true;
}

bool
anthropic_add_messages(const struct anthropic_writer *writer, struct error *err)
{
    const struct chat_message *messages = writer->chat->messages.items;
    body_open(writer->body, "messages", '[');
    size_t empty = writer->body->length;
    for (size_t i = 0; i < writer->chat->messages.count; i++)
        if (messages[i].role != CHAT_SYSTEM && !chat_is_silent(&messages[i]) &&
            !add_message(writer, &i, err))
            return false;
    if (writer->body->length == empty)
        return provider_refuse_chat(
            writer->chat, "messages",
            "must hold more than the system's and empty ones for a model of the Anthropic family",
            writer->arena, err);
    strbuf_add_char(writer->body, ']');
    return true;
}
