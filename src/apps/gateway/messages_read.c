/* The body of Anthropic's messages, read for models of other houses. */
#include "apps/gateway/messages_surface.h"

#include <string.h>

#include "apps/gateway/body_parts.h"

/* Parts and calls of one message while its blocks are read. */
struct turn {
    struct chat_part *parts;
    size_t part_count;
    struct chat_tool_call *calls;
    size_t call_count;
};

/* The messages made so far: a message of Anthropic's becomes several where it answers tools. */
struct turns {
    struct chat *chat;
    struct chat_message *items;
};

static bool
read_text(const struct member *block, struct reader *reader, struct chat_part *part)
{
    /* What marks the provider's own cache changes no answer. */
    static const char *const names[] = {"type", "text", "cache_control", "citations", NULL};
    struct member text = member_of(block, "text");
    return member_only(block, reader, names) && member_needed_text(&text, reader, &part->text);
}

static bool
read_source(const struct member *source, struct reader *reader, struct chat_part *part)
{
    static const char *const names[] = {"type", "media_type", "data", "url", NULL};
    struct member type = member_of(source, "type"), url = member_of(source, "url");
    struct member media_type = member_of(source, "media_type"), data = member_of(source, "data");
    const char *kind = NULL;
    if (!member_required(source, reader) || !member_is_object(source, reader) ||
        !member_only(source, reader, names) || !member_needed_text(&type, reader, &kind))
        return false;
    part->source = url.value ? url.value : data.value;
    if (strcmp(kind, "url") == 0)
        return member_needed_text(&url, reader, &part->url);
    if (strcmp(kind, "base64") != 0)
        return member_untranslatable(&type, reader);
    return member_needed_text(&media_type, reader, &part->media_type) &&
           member_needed_text(&data, reader, &part->base64);
}

static bool
read_picture(const struct member *block, struct reader *reader, struct chat_part *part)
{
    static const char *const names[] = {"type", "source", "cache_control", NULL};
    struct member source = member_of(block, "source");
    return member_only(block, reader, names) && read_source(&source, reader, part);
}

/* The type of a block, which must be an object with one. */
static bool
read_type(const struct member *block, struct reader *reader, const char **type)
{
    struct member member = member_of(block, "type");
    return member_required(block, reader) && member_is_object(block, reader) &&
           member_needed_text(&member, reader, type);
}

/* A text, or a list of blocks of text and, where may_show, pictures. */
static bool
read_parts(const struct member *content, struct reader *reader, bool may_show, struct list *parts)
{
    if (!content->value)
        return true;
    bool is_text = json_is_string(content->value);
    if (!is_text && !json_is_array(content->value))
        return member_refuse(content, reader, "must be a string or a list of blocks");
    size_t count = is_text ? 1 : json_array_size(content->value);
    struct chat_part *items = arena_array(reader->arena, count + 1, sizeof(*items));
    *parts = (struct list){items, count};
    if (is_text)
        items[0].text = json_string_value(content->value);
    for (size_t i = 0; i < count && !is_text; i++) {
        struct member block = member_item(content, i);
        const char *type = NULL;
        if (!read_type(&block, reader, &type))
            return false;
        bool is_picture = may_show && strcmp(type, "image") == 0;
        if (!is_picture && strcmp(type, "text") != 0)
            return member_untranslatable(&block, reader);
        if (!(is_picture ? read_picture : read_text)(&block, reader, &items[i]))
            return false;
    }
    return true;
}

static void
add_message(struct turns *turns, const struct chat_message *message)
{
    turns->items[turns->chat->messages.count++] = *message;
}

/* Ends the message made of the blocks so far, if there were any. */
static void
flush(struct turns *turns, enum chat_role role, struct turn *turn)
{
    if (turn->part_count == 0 && turn->call_count == 0)
        return;
    const struct chat_message message = {
        .role = role,
        .parts = {turn->parts, turn->part_count},
        .tool_calls = {turn->calls, turn->call_count},
    };
    add_message(turns, &message);
    turn->parts += turn->part_count;
    turn->part_count = 0;
}

