/* Answer schemas in the dialects of the providers. */
#include "ai/answer_schema.h"

#include <inttypes.h>

bool
answer_schema_is_plain(const struct schema *schema)
{
    for (const struct field *field = schema->fields; field->name; field++) {
        if (field->type == FIELD_MAP || field->type == FIELD_JSON)
            return false;
        if (field->of && !answer_schema_is_plain(field->of))
            return false;
    }
    return true;
}

static void
write_type(struct strbuf *out, enum field_type type, bool may_be_null, enum answer_dialect dialect)
{
    static const char *const names[][2] = {
        [FIELD_STRING] = {"string", "STRING"},    [FIELD_INTEGER] = {"integer", "INTEGER"},
        [FIELD_NUMBER] = {"number", "NUMBER"},    [FIELD_DECIMAL] = {"number", "NUMBER"},
        [FIELD_BOOLEAN] = {"boolean", "BOOLEAN"}, [FIELD_OBJECT] = {"object", "OBJECT"},
        [FIELD_ARRAY] = {"array", "ARRAY"},       [FIELD_STRINGS] = {"array", "ARRAY"},
        [FIELD_MAP] = {"object", "OBJECT"},
    };
    const char *name = names[type][dialect == ANSWER_DIALECT_GEMINI];
    if (!may_be_null)
        strbuf_printf(out, "\"type\":\"%s\"", name);
    else if (dialect == ANSWER_DIALECT_GEMINI)
        strbuf_printf(out, "\"type\":\"%s\",\"nullable\":true", name);
    else
        strbuf_printf(out, "\"type\":[\"%s\",\"null\"]", name);
}

static void
write_choices(struct strbuf *out, const struct field *field, bool may_be_null,
              enum answer_dialect dialect)
{
    strbuf_add_text(out, ",\"enum\":[");
    for (size_t i = 0; field->choices[i]; i++) {
        if (i > 0)
            strbuf_add_char(out, ',');
        schema_encode_string(out, field->choices[i], strlen(field->choices[i]));
    }
    if (may_be_null && dialect != ANSWER_DIALECT_GEMINI)
        strbuf_add_text(out, ",null");
    strbuf_add_char(out, ']');
}

static void
write_bounds(struct strbuf *out, const struct field *field, enum answer_dialect dialect)
{
    bool has_upper = field->max != 0 || field->min < 0;
    const char *least = NULL, *most = NULL;
    if (field->type == FIELD_NUMBER && field->number_max > field->number_min) {
        strbuf_add_text(out, ",\"minimum\":");
        schema_encode_decimal(out, (struct decimal){(int64_t)(field->number_min * 1e6)});
        strbuf_add_text(out, ",\"maximum\":");
        schema_encode_decimal(out, (struct decimal){(int64_t)(field->number_max * 1e6)});
        return;
    }
    if (field->type == FIELD_ARRAY || field->type == FIELD_STRINGS)
        least = "minItems", most = "maxItems";
    else if (field->type == FIELD_INTEGER)
        least = "minimum", most = "maximum";
    else if (field->type == FIELD_STRING && dialect == ANSWER_DIALECT_JSON)
        least = "minLength", most = "maxLength";
    if (least && (field->min != 0 || (field->type == FIELD_INTEGER && has_upper)))
        strbuf_printf(out, ",\"%s\":%" PRId64, least, field->min);
    if (most && has_upper)
        strbuf_printf(out, ",\"%s\":%" PRId64, most, field->max);
}

static void write_object(struct strbuf *out, const struct schema *schema, bool may_be_null,
                         enum answer_dialect dialect);

static void
write_map_values(struct strbuf *out, const struct field *field, enum answer_dialect dialect)
{
    strbuf_add_text(out, ",\"additionalProperties\":");
    if (field->of) {
        write_object(out, field->of, false, dialect);
    } else {
        strbuf_add_char(out, '{');
        write_type(out, field->map_type, false, dialect);
        strbuf_add_char(out, '}');
    }
}

