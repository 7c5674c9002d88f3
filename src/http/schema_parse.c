/* Parsing of JSON from outside. What the quick reader does not take, jansson refuses or reads; what
 * that leaves open or reports with bytes of the input is done here. */
#include "http/schema.h"

#include <string.h>

#include "base/utf8.h"
#include "http/json_reader.h"

enum { COUNTED_BYTES = 1024 * 1024, CONTAINERS_MAX = 1000000 };

/* Offset of the bracket that opens a level too many, or length. jansson allows 2,048 levels, which
 * costs stack in all that walks the document later. */
static size_t
find_too_deep(const char *text, size_t length)
{
    unsigned depth = 0;
    for (size_t i = 0; i < length; i++) {
        switch (text[i]) {
        case '"':
            for (i++; i < length && text[i] != '"'; i++)
                if (text[i] == '\\')
                    i++;
            break;
        case '[':
        case '{':
            if (++depth > SCHEMA_DEPTH_MAX)
                return i;
            break;
        case ']':
        case '}':
            if (depth > 0)
                depth--;
            break;
        default:
            break;
        }
    }
    return length;
}

/* Fills err with what is wrong at an offset of text, as line and column in code points. */
static const json_t *
refuse(struct error *err, const char *what, const char *text, size_t offset)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    error_set(err, ERROR_MALFORMED_REQUEST, "the JSON is malformed: %s at line %zu, column %zu",
              what, line, column);
    return NULL;
}

static const char *
describe(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_premature_end_of_input:
        return "it ends too early";
    case json_error_end_of_input_expected:
        return "something follows its end";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "\\u0000 in a string";
    case json_error_duplicate_key:
        return "a member that its object has already";
    case json_error_numeric_overflow:
        return "a number out of range";
    case json_error_invalid_utf8:
        return "an escape that is no character";
    default:
        /* jansson has no code for this one. */
        if (strncmp(error->text, "invalid Unicode", strlen("invalid Unicode")) == 0)
            return "an escape that is half a surrogate pair";
        return "a syntax error";
    }
}

static bool
begins_with(const char *text, size_t length, const char *bytes)
{
    return length >= strlen(bytes) && memcmp(text, bytes, strlen(bytes)) == 0;
}

/* What stands where text is no UTF-8: a surrogate has the form of a character, but is none. */
static const char *
describe_bytes(const char *text, size_t length)
{
    bool is_surrogate =
        length >= 2 && (unsigned char)text[0] == 0xed && (unsigned char)text[1] >= 0xa0;
    return is_surrogate ? "half a surrogate pair, which UTF-8 does not have"
                        : "a byte that is not UTF-8";
}

static void
release_document(void *document)
{
    json_decref(document);
}

json_t *
schema_keep(json_t *document, struct arena *arena)
{
    arena_defer(arena, release_document, document);
    return document;
}

/* Of brackets and braces, those in strings included: what each costs in memory is a hundred times
 * what it costs to send. */
static size_t
count_containers(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += text[i] == '[' || text[i] == '{';
    return count;
}

static bool
has_too_many_containers(const char *text, size_t length)
{
    return length > COUNTED_BYTES && count_containers(text, length) > CONTAINERS_MAX;
}

const json_t *
schema_parse(const char *text, size_t length, struct arena *arena, struct error *err)
{
    if (length == 0) {
        error_set(err, ERROR_MALFORMED_REQUEST, "the body is empty where JSON is expected");
        return NULL;
    }
    size_t code_points;
    if (!utf8_count(text, length, &code_points))
        return refuse(err, describe_bytes(text + code_points, length - code_points), text,
                      code_points);
    if (begins_with(text, length, "\xef\xbb\xbf"))
        return refuse(err, "a byte order mark", text, 0);
    if (has_too_many_containers(text, length))
        return refuse(err, "more lists and objects than are taken", text, 0);
    json_t *document = json_read(text, length, SCHEMA_DEPTH_MAX, arena);
    if (document)
        return schema_keep(document, arena);
    size_t too_deep = find_too_deep(text, length);
    if (too_deep < length)
        return refuse(err, "more than 128 nested levels", text, too_deep);
    json_error_t error;
    document = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!document) {
        size_t position = error.position > 0 ? (size_t)error.position : 0;
        return refuse(err, describe(&error), text, position < length ? position : length);
    }
    return schema_keep(document, arena);
}

const json_t *
schema_parse_lenient(const char *text, size_t length, bool *has_halves, struct arena *arena)
{
    size_t code_points;
    if (!utf8_count(text, length, &code_points) || has_too_many_containers(text, length))
        return NULL;
    json_t *document = json_read_lenient(text, length, SCHEMA_DEPTH_MAX, has_halves, arena);
    return document ? schema_keep(document, arena) : NULL;
}