static bool
read_tool_answer(const struct member *block, struct reader *reader, struct turns *turns)
{
    /* That it is an error is told by its content. */
    static const char *const names[] = {"type",     "tool_use_id",   "content",
                                        "is_error", "cache_control", NULL};
    struct member id = member_of(block, "tool_use_id"), content = member_of(block, "content");
    struct chat_message message = {.role = CHAT_TOOL};
    if (!member_only(block, reader, names) ||
        !member_needed_text(&id, reader, &message.tool_call_id) ||
        !read_parts(&content, reader, true, &message.parts))
        return false;
    message.source = id.value;
    message.name = body_tool_called(turns->chat, message.tool_call_id);
    add_message(turns, &message);
    return true;
}

static const char *
text_of(const json_t *value, struct arena *arena)
{
    struct strbuf text;
    strbuf_init(&text, arena, 128);
    schema_encode_json(&text, value);
    return text.data;
}

static bool
read_call(const struct member *block, struct reader *reader, struct chat_tool_call *call)
{
    static const char *const names[] = {"type", "id", "name", "input", "cache_control", NULL};
    struct member id = member_of(block, "id"), name = member_of(block, "name");
    struct member input = member_of(block, "input");
    if (!member_only(block, reader, names) || !member_needed_text(&id, reader, &call->id) ||
        !member_needed_text(&name, reader, &call->name) || !member_is_object(&input, reader))
        return false;
    call->arguments = input.value ? text_of(input.value, reader->arena) : "{}";
    return true;
}

static bool
read_block(const struct member *block, struct reader *reader, bool is_user, struct turns *turns,
           struct turn *turn)
{
    const char *type = NULL;
    if (!read_type(block, reader, &type))
        return false;
    if (strcmp(type, "text") == 0)
        return read_text(block, reader, &turn->parts[turn->part_count++]);
    if (is_user && strcmp(type, "image") == 0)
        return read_picture(block, reader, &turn->parts[turn->part_count++]);
    if (is_user && strcmp(type, "tool_result") == 0) {
        flush(turns, CHAT_USER, turn);
        return read_tool_answer(block, reader, turns);
    }
    if (!is_user && strcmp(type, "tool_use") == 0)
        return read_call(block, reader, &turn->calls[turn->call_count++]);
    /* The thoughts of one model are told to no other. */
    bool is_thought = strcmp(type, "thinking") == 0 || strcmp(type, "redacted_thinking") == 0;
    return (!is_user && is_thought) || member_untranslatable(block, reader);
}

static bool
read_blocks(const struct member *content, struct reader *reader, enum chat_role role,
            struct turns *turns)
{
    size_t count = json_array_size(content->value);
    struct turn turn = {
        .parts = arena_array(reader->arena, count + 1, sizeof(*turn.parts)),
        .calls = arena_array(reader->arena, count + 1, sizeof(*turn.calls)),
    };
    for (size_t i = 0; i < count; i++) {
        struct member block = member_item(content, i);
        if (!read_block(&block, reader, role == CHAT_USER, turns, &turn))
            return false;
    }
    flush(turns, role, &turn);
    return true;
}

static bool
read_message(const struct member *message, struct reader *reader, struct turns *turns)
{
    static const char *const names[] = {"role", "content", NULL};
    struct member role_member = member_of(message, "role");
    struct member content = member_of(message, "content");
    const char *name = NULL;
    if (!member_required(message, reader) || !member_is_object(message, reader) ||
        !member_only(message, reader, names) || !member_needed_text(&role_member, reader, &name) ||
        !member_required(&content, reader))
        return false;
    bool is_user = strcmp(name, "user") == 0;
    if (!is_user && strcmp(name, "assistant") != 0)
        return member_untranslatable(&role_member, reader);
    enum chat_role role = is_user ? CHAT_USER : CHAT_ASSISTANT;
    if (json_is_array(content.value))
        return read_blocks(&content, reader, role, turns);
    struct chat_message read = {.role = role};
    if (!read_parts(&content, reader, true, &read.parts))
        return false;
    add_message(turns, &read);
    return true;
}

