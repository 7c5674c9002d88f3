/* Parts that the bodies of several surfaces have in common. */
#include "apps/gateway/body_parts.h"

#include <string.h>
#include <strings.h>

static const struct body_row *
find_row(const struct body_row *rows, const char *name)
{
    for (; rows->name; rows++)
        if (strcmp(rows->name, name) == 0)
            return rows;
    return NULL;
}

bool
body_read_rows(const struct member *object, struct reader *reader, struct chat *chat,
               const struct body_row *rows)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object->value, name, value)
    {
        struct member member = {.above = object, .name = name, .value = value};
        if (!json_is_null(value) && !find_row(rows, name))
            return member_untranslatable(&member, reader);
    }
    for (; rows->name; rows++) {
        struct member member = member_of(object, rows->name);
        if (member.value && rows->read && !rows->read(&member, reader, chat))
            return false;
    }
    return true;
}

static bool
starts_with(const char *text, const char *start)
{
    return strncasecmp(text, start, strlen(start)) == 0;
}

bool
body_read_picture(const struct member *member, struct reader *reader, struct chat_part *part)
{
    const char *address = NULL;
    if (!member_needed_text(member, reader, &address))
        return false;
    part->source = member->value;
    if (starts_with(address, "https://") || starts_with(address, "http://")) {
        part->url = address;
        return true;
    }
    static const char mark[] = ";base64,";
    const char *data = strstr(address, mark);
    if (!starts_with(address, "data:image/") || !data)
        return member_refuse(member, reader,
                             "must be an https address or data:image/...;base64,...");
    const char *type = address + strlen("data:");
    part->media_type = arena_strndup(reader->arena, type, (size_t)(data - type));
    part->base64 = data + sizeof(mark) - 1;
    return true;
}

bool
body_read_arguments(const struct member *member, struct reader *reader, struct chat_tool_call *call)
{
    const char *text = NULL;
    if (!member_text(member, reader, &text))
        return false;
    call->source = member->value;
    call->arguments = text && text[0] != '\0' ? text : "{}";
    return true;
}

bool
body_read_texts(const struct member *member, struct reader *reader, struct list *texts)
{
    bool is_one = json_is_string(member->value);
    if (!is_one && !member_is_list(member, reader))
        return false;
    size_t count = is_one ? 1 : json_array_size(member->value);
    const char **items = arena_array(reader->arena, count + 1, sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        struct member item = is_one ? *member : member_item(member, i);
        if (!member_needed_text(&item, reader, &items[i]))
            return false;
    }
    *texts = (struct list){items, count};
    return true;
}

bool
body_read_tools(const struct member *tools, struct reader *reader,
                bool (*read_tool)(const struct member *tool, struct reader *reader,
                                  struct chat_tool *read),
                struct chat *chat)
{
    if (!member_is_list(tools, reader))
        return false;
    size_t count = json_array_size(tools->value);
    struct chat_tool *items = arena_array(reader->arena, count + 1, sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        struct member tool = member_item(tools, i);
        if (!read_tool(&tool, reader, &items[i]))
            return false;
    }
    chat->tools = (struct list){items, count};
    return true;
}

const char *
body_tool_called(const struct chat *chat, const char *id)
{
    const struct chat_message *messages = chat->messages.items;
    for (size_t i = chat->messages.count; i-- > 0;) {
        const struct chat_tool_call *calls = messages[i].tool_calls.items;
        for (size_t j = 0; j < messages[i].tool_calls.count; j++)
            if (strcmp(calls[j].id, id) == 0)
                return calls[j].name;
    }
    return NULL;
}

const json_t *
body_describe_schema(const json_t *schema, const char *description, struct arena *arena)
{
    if (!description || json_object_get(schema, "description"))
        return schema;
    json_t *described = schema_keep(json_copy((json_t *)schema), arena);
    json_object_set_new(described, "description", json_string(description));
    return described;
}
