/* Recursive descent over a text in memory; strings are found eight bytes at a time. */
#include "http/json_reader.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/json_plain.h"
#include "http/text.h"

enum { REPLACEMENT_CHARACTER = 0xfffd };

struct reader {
    const char *at, *end;
    unsigned depth_left;
    struct arena *scratch;
    bool lenient, in_name;
    bool *has_halves; /* NULL: halves of pairs are replaced */
};

/* A string's bytes: in the text, or unescaped in the arena. */
struct piece {
    const char *bytes;
    size_t length;
};

static json_t *read_value(struct reader *reader);

static void
skip_space(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' ||
                                        *reader->at == '\t' || *reader->at == '\r'))
        reader->at++;
}

/* Steps over byte, after white space. */
static bool
accept(struct reader *reader, char byte)
{
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != byte)
        return false;
    reader->at++;
    return true;
}

/* The first quote, backslash or control character, or the end. */
static const char *
find_special(const char *at, const char *end)
{
    return at + json_plain_prefix(at, (size_t)(end - at));
}

/* Four hex digits; -1 for what is none. */
static int32_t
read_hex(struct reader *reader)
{
    if (reader->end - reader->at < 4)
        return -1;
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = text_hex_digit(*reader->at++);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static bool
is_high(int32_t unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool
is_low(int32_t unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* What stands for an escape that is no character: NUL or half of a surrogate pair. */
static bool
stand_in(struct reader *reader, uint32_t *code)
{
    if (!reader->lenient)
        return false;
    if (*code == 0 || !reader->has_halves || reader->in_name)
        *code = REPLACEMENT_CHARACTER;
    else
        *reader->has_halves = true;
    return true;
}

/* What follows "\u". Behind a high half that has no other one nothing more is taken. */
static bool
read_code_point(struct reader *reader, uint32_t *code)
{
    int32_t first = read_hex(reader), second = -1;
    if (first < 0)
        return false;
    *code = (uint32_t)first;
    if (first == 0 || is_low(first))
        return stand_in(reader, code);
    if (!is_high(first))
        return true;
    const char *behind = reader->at;
    if (reader->end - behind >= 6 && behind[0] == '\\' && behind[1] == 'u') {
        reader->at += 2;
        second = read_hex(reader);
    }
    if (is_low(second)) {
        *code = 0x10000 + (((uint32_t)first - 0xd800) << 10) + ((uint32_t)second - 0xdc00);
        return true;
    }
    reader->at = behind;
    return stand_in(reader, code);
}

static char *
put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};
    *out++ = (char)(leads[more] | code >> (6 * more));
    while (more-- > 0)
        *out++ = (char)(0x80 | (code >> (6 * more) & 0x3f));
    return out;
}

/* The character after a backslash; NULL when there is no such escape. */
static char *
unescape(struct reader *reader, char *out)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (reader->at == reader->end)
        return NULL;
    char name = *reader->at++;
    if (name == 'u') {
        uint32_t code;
        return read_code_point(reader, &code) ? put_utf8(out, code) : NULL;
    }
    const char *known = name != '\0' ? strchr(names, name) : NULL;
    if (!known)
        return NULL;
    *out = values[known - names];
    return out + 1;
}

/* A string that has escapes. None is longer unescaped, so what is left of the text is room enough;
 * the string's own end is looked for first, so that many strings do not cost its square. */
static bool
read_escaped(struct reader *reader, struct piece *piece)
{
    const char *end = reader->at;
    while ((end = find_special(end, reader->end)) < reader->end && *end == '\\' &&
           reader->end - end > 1)
        end += 2;
    char *bytes = arena_alloc(reader->scratch, (size_t)(end - reader->at) + 1);
    char *out = bytes;
    for (;;) {
        const char *special = find_special(reader->at, reader->end);
        memcpy(out, reader->at, (size_t)(special - reader->at));
        out += special - reader->at;
        reader->at = special;
        if (special == reader->end || (*special != '"' && *special != '\\'))
            return false;
        reader->at++;
        if (*special == '"')
            break;
        out = unescape(reader, out);
        if (!out)
            return false;
    }
    *piece = (struct piece){bytes, (size_t)(out - bytes)};
    return true;
}

/* A string behind its opening quote. */
static bool
read_string(struct reader *reader, struct piece *piece)
{
    const char *special = find_special(reader->at, reader->end);
    if (special < reader->end && *special == '\\')
        return read_escaped(reader, piece);
    if (special == reader->end || *special != '"')
        return false;
    *piece = (struct piece){reader->at, (size_t)(special - reader->at)};
    reader->at = special + 1;
    return true;
}

static size_t
skip_digits(struct reader *reader)
{
    const char *start = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
        reader->at++;
    return (size_t)(reader->at - start);
}

static bool
accept_any(struct reader *reader, char one, char other)
{
    if (reader->at == reader->end || (*reader->at != one && *reader->at != other))
        return false;
    reader->at++;
    return true;
}

