/* Server-sent events out of bytes: lines first, then fields, then events. */
#include "http/event_parser.h"

#include <string.h>

enum { FIRST_LINE_BYTES = 256, FIRST_NAME_BYTES = 32, FIRST_DATA_BYTES = 512 };

/* Whom events are handed to. */
struct taker {
    bool (*take)(void *context, const struct event *event);
    void *context;
};

struct piece {
    const char *bytes;
    size_t length;
};

void
event_parser_init(struct event_parser *parser, struct arena *arena, size_t max_bytes)
{
    *parser = (struct event_parser){.max_bytes = max_bytes};
    strbuf_init(&parser->line, arena, FIRST_LINE_BYTES);
    strbuf_init(&parser->name, arena, FIRST_NAME_BYTES);
    strbuf_init(&parser->data, arena, FIRST_DATA_BYTES);
}

static bool
take_event(struct event_parser *parser, const struct taker *taker)
{
    const struct event event = {
        .name = parser->name.data, .data = parser->data.data, .length = parser->data.length};
    bool goes_on = !parser->has_data || taker->take(taker->context, &event);
    strbuf_truncate(&parser->name, 0);
    strbuf_truncate(&parser->data, 0);
    parser->has_data = false;
    return goes_on;
}

/* A line that came in parts lies in the buffer already, and ends in a NUL byte there. */
static bool
take_comment(struct event_parser *parser, struct piece text, const struct taker *taker)
{
    bool is_copied = parser->line.length > 0;
    if (!is_copied)
        strbuf_add(&parser->line, text.bytes, text.length);
    const struct event event = {.name = "",
                                .data = is_copied ? text.bytes : parser->line.data,
                                .length = text.length,
                                .is_comment = true};
    bool goes_on = taker->take(taker->context, &event);
    strbuf_truncate(&parser->line, 0);
    return goes_on;
}

static bool
is_field(struct piece field, const char *name)
{
    return field.length == strlen(name) && memcmp(field.bytes, name, field.length) == 0;
}

static bool
add_data(struct event_parser *parser, struct piece value)
{
    size_t joint = parser->has_data ? 1 : 0;
    if (value.length + joint > parser->max_bytes - parser->data.length) {
        parser->too_large = true;
        return false;
    }
    if (joint > 0)
        strbuf_add_char(&parser->data, '\n');
    strbuf_add(&parser->data, value.bytes, value.length);
    parser->has_data = true;
    return true;
}

/* Fields other than these are for browsers that reconnect, or unknown: left out. */
static bool
take_field(struct event_parser *parser, struct piece line)
{
    const char *colon = memchr(line.bytes, ':', line.length);
    struct piece field = {line.bytes, colon ? (size_t)(colon - line.bytes) : line.length};
    struct piece value = {"", 0};
    if (colon) {
        value = (struct piece){colon + 1, line.length - field.length - 1};
        if (value.length > 0 && value.bytes[0] == ' ')
            value = (struct piece){value.bytes + 1, value.length - 1};
    }
    if (is_field(field, "data"))
        return add_data(parser, value);
    if (is_field(field, "event")) {
        strbuf_truncate(&parser->name, 0);
        strbuf_add(&parser->name, value.bytes, value.length);
    }
    return true;
}

static bool
take_line(struct event_parser *parser, struct piece line, const struct taker *taker)
{
    if (!parser->has_begun && line.length >= 3 && memcmp(line.bytes, "\xEF\xBB\xBF", 3) == 0)
        line = (struct piece){line.bytes + 3, line.length - 3};
    parser->has_begun = true;
    if (line.length == 0)
        return take_event(parser, taker);
    if (line.bytes[0] != ':')
        return take_field(parser, line);
    size_t skipped = line.length > 1 && line.bytes[1] == ' ' ? 2 : 1;
    return take_comment(parser, (struct piece){line.bytes + skipped, line.length - skipped}, taker);
}

/* Ends the line whose last bytes are these; they need not be copied when they are all of it. */
static bool
end_line(struct event_parser *parser, struct piece last, const struct taker *taker)
{
    if (parser->line.length == 0)
        return take_line(parser, last, taker);
    strbuf_add(&parser->line, last.bytes, last.length);
    bool goes_on = take_line(parser, (struct piece){parser->line.data, parser->line.length}, taker);
    strbuf_truncate(&parser->line, 0);
    return goes_on;
}

/* The first of these bytes, or the end. */
static const char *
find(const char *at, const char *end, char byte)
{
    const char *found = memchr(at, byte, (size_t)(end - at));
    return found ? found : end;
}

bool
event_parser_feed(struct event_parser *parser, const char *bytes, size_t length,
                  bool (*take)(void *context, const struct event *event), void *context)
{
    const struct taker taker = {take, context};
    const char *at = bytes, *end = bytes + length, *line_feed = find(at, end, '\n');
    while (at < end && !parser->too_large) {
        if (parser->after_return && *at == '\n')
            at++;
        parser->after_return = false;
        const char *begin = at;
        if (line_feed < at)
            line_feed = find(at, end, '\n');
        at = find(at, line_feed, '\r');
        struct piece piece = {begin, (size_t)(at - begin)};
        if (piece.length > parser->max_bytes - parser->line.length) {
            parser->too_large = true;
        } else if (at == end) {
            strbuf_add(&parser->line, piece.bytes, piece.length);
        } else {
            parser->after_return = *at++ == '\r';
            if (!end_line(parser, piece, &taker))
                return false;
        }
    }
    return !parser->too_large;
}

bool
event_parser_end(struct event_parser *parser,
                 bool (*take)(void *context, const struct event *event), void *context)
{
    const struct taker taker = {take, context};
    return !parser->too_large && take_event(parser, &taker);
}
