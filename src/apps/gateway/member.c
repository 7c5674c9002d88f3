/* Members of a client's body, read one at a time. */
#include "apps/gateway/member.h"

#include <math.h>
#include <string.h>

#include "base/strbuf.h"

static const json_t *
unless_null(const json_t *value)
{
    return json_is_null(value) ? NULL : value;
}

struct member
member_of(const struct member *above, const char *name)
{
    return (struct member){
        .above = above, .name = name, .value = unless_null(json_object_get(above->value, name))};
}

struct member
member_item(const struct member *above, size_t index)
{
    return (struct member){
        .above = above, .index = index, .value = unless_null(json_array_get(above->value, index))};
}

static void
add_path(const struct member *member, struct strbuf *path)
{
    if (!member->above)
        return;
    add_path(member->above, path);
    if (!member->name)
        strbuf_printf(path, "[%zu]", member->index);
    else
        strbuf_printf(path, "%s%s", path->length > 0 ? "." : "", member->name);
}

const char *
member_path(const struct member *member, struct arena *arena)
{
    struct strbuf path;
    strbuf_init(&path, arena, 64);
    add_path(member, &path);
    return path.data;
}

bool
member_refuse(const struct member *member, struct reader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprintf(reader->arena, format, arguments);
    va_end(arguments);
    return error_set_field(reader->err, reader->arena, member_path(member, reader->arena), "%s",
                           message);
}

bool
member_untranslatable(const struct member *member, struct reader *reader)
{
    return member_refuse(member, reader,
                         "cannot be translated for the models that this request may ask");
}

static bool
is_among(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

bool
member_only(const struct member *object, struct reader *reader, const char *const *names)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object->value, name, value)
    {
        struct member member = {.above = object, .name = name, .value = value};
        if (!json_is_null(value) && !is_among(name, names))
            return member_untranslatable(&member, reader);
    }
    return true;
}

bool
member_required(const struct member *member, struct reader *reader)
{
    return member->value || member_refuse(member, reader, "is required");
}

bool
member_text(const struct member *member, struct reader *reader, const char **text)
{
    if (!member->value)
        return true;
    if (!json_is_string(member->value))
        return member_refuse(member, reader, "must be a string");
    *text = json_string_value(member->value);
    return true;
}

bool
member_needed_text(const struct member *member, struct reader *reader, const char **text)
{
    return member_required(member, reader) && member_text(member, reader, text);
}

bool
member_number(const struct member *member, struct reader *reader, double *number)
{
    if (!member->value)
        return true;
    if (!json_is_number(member->value))
        return member_refuse(member, reader, "must be a number");
    *number = json_number_value(member->value);
    return true;
}

/* Beyond these a double does not hold every whole number. */
static const double WHOLE_MAX = 9007199254740992.0;

bool
member_integer(const struct member *member, struct reader *reader, int64_t *number)
{
    const json_t *value = member->value;
    if (!value)
        return true;
    if (json_is_integer(value)) {
        *number = json_integer_value(value);
        return true;
    }
    double real = json_real_value(value);
    if (!json_is_real(value) || real != floor(real) || fabs(real) > WHOLE_MAX)
        return member_refuse(member, reader, "must be a whole number");
    *number = (int64_t)real;
    return true;
}

bool
member_flag(const struct member *member, struct reader *reader, bool *flag)
{
    if (!member->value)
        return true;
    if (!json_is_boolean(member->value))
        return member_refuse(member, reader, "must be true or false");
    *flag = json_is_true(member->value);
    return true;
}

bool
member_is_list(const struct member *member, struct reader *reader)
{
    return !member->value || json_is_array(member->value) ||
           member_refuse(member, reader, "must be a list");
}

bool
member_is_object(const struct member *member, struct reader *reader)
{
    return !member->value || json_is_object(member->value) ||
           member_refuse(member, reader, "must be an object");
}
