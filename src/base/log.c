/* JSON lines on standard error. */
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/integer.h"
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

/* The bytes from text on that need no escape. */
static size_t
plain_run(const unsigned char *text)
{
    size_t length = 0;
    while (text[length] >= 0x20 && text[length] < 0x7f && text[length] != '"' &&
           text[length] != '\\')
        length++;
    return length;
}

static bool
put_escaped(struct line *line, unsigned char byte, bool is_utf8)
{
    char escape[8];
    if (byte == '"' || byte == '\\')
        return put(line, (char[]){'\\', (char)byte}, 2);
    if (byte < 0x20 || byte == 0x7f)
        return put(line, escape, (size_t)snprintf(escape, sizeof(escape), "\\u%04x", byte));
    return is_utf8 ? put(line, (char[]){(char)byte}, 1) : put(line, "\\ufffd", 6);
}

static bool
put_string(struct line *line, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t run = plain_run(at);
    bool fits = put(line, "\"", 1) && put(line, text, run);
    at += run;
    size_t count;
    bool is_utf8 = !*at || utf8_count(text, strlen(text), &count);
    while (*at && fits) {
        fits = put_escaped(line, *at, is_utf8);
        at++;
        run = plain_run(at);
        fits = fits && put(line, (const char *)at, run);
        at += run;
    }
    return fits && put(line, "\"", 1);
}

static bool
put_field(struct line *line, const struct log_field *field)
{
    size_t before = line->length;
    char number[INTEGER_TEXT_BYTES];
    bool fits = (line->length == 1 || put(line, ",", 1)) && put_string(line, field->name) &&
                put(line, ":", 1);
    if (fits && field->is_number)
        fits = put(line, number, integer_format(number, field->number));
    else if (fits)
        fits = field->text ? put_string(line, field->text) : put(line, "null", 4);
    if (!fits)
        line->length = before;
    return fits;
}

void
log_write(enum log_level level, const char *message, const struct log_field *fields)
{
    struct line line;
    line.length = 0;
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
