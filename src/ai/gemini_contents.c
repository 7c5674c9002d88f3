/* The messages of a chat in Gemini's dialect. */
#include <string.h>

#include "ai/body.h"
#include "ai/gemini.h"

static void
add_text_part(struct strbuf *body, const char *text)
{
    body_open(body, NULL, '{');
    body_text(body, "text", text);
    strbuf_add_char(body, '}');
}

void
gemini_add_system(const struct gemini_writer *writer)
{
    const struct chat_message *messages = writer->chat->messages.items;
    bool first = true;
    for (size_t i = 0; i < writer->chat->messages.count; i++) {
        if (messages[i].role != CHAT_SYSTEM || chat_is_silent(&messages[i]))
            continue;
        if (first)
            strbuf_add_text(writer->body, "\"systemInstruction\":{\"parts\":[");
        first = false;
        add_text_part(writer->body, chat_text(&messages[i], writer->arena));
    }
    if (!first)
        strbuf_add_text(writer->body, "]}");
}

/* Files of its own storage are all that it fetches for every model. */
static bool
can_fetch(const char *url)
{
    return strncmp(url, "gs://", 5) == 0 ||
           strncmp(url, "https://generativelanguage.googleapis.com/", 42) == 0;
}

static bool
add_image(const struct gemini_writer *writer, const struct chat_part *part, struct error *err)
{
    struct strbuf *body = writer->body;
    if (part->url && !can_fetch(part->url))
        return provider_refuse_message(
            writer->chat, part->source,
            "cannot be an image by address for a model of the Gemini family: send a data URL",
            writer->arena, err);
    body_open(body, NULL, '{');
    body_open(body, part->url ? "fileData" : "inlineData", '{');
    body_given_text(body, "mimeType", part->media_type);
    body_text(body, part->url ? "fileUri" : "data", part->url ? part->url : part->base64);
    strbuf_add_text(body, "}}");
    return true;
}

static bool
add_parts(const struct gemini_writer *writer, const struct chat_message *message, struct error *err)
{
    const struct chat_part *parts = message->parts.items;
    for (size_t i = 0; i < message->parts.count; i++) {
        if (parts[i].text)
            add_text_part(writer->body, parts[i].text);
        else if (!add_image(writer, &parts[i], err))
            return false;
    }
    return true;
}

/* Models from 3 on demand their own signature with the first call of a turn, which no other dialect
 * carries; this is what their documentation has for calls that they did not make. */
static void
add_signature(const struct gemini_writer *writer, size_t index)
{
    if (index == 0 && strstr(writer->model->id, "gemini-3"))
        body_text(writer->body, "thoughtSignature", "skip_thought_signature_validator");
}

static bool
add_calls(const struct gemini_writer *writer, const struct list *list, struct error *err)
{
    const struct chat_tool_call *calls = list->items;
    for (size_t i = 0; i < list->count; i++) {
        if (!provider_object(calls[i].arguments, writer->arena))
            return provider_refuse_message(writer->chat, calls[i].source,
                                           "must be a JSON object for a model of the Gemini family",
                                           writer->arena, err);
        body_open(writer->body, NULL, '{');
        body_open(writer->body, "functionCall", '{');
        body_text(writer->body, "name", calls[i].name);
        body_raw(writer->body, "args", calls[i].arguments);
        strbuf_add_char(writer->body, '}');
        add_signature(writer, i);
        strbuf_add_char(writer->body, '}');
    }
    return true;
}

static bool
add_result(const struct gemini_writer *writer, size_t index, struct error *err)
{
    struct strbuf *body = writer->body;
    const struct chat_message *message =
        (const struct chat_message *)writer->chat->messages.items + index;
    const char *name = chat_tool_name(writer->chat, index);
    const char *text = chat_text(message, writer->arena);
    const struct chat_part *image = chat_image(message);
    if (!name)
        return provider_refuse_message(writer->chat, message->source,
                                       "names a tool call that is in no earlier message",
                                       writer->arena, err);
    if (image)
        return provider_refuse_message(
            writer->chat, image->source,
            "can be an image only in messages of the user for a model of the Gemini family",
            writer->arena, err);
    body_open(body, NULL, '{');
    body_open(body, "functionResponse", '{');
    body_text(body, "name", name);
    if (provider_object(text, writer->arena)) {
        body_raw(body, "response", text);
    } else {
        body_open(body, "response", '{');
        body_text(body, "result", text);
        strbuf_add_char(body, '}');
    }
    strbuf_add_text(body, "}}");
    return true;
}

/* Results of calls that were made at once belong into one message. */
static bool
add_results(const struct gemini_writer *writer, size_t *index, struct error *err)
{
    const struct chat_message *messages = writer->chat->messages.items;
    for (; *index < writer->chat->messages.count && messages[*index].role == CHAT_TOOL; (*index)++)
        if (!add_result(writer, *index, err))
            return false;
    (*index)--;
    return true;
}

static bool
add_message(const struct gemini_writer *writer, size_t *index, struct error *err)
{
    const struct chat_message *message =
        (const struct chat_message *)writer->chat->messages.items + *index;
    body_open(writer->body, NULL, '{');
    body_text(writer->body, "role", message->role == CHAT_ASSISTANT ? "model" : "user");
    body_open(writer->body, "parts", '[');
    if (message->role == CHAT_TOOL
            ? !add_results(writer, index, err)
            : !add_parts(writer, message, err) || !add_calls(writer, &message->tool_calls, err))
        return false;
    strbuf_add_text(writer->body, "]}");
    return true;
}

bool
gemini_add_contents(const struct gemini_writer *writer, struct error *err)
{
    const struct chat_message *messages = writer->chat->messages.items;
    body_open(writer->body, "contents", '[');
    size_t empty = writer->body->length;
    for (size_t i = 0; i < writer->chat->messages.count; i++)
        if (messages[i].role != CHAT_SYSTEM && !chat_is_silent(&messages[i]) &&
            !add_message(writer, &i, err))
            return false;
    if (writer->body->length == empty)
        return provider_refuse_chat(
            writer->chat, "messages",
            "must hold more than the system's and empty ones for a model of the Gemini family",
            writer->arena, err);
    strbuf_add_char(writer->body, ']');
    return true;
}
