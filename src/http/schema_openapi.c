/* The JSON Schema of the rows. */
#include "http/schema.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* The example or default of a row, which is our own JSON text. */
static void
set_text(json_t *object, const char *name, const char *text)
{
    if (!text)
        return;
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    assert(value);
    json_object_set_new(object, name, value);
}

static json_t *
reference(const struct schema *schema)
{
    return json_pack("{s:s+}", "$ref", "#/components/schemas/", schema->name);
}

static void
set_bounds(json_t *object, const struct field *field, const char *least, const char *most)
{
    int64_t low, high;
    schema_bounds(field, &low, &high);
    bool counts = strncmp(least, "min", 3) == 0 && strcmp(least, "minimum") != 0;
    if (low != INT64_MIN && !(counts && low <= 0))
        json_object_set_new(object, least, json_integer(low));
    if (high != INT64_MAX)
        json_object_set_new(object, most, json_integer(high));
    if (!(field->number_max > field->number_min))
        return;
    if (isfinite(field->number_min))
        json_object_set_new(object, least, json_real(field->number_min));
    if (isfinite(field->number_max))
        json_object_set_new(object, most, json_real(field->number_max));
}

static void
set_choices(json_t *object, const struct field *field)
{
    if (!field->choices)
        return;
    json_t *values = json_array();
    for (const char *const *choice = field->choices; *choice; choice++)
        json_array_append_new(values, json_string(*choice));
    if ((field->flags & FIELD_NULLABLE) != 0 && field->type == FIELD_STRING)
        json_array_append_new(values, json_null());
    json_object_set_new(object, "enum", values);
}

static json_t *
map_values(const struct field *field)
{
    if (field->of)
        return reference(field->of);
    return json_pack("{s:s}", "type", field->map_type == FIELD_DECIMAL ? "number" : "string");
}

/* The object of one row, without what all types have. */
static json_t *
describe(const struct field *field)
{
    static const char *const types[] = {
        [FIELD_STRING] = "string",  [FIELD_INTEGER] = "integer", [FIELD_NUMBER] = "number",
        [FIELD_DECIMAL] = "number", [FIELD_BOOLEAN] = "boolean", [FIELD_OBJECT] = "object",
        [FIELD_ARRAY] = "array",    [FIELD_STRINGS] = "array",   [FIELD_MAP] = "object",
    };
    json_t *object = json_object();
    if (field->type == FIELD_JSON)
        return object;
    bool nullable = (field->flags & FIELD_NULLABLE) != 0;
    if (field->type == FIELD_OBJECT && nullable)
        json_object_set_new(object, "anyOf",
                            json_pack("[o, {s:s}]", reference(field->of), "type", "null"));
    else if (field->type == FIELD_OBJECT)
        json_object_set_new(object, "$ref",
                            json_sprintf("#/components/schemas/%s", field->of->name));
    else if (nullable)
        json_object_set_new(object, "type", json_pack("[s, s]", types[field->type], "null"));
    else if ((field->flags & FIELD_OR_TEXT) != 0)
        json_object_set_new(object, "type", json_pack("[s, s]", types[field->type], "string"));
    else
        json_object_set_new(object, "type", json_string(types[field->type]));
    switch (field->type) {
    case FIELD_STRING:
        set_bounds(object, field, "minLength", "maxLength");
        set_choices(object, field);
        break;
    case FIELD_INTEGER:
        json_object_set_new(object, "format", json_string("int64"));
        set_bounds(object, field, "minimum", "maximum");
        break;
    case FIELD_NUMBER:
    case FIELD_DECIMAL:
        set_bounds(object, field, "minimum", "maximum");
        break;
    case FIELD_ARRAY:
        json_object_set_new(object, "items", reference(field->of));
        set_bounds(object, field, "minItems", "maxItems");
        break;
    case FIELD_STRINGS: {
        json_t *items = json_pack("{s:s}", "type", "string");
        set_choices(items, field);
        json_object_set_new(object, "items", items);
        set_bounds(object, field, "minItems", "maxItems");
        break;
    }
    case FIELD_MAP:
        json_object_set_new(object, "additionalProperties", map_values(field));
        set_bounds(object, field, "minProperties", "maxProperties");
        break;
    default:
        break;
    }
    return object;
}

json_t *
schema_field_openapi(const struct field *field)
{
    json_t *object = describe(field);
    if (field->doc && field->pattern_hint)
        json_object_set_new(object, "description",
                            json_sprintf("%s Format: %s", field->doc, field->pattern_hint));
    else if (field->doc || field->pattern_hint)
        json_object_set_new(object, "description",
                            json_string(field->doc ? field->doc : field->pattern_hint));
    set_text(object, "default", field->default_json);
    if (field->example)
        json_object_set_new(object, "examples", json_array());
    if (field->example)
        json_array_append_new(json_object_get(object, "examples"),
                              json_loads(field->example, JSON_DECODE_ANY, NULL));
    return object;
}

json_t *
schema_openapi(const struct schema *schema)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    for (const struct field *field = schema->fields; field->name; field++) {
        json_object_set_new(properties, field->name, schema_field_openapi(field));
        if ((field->flags & FIELD_REQUIRED) != 0)
            json_array_append_new(required, json_string(field->name));
    }
    json_t *object = json_pack("{s:s, s:o}", "type", "object", "properties", properties);
    if (json_array_size(required) > 0)
        json_object_set(object, "required", required);
    json_decref(required);
    if (schema->closed)
        json_object_set_new(object, "additionalProperties", json_false());
    if (schema->doc)
        json_object_set_new(object, "description", json_string(schema->doc));
    if (schema->example) {
        json_t *example = json_loads(schema->example, JSON_DECODE_ANY, NULL);
        assert(example);
        json_object_set_new(object, "examples", json_pack("[o]", example));
    }
    return object;
}
