/* The body of OpenAI's responses, read for models that do not speak the dialect. */
#include <string.h>

#include "apps/gateway/body_parts.h"
#include "apps/gateway/responses_surface.h"

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
read_max_tokens(const struct member *member, struct reader *reader, struct chat *chat)
{
    return member_integer(member, reader, &chat->max_tokens);
}

static bool
read_user(const struct member *member, struct reader *reader, struct chat *chat)
{
    return member_text(member, reader, &chat->user);
}

static bool
read_parallel(const struct member *member, struct reader *reader, struct chat *chat)
{
    bool parallel = false;
    if (!member_flag(member, reader, &parallel))
        return false;
    chat->parallel_tool_calls = parallel;
    return true;
}

/* For what is fine as long as it asks for what is done anyway: nothing is kept, and nobody waits
 * in the background. */
static bool
read_declined(const struct member *member, struct reader *reader, struct chat *chat)
{
    (void)chat;
    bool wanted = false;
    if (!member_flag(member, reader, &wanted))
        return false;
    return !wanted || member_untranslatable(member, reader);
}

static bool
read_include(const struct member *member, struct reader *reader, struct chat *chat)
{
    (void)chat;
    if (!member_is_list(member, reader))
        return false;
    return json_array_size(member->value) == 0 || member_untranslatable(member, reader);
}

static bool
read_truncation(const struct member *member, struct reader *reader, struct chat *chat)
{
    (void)chat;
    const char *text = NULL;
    if (!member_text(member, reader, &text))
        return false;
    return strcmp(text, "disabled") == 0 || member_untranslatable(member, reader);
}

static bool
read_image(const struct member *part, struct reader *reader, struct chat_part *read)
{
    static const char *const names[] = {"type", "image_url", "detail", NULL};
    struct member url = member_of(part, "image_url"), detail = member_of(part, "detail");
    return member_only(part, reader, names) && body_read_picture(&url, reader, read) &&
           member_text(&detail, reader, &read->detail);
}

static bool
read_part(const struct member *part, struct reader *reader, struct chat_part *read)
{
    /* What hangs on a text of the past (sources, likelihoods) is told to nobody. */
    static const struct {
        const char *type, *member;
        const char *const names[5];
    } kinds[] = {
        {"input_text", "text", {"type", "text"}},
        {"output_text", "text", {"type", "text", "annotations", "logprobs"}},
        {"refusal", "refusal", {"type", "refusal"}},
    };
    const char *type = NULL;
    struct member type_member = member_of(part, "type");
    if (!member_required(part, reader) || !member_is_object(part, reader) ||
        !member_needed_text(&type_member, reader, &type))
        return false;
    if (strcmp(type, "input_image") == 0)
        return read_image(part, reader, read);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].type, type) != 0)
            continue;
        struct member text = member_of(part, kinds[i].member);
        return member_only(part, reader, kinds[i].names) &&
               member_needed_text(&text, reader, &read->text);
    }
    return member_untranslatable(part, reader);
}

/* A text, or a list of parts. */
static bool
read_content(const struct member *content, struct reader *reader, struct list *parts)
{
    if (!member_required(content, reader))
        return false;
    bool is_text = json_is_string(content->value);
    if (!is_text && !json_is_array(content->value))
        return member_refuse(content, reader, "must be a string or a list of parts");
    size_t count = is_text ? 1 : json_array_size(content->value);
    struct chat_part *items = arena_array(reader->arena, count + 1, sizeof(*items));
    *parts = (struct list){items, count};
    if (is_text)
        items[0].text = json_string_value(content->value);
    for (size_t i = 0; i < count && !is_text; i++) {
        struct member part = member_item(content, i);
        if (!read_part(&part, reader, &items[i]))
            return false;
    }
    return true;
}

/* Where messages go while items are read: several calls in a row are one message. */
struct conversation {
    struct reader *reader;
    struct chat_message *messages;
    size_t count;
    const struct chat *chat; /* the messages so far, for the names of tools */
};

static bool
read_message(const struct member *item, struct conversation *conversation)
{
    static const char *const names[] = {"type", "role", "content", "id", "status", NULL};
    static const struct {
        const char *name;
        enum chat_role role;
    } roles[] = {{"user", CHAT_USER},
                 {"assistant", CHAT_ASSISTANT},
                 {"system", CHAT_SYSTEM},
                 {"developer", CHAT_SYSTEM}};
    struct reader *reader = conversation->reader;
    struct member role = member_of(item, "role"), content = member_of(item, "content");
    struct chat_message *message = &conversation->messages[conversation->count];
    const char *name = NULL;
    if (!member_only(item, reader, names) || !member_needed_text(&role, reader, &name))
        return false;
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(roles[i].name, name) != 0)
            continue;
        message->role = roles[i].role;
        conversation->count++;
        return read_content(&content, reader, &message->parts);
    }
    return member_untranslatable(&role, reader);
}