/* How many messages of ours the body's may become. */
static size_t
most_messages(const json_t *messages)
{
    size_t count = 1;
    for (size_t i = 0; i < json_array_size(messages); i++)
        count += 1 + json_array_size(json_object_get(json_array_get(messages, i), "content"));
    return count;
}

static bool
read_messages(const struct member *messages, struct reader *reader, struct chat *chat)
{
    if (!member_is_list(messages, reader))
        return false;
    size_t before = chat->messages.count, count = json_array_size(messages->value);
    if (most_messages(messages->value) > BODY_MESSAGES_MAX)
        return member_refuse(messages, reader, "must have at most %d messages and parts",
                             BODY_MESSAGES_MAX);
    struct turns turns = {chat, arena_array(reader->arena, before + most_messages(messages->value),
                                            sizeof(*turns.items))};
    if (before > 0)
        memcpy(turns.items, chat->messages.items, before * sizeof(*turns.items));
    chat->messages.items = turns.items;
    for (size_t i = 0; i < count; i++) {
        struct member message = member_item(messages, i);
        if (!read_message(&message, reader, &turns))
            return false;
    }
    if (chat->messages.count == before)
        return member_refuse(messages, reader, "must hold some content");
    if (turns.items[chat->messages.count - 1].role != CHAT_ASSISTANT)
        return true;
    struct member last = member_item(messages, count - 1);
    return member_refuse(&last, reader,
                         "is an answer that was begun, which only Anthropic's models go on with");
}

static bool
read_system(const struct member *system, struct reader *reader, struct chat *chat)
{
    struct chat_message *message = arena_alloc(reader->arena, sizeof(*message));
    message->role = CHAT_SYSTEM;
    chat->messages = (struct list){message, 1};
    return read_parts(system, reader, false, &message->parts);
}

static bool
read_tool(const struct member *tool, struct reader *reader, struct chat_tool *read)
{
    static const char *const names[] = {"type",         "name",          "description",
                                        "input_schema", "cache_control", NULL};
    struct member type = member_of(tool, "type"), name = member_of(tool, "name");
    struct member description = member_of(tool, "description");
    struct member schema = member_of(tool, "input_schema");
    const char *kind = "custom";
    read->parameters = schema.value;
    if (!member_required(tool, reader) || !member_is_object(tool, reader) ||
        !member_text(&type, reader, &kind))
        return false;
    if (strcmp(kind, "custom") != 0)
        return member_untranslatable(&type, reader);
    return member_only(tool, reader, names) && member_needed_text(&name, reader, &read->name) &&
           member_text(&description, reader, &read->description) &&
           member_is_object(&schema, reader);
}

static bool
read_tools(const struct member *tools, struct reader *reader, struct chat *chat)
{
    return body_read_tools(tools, reader, read_tool, chat);
}

static bool
read_tool_choice(const struct member *choice, struct reader *reader, struct chat *chat)
{
    static const struct {
        const char *name;
        enum chat_tool_choice choice;
    } choices[] = {{"auto", CHAT_TOOL_AUTO},
                   {"any", CHAT_TOOL_REQUIRED},
                   {"tool", CHAT_TOOL_NAMED},
                   {"none", CHAT_TOOL_NONE}};
    static const char *const names[] = {"type", "name", "disable_parallel_tool_use", NULL};
    struct member type = member_of(choice, "type"), name = member_of(choice, "name");
    struct member alone = member_of(choice, "disable_parallel_tool_use");
    const char *kind = NULL;
    bool is_alone = false;
    if (!member_is_object(choice, reader) || !member_only(choice, reader, names) ||
        !member_needed_text(&type, reader, &kind) || !member_flag(&alone, reader, &is_alone))
        return false;
    if (alone.value)
        chat->parallel_tool_calls = !is_alone;
    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
        if (strcmp(choices[i].name, kind) == 0) {
            chat->tool_choice = choices[i].choice;
            return chat->tool_choice != CHAT_TOOL_NAMED ||
                   member_needed_text(&name, reader, &chat->tool_name);
        }
    return member_untranslatable(&type, reader);
}

