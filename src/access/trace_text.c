/* Bodies as text that may be kept. */
#include "access/trace_text.h"

#include <stdint.h>
#include <string.h>

#include "access/redact.h"
#include "base/utf8.h"
#include "http/event_parser.h"
#include "http/schema.h"

enum { MARGIN_BYTES = 4096, CHOICES_MAX = 8, EVENT_MAX_BYTES = 1 << 20 };

static const char cut_mark[] = " [cut]";

/* Redacted text at its length. */
static const char *
cut(struct strbuf *text, size_t max_bytes)
{
    if (text->length <= max_bytes)
        return text->data;
    strbuf_truncate(text, utf8_cut(text->data, max_bytes));
    strbuf_add_text(text, cut_mark);
    return text->data;
}

static const char *
plain_text(const char *bytes, size_t length, size_t max_bytes, struct arena *arena)
{
    struct strbuf out;
    size_t count, most = max_bytes + MARGIN_BYTES;
    if (!utf8_count(bytes, length, &count) || memchr(bytes, '\0', length))
        return "[no text]";
    strbuf_init(&out, arena, max_bytes);
    redact_add(&out, bytes, length > most ? utf8_cut(bytes, most) : length);
    return cut(&out, max_bytes);
}

const char *
trace_text(const json_t *document, const char *bytes, size_t length, size_t max_bytes,
           struct arena *arena)
{
    if (!bytes && !document)
        return NULL;
    if (!document)
        document = schema_parse_lenient(bytes, length, NULL, arena);
    if (!document)
        return plain_text(bytes, length, max_bytes, arena);
    struct strbuf out;
    strbuf_init(&out, arena, max_bytes);
    redact_json(&out, document, max_bytes + 1);
    return cut(&out, max_bytes);
}

struct reader {
    struct arena *arena;
    size_t max_bytes;
    struct strbuf pieces[CHOICES_MAX]; /* of each choice, or block of an answer */
    const json_t *last;                /* an event that says it all: the result, or an error */
};

/* Members whose texts are pieces of an answer, on any surface. */
static bool
is_piece(const char *name)
{
    static const char *const names[] = {
        "text",      "content",           "delta",    "arguments",   "refusal",
        "reasoning", "reasoning_content", "thinking", "partial_json"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void
add_piece(struct reader *reader, size_t choice, const char *text)
{
    struct strbuf *pieces = &reader->pieces[choice];
    if (!pieces->arena)
        strbuf_init(pieces, reader->arena, 1024);
    if (pieces->length < reader->max_bytes + MARGIN_BYTES)
        strbuf_add_text(pieces, text);
}

static void
gather(struct reader *reader, const json_t *value, size_t choice)
{
    const char *name;
    json_t *member;
    size_t i;
    if (json_is_array(value)) {
        json_array_foreach(value, i, member)
        {
            gather(reader, member, choice);
        }
        return;
    }
    json_int_t index = json_integer_value(json_object_get(value, "index"));
    if (index > 0 && index < CHOICES_MAX)
        choice = (size_t)index;
    json_object_foreach((json_t *)value, name, member)
    {
        if (json_is_string(member) && is_piece(name))
            add_piece(reader, choice, json_string_value(member));
        else if (!json_is_string(member))
            gather(reader, member, choice);
    }
}

/* The Responses interface says everything again once it is complete. */
static bool
is_repetition(const json_t *document)
{
    const char *type = json_string_value(json_object_get(document, "type"));
    if (!type || strncmp(type, "response.", 9) != 0)
        return false;
    size_t length = strlen(type);
    return strcmp(type + length - 6, ".delta") != 0;
}

static bool
take_event(void *context, const struct event *event)
{
    struct reader *reader = context;
    if (event->is_comment)
        return true;
    const json_t *document = schema_parse_lenient(event->data, event->length, NULL, reader->arena);
    if (!document)
        return true;
    if (strcmp(event->name, "result") == 0 || strcmp(event->name, "error") == 0 ||
        json_is_object(json_object_get(document, "error")))
        reader->last = document;
    else if (!is_repetition(document))
        gather(reader, document, 0);
    return true;
}

const char *
trace_stream_text(const char *bytes, size_t length, size_t max_bytes, struct arena *arena)
{
    struct reader *reader = arena_alloc(arena, sizeof(*reader));
    reader->arena = arena;
    reader->max_bytes = max_bytes;
    struct event_parser parser;
    event_parser_init(&parser, arena, EVENT_MAX_BYTES);
    if (!event_parser_feed(&parser, bytes, length, take_event, reader))
        return "[no text]";
    struct strbuf out;
    strbuf_init(&out, arena, max_bytes);
    for (size_t i = 0; i < CHOICES_MAX && out.length <= max_bytes; i++) {
        if (i > 0 && reader->pieces[i].length > 0)
            strbuf_add_char(&out, '\n');
        redact_add(&out, reader->pieces[i].data, reader->pieces[i].length);
    }
    if (reader->last) {
        if (out.length > 0)
            strbuf_add_char(&out, '\n');
        redact_json(&out, reader->last, max_bytes + 1);
    }
    return cut(&out, max_bytes);
}
