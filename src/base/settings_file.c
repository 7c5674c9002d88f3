/* The configuration file: "name = value" lines and [provider "name"], [model "name"] and
 * [strategy "name"] sections. Nothing is expanded and nothing included, so that a value is what it
 * reads as. */
#include "base/settings_row.h"

#include <string.h>

enum { SECTIONS_MAX = 256 };

static bool
is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* A copy of the bytes without blanks around them. */
static char *
trimmed(struct arena *arena, const char *text, size_t length)
{
    while (length > 0 && is_blank(text[0])) {
        text++;
        length--;
    }
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    return arena_strndup(arena, text, length);
}

static bool
only_blank_or_comment(const char *text)
{
    while (is_blank(*text))
        text++;
    return *text == '\0' || *text == '#' || *text == ';';
}

/* Undoes quotes in place, or cuts a comment off a bare value. Returns false for a quote that does
 * not end or is followed by more. */
static bool
unquote(char *value)
{
    char quote = value[0];
    if (quote != '"' && quote != '\'') {
        for (char *at = value; *at; at++)
            if (*at == '#' && at > value && is_blank(at[-1])) {
                while (at > value && is_blank(at[-1]))
                    at--;
                *at = '\0';
                break;
            }
        return true;
    }
    const char *in = value + 1;
    char *out = value;
    while (*in && *in != quote) {
        if (quote == '"' && *in == '\\' && (in[1] == '"' || in[1] == '\\'))
            in++;
        *out++ = *in++;
    }
    bool closed = *in == quote && only_blank_or_comment(in + 1);
    *out = '\0';
    return closed;
}

static bool
is_section_name(const char *name)
{
    size_t length = strlen(name);
    return length >= 1 && length <= 64 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                        "._:/@+-") == length;
}

static enum section_kind
section_kind(const char *name)
{
    static const char *const names[] = {
        [SECTION_PROVIDER] = "provider",
        [SECTION_MODEL] = "model",
        [SECTION_STRATEGY] = "strategy",
    };
    for (enum section_kind kind = SECTION_PROVIDER; kind < SECTION_UNKNOWN; kind++)
        if (strcmp(names[kind], name) == 0)
            return kind;
    return SECTION_UNKNOWN;
}

/* Splits `provider "name"` at the first blank. */
static void
section_add(struct settings_reading *reading, char *inside, int line)
{
    struct settings_file *file = &reading->file;
    const char *where = settings_place(reading, line);
    if (file->section_count == SECTIONS_MAX)
        return;
    struct settings_section *section = &file->sections[file->section_count++];
    *section = (struct settings_section){SECTION_UNKNOWN, "", line};
    if (file->section_count == SECTIONS_MAX) {
        settings_complain(reading, where, "more than %d sections", SECTIONS_MAX - 2);
        return;
    }
    size_t kind_length = strcspn(inside, " \t");
    char *name = trimmed(reading->arena, inside + kind_length, strlen(inside + kind_length));
    inside[kind_length] = '\0';
    if (!unquote(name) || !is_section_name(name)) {
        settings_complain(reading, where,
                          "section needs a name of 1 to 64 letters, digits and ._:/@+-, as in "
                          "[model \"name\"]");
        return;
    }
    section->name = name;
    section->kind = section_kind(inside);
    if (section->kind == SECTION_UNKNOWN)
        settings_complain(reading, where,
                          "unknown section \"%s\", allowed are provider, model and strategy",
                          inside);
    for (size_t i = 1; section->kind != SECTION_UNKNOWN && i + 1 < file->section_count; i++)
        if (file->sections[i].kind == section->kind && strcmp(file->sections[i].name, name) == 0) {
            settings_complain(reading, where, "%s \"%s\" is already on line %d", inside, name,
                              file->sections[i].line);
            break;
        }
}

static const struct setting *
rows_of(enum section_kind kind)
{
    static const struct setting *const rows[] = {
        [SECTION_NONE] = settings_rows, [SECTION_PROVIDER] = provider_rows,
        [SECTION_MODEL] = model_rows,   [SECTION_STRATEGY] = strategy_rows,
        [SECTION_UNKNOWN] = NULL,
    };
    return rows[kind];
}

