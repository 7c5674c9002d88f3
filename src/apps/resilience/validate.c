/* Checks by the rows of a custom configuration. */
#include "apps/resilience/validate.h"

#include <stdarg.h>
#include <string.h>

#include "ai/preset_custom.h"

enum { FINDINGS_MAX = 100 };

void
validation_init(struct validation *validation, struct arena *arena)
{
    struct findings *const all[] = {&validation->errors, &validation->warnings,
                                    &validation->suggestions};
    validation->arena = arena;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        *all[i] = (struct findings){.arena = arena,
                                    .items = arena_array(arena, FINDINGS_MAX, sizeof(char *))};
}

void
findings_add(struct findings *findings, const char *format, ...)
{
    if (findings->count == FINDINGS_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    findings->items[findings->count++] = arena_vprintf(findings->arena, format, arguments);
    va_end(arguments);
}

struct list
findings_list(const struct findings *findings)
{
    return (struct list){findings->items, findings->count};
}

static const struct field *
field_named(const char *name)
{
    for (const struct field *field = preset_custom_schema.fields; field->name; field++)
        if (strcmp(field->name, name) == 0)
            return field;
    return NULL;
}

struct list
validate_allowed_fields(struct arena *arena)
{
    size_t count = 0;
    while (preset_custom_schema.fields[count].name)
        count++;
    const char **names = arena_array(arena, count, sizeof(*names));
    for (size_t i = 0; i < count; i++)
        names[i] = preset_custom_schema.fields[i].name;
    return (struct list){names, count};
}

static const char *
joined(const struct list *texts, struct arena *arena)
{
    struct strbuf out;
    strbuf_init(&out, arena, 256);
    for (size_t i = 0; i < texts->count; i++)
        strbuf_printf(&out, "%s%s", i == 0 ? "" : ", ", ((const char *const *)texts->items)[i]);
    return out.data;
}

/* One suggestion for each field that is wrong, and one for all that are not known. */
static void
suggest(struct validation *validation, const struct field_error *errors)
{
    bool unknown = false;
    const struct field *last = NULL;
    for (; errors; errors = errors->next) {
        size_t length = strcspn(errors->path, ".[");
        const struct field *field =
            field_named(arena_strndup(validation->arena, errors->path, length));
        unknown = unknown || (!field && length > 0);
        if (field && field != last)
            findings_add(&validation->suggestions, "%s: %s", field->name, field->doc);
        last = field;
    }
    struct list allowed = validate_allowed_fields(validation->arena);
    if (unknown)
        findings_add(&validation->suggestions, "the fields there are: %s",
                     joined(&allowed, validation->arena));
}

void
validate_fields(struct validation *validation, const json_t *configuration,
                const struct preset *preset)
{
    struct error err = {0};
    const struct preset_custom *custom =
        schema_decode(&preset_custom_schema, configuration, "", validation->arena, &err);
    for (const struct field_error *bad = err.fields; bad; bad = bad->next)
        if (*bad->path)
            findings_add(&validation->errors, "Field '%s': %s", bad->path, bad->message);
        else
            findings_add(&validation->errors, "Configuration: %s", bad->message);
    suggest(validation, err.fields);
    if (!custom)
        return;
    const char *warnings[PRESET_CUSTOM_WARNINGS_MAX];
    size_t count = preset_custom_warnings(custom, preset, validation->arena, warnings);
    for (size_t i = 0; i < count; i++)
        findings_add(&validation->warnings, "%s", warnings[i]);
}

static const char *
type_of_field(const struct field *field)
{
    static const char *const names[] = {
        [FIELD_STRING] = "string", [FIELD_INTEGER] = "int",   [FIELD_NUMBER] = "float",
        [FIELD_BOOLEAN] = "bool",  [FIELD_OBJECT] = "object",
    };
    return names[field->type];
}

static const char *
type_of_value(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "dict", [JSON_ARRAY] = "list", [JSON_STRING] = "str",
        [JSON_INTEGER] = "int", [JSON_REAL] = "float", [JSON_TRUE] = "bool",
        [JSON_FALSE] = "bool",  [JSON_NULL] = "null",
    };
    return names[json_typeof(value)];
}

/* min, max and allowed_values of a row. The caller owns it. */
static json_t *
constraints_of(const struct field *field)
{
    json_t *constraints = json_object();
    int64_t low, high;
    schema_bounds(field, &low, &high);
    if (field->type == FIELD_INTEGER) {
        json_object_set_new(constraints, "min", json_integer(low));
        json_object_set_new(constraints, "max", json_integer(high));
    } else if (field->type == FIELD_NUMBER) {
        json_object_set_new(constraints, "min", json_real(field->number_min));
        json_object_set_new(constraints, "max", json_real(field->number_max));
    }
    const struct field *inner = field->of ? field->of->fields : NULL;
    const char *const *choices = inner ? inner->choices : field->choices;
    json_t *values = choices ? json_array() : NULL;
    for (; choices && *choices; choices++)
        json_array_append_new(values, json_string(*choices));
    if (values)
        json_object_set_new(constraints, "allowed_values", values);
    json_t *keys = inner ? json_array() : NULL;
    for (; inner && inner->name; inner++)
        json_array_append_new(keys, json_string(inner->name));
    if (keys)
        json_object_set_new(constraints, "allowed_keys", keys);
    return constraints;
}

static void
analyse(const char *name, const json_t *value, struct arena *arena, struct field_analysis *out)
{
    const struct field *field = field_named(name);
    *out = (struct field_analysis){
        .allowed = field != NULL, .current_value = value, .current_type = type_of_value(value)};
    if (!field)
        return;
    out->type = type_of_field(field);
    out->constraints = schema_keep(constraints_of(field), arena);
}

void
validate_whitelist(struct validation *validation, const json_t *configuration,
                   struct whitelist_answer *answer)
{
    struct arena *arena = validation->arena;
    validate_fields(validation, configuration, &presets[0]);
    size_t count = json_object_size(configuration), i = 0;
    struct field_analysis *analyses = arena_array(arena, count + 1, sizeof(*analyses));
    const char **names = arena_array(arena, count + 1, sizeof(*names));
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)configuration, name, value)
    {
        names[i] = name;
        analyse(name, value, arena, &analyses[i++]);
    }
    answer->is_valid = validation->errors.count == 0;
    answer->errors = findings_list(&validation->errors);
    answer->suggestions = findings_list(&validation->suggestions);
    answer->field_analysis = (struct map){names, analyses, count};
    answer->allowed_fields = validate_allowed_fields(arena);
}