static bool
is_call(const json_t *item)
{
    const char *type = json_string_value(json_object_get(item, "type"));
    return type && strcmp(type, "function_call") == 0;
}

/* The message that a call belongs to: of the assistant just before it, else a new one. Room for the
 * calls that follow in a row is made with the first. */
static struct chat_message *
message_for_call(const struct member *item, struct conversation *conversation)
{
    const json_t *items = item->above->value;
    struct chat_message *last =
        conversation->count > 0 ? &conversation->messages[conversation->count - 1] : NULL;
    bool is_first = item->index == 0 || !is_call(json_array_get(items, item->index - 1));
    if (!is_first && last)
        return last;
    if (!last || last->role != CHAT_ASSISTANT) {
        last = &conversation->messages[conversation->count++];
        last->role = CHAT_ASSISTANT;
    }
    size_t calls = 1;
    while (is_call(json_array_get(items, item->index + calls)))
        calls++;
    last->tool_calls.items =
        arena_array(conversation->reader->arena, calls, sizeof(struct chat_tool_call));
    return last;
}

static bool
read_call(const struct member *item, struct conversation *conversation)
{
    static const char *const names[] = {"type",      "id",     "call_id", "name",
                                        "arguments", "status", NULL};
    struct reader *reader = conversation->reader;
    struct member id = member_of(item, "call_id"), name = member_of(item, "name");
    struct member arguments = member_of(item, "arguments");
    struct chat_message *message = message_for_call(item, conversation);
    struct chat_tool_call *calls = message->tool_calls.items;
    struct chat_tool_call *call = &calls[message->tool_calls.count++];
    return member_only(item, reader, names) && member_needed_text(&id, reader, &call->id) &&
           member_needed_text(&name, reader, &call->name) && member_required(&arguments, reader) &&
           body_read_arguments(&arguments, reader, call);
}

static bool
read_call_output(const struct member *item, struct conversation *conversation)
{
    static const char *const names[] = {"type", "id", "call_id", "output", "status", NULL};
    struct reader *reader = conversation->reader;
    struct member id = member_of(item, "call_id"), output = member_of(item, "output");
    struct chat_message *message = &conversation->messages[conversation->count];
    message->role = CHAT_TOOL;
    if (!member_only(item, reader, names) ||
        !member_needed_text(&id, reader, &message->tool_call_id) ||
        !read_content(&output, reader, &message->parts))
        return false;
    const struct chat so_far = {.messages = {conversation->messages, conversation->count}};
    message->source = id.value;
    message->name = body_tool_called(&so_far, message->tool_call_id);
    conversation->count++;
    return true;
}

static bool
read_item(const struct member *item, struct conversation *conversation)
{
    static const struct {
        const char *type;
        bool (*read)(const struct member *item, struct conversation *conversation);
    } kinds[] = {{"message", read_message},
                 {"function_call", read_call},
                 {"function_call_output", read_call_output}};
    struct reader *reader = conversation->reader;
    struct member type = member_of(item, "type");
    const char *name = "message";
    if (!member_required(item, reader) || !member_is_object(item, reader) ||
        !member_text(&type, reader, &name))
        return false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].type, name) == 0)
            return kinds[i].read(item, conversation);
    return member_untranslatable(item, reader);
}

static void
add_text_message(struct conversation *conversation, enum chat_role role, const char *text)
{
    struct chat_part *part = arena_alloc(conversation->reader->arena, sizeof(*part));
    part->text = text;
    conversation->messages[conversation->count++] =
        (struct chat_message){.role = role, .parts = {part, 1}};
}

/* Instructions stand before whatever is in the input. */
static bool
read_input(const struct member *input, struct reader *reader, struct chat *chat)
{
    bool is_text = json_is_string(input->value);
    if (!is_text && !json_is_array(input->value))
        return member_refuse(input, reader, "must be a string or a list of items");
    size_t count = is_text ? 1 : json_array_size(input->value);
    if (count > BODY_MESSAGES_MAX)
        return member_refuse(input, reader, "must have at most %d items", BODY_MESSAGES_MAX);
    struct conversation conversation = {
        .reader = reader,
        .messages = arena_array(reader->arena, count + 1, sizeof(struct chat_message)),
    };
    struct member instructions = member_of(input->above, "instructions");
    const char *text = NULL;
    if (!member_text(&instructions, reader, &text))
        return false;
    if (text)
        add_text_message(&conversation, CHAT_SYSTEM, text);
    if (is_text)
        add_text_message(&conversation, CHAT_USER, json_string_value(input->value));
    for (size_t i = 0; i < count && !is_text; i++) {
        struct member item = member_item(input, i);
        if (!read_item(&item, &conversation))
            return false;
    }
    if (conversation.count == 0)
        return member_refuse(input, reader, "must not be empty");
    chat->messages = (struct list){conversation.messages, conversation.count};
    return true;
}