/* NAME_FILE stands for a secret NAME. */
static bool
is_file_of_secret(const struct setting *rows, const char *name)
{
    size_t length = strlen(name);
    if (rows != settings_rows || length <= 5 || strcmp(name + length - 5, "_FILE") != 0)
        return false;
    for (const struct setting *row = rows; row->name; row++)
        if (row->secret && strlen(row->name) == length - 5 &&
            strncmp(row->name, name, length - 5) == 0)
            return true;
    return false;
}

/* Values of unknown names are not repeated: they may be secrets. */
static bool
name_is_allowed(struct settings_reading *reading, const char *name, const char *where)
{
    const struct settings_file *file = &reading->file;
    size_t section = file->section_count - 1;
    const struct setting *rows = rows_of(file->sections[section].kind);
    if (!rows)
        return false; /* the section was complained of */
    const struct setting *row = settings_row(rows, name);
    if (!row && !is_file_of_secret(rows, name)) {
        settings_complain(reading, where, "unknown setting \"%s\"", name);
        return false;
    }
    for (size_t i = file->line_count; i > 0 && file->lines[i - 1].section == section; i--) {
        const struct settings_line *line = &file->lines[i - 1];
        if (strcmp(line->name, name) == 0 || (row && settings_row(rows, line->name) == row)) {
            settings_complain(reading, where, "%s is already set on line %d", name, line->line);
            return false;
        }
    }
    return true;
}

static void
assignment_add(struct settings_reading *reading, char *text, int line)
{
    const char *where = settings_place(reading, line);
    char *equals = strchr(text, '=');
    if (!equals) {
        settings_complain(reading, where, "expected \"name = value\" or a [section]");
        return;
    }
    char *name = trimmed(reading->arena, text, (size_t)(equals - text));
    char *value = trimmed(reading->arena, equals + 1, strlen(equals + 1));
    if (!name_is_allowed(reading, name, where))
        return;
    if (!unquote(value)) {
        settings_complain(reading, where, "the quoted value of %s does not end with its quote",
                          name);
        return;
    }
    struct settings_file *file = &reading->file;
    file->lines[file->line_count++] =
        (struct settings_line){file->section_count - 1, name, value, line};
}

static void
line_add(struct settings_reading *reading, char *text, int line)
{
    if (only_blank_or_comment(text))
        return;
    if (text[0] != '[') {
        assignment_add(reading, text, line);
        return;
    }
    char *end = strrchr(text, ']');
    if (!end || !only_blank_or_comment(end + 1)) {
        settings_complain(reading, settings_place(reading, line),
                          "a section ends with \"]\", as in [model \"name\"]");
        return;
    }
    char *inside = trimmed(reading->arena, text + 1, (size_t)(end - text - 1));
    section_add(reading, inside, line);
}

void
settings_file_parse(struct settings_reading *reading, const char *text)
{
    size_t newlines = 1;
    for (const char *at = text; *at; at++)
        newlines += *at == '\n';
    struct settings_file *file = &reading->file;
    file->sections = arena_array(reading->arena, SECTIONS_MAX, sizeof(*file->sections));
    file->section_count = 1;
    file->lines = arena_array(reading->arena, newlines, sizeof(*file->lines));
    file->line_count = 0;
    for (int line = 1; *text; line++) {
        size_t length = strcspn(text, "\n");
        line_add(reading, trimmed(reading->arena, text, length), line);
        text += length + (text[length] == '\n');
    }
}

const struct settings_line *
settings_file_find(const struct settings_file *file, size_t section, const struct setting *row)
{
    for (size_t i = 0; i < file->line_count; i++) {
        const struct settings_line *line = &file->lines[i];
        if (line->section == section && (strcmp(line->name, row->name) == 0 ||
                                         (row->alias && strcmp(line->name, row->alias) == 0)))
            return line;
    }
    return NULL;
}
