/* The provider's figures on one short line. */
#include "ai/usage_report.h"

#include <string.h>

#include "base/ascii.h"
#include "base/integer.h"

enum { DEPTH_MAX = 3, NAME_BYTES = 96 };

struct line {
    char *text;
    size_t size, length; /* of it used; always room for the closing brace */
};

/* What a figure is called: the names of the objects it is in, and its own. */
struct path {
    char text[NAME_BYTES];
    size_t length;
};

/* Names go into JSON as they are. */
static bool
is_plain(const char *name)
{
    const char *at = name;
    while (ascii_is_letter(*at) || (*at >= '0' && *at <= '9') || *at == '_')
        at++;
    return at > name && *at == '\0';
}

/* false: it has no plain name, or too long a path. */
static bool
join(struct path *path, const struct path *outer, const char *name)
{
    size_t length = strlen(name), joint = outer->length > 0 ? 1 : 0;
    if (!is_plain(name) || outer->length + joint + length >= NAME_BYTES)
        return false;
    char *at = mempcpy(path->text, outer->text, outer->length);
    at = mempcpy(at, ".", joint);
    at = mempcpy(at, name, length);
    path->length = (size_t)(at - path->text);
    return true;
}

static void
add_figure(struct line *line, const struct path *path, json_int_t value)
{
    char digits[INTEGER_TEXT_BYTES];
    size_t digit_count = integer_format(digits, value);
    bool is_first = line->length == 1;
    size_t length = path->length + digit_count + (is_first ? 3 : 4);
    if (line->length + length + sizeof("}") > line->size)
        return;
    char *at = line->text + line->length;
    if (!is_first)
        *at++ = ',';
    *at++ = '"';
    at = mempcpy(at, path->text, path->length);
    at = mempcpy(at, "\":", 2);
    memcpy(at, digits, digit_count);
    line->length += length;
}

static void
add_figures(struct line *line, const json_t *object, const struct path *outer, int depth)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        struct path path;
        bool is_figure = json_is_integer(value) && json_integer_value(value) != 0;
        bool is_nest = json_is_object(value) && depth < DEPTH_MAX;
        if ((!is_figure && !is_nest) || !join(&path, outer, name))
            continue;
        if (is_figure)
            add_figure(line, &path, json_integer_value(value));
        else
            add_figures(line, value, &path, depth + 1);
    }
}

void
usage_report(struct chat_usage *usage, const json_t *reported)
{
    struct line line = {usage->raw, sizeof(usage->raw), 1};
    usage->reports++;
    usage->raw[0] = '{';
    add_figures(&line, reported, &(struct path){.length = 0}, 0);
    usage->raw[line.length] = '}';
    usage->raw[line.length + 1] = '\0';
}
