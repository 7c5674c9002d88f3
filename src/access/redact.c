/* One pass over the text, trying the table wherever a word begins. */
#include "access/redact.h"

#include <string.h>

#include "base/ascii.h"

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

static json_t *
redacted_string(const char *text, size_t length)
{
    struct arena arena = {0};
    struct strbuf out;
    strbuf_init(&out, &arena, length + 64);
    redact_add(&out, text, length);
    json_t *string = json_stringn(out.data, out.length);
    arena_release(&arena);
    return string ? string : json_string("[not UTF-8]");
}

static json_t *
redacted_object(const json_t *object)
{
    json_t *copy = json_object();
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        json_t *shown = redacted_string(name, strlen(name));
        bool secret = redact_is_secret_name(name, strlen(name)) && !json_is_null(value);
        json_object_set_new(copy, json_string_value(shown),
                            secret ? json_string("[secret]") : redact_json(value));
        json_decref(shown);
    }
    return copy;
}

json_t *
redact_json(const json_t *document)
{
    if (json_is_object(document))
        return redacted_object(document);
    if (json_is_string(document))
        return redacted_string(json_string_value(document), json_string_length(document));
    if (!json_is_array(document))
        return json_deep_copy(document);
    json_t *copy = json_array();
    size_t index;
    json_t *value;
    json_array_foreach(document, index, value) json_array_append_new(copy, redact_json(value));
    return copy;
}
