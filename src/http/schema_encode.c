/* Encoding by the rows, straight into the buffer: it runs for every answer and every cache key. */
#include "http/schema.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/json_plain.h"
#include "http/number.h"

static void
encode_escape(struct strbuf *out, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    char *end = strbuf_reserve(out, 6);
    end[0] = '\\';
    if (byte >= 0x20 || letters[byte]) {
        end[1] = byte >= 0x20 ? (char)byte : letters[byte];
        strbuf_added(out, 2);
        return;
    }
    end[1] = 'u';
    end[2] = '0';
    end[3] = '0';
    end[4] = hex[byte >> 4];
    end[5] = hex[byte & 15];
    strbuf_added(out, 6);
}

void
schema_encode_string(struct strbuf *out, const char *text, size_t length)
{
    strbuf_reserve(out, length + 2);
    strbuf_add_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        size_t plain = json_plain_prefix(text + i, length - i);
        strbuf_add(out, text + i, plain);
        i += plain;
        if (i < length)
            encode_escape(out, (unsigned char)text[i]);
    }
    strbuf_add_char(out, '"');
}

/* Appends digits / 10^places without trailing zeros. */
static void
encode_scaled(struct strbuf *out, int64_t digits, int places)
{
    uint64_t rest = digits < 0 ? 0 - (uint64_t)digits : (uint64_t)digits;
    while (places > 0 && rest % 10 == 0) {
        rest /= 10;
        places--;
    }
    char text[32];
    char *start = text + sizeof(text);
    for (int i = 0; i < places || rest > 0 || i == 0 || i == places; i++) {
        if (places > 0 && i == places)
            *--start = '.';
        *--start = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (digits < 0)
        *--start = '-';
    strbuf_add(out, start, (size_t)(text + sizeof(text) - start));
}

void
schema_encode_decimal(struct strbuf *out, struct decimal value)
{
    encode_scaled(out, value.micros, 6);
}

/* Appends what printf made of a number. */
static void
add_number(struct strbuf *out, const char *text)
{
    /* What is neither digit, sign nor exponent is the locale's decimal point. */
    size_t whole = strspn(text, "+-0123456789eE");
    size_t point = strcspn(text + whole, "+-0123456789eE");
    strbuf_add(out, text, whole);
    if (point > 0)
        strbuf_add_char(out, '.');
    strbuf_add_text(out, text + whole + point);
}

void
schema_encode_number(struct strbuf *out, double value)
{
    int64_t digits;
    int places;
    assert(isfinite(value));
    if (!isfinite(value)) {
        strbuf_add(out, "null", 4);
        return;
    }
    if (number_digits(value, &digits, &places)) {
        encode_scaled(out, digits, places);
        return;
    }
    char text[64];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof(text), "%.*g", precision, value);
        if (strtod(text, NULL) == value)
            break;
    }
    add_number(out, text);
}

void
schema_encode_float(struct strbuf *out, float value)
{
    char text[64];
    assert(isfinite(value));
    for (int precision = 6; precision <= 9; precision++) {
        snprintf(text, sizeof(text), "%.*g", precision, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    add_number(out, isfinite(value) ? text : "null");
}

void
schema_encode_json(struct strbuf *out, const json_t *value)
{
    const char *name;
    json_t *item;
    size_t i;
    char separator;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        separator = '{';
        json_object_foreach((json_t *)value, name, item)
        {
            strbuf_add_char(out, separator);
            schema_encode_string(out, name, strlen(name));
            strbuf_add_char(out, ':');
            schema_encode_json(out, item);
            separator = ',';
        }
        strbuf_add_text(out, separator == '{' ? "{}" : "}");
        break;
    case JSON_ARRAY:
        strbuf_add_char(out, '[');
        json_array_foreach(value, i, item)
        {
            if (i > 0)
                strbuf_add_char(out, ',');
            schema_encode_json(out, item);
        }
        strbuf_add_char(out, ']');
        break;
    case JSON_STRING:
        schema_encode_string(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        strbuf_add_integer(out, json_integer_value(value));
        break;
    case JSON_REAL:
        schema_encode_number(out, json_real_value(value));
        break;
    case JSON_TRUE:
        strbuf_add(out, "true", 4);
        break;
    case JSON_FALSE:
        strbuf_add(out, "false", 5);
        break;
    case JSON_NULL:
        strbuf_add(out, "null", 4);
        break;
    }
}

static void
encode_text(struct strbuf *out, const char *text)
{
    if (text)
        schema_encode_string(out, text, strlen(text));
    else
        strbuf_add(out, "null", 4);
}

static void
encode_list(const struct field *field, const struct list *list, struct strbuf *out)
{
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0)
            strbuf_add_char(out, ',');
        if (field->type == FIELD_STRINGS)
            encode_text(out, ((const char *const *)list->items)[i]);
        else
            schema_encode(field->of, (const char *)list->items + i * field->of->size, out);
    }
    strbuf_add_char(out, ']');
}

