/* Chats that are in no dialect yet. */
#include "ai/chat.h"

#include <math.h>
#include <string.h>

#include "base/strbuf.h"

void
chat_init(struct chat *chat)
{
    *chat = (struct chat){
        .parallel_tool_calls = CHAT_UNSET,
        .temperature = NAN,
        .top_p = NAN,
        .presence_penalty = NAN,
        .frequency_penalty = NAN,
        .max_tokens = CHAT_UNSET,
        .n = CHAT_UNSET,
        .top_k = CHAT_UNSET,
        .top_logprobs = CHAT_UNSET,
    };
}

void
chat_add_text(struct chat *chat, struct arena *arena, enum chat_role role, const char *text)
{
    struct list *list = &chat->messages;
    size_t size = sizeof(struct chat_message);
    struct chat_message *messages =
        arena_grow(arena, list->items, list->count * size, (list->count + 1) * size);
    struct chat_part *part = arena_alloc(arena, sizeof(*part));
    *part = (struct chat_part){.text = text};
    messages[list->count] = (struct chat_message){.role = role, .parts = {part, 1}};
    *list = (struct list){messages, list->count + 1};
}

bool
chat_is_native(const struct chat *chat, const struct provider_settings *provider)
{
    if (!chat->native || chat->native_kind != provider->kind)
        return false;
    return provider->responses || strcmp(chat->native_path, "/responses") != 0;
}

static const char *
called_name(const struct chat_message *message, const char *id)
{
    const struct chat_tool_call *calls = message->tool_calls.items;
    for (size_t i = 0; i < message->tool_calls.count; i++)
        if (calls[i].id && strcmp(calls[i].id, id) == 0)
            return calls[i].name;
    return NULL;
}

/* Ids may come again in a later turn, so the nearest call is the one that is meant. */
const char *
chat_tool_name(const struct chat *chat, size_t index)
{
    const struct chat_message *messages = chat->messages.items;
    const char *name = messages[index].name, *id = messages[index].tool_call_id;
    for (size_t i = index; !name && id && i-- > 0;)
        name = called_name(&messages[i], id);
    return name;
}

const char *
chat_text(const struct chat_message *message, struct arena *arena)
{
    const struct chat_part *parts = message->parts.items;
    if (message->parts.count == 1 && parts[0].text)
        return parts[0].text;
    struct strbuf text;
    strbuf_init(&text, arena, 256);
    for (size_t i = 0; i < message->parts.count; i++)
        if (parts[i].text)
            strbuf_add_text(&text, parts[i].text);
    return text.data;
}

bool
chat_is_silent(const struct chat_message *message)
{
    const struct chat_part *parts = message->parts.items;
    if (message->role == CHAT_TOOL || message->tool_calls.count > 0)
        return false;
    for (size_t i = 0; i < message->parts.count; i++)
        if (!parts[i].text || parts[i].text[0] != '\0')
            return false;
    return true;
}

const struct chat_part *
chat_image(const struct chat_message *message)
{
    const struct chat_part *parts = message->parts.items;
    for (size_t i = 0; i < message->parts.count; i++)
        if (!parts[i].text)
            return &parts[i];
    return NULL;
}

/* Appends the path from value to source, or nothing where it is not there. */
static bool
find_path(const json_t *value, const json_t *source, struct strbuf *path)
{
    size_t before = path->length;
    const char *name;
    json_t *member;
    if (value == source)
        return true;
    json_object_foreach((json_t *)value, name, member)
    {
        strbuf_printf(path, "%s%s", before > 0 ? "." : "", name);
        if (find_path(member, source, path))
            return true;
        strbuf_truncate(path, before);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        strbuf_printf(path, "[%zu]", i);
        if (find_path(json_array_get(value, i), source, path))
            return true;
        strbuf_truncate(path, before);
    }
    return false;
}

const char *
chat_path(const struct chat *chat, const json_t *source, struct arena *arena)
{
    struct strbuf path;
    strbuf_init(&path, arena, 64);
    return chat->body && source && find_path(chat->body, source, &path) ? path.data : NULL;
}

void
chat_usage_init(struct chat_usage *usage)
{
    *usage =
        (struct chat_usage){.input = -1, .output = -1, .cached = -1, .thought = -1, .written = -1};
}

static size_t
bytes_of(const char *text)
{
    return text ? strlen(text) : 0;
}

size_t
chat_answer_bytes(const struct chat_answer *answer)
{
    size_t bytes = 0;
    const struct chat_choice *choices = answer->choices.items;
    for (size_t i = 0; i < answer->choices.count; i++) {
        const struct chat_tool_call *calls = choices[i].tool_calls.items;
        bytes += bytes_of(choices[i].text) + bytes_of(choices[i].refusal);
        for (size_t j = 0; j < choices[i].tool_calls.count; j++)
            bytes += bytes_of(calls[j].name) + bytes_of(calls[j].arguments);
    }
    return bytes;
}
