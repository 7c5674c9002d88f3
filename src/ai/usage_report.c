/* The provider's figures on one short line. */
#include "ai/usage_report.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 3, NAME_BYTES = 96 };

struct line {
    char *text;
    size_t size, length; /* of it used; always room for the closing brace */
};

/* Names go into JSON as they are. */
static bool
is_plain(const char *name)
{
    return name[0] != '\0' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
                                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

static void
add_figure(struct line *line, const char *name, json_int_t value)
{
    char figure[NAME_BYTES + 32];
    int length = snprintf(figure, sizeof(figure), "%s\"%s\":%lld", line->length > 1 ? "," : "",
                          name, (long long)value);
    if (length < 0 || line->length + (size_t)length + 2 > line->size)
        return;
    memcpy(line->text + line->length, figure, (size_t)length);
    line->length += (size_t)length;
}

static void
add_figures(struct line *line, const json_t *object, const char *prefix, int depth)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        char path[NAME_BYTES];
        int length = snprintf(path, sizeof(path), "%s%s%s", prefix, prefix[0] ? "." : "", name);
        if (!is_plain(name) || length < 0 || (size_t)length >= sizeof(path))
            continue;
        if (json_is_integer(value) && json_integer_value(value) != 0)
            add_figure(line, path, json_integer_value(value));
        else if (json_is_object(value) && depth < DEPTH_MAX)
            add_figures(line, value, path, depth + 1);
    }
}

void
usage_report(struct chat_usage *usage, const json_t *reported)
{
    struct line line = {usage->raw, sizeof(usage->raw), 1};
    usage->reports++;
    usage->raw[0] = '{';
    add_figures(&line, reported, "", 0);
    usage->raw[line.length] = '}';
    usage->raw[line.length + 1] = '\0';
}
