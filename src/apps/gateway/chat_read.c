/* The body of OpenAI's chat completions, read for models of other houses. */
#include "apps/gateway/chat_surface.h"

#include <string.h>

#include "apps/gateway/body_parts.h"

#define READ_NUMBER(member_name)                                                                   \
    static bool read_##member_name(const struct member *member, struct reader *reader,             \
                                   struct chat *chat)                                              \
    {                                                                                              \
        return member_number(member, reader, &chat->member_name);                                  \
    }
#define READ_INTEGER(member_name)                                                                  \
    static bool read_##member_name(const struct member *member, struct reader *reader,             \
                                   struct chat *chat)                                              \
    {                                                                                              \
        return member_integer(member, reader, &chat->member_name);                                 \
    }

READ_NUMBER(temperature)
READ_NUMBER(top_p)
READ_NUMBER(presence_penalty)
READ_NUMBER(frequency_penalty)
READ_INTEGER(max_tokens)
READ_INTEGER(n)
READ_INTEGER(top_logprobs)

static bool
read_seed(const struct member *member, struct reader *reader, struct chat *chat)
{
    chat->has_seed = true;
    return member_integer(member, reader, &chat->seed);
}

static bool
read_logprobs(const struct member *member, struct reader *reader, struct chat *chat)
{
    return member_flag(member, reader, &chat->logprobs);
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

static bool
read_stop(const struct member *member, struct reader *reader, struct chat *chat)
{
    return body_read_texts(member, reader, &chat->stop);
}

static bool
read_user(const struct member *member, struct reader *reader, struct chat *chat)
{
    return member_text(member, reader, &chat->user);
}

/* What is fine as long as it asks for what is done anyway. */
static bool
read_store(const struct member *member, struct reader *reader, struct chat *chat)
{
    (void)chat;
    bool store = false;
    if (!member_flag(member, reader, &store))
        return false;
    return !store || member_untranslatable(member, reader);
}

static bool
read_modalities(const struct member *member, struct reader *reader, struct chat *chat)
{
    (void)chat;
    struct list texts = {0};
    if (!body_read_texts(member, reader, &texts))
        return false;
    const char *const *items = texts.items;
    bool is_text = texts.count == 1 && strcmp(items[0], "text") == 0;
    return is_text || member_untranslatable(member, reader);
}

static bool
read_picture(const struct member *part, struct reader *reader, struct chat_part *read)
{
    static const char *const part_names[] = {"type", "image_url", NULL};
    static const char *const names[] = {"url", "detail", NULL};
    struct member picture = member_of(part, "image_url");
    if (!member_only(part, reader, part_names) || !member_required(&picture, reader) ||
        !member_is_object(&picture, reader) || !member_only(&picture, reader, names))
        return false;
    struct member url = member_of(&picture, "url"), detail = member_of(&picture, "detail");
    return body_read_picture(&url, reader, read) && member_text(&detail, reader, &read->detail);
}

static bool
read_part(const struct member *part, struct reader *reader, struct chat_part *read)
{
    static const char *const text_names[] = {"type", "text", NULL};
    static const char *const refusal_names[] = {"type", "refusal", NULL};
    const char *type = NULL;
    struct member type_member = member_of(part, "type");
    if (!member_required(part, reader) || !member_is_object(part, reader) ||
        !member_needed_text(&type_member, reader, &type))
        return false;
    if (strcmp(type, "image_url") == 0)
        return read_picture(part, reader, read);
    bool is_refusal = strcmp(type, "refusal") == 0;
    if (!is_refusal && strcmp(type, "text") != 0)
        return member_untranslatable(part, reader);
    struct member text = member_of(part, type);
    return member_only(part, reader, is_refusal ? refusal_names : text_names) &&
           member_needed_text(&text, reader, &read->text);
}

static bool
read_content(const struct member *content, struct reader *reader, struct list *parts)
{
    if (!content->value)
        return true;
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

static bool
read_call(const struct member *call, struct reader *reader, struct chat_tool_call *read)
{
    static const char *const call_names[] = {"id", "type", "function", "index", NULL};
    static const char *const names[] = {"name", "arguments", NULL};
    struct member function = member_of(call, "function"), id = member_of(call, "id");
    struct member name = member_of(&function, "name");
    struct member arguments = member_of(&function, "arguments");
    return member_required(call, reader) && member_is_object(call, reader) &&
           member_only(call, reader, call_names) && member_needed_text(&id, reader, &read->id) &&
           member_required(&function, reader) && member_is_object(&function, reader) &&
           member_only(&function, reader, names) &&
           member_needed_text(&name, reader, &read->name) &&
           body_read_arguments(&arguments, reader, read);
}

static bool
read_calls(const struct member *calls, struct reader *reader, struct list *read)
{
    if (!member_is_list(calls, reader))
        return false;
    size_t count = json_array_size(calls->value);
    struct chat_tool_call *items = arena_array(reader->arena, count + 1, sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        struct member call = member_item(calls, i);
        if (!read_call(&call, reader, &items[i]))
            return false;
    }
    *read = (struct list){items, count};
    return true;
}

/* What a model refused with, in a list of its own when there is no other content. */
static bool
read_refusal(const struct member *message, struct reader *reader, struct chat_message *read)
{
    struct member refusal = member_of(message, "refusal");
    const char *text = NULL;
    if (!member_text(&refusal, reader, &text))
        return false;
    if (!text || read->parts.count > 0)
        return true;
    struct chat_part *part = arena_alloc(reader->arena, sizeof(*part));
    part->text = text;
    read->parts = (struct list){part, 1};
    return true;
}

static bool
read_assistant(const struct member *message, struct reader *reader, struct chat_message *read)
{
    /* Annotations and thoughts speak of an answer of the past and are told to nobody. */
    static const char *const names[] = {"role",       "content",           "name",      "refusal",
                                        "tool_calls", "annotations",       "reasoning", "audio",
                                        "thinking",   "reasoning_content", NULL};
    struct member calls = member_of(message, "tool_calls"), audio = member_of(message, "audio");
    if (audio.value)
        return member_untranslatable(&audio, reader);
    return member_only(message, reader, names) && read_refusal(message, reader, read) &&
           read_calls(&calls, reader, &read->tool_calls);
}

static bool
read_tool_answer(const struct member *message, struct reader *reader, const struct chat *chat,
                 struct chat_message *read)
{
    static const char *const names[] = {"role", "content", "tool_call_id", "name", NULL};
    struct member id = member_of(message, "tool_call_id");
    if (!member_only(message, reader, names) ||
        !member_needed_text(&id, reader, &read->tool_call_id))
        return false;
    read->source = id.value;
    const char *called = body_tool_called(chat, read->tool_call_id);
    if (called)
        read->name = called;
    return true;
}

static bool
read_role(const struct member *message, struct reader *reader, enum chat_role *role)
{
    static const struct {
        const char *name;
        enum chat_role role;
    } roles[] = {
        {"system", CHAT_SYSTEM},       {"developer", CHAT_SYSTEM}, {"user", CHAT_USER},
        {"assistant", CHAT_ASSISTANT}, {"tool", CHAT_TOOL},
    };
    struct member member = member_of(message, "role");
    const char *name = NULL;
    if (!member_needed_text(&member, reader, &name))
        return false;
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (strcmp(roles[i].name, name) == 0) {
            *role = roles[i].role;
            return true;
        }
    return member_untranslatable(&member, reader);
}

static bool
read_message(const struct member *message, struct reader *reader, const struct chat *chat,
             struct chat_message *read)
{
    static const char *const names[] = {"role", "content", "name", NULL};
    struct member content = member_of(message, "content"), name = member_of(message, "name");
    if (!member_required(message, reader) || !member_is_object(message, reader) ||
        !read_role(message, reader, &read->role) || !member_text(&name, reader, &read->name) ||
        !read_content(&content, reader, &read->parts))
        return false;
    if (read->role == CHAT_ASSISTANT)
        return read_assistant(message, reader, read);
    if (!member_required(&content, reader))
        return false;
    if (read->role == CHAT_TOOL)
        return read_tool_answer(message, reader, chat, read);
    return member_only(message, reader, names);
}

static bool
read_messages(const struct member *messages, struct reader *reader, struct chat *chat)
{
    if (!member_is_list(messages, reader))
        return false;
    size_t count = json_array_size(messages->value);
    if (count > BODY_MESSAGES_MAX)
        return member_refuse(messages, reader, "must have at most %d items", BODY_MESSAGES_MAX);
    struct chat_message *items = arena_array(reader->arena, count + 1, sizeof(*items));
    chat->messages.items = items;
    for (size_t i = 0; i < count; i++) {
        struct member message = member_item(messages, i);
        if (!read_message(&message, reader, chat, &items[i]))
            return false;
        chat->messages.count = i + 1;
    }
    return true;
}

static bool
is_function(const struct member *member, struct reader *reader)
{
    struct member type = member_of(member, "type");
    const char *name = NULL;
    if (!member_required(member, reader) || !member_is_object(member, reader) ||
        !member_needed_text(&type, reader, &name))
        return false;
    return strcmp(name, "function") == 0 || member_untranslatable(&type, reader);
}

static bool
read_tool(const struct member *tool, struct reader *reader, struct chat_tool *read)
{
    static const char *const tool_names[] = {"type", "function", NULL};
    static const char *const names[] = {"name", "description", "parameters", "strict", NULL};
    struct member function = member_of(tool, "function");
    struct member name = member_of(&function, "name");
    struct member description = member_of(&function, "description");
    struct member parameters = member_of(&function, "parameters");
    struct member strict = member_of(&function, "strict");
    read->parameters = parameters.value;
    return is_function(tool, reader) && member_only(tool, reader, tool_names) &&
           member_required(&function, reader) && member_is_object(&function, reader) &&
           member_only(&function, reader, names) &&
           member_needed_text(&name, reader, &read->name) &&
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
    if (text)
        return member_untranslatable(choice, reader);
    struct member function = member_of(choice, "function"), name = member_of(&function, "name");
    chat->tool_choice = CHAT_TOOL_NAMED;
    return is_function(choice, reader) && member_required(&function, reader) &&
           member_needed_text(&name, reader, &chat->tool_name);
}

static bool
read_schema(const struct member *wrapper, struct reader *reader, struct chat *chat)
{
    static const char *const names[] = {"name", "description", "schema", "strict", NULL};
    struct member name = member_of(wrapper, "name"), schema = member_of(wrapper, "schema");
    struct member strict = member_of(wrapper, "strict");
    struct member description = member_of(wrapper, "description");
    const char *text = NULL;
    if (!member_required(wrapper, reader) || !member_is_object(wrapper, reader) ||
        !member_only(wrapper, reader, names) ||
        !member_needed_text(&name, reader, &chat->schema_name) ||
        !member_required(&schema, reader) || !member_is_object(&schema, reader) ||
        !member_text(&description, reader, &text) ||
        !member_flag(&strict, reader, &chat->schema_strict))
        return false;
    chat->schema = body_describe_schema(schema.value, text, reader->arena);
    return true;
}

static bool
read_format(const struct member *format, struct reader *reader, struct chat *chat)
{
    static const char *const names[] = {"type", "json_schema", NULL};
    struct member type = member_of(format, "type"), wrapper = member_of(format, "json_schema");
    const char *name = NULL;
    if (!member_is_object(format, reader) || !member_only(format, reader, names) ||
        !member_needed_text(&type, reader, &name))
        return false;
    if (strcmp(name, "text") == 0)
        return true;
    chat->format = CHAT_FORMAT_OBJECT;
    if (strcmp(name, "json_object") == 0)
        return true;
    chat->format = CHAT_FORMAT_SCHEMA;
    return strcmp(name, "json_schema") == 0 ? read_schema(&wrapper, reader, chat)
                                            : member_untranslatable(&type, reader);
}

/* Rows without a reader are known elsewhere, or are hints that change no answer. */
static const struct body_row rows[] = {
    {"model", NULL},
    {"messages", read_messages},
    {"stream", NULL},
    {"stream_options", NULL},
    {"max_tokens", read_max_tokens},
    {"max_completion_tokens", read_max_tokens},
    {"temperature", read_temperature},
    {"top_p", read_top_p},
    {"n", read_n},
    {"stop", read_stop},
    {"seed", read_seed},
    {"presence_penalty", read_presence_penalty},
    {"frequency_penalty", read_frequency_penalty},
    {"logprobs", read_logprobs},
    {"top_logprobs", read_top_logprobs},
    {"user", read_user},
    {"tools", read_tools},
    {"tool_choice", read_tool_choice},
    {"parallel_tool_calls", read_parallel},
    {"response_format", read_format},
    {"store", read_store},
    {"modalities", read_modalities},
    {"metadata", NULL},
    {"service_tier", NULL},
    {"prompt_cache_key", NULL},
    {"safety_identifier", NULL},
    {NULL, NULL},
};

bool
chat_read(const json_t *document, struct arena *arena, struct chat *chat, struct error *err)
{
    struct reader reader = {arena, err};
    struct member body = {.value = document};
    return body_read_rows(&body, &reader, chat, rows);
}
