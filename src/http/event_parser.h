/* An incremental parser of server-sent events (WHATWG HTML, section 9.2): bytes go in however they
 * were split, whole events come out. Bounded: a line or an event over its limit ends the parsing.
 */
#ifndef HEARTH_HTTP_EVENT_PARSER_H
#define HEARTH_HTTP_EVENT_PARSER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"

struct event {
    const char *name; /* "" where none was given */
    const char *data; /* NUL-terminated; lines joined by line feeds */
    size_t length;
    bool is_comment; /* a comment line of its own: a sign of life; data is its text */
};

/* Its buffers lie in the arena and are used again for every event. */
struct event_parser {
    struct strbuf line; /* what is there of a line whose end has not come */
    struct strbuf name;
    struct strbuf data;
    size_t max_bytes;
    bool has_data;     /* an event without a data line is none */
    bool after_return; /* a line feed that comes next belongs to the line that ended */
    bool has_begun;    /* past the first line, before which a byte order mark may stand */
    bool too_large;
};

/* max_bytes bounds a line, and the data of an event. */
void event_parser_init(struct event_parser *parser, struct arena *arena, size_t max_bytes);

/* Calls take() for every event that is complete, in order; its event is valid during the call only.
 * false: take() said so, or the parser is too_large; nothing may be fed after that. */
bool event_parser_feed(struct event_parser *parser, const char *bytes, size_t length,
                       bool (*take)(void *context, const struct event *event), void *context)
    __attribute__((warn_unused_result));

/* The bytes have ended: an event whose empty line is missing is handed over too (providers forget
 * it); half a line is not. */
bool event_parser_end(struct event_parser *parser,
                      bool (*take)(void *context, const struct event *event), void *context)
    __attribute__((warn_unused_result));

#endif