static bool
read_tool(const struct member *tool, struct reader *reader, struct chat_tool *read)
{
    static const char *const names[] = {"type",       "name",   "description",
                                        "parameters", "strict", NULL};
    struct member type = member_of(tool, "type"), name = member_of(tool, "name");
    struct member description = member_of(tool, "description");
    struct member parameters = member_of(tool, "parameters"), strict = member_of(tool, "strict");
    const char *type_name = NULL;
    if (!member_required(tool, reader) || !member_is_object(tool, reader) ||
        !member_needed_text(&type, reader, &type_name))
        return false;
    if (strcmp(type_name, "function") != 0)
        return member_untranslatable(&type, reader);
    read->parameters = parameters.value;
    return member_only(tool, reader, names) && member_needed_text(&name, reader, &read->name) &&
           member_text(&description, reader, &read->description) &&
           member_is_object(&parameters, reader) && member_flag(&strict, reader, &read->strict);
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
    } choices[] = {
        {"auto", CHAT_TOOL_AUTO}, {"none", CHAT_TOOL_NONE}, {"required", CHAT_TOOL_REQUIRED}};
    const char *text = json_string_value(choice->value);
    for (size_t i = 0; text && i < sizeof(choices) / sizeof(choices[0]); i++)
        if (strcmp(choices[i].name, text) == 0) {
            chat->tool_choice = choices[i].choice;
            return true;
        }
    struct member type = member_of(choice, "type"), name = member_of(choice, "name");
    const char *type_name = NULL;
    if (text)
        return member_untranslatable(choice, reader);
    if (!member_is_object(choice, reader) || !member_needed_text(&type, reader, &type_name))
        return false;
    if (strcmp(type_name, "function") != 0)
        return member_untranslatable(&type, reader);
    chat->tool_choice = CHAT_TOOL_NAMED;
    return member_needed_text(&name, reader, &chat->tool_name);
}

static bool
read_schema(const struct member *format, struct reader *reader, struct chat *chat)
{
    static const char *const names[] = {"type", "name", "description", "schema", "strict", NULL};
    struct member name = member_of(format, "name"), schema = member_of(format, "schema");
    struct member strict = member_of(format, "strict");
    struct member description = member_of(format, "description");
    const char *text = NULL;
    if (!member_only(format, reader, names) ||
        !member_needed_text(&name, reader, &chat->schema_name) ||
        !member_required(&schema, reader) || !member_is_object(&schema, reader) ||
        !member_text(&description, reader, &text) ||
        !member_flag(&strict, reader, &chat->schema_strict))
        return false;
    chat->format = CHAT_FORMAT_SCHEMA;
    chat->schema = body_describe_schema(schema.value, text, reader->arena);
    return true;
}

/* The form of the answer. */
static bool
read_text(const struct member *text, struct reader *reader, struct chat *chat)
{
    static const char *const text_names[] = {"format", NULL};
    static const char *const plain_names[] = {"type", NULL};
    struct member format = member_of(text, "format"), type = member_of(&format, "type");
    const char *name = NULL;
    if (!member_is_object(text, reader) || !member_only(text, reader, text_names))
        return false;
    if (!format.value)
        return true;
    if (!member_is_object(&format, reader) || !member_needed_text(&type, reader, &name))
        return false;
    if (strcmp(name, "json_schema") == 0)
        return read_schema(&format, reader, chat);
    if (strcmp(name, "json_object") == 0)
        chat->format = CHAT_FORMAT_OBJECT;
    else if (strcmp(name, "text") != 0)
        return member_untranslatable(&type, reader);
    return member_only(&format, reader, plain_names);
}

/* Rows without a reader are known elsewhere, or are hints that change no answer. */
static const struct body_row rows[] = {
    {"model", NULL},
    {"input", read_input},
    {"instructions", NULL}, /* read with the input */
    {"stream", NULL},
    {"stream_options", NULL},
    {"max_output_tokens", read_max_tokens},
    {"temperature", read_temperature},
    {"top_p", read_top_p},
    {"tools", read_tools},
    {"tool_choice", read_tool_choice},
    {"parallel_tool_calls", read_parallel},
    {"text", read_text},
    {"store", read_declined},
    {"background", read_declined},
    {"include", read_include},
    {"truncation", read_truncation},
    {"user", read_user},
    {"metadata", NULL},
    {"service_tier", NULL},
    {"prompt_cache_key", NULL},
    {"safety_identifier", NULL},
    {NULL, NULL},
};

bool
responses_read(const json_t *document, struct arena *arena, struct chat *chat, struct error *err)
{
    struct reader reader = {arena, err};
    struct member body = {.value = document};
    struct member input = member_of(&body, "input");
    return member_required(&input, &reader) && body_read_rows(&body, &reader, chat, rows);
}
