/* Checks of sizes, characters and texts: what a configuration may not hold whatever its fields. */
#include <stdio.h>
#include <string.h>

#include "apps/resilience/validate.h"
#include "base/ascii.h"
#include "base/strbuf.h"
#include "base/utf8.h"

struct pattern {
    const char *text; /* '?' stands for a letter or a slash */
    const char *name;
};

static const struct pattern patterns[] = {
    {"<?", "a tag"},
    {"javascript:", "the address of a script"},
    {"vbscript:", "the address of a script"},
    {"data:text/", "the address of a document"},
    {"../", "a path that leads upwards"},
    {"..\\", "a path that leads upwards"},
    {"\\x", "an escape"},
    {"\\u", "an escape"},
    {"{{", "a template"},
    {"${", "a template"},
    {"eval(", "a call"},
    {"exec(", "a call"},
    {"import ", "an import"},
    {"require(", "an import"},
    {"__", "a hidden name"},
};
enum { PATTERN_COUNT = sizeof(patterns) / sizeof(patterns[0]) };

/* Control, format and private characters. */
static const struct {
    uint32_t first, last;
} refused[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x0600, 0x0605}, {0x061c, 0x061c},
    {0x06dd, 0x06dd}, {0x070f, 0x070f}, {0x08e2, 0x08e2}, {0x180e, 0x180e}, {0x200b, 0x200f},
    {0x202a, 0x202e}, {0x2060, 0x206f}, {0xe000, 0xf8ff}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb},
};

struct walk {
    struct validation *validation;
    char path[256];
};

/* What is spoken of: the whole where no field is entered. */
static const char *
place(const struct walk *walk)
{
    return *walk->path ? walk->path : "configuration";
}

size_t
validate_pattern_count(void)
{
    return PATTERN_COUNT;
}

static char
lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

static bool
fits(const char *text, const char *pattern)
{
    for (; *pattern; pattern++, text++) {
        bool same =
            *pattern == '?' ? *text == '/' || ascii_is_letter(*text) : lower(*text) == *pattern;
        if (!same)
            return false;
    }
    return true;
}

static bool
holds(const char *text, const char *pattern)
{
    for (; *text; text++)
        if (fits(text, pattern))
            return true;
    return false;
}

static bool
is_refused(uint32_t code_point)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (code_point >= refused[i].first && code_point <= refused[i].last)
            return true;
    return code_point > VALIDATE_CODE_POINT_MAX;
}

static void
check_characters(struct walk *walk, const char *text, size_t length)
{
    size_t count = 0, repeats = 0;
    uint32_t before = 0;
    for (size_t at = 0, taken; at < length; at += taken, count++) {
        uint32_t code_point = utf8_decode(text + at, &taken);
        if (is_refused(code_point)) {
            findings_add(&walk->validation->errors, "Field '%s': holds the character U+%04X",
                         place(walk), (unsigned)code_point);
            return;
        }
        repeats = count > 0 && code_point == before ? repeats + 1 : 1;
        if (repeats == VALIDATE_REPEATS_MAX + 1)
            findings_add(&walk->validation->warnings,
                         "Field '%s': repeats a character more than %d times", place(walk),
                         VALIDATE_REPEATS_MAX);
        before = code_point;
    }
    if (count > VALIDATE_STRING_MAX)
        findings_add(&walk->validation->errors,
                     "Field '%s': has %zu characters, at most %d are "
                     "allowed",
                     place(walk), count, VALIDATE_STRING_MAX);
}

static void
check_text(struct walk *walk, const char *text, size_t length)
{
    check_characters(walk, text, length);
    for (size_t i = 0; i < PATTERN_COUNT; i++)
        if (holds(text, patterns[i].text))
            findings_add(&walk->validation->errors, "Field '%s': holds what looks like %s",
                         place(walk), patterns[i].name);
}

/* Returns the length before, which shortens the path again. */
static size_t
enter(struct walk *walk, const char *name)
{
    size_t used = strlen(walk->path);
    size_t room = sizeof(walk->path) - used;
    size_t shown = utf8_prefix(name, strlen(name), 40);
    snprintf(walk->path + used, room, "%s%.*s", used > 0 ? "." : "", (int)shown, name);
    size_t good;
    if (!utf8_count(walk->path, strlen(walk->path), &good))
        walk->path[good] = '\0';
    return used;
}

static void check_value(struct walk *walk, const json_t *value, int depth);

static void
check_object(struct walk *walk, const json_t *object, int depth)
{
    if (json_object_size(object) > VALIDATE_OBJECT_MAX)
        findings_add(&walk->validation->errors,
                     "Field '%s': has %zu members, at most %d are "
                     "allowed",
                     place(walk), json_object_size(object), VALIDATE_OBJECT_MAX);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        size_t used = enter(walk, name);
        check_text(walk, name, strlen(name));
        check_value(walk, value, depth);
        walk->path[used] = '\0';
    }
}

static void
check_array(struct walk *walk, const json_t *array, int depth)
{
    if (json_array_size(array) > VALIDATE_ARRAY_MAX)
        findings_add(&walk->validation->errors, "Field '%s': has %zu items, at most %d are allowed",
                     place(walk), json_array_size(array), VALIDATE_ARRAY_MAX);
    size_t i;
    json_t *value;
    json_array_foreach(array, i, value)
    {
        check_value(walk, value, depth);
    }
}

static void
check_value(struct walk *walk, const json_t *value, int depth)
{
    if (json_is_string(value))
        check_text(walk, json_string_value(value), json_string_length(value));
    if (!json_is_object(value) && !json_is_array(value))
        return;
    if (depth >= VALIDATE_DEPTH_MAX) {
        findings_add(&walk->validation->errors, "Field '%s': is nested deeper than %d levels",
                     place(walk), VALIDATE_DEPTH_MAX);
        return;
    }
    if (json_is_object(value))
        check_object(walk, value, depth + 1);
    else
        check_array(walk, value, depth + 1);
}

size_t
validate_size(const json_t *configuration, struct arena *arena)
{
    struct strbuf text;
    strbuf_init(&text, arena, 1024);
    schema_encode_json(&text, configuration);
    return text.length;
}

void
validate_content(struct validation *validation, const json_t *configuration)
{
    struct walk walk = {.validation = validation};
    size_t size = validate_size(configuration, validation->arena);
    if (size > VALIDATE_BYTES_MAX) {
        findings_add(&validation->errors,
                     "Configuration: has %zu bytes as JSON, at most %d are allowed", size,
                     VALIDATE_BYTES_MAX);
        findings_add(&validation->suggestions, "leave out what the preset says already");
        return;
    }
    check_value(&walk, configuration, 0);
}
