/* Query strings become a JSON object by the types of the rows, and are then decoded like a body. */
#include "http/schema.h"

#include <string.h>
#include <strings.h>

#include "http/text.h"

/* The JSON value that a text means for a field; a text that means none stays a string, so that
 * decoding complains about it. The caller owns it. */
static json_t *
convert(const struct field *field, const char *text)
{
    static const struct {
        const char *text;
        bool value;
    } booleans[] = {{"true", true},   {"1", true},  {"yes", true}, {"on", true},
                    {"false", false}, {"0", false}, {"no", false}, {"off", false}};
    size_t length = strlen(text);
    switch (field->type) {
    case FIELD_INTEGER:
    case FIELD_NUMBER:
    case FIELD_DECIMAL:
        if (length > 0 && strchr("-0123456789", text[0]) && text[length - 1] >= '0') {
            json_t *number = json_loadb(text, length, JSON_DECODE_ANY, NULL);
            if (number)
                return number;
        }
        break;
    case FIELD_BOOLEAN:
        for (size_t i = 0; i < sizeof(booleans) / sizeof(booleans[0]); i++)
            if (strcasecmp(booleans[i].text, text) == 0)
                return json_boolean(booleans[i].value);
        break;
    default:
        break;
    }
    return json_string(text);
}

static void
take_pair(const struct schema *schema, const char *name, const char *text, json_t *object,
          struct schema_errors *errors)
{
    const struct field *field = schema->fields;
    while (field->name && strcmp(field->name, name) != 0)
        field++;
    json_t *present = json_object_get(object, name);
    if (!field->name)
        json_object_set_new(object, name, json_string(text));
    else if (field->type == FIELD_STRINGS && present)
        json_array_append_new(present, json_string(text));
    else if (field->type == FIELD_STRINGS)
        json_object_set_new(object, name, json_pack("[s]", text));
    else if (present)
        schema_complain(errors, name, "must be given once");
    else
        json_object_set_new(object, name, convert(field, text));
}

static bool
take_query(const struct schema *schema, const char *query, json_t *object,
           struct schema_errors *errors)
{
    while (*query != '\0') {
        size_t length = strcspn(query, "&");
        const char *equals = memchr(query, '=', length);
        size_t name_length = equals ? (size_t)(equals - query) : length;
        size_t text_start = equals ? name_length + 1 : length;
        const char *name = text_percent_decode(query, name_length, true, errors->arena);
        const char *text =
            text_percent_decode(query + text_start, length - text_start, true, errors->arena);
        if (!name || !text)
            return false;
        if (length > 0)
            take_pair(schema, name, text, object, errors);
        query += length + (query[length] == '&');
    }
    return true;
}

void *
schema_decode_query(const struct schema *schema, const char *query, struct arena *arena,
                    struct error *err)
{
    struct schema_errors errors = {.arena = arena, .path = "query"};
    json_t *object = schema_keep(json_object(), arena);
    if (!take_query(schema, query, object, &errors)) {
        error_set(err, ERROR_MALFORMED_REQUEST,
                  "the query string holds an escape or a byte that is no text");
        return NULL;
    }
    void *out = schema_decode_into(schema, object, &errors);
    if (errors.count == 0)
        return out;
    schema_refuse(&errors, err);
    return NULL;
}