/* The text of a number as a double. What is out of range is the nearest one there is. */
static json_t *
make_nearest(const char *text)
{
    double value = strtod(text, NULL);
    return json_real(isfinite(value) ? value : copysign(DBL_MAX, value));
}

/* The text of a number that has a point or an exponent. */
static json_t *
make_real(struct reader *reader, const char *start, const char *end)
{
    char text[64];
    size_t length = (size_t)(end - start);
    if (reader->lenient)
        return make_nearest(arena_strndup(reader->scratch, start, length));
    if (length >= sizeof(text))
        return NULL;
    memcpy(text, start, length);
    text[length] = '\0';
    char *rest;
    errno = 0;
    double value = strtod(text, &rest);
    return *rest == '\0' && isfinite(value) && errno == 0 ? json_real(value) : NULL;
}

/* A whole number of more than 18 digits, which may be larger than an integer can be. */
static json_t *
make_large(struct reader *reader, const char *start, const char *end)
{
    if (!reader->lenient)
        return NULL;
    const char *text = arena_strndup(reader->scratch, start, (size_t)(end - start));
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    return errno == 0 ? json_integer(value) : make_nearest(text);
}

static json_t *
read_number(struct reader *reader)
{
    const char *start = reader->at;
    bool negative = accept_any(reader, '-', '-');
    const char *first = reader->at;
    size_t whole = skip_digits(reader);
    if (whole == 0 || (whole > 1 && *first == '0'))
        return NULL;
    bool real = false;
    if (accept_any(reader, '.', '.')) {
        real = true;
        if (skip_digits(reader) == 0)
            return NULL;
    }
    if (accept_any(reader, 'e', 'E')) {
        real = true;
        accept_any(reader, '+', '-');
        if (skip_digits(reader) == 0)
            return NULL;
    }
    if (real)
        return make_real(reader, start, reader->at);
    if (whole > 18)
        return make_large(reader, start, reader->at);
    json_int_t value = 0;
    for (; first < reader->at; first++)
        value = value * 10 + (*first - '0');
    return json_integer(negative ? -value : value);
}

static json_t *
read_word(struct reader *reader, const char *word, json_t *value)
{
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0)
        return NULL;
    reader->at += length;
    return value;
}

static bool
read_member(struct reader *reader, json_t *object)
{
    struct piece key;
    reader->in_name = true;
    if (!accept(reader, '"') || !read_string(reader, &key) || !accept(reader, ':'))
        return false;
    reader->in_name = false;
    json_t *value = read_value(reader);
    size_t count = json_object_size(object);
    /* A name that is there already makes it no larger. */
    return value && json_object_setn_new_nocheck(object, key.bytes, key.length, value) == 0 &&
           (json_object_size(object) > count || reader->lenient);
}

static bool
read_element(struct reader *reader, json_t *array)
{
    json_t *value = read_value(reader);
    return value && json_array_append_new(array, value) == 0;
}

/* An object or array behind its opening bracket. */
static json_t *
read_container(struct reader *reader, json_t *container, char close,
               bool (*read_one)(struct reader *, json_t *))
{
    bool good = reader->depth_left > 0;
    reader->depth_left -= good;
    if (good && !accept(reader, close)) {
        do
            good = read_one(reader, container);
        while (good && accept(reader, ','));
        good = good && accept(reader, close);
    }
    reader->depth_left++;
    if (good)
        return container;
    json_decref(container);
    return NULL;
}

static json_t *
read_value(struct reader *reader)
{
    skip_space(reader);
    if (reader->at == reader->end)
        return NULL;
    struct piece text;
    switch (*reader->at) {
    case '"':
        reader->at++;
        return read_string(reader, &text) ? json_stringn_nocheck(text.bytes, text.length) : NULL;
    case '{':
        reader->at++;
        return read_container(reader, json_object(), '}', read_member);
    case '[':
        reader->at++;
        return read_container(reader, json_array(), ']', read_element);
    case 't':
        return read_word(reader, "true", json_true());
    case 'f':
        return read_word(reader, "false", json_false());
    case 'n':
        return read_word(reader, "null", json_null());
    default:
        return read_number(reader);
    }
}

static json_t *
read_document(struct reader *reader)
{
    json_t *value = read_value(reader);
    skip_space(reader);
    if (value && reader->at < reader->end) {
        json_decref(value);
        return NULL;
    }
    return value;
}

json_t *
json_read(const char *text, size_t length, unsigned depth_max, struct arena *scratch)
{
    struct reader reader = {
        .at = text, .end = text + length, .depth_left = depth_max, .scratch = scratch};
    return read_document(&reader);
}

json_t *
json_read_lenient(const char *text, size_t length, unsigned depth_max, bool *has_halves,
                  struct arena *scratch)
{
    struct reader reader = {.at = text,
                            .end = text + length,
                            .depth_left = depth_max,
                            .scratch = scratch,
                            .lenient = true,
                            .has_halves = has_halves};
    if (has_halves)
        *has_halves = false;
    return read_document(&reader);
}