static void
write_field(struct strbuf *out, const struct field *field, enum answer_dialect dialect)
{
    bool may_be_null = (field->flags & FIELD_NULLABLE) ||
                       (dialect == ANSWER_DIALECT_STRICT && !(field->flags & FIELD_REQUIRED));
    if (field->type == FIELD_OBJECT) {
        write_object(out, field->of, may_be_null, dialect);
        return;
    }
    if (field->type == FIELD_JSON) {
        strbuf_add_text(out, "{}");
        return;
    }
    strbuf_add_char(out, '{');
    write_type(out, field->type, may_be_null, dialect);
    if (field->doc) {
        strbuf_add_text(out, ",\"description\":");
        schema_encode_string(out, field->doc, strlen(field->doc));
    }
    if (field->choices && field->type == FIELD_STRING)
        write_choices(out, field, may_be_null, dialect);
    write_bounds(out, field, dialect);
    if (field->type == FIELD_ARRAY) {
        strbuf_add_text(out, ",\"items\":");
        write_object(out, field->of, false, dialect);
    } else if (field->type == FIELD_STRINGS) {
        strbuf_add_text(out, ",\"items\":{");
        write_type(out, FIELD_STRING, false, dialect);
        strbuf_add_char(out, '}');
    } else if (field->type == FIELD_MAP) {
        write_map_values(out, field, dialect);
    }
    strbuf_add_char(out, '}');
}

static void
write_names(struct strbuf *out, const char *member, const struct schema *schema, bool required_only)
{
    bool first = true;
    for (const struct field *field = schema->fields; field->name; field++) {
        if (required_only && !(field->flags & FIELD_REQUIRED))
            continue;
        if (first)
            strbuf_printf(out, ",\"%s\":[\"%s\"", member, field->name);
        else
            strbuf_printf(out, ",\"%s\"", field->name);
        first = false;
    }
    if (!first)
        strbuf_add_char(out, ']');
}

static void
write_object(struct strbuf *out, const struct schema *schema, bool may_be_null,
             enum answer_dialect dialect)
{
    strbuf_add_char(out, '{');
    write_type(out, FIELD_OBJECT, may_be_null, dialect);
    if (schema->doc) {
        strbuf_add_text(out, ",\"description\":");
        schema_encode_string(out, schema->doc, strlen(schema->doc));
    }
    strbuf_add_text(out, ",\"properties\":{");
    for (const struct field *field = schema->fields; field->name; field++) {
        if (field != schema->fields)
            strbuf_add_char(out, ',');
        strbuf_printf(out, "\"%s\":", field->name);
        write_field(out, field, dialect);
    }
    strbuf_add_char(out, '}');
    write_names(out, "required", schema, dialect != ANSWER_DIALECT_STRICT);
    if (dialect == ANSWER_DIALECT_GEMINI)
        write_names(out, "propertyOrdering", schema, false);
    else
        strbuf_add_text(out, ",\"additionalProperties\":false");
    strbuf_add_char(out, '}');
}

void
answer_schema_write(struct strbuf *out, const struct schema *schema, enum answer_dialect dialect)
{
    write_object(out, schema, false, dialect);
}

void
answer_schema_drop_nulls(const struct schema *schema, json_t *document)
{
    for (const struct field *field = schema->fields; field->name; field++) {
        json_t *value = json_object_get(document, field->name);
        if (json_is_null(value) && !(field->flags & FIELD_NULLABLE))
            json_object_del(document, field->name);
        else if (field->type == FIELD_OBJECT && json_is_object(value))
            answer_schema_drop_nulls(field->of, value);
        else if (field->type == FIELD_ARRAY && json_is_array(value))
            for (size_t i = 0; i < json_array_size(value); i++)
                answer_schema_drop_nulls(field->of, json_array_get(value, i));
    }
}
