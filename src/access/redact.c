/* One pass over the text, trying the table wherever a word begins. */
#include "access/redact.h"

#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "http/schema.h"

static bool
is_word(char byte)
{
    return ascii_is_letter(byte) || (byte >= '0' && byte <= '9');
}

/* Where something can begin: a word, a sign that a number or an address may begin with, or the
 * dashes of a PEM block. */
static bool
can_begin(const struct redact_text *text, size_t at)
{
    char byte = text->bytes[at];
    if (byte == '+' || byte == ':')
        return true;
    if (byte == '-')
        return at == 0 || text->bytes[at - 1] != '-';
    return is_word(byte) && (at == 0 || !is_word(text->bytes[at - 1]));
}

static const struct redact_pattern *
find(const struct redact_text *text, size_t at, struct redact_span *span)
{
    for (const struct redact_pattern *pattern = redact_patterns; pattern->name; pattern++)
        if (pattern->match(text, at, span))
            return pattern;
    return NULL;
}

void
redact_add(struct strbuf *out, const char *bytes, size_t length)
{
    const struct redact_text text = {bytes, length};
    size_t shown = 0;
    if (length == 0)
        return;
    for (size_t at = 0; at < length;) {
        struct redact_span span = {0};
        const struct redact_pattern *pattern = can_begin(&text, at) ? find(&text, at, &span) : NULL;
        if (!pattern) {
            at++;
            continue;
        }
        strbuf_add(out, bytes + shown, at + span.kept - shown);
        strbuf_add_char(out, '[');
        strbuf_add_text(out, pattern->name);
        strbuf_add_char(out, ']');
        at += span.length;
        shown = at;
    }
    strbuf_add(out, bytes + shown, length - shown);
}

/* Where a text is cut, a secret must not be: so much more of it is looked at. */
enum { MARGIN_BYTES = 4096 };

static void
add_string(struct strbuf *out, const char *text, size_t length, size_t max_bytes)
{
    struct strbuf plain;
    size_t most = max_bytes - out->length + MARGIN_BYTES;
    if (length > most)
        length = utf8_cut(text, most);
    strbuf_init(&plain, out->arena, length + 64);
    redact_add(&plain, text, length);
    schema_encode_string(out, plain.data, plain.length);
}

/* Long numbers may be those of cards. */
static void
add_number(struct strbuf *out, const json_t *number)
{
    struct strbuf text, plain;
    strbuf_init(&text, out->arena, 32);
    strbuf_init(&plain, out->arena, 32);
    if (json_is_integer(number))
        strbuf_add_integer(&text, json_integer_value(number));
    else
        schema_encode_number(&text, json_real_value(number));
    redact_add(&plain, text.data, text.length);
    if (strcmp(plain.data, text.data) == 0)
        strbuf_add(out, plain.data, plain.length);
    else
        schema_encode_string(out, plain.data, plain.length);
}

static void
add_object(struct strbuf *out, const json_t *object, size_t max_bytes)
{
    const char *name, *between = "";
    json_t *value;
    strbuf_add_char(out, '{');
    json_object_foreach((json_t *)object, name, value)
    {
        if (out->length >= max_bytes)
            return;
        strbuf_add_text(out, between);
        add_string(out, name, strlen(name), max_bytes);
        strbuf_add_char(out, ':');
        if (redact_is_secret_name(name, strlen(name)) && !json_is_null(value))
            strbuf_add_text(out, "\"[secret]\"");
        else
            redact_json(out, value, max_bytes);
        between = ",";
    }
    strbuf_add_char(out, '}');
}

static void
add_array(struct strbuf *out, const json_t *array, size_t max_bytes)
{
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (out->length >= max_bytes)
            return;
        if (i > 0)
            strbuf_add_char(out, ',');
        redact_json(out, json_array_get(array, i), max_bytes);
    }
    strbuf_add_char(out, ']');
}

/* As deep as the parser lets a document be. */
void
redact_json(struct strbuf *out, const json_t *document, size_t max_bytes)
{
    if (out->length >= max_bytes)
        return;
    if (json_is_object(document))
        add_object(out, document, max_bytes);
    else if (json_is_array(document))
        add_array(out, document, max_bytes);
    else if (json_is_string(document))
        add_string(out, json_string_value(document), json_string_length(document), max_bytes);
    else if (json_is_number(document))
        add_number(out, document);
    else
        strbuf_add_text(out, json_is_true(document)    ? "true"
                             : json_is_false(document) ? "false"
                                                       : "null");
}
