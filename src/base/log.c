/* JSON lines on standard error. */
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"

static enum log_level threshold = LOG_LEVEL_INFO;

static const char *const names[] = {"debug", "info", "warning", "error"};

struct line {
    char text[4096];
    size_t length;
};

enum { LINE_RESERVE = 8 }; /* room for the closing brace and newline */

void
log_set_level(enum log_level level)
{
    threshold = level;
}

bool
log_enabled(enum log_level level)
{
    return level >= threshold;
}

bool
log_level_parse(const char *text, enum log_level *level)
{
    for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++) {
        if (strcasecmp(text, names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    if (strcasecmp(text, "critical") != 0)
        return false;
    *level = LOG_LEVEL_ERROR;
    return true;
}

static bool
put(struct line *line, const char *bytes, size_t count)
{
    if (sizeof(line->text) - line->length < count + LINE_RESERVE)
        return false;
    memcpy(line->text + line->length, bytes, count);
    line->length += count;
    return true;
}

static bool
put_string(struct line *line, const char *text)
{
    bool fits = put(line, "\"", 1);
    size_t count;
    bool valid = utf8_count(text, strlen(text), &count);
    for (const unsigned char *at = (const unsigned char *)text; *at && fits; at++) {
        char escape[8];
        if (*at == '"' || *at == '\\')
            fits = put(line, (char[]){'\\', (char)*at}, 2);
        else if (*at < 0x20 || *at == 0x7f)
            fits = put(line, escape, (size_t)snprintf(escape, sizeof(escape), "\\u%04x", *at));
        else if (*at >= 0x80 && !valid)
            fits = put(line, "\\ufffd", 6);
        else
            fits = put(line, (const char *)at, 1);
    }
    return fits && put(line, "\"", 1);
}

static bool
put_field(struct line *line, const struct log_field *field)
{
    size_t before = line->length;
    char number[24];
    bool fits = (line->length == 1 || put(line, ",", 1)) && put_string(line, field->name) &&
                put(line, ":", 1);
    if (fits && !field->is_number)
        fits = field->text ? put_string(line, field->text) : put(line, "null", 4);
    else if (fits)
        fits = put(line, number,
                   (size_t)snprintf(number, sizeof(number), "%lld", (long long)field->number));
    if (!fits)
        line->length = before;
    return fits;
}

void
log_write(enum log_level level, const char *message, const struct log_field *fields)
{
    struct line line = {.length = 0};
    char time[CLOCK_TEXT_BYTES];
    clock_format(time, clock_realtime_us());
    put(&line, "{", 1);
    put_field(&line, &LOG_TEXT("time", time));
    put_field(&line, &LOG_TEXT("level", names[level]));
    put_field(&line, &LOG_TEXT("message", message));
    for (const struct log_field *field = fields; field->name; field++)
        put_field(&line, field);
    memcpy(line.text + line.length, "}\n", 2);
    ssize_t written = write(STDERR_FILENO, line.text, line.length + 2);
    (void)written; /* nobody is left to tell */
}