static void
encode_map(const struct field *field, const struct map *map, struct strbuf *out)
{
    strbuf_add_char(out, '{');
    for (size_t i = 0; i < map->count; i++) {
        if (i > 0)
            strbuf_add_char(out, ',');
        encode_text(out, map->keys[i]);
        strbuf_add_char(out, ':');
        if (field->of)
            schema_encode(field->of, (const char *)map->values + i * field->of->size, out);
        else if (field->map_type == FIELD_DECIMAL)
            schema_encode_decimal(out, ((const struct decimal *)map->values)[i]);
        else
            encode_text(out, ((const char *const *)map->values)[i]);
    }
    strbuf_add_char(out, '}');
}

static bool
is_absent(const struct field *field, const void *slot, const void *value)
{
    if (field->present_offset > 0)
        return !*(const bool *)((const char *)value + field->present_offset - 1);
    switch (field->type) {
    case FIELD_STRING:
    case FIELD_OBJECT:
    case FIELD_JSON:
        return !*(const void *const *)slot;
    case FIELD_ARRAY:
    case FIELD_STRINGS:
        return !((const struct list *)slot)->items &&
               (field->flags & (FIELD_OMITTED | FIELD_NULLABLE)) != 0;
    case FIELD_MAP:
        return !((const struct map *)slot)->keys &&
               (field->flags & (FIELD_OMITTED | FIELD_NULLABLE)) != 0;
    default:
        return false;
    }
}

static void
encode_value(const struct field *field, const void *slot, struct strbuf *out)
{
    switch (field->type) {
    case FIELD_STRING:
        encode_text(out, *(const char *const *)slot);
        break;
    case FIELD_INTEGER:
        strbuf_add_integer(out, *(const int64_t *)slot);
        break;
    case FIELD_NUMBER:
        schema_encode_number(out, *(const double *)slot);
        break;
    case FIELD_DECIMAL:
        schema_encode_decimal(out, *(const struct decimal *)slot);
        break;
    case FIELD_BOOLEAN:
        strbuf_add_text(out, *(const bool *)slot ? "true" : "false");
        break;
    case FIELD_OBJECT:
        schema_encode(field->of, *(const void *const *)slot, out);
        break;
    case FIELD_ARRAY:
    case FIELD_STRINGS:
        encode_list(field, slot, out);
        break;
    case FIELD_MAP:
        encode_map(field, slot, out);
        break;
    case FIELD_JSON:
        schema_encode_json(out, *(const json_t *const *)slot);
        break;
    }
}

void
schema_encode(const struct schema *schema, const void *value, struct strbuf *out)
{
    char separator = '{';
    for (const struct field *field = schema->fields; field->name; field++) {
        const void *slot = (const char *)value + field->offset;
        bool absent = is_absent(field, slot, value);
        if (absent && (field->flags & FIELD_OMITTED) != 0)
            continue;
        size_t name_length = strlen(field->name);
        char *end = strbuf_reserve(out, name_length + 4);
        *end++ = separator;
        *end++ = '"';
        end = mempcpy(end, field->name, name_length);
        *end++ = '"';
        *end = ':';
        strbuf_added(out, name_length + 4);
        separator = ',';
        if (absent)
            strbuf_add(out, "null", 4);
        else
            encode_value(field, slot, out);
    }
    strbuf_add_text(out, separator == '{' ? "{}" : "}");
}