static bool
read_max_tokens(const struct member *member, struct reader *reader, struct chat *chat)
{
    return member_integer(member, reader, &chat->max_tokens);
}

static bool
read_temperature(const struct member *member, struct reader *reader, struct chat *chat)
{
    return member_number(member, reader, &chat->temperature);
}

static bool
read_top_p(const struct member *member, struct reader *reader, struct chat *chat)
{
    return member_number(member, reader, &chat->top_p);
}

static bool
read_top_k(const struct member *member, struct reader *reader, struct chat *chat)
{
    return member_integer(member, reader, &chat->top_k);
}

static bool
read_stop(const struct member *member, struct reader *reader, struct chat *chat)
{
    return body_read_texts(member, reader, &chat->stop);
}

static bool
read_metadata(const struct member *metadata, struct reader *reader, struct chat *chat)
{
    struct member user = member_of(metadata, "user_id");
    return member_is_object(metadata, reader) && member_text(&user, reader, &chat->user);
}

/* Thinking can be left to the model, but not be asked of it in a way that all know. */
static bool
read_thinking(const struct member *thinking, struct reader *reader, struct chat *chat)
{
    (void)chat;
    struct member type = member_of(thinking, "type");
    const char *kind = NULL;
    return member_is_object(thinking, reader) && member_needed_text(&type, reader, &kind) &&
           (strcmp(kind, "disabled") == 0 || member_untranslatable(thinking, reader));
}

static bool
read_format(const struct member *format, struct reader *reader, struct chat *chat)
{
    static const char *const names[] = {"type", "schema", NULL};
    struct member type = member_of(format, "type"), schema = member_of(format, "schema");
    const char *kind = NULL;
    if (!member_is_object(format, reader) || !member_only(format, reader, names) ||
        !member_needed_text(&type, reader, &kind))
        return false;
    if (strcmp(kind, "json_schema") != 0)
        return member_untranslatable(&type, reader);
    if (!member_required(&schema, reader) || !member_is_object(&schema, reader))
        return false;
    chat->format = CHAT_FORMAT_SCHEMA;
    chat->schema = schema.value;
    chat->schema_name = "answer";
    chat->schema_strict = true;
    return true;
}

static bool
read_output(const struct member *output, struct reader *reader, struct chat *chat)
{
    static const char *const names[] = {"format", NULL};
    struct member format = member_of(output, "format");
    return member_is_object(output, reader) && member_only(output, reader, names) &&
           (!format.value || read_format(&format, reader, chat));
}

/* The system's message comes first. Rows without a reader are known elsewhere, or are hints that
 * change no answer. */
static const struct body_row rows[] = {
    {"model", NULL},
    {"system", read_system},
    {"messages", read_messages},
    {"max_tokens", read_max_tokens},
    {"stream", NULL},
    {"temperature", read_temperature},
    {"top_p", read_top_p},
    {"top_k", read_top_k},
    {"stop_sequences", read_stop},
    {"tools", read_tools},
    {"tool_choice", read_tool_choice},
    {"metadata", read_metadata},
    {"thinking", read_thinking},
    {"output_format", read_format},
    {"output_config", read_output},
    {"service_tier", NULL},
    {NULL, NULL},
};

bool
messages_read(const json_t *document, struct arena *arena, struct chat *chat, struct error *err)
{
    struct reader reader = {arena, err};
    struct member body = {.value = document};
    return body_read_rows(&body, &reader, chat, rows);
}
